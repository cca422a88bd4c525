//! Certificates written octet by octet, so that any part can be wrong. Their signatures are made up: the lint verifies none.

use segl_x509::{Certificate, ObjectIdentifier, oids};

pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const PRINTABLE: u8 = 0x13;

type Attribute = (ObjectIdentifier, u8, String);

#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) version: Option<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) outer_algorithm: Vec<u8>,
    pub(crate) issuer: Vec<Attribute>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<Attribute>,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
    statements: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Extension {
    oid: ObjectIdentifier,
    critical: bool,
    value: Vec<u8>,
}

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend(content);
    out
}

pub(crate) fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(text).unwrap()
}

pub(crate) fn oid_tlv(text: &str) -> Vec<u8> {
    tlv(0x06, &[oid(text).as_bytes()])
}

pub(crate) fn oids_of(all: &[&str]) -> Vec<u8> {
    tlv(0x30, &[&all.iter().flat_map(|text| oid_tlv(text)).collect::<Vec<_>>()])
}

pub(crate) fn utc(text: &str) -> Vec<u8> {
    tlv(0x17, &[text.as_bytes()])
}

pub(crate) fn generalized(text: &str) -> Vec<u8> {
    tlv(0x18, &[text.as_bytes()])
}

pub(crate) fn ecdsa_sha384() -> Vec<u8> {
    tlv(0x30, &[&oid_tlv("1.2.840.10045.4.3.3")])
}

pub(crate) fn ec_key(curve: &str) -> Vec<u8> {
    let algorithm = tlv(0x30, &[&oid_tlv("1.2.840.10045.2.1"), &oid_tlv(curve)]);
    tlv(0x30, &[&algorithm, &tlv(0x03, &[&[0, 4], &[7; 64]])])
}

pub(crate) fn key_usage(bits: &[u8]) -> Vec<u8> {
    let octet = bits.iter().fold(0_u8, |octet, bit| octet | 0x80 >> bit);
    tlv(0x03, &[&[u8::try_from(octet.trailing_zeros()).unwrap(), octet]])
}

pub(crate) fn purposes(all: &[&str]) -> Vec<u8> {
    oids_of(all)
}

pub(crate) fn policies(all: &[&str]) -> Vec<u8> {
    let each: Vec<u8> = all.iter().flat_map(|policy| tlv(0x30, &[&oid_tlv(policy)])).collect();
    tlv(0x30, &[&each])
}

pub(crate) const OCSP: (ObjectIdentifier, &str) = (oids::AD_OCSP, "http://pki.example.com/ocsp");
pub(crate) const CA: (ObjectIdentifier, &str) = (oids::AD_CA_ISSUERS, "http://pki.example.com/ca.cer");

pub(crate) fn access(all: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
    let entry = |(method, url): &(ObjectIdentifier, &str)| {
        tlv(0x30, &[&tlv(0x06, &[method.as_bytes()]), &tlv(0x86, &[url.as_bytes()])])
    };
    tlv(0x30, &[&all.iter().flat_map(entry).collect::<Vec<_>>()])
}

pub(crate) fn crl_points(url: &str) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x30, &[&tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[url.as_bytes()])])])])])
}

pub(crate) fn dns_names(all: &[&str]) -> Vec<u8> {
    tlv(0x30, &[&all.iter().flat_map(|name| tlv(0x82, &[name.as_bytes()])).collect::<Vec<_>>()])
}

pub(crate) fn statement(id: &str, info: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&oid_tlv(id), info])
}

pub(crate) fn semantics(id: &str) -> Vec<u8> {
    statement("1.3.6.1.5.5.7.11.2", &oids_of(&[id]))
}

pub(crate) fn limit(currency: &[u8], amount: u8, exponent: u8) -> Vec<u8> {
    let fields = [tlv(PRINTABLE, &[currency]), tlv(2, &[&[amount]]), tlv(2, &[&[exponent]])];
    statement("0.4.0.1862.1.2", &tlv(0x30, &[&fields.concat()]))
}

pub(crate) fn pds(all: &[(&str, &str)]) -> Vec<u8> {
    let location = |(url, language): &(&str, &str)| {
        tlv(0x30, &[&tlv(0x16, &[url.as_bytes()]), &tlv(PRINTABLE, &[language.as_bytes()])])
    };
    tlv(0x30, &[&all.iter().flat_map(location).collect::<Vec<_>>()])
}

pub(crate) fn psd2(roles: &[(u8, &str)], id: &str, name: &str) -> Vec<u8> {
    let role = |(number, role): &(u8, &str)| {
        tlv(0x30, &[&oid_tlv(&format!("0.4.0.19495.1.{number}")), &tlv(UTF8, &[role.as_bytes()])])
    };
    let roles = tlv(0x30, &[&roles.iter().flat_map(role).collect::<Vec<_>>()]);
    tlv(0x30, &[&roles, &tlv(UTF8, &[name.as_bytes()]), &tlv(UTF8, &[id.as_bytes()])])
}

impl Spec {
    pub(crate) fn set(&mut self, oid: ObjectIdentifier, critical: bool, value: Vec<u8>) {
        self.remove(oid);
        self.extensions.push(Extension { oid, critical, value });
    }

