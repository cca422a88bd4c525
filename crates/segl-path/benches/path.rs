//! A path of three certificates below an anchor, beside its three signatures alone, and beside the webpki crate.
//!
//! `cargo bench -p segl-path`. After criterion's groups everything is measured in turns and printed beside its goal, because a busy machine
//! changes its mind between two groups: of the figures of one line the ratio counts. webpki verifies with ring, whose signatures cost
//! another time than ours: its figure says what a user of it waits for, not what its path costs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{authority_with, distinguished_name, key_above, own_key, policies, tlv, usages};
use criterion::Criterion;
use rsa::traits::PublicKeyParts as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use segl_crypto::{PublicKey, SignatureAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned, sha256};
use segl_path::{Anchors, Parameters, Pool, Purpose, find};
use segl_x509::{Certificate, oids};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What the goal is measured by, in turns of so many calls.
const TURNS: usize = 300;
const CALLS: u32 = 3;
/// A path in terms of its signatures.
const GOAL: f64 = 1.1;

enum Key {
    P256(SoftwareKey),
    Rsa(Box<rsa::PrivateKey>),
}

impl Key {
    fn p256() -> Self {
        Self::P256(SoftwareKey::generate(SoftKind::EcP256, &mut rand_core::UnwrapErr(getrandom::SysRng)))
    }

    fn rsa() -> Self {
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        Self::Rsa(Box::new(rsa::PrivateKey::new(&mut rng, 2_048).unwrap()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::P256(_) => SignatureAlgorithm::ECDSA_SHA256,
            Self::Rsa(_) => SignatureAlgorithm::RSA_SHA256,
        }
    }

    fn spki(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.public_key_spki().unwrap(),
            Self::Rsa(key) => {
                let integer = |number: &rsa::BoxedUint| {
                    let octets = number.to_be_bytes();
                    let digits: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
                    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
                    tlv(2, &[sign, &digits])
                };
                let numbers = tlv(0x30, &[&integer(key.n()), &integer(key.e())]);
                let algorithm = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
                tlv(0x30, &[&tlv(0x30, &[&algorithm]), &tlv(3, &[&[0], &numbers])])
            }
        }
    }

    fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let tbs = ToBeSigned::new(tbs.to_vec(), SignatureAlgorithm::ECDSA_SHA256);
                key.sign(&tbs).unwrap().as_bytes().to_vec()
            }
            Self::Rsa(key) => {
                let digest_info =
                    [0x30, 49, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32];
                let padding = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: digest_info.into() };
                key.sign(padding, &sha256(tbs)).unwrap()
            }
        }
    }

    fn certifies(&self, issuer: &str, subject: &str, key: &Self, extensions: &[Vec<u8>]) -> Certificate {
        let algorithm = self.algorithm().to_der();
        let tbs = tlv(
            0x30,
            &[
                &[0xa0, 3, 2, 1, 2],
                &tlv(2, &[&[0x5a; 16]]),
                &algorithm,
                &distinguished_name(issuer),
                &tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &tlv(0x17, &[b"300101000000Z"])]),
                &distinguished_name(subject),
                &key.spki(),
                &tlv(0xa3, &[&tlv(0x30, &[&extensions.concat()])]),
            ],
        );
        let der = tlv(0x30, &[&tbs, &algorithm, &tlv(3, &[&[0], &self.sign(&tbs)])]);
        Certificate::from_der(&der).unwrap()
    }
}

/// Leaf, two authorities, and the anchor above them.
struct Chain {
    certificates: [Certificate; 3],
    anchor: Certificate,
    keys: [PublicKey; 3],
    pool: Pool,
    anchors: Anchors,
    parameters: Parameters,
}

impl Chain {
    fn new(key: fn() -> Key) -> Self {
        let [root, upper, lower, leaf] = [key(), key(), key(), key()];
        let known = |own: &[u8; 20], above: &[u8; 20]| [own_key(own), key_above(above), policies(&["1.2.3"])];
        let anchor = root.certifies("root", "root", &root, &authority_with(&[own_key(&[1; 20])]));
        let certificates = [
            lower.certifies(
                "lower",
                "leaf",
                &leaf,
                &[&known(&[4; 20], &[3; 20])[..], &[usages(&[oids::TIME_STAMPING])]].concat(),
            ),
            upper.certifies("upper", "lower", &lower, &authority_with(&known(&[3; 20], &[2; 20]))),
            root.certifies("root", "upper", &upper, &authority_with(&known(&[2; 20], &[1; 20]))),
        ];
        let above = [&certificates[1], &certificates[2], &anchor];
        Self {
            keys: above.map(|issuer| issuer.public_key().unwrap()),
            pool: Pool::from_certificates([certificates[1].clone(), certificates[2].clone(), anchor.clone()]),
            anchors: Anchors::from_certificates([anchor.clone()]),
            parameters: Parameters::at(Time::from_unix(NOW as i64)).purpose(Purpose::TimeStamping),
            certificates,
            anchor,
        }
    }

