//! `segl cert verify`: what it says, and its exit status.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod room;

use core::time::Duration;
use std::fs;

use room::{Room, Said};
use segl::crypto::{SoftwareKey, Time};
use segl::pdf::Limits;
use segl::read_pdf;
use segl::revocation::{CrlBuilder, Reason};
use segl::x509::Certificate;
use segl_testkit::pkits::{Pkits, TIME};
use serde_json::Value;

const HOUR: Duration = Duration::from_secs(3_600);

/// A room with a sealed document; the OCSP responses and the certificates inside stand beside it.
fn sealed() -> Room {
    let room = Room::new();
    assert_eq!(room.run(["seal", "contract.pdf", "--level", "lt"]).status, Some(0));
    let sealed = fs::read(room.path("contract.sealed.pdf")).unwrap();
    let reading = read_pdf(&sealed[..], Limits::default()).unwrap();
    let responses = &reading.signatures[0].signature.evidence.ocsp_responses;
    assert!(!responses.is_empty());
    for (number, response) in responses.iter().enumerate() {
        room.write(&format!("{number}.ors"), response);
    }
    room
}

fn certificate(room: &Room, name: &str) -> Certificate {
    Certificate::from_der(&fs::read(room.path(name)).unwrap()).unwrap()
}

/// A list of the home's root, made by its own key, that revokes the issuing authority.
fn revoking(room: &Room, this_update: Time, at: Time) -> Vec<u8> {
    let key = SoftwareKey::from_pkcs8_der(&fs::read(room.path("home/root.key")).unwrap()).unwrap();
    let root = certificate(room, "home/root.cer");
    let issuing = certificate(room, "home/issuing-ca.cer");
    let list = CrlBuilder::new(&root, 2, this_update, this_update + HOUR * 1_000);
    let prepared =
        list.revoked(issuing.serial(), at, Some(Reason::KeyCompromise)).unwrap().prepare().unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap().as_der().to_vec()
}

