//! Certificates made for one test.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "each test file uses its part, and may stop at the first surprise"
)]

use segl_crypto::{SoftKind, SoftwareKey, Time, ToBeSigned};
use segl_x509::{Certificate, ObjectIdentifier, oids};

pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = content.len();
    let mut out = vec![tag];
    match len {
        0..0x80 => out.push(len as u8),
        0x80..0x100 => out.extend([0x81, len as u8]),
        0x100..0x1_0000 => out.extend([0x82, (len >> 8) as u8, len as u8]),
        _ => out.extend([0x83, (len >> 16) as u8, (len >> 8) as u8, len as u8]),
    }
    out.extend(content);
    out
}

fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    tlv(6, &[oid.as_bytes()])
}

pub fn distinguished_name(text: &str) -> Vec<u8> {
    let pair = tlv(0x30, &[&oid(oids::COMMON_NAME), &tlv(0x0c, &[text.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&pair])])
}

pub fn extension(kind: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&oid(kind), flag, &tlv(4, &[value])])
}

pub fn authority() -> Vec<Vec<u8>> {
    vec![
        extension(oids::BASIC_CONSTRAINTS, true, &[0x30, 3, 1, 1, 0xff]),
        extension(oids::KEY_USAGE, true, &[3, 2, 1, 6]),
    ]
}

/// A key with the name it goes by.
pub struct Party {
    pub name: &'static str,
    pub key: SoftwareKey,
}

impl Party {
    pub fn new(name: &'static str) -> Self {
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        Self { name, key: SoftwareKey::generate(SoftKind::EcP256, &mut rng) }
    }

    /// A certificate for `subject`, valid 2020 to 2030.
    pub fn certifies(&self, subject: &Self, serial: u8, extensions: &[Vec<u8>]) -> Certificate {
        self.certifies_for(subject, serial, extensions, [b"200101000000Z", b"300101000000Z"])
    }

    pub fn certifies_for(
        &self,
        subject: &Self,
        serial: u8,
        extensions: &[Vec<u8>],
        dates: [&[u8; 13]; 2],
    ) -> Certificate {
        let spki = subject.key.public_key_spki().unwrap();
        self.certifies_key(subject.name, &spki, serial, extensions, dates)
    }

    pub fn certifies_key(
        &self,
        subject: &str,
        spki: &[u8],
        serial: u8,
        extensions: &[Vec<u8>],
        dates: [&[u8; 13]; 2],
    ) -> Certificate {
        let algorithm = self.key.algorithm();
        let slices: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        let tbs = tlv(
            0x30,
            &[
                &[0xa0, 3, 2, 1, 2],
                &tlv(2, &[&[serial]]),
                &algorithm.to_der(),
                &distinguished_name(self.name),
                &tlv(0x30, &[&tlv(0x17, &[dates[0]]), &tlv(0x17, &[dates[1]])]),
                &distinguished_name(subject),
                spki,
                &tlv(0xa3, &[&tlv(0x30, &slices)]),
            ],
        );
        let value = self.key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
        let der = tlv(0x30, &[&tbs, &algorithm.to_der(), &tlv(3, &[&[0], value.as_bytes()])]);
        Certificate::from_der(&der).unwrap()
    }
}

pub fn now() -> Time {
    Time::from_civil(2026, 1, 1, 0, 0, 0).unwrap()
}

/// An authority's extensions, with these beside them.
pub fn authority_with(more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [authority(), more.to_vec()].concat()
}

/// keyIdentifier in authorityKeyIdentifier.
pub fn key_above(identifier: &[u8]) -> Vec<u8> {
    extension(oids::AUTHORITY_KEY_IDENTIFIER, false, &tlv(0x30, &[&tlv(0x80, &[identifier])]))
}

/// subjectKeyIdentifier.
pub fn own_key(identifier: &[u8]) -> Vec<u8> {
    extension(oids::SUBJECT_KEY_IDENTIFIER, false, &tlv(4, &[identifier]))
}

/// extKeyUsage.
pub fn usages(list: &[ObjectIdentifier]) -> Vec<u8> {
    let list: Vec<u8> = list.iter().flat_map(|usage| oid(*usage)).collect();
    extension(oids::EXT_KEY_USAGE, true, &tlv(0x30, &[&list]))
}

/// certificatePolicies.
pub fn policies(list: &[&str]) -> Vec<u8> {
    let list: Vec<u8> =
        list.iter().flat_map(|text| tlv(0x30, &[&oid(ObjectIdentifier::new_unwrap(text))])).collect();
    extension(oids::CERTIFICATE_POLICIES, false, &tlv(0x30, &[&list]))
}

/// nameConstraints that permit one form of name under a base, given as the element of the base.
pub fn permits(base: &[u8]) -> Vec<u8> {
    extension(oids::NAME_CONSTRAINTS, true, &tlv(0x30, &[&tlv(0xa0, &[&tlv(0x30, &[base])])]))
}
