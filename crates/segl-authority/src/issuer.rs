use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use rand_core::CryptoRng;
use segl_cert::{
    Approved, AssembleError, Device, IssuedCertificate, IssuedCertificates, IssuerKey, Prepared, Presented,
    ProfileError, Reservation, SealProfile, SerialNumber,
};
use segl_crypto::{SignatureValue, Time, sha256};
use segl_key::{AuthorityKey, Receipt, SecureDevice};
use segl_revocation::{CrlBuilder, CrlView, Reason};
use segl_x509::{Certificate, CertificationRequest};

use crate::{CrlError, IssueError};

/// A certification authority: its certificate with its key, and a register for what it issues.
///
/// It reserves a serial number durably before it signs, and registers the certificate's hash, never the certificate.
#[derive(Clone, Debug)]
pub struct Issuer {
    certificate: Certificate,
    key: AuthorityKey,
    identity: IssuerKey,
    /// The last profile and its content: a service seals for one holder again and again.
    presented: Arc<Mutex<Option<(SealProfile, Presented)>>>,
}

/// What is to be issued to a key that signs once.
#[derive(Clone, Debug)]
pub struct SealOrder<'a> {
    /// The content that was shown and approved.
    pub approved: Approved,
    /// What the device says of the key.
    pub receipt: &'a Receipt,
    /// What the device is. [`Device::Qualified`] asks for the receipt of a [`CertifiedDevice`](segl_key::CertifiedDevice).
    pub device: Device,
    /// First second of the validity, not after the present.
    pub not_before: Time,
}

/// What is to be issued to a key that lives as long as its certificate.
#[derive(Clone, Debug)]
pub struct KeyOrder<'a> {
    /// The content that was shown and approved. Where the issuer signs with another algorithm than the usual one of its key, the
    /// content says so ([`Presented::signed_with`]).
    pub approved: Approved,
    /// The proof that the key is held; nothing else of it is taken over (RFC 2986).
    pub request: &'a CertificationRequest,
    /// Where the key is, by the word of who saw it made: a request proves no device.
    pub device: Device,
    /// First second of the validity, not after the present.
    pub not_before: Time,
}

/// How often a serial number is drawn before giving up; of 120 random bits the first one does.
const SERIAL_ATTEMPTS: usize = 4;

impl Issuer {
    /// Puts certificate and key together. That they belong together is for the caller to know.
    #[must_use]
    pub fn new(certificate: Certificate, key: AuthorityKey) -> Self {
        let identity = IssuerKey::of_spki(certificate.spki_der());
        Self { certificate, key, identity, presented: Arc::default() }
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &AuthorityKey {
        &self.key
    }

    /// Under which identity its certificates stand in the register.
    #[must_use]
    pub const fn identity(&self) -> &IssuerKey {
        &self.identity
    }

    /// Makes the content of a seal certificate, to be shown, which names the algorithm this key signs with. Nothing is reserved
    /// or signed.
    pub fn present(&self, profile: &SealProfile) -> Result<Presented, ProfileError> {
        // A pair is put in whole, whatever panicked before.
        let last = || self.presented.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, presented)) = &*last()
            && known == profile
        {
            return Ok(presented.clone());
        }
        let presented = profile.present(&self.certificate)?.signed_with(self.key.algorithm())?;
        *last() = Some((profile.clone(), presented.clone()));
        Ok(presented)
    }

    /// Issues the approved content to the key of the receipt.
    ///
    /// The issuer's own signature is not verified, see [`Prepared::assemble`]; who wants it asks
    /// [`Certificate::verify_signed_by`].
    pub fn issue<R: IssuedCertificates>(
        &self,
        order: SealOrder<'_>,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Certificate, IssueError<R::Error>> {
        let SealOrder { approved, receipt, device, not_before } = order;
        if receipt.content().is_some_and(|content| content != *approved.content().sha256()) {
            return Err(IssueError::ContentOfOther);
        }
        let is_certified = receipt.profile().is_some() && receipt.token().device != SecureDevice::Software;
        if device == Device::Qualified && !is_certified {
            return Err(IssueError::Device);
        }
        let spki = receipt.spki_der();
        let prepare = |serial: &SerialNumber| approved.prepare(spki, device, serial, not_before);
        let times = (now, not_before);
        let key = Some(sha256(spki));
        issue_with(&self.key, &self.identity, register, key, times, rng, prepare, Prepared::assemble)
    }

    /// Issues the approved content to a long-lived key that proves with a certification request that it is held, and verifies what
    /// it signed. A key that signs once has no second signature for a request: it takes [`issue`](Self::issue).
    pub fn issue_for_request<R: IssuedCertificates>(
        &self,
        order: KeyOrder<'_>,
        register: &R,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Certificate, IssueError<R::Error>> {
        let KeyOrder { approved, request, device, not_before } = order;
        let key = request.proves_possession()?;
        let prepare = |serial: &SerialNumber| approved.prepare(key.spki_der(), device, serial, not_before);
        self.issue_long_lived(register, now, not_before, rng, prepare)
    }

    /// Reserves a serial number, signs what `prepare` makes of it, verifies the signature and registers the certificate.
    pub(crate) fn issue_long_lived<R: IssuedCertificates>(
        &self,
        register: &R,
        now: Time,
        not_before: Time,
        rng: &mut (impl CryptoRng + ?Sized),
        prepare: impl FnOnce(&SerialNumber) -> Result<Prepared, segl_cert::PrepareError>,
    ) -> Result<Certificate, IssueError<R::Error>> {
        let times = (now, not_before);
        issue_with(
            &self.key,
            &self.identity,
            register,
            None,
            times,
            rng,
            prepare,
            Prepared::assemble_verified,
        )
    }

    /// Makes a complete list of the revoked certificates, expired ones too. It is not made when it would be older than one
    /// of the certificates it `speaks_about`.
    pub fn crl<R: IssuedCertificates>(
        &self,
        register: &R,
        speaks_about: &[&Certificate],
        now: Time,
        life: Duration,
    ) -> Result<CrlView, CrlError<R::Error>> {
        // The number first: whatever was revoked before a number was taken is on its list and on every later one, whoever else
        // makes lists at the same time.
        let number = register.next_crl_number(&self.identity).map_err(CrlError::Register)?;
        let revoked = register.revoked(&self.identity).map_err(CrlError::Register)?;
        let mut builder = CrlBuilder::new(&self.certificate, number, now, now + life)
            .signed_with(self.key.algorithm())
            .keeps_expired_since(self.certificate.not_before());
        for certificate in speaks_about {
            builder = builder.speaks_about(certificate)?;
        }
        for (serial, revocation) in revoked {
            // One that is still to come belongs on a later list.
            if revocation.at.truncate_to_seconds() <= now.truncate_to_seconds() {
                let reason = revocation.reason.map(Reason::from_code);
                builder = builder.revoked(serial.as_octets(), revocation.at, reason)?;
            }
        }
        let prepared = builder.prepare()?;
        let value = self.key.sign(prepared.to_be_signed()).map_err(CrlError::Key)?;
        Ok(prepared.assemble(&value)?)
    }
}

