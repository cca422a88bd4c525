//! The CMS of a seal: measured before the key signs, put together when the value is there.

use segl_cades::{Flavour, Prepared, Room, add_signature_timestamp, prepare};
use segl_crypto::{Digest, PublicKey, SignatureValue, ToBeSigned, VerifyError};
use segl_x509::Certificate;

use crate::ServiceError;

/// Who signs, and what of the chain goes along.
#[derive(Debug)]
pub(crate) struct Signer<'a> {
    certificate: &'a Certificate,
    key: PublicKey,
    chain: Vec<Certificate>,
}

/// A CMS that waits for its signature value.
#[derive(Debug)]
pub(crate) struct SealCms {
    prepared: Prepared,
    key: PublicKey,
    chain: Vec<Certificate>,
}

/// The certificates that go along in the CMS: the issuer's chain up to, but without, the trust anchor.
pub(crate) fn embedded_chain(chain: &[Certificate]) -> Vec<Certificate> {
    chain.iter().filter(|certificate| !certificate.is_self_issued()).cloned().collect()
}

impl<'a> Signer<'a> {
    pub(crate) fn new(certificate: &'a Certificate, chain: &[Certificate]) -> Result<Self, ServiceError> {
        Ok(Self { certificate, key: certificate.public_key()?, chain: embedded_chain(chain) })
    }

    /// The most octets the CMS can have with a time-stamp token of at most `token` octets.
    pub(crate) fn max_len(&self, token: Option<usize>) -> Result<usize, ServiceError> {
        let certificate = self.certificate;
        let room = Room {
            flavour: Flavour::Pades,
            algorithm: self.key.default_algorithm(),
            key: self.key.kind(),
            issuer: certificate.issuer().as_der().len(),
            serial: certificate.serial().len(),
            certificates: core::iter::once(certificate).chain(&self.chain).map(|c| c.as_der().len()).sum(),
            token,
        };
        Ok(room.octets().ok_or("the key has no longest signature value")?)
    }

    /// Prepares the signature over a document's content with this digest.
    pub(crate) fn prepare(self, digest: Digest) -> Result<SealCms, ServiceError> {
        let prepared = prepare(Flavour::Pades, digest, self.certificate, self.key.default_algorithm())?;
        Ok(SealCms { prepared, key: self.key, chain: self.chain })
    }
}

impl SealCms {
    pub(crate) fn to_be_signed(&self) -> ToBeSigned {
        self.prepared.to_be_signed()
    }

    /// Whether the value is over what was prepared.
    pub(crate) fn verify(&self, value: &SignatureValue) -> Result<(), VerifyError> {
        let tbs = self.prepared.to_be_signed();
        self.key.verify(&tbs.algorithm(), tbs.as_bytes(), value.as_bytes())
    }

    pub(crate) fn assemble(
        &self,
        value: &SignatureValue,
        token: Option<&[u8]>,
    ) -> Result<Vec<u8>, ServiceError> {
        let cms = self.prepared.assemble(value, &self.chain);
        match token {
            Some(token) => Ok(add_signature_timestamp(&cms, 0, token)?),
            None => Ok(cms),
        }
    }
}
