//! `segl crl show` and `segl ocsp show`: what they say, and their exit status.

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
use std::path::PathBuf;

use room::{Room, Said};
use segl::pdf::Limits;
use segl::read_pdf;
use segl_testkit::corpus::{self, Row};
use serde_json::Value;

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let octet = |value: usize| u8::try_from(value & 0xff).unwrap();
    let length = match content.len() {
        short @ 0..0x80 => vec![octet(short)],
        long => vec![0x83, octet(long >> 16), octet(long >> 8), octet(long)],
    };
    [vec![tag], length, content].concat()
}

fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&[6, 3, 0x55, 0x1d, last], flag, &tlv(4, &[value])])
}

fn utc(time: &str) -> Vec<u8> {
    tlv(0x17, &[time.as_bytes()])
}

fn entry(serial: &[u8], at: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { tlv(0x30, &[&extensions.concat()]) };
    tlv(0x30, &[&tlv(2, &[serial]), &utc(at), &extensions])
}

/// A CRL of 1 January 2026 whose signature is none; nobody verifies it here.
fn list(next_update: &[u8], entries: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = tlv(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[b"Some CA"])]);
    let issuer = tlv(0x30, &[&tlv(0x31, &[&attribute])]);
    let entries = if entries.is_empty() { Vec::new() } else { tlv(0x30, &[&entries.concat()]) };
    let extensions = tlv(0xa0, &[&tlv(0x30, &[&extensions.concat()])]);
    let parts: [&[u8]; 7] =
        [&[2, 1, 1], &algorithm, &issuer, &utc("260101000000Z"), next_update, &entries, &extensions];
    tlv(0x30, &[&tlv(0x30, &parts), &algorithm, &tlv(3, &[&[0, 1, 2, 3]])])
}

