//! What certificates made to exhaust memory cost whoever reads, lints and describes them: never more than a fixed number of octets for
//! each of their own, no stack for nesting, and nothing at all for a length that is only claimed.
//!
//! Each is looked at in a process of its own, this same program, which asks the kernel for the peak of its resident memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use segl_cert::lint::lint;
use segl_cert::{CertificateContent, Description, QcStatements};
use segl_crypto::{SoftKind, SoftwareKey};
use segl_x509::{Certificate, MAX_CERTIFICATE_SIZE, ObjectIdentifier, oids};

const CASE: &str = "SEGL_MEMORY_TEST_CASE";
/// Octets of memory at the peak for each octet of a certificate.
const MOST_FOR_EACH: u64 = 64;
/// What small certificates cost as well.
const BASE: u64 = 2 << 20;
/// In an unoptimised build on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(30);

type Case = (&'static str, fn() -> Vec<u8>);

const CASES: [Case; 22] = [
    ("an ordinary one", || with_extension(oids::KEY_USAGE, &[3, 2, 6, 0x40])),
    ("ten megabytes", || with_extension(oids::SUBJECT_ALT_NAME, &vec![0x41; 10 << 20])),
    ("a length that is claimed", || {
        vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x30, 0x84, 0x7f, 0xff, 0xff, 0xf9]
    }),
    ("a hundred thousand extensions", || {
        with(&[], &tlv(0x30, &[0x30, 7, 6, 3, 0x55, 0x1d, 0x7f, 4, 0].repeat(100_000)))
    }),
    ("as many of one type", || {
        with(&[], &tlv(0x30, &[0x30, 7, 6, 3, 0x55, 0x1d, 0x11, 4, 0].repeat(100_000)))
    }),
    ("extensions in each other", || with(&[], &nested(0x30, 150_000))),
    ("alternative names in each other", || {
        with_extension(oids::SUBJECT_ALT_NAME, &tlv(0x30, &nested(0xa4, 150_000)))
    }),
    ("another name in itself", || {
        with_extension(
            oids::SUBJECT_ALT_NAME,
            &tlv(0x30, &tlv(0xa0, &[&[6, 1, 0x2a][..], &nested(0xa0, 150_000)].concat())),
        )
    }),
    ("a statement in itself", || {
        with_extension(
            oids::QC_STATEMENTS,
            &tlv(0x30, &tlv(0x30, &[&[6, 1, 0x2a][..], &nested(0x30, 150_000)].concat())),
        )
    }),
    ("a policy in itself", || with_extension(oids::CERTIFICATE_POLICIES, &nested(0x30, 150_000))),
    ("empty alternative names", || many(oids::SUBJECT_ALT_NAME, &[0x82, 0])),
    ("key purposes", || many(oids::EXT_KEY_USAGE, &[6, 1, 0x2a])),
    ("policies", || many(oids::CERTIFICATE_POLICIES, &[0x30, 3, 6, 1, 0x2a])),
    ("qualifiers", || {
        with_extension(
            oids::CERTIFICATE_POLICIES,
            &tlv(
                0x30,
                &tlv(0x30, &[&[6, 1, 0x2a][..], &tlv(0x30, &[0x30, 3, 6, 1, 0x2a].repeat(200_000))].concat()),
            ),
        )
    }),
    ("policy mappings", || many(oids::POLICY_MAPPINGS, &[0x30, 6, 6, 1, 0x2a, 6, 1, 0x2a])),
    ("distribution points", || many(oids::CRL_DISTRIBUTION_POINTS, &[0x30, 0])),
    ("places of access", || many(oids::AUTHORITY_INFO_ACCESS, &[0x30, 5, 6, 1, 0x2a, 0x82, 0])),
    ("statements", || many(oids::QC_STATEMENTS, &[0x30, 3, 6, 1, 0x2a])),
    ("excluded names", || {
        with_extension(oids::NAME_CONSTRAINTS, &tlv(0x30, &tlv(0xa1, &[0x30, 2, 0x82, 0].repeat(240_000))))
    }),
    ("empty parts of a name", || with(&[0x31, 0].repeat(480_000), &[])),
    ("attributes of a name", || with(&[0x31, 7, 0x30, 5, 6, 1, 0x2a, 0x0c, 0].repeat(100_000), &[])),
    ("attributes of one part of a name", || {
        with(&tlv(0x31, &[0x30, 5, 6, 1, 0x2a, 0x0c, 0].repeat(140_000)), &[])
    }),
];

