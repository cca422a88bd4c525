//! Signatures of keys in a device, in the form X.509 and CMS carry them.

use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use segl_crypto::{
    Digest, DigestAlgorithm, KeyKind, Prehashed, SignatureAlgorithm, SignatureScheme, SignatureValue,
    ToBeSigned,
};

use super::Pkcs11Error;
use super::point::Group;

/// What a key is asked to sign.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// Bytes, which are digested here where the device takes a digest.
    Bytes(&'a ToBeSigned),
    /// Their digest only.
    Digest(&'a Prehashed),
}

impl Asked<'_> {
    fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Bytes(tbs) => tbs.algorithm(),
            Self::Digest(tbs) => tbs.algorithm(),
        }
    }

    /// `None` where the scheme hashes inside.
    fn digest(self) -> Option<Digest> {
        match self {
            Self::Bytes(tbs) => tbs.digest(),
            Self::Digest(tbs) => Some(tbs.digest().clone()),
        }
    }
}

/// Whether a key of this kind can sign so: a curve has its one algorithm, RSA has PKCS#1 and PSS with SHA-256, SHA-384 and SHA-512.
pub(super) fn fits(kind: KeyKind, algorithm: SignatureAlgorithm) -> bool {
    match (kind, algorithm.scheme()) {
        (KeyKind::EcP256, _) => algorithm == SignatureAlgorithm::ECDSA_SHA256,
        (KeyKind::EcP384, _) => algorithm == SignatureAlgorithm::ECDSA_SHA384,
        (KeyKind::EcP521, _) => algorithm == SignatureAlgorithm::ECDSA_SHA512,
        (KeyKind::Ed25519, _) => algorithm == SignatureAlgorithm::ED25519,
        (KeyKind::Rsa { .. }, SignatureScheme::RsaPkcs1) => hash(algorithm).is_some(),
        // RFC 8017, 9.1.1, 3: what is encoded is one bit shorter than the modulus.
        (KeyKind::Rsa { bits }, SignatureScheme::RsaPss { salt_len }) => {
            hash(algorithm).is_some_and(|hash| {
                let needed = salt_len.saturating_add(hash.len).saturating_add(2);
                needed <= bits.saturating_sub(1).div_ceil(8)
            })
        }
        _ => false,
    }
}

/// Signs as it is asked, with a key of this kind.
pub(super) fn sign(
    session: &Session,
    private: ObjectHandle,
    kind: KeyKind,
    asked: Asked<'_>,
) -> Result<SignatureValue, Pkcs11Error> {
    let unusable = |octets| Pkcs11Error::Signature { kind, octets };
    let algorithm = asked.algorithm();
    if !fits(kind, algorithm) {
        return Err(unusable(0));
    }
    let (mechanism, message, expected) = match (kind, algorithm.scheme()) {
        (KeyKind::Ed25519, _) => {
            let Asked::Bytes(tbs) = asked else { return Err(unusable(0)) };
            let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
            (mechanism, tbs.as_bytes().to_vec(), 64)
        }
        (KeyKind::Rsa { bits }, scheme) => {
            let hash = hash(algorithm).ok_or(unusable(0))?;
            let digest = asked.digest().ok_or(unusable(0))?;
            let (mechanism, message) = rsa(scheme, &hash, &digest).ok_or(unusable(0))?;
            (mechanism, message, bits.div_ceil(8))
        }
        (kind, _) => {
            let group = Group::of(kind).ok_or(unusable(0))?;
            return ecdsa_digest(session, private, group, &asked.digest().ok_or(unusable(0))?);
        }
    };
    let octets = session.sign(&mechanism, private, &message).map_err(Pkcs11Error::of)?;
    if octets.len() != expected || octets.iter().all(|octet| *octet == 0) {
        return Err(unusable(octets.len()));
    }
    Ok(SignatureValue::from_octets(octets))
}

/// Signs the digest of the bytes.
pub(super) fn ecdsa(
    session: &Session,
    private: ObjectHandle,
    group: Group,
    tbs: &ToBeSigned,
) -> Result<SignatureValue, Pkcs11Error> {
    let digest = tbs.digest().ok_or(Pkcs11Error::Signature { kind: group.kind(), octets: 0 })?;
    ecdsa_digest(session, private, group, &digest)
}