    /// What no path can do without.
    fn signatures(&self) {
        for (certificate, key) in self.certificates.iter().zip(&self.keys) {
            black_box(certificate).verify_signed_by(key).unwrap();
        }
    }

    fn path(&self) {
        let path = find(black_box(&self.certificates[0]), &self.pool, &self.anchors, &self.parameters);
        assert_eq!(path.unwrap().certificates().len(), 3);
    }

    /// The same from octets that were never seen before: certificates and keys are read anew.
    fn signatures_from_octets(&self) {
        let [leaf, lower, upper] = self.certificates.each_ref().map(read);
        let anchor = read(&self.anchor);
        for (below, above) in [(&leaf, &lower), (&lower, &upper), (&upper, &anchor)] {
            below.verify_signed_by(&above.public_key().unwrap()).unwrap();
        }
    }

    fn path_from_octets(&self) {
        let [leaf, lower, upper] = self.certificates.each_ref().map(read);
        let anchors = Anchors::from_certificates([read(&self.anchor)]);
        let path = find(&leaf, &Pool::from_certificates([lower, upper]), &anchors, &self.parameters);
        assert_eq!(path.unwrap().certificates().len(), 3);
    }

    fn webpki(&self) {
        let [leaf, lower, upper] = self.certificates.each_ref().map(|one| CertificateDer::from(one.as_der()));
        let (anchor, intermediates) = (CertificateDer::from(self.anchor.as_der()), [lower, upper]);
        let algorithms = [webpki::ring::ECDSA_P256_SHA256, webpki::ring::RSA_PKCS1_2048_8192_SHA256];
        EndEntityCert::try_from(&leaf)
            .unwrap()
            .verify_for_usage(
                &algorithms,
                &[anchor_from_trusted_cert(&anchor).unwrap()],
                &intermediates,
                UnixTime::since_unix_epoch(Duration::from_secs(NOW)),
                KeyUsage::required_if_present(&[0x2b, 6, 1, 5, 5, 7, 3, 8]),
                None,
                None,
            )
            .unwrap();
    }
}

/// 2026-01-01.
const NOW: u64 = 1_767_225_600;

fn read(certificate: &Certificate) -> Certificate {
    Certificate::from_der(black_box(certificate.as_der())).unwrap()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // `cargo bench` says so; without it this is only a check that everything runs.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    for (name, chain) in [("P-256", Chain::new(Key::p256)), ("RSA-2048", Chain::new(Key::rsa))] {
        let mut group = criterion.benchmark_group(format!("a path of three certificates, {name}"));
        group.bench_function("three signatures alone", |b| b.iter(|| chain.signatures()));
        group.bench_function("segl-path", |b| b.iter(|| chain.path()));
        group.bench_function("segl-path, from octets", |b| b.iter(|| chain.path_from_octets()));
        group.bench_function("webpki with ring, from octets", |b| b.iter(|| chain.webpki()));
        group.finish();
        if is_bench {
            in_turns(&format!("{name}, everything read"), || chain.signatures(), || chain.path());
            in_turns(
                &format!("{name}, from octets"),
                || chain.signatures_from_octets(),
                || chain.path_from_octets(),
            );
        }
    }
    criterion.final_summary();
}

/// Runs both in turns; prints the medians, their ratio, and whether ours holds the goal.
fn in_turns(name: &str, mut floor: impl FnMut(), mut ours: impl FnMut()) {
    let mut times = [Vec::with_capacity(TURNS), Vec::with_capacity(TURNS)];
    for _ in 0..TURNS {
        times[0].push(timed(&mut floor));
        times[1].push(timed(&mut ours));
    }
    let [(floor, least), (ours, fastest)] = times.map(|mut times| {
        times.sort_unstable();
        (times[TURNS / 2], times[0])
    });
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    let verdict = if ratio <= GOAL { "holds" } else { "DOES NOT HOLD" };
    println!(
        "{name}: segl-path {ours:?} (fastest {fastest:?}), its three signatures {floor:?} (fastest {least:?}), ratio {ratio:.3}, goal {GOAL} {verdict}"
    );
}

fn timed(act: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..CALLS).for_each(|_| act());
    begun.elapsed() / CALLS
}
