//! Every token of the corpus reads, and those that the known answers call good verify.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_cms::SignedDataView;
use segl_crypto::digest;
use segl_testkit::corpus::{files, folder as corpus, rows};
use segl_tsp::Token;
use segl_x509::ObjectIdentifier;

const SIGNATURE_TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

#[test]
fn bare_tokens_read_and_verify() {
    let Some(corpus) = corpus() else { return };
    let mut read = 0;
    for path in files(&corpus.join("timestamp")) {
        let token = Token::from_der(&std::fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let certificate = token.signer_certificate(&[]).expect("its certificate");
        let verdict = token.verify(&certificate);
        println!("{}: {} {verdict:?}", path.display(), token.info().time());
        assert!(verdict.is_ok());
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn document_time_stamps_of_pdf_files_read_and_verify() {
    let Some(corpus) = corpus() else { return };
    let (mut verified, mut others) = (0, Vec::new());
    for folder in ["pades", "reference"] {
        for path in files(&corpus.join(folder)) {
            for contents in segl_testkit::corpus::contents_of_pdf(&std::fs::read(&path).unwrap()) {
                let Ok(view) = SignedDataView::parse(&contents) else { continue };
                if view.content_type() != segl_cms::oids::TST_INFO {
                    continue;
                }
                let token =
                    Token::from_der(&contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                match token.signer_certificate(&[]).map(|certificate| token.verify(&certificate)) {
                    Some(Ok(())) => verified += 1,
                    other => others.push(format!("{}: {other:?}", path.display())),
                }
            }
        }
    }
    println!("{verified} verify; {others:#?}");
    assert!(verified > 20);
}

#[test]
fn signature_time_stamps_cover_what_the_known_answers_say() {
    let Some(corpus) = corpus() else { return };
    let (mut agreed, mut verified) = (0, 0);
    for row in rows(&corpus.join("imprints.tsv")) {
        let index = row["signature"].strip_prefix("si").and_then(|index| index.parse::<usize>().ok());
        let (true, "SIGNATURE_TIMESTAMP", Some(index)) =
            (row["kind"] == "cades", row["type"].as_str(), index)
        else {
            continue;
        };
        let bytes = std::fs::read(corpus.join(&row["path"])).unwrap();
        let view = SignedDataView::parse(&bytes).unwrap();
        let signer = &view.signers()[index];
        let covers = |token: &Token| {
            let algorithm = token.info().imprint().algorithm()?;
            Some(token.covers(&digest(algorithm, signer.signature())?))
        };
        let tokens: Vec<Token> = signer
            .unsigned_values(SIGNATURE_TIMESTAMP)
            .filter_map(|value| Token::from_der(value).ok())
            .collect();
        let time = tokens
            .iter()
            .find(|token| token.info().time().truncate_to_seconds().to_string() == row["token_time"]);
        let token = time.unwrap_or_else(|| panic!("{}: no token of {}", row["path"], row["token_time"]));
        assert_eq!(covers(token), Some(row["matches"] == "yes"), "{}", row["path"]);
        agreed += 1;
        let inside: Vec<_> =
            view.certificates().filter_map(|der| segl_x509::Certificate::from_der(der).ok()).collect();
        match token.signer_certificate(&inside).map(|certificate| token.verify(&certificate)) {
            Some(Ok(())) => verified += 1,
            other => println!("{}: {other:?}", row["path"]),
        }
    }
    println!("{agreed} imprints agree, {verified} tokens verify");
    assert!(agreed > 20 && verified > 20);
}
