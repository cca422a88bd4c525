//! A seal that succeeds: what the person sees, what stands on the disk, and what does not.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod room;

use std::fs;

use room::{CONTRACT, Room};
use segl::crypto::{DigestAlgorithm, digest};
use segl::pdf::Document;
use segl_testkit::pki;
use serde_json::{Value, json};

#[test]
fn one_screen_one_file_one_record() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    for level in ["b", "t", "lt", "lta"] {
        for profile in ["seal-12h", "seal-10d", "seal-12h-assured"] {
            let said = room.run(["seal", "contract.pdf", "--force", "--level", level, "--profile", profile]);
            assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{said:?}");
            assert!(said.stdout.ends_with("Sealed: contract.sealed.pdf\n"), "{said:?}");
            assert!(said.stdout.lines().count() <= 32 && !said.stdout.contains('\u{1b}'), "{}", said.stdout);
            let sealed = fs::read(room.path("contract.sealed.pdf")).unwrap();
            assert!(sealed.starts_with(CONTRACT));
            let document = Document::open(sealed.as_slice()).unwrap();
            let reading = segl::pades::read(&document).unwrap();
            assert_eq!(reading.signatures.len(), 1, "{level} {profile}");
        }
    }
    let said =
        room.run(["seal", "contract.pdf", "-o", "p384.pdf", "--key", "p384", "--reference", "Case 2026/117"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let list = room.run(["records", "list"]).stdout;
    assert_eq!(list.lines().count(), 14, "{list}");
    assert!(list.lines().last().unwrap().ends_with("  Case 2026/117"), "{list}");
    assert!(list.lines().skip(1).all(|line| line.contains("  completed  ")), "{list}");
    let verified = room.run(["records", "verify"]);
    assert_eq!(verified.stdout, "The chain of 13 records is whole.\n");
}

#[test]
fn every_certificate_of_a_pem_file_is_trusted() {
    let room = Room::new();
    assert_eq!(room.run(["seal", "contract.pdf"]).status, Some(0));
    let pem = |name: &str| pki::pem(&fs::read(room.home().join(name)).unwrap());
    room.write("bundle.pem", (pem("ocsp-responder.cer") + &pem("root.cer")).as_bytes());
    fs::create_dir(room.path("anchors")).unwrap();
    fs::copy(room.path("bundle.pem"), room.path("anchors/bundle.pem")).unwrap();
    for trust in ["bundle.pem", "anchors"] {
        let said = room.run(["validate", "contract.sealed.pdf", "--trust", trust]);
        assert_eq!(said.status, Some(0), "{said:?}");
        assert!(said.stdout.contains("2 anchors from --trust"), "{said:?}");
    }
}

/// The name of a file is a stranger's word too.
#[cfg(unix)]
#[test]
fn names_of_files_stay_on_their_line() {
    let room = Room::new();
    let name = "a\u{1b}[2J\nSealed: b\u{202e}.pdf";
    fs::write(room.path(name), CONTRACT).unwrap();
    for file in [name, "c\u{1b}[2J\nSealed: d.pdf"] {
        let said = room.run(["seal", file]);
        assert_eq!(said.status, Some(if file == name { 0 } else { 2 }), "{said:?}");
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
            assert!(!text.contains("\nSealed: b") && !text.contains("\nSealed: d"), "{text}");
        }
    }
}

