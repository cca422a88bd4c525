use segl_crypto::{KeyKind, SignatureAlgorithm, Time};
use segl_x509::{Certificate, ObjectIdentifier};

use crate::{
    AuthorityUrls, CertificateContent, HolderError, Organisation, OrganisationIdentifier, PrepareError,
    Prepared, Presented, ProfileError, SerialNumber, Unit,
    asn1::{INTEGER, NULL, SEQUENCE, oid, tlv},
    oid::*,
    present::check_issuer,
    profile::{self, Extension, IssuerFacts, Template, Value, algorithm_of},
};

/// The names of an authority: one organisation, and a common name for each of its certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityNames {
    organisation: Organisation,
    /// Common name of the root.
    pub root: Unit,
    /// Common name of the issuing authority.
    pub issuing_ca: Unit,
    /// Common name of the time-stamp unit.
    pub time_stamp_unit: Unit,
    /// Common name of the OCSP responder.
    pub ocsp_responder: Unit,
}

impl AuthorityNames {
    /// The names of an authority run by this organisation, with common names that say TEST.
    pub fn new(organisation: Organisation) -> Result<Self, HolderError> {
        Ok(Self {
            organisation,
            root: Unit::new("TEST Root CA")?,
            issuing_ca: Unit::new("TEST Issuing CA 1")?,
            time_stamp_unit: Unit::new("TEST Time-Stamp Unit 1")?,
            ocsp_responder: Unit::new("TEST OCSP Responder 1")?,
        })
    }

    /// The names of the embedded TEST authority.
    pub fn test() -> Result<Self, HolderError> {
        let identifier = OrganisationIdentifier::parse("NTRDK-00000000")?;
        Self::new(Organisation::new("DK", "TEST Sealing Authority", identifier)?)
    }

    /// The organisation.
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    fn name(&self, role: AuthorityRole) -> Vec<u8> {
        let unit = match role {
            AuthorityRole::Root => &self.root,
            AuthorityRole::IssuingCa => &self.issuing_ca,
            AuthorityRole::TimeStampUnit => &self.time_stamp_unit,
            AuthorityRole::OcspResponder => &self.ocsp_responder,
        };
        let organisation = &self.organisation;
        profile::name(
            organisation.country(),
            organisation.name(),
            organisation.identifier().as_str(),
            unit.name(),
        )
    }
}

/// What a certificate of an authority is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorityRole {
    /// The self-signed root, which issues to the issuing authority and the time-stamp unit.
    Root,
    /// The authority that issues seal certificates and that of its OCSP responder.
    IssuingCa,
    /// The time-stamp unit (EN 319 422 clause 6), issued by the root.
    TimeStampUnit,
    /// The OCSP responder, issued by the issuing authority with the very key that issues the seal certificates.
    OcspResponder,
}

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

impl AuthorityRole {
    /// How long such a certificate lives, in seconds. The time-stamp unit outlives ten years, because nothing else
    /// keeps a sealed document valid for ten years without renewal; the responder is short-lived instead of revocable.
    pub const fn lifetime_seconds(self) -> u64 {
        match self {
            Self::Root => 30 * YEAR,
            Self::IssuingCa => 15 * YEAR,
            Self::TimeStampUnit => 11 * YEAR,
            Self::OcspResponder => 30 * DAY,
        }
    }

    /// How long its key is used to sign, in seconds: for a time-stamp unit a year (privateKeyUsagePeriod), otherwise as
    /// long as the certificate lives.
    pub const fn key_usage_seconds(self) -> u64 {
        match self {
            Self::TimeStampUnit => YEAR,
            other => other.lifetime_seconds(),
        }
    }
}

/// The profile of one certificate of an authority.
///
/// Certificates of the authority itself are not approved by a holder, so a profile goes straight to
/// [`prepare`](Self::prepare).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityProfile {
    role: AuthorityRole,
    name: Vec<u8>,
    urls: AuthorityUrls,
    key: KeyKind,
    signed_with: Option<SignatureAlgorithm>,
}

impl AuthorityProfile {
    /// A profile for the role, with P-384 (P-256 for the responder).
    pub fn new(role: AuthorityRole, names: &AuthorityNames, urls: &AuthorityUrls) -> Self {
        let key = match role {
            AuthorityRole::OcspResponder => KeyKind::EcP256,
            _ => KeyKind::EcP384,
        };
        Self { role, name: names.name(role), urls: urls.clone(), key, signed_with: None }
    }

    /// Takes another kind of key: P-256, P-384, P-521, RSA of at least 3000 bits, and for a root or an issuing authority
    /// Ed25519, which TS 119 312 does not list.
    #[must_use]
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Says with which algorithm the issuer signs, as [`Presented::signed_with`]; for a root that is its own key.
    #[must_use]
    pub fn signed_with(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.signed_with = Some(algorithm);
        self
    }

