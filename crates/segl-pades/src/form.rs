//! Which format a signature has: the rules of the baseline profile that can be told from its shape.

use segl_ades::{Finding, Format, SignedProperties};
use segl_cades::oids::SIGNATURE_POLICY;
use segl_cms::{SignedDataView, SignerInfoView, oids};

use crate::{ChangeKind, ChangeLevel, PdfFacts, dictionary::Located, read};

const BASELINE: &str = "EN 319 142-1, 6.3";
const DICTIONARY: &str = "ISO 32000-2, 12.8.1";
/// Rules for the dictionary itself.
pub(crate) fn check_dictionary(found: &Located, findings: &mut Vec<Finding>) {
    let mut add = |rule, clause, fatal, text: String| findings.push(Finding { rule, clause, fatal, text });
    if found.fields.len() > 1 {
        add(
            "fields-share-signature",
            DICTIONARY,
            false,
            format!("{} fields hold this signature", found.fields.len()),
        );
    }
    if let Some(key) = found.dictionary.duplicate_key() {
        add("duplicate-key", DICTIONARY, false, format!("{key:?} occurs twice"));
    }
    let expected: &[&str] = match found.sub_filter.as_deref() {
        None => {
            add("sub-filter-missing", DICTIONARY, true, "/SubFilter is missing".into());
            return;
        }
        Some("ETSI.RFC3161") => &["DocTimeStamp"],
        Some(_) => &["Sig"],
    };
    if found.kind.as_deref().is_some_and(|kind| !expected.contains(&kind)) {
        add("type", DICTIONARY, false, format!("/Type is {:?}", found.kind.as_deref().unwrap_or_default()));
    }
    if found.filter.is_none() {
        add("filter-missing", BASELINE, false, "/Filter is missing".into());
    }
    if found.sub_filter.as_deref() == Some("ETSI.CAdES.detached") {
        if found.texts.time.is_none() {
            let state = if found.texts.has_time { "unreadable" } else { "missing" };
            add("time", BASELINE, false, format!("/M is {state}"));
        }
        if found.dictionary.get("Cert").is_some() {
            add("cert-key", BASELINE, false, "/Cert is present".into());
        }
    }
}

/// Rules for the CMS that only a PDF signature has; those of CAdES are not repeated.
pub(crate) fn check_cms(found: &Located, view: &SignedDataView, findings: &mut Vec<Finding>) {
    let mut add = |rule, clause, fatal, text: &str| {
        findings.push(Finding { rule, clause, fatal, text: text.into() });
    };
    if view.trailing().iter().any(|byte| *byte != 0) {
        add("contents-padding", DICTIONARY, false, "other bytes than zero follow the CMS in /Contents");
    }
    let [signer] = view.signers() else {
        let none = view.signers().is_empty();
        add("one-signer", BASELINE, none, "the CMS does not have exactly one signer");
        return;
    };
    if found.sub_filter.as_deref() != Some("ETSI.CAdES.detached") {
        return;
    }
    if view.content().is_some() {
        add("content-inside", BASELINE, false, "the CMS carries content of its own");
    }
    if signer.signed_values(oids::SIGNING_TIME).next().is_some() {
        add("signing-time-beside-m", BASELINE, false, "the CMS has a signing-time beside /M");
    }
    if signer.unsigned_values(oids::COUNTERSIGNATURE).next().is_some() {
        add("countersignature", BASELINE, false, "the CMS carries a countersignature");
    }
}

/// Rules for what dictionary and CMS say together.
pub(crate) fn check_properties(found: &Located, properties: &SignedProperties, findings: &mut Vec<Finding>) {
    let explained = !properties.commitments.is_empty() || properties.policy.is_some();
    if found.sub_filter.as_deref() == Some("ETSI.CAdES.detached") && found.texts.reason.is_some() && explained
    {
        findings.push(Finding {
            rule: "reason-beside-commitment",
            clause: BASELINE,
            fatal: false,
            text: "/Reason stands beside a commitment type or policy".into(),
        });
    }
}

/// What was done to the document after it was signed, against what its signer allowed.
pub(crate) fn check_later(facts: &PdfFacts, findings: &mut Vec<Finding>) {
    let level = facts.later.level();
    let mut add = |rule, text: String| {
        // No signer allows other pages, whatever he allows (table 257).
        let fatal = rule == "pages-changed";
        findings.push(Finding { rule, clause: "ISO 32000-2, 12.8.2.2", fatal, text });
    };
    if facts.later.changes.iter().any(|change| change.kind == ChangeKind::Pages) {
        add("pages-changed", "after signing: pages were added, removed or put in another order".into());
    }
    let covering = facts.later.changes.iter().filter_map(|change| match change.kind {
        ChangeKind::Covering { percent } => Some(percent),
        _ => None,
    });
    if let Some(percent) = covering.max() {
        add(
            "fields-cover-page",
            format!(
                "after signing: fields over {percent} % of a page were filled or signed; \
                 what is shown there may not be what was signed"
            ),
        );
    }
    if level == ChangeLevel::Unexplained {
        let count = facts.later.unexplained().count();
        let bytes = facts.later.trailing_bytes;
        add(
            "unexplained-changes",
            format!(
                "after signing: {count} changes that no rule explains, {bytes} bytes that belong to no revision"
            ),
        );
    }
    let allowed = match facts.permission {
        None => return,
        Some(..=1) => ChangeLevel::LongTerm,
        Some(_) => ChangeLevel::FormFilling,
    };
    if level > allowed {
        let permission = facts.permission.unwrap_or_default();
        add("forbidden-changes", format!("after signing: changes that P={permission} does not allow"));
    }
}

/// The name of the format; the level is set when everything is known.
pub(crate) fn format(
    found: &Located,
    view: &SignedDataView,
    signer: &SignerInfoView,
    findings: &[Finding],
) -> Format {
    let not_etsi = || Format::other("PDF-NOT-ETSI");
    let sub_filter = found.sub_filter.as_deref();
    let must_be_detached = sub_filter != Some("adbe.pkcs7.sha1");
    let unusual = view.content().is_some() || signer.signed_attributes().is_empty();
    if view.signers().len() != 1 || (must_be_detached && unusual) {
        return not_etsi();
    }
    let keeps_baseline = findings.iter().all(|finding| finding.clause != BASELINE);
    let has_reference = signer.signing_certificates().iter().any(Result::is_ok);
    match sub_filter {
        Some("ETSI.CAdES.detached") if keeps_baseline && segl_cades::has_baseline_shape(view, signer) => {
            read::BASELINE
        }
        Some("ETSI.CAdES.detached") if !has_reference => not_etsi(),
        Some("ETSI.CAdES.detached") if signer.signed_values(SIGNATURE_POLICY).next().is_some() => {
            Format::other("PAdES-EPES")
        }
        Some("ETSI.CAdES.detached") => Format::other("PAdES-BES"),
        Some("adbe.pkcs7.detached" | "adbe.pkcs7.sha1") => Format::other("PKCS7"),
        _ => not_etsi(),
    }
}
