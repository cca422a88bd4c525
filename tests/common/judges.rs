//! What the judges are asked about one sealed file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use segl_testkit::peers::{Dss, DssSignature, OpenSsl, Question, Said, Skipped};

use super::{HOUR, SealedFile, at, parts::Parts};

/// What DSS says about our seal in a file.
pub fn dss_verdict(dss: &Dss, file: &SealedFile, question: &Question) -> Result<DssSignature, String> {
    let report = dss.judge(question).unwrap();
    let mut signatures = report.signatures.into_iter();
    match signatures.find(|signature| signature.pdf_fields.contains(&file.field)) {
        Some(signature) => Ok(signature),
        None => Err(format!("{}: no signature in {}: {:?}", file.name, file.field, report.error)),
    }
}

/// Whether DSS says TOTAL_PASSED at the level asked for.
pub fn passed(dss: &Dss, file: &SealedFile, question: &Question) -> Result<(), String> {
    let DssSignature { format, indication, sub_indication, undefined_changes, errors, .. } =
        dss_verdict(dss, file, question)?;
    let wanted = format!("PAdES-BASELINE-{}", file.wish.level.suffix());
    if indication == "TOTAL_PASSED" && format == wanted && undefined_changes == Some(0) {
        return Ok(());
    }
    let why = sub_indication.unwrap_or_default();
    Err(format!("{}: {format} {indication} {why} {undefined_changes:?} {errors:?}", file.name))
}

/// Certificates in the form that OpenSSL reads.
pub struct Pem {
    root: PathBuf,
}

impl Pem {
    /// Writes the root's certificate anew.
    pub fn new(openssl: &OpenSsl, root: &Path) -> Self {
        Self { root: openssl.to_pem(root).unwrap() }
    }
}

/// Has OpenSSL verify the CMS of our seal, the time-stamp over it and the one over the document.
pub fn openssl_complaints(openssl: &OpenSsl, pem: &Pem, file: &SealedFile) -> Result<(), String> {
    let parts = Parts::of(file);
    let write = |extension: &str, bytes: &[u8]| {
        let path = file.path.with_extension(extension);
        fs::write(&path, bytes).unwrap();
        path
    };
    let (cms, covered) = (write("p7s", &parts.cms), write("covered", &parts.covered));
    let mut answers = vec![("signature", openssl.verify_cms(&cms, &covered, &pem.root, at(HOUR)).unwrap())];
    if let Some(token) = &parts.signature_token {
        let (token, value) = (write("tst", token), write("value", &parts.value));
        answers.push(("time-stamp", verify_token(openssl, pem, &token, &value)));
    }
    if let Some((token, covered)) = &parts.document_token {
        let (token, covered) = (write("doc-tst", token), write("doc-covered", covered));
        answers.push(("document time-stamp", verify_token(openssl, pem, &token, &covered)));
    }
    let expected = match file.wish.level {
        segl::ades::Level::B => 1,
        segl::ades::Level::Lta => 3,
        _ => 2,
    };
    if answers.len() != expected {
        return Err(format!("{}: {} things to verify, expected {expected}", file.name, answers.len()));
    }
    match answers.iter().find(|(_, said)| !said.success) {
        Some((what, said)) => Err(format!("{}: {what}: {}", file.name, said.text)),
        None => Ok(()),
    }
}

fn verify_token(openssl: &OpenSsl, pem: &Pem, token: &Path, data: &Path) -> Said {
    let time = at(HOUR).unix_seconds().to_string();
    let paths = [token, data, &pem.root].map(|path| path.to_str().unwrap());
    let [token, data, root] = paths;
    let arguments =
        ["ts", "-verify", "-token_in", "-in", token, "-data", data, "-CAfile", root, "-attime", &time];
    openssl.run(arguments).unwrap()
}

/// poppler's `pdftoppm`, which stands beside `pdfsig`.
pub struct PdfToPpm {
    program: PathBuf,
}

impl PdfToPpm {
    /// Finds `pdftoppm`.
    pub fn find() -> Result<Self, Skipped> {
        let missing = |why| Skipped { peer: "pdftoppm", why };
        let program = match env::var_os("SEGL_PEER_PDFSIG") {
            Some(pdfsig) if pdfsig.is_empty() => {
                return Err(missing("SEGL_PEER_PDFSIG switches poppler off".to_owned()));
            }
            Some(pdfsig) => PathBuf::from(pdfsig).with_file_name("pdftoppm"),
            None => "pdftoppm".into(),
        };
        let quiet = Command::new(&program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.map(|_| Self { program }).map_err(|error| missing(error.to_string()))
    }

    /// The first pages of a file as images, one after the other, each with its size in front.
    pub fn pages(&self, file: &Path) -> Vec<Vec<u8>> {
        let prefix = file.with_extension("page");
        let name = format!("{}-", prefix.file_name().unwrap().to_str().unwrap());
        let said = Command::new(&self.program).args(["-r", "50", "-l", "4"]).arg(file).arg(&prefix).output();
        assert!(said.unwrap().status.success(), "{}", file.display());
        let entries = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
        let mut pages: Vec<PathBuf> =
            entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&name)).collect();
        pages.sort();
        let images = pages.iter().map(|page| fs::read(page).unwrap()).collect();
        for page in pages {
            fs::remove_file(page).unwrap();
        }
        images
    }
}