fn objects(said: &Said) -> Vec<Value> {
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for group in der.chunks(3) {
        let mut bits = 0;
        for place in 0..3 {
            bits = bits << 8 | usize::from(group.get(place).copied().unwrap_or(0));
        }
        for place in 0..4 {
            let is_there = place <= group.len();
            text.push(if is_there { char::from(LETTERS[bits >> (18 - 6 * place) & 63]) } else { '=' });
        }
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text.into_bytes()
}

/// A room with a sealed document, and the OCSP responses that are inside.
fn with_responses() -> (Room, Vec<Vec<u8>>) {
    let room = Room::new();
    assert_eq!(room.run(["seal", "contract.pdf", "--level", "lt"]).status, Some(0));
    let sealed = fs::read(room.path("contract.sealed.pdf")).unwrap();
    let reading = read_pdf(&sealed[..], Limits::default()).unwrap();
    let responses = reading.signatures[0].signature.evidence.ocsp_responses.clone();
    assert!(!responses.is_empty());
    (room, responses)
}

#[test]
fn own_list_as_der_pem_base64_and_standard_input() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    let said = room.run(["crl", "show", "home/root.crl"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{said:?}");
    for words in [
        "Certificate revocation list (CRL)\n",
        "CN=TEST Root CA",
        "Number        1\n",
        ", 365 days later\n",
        "ECDSA with SHA384",
        "all certificates of its issuer",
        "stay on the list",
        "Entries       none\n",
        "Signature     not verified\n",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    assert!(!said.stdout.contains("Odd"), "{said:?}");
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{said:?}");

    let der = fs::read(room.path("home/root.crl")).unwrap();
    let text = pem("X509 CRL", &der);
    let base64: Vec<u8> = text.split(|octet| *octet == b'\n').nth(1).unwrap().to_vec();
    room.write("root.pem", &text);
    room.write("root.b64", &base64);
    for file in ["root.pem", "root.b64"] {
        assert_eq!(room.run(["crl", "show", file]).stdout, said.stdout);
    }
    let file = fs::File::open(room.path("home/root.crl")).unwrap();
    let piped = Said::of(&room.command(["crl", "show", "-"]).stdin(file).output().unwrap());
    assert_eq!(piped.stdout, said.stdout);
    room.write("two.pem", &[text.clone(), text].concat());
    let numbers: Vec<_> = objects(&room.run(["crl", "show", "two.pem", "--report", "json"]))
        .iter()
        .map(|one| (one["number"].as_u64(), one["crl_number"].to_string(), one["error"].is_null()))
        .collect();
    assert_eq!(numbers, [(Some(1), "\"1\"".into(), true), (Some(2), "\"1\"".into(), true)]);
    assert!(room.run(["crl", "show", "two.pem"]).stdout.contains("\n\ntwo.pem 2 of 2: Certificate"));
}

#[test]
fn entries_are_counted_listed_and_looked_up() {
    let room = Room::new();
    let compromise = extension(21, false, &[10, 1, 1]);
    let mut entries: Vec<_> = (0..30_u8).map(|last| entry(&[0, 0xc0, last], "250601000000Z", &[])).collect();
    entries.push(entry(&[0x4a, 0x01], "250701000000Z", std::slice::from_ref(&compromise)));
    let number = extension(20, false, &[2, 2, 0x01, 0x00]);
    let key = extension(35, false, &tlv(0x30, &[&[0x80, 2, 0xab, 0xcd]]));
    room.write("a.crl", &list(&utc("260102000000Z"), &entries, &[number.clone(), key.clone()]));
    let said = room.run(["crl", "show", "a.crl"]);
    for words in [
        "Number        256\n",
        "24 hours later",
        "Entries       31, revoked from 2025-06-01T00:00:00Z to 2025-07-01T00:00:00Z:\n",
        "\n                no reason 30, keyCompromise 1\n",
        "  2025-06-01T00:00:00Z no reason 00c013\n",
        "and 11 more",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    assert!(!said.stdout.contains("00c014"), "{said:?}");
    let said = room.run(["crl", "show", "a.crl", "--entries", "31"]);
    assert!(said.stdout.contains("  2025-07-01T00:00:00Z keyCompromise 4a01\n"), "{said:?}");
    assert!(!said.stdout.contains(" more"), "{said:?}");

    let said = room.run(["crl", "show", "a.crl", "--serial", "C0:05", "--serial", "77"]);
    assert_eq!(said.status, Some(0));
    assert!(said.stdout.contains("  c005 is on this list:\n  2025-06-01T00:00:00Z"), "{said:?}");
    assert!(said.stdout.contains("  77 is not on this list\n"), "{said:?}");
    let said = room.run(["crl", "show", "a.crl", "--serial", "4A01", "--serial", "77", "--report", "json"]);
    let object = &objects(&said)[0];
    assert_eq!(object["entry_count"], 31);
    assert_eq!(object["reasons"]["keyCompromise"], 1);
    assert_eq!(object["looked_up"][0]["entries"][0]["revoked_at"], "2025-07-01T00:00:00Z");
    assert_eq!(object["looked_up"][1]["count"], 0);
    assert_eq!(room.run(["crl", "show", "a.crl", "--serial", "xyz"]).status, Some(2));
}

#[test]
fn what_is_odd_about_a_list_is_said() {
    let room = Room::new();
    let unknown = extension(99, true, &[5, 0]);
    let removed = extension(21, false, &[10, 1, 8]);
    let entries = [
        entry(&[1], "270101000000Z", &[]),
        entry(&[2], "250101000000Z", std::slice::from_ref(&removed)),
        entry(&[3], "250101000000Z", std::slice::from_ref(&unknown)),
    ];
    let scope = extension(28, false, &tlv(0x30, &[&[0x82, 1, 0xff]]));
    room.write("odd.crl", &list(&[], &entries, &[unknown.clone(), unknown, scope]));
    let object = &objects(&room.run(["crl", "show", "odd.crl", "--report", "json"]))[0];
    let odd = object["oddities"].to_string();
    for words in [
        "no nextUpdate",
        "no cRLNumber",
        "no authorityKeyIdentifier",
        "issuingDistributionPoint is not critical",
        "critical extension 2.5.29.99 is not known",
        "2.5.29.99 stands in it twice",
        "1 entry with removeFromCRL",
        "1 entry with a critical extension",
        "1 entry revoked after thisUpdate",
    ] {
        assert!(odd.contains(words), "{words}: {odd}");
    }
    assert_eq!(object["scope"]["only_authority_certificates"], true);
    let said = room.run(["crl", "show", "odd.crl"]);
    assert!(said.stdout.contains("  Odd           no nextUpdate"), "{said:?}");
    assert!(said.stdout.contains("certificates of authorities only"), "{said:?}");

    let last = tlv(0x18, &[b"99991231235959Z"]);
    let base = extension(27, true, &[2, 1, 7]);
    let number = extension(20, false, &[2, 1, 9]);
    room.write("last.crl", &list(&last, &[], std::slice::from_ref(&number)));
    room.write("delta.crl", &list(&utc("260102000000Z"), &[], &[number, base]));
    let said = room.run(["crl", "show", "last.crl", "delta.crl"]);
    for words in
        ["9999-12-31T23:59:59Z: this is the last list", "delta.crl: Delta CRL", "Changes since number 7"]
    {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
}

#[test]
fn what_cannot_be_read_exits_2_and_the_others_go_on() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    let root = fs::read(room.path("home/root.crl")).unwrap();
    room.write("half.crl", &root[..root.len() / 2]);
    let bad = list(&[], &[entry(&[1], "250101000000Z", &[]), entry(&[2], "259901000000Z", &[])], &[]);
    let at = bad.windows(6).position(|part| part == b"259901").unwrap() - 2;
    room.write("date.crl", &bad);
    let mut claims = list(&[], &[entry(&[1], "250101000000Z", &[])], &[]);
    let entry_at = claims.windows(5).position(|part| part == [2, 1, 1, 0x17, 0x0d]).unwrap() - 1;
    claims[entry_at] = 0x7f;
    room.write("length.crl", &claims);
    room.write("bad.pem", b"-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n");
    room.write("half.ors", &[0x30, 5, 0x0a, 1, 0]);
    room.write("empty.crl", b"");
    room.write("letter.txt", b"Dear Sir, no list is here.");
    let cases = [
        ("half.crl", "input ends too early at byte 0".to_owned()),
        ("date.crl", format!("at byte {at}")),
        ("length.crl", format!("input ends too early at byte {}", entry_at - 1)),
        ("bad.pem", "malformed PEM text at byte 25".to_owned()),
        ("empty.crl", "empty.crl is empty".to_owned()),
        ("letter.txt", "letter.txt holds no CRL".to_owned()),
        ("missing.crl", "missing.crl cannot be read".to_owned()),
        ("home", "home is a folder, not a file".to_owned()),
        ("home/root.cer", "root.cer holds a certificate, not a CRL".to_owned()),
        ("contract.pdf", "contract.pdf holds a PDF, not a CRL".to_owned()),
    ];
    for (file, words) in &cases {
        let said = room.run(["crl", "show", file, "home/root.crl", "--report", "json"]);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(said.stderr.contains(words.as_str()), "{words}: {said:?}");
        let objects = objects(&said);
        assert!(objects[0]["error"].as_str().unwrap().contains(words.as_str()), "{said:?}");
        assert!(objects[0]["file"] == *file && objects[1]["error"].is_null(), "{said:?}");
    }
    for (file, words) in [
        ("home/root.crl", "root.crl holds a CRL, not an OCSP response"),
        ("home/root.cer", "root.cer holds a certificate, not an OCSP response"),
        ("empty.crl", "empty.crl is empty"),
        ("bad.pem", "bad.pem holds \"X509 CRL\", not an OCSP response"),
        (
            "half.ors",
            "half.ors holds an OCSP response that cannot be read: not an OCSP message: input ends too early at byte 0",
        ),
    ] {
        let said = room.run(["ocsp", "show", file]);
        assert!(said.status == Some(2) && said.stderr.contains(words), "{words}: {said:?}");
    }
    let said = room.run(["crl", "show", "-"]);
    assert!(said.status == Some(2) && said.stderr.contains("standard input is empty"), "{said:?}");
}

#[test]
fn own_response_and_refusals_of_a_responder() {
    let (room, responses) = with_responses();
    for (number, response) in responses.iter().enumerate() {
        let name = format!("{number}.ors");
        room.write(&name, response);
        let said = room.run(["ocsp", "show", &name]);
        assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{said:?}");
        for words in [
            "OCSP response: successful\n",
            "verifies with certificate 1 below",
            "Answer 1      good\n",
            "of the responder, for signing OCSP responses, its own status is\n",
        ] {
            assert!(said.stdout.contains(words), "{words}: {said:?}");
        }
        assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{said:?}");
        let object = &objects(&room.run(["ocsp", "show", &name, "--report", "json"]))[0];
        assert_eq!(
            (&object["signature"], &object["answers"][0]["status"]),
            (&"intact".into(), &"good".into())
        );
        assert_eq!(object["certificates"][0]["is_responder"], true);
        assert!(object["oddities"].as_array().unwrap().is_empty(), "{object}");
    }
    // What is signed is another: produced a thousand years before.
    let mut changed = responses[0].clone();
    let at = changed.windows(4).position(|part| part == [0x18, 0x0f, b'2', b'0']).unwrap();
    changed[at + 2] = b'1';
    room.write("changed.ors", &changed);
    let object = &objects(&room.run(["ocsp", "show", "changed.ors", "--report", "json"]))[0];
    assert_eq!(object["signature"], "broken");
    assert!(object["oddities"].to_string().contains("thisUpdate is after producedAt"), "{object}");

    room.write("later.ors", &[0x30, 3, 0x0a, 1, 3]);
    let said = room.run(["ocsp", "show", "later.ors"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.stdout.starts_with("OCSP response: tryLater\n"), "{said:?}");
    assert!(said.stdout.contains("nobody signs such a response"), "{said:?}");
    let object = &objects(&room.run(["ocsp", "show", "later.ors", "--report", "json"]))[0];
    assert_eq!((&object["status"], &object["error"]), (&"tryLater".into(), &Value::Null));
}

/// The real files of the corpus say what its table says of them.
#[test]
fn files_of_others() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("revocation");
    let room = Room::new();
    let rows: Vec<Row> = corpus::rows(&folder.join("revocation-expected.tsv"));
    let path = |row: &Row| PathBuf::from(&folder).join(&row["path"]).to_str().unwrap().to_owned();
    let mut broken = 0;
    for kind in ["crl", "ocsp"] {
        let rows: Vec<_> = rows.iter().filter(|row| row["kind"] == kind && row["error"].is_empty()).collect();
        assert!(rows.len() > 20, "{kind}");
        let files: Vec<String> = rows.iter().map(|row| path(row)).collect();
        let arguments = [kind, "show", "--report", "json"].map(str::to_owned);
        let said = room.run(arguments.iter().chain(&files));
        assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
        let objects = objects(&said);
        assert_eq!(objects.len(), rows.len());
        for (object, row) in objects.iter().zip(rows) {
            let is = |field: &str, column: &str| {
                let value = object[field].as_str().unwrap_or_default();
                assert_eq!(value, row[column], "{field} of {}", row["path"]);
            };
            // The table leaves the parameters out, which name the digest of a PSS signature.
            if !row["signature_algorithm"].contains("PSS") {
                is("signature_algorithm", "signature_algorithm");
            }
            if kind == "crl" {
                is("this_update", "this_update");
                is("next_update", "next_update");
                is("crl_number", "crl_number");
                assert_eq!(object["entry_count"].to_string(), row["entries"], "{}", row["path"]);
                assert_eq!(object["is_delta"], row["delta"] != "no", "{}", row["path"]);
                assert_eq!(object["scope"].is_null(), row["idp"].is_empty(), "{}", row["path"]);
            } else {
                is("produced_at", "produced_at");
                assert_eq!(object["answers"].as_array().unwrap().len().to_string(), row["entries"]);
                let inside = object["certificates"].as_array().unwrap().len().to_string();
                assert_eq!(inside, row["embedded_certificates"], "{}", row["path"]);
                let is_tried = row["verified_by"] == "embedded";
                assert_eq!(object["signature"] == "intact", is_tried, "{}", row["path"]);
                // Where the response names somebody who is not inside, there is nothing to try.
                let is_broken = object["signature"] == "broken";
                assert!(!is_broken || row["signature_intact"] == "no", "{}", row["path"]);
                broken += usize::from(is_broken);
            }
        }
        let said = room.run([kind, "show"].map(str::to_owned).iter().chain(&files));
        assert_eq!(said.status, Some(0));
        // Names of files stand in the headlines, and are as long as they are.
        let wide = said.stdout.lines().find(|line| line.starts_with(' ') && line.chars().count() > 80);
        assert_eq!(wide, None);
    }
    assert_eq!(broken, 5, "bad signatures of responders whose certificate is inside");
}
