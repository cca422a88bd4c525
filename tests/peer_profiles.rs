//! The other profiles: validity assured, P-384; and every certificate, list and response before pkilint.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use segl::ades::Level;
use segl_testkit::peers::{Dss, Finding, OpenSsl, PdfSig, Pkilint, Purpose, Pyhanko, Question, Scratch};

use crate::common::{
    DAY, HOUR, SealedFile, Wish, Workshop, YEAR, assert_none, at, documents,
    judges::{Pem, openssl_complaints, passed},
    later,
};

struct Sealed {
    root: PathBuf,
    root_crl: PathBuf,
    folder: PathBuf,
    /// Validity assured, P-256 and P-384.
    assured: Vec<SealedFile>,
    /// With pointers, P-384, both lives.
    p384: Vec<SealedFile>,
    /// With pointers, P-256, both lives, one document, B-B: for their certificates.
    plain: Vec<SealedFile>,
}

impl Sealed {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Sealed> = OnceLock::new();
        SHARED.get_or_init(|| {
            let workshop = Workshop::new("peer_profiles");
            let originals: Vec<_> = documents::all().into_iter().take(3).collect();
            let seal = |wishes: &dyn Fn(Level) -> Vec<Wish>| {
                let levels = [Level::B, Level::T, Level::Lt, Level::Lta];
                let wishes = levels.iter().flat_map(|&level| wishes(level));
                let each = wishes.flat_map(|wish| originals.iter().map(move |original| (original, wish)));
                each.map(|(original, wish)| workshop.seal(original, wish)).collect::<Vec<_>>()
            };
            Self {
                assured: seal(&|level| vec![Wish::assured(level), Wish::assured(level).p384()]),
                p384: seal(&|level| vec![Wish::hours_12(level).p384(), Wish::days_10(level).p384()]),
                plain: [Wish::hours_12(Level::B), Wish::days_10(Level::B)]
                    .map(|wish| workshop.seal(&originals[0], wish))
                    .into(),
                root: workshop.file("root.cer"),
                root_crl: workshop.file("root.crl"),
                folder: workshop.file(""),
            }
        })
    }

    /// Each kind of certificate once.
    fn one_of_each(files: &[SealedFile]) -> impl Iterator<Item = &SealedFile> {
        files.iter().filter(|file| file.name.starts_with("classic") && file.wish.level == Level::B)
    }
}

/// No status of the seal is there, and none is asked for; the authority's own stands in the root's list.
#[test]
fn dss_passes_validity_assured_seals_for_ten_years() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in &sealed.assured {
        let (times, status): (&[_], &[_]) = match file.wish.level {
            Level::Lt | Level::Lta => (&[HOUR, 13 * HOUR, 11 * DAY, YEAR, 3 * YEAR, 10 * YEAR], &[]),
            _ => (&[HOUR], &[&sealed.root_crl]),
        };
        for &time in times {
            let mut question = Question::new(&file.path, at(time)).trust(&sealed.root);
            for status in status {
                question = question.revocation(status);
            }
            verdicts.push(passed(dss, file, &question).map_err(|why| format!("{} {why}", later(time))));
        }
    }
    assert_none(&verdicts);
}

#[test]
fn dss_passes_seals_with_p384() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in &sealed.p384 {
        let times: &[_] = match file.wish.level {
            Level::Lta => &[HOUR, 13 * HOUR, 11 * DAY, YEAR, 3 * YEAR, 10 * YEAR],
            Level::Lt => &[HOUR, 11 * DAY],
            _ => &[HOUR],
        };
        for &time in times {
            let mut question = Question::new(&file.path, at(time)).trust(&sealed.root);
            if file.wish.level < Level::Lt {
                question = question.revocation(&sealed.root_crl).revocation(&file.status);
            }
            verdicts.push(passed(dss, file, &question).map_err(|why| format!("{} {why}", later(time))));
        }
    }
    assert_none(&verdicts);
}

