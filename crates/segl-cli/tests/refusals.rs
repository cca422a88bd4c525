//! What cannot be sealed: one clear error, exit 2, no file, and the attempt in the record.

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
use std::process::Command;

use room::{CONTRACT, Room, Said};

/// Refuses to seal `name`, whose bytes these are, and records the attempt as it must.
#[track_caller]
fn refuses(name: &str, bytes: &[u8], what: &str) {
    let room = Room::new();
    room.write(name, bytes);
    let before = room.names();
    let said = room.run(["seal", name]);
    said.refused(what);
    assert!(said.stderr.contains(name), "{said:?}");
    leaves_nothing(&room, &before, "aborted: document", "approved");
}

/// No new file but the home; one record.
#[track_caller]
fn leaves_nothing(room: &Room, before: &[String], outcome: &str, step: &str) {
    let mut after = room.names();
    after.retain(|name| name != "home");
    assert_eq!(after, before);
    let rows = room.rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].outcome.as_str(), rows[0].step.as_str()), (outcome, step));
    room.records_verify();
}

/// Refuses a call about a sound contract.
#[track_caller]
fn refuses_call(arguments: &[&str], what: &str, outcome: &str, step: &str) -> Said {
    let room = Room::new();
    let before = room.names();
    let said = room.run([&["seal", "contract.pdf"], arguments].concat());
    said.refused(what);
    leaves_nothing(&room, &before, outcome, step);
    said
}

fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = CONTRACT.windows(from.len()).rposition(|window| window == from).unwrap();
    [&CONTRACT[..at], to, &CONTRACT[at + from.len()..]].concat()
}

#[test]
fn not_a_pdf() {
    refuses("note.pdf", b"Dear Sir or Madam", "not a PDF: no %PDF-");
}

#[test]
fn empty_file() {
    refuses("empty.pdf", b"", "not a PDF");
}

#[test]
fn truncated() {
    for part in [2, 3, 10] {
        refuses("half.pdf", &CONTRACT[..CONTRACT.len() * (part - 1) / part], "truncated: no ");
    }
}

#[test]
fn broken_cross_references() {
    let at = CONTRACT.windows(9).rposition(|window| window == b"startxref").unwrap();
    let beyond = [&CONTRACT[..at], b"startxref\n999999\n%%EOF\n"].concat();
    refuses(
        "broken.pdf",
        &beyond,
        "byte 999999: broken cross-reference data: the offset lies outside of the file",
    );
    refuses("broken.pdf", &replaced(b"\nxref\n", b"\nxrex\n"), "no cross-reference section starts here");
}

#[test]
fn encrypted_with_an_unknown_password() {
    let qpdf = |arguments: &[&str]| Command::new("qpdf").args(arguments).output();
    if qpdf(&["--version"]).is_err() {
        return println!("skipped: qpdf is not here");
    }
    let room = Room::new();
    let (from, to) = (room.path("contract.pdf"), room.path("secret.pdf"));
    let made =
        qpdf(&["--encrypt", "user", "owner", "256", "--", from.to_str().unwrap(), to.to_str().unwrap()])
            .unwrap();
    assert!(made.status.success(), "{made:?}");
    refuses("secret.pdf", &fs::read(to).unwrap(), "encrypted");
}

#[test]
fn certified_against_every_change() {
    // The contract with a signature in it whose DocMDP says P=1. What the signature is worth is not looked at.
    let update = b"20 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/Contents<00>\
        /ByteRange[0 1 2 1]/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]>>\
        \nendobj\n21 0 obj\n<</Type/Annot/Subtype/Widget/FT/Sig/T(Author)/V 20 0 R/Rect[0 0 0 0]/F 132>>\nendobj\n\
        1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]/SigFlags 3>>/Perms<</DocMDP 20 0 R>>>>\nendobj\n";
    let mut file = CONTRACT.to_vec();
    let offset = |needle: &[u8], file: &[u8]| file.windows(needle.len()).rposition(|w| w == needle).unwrap();
    let previous = offset(b"startxref\n", &file);
    let previous: String =
        String::from_utf8_lossy(&file[previous + 10..]).chars().take_while(char::is_ascii_digit).collect();
    file.extend_from_slice(update);
    let [one, twenty, twenty_one] =
        ["\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Acro", "20 0 obj\n", "21 0 obj\n"]
            .map(|needle| offset(needle.as_bytes(), &file));
    let xref = file.len();
    let table = format!(
        "xref\n1 1\n{:010} 00000 n \n20 2\n{twenty:010} 00000 n \n{twenty_one:010} 00000 n \n\
         trailer\n<</Size 22/Root 1 0 R/Prev {previous}>>\nstartxref\n{xref}\n%%EOF\n",
        one + 1
    );
    file.extend_from_slice(table.as_bytes());
    refuses("certified.pdf", &file, "forbidden by DocMDP: field \"Author\" certifies the document with P=1");
}

