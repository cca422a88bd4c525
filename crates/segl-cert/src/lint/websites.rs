//! Certificates for websites: EN 319 412-4, and what Annex IV adds.

use std::collections::HashSet;

use segl_x509::{GeneralName, oids};

use crate::lint::{
    Claim, Document, Rule, Scope, Severity,
    rule::Findings,
    view::{View, quoted},
};

const PART_4: Document = Document::En319412Part4;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_4,
        "4.1.3",
        "WEB-4.1.3-4",
        Severity::Error,
        Scope::WebsiteGeneral,
        "extKeyUsage is there and not critical, subjectAltName is there, and commonName is one of its dNSNames",
        |view, found| {
            if !view.extensions().is_empty() {
                for (oid, name) in
                    [(oids::EXT_KEY_USAGE, "extKeyUsage"), (oids::SUBJECT_ALT_NAME, "subjectAltName")]
                {
                    if !view.has(oid) {
                        found.add(view.extension(oid), format!("no {name}"));
                    }
                }
            }
            if view.is_critical(oids::EXT_KEY_USAGE) {
                found.add(view.extension(oids::EXT_KEY_USAGE), "it is critical");
            }
            common_name(view, found);
        },
    )
    .annex("IV (e)"),
    Rule::new(
        PART_4,
        "4.1.4",
        "WEB-4.1.4-2",
        Severity::Error,
        Scope::WebsiteForBrowsers,
        "commonName is one of the dNSNames of subjectAltName",
        |view, found| {
            if view.profile.claim != Claim::None {
                common_name(view, found);
            }
        },
    )
    .annex("IV (e)"),
    Rule::new(
        Document::Regulation,
        "Annex IV",
        "ANNEX-IV-d",
        Severity::Error,
        Scope::EuWebsite,
        "the subject has at least a city, and a state or country",
        |view, found| {
            let city = view.subject_has(oids::LOCALITY_NAME);
            let state = view.subject_has(oids::COUNTRY_NAME) || view.subject_has(oids::STATE_OR_PROVINCE_NAME);
            if !city || !state {
                let what = if city { "no stateOrProvinceName or countryName" } else { "no localityName" };
                found.add(view.subject_place(), what);
            }
        },
    )
    .annex("IV (d)"),
    Rule::new(
        Document::Regulation,
        "Annex IV",
        "ANNEX-IV-e",
        Severity::Error,
        Scope::EuWebsite,
        "subjectAltName names a domain",
        |view, found| {
            // Where EN 319 412-4 demands subjectAltName itself, that it is missing is told of there.
            let missing = !view.has(oids::SUBJECT_ALT_NAME) && view.profile.browser.is_some();
            let names = view.alternative_names.as_ref();
            let nameless = names.is_some_and(|names| !names.iter().any(|name| matches!(name, GeneralName::Dns(_))));
            if missing || nameless {
                found.add(view.extension(oids::SUBJECT_ALT_NAME), "no dNSName");
            }
        },
    )
    .annex("IV (e)"),
];

fn common_name(view: &View<'_>, found: &mut Findings) {
    // One that cannot be read is told of by another rule.
    if view.has(oids::SUBJECT_ALT_NAME) && view.alternative_names.is_none() {
        return;
    }
    let dns = |name| if let GeneralName::Dns(name) = name { Some(name.to_ascii_lowercase()) } else { None };
    let names: HashSet<String> = view.alternative_names.iter().flatten().cloned().filter_map(dns).collect();
    for entry in view.subject.iter().filter(|entry| entry.oid == Some(oids::COMMON_NAME)) {
        let text = entry.text.as_deref().unwrap_or_default();
        if !names.contains(&text.to_ascii_lowercase()) {
            let place = view.place("subject.commonName", entry.value);
            found.add(place, format!("{} is no dNSName of subjectAltName", quoted(text)));
        }
    }
}
