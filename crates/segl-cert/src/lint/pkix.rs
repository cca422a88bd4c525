//! RFC 5280, as far as it can be seen in one certificate.

use segl_x509::reader::{GENERALIZED_TIME, Tlv, UTC_TIME};
use segl_x509::{KeyUsage, ObjectIdentifier, oids};

use crate::lint::{
    Document, Rule, Scope, Severity,
    oids::TSL_SIGNING,
    rule::{Findings, MAX_FINDINGS_OF_A_RULE, Place},
    view::{View, quoted},
};
use crate::vocabulary::{extension_name, known_extension};

const PKIX: Document = Document::Rfc5280;

/// The longest serial number, in octets.
const MAX_SERIAL: usize = 20;

/// 2050-01-01T00:00:00Z: from here on times are GeneralizedTime.
const YEAR_2050: i64 = 2_524_608_000;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PKIX,
        "4.1.1.2",
        "PKIX-4.1.1.2",
        Severity::Error,
        Scope::Any,
        "the signature algorithm is the same inside and outside the signed part",
        |view, found| {
            let certificate = view.certificate;
            if certificate.signature_algorithm_der() != certificate.tbs_signature_algorithm_der() {
                let place = view.place("signatureAlgorithm", certificate.signature_algorithm_der());
                found.add(place, "it is not the algorithm of the signed part");
            }
        },
    )
    .annex("I, III (g), IV (h)"),
    Rule::new(
        PKIX,
        "4.1.2.1",
        "PKIX-4.1.2.1",
        Severity::Error,
        Scope::Any,
        "a certificate with extensions has version 3",
        |view, found| {
            if !view.extensions().is_empty() && view.certificate.version() != 3 {
                let version = view.fields.as_ref().and_then(|fields| fields.version.as_ref());
                let place =
                    version.map_or_else(|| Place::new("version", None), |tlv| view.tlv("version", tlv));
                found.add(place, format!("version {}", view.certificate.version()));
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.1.2.2",
        "PKIX-4.1.2.2",
        Severity::Error,
        Scope::Any,
        "the serial number is positive, in at most 20 octets, and as short as DER wants it",
        serial,
    )
    .annex("I, III (f), IV (g)"),
    Rule::new(
        PKIX,
        "4.1.2.4",
        "PKIX-4.1.2.4",
        Severity::Error,
        Scope::Any,
        "the issuer has a name",
        |view, found| {
            if view.issuer.is_empty() {
                found.add(view.issuer_place(), "it is empty");
            }
        },
    )
    .annex("I, III, IV (b)"),
    Rule::new(
        PKIX,
        "4.1.2.5",
        "PKIX-4.1.2.5",
        Severity::Error,
        Scope::Any,
        "validity does not end before it starts",
        |view, found| {
            let (from, to) = (view.certificate.not_before(), view.certificate.not_after());
            if to < from {
                found.add(view.validity_place(), format!("it starts {from} and ends {to}"));
            }
        },
    )
    .annex("I, III (e), IV (f)"),
    Rule::new(
        PKIX,
        "4.1.2.5.1",
        "PKIX-4.1.2.5.1",
        Severity::Error,
        Scope::Any,
        "times are UTCTime to 2049 and GeneralizedTime after, with seconds, without a fraction, in UTC",
        times,
    ),
    Rule::new(
        PKIX,
        "4.1.2.6",
        "PKIX-4.1.2.6",
        Severity::Error,
        Scope::Any,
        "the subject has a name; without one, subjectAltName is there and critical, and no authority is without",
        |view, found| {
            if !view.subject.is_empty() {
                return;
            }
            if view.certificate.is_ca() {
                found.add(view.subject_place(), "it is empty, in the certificate of an authority");
            } else if !view.is_critical(oids::SUBJECT_ALT_NAME) {
                found.add(view.subject_place(), "it is empty, without a critical subjectAltName");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.1.2.9",
        "PKIX-4.1.2.9",
        Severity::Error,
        Scope::Any,
        "a certificate of the profiles has extensions",
        |view, found| {
            if view.extensions().is_empty() {
                found.add(
                    Place::new("extensions", None),
                    "there are none, and nothing that they must say is said",
                );
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2",
        "PKIX-4.2",
        Severity::Error,
        Scope::Any,
        "no extension stands twice",
        |view, found| {
            // Each is looked for among all: no more than are told.
            for doubled in view.certificate.duplicate_extensions().into_iter().take(MAX_FINDINGS_OF_A_RULE) {
                let second = view.extensions().iter().filter(|extension| extension.oid() == doubled).nth(1);
                let name = doubled.to_const().and_then(known_extension);
                let name = name.map_or_else(|| quoted(&doubled.to_string()), str::to_owned);
                if let Some(second) = second {
                    let place = view.place(format!("extensions.{name}"), second.value());
                    found.add(place, format!("{name} stands again"));
                }
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2",
        "PKIX-4.2-SYNTAX",
        Severity::Error,
        Scope::Any,
        "each extension that is known has the syntax its standard gives it",
        |view, found| {
            for (oid, error) in &view.malformed {
                let name = oid.to_const().map_or("extension", extension_name);
                let place = Place::starting(format!("extensions.{name}"), error.offset);
                found.add(place, error.kind.to_string());
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2",
        "PKIX-4.2-CRITICAL",
        Severity::Warning,
        Scope::Any,
        "critical extensions are ones that validators know",
        |view, found| {
            let unknown = |oid: &segl_x509::Oid| oid.to_const().and_then(known_extension).is_none();
            for extension in view.extensions().iter().filter(|one| one.is_critical() && unknown(one.oid())) {
                let place = view.place("extensions.extension", extension.value());
                found.add(place, format!("{} is unknown and critical", quoted(&extension.oid().to_string())));
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.1",
        "PKIX-4.2.1.1",
        Severity::Error,
        Scope::Any,
        "authorityKeyIdentifier is not critical",
        |view, found| critical(view, oids::AUTHORITY_KEY_IDENTIFIER, found),
    ),
    Rule::new(
        PKIX,
        "4.2.1.2",
        "PKIX-4.2.1.2",
        Severity::Error,
        Scope::Any,
        "subjectKeyIdentifier is not critical",
        |view, found| critical(view, oids::SUBJECT_KEY_IDENTIFIER, found),
    ),
    Rule::new(
        PKIX,
        "4.2.1.2",
        "PKIX-4.2.1.2",
        Severity::Warning,
        Scope::Profiled,
        "a certificate of an end entity has subjectKeyIdentifier",
        |view, found| {
            if !view.extensions().is_empty() && !view.has(oids::SUBJECT_KEY_IDENTIFIER) {
                found.add(Place::new("extensions", None), "no subjectKeyIdentifier");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.3",
        "PKIX-4.2.1.3",
        Severity::Warning,
        Scope::Any,
        "keyUsage is critical",
        |view, found| {
            if view.has(oids::KEY_USAGE) && !view.is_critical(oids::KEY_USAGE) {
                found.add(view.extension(oids::KEY_USAGE), "it is not critical");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.9",
        "PKIX-4.2.1.9",
        Severity::Error,
        Scope::Any,
        "keyCertSign goes with cA, and a path length with both",
        |view, found| {
            // One that cannot be read is told of by another rule.
            let unreadable = view.has(oids::BASIC_CONSTRAINTS) && view.basic_constraints.is_none();
            let signs = view.key_usage.is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN));
            if signs && !view.certificate.is_ca() && !unreadable {
                found.add(view.extension(oids::KEY_USAGE), "keyCertSign without cA");
            }
            let length = view.basic_constraints.filter(|constraints| constraints.path_len.is_some());
            if length.is_some_and(|constraints| !constraints.ca) {
                found.add(view.extension(oids::BASIC_CONSTRAINTS), "a path length without cA");
            }
        },
    ),
    Rule::new(
        Document::Ts119612,
        "5.7.1",
        "TSL-5.7.1",
        Severity::Error,
        Scope::Other,
        "the signer of a trusted list has subjectKeyIdentifier, and a keyUsage of digitalSignature and nonRepudiation alone",
        |view, found| {
            if !view.has_purpose(TSL_SIGNING) {
                return;
            }
            if !view.has(oids::SUBJECT_KEY_IDENTIFIER) {
                found.add(Place::new("extensions", None), "no subjectKeyIdentifier");
            }
            let allowed = KeyUsage::DIGITAL_SIGNATURE.union(KeyUsage::NON_REPUDIATION);
            if !view.key_usage.is_some_and(|usage| usage.bits() != 0 && allowed.contains(usage)) {
                found.add(view.extension(oids::KEY_USAGE), "not digitalSignature and nonRepudiation alone");
            }
        },
    ),
];

fn critical(view: &View<'_>, oid: ObjectIdentifier, found: &mut Findings) {
    if view.is_critical(oid) {
        found.add(view.extension(oid), "it is critical");
    }
}

fn serial(view: &View<'_>, found: &mut Findings) {
    let serial = view.certificate.serial();
    let fault = match serial {
        [] => "it is empty",
        [0] => "it is zero",
        [first, ..] if *first >= 0x80 => "it is negative",
        [0, second, ..] if *second < 0x80 => "it has needless zeros in front",
        octets if octets.len() > MAX_SERIAL => "it has more than 20 octets",
        _ => return,
    };
    let place = view.fields.as_ref().map(|fields| view.tlv("serialNumber", &fields.serial));
    found.add(place.unwrap_or_else(|| Place::new("serialNumber", None)), fault);
}

fn times(view: &View<'_>, found: &mut Findings) {
    let Some(fields) = &view.fields else { return };
    let certificate = view.certificate;
    for (name, tlv, time) in [
        ("validity.notBefore", &fields.not_before, certificate.not_before()),
        ("validity.notAfter", &fields.not_after, certificate.not_after()),
    ] {
        let late = time.unix_seconds() >= YEAR_2050;
        let fault = match tlv.tag {
            UTC_TIME if !is_whole(tlv, 12) => "not YYMMDDHHMMSSZ",
            GENERALIZED_TIME if !late => "GeneralizedTime before 2050",
            GENERALIZED_TIME if !is_whole(tlv, 14) => "not YYYYMMDDHHMMSSZ",
            _ => continue,
        };
        found.add(view.tlv(name, tlv), fault);
    }
}

/// So many digits and a `Z`.
fn is_whole(tlv: &Tlv<'_>, digits: usize) -> bool {
    tlv.content.split_last().is_some_and(|(last, rest)| {
        *last == b'Z' && rest.len() == digits && rest.iter().all(u8::is_ascii_digit)
    })
}
