use core::time::Duration;

use rand_core::CryptoRng;
use segl_cert::{
    AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Device, HolderError, IssuedCertificates,
    IssuerKey, Organisation, OrganisationIdentifier, Prepared, Presented, ProfileError, SealProfile,
    SerialNumber, Unit, oid,
};
use segl_crypto::{DigestAlgorithm, KeyKind, PublicKey, Time};
use segl_key::{AuthorityKey, Curve, Receipt};
use segl_revocation::{CertId, CrlView, OcspRequest, OcspView};
use segl_tsp::Clock;
use segl_x509::{Certificate, CertificationRequest, Name};

use crate::{
    CreateError, CrlError, IssueError, Issuer, KeyOrder, OpenError, Part, RespondError, Responder, SealOrder,
    Stamper, issuer::issue_with,
};

/// The keys of an authority, wherever they are.
#[derive(Clone, Debug)]
pub struct AuthorityKeys {
    /// Of the root.
    pub root: AuthorityKey,
    /// Of the issuing authority.
    pub issuing_ca: AuthorityKey,
    /// Of the time-stamp unit.
    pub time_stamp_unit: AuthorityKey,
    /// Of the OCSP responder.
    pub ocsp_responder: AuthorityKey,
}

impl AuthorityKeys {
    /// The curve of each key under the profile: P-384, and P-256 for the responder.
    #[must_use]
    pub const fn curve(part: Part) -> Curve {
        match part {
            Part::OcspResponder => Curve::P256,
            Part::Root | Part::IssuingCa | Part::TimeStampUnit => Curve::P384,
        }
    }

    /// Makes four keys in memory from the caller's random numbers.
    pub fn generate_soft(rng: &mut impl CryptoRng) -> Result<Self, segl_key::AuthorityKeyError> {
        let mut key = |part| AuthorityKey::generate_soft(Self::curve(part), rng);
        Ok(Self {
            root: key(Part::Root)?,
            issuing_ca: key(Part::IssuingCa)?,
            time_stamp_unit: key(Part::TimeStampUnit)?,
            ocsp_responder: key(Part::OcspResponder)?,
        })
    }
}

/// What an authority has to keep besides its keys and its register: four certificates and the root's list, each of them
/// public and to be written as DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityMaterial {
    /// The root, which is the trust anchor.
    pub root: Certificate,
    /// The issuing authority.
    pub issuing_ca: Certificate,
    /// The time-stamp unit.
    pub time_stamp_unit: Certificate,
    /// The OCSP responder.
    pub ocsp_responder: Certificate,
    /// The root's list of revoked certificates, made after every certificate it speaks about.
    pub root_crl: CrlView,
}

/// What of an authority is to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "who keeps an authority must keep each part that was renewed")]
pub enum Due {
    /// The OCSP responder's certificate ends soon.
    OcspResponder,
    /// The root's list is old.
    RootCrl,
    /// The time-stamp unit's key may soon no longer be used.
    TimeStampUnit,
}

/// Root, issuing authority, time-stamp unit and OCSP responder in one: an honest authority whose every name says TEST.
///
/// It never calls a device qualified. Keys, register, present and random numbers are arguments; what it makes is plain
/// data, and the caller writes it.
#[derive(Clone, Debug)]
pub struct TestAuthority {
    root: Issuer,
    ca: Issuer,
    stamper: Stamper,
    responder: Responder,
    responder_key: AuthorityKey,
    names: AuthorityNames,
    urls: AuthorityUrls,
    chain: [Certificate; 2],
    root_crl: CrlView,
}

/// How much before its making a certificate of the authority begins, so that a seal certificate that is backdated by the
/// tolerance of clocks still lives inside the life of its issuer.
const BACKDATED: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// nextUpdate of the root's list: a year, the longest that EN 319 411-1 CSS-6.3.9-13 allows.
const ROOT_CRL_LIFE: Duration = Duration::from_secs(365 * 86_400);
/// The root's list is made anew after a month, as CSS-6.3.9-14 advises.
const ROOT_CRL_AGE: Duration = Duration::from_secs(31 * 86_400);
/// nextUpdate of the issuing authority's list (CSS-6.3.9-05: at least every 24 hours).
const CA_CRL_LIFE: Duration = DAY;
/// The responder is renewed when a third of its thirty days is left.
const RESPONDER_AHEAD: Duration = Duration::from_secs(10 * 86_400);
/// The unit is renewed a month before its key may no longer be used.
const UNIT_AHEAD: Duration = Duration::from_secs(30 * 86_400);

