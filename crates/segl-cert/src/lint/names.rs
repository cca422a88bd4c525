//! Names of subjects and issuers: EN 319 412-2 clauses 4.2.3 and 4.2.4, EN 319 412-3 clause 4.2.1.

use std::collections::BTreeSet;

use segl_x509::{ObjectIdentifier, oids};

use crate::lint::{
    Document, Rule, Scope, Severity,
    codes::is_country,
    rule::{Findings, Place},
    view::{Entry, View, quoted},
};

const PART_2: Document = Document::En319412Part2;
const PART_3: Document = Document::En319412Part3;

const COUNTRY: (ObjectIdentifier, &str) = (oids::COUNTRY_NAME, "countryName");
const ORGANIZATION: (ObjectIdentifier, &str) = (oids::ORGANIZATION_NAME, "organizationName");
const IDENTIFIER: (ObjectIdentifier, &str) = (oids::ORGANIZATION_IDENTIFIER, "organizationIdentifier");
const COMMON: (ObjectIdentifier, &str) = (oids::COMMON_NAME, "commonName");

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_2,
        "4.2.3.1",
        "GEN-4.2.3.1-2",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "the issuer, a legal person, has countryName, organizationName and commonName",
        |view, found| {
            if !is_natural(&view.issuer) {
                demand(&view.issuer, &[COUNTRY, ORGANIZATION, COMMON], view.issuer_place(), found);
            }
        },
    )
    .annex("I, III, IV (b)"),
    Rule::new(
        PART_2,
        "4.2.3.1",
        "GEN-4.2.3.1-3",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "the issuer's organizationIdentifier is not its organizationName",
        |view, found| identifier_is_name(view, "issuer", &view.issuer, found),
    ),
    Rule::new(
        PART_2,
        "4.2.3.1",
        "GEN-4.2.3.1-5",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "the issuer has countryName, organizationName and commonName once",
        |view, found| {
            if !is_natural(&view.issuer) {
                once(view, "issuer", &view.issuer, &[COUNTRY, ORGANIZATION, COMMON], found);
            }
        },
    ),
    Rule::new(
        PART_2,
        "4.2.3.1",
        "GEN-4.2.3.1-6",
        Severity::Notice,
        Scope::ProfiledOrUnit,
        "the issuer's countryName is of ISO 3166-1",
        |view, found| unknown_country(view, "issuer", &view.issuer, found),
    ),
    Rule::new(
        PART_2,
        "4.2.3.2",
        "GEN-4.2.3.2",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "the issuer, a natural person, has countryName, serialNumber, commonName and a name or a pseudonym, and no pseudonym under eIDAS",
        |view, found| {
            if is_natural(&view.issuer) {
                let serial = (oids::SERIAL_NUMBER, "serialNumber");
                demand(&view.issuer, &[COUNTRY, serial, COMMON], view.issuer_place(), found);
                if has(&view.issuer, oids::PSEUDONYM) {
                    found.add(view.issuer_place(), "the issuer has a pseudonym");
                }
            }
        },
    )
    .annex("I, III, IV (b)"),
    Rule::new(
        PART_2,
        "4.2.4",
        "NAT-4.2.4-1",
        Severity::Error,
        Scope::NaturalPerson,
        "the subject has countryName, commonName, and givenName or surname or else a pseudonym",
        |view, found| {
            demand(&view.subject, &[COUNTRY, COMMON], view.subject_place(), found);
            if !is_natural(&view.subject) {
                found.add(view.subject_place(), "no givenName, surname or pseudonym");
            }
        },
    )
    .annex("I (c), IV (c)"),
    Rule::new(
        PART_2,
        "4.2.4",
        "NAT-4.2.4-3",
        Severity::Error,
        Scope::NaturalPerson,
        "the subject has one countryName and one commonName",
        |view, found| once(view, "subject", &view.subject, &[COUNTRY, COMMON], found),
    ),
    Rule::new(
        PART_2,
        "4.2.4",
        "NAT-4.2.4-4",
        Severity::Error,
        Scope::NaturalPerson,
        "a pseudonym does not stand beside givenName or surname",
        |view, found| {
            let names = [oids::GIVEN_NAME, oids::SURNAME];
            let named = names.iter().any(|oid| has(&view.subject, *oid));
            if let Some(entry) = named.then(|| find(&view.subject, oids::PSEUDONYM)).flatten() {
                found.add(view.place("subject.pseudonym", entry.value), "a pseudonym beside a name");
            }
        },
    )
    .annex("I (c), IV (c)"),
    Rule::new(
        PART_2,
        "4.2.4",
        "NAT-4.2.4-19",
        Severity::Warning,
        Scope::NaturalPerson,
        "givenName, surname and commonName are in one script",
        mixed_scripts,
    ),
    Rule::new(
        PART_3,
        "4.2.1",
        "LEG-4.2.1-2",
        Severity::Error,
        Scope::LegalPerson,
        "the subject has countryName, organizationName, organizationIdentifier and commonName",
        |view, found| {
            demand(&view.subject, &[COUNTRY, ORGANIZATION, IDENTIFIER, COMMON], view.subject_place(), found);
        },
    )
    .annex("III (c), IV (ca)"),
    Rule::new(
        PART_3,
        "4.2.1",
        "LEG-4.2.1-3",
        Severity::Error,
        Scope::LegalPerson,
        "the subject has each of countryName, organizationName, organizationIdentifier and commonName once",
        |view, found| {
            once(view, "subject", &view.subject, &[COUNTRY, ORGANIZATION, IDENTIFIER, COMMON], found);
        },
    ),
    Rule::new(
        PART_3,
        "4.2.1",
        "LEG-4.2.1-4",
        Severity::Notice,
        Scope::LegalPerson,
        "the subject's countryName is of ISO 3166-1",
        |view, found| unknown_country(view, "subject", &view.subject, found),
    ),
    Rule::new(
        PART_3,
        "4.2.1",
        "LEG-4.2.1-6",
        Severity::Error,
        Scope::EndEntity,
        "organizationIdentifier is not organizationName",
        |view, found| identifier_is_name(view, "subject", &view.subject, found),
    ),
];

