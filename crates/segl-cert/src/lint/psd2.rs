//! The statement of payment services: TS 119 495.

use segl_x509::ObjectIdentifier;
use segl_x509::oids;
use segl_x509::reader::{OBJECT_IDENTIFIER, Reader, SEQUENCE, Tlv};

use crate::lint::{
    Document, Rule, Scope, Severity,
    codes::is_country,
    identifiers::is_of_legal_person,
    oids::{QCP_W_PSD2, QCS_PSD2},
    rule::{Findings, Place},
    statements::{Statement, path, text},
    view::{View, quoted},
};

const PSD2: Document = Document::Ts119495;

const UTF8_STRING: u8 = 0x0c;

/// The roles, by their object identifiers.
const ROLES: [(ObjectIdentifier, &str); 5] = [
    (ObjectIdentifier::new_unwrap("0.4.0.19495.1.0"), "Unspecified"),
    (ObjectIdentifier::new_unwrap("0.4.0.19495.1.1"), "PSP_AS"),
    (ObjectIdentifier::new_unwrap("0.4.0.19495.1.2"), "PSP_PI"),
    (ObjectIdentifier::new_unwrap("0.4.0.19495.1.3"), "PSP_AI"),
    (ObjectIdentifier::new_unwrap("0.4.0.19495.1.4"), "PSP_IC"),
];

/// `SEQUENCE { rolesOfPSP, nCAName, nCAId }`.
pub(crate) struct Psd2<'a> {
    /// Identifier and name of each role.
    roles: Vec<(Tlv<'a>, Tlv<'a>)>,
    list: Tlv<'a>,
    name: Tlv<'a>,
    id: Tlv<'a>,
}

impl<'a> Psd2<'a> {
    /// Reads the statementInfo; the error says where and what.
    pub(crate) fn read(statement: &Statement<'a>) -> Result<Self, (usize, String)> {
        let info = statement.info.as_ref();
        let info = info.ok_or_else(|| (statement.whole.offset, "it has no statementInfo".to_owned()))?;
        Self::parse(info).map_err(|error| (error.offset, error.kind.to_string()))
    }

