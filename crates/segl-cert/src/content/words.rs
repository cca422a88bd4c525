//! What stands in a certificate, in words for the person who approves it.

use segl_x509::ObjectIdentifier;

use crate::{IdentificationMethod, PspRole, QcType, Statement, oid::*};

/// What an attribute of a name is called here.
pub(super) fn attribute_words(oid: ObjectIdentifier) -> Option<&'static str> {
    Some(match oid {
        GIVEN_NAME => "Given name",
        SURNAME => "Surname",
        PSEUDONYM => "Pseudonym",
        SERIAL_NUMBER_ATTRIBUTE => "Serial number",
        TITLE => "Title",
        LOCALITY_NAME => "City",
        STATE_OR_PROVINCE_NAME => "State",
        STREET_ADDRESS => "Street",
        POSTAL_CODE => "Postal code",
        BUSINESS_CATEGORY => "Business category",
        JURISDICTION_COUNTRY => "Incorporated in",
        _ => return None,
    })
}

pub(super) fn words(parts: impl Iterator<Item = String>) -> String {
    let joined = parts.collect::<Vec<_>>().join(", ");
    if joined.is_empty() { "none".to_owned() } else { joined }
}

pub(super) fn period(seconds: u64) -> String {
    match seconds {
        _ if seconds.is_multiple_of(86_400) => format!("{} days", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{} hours", seconds / 3600),
        _ => format!("{seconds} seconds"),
    }
}

pub(super) fn oid_words(oid: ObjectIdentifier) -> String {
    let name = match oid {
        POLICY_QCP_L => "QCP-l",
        POLICY_QCP_L_QSCD => "QCP-l-qscd",
        POLICY_QCP_N => "QCP-n",
        POLICY_QCP_N_QSCD => "QCP-n-qscd",
        POLICY_QEVCP_W => "QEVCP-w",
        POLICY_QNCP_W => "QNCP-w",
        POLICY_QNCP_W_GEN => "QNCP-w-gen",
        POLICY_CABF_EV => "extended validation",
        POLICY_CABF_OV => "organisation validation",
        POLICY_CABF_IV => "individual validation",
        POLICY_NCP_PLUS => "NCP+",
        ANY_POLICY => "any policy",
        PURPOSE_SERVER_AUTH => "authentication of a server",
        PURPOSE_CLIENT_AUTH => "authentication of a client",
        PURPOSE_TIME_STAMPING => "time-stamping",
        PURPOSE_OCSP_SIGNING => "OCSP signing",
        SEMANTICS_LEGAL => "name of a legal person",
        SEMANTICS_NATURAL => "name of a natural person",
        SEMANTICS_EIDAS_LEGAL => "eIDAS name of a legal person",
        SEMANTICS_EIDAS_NATURAL => "eIDAS name of a natural person",
        _ => return oid.to_string(),
    };
    format!("{name} ({oid})")
}

pub(super) fn statement_words(statement: &Statement) -> String {
    let octets = |info: &Option<Vec<u8>>| info.as_ref().map_or(0, Vec::len);
    match statement {
        Statement::Compliance => "EU qualified certificate".to_owned(),
        Statement::QualifiedDevice => "key in a qualified device".to_owned(),
        Statement::Type(kinds) => words(kinds.iter().map(|kind| match kind {
            QcType::Seal => "for electronic seals".to_owned(),
            QcType::Signature => "for electronic signatures".to_owned(),
            QcType::Website => "for website authentication".to_owned(),
            QcType::Other(oid) => format!("of type {oid}"),
        })),
        Statement::DisclosureStatements(locations) => {
            words(locations.iter().map(|location| format!("{} ({})", location.url, location.language)))
        }
        Statement::LimitValue { currency, amount, exponent } => {
            format!("limit {amount} x 10^{exponent} {currency}")
        }
        Statement::RetentionPeriod(years) => format!("records kept {years} years"),
        Statement::Semantics(semantics) => {
            let name = semantics.identifier.as_ref().map_or_else(
                || "name".to_owned(),
                |oid| oid.to_const().map_or_else(|| oid.to_string(), oid_words),
            );
            let registers: Vec<String> = semantics
                .authorities()
                .map(|authority| authority.as_uri().map_or_else(|| format!("{authority:?}"), str::to_owned))
                .collect();
            if registers.is_empty() {
                name
            } else {
                format!("{name} registered by {}", registers.join(" and "))
            }
        }
        Statement::CountryLegislation(countries) => {
            format!("qualified under the law of {}", countries.join(" and "))
        }
        Statement::DeviceLegislation(countries) => {
            format!("device qualified under the law of {}", countries.join(" and "))
        }
        Statement::IdentificationMethod(methods) => {
            words(methods.iter().map(|method| format!("holder {}", identification(method))))
        }
        Statement::Psd2 { roles, authority_name, authority_id } => {
            let roles: Vec<String> = roles
                .iter()
                .map(|(oid, name)| match PspRole::named(oid.clone(), name) {
                    Some(_) => name.clone(),
                    None => format!("{name} ({oid})"),
                })
                .collect();
            format!("payment services {} by {authority_name} ({authority_id})", roles.join(" and "))
        }
        Statement::Unreadable { id, info } => {
            format!("statement {id} that cannot be read, of {} octets", octets(info))
        }
        Statement::Unknown { id, info } => format!("unknown statement {id} of {} octets", octets(info)),
    }
}

/// How a holder was identified, in words.
pub(crate) fn identification(method: &IdentificationMethod) -> String {
    let article = match method {
        IdentificationMethod::Eidas1Ab => "24(1) (a) or (b) as of 2014",
        IdentificationMethod::Eidas1Cd => "24(1) (c) or (d) as of 2014",
        IdentificationMethod::Eidas2Acd => "24(1a) (a), (c) or (d)",
        IdentificationMethod::Eidas2B => "24(1a) (b)",
        IdentificationMethod::Other(oid) => return format!("identified by method {oid}"),
    };
    format!("identified after Article {article}")
}
