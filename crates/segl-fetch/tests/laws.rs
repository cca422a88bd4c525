//! What holds for any octets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_crypto::SoftKind;
use segl_fetch::{MAX_URL, Url, read_certificates};
use segl_testkit::pki::{ca_extensions, issue, noon, pem};
use std::time::Duration;

/// Pieces that mean something in an address, and anything else between them.
fn address() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "(http|HTTPS?|ldap|file|x)(:|://|:/)",
        4 => "[a-z0-9.-]{0,12}",
        3 => "[/?#@:\\[\\]%.\\\\ ]{1,3}",
        2 => "(127\\.0\\.0\\.1|0x7f|\\[::1\\]|1\\.2\\.3\\.4|\\.\\./|/\\./)",
        1 => any::<String>(),
    ];
    (prop_oneof![3 => Just("http://"), 1 => Just("")], prop::collection::vec(piece, 0..8))
        .prop_map(|(start, pieces)| [start, &pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_was_read_is_read_the_same_again(text in address()) {
        if let Ok(url) = Url::parse(&text) {
            prop_assert_eq!(Url::parse(url.as_str()), Ok(url.clone()));
            prop_assert!(url.as_str().len() <= MAX_URL);
            prop_assert!(url.as_str().bytes().all(|octet| octet.is_ascii_graphic()));
            prop_assert!(!url.host().is_empty() && url.port() != 0);
            prop_assert_eq!(url.as_str().matches("://").count(), 1 + url.as_str()[8..].matches("://").count());
            prop_assert!(!url.to_string().contains('?') || url.to_string().ends_with("?…"));
        }
    }

    /// A redirect stays at its host unless it names another, and is an address like any other.
    #[test]
    fn references_are_addresses(reference in address()) {
        let base = Url::parse("http://pki.example.com:8080/a/b?c").unwrap();
        if let Ok(url) = base.join(&reference) {
            prop_assert_eq!(Url::parse(url.as_str()), Ok(url.clone()));
            if !reference.contains("//") {
                prop_assert_eq!((url.host(), url.port()), (base.host(), base.port()));
            }
        }
    }

    #[test]
    fn any_octets_hold_certificates_or_not(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read_certificates(&octets).is_err());
    }
}

/// One octet that is wrong never is a panic, in DER and in PEM.
#[test]
fn certificates_with_one_wrong_octet() {
    let life = (noon(), noon() + Duration::from_secs(86_400));
    let certificate = issue("TEST Root", SoftKind::EcP256, None, life, &ca_extensions()).certificate;
    let text = pem(certificate.as_der());
    let (mut read, mut refused) = (0, 0);
    for whole in [certificate.as_der(), text.as_bytes()] {
        for at in 0..whole.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut wrong = whole.to_vec();
                wrong[at] ^= flip;
                match read_certificates(&wrong) {
                    Ok(certificates) => read += certificates.len(),
                    Err(_) => refused += 1,
                }
            }
            // Of PEM the last line may be cut off: what is inside is whole.
            if at < whole.len().min(text.find("-----END ").unwrap()) {
                assert!(read_certificates(&whole[..at]).is_err(), "cut off after {at} octets");
            }
        }
    }
    assert!(read > 0 && refused > 0);
}