/// The device gives `r || s` (PKCS#11 2.40 mechanisms, 2.3.1).
fn ecdsa_digest(
    session: &Session,
    private: ObjectHandle,
    group: Group,
    digest: &Digest,
) -> Result<SignatureValue, Pkcs11Error> {
    let unusable = |octets| Pkcs11Error::Signature { kind: group.kind(), octets };
    let raw = session.sign(&Mechanism::Ecdsa, private, digest.as_bytes()).map_err(Pkcs11Error::of)?;
    let half = group.field_len();
    let (r, s) = raw.split_at_checked(half).ok_or(unusable(raw.len()))?;
    let is_number = |octets: &[u8]| octets.len() == half && octets.iter().any(|octet| *octet != 0);
    if !is_number(r) || !is_number(s) {
        return Err(unusable(raw.len()));
    }
    SignatureValue::from_raw_ecdsa(&raw).ok_or(unusable(raw.len()))
}

/// What an RSA signature needs to know of a digest algorithm.
struct Hash {
    len: usize,
    mechanism: MechanismType,
    mask: PkcsMgfType,
    /// DigestInfo up to the digest (RFC 8017, 9.2, note 1).
    info: [u8; 19],
}

fn hash(algorithm: SignatureAlgorithm) -> Option<Hash> {
    const fn info(len: u8, arc: u8) -> [u8; 19] {
        [
            0x30,
            0x11 + len,
            0x30,
            0x0d,
            0x06,
            0x09,
            0x60,
            0x86,
            0x48,
            0x01,
            0x65,
            0x03,
            0x04,
            0x02,
            arc,
            0x05,
            0x00,
            0x04,
            len,
        ]
    }
    let (len, mechanism, mask, info) = match algorithm.digest()? {
        DigestAlgorithm::Sha256 => (32, MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, info(32, 1)),
        DigestAlgorithm::Sha384 => (48, MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, info(48, 2)),
        DigestAlgorithm::Sha512 => (64, MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, info(64, 3)),
        _ => return None,
    };
    Some(Hash { len, mechanism, mask, info })
}

/// The mechanism, and what is given to it: the device pads, the digest is made here.
fn rsa(scheme: SignatureScheme, hash: &Hash, digest: &Digest) -> Option<(Mechanism<'static>, Vec<u8>)> {
    Some(match scheme {
        SignatureScheme::RsaPkcs1 => (Mechanism::RsaPkcs, [hash.info.as_slice(), digest.as_bytes()].concat()),
        SignatureScheme::RsaPss { salt_len } => {
            let s_len = salt_len.try_into().ok()?;
            let params = PkcsPssParams { hash_alg: hash.mechanism, mgf: hash.mask, s_len };
            (Mechanism::RsaPkcsPss(params), digest.as_bytes().to_vec())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_signs_as_it_can() {
        let pss = |salt_len, digest| {
            SignatureAlgorithm::new(SignatureScheme::RsaPss { salt_len }, Some(digest)).unwrap()
        };
        let rsa = KeyKind::Rsa { bits: 2048 };
        assert!(fits(rsa, SignatureAlgorithm::RSA_SHA256));
        assert!(fits(rsa, pss(32, DigestAlgorithm::Sha256)) && fits(rsa, pss(190, DigestAlgorithm::Sha512)));
        assert!(!fits(rsa, pss(191, DigestAlgorithm::Sha512)) && !fits(rsa, pss(20, DigestAlgorithm::Sha1)));
        assert!(!fits(rsa, SignatureAlgorithm::ECDSA_SHA256) && !fits(rsa, SignatureAlgorithm::ED25519));
        assert!(fits(KeyKind::EcP521, SignatureAlgorithm::ECDSA_SHA512));
        assert!(!fits(KeyKind::EcP256, SignatureAlgorithm::ECDSA_SHA512));
        assert!(!fits(KeyKind::Ed25519, SignatureAlgorithm::RSA_SHA256));
    }

    #[test]
    fn digest_info_is_as_long_as_it_says() {
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            let algorithm = SignatureAlgorithm::new(SignatureScheme::RsaPkcs1, Some(algorithm)).unwrap();
            let hash = hash(algorithm).unwrap();
            assert_eq!(usize::from(hash.info[1]) + 2, hash.info.len() + hash.len);
            assert_eq!(usize::from(hash.info[18]), hash.len);
        }
    }
}
