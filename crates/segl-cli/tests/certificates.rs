//! `segl cert`: what it says, and its exit status.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod room;

use std::fs;

use room::{Room, Said};
use serde_json::Value;

/// A room with a home: its certificates are at hand.
fn with_home() -> Room {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    room
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The root with its basicConstraints made not critical, which its signature no longer fits: the lint looks at no signature.
fn spoiled(root: &[u8]) -> Vec<u8> {
    // basicConstraints is 2.5.29.19, critical TRUE: the octet after the identifier says so.
    let start = [0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff];
    let at = root.windows(start.len()).position(|window| window == start).unwrap();
    let mut changed = root.to_vec();
    changed[at + 7] = 0x00;
    changed
}

#[test]
fn sound_certificate() {
    let room = with_home();
    let said = room.run(["cert", "lint", "home/root.cer"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.stdout.contains("root.cer: ca\n"), "{said:?}");
    assert!(said.stdout.contains("0 errors, 0 warnings, 0 notices"), "{said:?}");
    for json in [&["--json"][..], &["--report", "json"]] {
        let said = room.run([&["cert", "lint", "home/root.cer"], json].concat());
        let object = &objects(&said.stdout)[0];
        assert_eq!((said.status, object["profile"].as_str()), (Some(0), Some("ca")));
        assert!(object["findings"].as_array().unwrap().is_empty() && object["error"].is_null());
    }
}

#[test]
fn findings_have_rule_clause_and_place() {
    let room = with_home();
    let root = fs::read(room.path("home/root.cer")).unwrap();
    room.write("spoiled.cer", &spoiled(&root));
    let said = room.run(["cert", "lint", "home/root.cer", "spoiled.cer"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(
        said.stdout
            .contains("error   RFC 5280, 4.2.1.9, PKIX-4.2.1.9-CA: extensions.basicConstraints (byte "),
        "{said:?}"
    );
    let said = room.run(["cert", "lint", "spoiled.cer", "--json"]);
    let finding = &objects(&said.stdout)[0]["findings"][0];
    assert_eq!(finding["document"], "RFC 5280");
    assert_eq!(finding["rule"], "PKIX-4.2.1.9-CA");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["where"], "extensions.basicConstraints");
    let offset = usize::try_from(finding["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(spoiled(&root)[offset], 0x30);
}

#[test]
fn several_certificates_in_a_file() {
    let room = with_home();
    let root = fs::read(room.path("home/root.cer")).unwrap();
    room.write("two.der", &[root.clone(), spoiled(&root)].concat());
    let said = room.run(["cert", "lint", "two.der", "--json"]);
    let objects = objects(&said.stdout);
    assert_eq!((said.status, objects.len()), (Some(1), 2));
    assert_eq!((objects[0]["number"].as_u64(), objects[1]["number"].as_u64()), (Some(1), Some(2)));
}

#[test]
fn one_of_a_bundle_that_cannot_be_read_silences_no_other() {
    let room = with_home();
    let root = fs::read(room.path("home/root.cer")).unwrap();
    let crl = fs::read(room.path("home/root.crl")).unwrap();
    room.write("bundle.der", &[root.clone(), vec![0x30, 0], crl, spoiled(&root)].concat());
    let said = room.run(["cert", "lint", "bundle.der", "--json"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    let objects = objects(&said.stdout);
    assert_eq!(objects.len(), 4, "{said:?}");
    for (index, object) in objects.iter().enumerate() {
        let keys: Vec<_> = object.as_object().unwrap().keys().collect();
        assert_eq!(keys, objects[0].as_object().unwrap().keys().collect::<Vec<_>>());
        assert_eq!(object["number"], index + 1);
        assert_eq!(object["error"].is_null(), [0, 3].contains(&index), "{object}");
    }
    assert!(said.stderr.contains("bundle.der 2 of 4 holds a certificate that cannot be read"), "{said:?}");
    assert!(said.stderr.contains("bundle.der 3 of 4 holds a CRL, not a certificate"), "{said:?}");
    let shown = room.run(["cert", "show", "bundle.der"]);
    assert_eq!(shown.status, Some(2), "{shown:?}");
    assert!(
        shown.stdout.contains("bundle.der 1 of 4: ") && shown.stdout.contains("bundle.der 4 of 4: "),
        "{shown:?}"
    );
}

#[test]
fn what_cannot_be_read_exits_2_and_the_others_go_on() {
    let room = with_home();
    room.write("none.pem", b"no certificate");
    room.write("half.der", &fs::read(room.path("home/root.cer")).unwrap()[..100]);
    room.write("bad.pem", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let files = ["none.pem", "half.der", "bad.pem", "missing.cer", "home/root.cer"];
    let said = room.run([&["cert", "lint", "--json"], &files[..]].concat());
    assert_eq!(said.status, Some(2), "{said:?}");
    let objects = objects(&said.stdout);
    assert_eq!(objects.len(), files.len());
    for (object, file) in objects.iter().zip(files) {
        assert_eq!(object["file"], file);
        assert_eq!(object["error"].is_null(), file == "home/root.cer");
    }
    assert!(said.stderr.contains("none.pem holds no certificate"), "{said:?}");
    assert!(said.stderr.contains("at byte"), "{said:?}");
    assert!(said.stderr.contains("help: give certificates as they are issued"), "{said:?}");
    assert_eq!(room.run([&["cert", "show"], &files[..]].concat()).status, Some(2));
}

#[test]
fn something_else_is_called_by_its_name() {
    let room = with_home();
    room.write("empty.cer", b"");
    room.write("crl.pem", b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
    room.write(
        "cms.p7s",
        &[
            0x30, 0x0f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x02, 0x30,
            0x00,
        ],
    );
    room.write("torn.pdf", b"%PDF-1.7\n");
    for (file, words) in [
        ("empty.cer", "empty.cer is empty"),
        ("home", "home is a folder, not a file"),
        ("home/root.crl", "root.crl holds a CRL, not a certificate"),
        ("home/root.key", "root.key holds a key"),
        ("crl.pem", "crl.pem holds \"X509 CRL\", not a certificate"),
        ("cms.p7s", "cms.p7s holds CMS data"),
        ("torn.pdf", "torn.pdf is a PDF that cannot be read"),
        ("contract.pdf", "contract.pdf is a PDF without a signature"),
    ] {
        for verb in ["show", "lint"] {
            let said = room.run(["cert", verb, file]);
            assert_eq!(said.status, Some(2), "{said:?}");
            assert!(said.stderr.contains(words), "{said:?}");
        }
        let said = room.run(["cert", "lint", "--json", file]);
        let object = &objects(&said.stdout)[0];
        assert!(object["error"].as_str().unwrap().contains(words), "{said:?}");
        let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let root = room.run(["cert", "lint", "--json", "home/root.cer"]);
        assert_eq!(keys(object), keys(&objects(&root.stdout)[0]));
    }
}

#[test]
fn certificates_of_a_sealed_pdf_the_seal_first() {
    let room = Room::new();
    assert_eq!(room.run(["seal", "contract.pdf"]).status, Some(0));
    let said = room.run(["cert", "lint", "contract.sealed.pdf", "--json"]);
    let profiles: Vec<_> = objects(&said.stdout).iter().map(|one| one["profile"].to_string()).collect();
    assert_eq!((said.status, profiles.first().map(String::as_str)), (Some(0), Some("\"qcp-l-eidas\"")));
    for profile in ["\"ca\"", "\"ocsp-responder\"", "\"tsu\""] {
        assert!(profiles.iter().any(|found| found == profile), "{profiles:?}");
    }
    let said = room.run(["cert", "show", "contract.sealed.pdf"]);
    assert!(
        said.stdout.starts_with("contract.sealed.pdf 1 of 5: Certificate for an electronic seal\n"),
        "{said:?}"
    );
}

#[test]
fn standard_input_and_several_files() {
    let room = with_home();
    let root = fs::File::open(room.path("home/root.cer")).unwrap();
    let said = Said::of(&room.command(["cert", "lint", "-"]).stdin(root).output().unwrap());
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.stdout.starts_with("-: ca\n"), "{said:?}");
    let said = room.run(["cert", "lint", "-"]);
    assert!(said.status == Some(2) && said.stderr.contains("standard input is empty"), "{said:?}");
    let said = room.run(["cert", "show", "home/root.cer", "home/issuing-ca.cer"]);
    assert!(
        said.stdout.contains("\n\nhome/issuing-ca.cer: Certificate of a certification authority\n"),
        "{said:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn answer_that_cannot_be_written_is_an_error() {
    let room = with_home();
    let full = fs::File::create("/dev/full").unwrap();
    let said = Said::of(&room.command(["cert", "lint", "home/root.cer"]).stdout(full).output().unwrap());
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.stderr.contains("could not be written to standard output"), "{said:?}");
}

#[test]
fn another_profile_by_name() {
    let room = with_home();
    let said = room.run(["cert", "lint", "home/root.cer", "--profile", "ncp-legal-person"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.stdout.contains("EN 319 412-2, 4.3.2, NAT-4.3.2-1"), "{said:?}");
    let said = room.run(["cert", "lint", "home/root.cer", "--profile", "nonsense"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("qcp-l-qscd-eidas"), "the names there are: {said:?}");
}

#[test]
fn rules_are_listed() {
    let room = Room::new();
    let said = room.run(["cert", "lint", "--rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.stdout
            .contains("EN 319 412-3, 4.2.1, LEG-4.2.1-2: error, legal persons [Annex III (c), IV (ca)]")
    );
    let said = room.run(["cert", "lint", "--rules", "--json"]);
    assert!(objects(&said.stdout).len() > 80);
}

#[test]
fn a_certificate_is_shown() {
    let room = with_home();
    let said = room.run(["cert", "show", "home/root.cer"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    for words in [
        "Certificate of a certification authority",
        "CN=TEST Root CA",
        "Issued by                 itself",
        "EC P-384",
        "SHA-256 fingerprint",
        "basicConstraints !",
        "keyCertSign, cRLSign",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
}
