//! The peers, held against files whose verdicts are known: a harness that misreads its judges would make every other test lie.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use segl_testkit::peers::{
    Dss, OpenSsl, PdfSig, Pkilint, Purpose, Pyhanko, Qpdf, QpdfVerdict, Question, SoftHsm, report_skipped,
};

/// The minute after the reference files were sealed.
const CLOCK: &str = "2026-11-22T02:31:00Z";
/// One hour after.
const HOUR: &str = "2026-11-22T03:30:00Z";

fn reference() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/reference");
    if !folder.is_dir() {
        report_skipped("skipped: ../shared is not here");
        return None;
    }
    Some(folder)
}

/// The rows of `reference-expected.tsv`, each as column name to value.
fn expectations(folder: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join("reference-expected.tsv")).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned));
    let names: Vec<String> = lines.next().unwrap().collect();
    lines.map(|values| names.iter().cloned().zip(values).collect()).collect()
}

/// The root certificate that stands beside a file.
fn root_of(folder: &Path, file: &str) -> PathBuf {
    folder.join(file).with_file_name("root.cer")
}

#[test]
fn dss_says_of_the_reference_files_what_is_written_about_them() {
    let Some(folder) = reference() else { return };
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let mut differences = Vec::new();
    let rows = expectations(&folder);
    for row in &rows {
        let path = &row["path"];
        let question = Question::new(folder.join(path), &row["time"]).trust(root_of(&folder, path));
        let report = dss.judge(&question).unwrap();
        let Some(signature) = report.signatures.first() else { panic!("{path}: {:?}", report.error) };
        let found =
            [&signature.format, &signature.indication, signature.sub_indication.as_deref().unwrap_or("")]
                .join(" ");
        let expected = [row["format"].as_str(), &row["indication"], &row["sub_indication"]].join(" ");
        if found != expected {
            differences.push(format!("{path} at {}: {found}, expected {expected}", row["time"]));
        }
    }
    assert!(rows.len() > 100, "only {} rows", rows.len());
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn dss_takes_status_that_is_handed_to_it() {
    let Some(folder) = reference() else { return };
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let at = folder.join("12h");
    let question = Question::new(at.join("b.pdf"), HOUR).trust(at.join("root.cer"));
    assert_eq!(dss.judge(&question).unwrap().signatures[0].indication, "INDETERMINATE");
    let question = question.revocation(at.join("root.crl")).revocation(at.join("seal.ors"));
    assert_eq!(dss.judge(&question).unwrap().signatures[0].indication, "TOTAL_PASSED");
}

#[test]
fn dss_answers_about_a_file_that_is_none() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let report =
        dss.judge(&Question::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"), HOUR)).unwrap();
    assert!(report.error.is_some(), "{report:?}");
}

#[test]
fn pyhanko_passes_the_reference_files_with_archival_data_for_ten_years() {
    let Some(folder) = reference() else { return };
    let pyhanko = match Pyhanko::shared() {
        Ok(pyhanko) => pyhanko,
        Err(skipped) => return skipped.report(),
    };
    let mut count = 0;
    for row in expectations(&folder)
        .iter()
        .filter(|row| row["pyhanko_fresh_4500_days"].starts_with("PASSED trusted"))
    {
        let (path, time) = (&row["path"], &row["time"]);
        // Read strictly, as here, pyHanko refuses the generation numbers of this one's source document.
        if path.starts_with("10d-xref-streams/") {
            continue;
        }
        let question = Question::new(folder.join(path), time).trust(root_of(&folder, path)).clock(CLOCK);
        let report = pyhanko.judge(&question).unwrap();
        let Some(signature) = report.signatures.first() else { panic!("{path}: {:?}", report.error) };
        assert_eq!(signature.indication, "PASSED", "{path} at {time}: {signature:?}");
        assert!(signature.bottom_line && signature.trusted, "{path} at {time}: {signature:?}");
        count += 1;
    }
    assert!(count > 20, "only {count} rows");
}

#[test]
fn pyhanko_on_the_command_line_tells_good_from_bad() {
    let Some(folder) = reference() else { return };
    let pyhanko = match Pyhanko::shared() {
        Ok(pyhanko) => pyhanko,
        Err(skipped) => return skipped.report(),
    };
    let at = |file: &str| pyhanko.adesverify(&folder.join(file), &root_of(&folder, file), HOUR).unwrap();
    assert!(at("12h/lta.pdf").success);
    assert!(!at("edge/no-root-crl.pdf").success);
}

#[test]
fn pdfsig_and_qpdf_read_the_reference_files() {
    let Some(folder) = reference() else { return };
    let file = folder.join("12h/lta.pdf");
    match PdfSig::find() {
        Ok(pdfsig) => {
            let signatures = pdfsig.signatures(&file).unwrap();
            assert_eq!(signatures.len(), 2);
            assert_eq!(signatures[0].validation, "Signature is Valid.");
            assert_eq!(signatures[0].kind, "ETSI.CAdES.detached");
            assert!(!signatures[0].covers_total && signatures[1].covers_total);
        }
        Err(skipped) => skipped.report(),
    }
    match Qpdf::find() {
        Ok(qpdf) => {
            assert_eq!(qpdf.check(&file).unwrap(), QpdfVerdict::Clean);
            assert!(matches!(qpdf.check(&folder.join("12h/root.cer")).unwrap(), QpdfVerdict::Errors(_)));
        }
        Err(skipped) => skipped.report(),
    }
}

#[test]
fn openssl_judges_paths_and_status() {
    let Some(folder) = reference() else { return };
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    let scratch = segl_testkit::peers::Scratch::new().unwrap();
    let pem = |name: &str| {
        let bytes = fs::read(folder.join("12h").join(name)).unwrap();
        openssl.to_pem(&scratch.write(name, &bytes).unwrap()).unwrap()
    };
    let (root, ca, unit, seal) = (pem("root.cer"), pem("ca.cer"), pem("tsu.cer"), pem("seal.cer"));
    let hour = HOUR.parse().unwrap();
    let path = |certificate: &Path, intermediates: &[&Path], purpose| {
        openssl.verify_path(certificate, intermediates, &root, purpose, hour).unwrap()
    };
    assert!(path(&seal, &[&ca], Purpose::SmimeSign).success);
    assert!(path(&unit, &[], Purpose::TimestampSign).success);
    assert!(!path(&seal, &[], Purpose::SmimeSign).success, "the issuer is missing");
    let response = folder.join("12h/seal.ors");
    let said = openssl.verify_ocsp(&response, &seal, &ca, &root, hour).unwrap();
    assert!(
        said.success && said.text.contains("Response verify OK") && said.text.contains(": good"),
        "{}",
        said.text
    );
}

#[test]
fn pkilint_finds_nothing_in_the_reference_certificates_but_what_it_cannot_know() {
    let Some(folder) = reference() else { return };
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    let at = folder.join("12h");
    assert_eq!(pkilint.etsi_certificate(&at.join("seal.cer")).unwrap(), []);
    for certificate in ["root.cer", "ca.cer", "tsu.cer", "ocsp.cer"] {
        assert_eq!(pkilint.certificate(&at.join(certificate)).unwrap(), [], "{certificate}");
    }
    assert_eq!(pkilint.crl(&at.join("root.crl")).unwrap(), []);
    assert_eq!(pkilint.ocsp_response(&at.join("seal.ors")).unwrap(), []);
    let findings = pkilint.etsi_certificate(&at.join("ca.cer")).unwrap();
    assert!(
        findings.iter().any(|finding| finding.severity == "ERROR"),
        "end-entity rules do not fit an authority"
    );
}

#[test]
fn softhsm_makes_a_token() {
    let token = match SoftHsm::find() {
        Ok(token) => token,
        Err(skipped) => return skipped.report(),
    };
    token.initialise().unwrap();
    assert!(token.module().is_file() && token.pin_file().is_file());
}
