//! Which format a signature has: the rules of the baseline profile that can be told from its shape.

use segl_ades::{Finding, Format};
use segl_cms::{SignedDataView, SignerInfoView, oids};
use segl_x509::ObjectIdentifier;

use crate::{dictionary::Located, read};

const BASELINE: &str = "EN 319 142-1, 6.3";
const DICTIONARY: &str = "ISO 32000-2, 12.8.1";
const COUNTERSIGNATURE: ObjectIdentifier = oids::COUNTERSIGNATURE;
const COMMITMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.16");
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15");

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

/// Rules for the CMS of a signature.
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
    if signer.signed_attributes_for_verification().is_none() {
        add("no-signed-attributes", BASELINE, false, "the signature has no signed attributes");
        return;
    }
    if signer.message_digest().is_none() {
        add("message-digest", BASELINE, true, "message-digest is missing, or there are several");
    }
    if found.sub_filter.as_deref() != Some("ETSI.CAdES.detached") {
        return;
    }
    if view.content().is_some() {
        add("content-inside", BASELINE, false, "the CMS carries content of its own");
    }
    if signer.content_type() != Some(oids::DATA) {
        add("content-type", BASELINE, false, "content-type is not id-data");
    }
    if !view.has_certificates() {
        add("certificates", BASELINE, false, "the CMS carries no certificates");
    }
    let references = signer.signing_certificates();
    if references.len() != 1 {
        add("signing-certificate", BASELINE, false, "there is not exactly one signing-certificate attribute");
    }
    if signer.signed_values(oids::SIGNING_TIME).next().is_some() {
        add("signing-time", BASELINE, false, "the CMS has a signing-time beside /M");
    }
    if signer.unsigned_values(COUNTERSIGNATURE).next().is_some() {
        add("countersignature", BASELINE, false, "the CMS carries a countersignature");
    }
    let committed = signer.signed_values(COMMITMENT).next().is_some();
    let has_policy = signer.signed_values(POLICY).next().is_some();
    if found.texts.reason.is_some() && (committed || has_policy) {
        add("reason", BASELINE, false, "/Reason stands beside a commitment type or policy");
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
    let keeps_baseline = findings.iter().all(|finding| finding.clause != BASELINE);
    let has_policy = signer.signed_values(POLICY).next().is_some();
    let has_reference = signer.signing_certificates().iter().any(Result::is_ok);
    let sub_filter = found.sub_filter.as_deref();
    let must_be_detached = sub_filter != Some("adbe.pkcs7.sha1");
    match sub_filter {
        Some("ETSI.CAdES.detached") if keeps_baseline => read::BASELINE,
        _ if view.signers().len() != 1
            || (must_be_detached && signer.signed_attributes().is_empty())
            || (must_be_detached && view.content().is_some()) =>
        {
            not_etsi()
        }
        Some("ETSI.CAdES.detached") if !has_reference => not_etsi(),
        Some("ETSI.CAdES.detached") if has_policy => Format::other("PAdES-EPES"),
        Some("ETSI.CAdES.detached") => Format::other("PAdES-BES"),
        Some("adbe.pkcs7.detached" | "adbe.pkcs7.sha1") => Format::other("PKCS7"),
        _ => not_etsi(),
    }
}