    /// One more, whatever is there.
    pub(crate) fn add(&mut self, oid: ObjectIdentifier, critical: bool, value: Vec<u8>) {
        self.extensions.push(Extension { oid, critical, value });
    }

    pub(crate) fn remove(&mut self, oid: ObjectIdentifier) {
        self.extensions.retain(|extension| extension.oid != oid);
    }

    pub(crate) fn critical(&mut self, oid: ObjectIdentifier, critical: bool) {
        let found = self.extensions.iter_mut().find(|extension| extension.oid == oid);
        found.unwrap().critical = critical;
    }

    pub(crate) fn extension(&self, oid: ObjectIdentifier) -> &Extension {
        self.extensions.iter().find(|extension| extension.oid == oid).unwrap()
    }

    pub(crate) fn statement(&mut self, statement: Vec<u8>) {
        self.statements.push(statement);
        let critical = self.extensions.iter().any(|one| one.oid == oids::QC_STATEMENTS && one.critical);
        self.set(oids::QC_STATEMENTS, critical, tlv(0x30, &[&self.statements.concat()]));
    }

    pub(crate) fn drop_statement(&mut self, id: &str) {
        let start = oid_tlv(id);
        let before = self.statements.len();
        self.statements.retain(|statement| statement.get(2..2 + start.len()) != Some(&start));
        assert!(self.statements.len() < before, "{id} is not there");
        self.set(oids::QC_STATEMENTS, false, tlv(0x30, &[&self.statements.concat()]));
    }

    pub(crate) fn replace_statement(&mut self, id: &str, info: &[u8]) {
        self.drop_statement(id);
        self.statement(statement(id, info));
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        let name = |attributes: &[Attribute]| {
            let rdn = |(oid, tag, text): &Attribute| {
                tlv(0x31, &[&tlv(0x30, &[&tlv(0x06, &[oid.as_bytes()]), &tlv(*tag, &[text.as_bytes()])])])
            };
            tlv(0x30, &[&attributes.iter().flat_map(rdn).collect::<Vec<_>>()])
        };
        let extension = |extension: &Extension| {
            let critical: &[u8] = if extension.critical { &[1, 1, 0xff] } else { &[] };
            let oid = tlv(0x06, &[extension.oid.as_bytes()]);
            tlv(0x30, &[&oid, critical, &tlv(0x04, &[&extension.value])])
        };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(extension).collect();
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &[&tlv(0x30, &[&extensions])]) };
        let version = self.version.map_or(Vec::new(), |number| tlv(0xa0, &[&tlv(2, &[&[number]])]));
        let tbs = tlv(
            0x30,
            &[
                &version,
                &tlv(2, &[&self.serial]),
                &self.algorithm,
                &name(&self.issuer),
                &tlv(0x30, &[&self.not_before, &self.not_after]),
                &name(&self.subject),
                &self.spki,
                &extensions,
            ],
        );
        let signature = tlv(0x03, &[&[0], &tlv(0x30, &[&[2, 1, 1, 2, 1, 1]])]);
        tlv(0x30, &[&tbs, &self.outer_algorithm, &signature])
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.to_der()).unwrap()
    }
}

fn legal(country: &str, organisation: &str, identifier: &str, common_name: &str) -> Vec<Attribute> {
    vec![
        (oids::COUNTRY_NAME, PRINTABLE, country.to_owned()),
        (oids::ORGANIZATION_NAME, UTF8, organisation.to_owned()),
        (oids::ORGANIZATION_IDENTIFIER, UTF8, identifier.to_owned()),
        (oids::COMMON_NAME, UTF8, common_name.to_owned()),
    ]
}

fn base(subject: Vec<Attribute>) -> Spec {
    let mut spec = Spec {
        version: Some(2),
        serial: vec![0x42; 16],
        algorithm: ecdsa_sha384(),
        outer_algorithm: ecdsa_sha384(),
        issuer: legal("DK", "TEST Sealing Authority", "NTRDK-00000000", "TEST Issuing CA 1"),
        not_before: utc("260601120000Z"),
        not_after: utc("260601235959Z"),
        subject,
        spki: ec_key("1.2.840.10045.3.1.7"),
        extensions: Vec::new(),
        statements: Vec::new(),
    };
    spec.outer_algorithm = spec.algorithm.clone();
    spec.set(oids::AUTHORITY_KEY_IDENTIFIER, false, tlv(0x30, &[&tlv(0x80, &[&[1; 20]])]));
    spec.set(oids::SUBJECT_KEY_IDENTIFIER, false, tlv(0x04, &[&[2; 20]]));
    spec.set(oids::KEY_USAGE, true, key_usage(&[1]));
    spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[OCSP, CA]));
    spec.set(oids::CRL_DISTRIBUTION_POINTS, false, crl_points("http://pki.example.com/ca.crl"));
    spec
}