/// pyHanko asks for status where a certificate names a place for it. Of validity-assured seals without a status its word about
/// archival data is "no proof of existence", so what counts is that it trusts them.
#[test]
fn pyhanko_trusts_the_other_profiles() {
    let pyhanko = match Pyhanko::shared() {
        Ok(pyhanko) => pyhanko,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in sealed.assured.iter().chain(&sealed.p384).filter(|file| file.wish.level == Level::Lta) {
        let question = Question::new(&file.path, at(HOUR)).trust(&sealed.root).clock(at(HOUR / 60));
        let report = pyhanko.judge(&question).unwrap();
        let ours = report.signatures.iter().find(|one| one.field == file.field);
        let right = ours.is_some_and(|one| {
            one.intact && one.valid && one.trusted && (file.wish.assured || one.indication == "PASSED")
        });
        let why = || format!("{}: {:?} {ours:?}", file.name, report.error);
        verdicts.push(if right { Ok(()) } else { Err(why()) });
    }
    assert_none(&verdicts);
}

#[test]
fn openssl_and_pdfsig_verify_the_other_profiles() {
    let sealed = Sealed::shared();
    let files = || sealed.assured.iter().chain(&sealed.p384);
    match OpenSsl::find() {
        Ok(openssl) => {
            let pem = Pem::new(&openssl, &sealed.root);
            assert_none(&files().map(|file| openssl_complaints(&openssl, &pem, file)).collect::<Vec<_>>());
        }
        Err(skipped) => skipped.report(),
    }
    match PdfSig::find() {
        Ok(pdfsig) => {
            let verdict = |file: &SealedFile| {
                let signatures = pdfsig.signatures(&file.path).unwrap();
                let valid = signatures
                    .iter()
                    .any(|one| one.field == file.field && one.validation == "Signature is Valid.");
                if valid { Ok(()) } else { Err(format!("{}: {signatures:?}", file.name)) }
            };
            assert_none(&files().map(verdict).collect::<Vec<_>>());
        }
        Err(skipped) => skipped.report(),
    }
}

#[test]
fn openssl_verifies_paths_and_status_strictly() {
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    // Another folder than the one of `Pem`: tests run at the same time.
    let scratch = Scratch::new().unwrap();
    let pem = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        openssl.to_pem(&scratch.write(name, &fs::read(path).unwrap()).unwrap()).unwrap()
    };
    let of_authority = |name: &str| pem(&sealed.folder.join(name));
    let (root, ca) = (of_authority("root.cer"), of_authority("ca.cer"));
    let (unit, responder) = (of_authority("unit.cer"), of_authority("responder.cer"));
    let mut paths =
        vec![(unit, Purpose::TimestampSign, vec![]), (responder, Purpose::OcspHelper, vec![ca.as_path()])];
    let seals = || sealed.plain.iter().chain(&sealed.p384).chain(&sealed.assured);
    for seal in seals().filter(|seal| seal.wish.level == Level::B && seal.name.starts_with("classic")) {
        let certificate = pem(&certificate_of(seal));
        if !seal.wish.assured {
            let said = openssl.verify_ocsp(&seal.status, &certificate, &ca, &root, at(HOUR)).unwrap();
            let good = said.text.contains("Response verify OK") && said.text.contains(": good");
            assert!(said.success && good, "{}: {}", seal.name, said.text);
        }
        paths.push((certificate, Purpose::SmimeSign, vec![ca.as_path()]));
    }
    for (certificate, purpose, above) in paths {
        let said = openssl.verify_path(&certificate, &above, &root, purpose, at(HOUR)).unwrap();
        assert!(said.success, "{}: {}", certificate.display(), said.text);
    }
}

fn codes(findings: &[Finding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding.code.rsplit('.').next().unwrap_or_default()).collect()
}

#[test]
fn pkilint_finds_nothing_in_certificates_lists_and_responses() {
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let file = |name: &str| sealed.folder.join(name);
    for certificate in ["root.cer", "ca.cer", "unit.cer", "responder.cer"] {
        assert_eq!(pkilint.certificate(&file(certificate)).unwrap(), [], "{certificate}");
    }
    for list in ["root.crl", "ca.crl"] {
        assert_eq!(pkilint.crl(&file(list)).unwrap(), [], "{list}");
    }
    let with_pointers = sealed.plain.iter().chain(Sealed::one_of_each(&sealed.p384));
    for seal in with_pointers {
        assert_eq!(pkilint.etsi_certificate(&certificate_of(seal)).unwrap(), [], "{}", seal.name);
        assert_eq!(pkilint.ocsp_response(&seal.status).unwrap(), [], "{}", seal.name);
    }
}

/// pkilint knows the edition of 2023-09 and has no type for authorities, time-stamp units and responders. What it holds against
/// ours is what must be so.
#[test]
fn pkilint_finds_only_what_must_be_so() {
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    // EN 319 412-2 (GEN-4.3.11-2A, GEN-4.4.1-8A) and RFC 9608: neither pointer where validity is assured.
    let without_pointers = BTreeSet::from(["crldp_extension_missing", "ocsp_aia_access_method_absent"]);
    for seal in Sealed::one_of_each(&sealed.assured) {
        let findings = pkilint.etsi_certificate(&certificate_of(seal)).unwrap();
        assert_eq!(codes(&findings), without_pointers, "{}: {findings:?}", seal.name);
    }
    let found = |name: &str| pkilint.etsi_certificate(&sealed.folder.join(name)).unwrap();
    // EN 319 412-2 exempts responders.
    assert_eq!(codes(&found("responder.cer")), without_pointers);
    // RFC 3161, 2.3: the extension is critical.
    assert_eq!(codes(&found("unit.cer")), BTreeSet::from(["eku_extension_is_critical"]));
    // Rules of end entities, held against an authority.
    assert_eq!(codes(&found("ca.cer")), BTreeSet::from(["unknown_key_usage_setting"]));
}

fn certificate_of(seal: &SealedFile) -> PathBuf {
    let path = seal.path.with_extension("cer");
    fs::write(&path, seal.certificate.as_der()).unwrap();
    path
}