#[test]
fn memory_is_a_multiple_of_the_certificate() {
    if resident("VmHWM:").is_none() {
        println!("skipped: this system does not tell the peak of resident memory");
        return;
    }
    for (name, _) in CASES {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["one", "--exact", "--nocapture", "--test-threads=1"])
            .env(CASE, name)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stderr));
        let figures = said.lines().find_map(|line| Some(line.split_once("figures> ")?.1)).unwrap();
        let [octets, peak, millis] = figures.splitn(4, ' ').collect::<Vec<_>>()[..3] else {
            panic!("{figures}")
        };
        let [octets, peak, millis] = [octets, peak, millis].map(|figure| figure.parse::<u64>().unwrap());
        println!(
            "{name}: {octets} octets, {peak} at the peak ({}), {millis} ms: {}",
            peak / octets,
            figures.splitn(4, ' ').nth(3).unwrap()
        );
        assert!(peak <= BASE + MOST_FOR_EACH * octets, "{name}: {peak} octets for {octets}");
        assert!(Duration::from_millis(millis) <= MOST_TIME, "{name}: {millis} ms");
    }
}

/// Not a test by itself: the process that looks at one certificate.
#[test]
fn one() {
    let Ok(name) = std::env::var(CASE) else { return };
    let (_, make) = CASES.into_iter().find(|(known, _)| *known == name).unwrap();
    let der = make();
    let before = resident("VmRSS:").unwrap();
    // The kernel begins a new peak.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let begun = Instant::now();
    let said = look(&der);
    let (time, peak) = (begun.elapsed(), resident("VmHWM:").unwrap());
    println!("figures> {} {} {} {said}", der.len(), peak.saturating_sub(before), time.as_millis());
}

/// Everything that is read of a certificate, one after the other. Gives a few words.
fn look(der: &[u8]) -> String {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => {
            assert!(
                der.len() > MAX_CERTIFICATE_SIZE || der.len() < 100 || error.to_string().contains("byte"),
                "{error}"
            );
            return error.to_string();
        }
    };
    black_box(certificate.key_usage().is_ok());
    black_box(certificate.ext_key_usage().is_ok());
    black_box(certificate.subject_alt_names().is_ok());
    black_box(certificate.policies().is_ok());
    black_box(certificate.policy_mappings().is_ok());
    black_box(certificate.name_constraints().is_ok());
    black_box(certificate.crl_urls());
    black_box(certificate.ocsp_urls());
    black_box(certificate.contradictions_of_no_revocation_available());
    black_box(certificate.is_self_signed());
    if let Some(statements) = certificate.extension(oids::QC_STATEMENTS) {
        drop(black_box(QcStatements::read(statements.value())));
    }
    let content = CertificateContent::of(&certificate).map_or(0, |content| content.to_string().len());
    let words = Description::of(&certificate).to_string().len();
    let report = lint(&certificate);
    format!("{} findings, {words} octets of description, {content} of content", report.findings().len())
}

/// A certificate with this content of its subject and these extensions.
fn with(subject: &[u8], extensions: &[u8]) -> Vec<u8> {
    let key =
        SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let algorithm = segl_crypto::SignatureAlgorithm::ECDSA_SHA256.to_der();
    let name = tlv(0x30, subject);
    let time = tlv(0x17, b"261125120000Z");
    let extensions = if extensions.is_empty() { Vec::new() } else { tlv(0xa3, extensions) };
    let parts = [
        &[0xa0, 3, 2, 1, 2, 2, 1, 1][..],
        &algorithm,
        // The issuer is another: only one of the two names grows.
        &[0x30, 0],
        &tlv(0x30, &time.repeat(2)),
        &name,
        &key.public_key_spki().unwrap(),
        &extensions,
    ];
    let tbs = tlv(0x30, &parts.concat());
    tlv(0x30, &[&tbs[..], &algorithm, &[3, 3, 0, 0x30, 0]].concat())
}

fn with_extension(oid: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    let extension = [tlv(6, oid.as_bytes()), tlv(4, value)].concat();
    with(&[], &tlv(0x30, &tlv(0x30, &extension)))
}

/// An extension with as many of these as go into a certificate that is read.
fn many(oid: ObjectIdentifier, element: &[u8]) -> Vec<u8> {
    with_extension(oid, &tlv(0x30, &element.repeat((MAX_CERTIFICATE_SIZE - 1000) / element.len())))
}

/// So many elements in each other.
fn nested(tag: u8, depth: usize) -> Vec<u8> {
    // Headers first, the innermost last.
    let mut reversed = Vec::new();
    for _ in 0..depth {
        let header = header(tag, reversed.len());
        reversed.extend(header.into_iter().rev());
    }
    reversed.reverse();
    reversed
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&header(tag, content.len()), content].concat()
}

fn header(tag: u8, length: usize) -> Vec<u8> {
    let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => vec![tag, short],
        _ => [&[tag, 0x80 | octets.len() as u8], &octets[..]].concat(),
    }
}

/// A figure of this process's memory, in octets.
fn resident(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
