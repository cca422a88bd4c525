//! What the identifiers in a subject mean and how they are written: EN 319 412-1, clause 5.

use segl_x509::{ObjectIdentifier, oids};

use crate::lint::{
    Document, Rule, Scope, Severity,
    codes::is_country_or_union,
    oids::{
        QCS_SYNTAX_V2, SEMANTICS_EIDAS_LEGAL, SEMANTICS_EIDAS_NATURAL, SEMANTICS_LEGAL, SEMANTICS_NATURAL,
    },
    rule::{Findings, Place},
    statements::path,
    view::{View, quoted},
};

const PART_1: Document = Document::En319412Part1;

/// The tag of a uniformResourceIdentifier in a GeneralName.
const URI: u8 = 0x86;

/// The longest eIDAS identifier, in characters (eIDAS SAML attribute profile, 2.5).
const MAX_EIDAS_CHARS: usize = 256;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_1,
        "5.1.3",
        "NAT-5.1.3",
        Severity::Error,
        Scope::EndEntity,
        "with the semantics of natural persons, serialNumber is a known type, a country, a hyphen and an identifier",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_NATURAL, oids::SERIAL_NUMBER) {
                let Some(parts) = Parts::read(value).filter(|parts| parts.subdivision.is_none()) else {
                    found.add(place, format!("{} is not a type, a country and an identifier", quoted(value)));
                    continue;
                };
                if !parts.local && !["PAS", "IDC", "PNO", "TAX", "TIN", "EID"].contains(&parts.scheme) {
                    found.add(place.clone(), format!("{} is no type of identifier", quoted(parts.scheme)));
                }
                if !is_country_or_union(parts.country) {
                    found.add(place, format!("{} is no country", quoted(parts.country)));
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.3",
        "NAT-5.1.3",
        Severity::Warning,
        Scope::EndEntity,
        "the type TAX gives way to TIN",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_NATURAL, oids::SERIAL_NUMBER) {
                if Parts::read(value).is_some_and(|parts| parts.scheme == "TAX") {
                    found.add(place, "the type TAX is deprecated");
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.3",
        "NAT-5.1.3",
        Severity::Notice,
        Scope::EndEntity,
        "a type of two letters and a colon is a local one",
        |view, found| local_scheme(view, SEMANTICS_NATURAL, oids::SERIAL_NUMBER, found),
    ),
    Rule::new(
        PART_1,
        "5.1.3",
        "NAT-5.1.3-05",
        Severity::Error,
        Scope::EndEntity,
        "a local type of identifier comes with nameRegistrationAuthorities",
        |view, found| authorities(view, SEMANTICS_NATURAL, oids::SERIAL_NUMBER, Lack::Authorities, found),
    ),
    Rule::new(
        PART_1,
        "5.1.3",
        "NAT-5.1.3-06",
        Severity::Error,
        Scope::EndEntity,
        "the nameRegistrationAuthorities of a local type hold a uniformResourceIdentifier",
        |view, found| authorities(view, SEMANTICS_NATURAL, oids::SERIAL_NUMBER, Lack::Address, found),
    ),
    Rule::new(
        PART_1,
        "5.1.4",
        "LEG-5.1.4-02",
        Severity::Error,
        Scope::EndEntity,
        "with the semantics of legal persons, organizationIdentifier is a type, a country, a hyphen and an identifier",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_LEGAL, oids::ORGANIZATION_IDENTIFIER) {
                // A subdivision of the country is for trade registers alone.
                let fits = |parts: &Parts<'_>| parts.subdivision.is_none() || parts.scheme == "NTR";
                if !Parts::read(value).is_some_and(|parts| fits(&parts)) {
                    found.add(place, format!("{} is not a type, a country and an identifier", quoted(value)));
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.4",
        "LEG-5.1.4-03",
        Severity::Error,
        Scope::EndEntity,
        "the type of an organizationIdentifier is VAT, NTR, PSD, LEI, EOR, EXC or local, and its country a country: XG for LEI, EL and XI \
         for VAT too",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_LEGAL, oids::ORGANIZATION_IDENTIFIER) {
                let Some(parts) = Parts::read(value) else { continue };
                let country = match parts.scheme {
                    "LEI" => parts.country == "XG",
                    "VAT" => is_country_or_union(parts.country) || ["EL", "XI"].contains(&parts.country),
                    _ => is_country_or_union(parts.country),
                };
                if !parts.local && !["VAT", "NTR", "PSD", "LEI", "EOR", "EXC"].contains(&parts.scheme) {
                    found.add(place, format!("{} is no type of identifier", quoted(parts.scheme)));
                } else if !country {
                    let what =
                        format!("{} is no country of a {} identifier", quoted(parts.country), parts.scheme);
                    found.add(place, what);
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.4",
        "LEG-5.1.4-03",
        Severity::Notice,
        Scope::EndEntity,
        "a type of two letters and a colon is a local one",
        |view, found| local_scheme(view, SEMANTICS_LEGAL, oids::ORGANIZATION_IDENTIFIER, found),
    ),
    Rule::new(
        PART_1,
        "5.1.4",
        "LEG-5.1.4-05",
        Severity::Error,
        Scope::EndEntity,
        "a local type of identifier comes with nameRegistrationAuthorities that hold a uniformResourceIdentifier",
        |view, found| {
            let attribute = oids::ORGANIZATION_IDENTIFIER;
            authorities(view, SEMANTICS_LEGAL, attribute, Lack::Authorities, found);
            authorities(view, SEMANTICS_LEGAL, attribute, Lack::Address, found);
        },
    ),
    Rule::new(
        Document::Iso17442,
        "5",
        "LEI-5",
        Severity::Error,
        Scope::EndEntity,
        "a legal entity identifier has twenty letters and digits, and its check digits are right",
        |view, found| {
            let entries =
                view.subject.iter().filter(|entry| entry.oid == Some(oids::ORGANIZATION_IDENTIFIER));
            for entry in entries {
                let lei = entry.text.as_deref().and_then(|text| text.strip_prefix("LEIXG-"));
                if let Some(lei) = lei.filter(|lei| !is_lei(lei)) {
                    let place = view.place("subject.organizationIdentifier", entry.value);
                    found.add(place, format!("{} is no legal entity identifier", quoted(lei)));
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.5",
        "NAT-5.1.5-03",
        Severity::Error,
        Scope::EndEntity,
        "with the eIDAS semantics of natural persons, serialNumber is two countries and an identifier: ES/AT/02635542Y",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_EIDAS_NATURAL, oids::SERIAL_NUMBER) {
                let parts: Vec<&str> = value.splitn(3, '/').collect();
                let [from, to, identifier] = parts.as_slice() else {
                    let what =
                        format!("{} is not two countries and an identifier between strokes", quoted(value));
                    found.add(place, what);
                    continue;
                };
                for country in [from, to].into_iter().filter(|country| !is_country_or_union(country)) {
                    found.add(place.clone(), format!("{} is no country", quoted(country)));
                }
                if identifier.is_empty() {
                    found.add(place, "nothing follows the countries");
                }
            }
        },
    ),
    Rule::new(
        PART_1,
        "5.1.6",
        "LEG-5.1.6-03",
        Severity::Error,
        Scope::EndEntity,
        "with the eIDAS semantics of legal persons, organizationIdentifier has no white space and at most 256 characters",
        |view, found| {
            for (place, value) in values(view, SEMANTICS_EIDAS_LEGAL, oids::ORGANIZATION_IDENTIFIER) {
                if value.chars().any(char::is_whitespace) {
                    found.add(place.clone(), "there is white space in it");
                }
                let chars = value.chars().count();
                if chars > MAX_EIDAS_CHARS {
                    found.add(place, format!("it has {chars} characters"));
                }
            }
        },
    ),
];

/// The values of an attribute of the subject, when the certificate says that they have this meaning; otherwise they are opaque.
fn values<'v>(
    view: &'v View<'_>,
    semantics: ObjectIdentifier,
    attribute: ObjectIdentifier,
) -> impl Iterator<Item = (Place, &'v str)> {
    let name = if attribute == oids::SERIAL_NUMBER { "serialNumber" } else { "organizationIdentifier" };
    let meant = view.statements.has_semantics(semantics);
    view.subject.iter().filter(move |entry| meant && entry.oid == Some(attribute)).filter_map(move |entry| {
        Some((view.place(format!("subject.{name}"), entry.value), entry.text.as_deref()?))
    })
}

/// `TYPE CC [+ subdivision] - identifier`.
struct Parts<'a> {
    /// Three letters, or two and a colon.
    scheme: &'a str,
    local: bool,
    country: &'a str,
    subdivision: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(value: &'a str) -> Option<Self> {
        let (head, identifier) = value.split_once('-')?;
        let (head, subdivision) = match head.split_once('+') {
            Some((head, subdivision)) => (head, Some(subdivision)),
            None => (head, None),
        };
        let (scheme, country) = head.split_at_checked(3)?;
        let local = scheme.ends_with(':');
        let letters = scheme.strip_suffix(':').unwrap_or(scheme);
        let subdivision_fits = subdivision.is_none_or(|subdivision| {
            (1..=3).contains(&subdivision.len())
                && subdivision.bytes().all(|octet| octet.is_ascii_alphanumeric())
        });
        let fits = letters.len() >= 2
            && letters.bytes().all(|octet| octet.is_ascii_uppercase())
            && country.len() == 2
            && country.bytes().all(|octet| octet.is_ascii_alphabetic())
            && subdivision_fits
            && !identifier.is_empty();
        fits.then_some(Self { scheme, local, country, subdivision })
    }
}

/// Whether it is an identifier of a legal person, of a type that stands for itself: not an authorisation number, and a local one only
/// where the certificate says who gives it out.
pub(crate) fn is_of_legal_person(view: &View<'_>, value: &str) -> bool {
    let Some(parts) = Parts::read(value) else { return false };
    let has_authorities = || view.statements.semantics().any(|semantics| semantics.authorities.is_some());
    if parts.local { has_authorities() } else { ["VAT", "NTR", "LEI", "EOR", "EXC"].contains(&parts.scheme) }
}

fn local_scheme(
    view: &View<'_>,
    semantics: ObjectIdentifier,
    attribute: ObjectIdentifier,
    found: &mut Findings,
) {
    for (place, value) in values(view, semantics, attribute) {
        if let Some(parts) = Parts::read(value).filter(|parts| parts.local) {
            found.add(place, format!("{} is a local type", quoted(parts.scheme)));
        }
    }
}

#[derive(PartialEq)]
enum Lack {
    Authorities,
    Address,
}

fn authorities(
    view: &View<'_>,
    semantics: ObjectIdentifier,
    attribute: ObjectIdentifier,
    lack: Lack,
    found: &mut Findings,
) {
    let local = |(_, value): (Place, &str)| Parts::read(value).is_some_and(|parts| parts.local);
    if !values(view, semantics, attribute).any(local) {
        return;
    }
    for information in view.statements.semantics().filter(|found| found.id == Some(semantics)) {
        let place = || view.tlv(path(QCS_SYNTAX_V2), &information.whole);
        match &information.authorities {
            None if lack == Lack::Authorities => found.add(place(), "no nameRegistrationAuthorities"),
            Some(names) if lack == Lack::Address && !names.iter().any(|name| name.tag == URI) => {
                found.add(place(), "no uniformResourceIdentifier among the nameRegistrationAuthorities");
            }
            _ => {}
        }
    }
}

/// Twenty characters, of which the whole leaves 1 when it is divided by 97 (ISO 7064, MOD 97-10).
fn is_lei(text: &str) -> bool {
    let remainder = text.chars().try_fold(0_u32, |remainder, character| {
        let value = character.to_digit(36).filter(|_| !character.is_ascii_lowercase())?;
        let shifted = if value < 10 { remainder * 10 } else { remainder * 100 };
        Some((shifted + value) % 97)
    });
    text.len() == 20 && remainder == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_apart() {
        let read = |text| Parts::read(text).map(|parts| (parts.scheme, parts.country, parts.local));
        assert_eq!(read("NTRDK-12345674"), Some(("NTR", "DK", false)));
        assert_eq!(read("EI:SE-5567971433"), Some(("EI:", "SE", true)));
        assert_eq!(Parts::read("NTRDE+HE-123456").unwrap().subdivision, Some("HE"));
        for bad in
            ["", "NTRDK", "NTRDK12345674", "NTDK-1", "ntrDK-1", "NTRDK-", "NTRDE+-1", "ÆØDK-1", "A:BDK-1"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn check_digits_of_legal_entities() {
        assert!(is_lei("529900T8BM49AURSDO55"));
        for bad in ["529900T8BM49AURSDO56", "529900T8BM49AURSDO5", "529900t8bm49aursdo55", ""] {
            assert!(!is_lei(bad));
        }
    }
}
