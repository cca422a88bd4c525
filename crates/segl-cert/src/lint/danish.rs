//! Certificates for one seal under the terms of the Danish sealing solution: what an issuer must keep to, beyond the standards.
//!
//! No validator may ask for it (Regulation 910/2014, Article 38(2)), so these rules are held only against certificates that a caller
//! names as such.

use segl_x509::{GeneralName, KeyUsage, ObjectIdentifier, oids};

use crate::lint::{
    Document, Rule, Scope, Severity,
    oids::*,
    rule::Findings,
    statements::path,
    view::{View, quoted},
};

const TERMS: Document = Document::DanishSealTerms;

/// Twelve hours and ten days, both ends counted.
const LIVES: [u64; 2] = [43_200, 864_000];

const fn rule(
    clause: &'static str,
    id: &'static str,
    requirement: &'static str,
    check: fn(&View<'_>, &mut Findings<'_>),
) -> Rule {
    Rule::new(TERMS, clause, id, Severity::Error, Scope::DanishSeal, requirement, check)
}

pub(crate) static RULES: &[Rule] = &[
    rule(
        "4.1",
        "S000-16",
        "the certificate signs no e-mail: no emailProtection, no address of e-mail",
        |view, found| {
            no_purpose(view, &[(EMAIL_PROTECTION, "emailProtection")], found);
            let addresses = view.alternative_names.iter().flatten().filter_map(|name| match name {
                GeneralName::Email(address) => Some(address),
                _ => None,
            });
            for address in addresses {
                found.add(view.extension(oids::SUBJECT_ALT_NAME), format!("the address {}", quoted(address)));
            }
            if view.subject_has(oids::EMAIL_ADDRESS) {
                found.add(view.subject_place(), "the subject has an emailAddress");
            }
        },
    ),
    rule("4.1", "S000-17", "the certificate encrypts nothing: no bit for keys or data", |view, found| {
        let bits = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
        no_usage(view, &bits, found);
    }),
    rule(
        "4.1",
        "S000-22",
        "the certificate authenticates nobody: no purpose of TLS or logon",
        |view, found| {
            let purposes = [
                (SERVER_AUTH, "serverAuth"),
                (CLIENT_AUTH, "clientAuth"),
                (SMART_CARD_LOGON, "smart card logon"),
                (ANY_PURPOSE, "any purpose"),
            ];
            no_purpose(view, &purposes, found);
        },
    ),
    rule("13", "S000-25", "the certificate sets no limit of amount", |view, found| {
        if view.statements.has(QCS_LIMIT_VALUE) {
            found.add(view.extension(oids::QC_STATEMENTS), format!("{} is there", path(QCS_LIMIT_VALUE)));
        }
    }),
    rule("6.2", "S000-31", "the certificate lives twelve hours or ten days, to the second", |view, found| {
        match view.seconds() {
            Some(seconds) if LIVES.contains(&seconds) => {}
            Some(seconds) => found.add(view.validity_place(), format!("it lives {seconds} seconds")),
            None => found.add(view.validity_place(), "it ends before it begins"),
        }
    }),
    rule("7", "S000-47", "the certificate says where the disclosure statement is (QcPDS)", |view, found| {
        if !view.statements.has(QCS_PDS) {
            found.add(view.extension(oids::QC_STATEMENTS), "no QcPDS");
        }
    }),
    rule(
        "14.2",
        "S000-77",
        "the certificate signs no other certificates and no lists of them",
        |view, found| {
            if view.basic_constraints.as_ref().is_some_and(|constraints| constraints.ca) {
                found.add(view.extension(oids::BASIC_CONSTRAINTS), "it says cA");
            }
            no_usage(view, &[KeyUsage::KEY_CERT_SIGN, KeyUsage::CRL_SIGN], found);
        },
    ),
    rule(
        "6.1",
        "ENG-28",
        "the certificate was shown to no public log: nothing of Certificate Transparency",
        |view, found| {
            for (oid, what) in
                [(CT_TIMESTAMPS, "time-stamps of public logs"), (CT_POISON, "a mark for public logs")]
            {
                if view.has(oid) {
                    found.add(view.extension(oid), what);
                }
            }
        },
    ),
];

fn no_purpose(view: &View<'_>, purposes: &[(ObjectIdentifier, &str)], found: &mut Findings<'_>) {
    for (_, name) in purposes.iter().filter(|(purpose, _)| view.has_purpose(*purpose)) {
        found.add(view.extension(oids::EXT_KEY_USAGE), *name);
    }
}

fn no_usage(view: &View<'_>, bits: &[KeyUsage], found: &mut Findings<'_>) {
    let Some(usage) = view.key_usage else { return };
    for bit in bits.iter().filter(|bit| usage.contains(**bit)) {
        found.add(view.extension(oids::KEY_USAGE), bit.names().collect::<String>());
    }
}
