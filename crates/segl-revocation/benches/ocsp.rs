//! Reading an OCSP response, verifying it and asking it about a certificate, beside its floor, the verification of its one signature.
//!
//! `cargo bench -p segl-revocation --bench ocsp`. Columns: system, operation, n, median_us, ratio to the floor.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{DigestAlgorithm, KeyKind, SoftKind, SoftwareKey, Time};
use segl_revocation::{CertId, OcspResponseBuilder, OcspView};
use segl_x509::Certificate;

const TURNS: usize = 400;

fn main() {
    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    let turns = if is_measurement { TURNS } else { 1 };
    println!("system\toperation\tn\tmedian_us\tratio");
    for (kind, soft, title) in
        [(KeyKind::EcP256, SoftKind::EcP256, "P-256"), (KeyKind::EcP384, SoftKind::EcP384, "P-384")]
    {
        let key = SoftwareKey::generate(soft, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
        let now = Time::from_unix(1_795_000_000);
        let issuer = issue(AuthorityRole::Root, kind, None, &key, now);
        let certificate = issue(AuthorityRole::IssuingCa, kind, Some(&issuer), &key, now);
        let id = CertId::new(certificate.serial(), &issuer, DigestAlgorithm::Sha1).unwrap();
        let builder = OcspResponseBuilder::new(&issuer, now, now + Duration::from_secs(86_400));
        let prepared = builder.good(&id, now).unwrap().prepare().unwrap();
        let tbs = prepared.to_be_signed().clone();
        let value = key.sign(&tbs).unwrap();
        let der = prepared.assemble(&value).unwrap().as_der().to_vec();
        let public = issuer.public_key().unwrap();
        let floor = || public.verify(&tbs.algorithm(), tbs.as_bytes(), value.as_bytes()).unwrap();
        let ours = || {
            let response = OcspView::from_der(black_box(&der)).unwrap();
            assert!(response.status_of(&certificate, &issuer).is_good());
        };
        // In turns, so that whatever else the machine does meets both.
        let (mut floors, mut owns) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            floors.push(timed(floor));
            owns.push(timed(ours));
        }
        let (floor, own) = (median(floors), median(owns));
        println!("floor\tone signature, {title}\t{turns}\t{}\t1", floor.as_micros());
        let ratio = own.as_secs_f64() / floor.as_secs_f64();
        println!("segl\tread, verify, ask, {title}\t{turns}\t{}\t{ratio:.2}", own.as_micros());
    }
}

fn issue(
    role: AuthorityRole,
    kind: KeyKind,
    issuer: Option<&Certificate>,
    key: &SoftwareKey,
    now: Time,
) -> Certificate {
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let prepared = AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls)
        .key(kind)
        .prepare(issuer, &key.public_key_spki().unwrap(), &SerialNumber::from_random([1; 15]), now)
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap()
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
