//! The embedded TEST authority as the helpers of a sealing.

use std::cell::RefCell;

use rand_core::CryptoRng;
use segl_authority::TestAuthority;
use segl_cert::{Approved, IssuedCertificates, Presented, SealProfile, SerialNumber};
use segl_crypto::Time;
use segl_evidence::Need;
use segl_key::Receipt;
use segl_path::Anchors;
use segl_sealing::{EvidenceSource, Issuer, ServiceError, Stamper};
use segl_x509::{Certificate, ObjectIdentifier};

/// The embedded TEST authority, its register, a clock and random numbers: issuer and source of evidence for a sealing in one process.
///
/// Everything it issues says TEST. For its time-stamp unit see [`stamper`](Self::stamper).
pub struct Embedded<'a, R, G> {
    authority: &'a TestAuthority,
    register: &'a R,
    clock: &'a dyn Fn() -> Time,
    rng: RefCell<G>,
}

/// The time-stamp unit of the embedded TEST authority, reached without a network.
///
/// It trusts the clock it is given, as only a TEST unit may.
pub struct LocalStamper<'a, G> {
    authority: &'a TestAuthority,
    clock: &'a dyn Fn() -> Time,
    rng: RefCell<G>,
}

impl<'a, R: IssuedCertificates, G: CryptoRng> Embedded<'a, R, G> {
    /// Puts them together.
    pub const fn new(
        authority: &'a TestAuthority,
        register: &'a R,
        clock: &'a dyn Fn() -> Time,
        rng: G,
    ) -> Self {
        Self { authority, register, clock, rng: RefCell::new(rng) }
    }

    /// The root as the only trust anchor.
    #[must_use]
    pub fn anchors(&self) -> Anchors {
        Anchors::from_certificates([self.authority.root().certificate().clone()])
    }

    /// The time-stamp unit, with random numbers of its own.
    pub const fn stamper(&self, rng: G) -> LocalStamper<'a, G> {
        LocalStamper { authority: self.authority, clock: self.clock, rng: RefCell::new(rng) }
    }
}

impl<R: IssuedCertificates, G: CryptoRng> Issuer for Embedded<'_, R, G> {
    fn present(&self, profile: &SealProfile) -> Result<Presented, ServiceError> {
        Ok(self.authority.present(profile)?)
    }

    fn issue(
        &self,
        approved: Approved,
        receipt: &Receipt,
        not_before: Time,
    ) -> Result<Certificate, ServiceError> {
        let now = (self.clock)();
        let mut rng = self.rng.borrow_mut();
        Ok(self.authority.issue(approved, receipt, not_before, self.register, now, &mut *rng)?)
    }

    fn abandoned(&self, certificate: &Certificate) {
        if let Some(serial) = SerialNumber::from_der_content(certificate.serial()) {
            let issuer = self.authority.issuing_ca().identity();
            // Where the register cannot be written the next sealing says so; of this certificate nobody will ever ask.
            drop(self.register.record_abandoned(issuer, &serial, (self.clock)()));
        }
    }

    fn chain(&self) -> &[Certificate] {
        self.authority.chain()
    }
}

impl<R: IssuedCertificates, G> EvidenceSource for Embedded<'_, R, G> {
    fn answer(&self, need: &Need) -> Option<Vec<u8>> {
        let now = (self.clock)();
        let [ca, root] = self.authority.chain();
        match need {
            Need::Issuer { certificate, .. } => [ca, root]
                .into_iter()
                .find(|issuer| certificate.issuer().matches(issuer.subject()))
                .map(|issuer| issuer.as_der().to_vec()),
            Need::Ocsp { certificate, issuer, .. } if issuer == ca => {
                self.authority.ocsp(certificate, self.register, now).ok().map(|view| view.as_der().to_vec())
            }
            Need::Crl { issuer, .. } if issuer == root => Some(self.authority.root_crl().as_der().to_vec()),
            Need::Crl { issuer, .. } if issuer == ca => {
                self.authority.ca_crl(self.register, now).ok().map(|list| list.as_der().to_vec())
            }
            _ => None,
        }
    }
}

/// Octets of a token's serial number: random, and with 120 bits unique for as long as a unit lives.
const TOKEN_SERIAL: usize = 15;

impl<G: CryptoRng> Stamper for LocalStamper<'_, G> {
    fn name(&self) -> &str {
        "the embedded TEST time-stamp unit"
    }

    fn policy(&self) -> Option<ObjectIdentifier> {
        Some(segl_tsp::oids::BEST_PRACTICES_POLICY)
    }

    fn stamp(&self, request: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let mut serial = [0; TOKEN_SERIAL + 1];
        self.rng.borrow_mut().fill_bytes(&mut serial);
        if let Some(first) = serial.first_mut() {
            // A fixed first octet keeps the number positive and its length the same in every token.
            *first = 0x5e;
        }
        Ok(self.authority.stamp(request, &serial, (self.clock)()))
    }
}