    /// Prepares the certificate. `issuer` is the certificate of the issuer, `None` for a root, which signs itself.
    pub fn prepare(
        &self,
        issuer: Option<&Certificate>,
        spki_der: &[u8],
        serial: &SerialNumber,
        not_before: Time,
    ) -> Result<Prepared, PrepareError> {
        self.present(issuer)?.prepare(spki_der, serial, not_before)
    }

    /// The content that [`prepare`](Self::prepare) would encode.
    pub fn content(&self, issuer: Option<&Certificate>) -> Result<CertificateContent, ProfileError> {
        Ok(self.present(issuer)?.content().clone())
    }

    fn present(&self, issuer: Option<&Certificate>) -> Result<Presented, ProfileError> {
        let key_fits = match self.key {
            KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => true,
            // TS 119 312 recommends 3000 bits and more.
            KeyKind::Rsa { bits } => bits >= 3000,
            // Nobody verifies time-stamps with it.
            KeyKind::Ed25519 => matches!(self.role, AuthorityRole::Root | AuthorityRole::IssuingCa),
            _ => false,
        };
        if !key_fits {
            return Err(ProfileError::Key(self.key));
        }
        let facts = match (self.role, issuer) {
            (AuthorityRole::Root, _) => None,
            (_, Some(issuer)) => Some(check_issuer(issuer)?),
            (_, None) => return Err(ProfileError::Issuer(crate::IssuerFault::BasicConstraints)),
        };
        let signing_key = facts.as_ref().map_or(self.key, |facts| facts.key.kind());
        let algorithm = algorithm_of(signing_key).ok_or(ProfileError::Key(signing_key))?;
        let template = Template {
            issuer: facts.as_ref().map_or_else(|| self.name.clone(), |facts| facts.name.clone()),
            subject: self.name.clone(),
            seconds: self.role.lifetime_seconds(),
            key: self.key,
            algorithm: algorithm.to_der(),
            extensions: self.extensions(facts.as_ref()),
        };
        let presented = Presented::new(CertificateContent::from_template(template), facts, None, algorithm);
        match self.signed_with {
            Some(algorithm) => presented.signed_with(algorithm),
            None => Ok(presented),
        }
    }

    fn extensions(&self, issuer: Option<&IssuerFacts>) -> Vec<Extension> {
        let mut extensions = Vec::new();
        extensions.extend(issuer.map(|issuer| Extension::authority_key_identifier(&issuer.key_identifier)));
        extensions.push(Extension::subject_key_identifier());
        let constraints = |value: &[u8]| Extension::critical(BASIC_CONSTRAINTS, tlv(SEQUENCE, &[value]));
        let purpose = |purpose: &ObjectIdentifier| tlv(SEQUENCE, &[&oid(purpose)]);
        let root_pointers = || {
            [
                Extension::access(&[(ACCESS_CA_ISSUERS, self.urls.root_certificate())]),
                Extension::crl_distribution_point(&self.urls.root_crl()),
            ]
        };
        const CA: [u8; 3] = [0x01, 0x01, 0xff];
        const CERT_SIGN_CRL_SIGN: [u8; 2] = [5, 6];
        const DIGITAL_SIGNATURE: [u8; 1] = [0];
        match self.role {
            AuthorityRole::Root => {
                extensions.extend([constraints(&CA), Extension::key_usage(&CERT_SIGN_CRL_SIGN)]);
            }
            AuthorityRole::IssuingCa => {
                let path_len_0 = tlv(INTEGER, &[&[0]]);
                extensions.extend([
                    constraints(&[CA.as_slice(), &path_len_0].concat()),
                    Extension::key_usage(&CERT_SIGN_CRL_SIGN),
                    Extension::policies(&[ANY_POLICY]),
                ]);
                extensions.extend(root_pointers());
            }
            AuthorityRole::TimeStampUnit => {
                extensions.extend([
                    constraints(&[]),
                    Extension::key_usage(&DIGITAL_SIGNATURE),
                    Extension::critical(EXT_KEY_USAGE, purpose(&PURPOSE_TIME_STAMPING)),
                    Extension::policies(&[POLICY_NCP_PLUS]),
                    Extension {
                        oid: PRIVATE_KEY_USAGE_PERIOD,
                        critical: false,
                        value: Value::KeyUsagePeriod(self.role.key_usage_seconds()),
                    },
                ]);
                extensions.extend(root_pointers());
            }
            AuthorityRole::OcspResponder => extensions.extend([
                constraints(&[]),
                Extension::key_usage(&DIGITAL_SIGNATURE),
                Extension::plain(EXT_KEY_USAGE, purpose(&PURPOSE_OCSP_SIGNING)),
                Extension::policies(&[ANY_POLICY]),
                // No id-ad-ocsp, which would send the reader round in a circle (EN 319 411-1 CSS-6.6.3-01B).
                Extension::access(&[(ACCESS_CA_ISSUERS, self.urls.ca_certificate())]),
                Extension::plain(OCSP_NOCHECK, NULL.to_vec()),
            ]),
        }
        extensions
    }
}
