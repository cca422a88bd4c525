//! CRLs and OCSP responses that others made, where they are at hand: every one is read, or refused for a reason listed here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_revocation::{CrlView, OcspView};
use segl_testkit::corpus;

#[test]
fn lists_and_responses_of_others_are_read() {
    let Some(corpus) = corpus::folder() else { return };
    let (mut lists, mut responses, mut refused) = (0, 0, Vec::new());
    for file in corpus::files(&corpus) {
        let bytes = std::fs::read(&file).unwrap();
        if bytes.first() != Some(&0x30) {
            continue;
        }
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("crl") => match CrlView::from_der(&bytes) {
                Ok(crl) => {
                    lists += 1;
                    if let Some(error) = crl.entries().find_map(Result::err) {
                        refused.push(format!("{}: entry: {error}", file.display()));
                    }
                    if let Err(error) = crl.issuing_distribution_point() {
                        refused.push(format!("{}: scope: {error}", file.display()));
                    }
                }
                Err(error) => refused.push(format!("{}: {error}", file.display())),
            },
            Some("ors") => match OcspView::from_der(&bytes) {
                Ok(_) => responses += 1,
                Err(error) => refused.push(format!("{}: {error}", file.display())),
            },
            _ => {}
        }
    }
    println!("{lists} lists, {responses} responses\n{}", refused.join("\n"));
    assert!(lists > 250 && responses > 5);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