fn qualified(spec: &mut Spec, kind: &str, policy: &str) {
    spec.statement(statement("0.4.0.1862.1.1", &[]));
    spec.statement(statement("0.4.0.1862.1.6", &oids_of(&[kind])));
    let locations = [("https://pki.example.com/en", "en"), ("https://pki.example.com/da", "da")];
    spec.statement(statement("0.4.0.1862.1.5", &pds(&locations)));
    spec.set(oids::CERTIFICATE_POLICIES, false, policies(&[policy]));
}

/// Annex III, with the key in a qualified device.
pub(crate) fn seal() -> Spec {
    let mut spec = base(legal("DK", "TEST Kommune", "NTRDK-12345674", "TEST Kommune Post"));
    qualified(&mut spec, "0.4.0.1862.1.6.2", "0.4.0.194112.1.3");
    spec.statement(statement("0.4.0.1862.1.4", &[]));
    spec.statement(semantics("0.4.0.194121.1.2"));
    spec
}

/// Annex III, validity assured.
pub(crate) fn assured() -> Spec {
    let mut spec = base(legal("DK", "TEST Kommune", "NTRDK-12345674", "TEST Kommune Post"));
    qualified(&mut spec, "0.4.0.1862.1.6.2", "0.4.0.194112.1.1");
    spec.remove(oids::CRL_DISTRIBUTION_POINTS);
    spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[CA]));
    spec.set(oids::VALIDITY_ASSURED, false, vec![5, 0]);
    spec.set(oids::NO_REV_AVAIL, false, vec![5, 0]);
    spec
}

/// Annex I.
pub(crate) fn signature() -> Spec {
    let mut spec = base(vec![
        (oids::COUNTRY_NAME, PRINTABLE, "DK".into()),
        (oids::GIVEN_NAME, UTF8, "Eva".into()),
        (oids::SURNAME, UTF8, "Østergård".into()),
        (oids::COMMON_NAME, UTF8, "Eva Østergård".into()),
        (oids::SERIAL_NUMBER, PRINTABLE, "IDCDK-590082394654".into()),
    ]);
    qualified(&mut spec, "0.4.0.1862.1.6.1", "0.4.0.194112.1.0");
    spec.statement(semantics("0.4.0.194121.1.1"));
    spec
}

/// Annex IV, outside the rules for browsers.
pub(crate) fn website() -> Spec {
    let mut subject = legal("DK", "TEST Kommune", "NTRDK-12345674", "www.example.com");
    subject.insert(3, (oids::LOCALITY_NAME, UTF8, "Odense".into()));
    let mut spec = base(subject);
    qualified(&mut spec, "0.4.0.1862.1.6.3", "0.4.0.194112.1.6");
    spec.set(oids::KEY_USAGE, true, key_usage(&[0]));
    spec.set(oids::EXT_KEY_USAGE, false, purposes(&["1.3.6.1.5.5.7.3.1"]));
    spec.set(oids::SUBJECT_ALT_NAME, false, dns_names(&["www.example.com", "example.com"]));
    spec
}

/// Annex IV, for a payment service and for browsers.
pub(crate) fn bank() -> Spec {
    let mut spec = website();
    spec.subject[2].2 = "PSDDK-DFSA-1234".into();
    spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["2.23.140.1.1", "0.4.0.194112.1.4"]));
    spec.statement(statement("0.4.0.19495.2", &psd2(&[(1, "PSP_AS"), (3, "PSP_AI")], "DK-DFSA", "TEST")));
    spec
}

/// An issuing authority.
pub(crate) fn authority() -> Spec {
    let mut spec = base(legal("DK", "TEST Sealing Authority", "NTRDK-00000000", "TEST Issuing CA 2"));
    spec.set(oids::BASIC_CONSTRAINTS, true, vec![0x30, 6, 1, 1, 0xff, 2, 1, 0]);
    spec.set(oids::KEY_USAGE, true, key_usage(&[5, 6]));
    spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["2.5.29.32.0"]));
    spec
}

/// A time-stamp unit.
pub(crate) fn unit() -> Spec {
    let mut spec = base(legal("DK", "TEST Sealing Authority", "NTRDK-00000000", "TEST Unit 1"));
    spec.set(oids::KEY_USAGE, true, key_usage(&[0]));
    spec.set(oids::EXT_KEY_USAGE, true, purposes(&["1.3.6.1.5.5.7.3.8"]));
    spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["0.4.0.2042.1.2"]));
    let period = tlv(0x30, &[&tlv(0x80, &[b"20260601120000Z"]), &tlv(0x81, &[b"20260601180000Z"])]);
    spec.set(oids::PRIVATE_KEY_USAGE_PERIOD, false, period);
    spec
}

/// An OCSP responder.
pub(crate) fn responder() -> Spec {
    let mut spec = base(legal("DK", "TEST Sealing Authority", "NTRDK-00000000", "TEST Responder 1"));
    spec.set(oids::KEY_USAGE, true, key_usage(&[0]));
    spec.set(oids::EXT_KEY_USAGE, false, purposes(&["1.3.6.1.5.5.7.3.9"]));
    spec.set(oids::OCSP_NOCHECK, false, vec![5, 0]);
    spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[CA]));
    spec.remove(oids::CRL_DISTRIBUTION_POINTS);
    spec
}
