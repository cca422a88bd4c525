//! The CMS of a seal: measured before the key signs, put together when the value is there.

use segl_cades::{Flavour, Prepared, Room, add_signature_timestamp, prepare};
use segl_crypto::{Digest, SignatureValue, ToBeSigned};
use segl_x509::Certificate;

use crate::ServiceError;

/// A CMS that waits for its signature value.
#[derive(Debug)]
pub(crate) struct SealCms {
    prepared: Prepared,
    chain: Vec<Certificate>,
}

/// The certificates that go along in the CMS: the issuer's chain up to, but without, the trust anchor.
pub(crate) fn embedded_chain(chain: &[Certificate]) -> Vec<Certificate> {
    chain.iter().filter(|certificate| !certificate.is_self_issued()).cloned().collect()
}

/// The most octets the CMS can have with a time-stamp token of at most `token` octets.
pub(crate) fn max_len(
    certificate: &Certificate,
    chain: &[Certificate],
    token: Option<usize>,
) -> Result<usize, ServiceError> {
    let key = certificate.public_key()?;
    let embedded = embedded_chain(chain);
    let room = Room {
        flavour: Flavour::Pades,
        algorithm: key.default_algorithm(),
        key: key.kind(),
        issuer: certificate.issuer().as_der().len(),
        serial: certificate.serial().len(),
        certificates: core::iter::once(certificate).chain(&embedded).map(|c| c.as_der().len()).sum(),
        token,
    };
    Ok(room.octets().ok_or("the key has no longest signature value")?)
}

impl SealCms {
    /// Signs the digest of a document's content with the certificate.
    pub(crate) fn prepare(
        digest: Digest,
        certificate: &Certificate,
        chain: &[Certificate],
    ) -> Result<Self, ServiceError> {
        let algorithm = certificate.public_key()?.default_algorithm();
        let prepared = prepare(Flavour::Pades, digest, certificate, algorithm)?;
        Ok(Self { prepared, chain: embedded_chain(chain) })
    }

    pub(crate) fn to_be_signed(&self) -> ToBeSigned {
        self.prepared.to_be_signed()
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