/// As [`Issuer::issue_long_lived`], for a root that has no certificate yet. `once` is the SHA-256 of a SubjectPublicKeyInfo that must
/// not be certified twice, `times` are the present and the first second.
#[allow(
    clippy::too_many_arguments,
    reason = "what issuing to a seal's key and to an authority's has in common"
)]
pub(crate) fn issue_with<R: IssuedCertificates>(
    key: &AuthorityKey,
    identity: &IssuerKey,
    register: &R,
    once: Option<[u8; 32]>,
    times: (Time, Time),
    rng: &mut (impl CryptoRng + ?Sized),
    prepare: impl FnOnce(&SerialNumber) -> Result<Prepared, segl_cert::PrepareError>,
    assemble: impl FnOnce(Prepared, &SignatureValue) -> Result<Certificate, AssembleError>,
) -> Result<Certificate, IssueError<R::Error>> {
    let (now, not_before) = times;
    if not_before.truncate_to_seconds() > now {
        return Err(IssueError::NotYet { not_before, now });
    }
    let serial = reserve(identity, register, once, now, rng)?;
    let issued = prepare(&serial).map_err(IssueError::Prepare).and_then(|prepared| {
        let value = key.sign(prepared.to_be_signed()).map_err(IssueError::Key)?;
        Ok(assemble(prepared, &value)?)
    });
    let certificate = match issued {
        Ok(certificate) => certificate,
        Err(error) => {
            // What went wrong first is what is told. A number that stays reserved is never drawn again either.
            let _ = register.record_abandoned(identity, &serial, now);
            return Err(error);
        }
    };
    let entry = IssuedCertificate {
        issuer: *identity,
        serial,
        sha256: certificate.fingerprint_sha256(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        issued_at: now,
    };
    if let Err(error) = register.record_issued(&entry) {
        // It may be noted all the same, when an answer was lost on its way; nobody will have this certificate.
        let _ = register.record_abandoned(identity, &serial, now);
        return Err(IssueError::Register(error));
    }
    Ok(certificate)
}

fn reserve<R: IssuedCertificates>(
    identity: &IssuerKey,
    register: &R,
    once: Option<[u8; 32]>,
    now: Time,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<SerialNumber, IssueError<R::Error>> {
    for _ in 0..SERIAL_ATTEMPTS {
        let mut random = [0; 15];
        rng.fill_bytes(&mut random);
        let serial = SerialNumber::from_random(random);
        let reservation = match &once {
            Some(key) => register.reserve_for_key(identity, &serial, key, now),
            None => register.reserve(identity, &serial, now),
        };
        match reservation.map_err(IssueError::Register)? {
            Reservation::Made => return Ok(serial),
            Reservation::Taken => {}
            Reservation::KeyTaken => return Err(IssueError::KeyTaken),
        }
    }
    Err(IssueError::SerialNumbers)
}
