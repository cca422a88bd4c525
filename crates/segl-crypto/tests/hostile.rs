//! Keys and values that somebody made to be believed, or to cost time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Instant;

use segl_crypto::{
    DigestAlgorithm, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureScheme, VerifyError,
};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [vec![tag], length, content].concat()
}

const RSA_ENCRYPTION: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1];
const RSASSA_PSS: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];

fn spki(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x30, algorithm), &tlv(3, &[&[0], key])])
}

/// A key whose modulus is as good as any for a value that does not verify.
fn rsa(algorithm: &[u8], octets: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xc5; octets];
    modulus.insert(0, 0);
    let key = tlv(0x30, &[&tlv(2, &[&modulus]), &tlv(2, &[exponent])]);
    spki(&[algorithm, &[5, 0]], &key)
}

/// With such a key one value verifies over one message in eight, whatever it says.
#[test]
fn points_of_small_order_are_no_keys() {
    for key in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        let refused = PublicKey::from_spki_der(&spki(&[ED25519], &hex::decode(key).unwrap()));
        assert!(matches!(refused, Err(PublicKeyError::Malformed(_))), "{key}");
    }
}

#[test]
fn a_key_for_pss_is_for_nothing_else() {
    let pkcs1 = SignatureAlgorithm::RSA_SHA256;
    let pss =
        SignatureAlgorithm::new(SignatureScheme::RsaPss { salt_len: 32 }, Some(DigestAlgorithm::Sha256))
            .unwrap();
    let [any, only] = [RSA_ENCRYPTION, RSASSA_PSS]
        .map(|algorithm| PublicKey::from_spki_der(&rsa(algorithm, 256, &[1, 0, 1])).unwrap());
    let outcome = |key: &PublicKey, algorithm| key.verify(algorithm, b"message", &[0x11; 256]).unwrap_err();
    assert_eq!(outcome(&any, &pkcs1), VerifyError::BadSignature);
    assert_eq!(outcome(&any, &pss), VerifyError::BadSignature);
    assert_eq!(outcome(&only, &pss), VerifyError::BadSignature);
    assert_eq!(outcome(&only, &pkcs1), VerifyError::KeyMismatch);
}

#[test]
fn rsa_keys_that_prove_nothing_or_cost_much_are_refused() {
    for exponent in [&[0][..], &[1], &[2], &[2, 0, 0, 0, 0], &[0x7f; 9], &[0x7f; 2000]] {
        let refused = PublicKey::from_spki_der(&rsa(RSA_ENCRYPTION, 256, exponent));
        assert!(refused.is_err(), "{exponent:02x?}");
    }
    assert!(PublicKey::from_spki_der(&rsa(RSA_ENCRYPTION, 8192, &[3])).is_err());
    assert!(PublicKey::from_spki_der(&rsa(RSA_ENCRYPTION, 48, &[3])).is_err());
}

/// The largest key with the largest exponent.
#[test]
fn the_most_expensive_rsa_key_costs_little() {
    let key = PublicKey::from_spki_der(&rsa(RSA_ENCRYPTION, 2048, &[1, 0xff, 0xff, 0xff, 0xff])).unwrap();
    let begun = Instant::now();
    for _ in 0..10 {
        assert!(key.verify(&SignatureAlgorithm::RSA_SHA256, b"message", &[0x11; 2048]).is_err());
    }
    println!("{:?} for each", begun.elapsed() / 10);
    assert!(begun.elapsed().as_millis() < 5_000, "{:?}", begun.elapsed());
}

#[test]
fn a_salt_that_does_not_fit_verifies_nothing() {
    let key = PublicKey::from_spki_der(&rsa(RSA_ENCRYPTION, 65, &[1, 0, 1])).unwrap();
    for (salt_len, digest) in
        [(1_024, DigestAlgorithm::Sha512), (0, DigestAlgorithm::Sha512), (64, DigestAlgorithm::Sha1)]
    {
        let algorithm = SignatureAlgorithm::new(SignatureScheme::RsaPss { salt_len }, Some(digest)).unwrap();
        for len in [0, 1, 64, 65, 66] {
            assert!(key.verify(&algorithm, b"message", &vec![1; len]).is_err());
        }
    }
}