/// When, how exactly, whether it says it is qualified, and over what: of each time-stamp (S000-13).
#[test]
fn each_time_stamp_says_what_it_is_about() {
    let room = Room::new();
    assert_eq!(room.seal().status, Some(0));
    let said = room.run(["validate", "contract.sealed.pdf", "--report", "json"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let stamps = report["signatures"][0]["timestamps"].as_array().unwrap();
    let kinds = |stamp: &Value| {
        let objects = stamp["covers"]["objects"].as_array().unwrap();
        objects.iter().map(|object| object["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&stamps[0]), ["SIGNATURE"]);
    assert_eq!(stamps[0]["covers"]["objects"][0]["name"], report["signatures"][0]["id"]);
    for kind in ["SIGNATURE", "TIMESTAMP", "CERTIFICATE", "CRL", "OCSP_RESPONSE"] {
        assert!(kinds(&stamps[1]).contains(&kind.to_owned()), "{kind}");
    }
    for stamp in stamps {
        assert_eq!((&stamp["accuracy_seconds"], &stamp["qualification"]), (&json!(1.0), &Value::Null));
        assert_eq!((&stamp["claims_qualified"], &stamp["policy"]), (&json!(true), &json!("0.4.0.2023.1.1")));
        assert!(!stamp["checks"].as_array().unwrap().is_empty());
    }
    let said = room.run(["validate", "contract.sealed.pdf"]);
    assert!(
        said.stdout.contains("Z ± 1 s SIGNATURE_TIMESTAMP PASSED\n    by          CN=TEST"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("  over        signature Signature1\n"), "{}", said.stdout);
    assert!(
        said.stdout.contains(" octets of the file, signature Signature1, time-stamp "),
        "{}",
        said.stdout
    );
    assert!(!said.stdout.contains("warning"), "{}", said.stdout);
}

#[test]
fn sealed_twice_both_stand() {
    let room = Room::new();
    assert_eq!(room.run(["seal", "contract.pdf", "-o", "one.pdf"]).status, Some(0));
    assert_eq!(room.run(["seal", "one.pdf", "-o", "two.pdf"]).status, Some(0));
    let (one, two) = (fs::read(room.path("one.pdf")).unwrap(), fs::read(room.path("two.pdf")).unwrap());
    assert!(two.starts_with(&one));
    // A file over itself.
    assert_eq!(room.run(["seal", "two.pdf", "-o", "two.pdf", "--force"]).status, Some(0));
    assert!(fs::read(room.path("two.pdf")).unwrap().starts_with(&two));
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let room = Room::new();
    assert_eq!(room.seal().status, Some(0));
    for entry in fs::read_dir(room.home()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        if name.ends_with(".key") || name.starts_with("segl.db") {
            assert_eq!(mode, 0o600, "{name}");
        }
    }
}

/// Ways to write octets down: as they are, hexadecimal, base64 with its three possible beginnings left out.
fn written(octets: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    let mut ways = vec![octets.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for skipped in 0..3 {
        // In the middle of other octets base64 may begin at each of three places.
        let whole = base64(&octets[skipped..octets.len() - (octets.len() - skipped) % 3]);
        ways.push(whole.replace('+', "-").replace('/', "_").into_bytes());
        ways.push(whole.into_bytes());
    }
    ways
}

fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in octets.chunks_exact(3) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for shift in [18, 12, 6, 0] {
            text.push(char::from(DIGITS[(bits >> shift & 63) as usize]));
        }
    }
    text
}

/// Every digest of these octets in every writing.
fn digests(what: &str, octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];
    let of = |algorithm| written(digest(algorithm, octets).unwrap().as_bytes());
    let named = |algorithm| of(algorithm).into_iter().map(move |way| (format!("{algorithm} of {what}"), way));
    algorithms.into_iter().flat_map(named).collect()
}

fn occurs(needle: &[u8], hay: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// Nothing that is kept tells which document was sealed (S000-63).
#[test]
fn home_holds_no_trace_of_the_document() {
    let room = Room::new();
    let name = "Merger with Nordstern 7391.pdf";
    // Content that is nowhere else, in a comment that every reader passes over.
    let secret = b"% the price is 48 213 907 DKK, not a word to anybody\n";
    let at = CONTRACT.windows(9).rposition(|window| window == b"startxref").unwrap();
    let original = [&CONTRACT[..at], secret, &CONTRACT[at..]].concat();
    room.write(name, &original);
    let sealed_name = "Merger with Nordstern 7391.sealed.pdf";
    assert_eq!(room.run(["init"]).status, Some(0));
    let mut stdout = String::new();
    for level in ["b", "t", "lt", "lta"] {
        let said = room.run(["seal", name, "--force", "--level", level, "--reason", "Approved by the board"]);
        assert_eq!(said.status, Some(0), "{said:?}");
        stdout.push_str(&said.stdout);
    }
    let sealed = fs::read(room.path(sealed_name)).unwrap();
    // A sealing that fails, and one that was refused before it began.
    room.write("Nordstern broken 7391.pdf", &original[..original.len() / 2]);
    let failed = room.run(["seal", "Nordstern broken 7391.pdf"]);
    assert_eq!(failed.status, Some(2), "{failed:?}");

    let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
    needles.extend(digests("the original", &original));
    needles.extend(digests("the sealed file", &sealed));
    let document = Document::open(sealed.as_slice()).unwrap();
    let reading = segl::pades::read(&document).unwrap();
    for signature in reading.into_signatures() {
        for content in &signature.content {
            let found = content.found.as_ref().unwrap();
            for way in written(found.as_bytes()) {
                needles.push(("the digest of the covered octets".to_owned(), way));
            }
        }
        needles.extend(digests("the signed attributes", &signature.signed_bytes));
        needles.extend(digests("the signature value", signature.value.as_bytes()));
        for way in written(signature.value.as_bytes()) {
            needles.push(("the signature value".to_owned(), way));
        }
    }
    for text in
        ["Merger", "Nordstern", "48 213 907", "not a word", "Approved by the board", "street lighting"]
    {
        needles.push((text.to_owned(), text.as_bytes().to_vec()));
        needles.push((format!("{text} in UTF-16"), text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    }
    needles.push((
        "the folder".to_owned(),
        room.path("").to_str().unwrap().trim_end_matches('/').as_bytes().to_vec(),
    ));
    assert!(needles.len() > 100, "{}", needles.len());

    let mut stores = room.home_files();
    let list = room.run(["records", "list"]);
    stores.push(("segl records list".to_owned(), list.stdout.into_bytes()));
    assert!(stores.iter().any(|(name, _)| name == "segl.db"));
    for (store, bytes) in &stores {
        for (what, needle) in &needles {
            assert!(!occurs(needle, bytes), "{what} is in {store}");
        }
    }
    // The caller's own terminal names the file and nothing more about it.
    for (what, needle) in needles.iter().filter(|(what, _)| !["Merger", "Nordstern"].contains(&what.as_str()))
    {
        assert!(!occurs(needle, stdout.as_bytes()), "{what} is in the output");
        assert!(!occurs(needle, failed.stderr.as_bytes()), "{what} is in the error");
    }
}

/// A sealing that is killed in the middle leaves no trace of the document either: not in the home, and beside the output only the
/// caller's own part file.
#[cfg(unix)]
#[test]
fn killed_home_holds_no_trace_of_the_document() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    for word in ["key", "issued", "destroyed", "archive"] {
        let mut child =
            room.command(["seal", "contract.pdf", "--force"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().trim_start().starts_with(word)), "{word}");
        child.kill().unwrap();
        child.wait().unwrap();
        let hash = digest(DigestAlgorithm::Sha256, CONTRACT).unwrap();
        for (store, bytes) in room.home_files() {
            assert!(!occurs(b"contract", &bytes) && !occurs(b"street lighting", &bytes), "{word}: {store}");
            for way in written(hash.as_bytes()) {
                assert!(!occurs(&way, &bytes), "{word}: {store}");
            }
        }
    }
}
