//! Certificates made by hand, with extensions of the test's choice: for the crates below those that issue.

use std::path::Path;
use std::process::Command;

use segl_cms::encode::{element, object_identifier, octet_string, sequence, set_of, unsigned_integer};
use segl_crypto::{SoftKind, SoftwareKey, Time, ToBeSigned};
use segl_x509::{Certificate, ObjectIdentifier};

/// A certificate with its key.
pub struct Party {
    /// The key.
    pub key: SoftwareKey,
    /// The certificate.
    pub certificate: Certificate,
}

fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// A name of country and common name, DER.
pub fn name(common_name: &str) -> Vec<u8> {
    let country = sequence(&[object_identifier(&oid("2.5.4.6")), element(0x13, b"DK")]);
    let common = sequence(&[object_identifier(&oid("2.5.4.3")), element(0x0c, common_name.as_bytes())]);
    sequence(&[set_of(0x31, &[country]), set_of(0x31, &[common])])
}

/// An extension, DER.
pub fn extension(dotted: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![object_identifier(&oid(dotted))];
    if critical {
        parts.push(vec![1, 1, 0xff]);
    }
    parts.push(octet_string(value));
    sequence(&parts)
}

/// keyUsage, with its bits and how many of the octet do not count.
pub fn key_usage(bits: u8, unused: u8) -> Vec<u8> {
    extension("2.5.29.15", true, &[3, 2, unused, bits])
}

/// extKeyUsage with timeStamping alone.
pub fn time_stamping(critical: bool) -> Vec<u8> {
    let purpose = object_identifier(&oid("1.3.6.1.5.5.7.3.8"));
    extension("2.5.29.37", critical, &sequence(&[purpose]))
}

/// Extensions of an authority.
pub fn ca_extensions() -> Vec<Vec<u8>> {
    vec![extension("2.5.29.19", true, &[0x30, 3, 1, 1, 0xff]), key_usage(0x06, 1)]
}

/// Extensions of a certificate that seals.
pub fn seal_extensions() -> Vec<Vec<u8>> {
    vec![key_usage(0x40, 6)]
}

/// Extensions of a time-stamp unit.
pub fn unit_extensions() -> Vec<Vec<u8>> {
    vec![extension("2.5.29.19", true, &[0x30, 0]), key_usage(0x80, 7), time_stamping(true)]
}

/// Issues a certificate that lives from `from` to `to`; without an issuer it signs itself.
pub fn issue(
    subject: &str,
    kind: SoftKind,
    issuer: Option<&Party>,
    life: (Time, Time),
    extensions: &[Vec<u8>],
) -> Party {
    let mut rng = rand();
    let key = SoftwareKey::generate(kind, &mut rng);
    let signing = issuer.map_or(&key, |party| &party.key);
    let issuer_name =
        issuer.map_or_else(|| name(subject), |party| party.certificate.subject().as_der().to_vec());
    let mut serial = [0u8; 16];
    getrandom::fill(&mut serial).unwrap();
    serial[0] = 0x4a;
    let signature_algorithm = signing.algorithm();
    let key_identifier = segl_crypto::sha1(&key.public_key_spki().unwrap());
    let mut all = vec![extension("2.5.29.14", false, &octet_string(&key_identifier))];
    if let Some(party) = issuer {
        let authority = party.certificate.subject_key_identifier().unwrap().unwrap();
        all.push(extension("2.5.29.35", false, &sequence(&[element(0x80, &authority)])));
    }
    all.extend_from_slice(extensions);
    let tbs = sequence(&[
        element(0xa0, &[2, 1, 2]),
        unsigned_integer(&serial),
        signature_algorithm.to_der(),
        issuer_name,
        sequence(&[life.0.to_der(), life.1.to_der()]),
        name(subject),
        key.public_key_spki().unwrap(),
        element(0xa3, &sequence(&all)),
    ]);
    let value = signing.sign(&ToBeSigned::new(tbs.clone(), signature_algorithm)).unwrap();
    let mut bits = vec![0];
    bits.extend_from_slice(value.as_bytes());
    let der = sequence(&[tbs, signature_algorithm.to_der(), element(0x03, &bits)]);
    Party { key, certificate: Certificate::from_der(&der).unwrap() }
}

/// A small hierarchy.
pub struct Pki {
    /// Issued by itself.
    pub root: Party,
    /// Seals.
    pub seal: Party,
    /// Stamps times.
    pub unit: Party,
}

/// When the tests play.
pub fn noon() -> Time {
    Time::from_civil(2026, 11, 25, 12, 0, 0).unwrap()
}

/// A root, a seal and a time-stamp unit, alive for years around [`noon`].
pub fn pki(kind: SoftKind) -> Pki {
    let life =
        (Time::from_civil(2020, 1, 1, 0, 0, 0).unwrap(), Time::from_civil(2040, 1, 1, 0, 0, 0).unwrap());
    let root = issue("TEST Root", SoftKind::EcP384, None, life, &ca_extensions());
    let seal = issue("TEST Seal", kind, Some(&root), life, &seal_extensions());
    let unit = issue("TEST Unit", kind, Some(&root), life, &unit_extensions());
    Pki { root, seal, unit }
}

/// Random numbers of the system.
pub fn rand() -> impl rand_core::CryptoRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// A certificate as PEM.
pub fn pem(der: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut line = 0;
    for chunk in der.chunks(3) {
        let mut bits = [0u8; 3];
        bits[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for index in 0..4 {
            let symbol = alphabet[usize::try_from(number >> (18 - 6 * index) & 0x3f).unwrap()];
            text.push(if index <= chunk.len() { char::from(symbol) } else { '=' });
        }
        line += 4;
        if line % 64 == 0 {
            text.push('\n');
        }
    }
    if line % 64 != 0 {
        text.push('\n');
    }
    writeln!(text, "-----END CERTIFICATE-----").unwrap();
    text
}

/// Runs OpenSSL in a folder; `None` when it is not installed.
pub fn openssl(folder: &Path, arguments: &[&str]) -> Option<(bool, String)> {
    let Ok(output) = Command::new("openssl").args(arguments).current_dir(folder).output() else {
        println!("skipped: openssl is not here");
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}