impl TestAuthority {
    /// Makes the four certificates, registers them, and makes the root's list after them.
    pub fn create<R: IssuedCertificates>(
        names: &AuthorityNames,
        urls: &AuthorityUrls,
        keys: AuthorityKeys,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, CreateError<R::Error>> {
        let from = now - BACKDATED;
        let root_profile =
            profile(AuthorityRole::Root, names, urls, &keys.root, &keys.root).map_err(IssueError::Spki)?;
        let identity = IssuerKey::of_spki(keys.root.spki_der());
        let prepare = |serial: &SerialNumber| root_profile.prepare(None, keys.root.spki_der(), serial, from);
        let times = (now, from);
        let root = issue_with(
            &keys.root,
            &identity,
            register,
            None,
            times,
            rng,
            prepare,
            Prepared::assemble_verified,
        )?;
        let root = Issuer::new(root, keys.root.clone());
        let below = |issuer: &Issuer, role, key, rng: &mut _| {
            issue_below(issuer, role, &Subject { names, urls, key }, register, now, rng)
        };
        let ca = below(&root, AuthorityRole::IssuingCa, &keys.issuing_ca, rng)?;
        let ca = Issuer::new(ca, keys.issuing_ca.clone());
        let unit = below(&root, AuthorityRole::TimeStampUnit, &keys.time_stamp_unit, rng)?;
        let responder = below(&ca, AuthorityRole::OcspResponder, &keys.ocsp_responder, rng)?;
        let root_crl = root.crl(register, &[ca.certificate(), &unit], now, ROOT_CRL_LIFE)?;
        let material = AuthorityMaterial {
            root: root.certificate().clone(),
            issuing_ca: ca.certificate().clone(),
            time_stamp_unit: unit,
            ocsp_responder: responder,
            root_crl,
        };
        Ok(Self::open(urls, keys, material)?)
    }

    /// Puts kept keys and certificates together again, and checks that they are one TEST authority.
    pub fn open(
        urls: &AuthorityUrls,
        keys: AuthorityKeys,
        material: AuthorityMaterial,
    ) -> Result<Self, OpenError> {
        let AuthorityMaterial { root, issuing_ca, time_stamp_unit, ocsp_responder, root_crl } = material;
        for (part, certificate, key, issuer) in [
            (Part::Root, &root, &keys.root, &root),
            (Part::IssuingCa, &issuing_ca, &keys.issuing_ca, &root),
            (Part::TimeStampUnit, &time_stamp_unit, &keys.time_stamp_unit, &root),
            (Part::OcspResponder, &ocsp_responder, &keys.ocsp_responder, &issuing_ca),
        ] {
            if certificate.spki_der() != key.spki_der() {
                return Err(OpenError::KeyMismatch(part));
            }
            let issued = certificate.issuer() == issuer.subject()
                && issuer.public_key().is_ok_and(|key| certificate.verify_signed_by(&key).is_ok());
            if !issued {
                return Err(OpenError::NotIssued(part));
            }
            let says_test = |oid| certificate.subject().find(oid).is_some_and(|name| says_test(&name));
            if !says_test(oid::ORGANIZATION_NAME) || !says_test(oid::COMMON_NAME) {
                return Err(OpenError::NotTest(part));
            }
        }
        root_crl.verify(&root).map_err(|_| OpenError::RootCrl)?;
        let mut names = AuthorityNames::new(organisation(root.subject())?)?;
        names.root = common_name(&root)?;
        names.issuing_ca = common_name(&issuing_ca)?;
        names.time_stamp_unit = common_name(&time_stamp_unit)?;
        names.ocsp_responder = common_name(&ocsp_responder)?;
        let responder = Responder::new(issuing_ca.clone(), ocsp_responder, keys.ocsp_responder.clone());
        Ok(Self {
            stamper: Stamper::new(time_stamp_unit, vec![root.clone()], keys.time_stamp_unit)?,
            responder,
            responder_key: keys.ocsp_responder,
            chain: [issuing_ca.clone(), root.clone()],
            root: Issuer::new(root, keys.root),
            ca: Issuer::new(issuing_ca, keys.issuing_ca),
            names,
            urls: urls.clone(),
            root_crl,
        })
    }

    /// Makes the content of a seal certificate, to be shown. Nothing is reserved or signed.
    pub fn present(&self, profile: &SealProfile) -> Result<Presented, ProfileError> {
        self.ca.present(profile)
    }

    /// Issues approved content to the key of the receipt, valid from `not_before` on, which is not after `now`.
    pub fn issue<R: IssuedCertificates>(
        &self,
        approved: segl_cert::Approved,
        receipt: &Receipt,
        not_before: Time,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Certificate, IssueError<R::Error>> {
        let order = SealOrder { approved, receipt, device: Device::Other, not_before };
        self.ca.issue(order, register, now, rng)
    }

    /// Issues approved content to a long-lived key that a certification request proves to be held, as [`issue`](Self::issue).
    pub fn issue_for_request<R: IssuedCertificates>(
        &self,
        approved: segl_cert::Approved,
        request: &CertificationRequest,
        not_before: Time,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Certificate, IssueError<R::Error>> {
        let order = KeyOrder { approved, request, device: Device::Other, not_before };
        self.ca.issue_for_request(order, register, now, rng)
    }

    /// Answers a time-stamp request (DER in, DER out), granted or refused. `serial` is as for [`Stamper::stamp`].
    #[must_use]
    pub fn stamp(&self, request: &[u8], serial: &[u8], now: Time) -> Vec<u8> {
        self.stamper.stamp(request, serial, Clock::Fit(now))
    }

    /// Answers an OCSP request (DER in, DER out), also when it cannot be answered.
    #[must_use]
    pub fn respond<R: IssuedCertificates>(&self, request: &[u8], register: &R, now: Time) -> Vec<u8> {
        self.responder.respond(request, register, now).unwrap_or_else(|error| error.to_response_der())
    }

    /// The status of a certificate of the issuing authority as of now.
    pub fn ocsp<R: IssuedCertificates>(
        &self,
        certificate: &Certificate,
        register: &R,
        now: Time,
    ) -> Result<OcspView, RespondError<R::Error>> {
        let id = CertId::new(certificate.serial(), self.ca.certificate(), DigestAlgorithm::Sha256);
        let request = OcspRequest { certificates: id.into_iter().collect(), nonce: None };
        self.responder.answer(&request, register, now)
    }

    /// The root's list of revoked certificates as it was last made.
    #[must_use]
    pub const fn root_crl(&self) -> &CrlView {
        &self.root_crl
    }

    /// Makes the issuing authority's list of revoked certificates as of now.
    pub fn ca_crl<R: IssuedCertificates>(
        &self,
        register: &R,
        now: Time,
    ) -> Result<CrlView, CrlError<R::Error>> {
        self.ca.crl(register, &[self.responder.certificate()], now, CA_CRL_LIFE)
    }

    /// What is to be renewed by now.
    #[must_use]
    pub fn due(&self, now: Time) -> Vec<Due> {
        let unit = self.stamper.certificate();
        let key_ends = unit.private_key_usage_period().ok().flatten().and_then(|period| period.not_after);
        let key_ends = key_ends.unwrap_or_else(|| unit.not_after());
        let listed = self.root_crl.this_update();
        [
            (Due::OcspResponder, now + RESPONDER_AHEAD > self.responder.certificate().not_after()),
            (Due::TimeStampUnit, now + UNIT_AHEAD > key_ends),
            (Due::RootCrl, now > listed + ROOT_CRL_AGE || listed < unit.not_before()),
        ]
        .into_iter()
        .filter_map(|(due, is_due)| is_due.then_some(due))
        .collect()
    }

    /// Gives the responder a new certificate; with `None` for the key it has.
    pub fn renew_responder<R: IssuedCertificates>(
        &mut self,
        key: Option<AuthorityKey>,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), CreateError<R::Error>> {
        let key = key.unwrap_or_else(|| self.responder_key.clone());
        let subject = Subject { names: &self.names, urls: &self.urls, key: &key };
        let certificate = issue_below(&self.ca, AuthorityRole::OcspResponder, &subject, register, now, rng)?;
        self.responder = Responder::new(self.ca.certificate().clone(), certificate, key.clone());
        self.responder_key = key;
        Ok(())
    }

    /// Puts a new time-stamp unit with a key and a name of its own in the place of the old one, and makes the root's list
    /// anew, because the old list proves nothing about the new unit. Tokens of the old unit stay what they are.
    pub fn renew_unit<R: IssuedCertificates>(
        &mut self,
        key: AuthorityKey,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), CreateError<R::Error>> {
        let mut names = self.names.clone();
        names.time_stamp_unit = next_name(&names.time_stamp_unit).map_err(OpenError::Name)?;
        let subject = Subject { names: &names, urls: &self.urls, key: &key };
        let unit = issue_below(&self.root, AuthorityRole::TimeStampUnit, &subject, register, now, rng)?;
        let root_crl = self.root.crl(register, &[self.ca.certificate(), &unit], now, ROOT_CRL_LIFE)?;
        self.stamper =
            Stamper::new(unit, vec![self.root.certificate().clone()], key).map_err(OpenError::Unit)?;
        self.names = names;
        self.root_crl = root_crl;
        Ok(())
    }

    /// Makes the root's list of revoked certificates anew.
    pub fn renew_root_crl<R: IssuedCertificates>(
        &mut self,
        register: &R,
        now: Time,
    ) -> Result<(), CrlError<R::Error>> {
        let about = [self.ca.certificate(), self.stamper.certificate()];
        self.root_crl = self.root.crl(register, &about, now, ROOT_CRL_LIFE)?;
        Ok(())
    }

    /// What is to be kept besides keys and register.
    #[must_use]
    pub fn material(&self) -> AuthorityMaterial {
        AuthorityMaterial {
            root: self.root.certificate().clone(),
            issuing_ca: self.ca.certificate().clone(),
            time_stamp_unit: self.stamper.certificate().clone(),
            ocsp_responder: self.responder.certificate().clone(),
            root_crl: self.root_crl.clone(),
        }
    }

    /// The issuing authority's certificate, then the root's.
    #[must_use]
    pub const fn chain(&self) -> &[Certificate; 2] {
        &self.chain
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> &Issuer {
        &self.root
    }

    /// The issuing authority.
    #[must_use]
    pub const fn issuing_ca(&self) -> &Issuer {
        &self.ca
    }

    /// The time-stamp unit.
    #[must_use]
    pub const fn stamper(&self) -> &Stamper {
        &self.stamper
    }

    /// The OCSP responder.
    #[must_use]
    pub const fn responder(&self) -> &Responder {
        &self.responder
    }

    /// Where its services answer, as the certificates say.
    #[must_use]
    pub const fn urls(&self) -> &AuthorityUrls {
        &self.urls
    }
}

fn profile(
    role: AuthorityRole,
    names: &AuthorityNames,
    urls: &AuthorityUrls,
    key: &AuthorityKey,
    signing: &AuthorityKey,
) -> Result<AuthorityProfile, segl_crypto::PublicKeyError> {
    let kind: KeyKind = PublicKey::from_spki_der(key.spki_der())?.kind();
    Ok(AuthorityProfile::new(role, names, urls).key(kind).signed_with(signing.algorithm()))
}

/// Under which names and addresses a key of the authority is certified.
struct Subject<'a> {
    names: &'a AuthorityNames,
    urls: &'a AuthorityUrls,
    key: &'a AuthorityKey,
}

fn issue_below<R: IssuedCertificates>(
    issuer: &Issuer,
    role: AuthorityRole,
    subject: &Subject<'_>,
    register: &R,
    now: Time,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Certificate, IssueError<R::Error>> {
    let Subject { names, urls, key } = subject;
    let profile = profile(role, names, urls, key, issuer.key()).map_err(IssueError::Spki)?;
    let from = (now - BACKDATED).max(issuer.certificate().not_before());
    issuer.issue_long_lived(register, now, from, rng, |serial| {
        profile.prepare(Some(issuer.certificate()), key.spki_der(), serial, from)
    })
}

fn organisation(name: &Name) -> Result<Organisation, HolderError> {
    let value = |oid| name.find(oid).unwrap_or_default();
    let identifier = OrganisationIdentifier::parse(&value(oid::ORGANIZATION_IDENTIFIER))?;
    Organisation::new(value(oid::COUNTRY_NAME), value(oid::ORGANIZATION_NAME), identifier)
}

fn common_name(certificate: &Certificate) -> Result<Unit, HolderError> {
    Unit::new(certificate.subject().find(oid::COMMON_NAME).unwrap_or_default())
}

fn says_test(name: &str) -> bool {
    name.split(|character: char| !character.is_alphanumeric()).any(|word| word == "TEST")
}

/// The name with its last number one higher: `Unit 1` becomes `Unit 2`, and `Unit` becomes `Unit 2`.
fn next_name(unit: &Unit) -> Result<Unit, HolderError> {
    let (stem, number) = unit.name().rsplit_once(' ').unwrap_or((unit.name(), ""));
    match number.parse::<u32>() {
        Ok(number) => Unit::new(format!("{stem} {}", number.saturating_add(1))),
        Err(_) => Unit::new(format!("{} 2", unit.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted() {
        let next = |name: &str| next_name(&Unit::new(name).unwrap()).unwrap().name().to_owned();
        assert_eq!(next("TEST Time-Stamp Unit 1"), "TEST Time-Stamp Unit 2");
        assert_eq!(next("TEST Time-Stamp Unit 9"), "TEST Time-Stamp Unit 10");
        assert_eq!(next("TEST Unit"), "TEST Unit 2");
        assert_eq!(next("Unit"), "Unit 2");
    }
}
