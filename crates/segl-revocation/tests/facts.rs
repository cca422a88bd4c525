//! CRLs and OCSP responses of others: the facts that Bouncy Castle and EU DSS read in them, one row of a table after the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::Path;

use segl_crypto::Time;
use segl_revocation::{
    CrlIndex, CrlSignatureError, CrlView, IndexLimits, OcspSignatureError, OcspView, ResponderId,
    RevocationList, SingleStatus,
};
use segl_testkit::corpus::{self, Row};
use segl_x509::Certificate;

fn unsigned(octets: &[u8]) -> String {
    octets
        .iter()
        .fold(vec![0_u8], |digits, octet| {
            let mut carry = u32::from(*octet);
            let mut next = Vec::new();
            for digit in digits {
                let value = u32::from(digit) * 256 + carry;
                next.push((value % 10) as u8);
                carry = value / 10;
            }
            while carry > 0 {
                next.push((carry % 10) as u8);
                carry /= 10;
            }
            next
        })
        .iter()
        .rev()
        .map(|digit| char::from(b'0' + digit))
        .collect::<String>()
}

fn text(time: Option<Time>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// What the table calls the issuing distribution point.
fn scope(list: &CrlView) -> String {
    let Some(scope) = list.issuing_distribution_point().unwrap() else { return String::new() };
    let words: Vec<&str> = [
        (scope.is_indirect, "indirect"),
        (scope.only_user_certificates, "onlyUser"),
        (scope.only_authority_certificates, "onlyCa"),
        (scope.only_attribute_certificates, "onlyAttribute"),
        (scope.only_some_reasons.is_some(), "someReasons"),
    ]
    .into_iter()
    .filter_map(|(holds, word)| holds.then_some(word))
    .collect();
    if words.is_empty() { "present".to_owned() } else { words.join("|") }
}

fn check_list(folder: &Path, row: &Row, bytes: &[u8], wrong: &mut Vec<String>) {
    let path = &row["path"];
    let der = base64(bytes).unwrap_or_else(|| bytes.to_vec());
    let list = CrlView::from_der(&der).unwrap();
    let index = CrlIndex::read(der.as_slice(), &IndexLimits::default()).unwrap();
    let mut is = |what: &str, expected: &str, found: String| {
        if expected != found {
            wrong.push(format!("{path}: {what} {expected}, here {found}"));
        }
    };
    is("this update", &row["this_update"], text(Some(list.this_update())));
    is("next update", &row["next_update"], text(list.next_update()));
    is("entries", &row["entries"], list.entries().filter_map(Result::ok).count().to_string());
    is("entries of the index", &row["entries"], index.len().to_string());
    is("number", &row["crl_number"], list.number().map(unsigned).unwrap_or_default());
    is("delta", &row["delta"], if list.is_delta() { "yes" } else { "no" }.to_owned());
    is("scope", &row["idp"], scope(&list));
    let types: Vec<String> = list.extensions().iter().map(|one| one.oid().to_string()).collect();
    is("extensions", &row["extensions"], types.join("|"));
    let critical = list.extensions().iter().filter(|one| one.is_critical());
    let critical: Vec<String> = critical.map(|one| one.oid().to_string()).collect();
    is("critical extensions", &row["critical_extensions"], critical.join("|"));
    // DSS refuses lists with a critical extension that it does not process (`dss_valid`); issuingDistributionPoint and the delta
    // indicator are processed here (RFC 5280 5.2.4, 5.2.5), so the signature is what is compared.
    let issuer = fs::read(folder.join(&row["issuer_file"]));
    if let Some(issuer) = issuer.ok().and_then(|bytes| Certificate::from_der_or_pem(&bytes).ok()) {
        let verified = list.verify(&issuer).map(|_| ());
        assert_eq!(index.verify_signer(&issuer), verified, "{path}");
        let is_intact = match &verified {
            Ok(()) => "yes",
            Err(CrlSignatureError::NotForCrls) => "not for lists",
            Err(_) => "no",
        };
        let expected = match (row["dss_signature_intact"].as_str(), row["dss_crl_sign_usage"].as_str()) {
            ("yes", "no") => "not for lists",
            (intact, _) => intact,
        };
        is("signature", expected, is_intact.to_owned());
    }
    for entry in list.entries().take(50) {
        let serial = entry.unwrap().serial;
        let asked = |list: &dyn RevocationList| list.look_up(serial, list.facts().issuer()).unwrap();
        assert_eq!(asked(&index), asked(&list), "{path}");
    }
}

fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let body = match text.split_once("-----BEGIN X509 CRL-----") {
        Some((_, rest)) => rest.split_once("-----END")?.0,
        // Without the lines around it, as services put it into a message.
        None => text.strip_prefix("MI").map(|_| text)?,
    };
    let digits: Vec<u32> = body
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '=')
        .map(|letter| {
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            alphabet.find(letter).unwrap() as u32
        })
        .collect();
    Some(
        digits
            .chunks(4)
            .flat_map(|four| {
                let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
                bits.to_be_bytes()[1..four.len()].to_vec()
            })
            .collect(),
    )
}

