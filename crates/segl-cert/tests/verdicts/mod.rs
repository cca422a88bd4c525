//! The errors of two linters, made alike.

use std::collections::BTreeSet;

use segl_cert::lint::{Report, Severity};

/// Document and requirement, as in `en_319_412_3 leg-4.2.1-2`.
pub(crate) type Ids = BTreeSet<String>;

/// Codes of pkilint that have no requirement's identifier, and the requirement that is meant.
const NAMELESS: [(&str, &str); 10] = [
    ("authority_info_access_extension_absent", "gen-4.4.1-2"),
    ("authority_key_identifier_extension_absent", "gen-4.3.1-1"),
    ("certificate_policies_extension_absent", "gen-4.3.3-2"),
    ("inhibit_any_policy_extension_present", "gen-4.3.12-1"),
    ("key_usage_extension_absent", "nat-4.3.2-1"),
    ("name_constraints_extension_present", "gen-4.3.8-1"),
    ("policy_constraints_extension_present", "gen-4.3.9-1"),
    ("policy_mappings_extension_present", "gen-4.3.4-1"),
    ("qc_statements_extension_absent", "qcs-5.1-1"),
    ("qc_statements_extension_present", "qcs-4.1-02"),
];

/// The requirements of ETSI among codes such as `etsi.en_319_412_3.leg-4.2.1-2.common_name_attribute_absent`.
pub(crate) fn their_errors<'c>(codes: impl Iterator<Item = &'c str>) -> Ids {
    let ids = codes.filter_map(|code| {
        let code = code.strip_prefix("etsi.")?;
        // Identifiers have points in them, the name of what was found has none.
        let Some((requirement, what)) = code.rsplit_once('.') else {
            // That there are no extensions at all, and that a host has no public name, is told without a document.
            assert!(["extensions_field_absent", "internal_domain_name"].contains(&code), "{code}");
            return None;
        };
        Some(match requirement.split_once('.') {
            Some((document, id)) if document.starts_with("en_") || document.starts_with("ts_") => {
                format!("{document} {id}")
            }
            // One code leaves the document out.
            Some(_) => format!("en_319_412_1 {}", requirement.replace("nat_", "nat-")),
            None => {
                let (_, id) = NAMELESS.iter().find(|(nameless, _)| *nameless == what).unwrap();
                format!("{requirement} {id}")
            }
        })
    });
    ids.collect()
}

/// The errors of ours that are about a requirement of ETSI, in the same form.
pub(crate) fn our_errors(report: &Report) -> Ids {
    let errors = report.at_least(Severity::Error).map(|finding| {
        let document = finding.rule().document().to_string().to_lowercase();
        let document = document.replace([' ', '-'], "_");
        format!("{document} {}", finding.rule().id().to_lowercase())
    });
    let etsi = ["en_319_411", "en_319_412", "ts_119_495"];
    errors.filter(|id| etsi.iter().any(|document| id.starts_with(document))).collect()
}