fn find<'v, 'a>(name: &'v [Entry<'a>], oid: ObjectIdentifier) -> Option<&'v Entry<'a>> {
    name.iter().find(|entry| entry.oid == Some(oid))
}

fn has(name: &[Entry<'_>], oid: ObjectIdentifier) -> bool {
    find(name, oid).is_some()
}

fn is_natural(name: &[Entry<'_>]) -> bool {
    [oids::GIVEN_NAME, oids::SURNAME, oids::PSEUDONYM].into_iter().any(|oid| has(name, oid))
}

/// Finds each attribute that is not there, or is empty.
pub(crate) fn demand(
    name: &[Entry<'_>],
    attributes: &[(ObjectIdentifier, &str)],
    place: Place,
    found: &mut Findings,
) {
    for (oid, attribute) in attributes {
        if !name.iter().any(|entry| entry.oid == Some(*oid) && !entry.value.is_empty()) {
            found.add(place.clone(), format!("no {attribute}"));
        }
    }
}

fn once(
    view: &View<'_>,
    whose: &str,
    name: &[Entry<'_>],
    attributes: &[(ObjectIdentifier, &str)],
    found: &mut Findings,
) {
    for (oid, attribute) in attributes {
        for second in name.iter().filter(|entry| entry.oid == Some(*oid)).skip(1) {
            found.add(
                view.place(format!("{whose}.{attribute}"), second.value),
                format!("another {attribute}"),
            );
        }
    }
}

fn unknown_country(view: &View<'_>, whose: &str, name: &[Entry<'_>], found: &mut Findings) {
    for entry in name.iter().filter(|entry| entry.oid == Some(oids::COUNTRY_NAME)) {
        let code = entry.text.as_deref().unwrap_or_default();
        if !is_country(code) {
            let place = view.place(format!("{whose}.countryName"), entry.value);
            found.add(place, format!("{} is no country", quoted(code)));
        }
    }
}

fn identifier_is_name(view: &View<'_>, whose: &str, name: &[Entry<'_>], found: &mut Findings) {
    let text = |oid| find(name, oid).and_then(|entry| Some((entry, entry.text.as_deref()?.to_lowercase())));
    if let (Some((_, organization)), Some((entry, identifier))) =
        (text(oids::ORGANIZATION_NAME), text(oids::ORGANIZATION_IDENTIFIER))
        && organization == identifier
    {
        let place = view.place(format!("{whose}.organizationIdentifier"), entry.value);
        found.add(place, "it repeats organizationName");
    }
}

fn mixed_scripts(view: &View<'_>, found: &mut Findings) {
    let mut scripts = BTreeSet::new();
    for oid in [oids::GIVEN_NAME, oids::SURNAME, oids::COMMON_NAME] {
        for entry in view.subject.iter().filter(|entry| entry.oid == Some(oid)) {
            scripts.extend(entry.text.as_deref().unwrap_or_default().chars().filter_map(script));
        }
    }
    if scripts.len() > 1 {
        let scripts: Vec<&str> = scripts.into_iter().collect();
        found.add(view.subject_place(), format!("letters of {}", scripts.join(" and ")));
    }
}

/// The scripts of the official languages of the Union and its neighbours; what belongs to none of them counts as none.
fn script(character: char) -> Option<&'static str> {
    if !character.is_alphabetic() {
        return None;
    }
    match character {
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some("Latin"),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' => Some("Cyrillic"),
        '\u{530}'..='\u{58f}' => Some("Armenian"),
        '\u{10a0}'..='\u{10ff}' => Some("Georgian"),
        _ => None,
    }
}