fn check_response(row: &Row, bytes: &[u8], certificates: &[Certificate], wrong: &mut Vec<String>) {
    let path = &row["path"];
    let response = OcspView::from_der(&base64(bytes).unwrap_or_else(|| bytes.to_vec())).unwrap();
    let mut is = |what: &str, expected: &str, found: String| {
        if expected != found {
            wrong.push(format!("{path}: {what} {expected}, here {found}"));
        }
    };
    is("status", &row["ocsp_status"], "0".to_owned());
    is("produced at", &row["produced_at"], text(Some(response.produced_at())));
    if let ResponderId::ByKey(hash) = response.responder_id() {
        let hex: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
        is("responder", &row["responder"], format!("keyHash:{hex}"));
    } else {
        assert!(!row["responder"].starts_with("keyHash"), "{path}");
    }
    is("certificates", &row["embedded_certificates"], response.certificates().len().to_string());
    let words: Vec<String> = response
        .responses()
        .iter()
        .map(|one| {
            let status = match one.status {
                SingleStatus::Good => "good".to_owned(),
                SingleStatus::Revoked { at, reason } => {
                    let reason = reason.map(|reason| format!(" reason {}", reason.code()));
                    format!("revoked@{at}{}", reason.unwrap_or_default())
                }
                SingleStatus::Unknown => "unknown".to_owned(),
            };
            let next = one.next_update.map(|next| format!(" next {next}")).unwrap_or_default();
            let serial = unsigned(one.certificate.serial());
            let hash = one.certificate.algorithm();
            format!("{serial}={status} this {}{next} hash {hash}", one.this_update)
        })
        .collect();
    is("responses", &row["responses"], words.join("|"));
    // Who signed, without a word about whether he may.
    let candidates: Vec<&Certificate> = response.certificates().iter().chain(certificates).collect();
    let is_signed = candidates.iter().any(|candidate| response.verify_signature(candidate).is_ok());
    let expected = match row["signature_intact"].as_str() {
        "yes" => "yes",
        _ => "no",
    };
    if row["verified_by"] != "given" || is_signed {
        is("signature", expected, if is_signed { "yes" } else { "no" }.to_owned());
    }
    // Changed responder names and keys: then it is not his answer, even where the value verifies with the key inside.
    for candidate in candidates.iter().filter(|candidate| !response.responder_id().is(candidate)) {
        assert!(
            matches!(response.verify_signature(candidate), Err(OcspSignatureError::ResponderUnknown)),
            "{path}"
        );
    }
}

#[test]
fn the_facts_of_the_table() {
    let Some(corpus) = corpus::folder() else { return };
    let folder = corpus.join("revocation");
    let certificates: Vec<Certificate> = corpus::files(&folder.join("certificates"))
        .iter()
        .filter_map(|path| Certificate::from_der_or_pem(&fs::read(path).unwrap()).ok())
        .collect();
    let mut wrong = Vec::new();
    let (mut lists, mut responses) = (0, 0);
    for row in corpus::rows(&folder.join("revocation-expected.tsv")) {
        let bytes = fs::read(folder.join(&row["path"])).unwrap();
        if row["kind"] == "crl" {
            check_list(&folder, &row, &bytes, &mut wrong);
            lists += 1;
        } else {
            check_response(&row, &bytes, &certificates, &mut wrong);
            responses += 1;
        }
    }
    println!("{lists} lists, {responses} responses\n{}", wrong.join("\n"));
    assert_eq!((lists, responses), (106, 25));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