fn object(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn a_seal_is_good_with_all_that_is_inside_and_not_without() {
    let room = sealed();
    let path = ["cert", "verify", "contract.sealed.pdf", "--trust", "home/root.cer"];
    let said = room.run([&path[..], &["--crl", "home/root.crl", "--ocsp", "0.ors"]].concat());
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{said:?}");
    for words in [
        "contract.sealed.pdf: GOOD\n  Judged for    20",
        "  Certificate   CN=TEST Organisation Seal,",
        "good: OCSP response of ",
        "  Status signer CN=TEST OCSP Responder 1,",
        "it says that its status is not to be asked for\n",
        "  Issued by     CN=TEST Issuing CA 1,",
        "good: CRL of ",
        "  Trusted       CN=TEST Root CA,",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{said:?}");
    for (status, missing) in
        [(&["--crl", "home/root.crl"], "Organisation Seal"), (&["--ocsp", "0.ors"], "Issuing CA")]
    {
        let said = room.run([&path[..], status, &["--report", "json"]].concat());
        let object = object(&said);
        assert_eq!((said.status, object["verdict"].as_str()), (Some(1), Some("unknown")), "{said:?}");
        assert!(object["why"].as_str().unwrap().contains(missing), "{said:?}");
    }
    // Before the certificate, and when what is at hand is out of date.
    let at = |time: &str| {
        let options = ["--crl", "home/root.crl", "--ocsp", "0.ors", "--report", "json", "--at", time];
        let said = room.run([&path[..], &options].concat());
        assert_eq!(said.status, Some(1), "{said:?}");
        object(&said)
    };
    assert_eq!(at("2020-01-01T00:00:00Z")["verdict"], "no path");
    let late = at("2099-01-01T00:00:00Z");
    assert!(late["refused_paths"][0].as_str().unwrap().contains("valid until"), "{late}");
}

#[test]
fn files_one_by_one_and_anchors_of_a_folder() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    fs::create_dir(room.path("trusted")).unwrap();
    fs::copy(room.path("home/root.cer"), room.path("trusted/root.cer")).unwrap();
    let options = ["--trust", "trusted", "--crl", "home/root.crl", "--report", "json"];
    let said = room.run([&["cert", "verify", "home/issuing-ca.cer"], &options[..]].concat());
    assert_eq!((said.status, object(&said)["verdict"].as_str()), (Some(0), Some("good")), "{said:?}");

    let responder = ["cert", "verify", "home/ocsp-responder.cer"];
    let said = room.run([&responder[..], &options[..]].concat());
    assert_eq!((said.status, object(&said)["verdict"].as_str()), (Some(1), Some("no path")), "{said:?}");
    let said = room.run([&responder[..], &["--chain", "home/issuing-ca.cer"], &options[..]].concat());
    let found = object(&said);
    assert_eq!((said.status, found["verdict"].as_str()), (Some(1), Some("unknown")), "{said:?}");
    assert_eq!(
        (&found["path"][0]["status"], &found["path"][1]["status"]),
        (&"unknown".into(), &"good".into())
    );

    // Somebody else's authority of the same name.
    let other = Room::new();
    assert_eq!(other.run(["init"]).status, Some(0));
    fs::copy(other.path("home/root.cer"), room.path("other.cer")).unwrap();
    fs::copy(other.path("home/root.crl"), room.path("other.crl")).unwrap();
    let verify = ["cert", "verify", "home/issuing-ca.cer", "--report", "json"];
    let said = room.run([&verify[..], &["--trust", "other.cer", "--crl", "home/root.crl"]].concat());
    assert_eq!((said.status, object(&said)["verdict"].as_str()), (Some(1), Some("no path")), "{said:?}");
    let said = room.run([&verify[..], &["--trust", "trusted", "--crl", "other.crl"]].concat());
    let found = object(&said);
    assert_eq!((said.status, found["verdict"].as_str()), (Some(1), Some("unknown")), "{said:?}");
    assert!(found["path"][0]["why"][0].as_str().unwrap().contains("does not verify"), "{said:?}");
}

#[test]
fn a_revocation_counts_also_when_it_was_published_later() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    let made = certificate(&room, "home/issuing-ca.cer").not_before() + HOUR * 2;
    room.write("revoked.crl", &revoking(&room, made, made));
    room.write("later.crl", &revoking(&room, made + HOUR * 48, made));
    room.write("after.crl", &revoking(&room, made + HOUR * 48, made + HOUR * 47));
    let ask = |lists: &[&str], at: Time| {
        let at = at.to_string();
        let mut arguments =
            vec!["cert", "verify", "home/issuing-ca.cer", "--trust", "home/root.cer", "--at", &at];
        arguments.extend(lists.iter().flat_map(|list| ["--crl", *list]));
        room.run(&arguments)
    };
    let day_after = made + HOUR * 24;
    let said = ask(&["revoked.crl"], day_after);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.stdout.starts_with("home/issuing-ca.cer: REVOKED\n"), "{said:?}");
    assert!(said.stdout.contains(&format!("revoked at {made}, keyCompromise: CRL of\n")), "{said:?}");

    assert_eq!(ask(&["home/root.crl"], day_after).status, Some(0));
    let said = ask(&["home/root.crl", "later.crl"], day_after);
    assert!(said.status == Some(1) && said.stdout.contains(", as was published later\n"), "{said:?}");
    // At that time it was good, and nothing that came afterwards changes it.
    let said = ask(&["home/root.crl", "after.crl"], day_after);
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn what_cannot_be_read_exits_2() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    room.write("empty", b"");
    room.write("later.ors", &[0x30, 3, 0x0a, 1, 3]);
    let verify = ["cert", "verify", "home/issuing-ca.cer", "--trust", "home/root.cer", "--report", "json"];
    for (options, words) in [
        (&["--crl", "home/root.cer"][..], "root.cer holds a certificate, not a CRL"),
        (&["--crl", "missing"], "missing cannot be read"),
        (&["--ocsp", "home/root.crl"], "root.crl holds a CRL, not an OCSP response"),
        (&["--ocsp", "later.ors"], "the responder answered: tryLater"),
        (&["--chain", "empty"], "empty is empty"),
        (&["--trust", "empty"], "empty holds no certificate"),
        (&["--at", "yesterday"], "yesterday"),
    ] {
        let said = room.run([&verify[..], options].concat());
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(said.stderr.contains(words), "{words}: {said:?}");
        if options[0] != "--at" {
            assert!(object(&said)["error"].as_str().unwrap().contains(words), "{said:?}");
        }
    }
    let said = room.run(["cert", "verify", "home/issuing-ca.cer"]);
    assert!(said.status == Some(2) && said.stderr.contains("--trust"), "{said:?}");
}

/// NIST's PKITS, every case that has no inputs about policies, with its CRLs.
#[test]
fn cases_of_nist() {
    let Some(pkits) = Pkits::find() else { return };
    let room = Room::new();
    room.write("anchor.cer", &pkits.anchor());
    room.write("anchor.crl", &pkits.anchor_crl());
    for name in pkits.certificates() {
        room.write(&name, &pkits.certificate(&name));
    }
    let (mut agreed, mut wrong) = (0, Vec::new());
    let time = TIME.to_string();
    for case in pkits.cases() {
        let policies = &case.policies;
        let has_inputs = policies.require_explicit || policies.inhibit_mapping || policies.inhibit_any;
        if has_inputs || policies.acceptable.is_some() {
            continue;
        }
        let mut arguments = vec!["cert", "verify", &case.leaf, "--trust", "anchor.cer", "--at", &time];
        arguments.extend(["--crl", "anchor.crl", "--report", "json"]);
        for name in &case.others {
            arguments.extend(["--chain", name]);
        }
        for name in &case.crls {
            room.write(name, &pkits.crl(name));
            arguments.extend(["--crl", name]);
        }
        let said = room.run(&arguments);
        let verdict = object(&said)["verdict"].as_str().unwrap_or_default().to_owned();
        let is_as_expected = match case.name.as_str() {
            // Its list is signed with a key that has its parameters from the authority above, which are looked for in paths alone.
            "valid_dsa_parameter_inheritance_test5" => verdict == "unknown",
            _ if case.concern == "revoked" => verdict == "revoked",
            _ => (verdict == "good") == case.is_valid,
        };
        let is_told = said.status == Some(i32::from(verdict != "good"));
        if is_as_expected && is_told { agreed += 1 } else { wrong.push(format!("{} {verdict}", case.name)) }
    }
    assert!(agreed > 200 && wrong.is_empty(), "{}", wrong.join("\n"));
}
