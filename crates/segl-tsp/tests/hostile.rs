//! Invented input is refused, never more; what is accepted is written back as it came.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_tsp::{Authority, Clock, TimestampRequest, TimestampResponse, Token, TstInfo, oids};

fn exercise(bytes: &[u8]) {
    if let Ok(request) = TimestampRequest::from_der(bytes) {
        assert_eq!(request.to_der(), bytes);
    }
    if let Ok(response) = TimestampResponse::from_der(bytes) {
        assert_eq!(response.to_der(), bytes);
    }
    if let Ok(info) = TstInfo::from_der(bytes) {
        assert_eq!(info.to_der(), bytes);
    }
    let _ = Token::from_der(bytes);
}

thread_local! {
    static AUTHORITY: Authority = {
        let pki = segl_testkit::pki::pki(segl_crypto::SoftKind::EcP256);
        Authority::new(pki.unit.certificate, oids::BEST_PRACTICES_POLICY).unwrap()
    };
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
        AUTHORITY.with(|authority| {
            if let Err(rejection) = authority.prepare(&bytes, &bytes, Clock::Fit(segl_testkit::pki::noon())) {
                TimestampResponse::from_der(&rejection.to_der()).unwrap();
            }
        });
    }

    #[test]
    fn no_change_of_a_request_makes_it_panic(at in 0usize..100, value: u8, nonce in proptest::collection::vec(any::<u8>(), 0..40)) {
        let digest = segl_crypto::digest(segl_crypto::DigestAlgorithm::Sha256, &nonce).unwrap();
        let mut der = TimestampRequest::new(&digest).with_nonce(&nonce).with_policy(oids::BEST_PRACTICES_POLICY).to_der();
        exercise(&der);
        let at = at % der.len();
        der[at] = value;
        exercise(&der);
    }
}