#[test]
fn no_such_input() {
    let room = Room::new();
    let before = room.names();
    room.run(["seal", "nowhere.pdf"]).refused("nowhere.pdf cannot be read");
    leaves_nothing(&room, &before, "aborted: document", "authenticated");
}

#[test]
fn input_is_a_folder() {
    let room = Room::new();
    fs::create_dir(room.path("folder.pdf")).unwrap();
    let before = room.names();
    room.run(["seal", "folder.pdf"]).refused("folder.pdf is a folder, not a file");
    leaves_nothing(&room, &before, "aborted: document", "authenticated");
}

#[cfg(unix)]
#[test]
fn input_never_ends() {
    let room = Room::new();
    let before = room.names();
    room.run(["seal", "/dev/zero", "-o", "out.pdf"]).refused("/dev/zero is a pipe or device, not a file");
    leaves_nothing(&room, &before, "aborted: document", "authenticated");
}

#[test]
fn output_folder_is_not_there() {
    let said = refuses_call(
        &["-o", "nowhere/out.pdf"],
        "nowhere/out.pdf cannot be written",
        "aborted: document",
        "authenticated",
    );
    assert!(said.stderr.contains("help: make the folder first"), "{said:?}");
}

#[test]
fn output_folder_is_a_file() {
    refuses_call(&["-o", "contract.pdf/out.pdf"], "cannot be written", "aborted: document", "authenticated");
}

#[test]
fn output_is_a_folder() {
    let room = Room::new();
    fs::create_dir(room.path("out.pdf")).unwrap();
    let before = room.names();
    room.run(["seal", "contract.pdf", "-o", "out.pdf", "--force"]).refused("out.pdf cannot be written");
    leaves_nothing(&room, &before, "aborted: document", "authenticated");
}

#[test]
fn output_exists() {
    let room = Room::new();
    room.write("contract.sealed.pdf", b"mine");
    let before = room.names();
    room.run(["seal", "contract.pdf"]).refused("contract.sealed.pdf is there already; give --force");
    leaves_nothing(&room, &before, "aborted: document", "authenticated");
    assert_eq!(fs::read(room.path("contract.sealed.pdf")).unwrap(), b"mine");
    assert_eq!(room.run(["seal", "contract.pdf", "--force"]).status, Some(0));
    assert!(fs::read(room.path("contract.sealed.pdf")).unwrap().starts_with(CONTRACT));
}

/// A file system that cannot be written, and one with room for the contract and not for its seal. Only root can make them.
#[cfg(target_os = "linux")]
#[test]
fn output_disk_is_full_or_read_only() {
    for (options, what) in [("ro,size=64k", "Read-only file system"), ("size=8k", "No space left on device")]
    {
        let room = Room::new();
        let disk = room.path("disk");
        fs::create_dir(&disk).unwrap();
        let disk = disk.to_str().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none", disk]).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            return println!("skipped: only root can mount a small disk");
        }
        let said = room.run(["seal", "contract.pdf", "-o", "disk/out.pdf"]);
        let left: Vec<_> = fs::read_dir(disk).unwrap().collect();
        assert!(Command::new("umount").arg(disk).status().unwrap().success());
        said.refused(what);
        assert!(said.stderr.contains("help: "), "{said:?}");
        assert!(left.is_empty(), "{left:?}");
        let step = if what.starts_with("No space") { "time-stamped" } else { "authenticated" };
        leaves_nothing(&room, &["contract.pdf", "disk"].map(str::to_owned), "aborted: document", step);
    }
}

