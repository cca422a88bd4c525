//! Every CMS of the corpus reads; what it covers agrees with the known answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::path::Path;

use segl_cms::{SignedDataView, SignerInfoView, UnsignedAttribute, oids, splice_unsigned_attribute};
use segl_crypto::{digest, sha256};
use segl_testkit::corpus::{contents_of_pdf, files, folder as corpus, rows};
use segl_x509::Certificate;

fn is_pem(bytes: &[u8]) -> bool {
    bytes.starts_with(b"-----")
}

/// Unwraps what stands between the lines of a PEM file.
fn from_pem(bytes: &[u8]) -> Vec<u8> {
    let text: String = String::from_utf8_lossy(bytes).lines().filter(|line| !line.starts_with('-')).collect();
    let mut out = Vec::new();
    let mut bits = 0u32;
    let mut count = 0;
    for symbol in text.bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if is_pem(&bytes) { from_pem(&bytes) } else { bytes }
}

fn certificates(view: &SignedDataView) -> Vec<Certificate> {
    view.certificates().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

/// Whether a certificate of the message verifies the value; `None` when none of its keys can be used here.
fn verifies(view: &SignedDataView, signer: &SignerInfoView) -> Option<bool> {
    let keys: Vec<_> = certificates(view)
        .iter()
        .filter(|certificate| signer.is_identified_by(certificate))
        .filter_map(|certificate| certificate.public_key().ok())
        .collect();
    let content = digest(signer.digest_algorithm()?, view.content().unwrap_or_default())?;
    if keys.is_empty() {
        return None;
    }
    Some(keys.iter().any(|key| signer.verify_value(key, &content).is_ok()))
}

#[test]
fn every_message_reads_and_can_be_extended() {
    let Some(corpus) = corpus() else { return };
    let (mut messages, mut refused) = (0, Vec::new());
    for path in files(&corpus.join("cades")).into_iter().chain(files(&corpus.join("timestamp"))) {
        let bytes = read(&path);
        match SignedDataView::parse(&bytes) {
            Ok(view) => {
                messages += 1;
                let attribute = UnsignedAttribute::new(oids::COUNTERSIGNATURE, vec![5, 0]).unwrap();
                for index in 0..view.signers().len() {
                    let spliced = splice_unsigned_attribute(&bytes, index, &attribute).unwrap();
                    let after = SignedDataView::parse(&spliced).unwrap();
                    assert_eq!(after.encapsulated_content_info(), view.encapsulated_content_info());
                    assert_eq!(
                        after.signers()[index].signed_attributes_field(),
                        view.signers()[index].signed_attributes_field()
                    );
                    let taken_out: Vec<&[u8]> = after.signers()[index]
                        .unsigned_attributes()
                        .iter()
                        .map(|attribute| attribute.as_bytes())
                        .filter(|bytes| *bytes != attribute.to_der())
                        .collect();
                    let before: Vec<&[u8]> = view.signers()[index]
                        .unsigned_attributes()
                        .iter()
                        .map(|attribute| attribute.as_bytes())
                        .collect();
                    assert_eq!(taken_out, before, "{}", path.display());
                }
            }
            Err(error) => refused.push(format!("{}: {error}", path.display())),
        }
    }
    println!("{messages} messages read, refused: {refused:#?}");
    assert!(messages > 50);
    assert!(refused.len() <= 1, "{refused:#?}");
}

#[test]
fn signed_octets_agree_with_the_known_answers() {
    let Some(corpus) = corpus() else { return };
    let (mut agreed, mut verified, mut unusable) = (0, 0, Vec::new());
    for row in rows(&corpus.join("imprints.tsv")) {
        let (kind, matches) = (row["type"].as_str(), row["matches"].as_str());
        let Some(index) = row["signature"].strip_prefix("si").and_then(|index| index.parse::<usize>().ok())
        else {
            continue;
        };
        if row["kind"] != "cades" {
            continue;
        }
        let view = SignedDataView::parse(&read(&corpus.join(&row["path"]))).unwrap();
        let signer = &view.signers()[index];
        match kind {
            "signature-value/signedAttrs" => {
                let signed = signer.signed_attributes_for_verification().unwrap();
                if matches == "yes" {
                    assert_eq!(hex(&sha256(signed)), row["input_sha256"], "{}", row["path"]);
                    agreed += 1;
                }
                match verifies(&view, signer) {
                    Some(found) if found == (matches == "yes") => verified += 1,
                    found => {
                        unusable.push(format!("{} si{index}: ours {found:?}, theirs {matches}", row["path"]))
                    }
                }
            }
            "signature-value/signedAttrs-stored-order" => {
                let stored = signer.signed_attributes_in_stored_order().unwrap();
                assert_eq!(hex(&sha256(&stored)), row["input_sha256"], "{}", row["path"]);
                assert_eq!(verifies(&view, signer), Some(false), "{}", row["path"]);
                assert!(certificates(&view).iter().any(|certificate| {
                    certificate.public_key().is_ok_and(|key| signer.was_signed_in_stored_order(&key))
                }));
                agreed += 1;
            }
            "message-digest" if matches == "yes" && view.content().is_some() => {
                let content = view.content().unwrap();
                assert_eq!(hex(&sha256(content)), row["input_sha256"], "{}", row["path"]);
                assert_eq!(hex(&signer.message_digest().unwrap()), row["digest"], "{}", row["path"]);
                agreed += 1;
            }
            "SIGNATURE_TIMESTAMP" if matches == "yes" => {
                assert_eq!(hex(&sha256(signer.signature())), row["input_sha256"], "{}", row["path"]);
                agreed += 1;
            }
            _ => {}
        }
    }
    println!("{agreed} known answers, {verified} verdicts agree; not: {unusable:#?}");
    // One hashes content and attributes with different algorithms (RFC 5652, 5.3 has one field for both), one has no certificate.
    assert!(agreed > 100 && verified > 40 && unusable.len() <= 2);
}

#[test]
fn the_signatures_of_pdf_files_read() {
    let Some(corpus) = corpus() else { return };
    let known = rows(&corpus.join("imprints.tsv"));
    let (mut messages, mut agreed, mut refused) = (0, 0, Vec::new());
    for path in
        files(&corpus.join("pades")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "pdf"))
    {
        let mut signed = Vec::new();
        for contents in contents_of_pdf(&std::fs::read(&path).unwrap()) {
            match SignedDataView::parse(&contents) {
                Ok(view) => {
                    messages += 1;
                    if view.trailing().iter().any(|octet| *octet != 0) {
                        let end: Vec<u8> = view.trailing().iter().copied().take(16).collect();
                        refused.push(format!("{}: followed by {end:02x?}", path.display()));
                    }
                    for signer in view.signers() {
                        signed.extend(
                            signer.signed_attributes_for_verification().map(|bytes| hex(&sha256(bytes))),
                        );
                        let stored = signer.signed_attributes_in_stored_order();
                        signed.extend(stored.map(|bytes| hex(&sha256(&bytes))));
                    }
                }
                Err(error) => refused.push(format!("{}: {error}", path.display())),
            }
        }
        let name = path.strip_prefix(&corpus).unwrap().to_str().unwrap();
        for row in known.iter().filter(|row| row["path"] == name && row["matches"] == "yes") {
            if row["type"].starts_with("signature-value/signedAttrs") && !signed.is_empty() {
                assert!(signed.contains(&row["input_sha256"]), "{name} {}", row["signature"]);
                agreed += 1;
            }
        }
    }
    println!("{messages} messages, {agreed} known answers; refused: {refused:#?}");
    assert!(messages > 100 && agreed > 100 && refused.len() <= 4);
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").unwrap();
        text
    })
}
