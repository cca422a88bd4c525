//! An issuer that signs with another algorithm than the usual one of its key: the content says so, and nothing else is accepted.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use segl_cert::{
    AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Holder, Lifetime, Organisation,
    OrganisationIdentifier, ProfileError, SealProfile, SerialNumber, Unit,
};
use segl_crypto::{
    DigestAlgorithm, KeyKind, SignatureAlgorithm, SignatureScheme, SoftKind, SoftwareKey, Time,
};
use segl_x509::Certificate;

const RSA: KeyKind = KeyKind::Rsa { bits: 3072 };

fn rsa(scheme: SignatureScheme, digest: DigestAlgorithm) -> SignatureAlgorithm {
    SignatureAlgorithm::new(scheme, Some(digest)).unwrap()
}

fn pss(salt_len: usize, digest: DigestAlgorithm) -> SignatureAlgorithm {
    rsa(SignatureScheme::RsaPss { salt_len }, digest)
}

fn profile(role: AuthorityRole, key: KeyKind) -> AuthorityProfile {
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls).key(key)
}

#[test]
fn what_an_issuer_signs_with_is_shown() {
    let root = |algorithm| profile(AuthorityRole::Root, RSA).signed_with(algorithm).content(None);
    let usual = profile(AuthorityRole::Root, RSA).content(None).unwrap();
    assert_eq!(root(SignatureAlgorithm::RSA_SHA256).unwrap(), usual);
    let mut seen = vec![*usual.sha256()];
    for (algorithm, words) in [
        (rsa(SignatureScheme::RsaPkcs1, DigestAlgorithm::Sha512), "RSA with SHA512"),
        (pss(32, DigestAlgorithm::Sha256), "RSA-PSS with SHA256"),
        (pss(48, DigestAlgorithm::Sha384), "RSA-PSS with SHA384"),
    ] {
        let content = root(algorithm).unwrap();
        assert!(content.to_string().contains(words), "{content}");
        assert!(!seen.contains(content.sha256()), "{words}: an approval is of one algorithm");
        seen.push(*content.sha256());
    }
}

#[test]
fn what_does_not_fit_the_key_or_is_not_listed_does_not_build() {
    for (key, algorithm) in [
        (RSA, SignatureAlgorithm::ECDSA_SHA256),
        (RSA, SignatureAlgorithm::ED25519),
        (RSA, rsa(SignatureScheme::RsaPkcs1, DigestAlgorithm::Sha1)),
        (RSA, rsa(SignatureScheme::RsaPkcs1, DigestAlgorithm::Sha224)),
        (RSA, pss(20, DigestAlgorithm::Sha256)),
        (KeyKind::EcP256, SignatureAlgorithm::RSA_SHA256),
        (KeyKind::EcP384, SignatureAlgorithm::ED25519),
        (KeyKind::Ed25519, SignatureAlgorithm::ECDSA_SHA256),
    ] {
        let refused = profile(AuthorityRole::Root, key).signed_with(algorithm).content(None);
        assert_eq!(refused.unwrap_err(), ProfileError::Algorithm { key, algorithm });
    }
    for role in [AuthorityRole::TimeStampUnit, AuthorityRole::OcspResponder] {
        let refused = profile(role, KeyKind::Ed25519).content(Some(&issuer()));
        assert_eq!(refused.unwrap_err(), ProfileError::Key(KeyKind::Ed25519));
    }
    assert!(profile(AuthorityRole::IssuingCa, KeyKind::Ed25519).content(Some(&issuer())).is_ok());
}

fn issuer() -> Certificate {
    let key =
        SoftwareKey::generate(SoftKind::EcP384, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let spki = key.public_key_spki().unwrap();
    let now = Time::from_unix(1_795_000_000);
    let prepared = profile(AuthorityRole::Root, KeyKind::EcP384)
        .prepare(None, &spki, &SerialNumber::from_random([1; 15]), now)
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble_verified(&value).unwrap()
}

#[test]
fn an_issuer_signs_what_was_presented() {
    let issuer = issuer();
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    let organisation = Organisation::new("DK", "TEST Kommune", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Kommune Post").unwrap());
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let presented = || SealProfile::new(holder.clone(), Lifetime::Hours12, &urls).present(&issuer).unwrap();
    let longer = SignatureAlgorithm::ECDSA_SHA512;
    let other = presented().signed_with(longer).unwrap();
    assert_ne!(other.content().sha256(), presented().content().sha256());
    let seen = *other.content().sha256();
    let own =
        SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let prepared = other
        .approve(&seen)
        .unwrap()
        .prepare(
            &own.public_key_spki().unwrap(),
            segl_cert::Device::Other,
            &SerialNumber::from_random([2; 15]),
            issuer.not_before(),
        )
        .unwrap();
    assert_eq!(prepared.to_be_signed().algorithm(), longer);
    let refused = presented().signed_with(SignatureAlgorithm::RSA_SHA256).unwrap_err();
    assert_eq!(
        refused,
        ProfileError::Algorithm { key: KeyKind::EcP384, algorithm: SignatureAlgorithm::RSA_SHA256 }
    );
}