    fn parse(info: &Tlv<'a>) -> Result<Self, segl_x509::SyntaxError> {
        let mut fields = Reader::only(info.whole, info.offset, SEQUENCE)?.reader();
        let list = fields.expect(SEQUENCE)?;
        let mut rest = list.reader();
        let mut roles = Vec::new();
        while !rest.is_empty() {
            let mut role = rest.expect(SEQUENCE)?.reader();
            roles.push((role.expect(OBJECT_IDENTIFIER)?, role.expect(UTF8_STRING)?));
            role.finish()?;
        }
        let (name, id) = (fields.expect(UTF8_STRING)?, fields.expect(UTF8_STRING)?);
        fields.finish()?;
        Ok(Self { roles, list, name, id })
    }
}

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PSD2,
        "5.2.1",
        "GEN-5.2.1-3",
        Severity::Error,
        Scope::EndEntity,
        "organizationIdentifier of a payment service is PSD, a country, the authority's identifier and the authorisation number between hyphens, \
         or an identifier of another type",
        |view, found| {
            for (place, value) in identifiers(view) {
                if !is_authorisation(value) && !is_of_legal_person(view, value) {
                    found
                        .add(place, format!("{} is no authorisation number and nothing else", quoted(value)));
                }
            }
        },
    ),
    // Another identifier of EN 319 412-1 5.1.4 may stand for it (GEN-5.2.1-4), and has rules of its own.
    Rule::new(
        PSD2,
        "5.2.1",
        "GEN-5.2.1-3",
        Severity::Warning,
        Scope::EndEntity,
        "organizationIdentifier of a payment service should be its authorisation number",
        |view, found| {
            for (place, value) in identifiers(view) {
                if is_of_legal_person(view, value) {
                    found.add(place, format!("{} is another identifier", quoted(value)));
                }
            }
        },
    ),
    Rule::new(
        PSD2,
        "5.1",
        "GEN-5.1.1",
        Severity::Error,
        Scope::EndEntity,
        "a certificate under the policy for payment services has their statement",
        |view, found| {
            if view.profile.psd2 && view.has(oids::QC_STATEMENTS) && !view.statements.has(QCS_PSD2) {
                found.add(view.extension(oids::QC_STATEMENTS), "no PSD2 statement");
            }
        },
    ),
    Rule::new(
        PSD2,
        "6.1",
        "OVR-6.1-3",
        Severity::Error,
        Scope::EndEntity,
        "the policy QCP-w-psd2 is only in a payment service's certificate",
        |view, found| {
            if view.has_policy(QCP_W_PSD2) && !view.profile.psd2 && !view.statements.has(QCS_PSD2) {
                found
                    .add(view.extension(oids::CERTIFICATE_POLICIES), "QCP-w-psd2 without the PSD2 statement");
            }
        },
    ),
    Rule::new(
        PSD2,
        "5.2.2",
        "GEN-5.2.2-1",
        Severity::Error,
        Scope::EndEntity,
        "there is at least one role",
        |view, found| {
            for psd2 in statements(view).filter(|psd2| psd2.roles.is_empty()) {
                found.add(view.tlv(format!("{}.rolesOfPSP", path(QCS_PSD2)), &psd2.list), "no role");
            }
        },
    ),
    Rule::new(
        PSD2,
        "5.2.2",
        "GEN-5.2-2",
        Severity::Error,
        Scope::EndEntity,
        "each role is PSP_AS, PSP_PI, PSP_AI, PSP_IC or Unspecified, by name and object identifier",
        |view, found| {
            roles(
                view,
                |oid, name, found_role| {
                    if !ROLES.iter().any(|(known, _)| known.as_bytes() == oid.content) {
                        found_role(oid, "no role has this object identifier".to_owned());
                    }
                    if !ROLES.iter().any(|(_, known)| known.as_bytes() == name.content) {
                        found_role(name, format!("{} is no role", quoted(&text(name))));
                    }
                },
                found,
            );
        },
    ),
    Rule::new(
        PSD2,
        "5.2.2",
        "GEN-5.2.2-5",
        Severity::Error,
        Scope::EndEntity,
        "the name of each role is that of its object identifier",
        |view, found| {
            roles(
                view,
                |oid, name, found_role| {
                    let by_oid = ROLES.iter().find(|(known, _)| known.as_bytes() == oid.content);
                    let by_name = ROLES.iter().find(|(_, known)| known.as_bytes() == name.content);
                    if let (Some((_, expected)), Some((_, given))) = (by_oid, by_name)
                        && expected != given
                    {
                        found_role(name, format!("{given} beside the object identifier of {expected}"));
                    }
                },
                found,
            );
        },
    ),
    Rule::new(
        PSD2,
        "5.2.3",
        "GEN-5.2.3-1",
        Severity::Error,
        Scope::EndEntity,
        "the name of the competent authority is plain text in the basic Latin alphabet",
        |view, found| {
            for psd2 in statements(view) {
                if !psd2.name.content.is_ascii() {
                    let place = view.tlv(format!("{}.nCAName", path(QCS_PSD2)), &psd2.name);
                    found.add(place, quoted(&text(&psd2.name)));
                }
            }
        },
    ),
    Rule::new(
        PSD2,
        "5.2.3",
        "GEN-5.2.3-2",
        Severity::Error,
        Scope::EndEntity,
        "the identifier of the competent authority is a country, a hyphen and two to eight upper-case letters",
        |view, found| {
            for psd2 in statements(view) {
                let id = text(&psd2.id);
                let parts = id.split_once('-');
                if !parts.is_some_and(|(country, letters)| is_country(country) && is_authority(letters)) {
                    let place = view.tlv(format!("{}.nCAId", path(QCS_PSD2)), &psd2.id);
                    found.add(place, format!("{} is no authority's identifier", quoted(&id)));
                }
            }
        },
    ),
];

fn statements<'v>(view: &'v View<'_>) -> impl Iterator<Item = Psd2<'v>> {
    view.statements.of(QCS_PSD2).filter_map(|statement| Psd2::read(statement).ok())
}

type Check = fn(&Tlv<'_>, &Tlv<'_>, &mut dyn FnMut(&Tlv<'_>, String));

fn roles(view: &View<'_>, check: Check, found: &mut Findings) {
    for psd2 in statements(view) {
        for (index, (oid, name)) in psd2.roles.iter().enumerate() {
            check(oid, name, &mut |tlv, what| {
                found.add(view.tlv(format!("{}.rolesOfPSP[{index}]", path(QCS_PSD2)), tlv), what);
            });
        }
    }
}

/// Each organizationIdentifier of a payment service, with its place.
fn identifiers<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Place, &'v str)> {
    let subject = if view.statements.has(QCS_PSD2) { view.subject.as_slice() } else { &[] };
    subject.iter().filter(|entry| entry.oid == Some(oids::ORGANIZATION_IDENTIFIER)).map(|entry| {
        let place = view.place("subject.organizationIdentifier", entry.value);
        (place, entry.text.as_deref().unwrap_or_default())
    })
}

fn is_authority(letters: &str) -> bool {
    (2..=8).contains(&letters.len()) && letters.bytes().all(|octet| octet.is_ascii_uppercase())
}

fn is_authorisation(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(3, '-').collect();
    let [head, authority, number] = parts.as_slice() else { return false };
    let country = head.strip_prefix("PSD").filter(|country| country.len() == 2);
    let country_fits = country.is_some_and(|country| country.bytes().all(|octet| octet.is_ascii_uppercase()));
    country_fits && is_authority(authority) && !number.is_empty()
}