/// The home's disk is full: no attempt is begun that could not be recorded, or it is found later.
#[cfg(target_os = "linux")]
#[test]
fn home_disk_is_full() {
    let room = Room::new();
    fs::create_dir(room.path("disk")).unwrap();
    let disk = room.path("disk");
    let disk = disk.to_str().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=400k", "none", disk]).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        return println!("skipped: only root can mount a small disk");
    }
    let unmounted =
        scopeguard(|| assert!(Command::new("umount").arg("-l").arg(disk).status().unwrap().success()));
    let home = format!("{disk}/home");
    assert_eq!(room.run(["--home", &home, "init"]).status, Some(0));
    // Fills what is left.
    let filler = room.path("disk/filler");
    drop(fs::write(&filler, vec![0_u8; 4 << 20]));
    let said = room.run(["--home", &home, "seal", "contract.pdf"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(!said.stderr.contains("panicked"), "{said:?}");
    assert_eq!(room.names(), ["contract.pdf", "disk"]);
    fs::remove_file(filler).unwrap();
    let again = room.run(["--home", &home, "seal", "contract.pdf"]);
    assert_eq!(again.status, Some(0), "{again:?}");
    let verified = room.run(["--home", &home, "records", "verify"]);
    assert_eq!(verified.status, Some(0), "{verified:?}");
    drop(unmounted);
}

fn scopeguard(act: impl Fn()) -> impl Drop {
    struct Guard<F: Fn()>(F);
    impl<F: Fn()> Drop for Guard<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    Guard(act)
}

#[test]
fn reference_names_the_file_or_holds_a_digest() {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let cases = [
        ("contract.pdf", "names the file that is being sealed"),
        ("see CONTRACT.PDF in the archive", "names the file that is being sealed"),
        (digest, "something like a digest at byte 0"),
        ("", "the reference text is empty"),
        ("two\nlines", "a control character at byte 3"),
    ];
    for (text, what) in cases {
        let room = Room::new();
        let said = room.run(["seal", "contract.pdf", "--reference", text]);
        said.refused(what);
        assert!(said.stderr.contains("help: "), "{said:?}");
        assert!(!said.stderr.contains(digest), "{said:?}");
        assert_eq!(room.rows(), []);
        assert_eq!(room.names(), ["contract.pdf", "home"]);
    }
}

#[test]
fn holder_file_is_wrong() {
    let sound = "[organisation]\ncountry = \"DK\"\nname = \"TEST A/S\"\nnumber = \"NTRDK-12345678\"\nunit = \"TEST Unit\"\n\
                 [person]\nname = \"TEST Person\"\nuuid = \"0f0e0d0c-0b0a-4908-8706-050403020100\"\nemail = \"p@test.invalid\"\n";
    let cases = [
        ("=", "line 1"),
        (&sound.replace("unit", "holder"), "unknown field `holder`"),
        (&sound.replace("country = \"DK\"\n", ""), "missing field `country`"),
        (&sound.replace("NTRDK-12345678", "12345678"), "the certificate cannot name this holder"),
        (&sound.replace("0f0e0d0c-", ""), "person.uuid is not a UUID"),
        (&sound.replace("p@test.invalid", "nobody"), "the record cannot hold this"),
    ];
    for (text, what) in cases {
        let room = Room::new();
        room.write("holder.toml", text.as_bytes());
        let said = room.run(["seal", "contract.pdf", "--holder", "holder.toml"]);
        said.refused(what);
        assert!(said.stderr.contains("holder.toml"), "{said:?}");
        assert_eq!(room.names(), ["contract.pdf", "holder.toml", "home"]);
    }
    let room = Room::new();
    room.run(["seal", "contract.pdf", "--holder", "nowhere.toml"]).refused("nowhere.toml cannot be read");
    room.write("holder.toml", sound.as_bytes());
    let said = room.run(["seal", "contract.pdf", "--holder", "holder.toml"]);
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn no_such_module() {
    let room = Room::new();
    room.write_secret("pin.txt", b"1234\n");
    let before = room.names();
    let device = ["--pkcs11", "/nowhere/module.so", "--token", "seals", "--pin-file", "pin.txt"];
    let said = room.run([&["seal", "contract.pdf"], &device[..]].concat());
    said.refused("\"/nowhere/module.so\" could not be loaded as a PKCS#11 module");
    assert!(said.stderr.contains("help: --pkcs11 is the path"), "{said:?}");
    leaves_nothing(&room, &before, "aborted: key generation", "authenticated");
}

#[test]
fn token_cannot_be_opened() {
    let Some(room) = Room::with_softhsm() else { return };
    let options = room.token_options();
    let seal = |token: &str, pin: &[u8]| {
        let pin_file = room.write_secret("pin.txt", pin);
        let pin_file = pin_file.to_str().unwrap();
        let device = ["--pkcs11", &options[1], "--token", token, "--pin-file", pin_file];
        room.run([&["seal", "contract.pdf", "contract.pdf"], &device[..]].concat())
    };
    let label = options[3].as_str();
    for (token, pin, what) in [
        ("nobody", &b"1234"[..], "no token is labelled \"nobody\"; the device has \"segl-test\""),
        (label, b"98989898", "the PIN is wrong"),
        (label, b"", "pin.txt\" is empty"),
    ] {
        let said = seal(token, pin);
        assert_eq!(said.status, Some(2), "{said:?}");
        // Once for each of the two files.
        assert_eq!(said.stderr.matches(what).count(), 2, "{said:?}");
        assert!(!said.stderr.contains("98989898"), "{said:?}");
    }
    let rows = room.rows();
    assert_eq!(rows.len(), 6, "{rows:?}");
    assert!(rows.iter().all(|row| row.outcome == "aborted: key generation" && row.step == "authenticated"));
    assert_eq!(room.names(), ["contract.pdf", "home", "pin.txt"]);
    room.run([
        "seal",
        "contract.pdf",
        "--pkcs11",
        &options[1],
        "--token",
        "no'body",
        "--pin-file",
        "pin.txt",
    ])
    .refused("the token label \"no'body\" cannot stand in a record");
    // The right PIN with a line end that is not part of it.
    let said = room.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn session_seals_once() {
    let room = Room::new();
    let holder = "[organisation]\ncountry = \"DK\"\nname = \"TEST A/S\"\nnumber = \"NTRDK-12345678\"\nunit = \"TEST Unit\"\n\
        [person]\nname = \"TEST Person\"\nuuid = \"0f0e0d0c-0b0a-4908-8706-050403020100\"\nemail = \"p@test.invalid\"\n\
        [authentication]\nsession = \"0f0e0d0c-0b0a-4908-8706-050403020101\"\nassurance = \"high\"\nassertion = \"_a1\"\n\
        issuer = \"https://idp.test.invalid\"\nsubject_format = \"urn:x\"\ncontext = \"urn:y\"\n";
    room.write("holder.toml", holder.as_bytes());
    room.write("other.pdf", CONTRACT);
    let said = room.run(["seal", "contract.pdf", "other.pdf", "--holder", "holder.toml"]);
    said.refused("other.pdf was not sealed: this session has given its seal");
    assert!(said.stderr.contains("help: a session and its assertion give one seal"), "{said:?}");
    // After a restart too, and with a new session for the same assertion.
    room.run(["seal", "other.pdf", "--holder", "holder.toml"]).refused("this session has given its seal");
    room.write("holder.toml", holder.replace("050403020101", "050403020102").as_bytes());
    room.run(["seal", "other.pdf", "--holder", "holder.toml"])
        .refused("this authentication has given its seal");
    assert_eq!(room.rows().len(), 1);
    assert!(!room.names().contains(&"other.sealed.pdf".to_owned()));
}

#[test]
fn home_is_damaged() {
    let sound = Room::new();
    assert_eq!(sound.run(["init"]).status, Some(0));
    let files = sound.home_files();
    let cases: [(&str, Option<&[u8]>, &str); 7] = [
        ("segl.db", None, "the records are gone"),
        ("segl.db", Some(&[7; 8192]), "the records in "),
        ("authority.toml", Some(b"base_url ="), "authority.toml is not a sound part of the authority"),
        ("root.cer", None, "root.cer cannot be read"),
        ("issuing-ca.key", Some(b""), "issuing-ca.key is not a sound part of the authority"),
        (
            "issuing-ca.key",
            Some(&files.iter().find(|file| file.0 == "root.key").unwrap().1),
            "does not fit together",
        ),
        ("root.crl", Some(b"0"), "root.crl is not a sound part of the authority"),
    ];
    for (name, bytes, what) in cases {
        let room = Room::new();
        fs::create_dir(room.home()).unwrap();
        for (name, bytes) in &files {
            fs::write(room.home().join(name), bytes).unwrap();
        }
        match bytes {
            Some(bytes) => fs::write(room.home().join(name), bytes).unwrap(),
            None => fs::remove_file(room.home().join(name)).unwrap(),
        }
        room.run(["seal", "contract.pdf"]).refused(what);
        assert_eq!(room.names(), ["contract.pdf", "home"], "{name}");
        assert!(bytes.is_some() || !room.home().join(name).exists(), "{name} was made anew");
    }
}

#[test]
fn several_files_fail_each_by_itself() {
    let room = Room::new();
    room.write("note.pdf", b"a note");
    let said = room.run(["seal", "note.pdf", "contract.pdf", "nowhere.pdf"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert_eq!(said.stderr.matches("segl: ").count(), 2, "{said:?}");
    let outcomes: Vec<_> = room.rows().into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, ["aborted: document", "completed", "aborted: document"]);
    assert_eq!(room.names(), ["contract.pdf", "contract.sealed.pdf", "home", "note.pdf"]);
    room.run(["seal", "note.pdf", "contract.pdf", "-o", "out.pdf"])
        .refused("-o names one file; 2 files were given");
}

#[test]
fn authority_that_cannot_be_made_leaves_nothing() {
    let room = Room::new();
    fs::create_dir(room.path("folder")).unwrap();
    fs::write(room.path("folder/mine"), b"mine").unwrap();
    let before = room.names();
    for (home, url, what) in [
        ("new", "http://localhost", "--base-url http://localhost will not do"),
        ("new", "pki.example.com", "does not start with http://"),
        ("folder", "http://pki.example.com", "folder holds other files and no authority"),
        ("contract.pdf", "http://pki.example.com", "contract.pdf cannot be written"),
    ] {
        let said = room.run(["init", "--home", home, "--base-url", url]);
        said.refused(what);
        assert!(said.stderr.contains("help: "), "{said:?}");
        assert_eq!(room.names(), before);
    }
}

#[test]
fn validation_that_cannot_be_run() {
    let room = Room::new();
    assert_eq!(room.seal().status, Some(0));
    let sealed = fs::read(room.path("contract.sealed.pdf")).unwrap();
    let validate = |arguments: &[&str]| room.run([&["validate", "contract.sealed.pdf"], arguments].concat());
    for (arguments, what) in [
        (["-o", "contract.sealed.pdf"], "would overwrite contract.sealed.pdf"),
        (["--evidence", "contract.pdf"], "contract.pdf is neither a CRL nor an OCSP response"),
        (["--trust", "contract.pdf"], "contract.pdf holds no certificate"),
        (["--home", "nowhere"], "there is no trust anchor"),
    ] {
        let said = validate(&arguments);
        said.refused(what);
        assert!(said.stderr.contains("help: "), "{said:?}");
    }
    assert_eq!(fs::read(room.path("contract.sealed.pdf")).unwrap(), sealed);
    let said = room.run(["validate", "."]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.stdout.contains(". is a folder, not a file"), "{said:?}");
}

/// What was changed has no proved time: the verdict stands before a time-stamp is asked.
#[test]
fn changed_content_has_no_proved_time() {
    let room = Room::new();
    assert_eq!(room.seal().status, Some(0));
    let mut sealed = fs::read(room.path("contract.sealed.pdf")).unwrap();
    let at = sealed.windows(6).position(|window| window == b"stream").unwrap() + 20;
    sealed[at] ^= 1;
    room.write("changed.pdf", &sealed);
    let said = room.run(["validate", "changed.pdf"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.stdout.contains("TOTAL_FAILED / HASH_FAILURE"), "{said:?}");
    assert!(said.stdout.contains("  proved time   none\n"), "{said:?}");
}
