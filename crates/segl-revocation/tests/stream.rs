//! CRLs written as they are made are those that are made in memory; and others read them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::cell::Cell;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::time::Duration;

use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{
    FileSource, KeyKind, PrehashError, SignatureAlgorithm, SignatureValue, SoftKind, SoftwareKey, Time,
    VerifyError, sha256,
};
use segl_revocation::{
    CrlBuilder, CrlIndex, CrlSubjects, CrlView, IndexLimits, IssueError, Reason, RevocationList, Revoked,
    StreamError,
};
use segl_testkit::peers::{OpenSsl, Scratch};
use segl_x509::Certificate;

const DAY: Duration = Duration::from_secs(86_400);

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

struct Issuer {
    key: SoftwareKey,
    certificate: Certificate,
}

fn issuer(kind: SoftKind) -> Issuer {
    let key = SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls)
        .key(key.kind())
        .prepare(None, &key.public_key_spki().unwrap(), &SerialNumber::from_random([1; 15]), now())
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    let certificate = prepared.assemble_verified(&value).unwrap();
    Issuer { key, certificate }
}

impl Issuer {
    fn list(&self, at: Time) -> CrlBuilder<'_> {
        CrlBuilder::new(&self.certificate, 7, at, at + DAY)
    }

    /// Made in memory.
    fn held(&self, mut builder: CrlBuilder<'_>, entries: &[Entry]) -> Vec<u8> {
        for entry in entries {
            builder = builder.revoked(&entry.serial, entry.at, entry.reason).unwrap();
        }
        let prepared = builder.prepare().unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap().as_der().to_vec()
    }

    /// Made as it is written, and how often the entries were asked for.
    fn streamed(&self, builder: CrlBuilder<'_>, entries: &[Entry]) -> (Vec<u8>, u32) {
        let asked = Cell::new(0);
        let again = || {
            asked.set(asked.get() + 1);
            given(entries)
        };
        let prepared = builder.prepare_to(Cursor::new(Vec::new()), again).unwrap();
        let value = self.key.sign_prehashed(prepared.to_be_signed()).unwrap();
        let out = prepared.assemble(&value).unwrap();
        assert_eq!(out.position(), out.get_ref().len() as u64);
        (out.into_inner(), asked.get())
    }
}

type Entry = Revoked<Vec<u8>>;

fn given(entries: &[Entry]) -> impl Iterator<Item = Result<Entry, Infallible>> {
    entries.iter().cloned().map(Ok)
}

/// Serial numbers of all lengths that an issuer may give, times of several years, with and without a reason.
fn entries(count: u32) -> Vec<Entry> {
    let reasons = [None, Some(Reason::Superseded), Some(Reason::Unspecified), Some(Reason::CertificateHold)];
    let entry = |number: u32| {
        let mut serial = sha256(&number.to_be_bytes())[..1 + number as usize % 20].to_vec();
        serial[0] = 0x40 | serial[0] & 0x3f;
        let at = now() - DAY * (number % 1000);
        Revoked { serial, at, reason: reasons[number as usize % reasons.len()] }
    };
    (0..count).map(entry).collect()
}

fn sixteen(count: u32) -> Vec<Entry> {
    let entry = |number: u32| {
        let mut serial = sha256(&number.to_be_bytes())[..16].to_vec();
        serial[0] = 0x40 | serial[0] & 0x3f;
        Revoked { serial, at: now(), reason: None }
    };
    (0..count).map(entry).collect()
}

#[test]
fn what_is_streamed_is_what_is_held() {
    for kind in [SoftKind::EcP256, SoftKind::EcP384] {
        let issuer = issuer(kind);
        for count in [0, 1, 2, 5, 100, 5000] {
            let entries = entries(count);
            let (streamed, asked) = issuer.streamed(issuer.list(now()), &entries);
            assert_eq!(streamed, issuer.held(issuer.list(now()), &entries), "{count}");
            assert_eq!(asked, 2);
            let view = CrlView::from_der(&streamed).unwrap();
            view.verify(&issuer.certificate).unwrap();
            assert_eq!(view.entries().count(), entries.len());
        }
        // With all that a list may say, entries of both kinds, and a time of the other half of the century.
        let late = Time::from_civil(2051, 1, 1, 0, 0, 0).unwrap();
        let builder = || {
            let builder = issuer.list(late).delta_since(3).freshest("http://a/b").keeps_expired_since(now());
            let builder = builder.found_at("http://a/c").only_for(CrlSubjects::Users);
            builder.revoked(&[9], late, Some(Reason::RemoveFromCrl)).unwrap()
        };
        let mut entries = entries(40);
        entries[7].at = late;
        entries[8].reason = Some(Reason::RemoveFromCrl);
        assert_eq!(issuer.streamed(builder(), &entries).0, issuer.held(builder(), &entries));
        assert_eq!(issuer.streamed(builder(), &[]).0, issuer.held(builder(), &[]));
    }
}

/// Whether the length in front takes two octets or three is known with the signature value: an ECDSA value has no fixed length.
#[test]
fn a_length_at_its_bound_is_written_right() {
    let issuer = issuer(SoftKind::EcP256);
    let empty = issuer.list(now()).prepare().unwrap().to_be_signed().as_bytes().len();
    // An entry takes 35 octets, a value 70 to 72, and what stands around it 15.
    let mut entries = sixteen(((65_536 - 120 - empty) / 35) as u32);
    let last = entries.len() - 1;
    let held = empty + 4 + entries.len() * 35;
    let bound = 65_536 - 72 - 15 - held;
    let (mut short, mut long, mut again) = (0, 0, 0);
    // A value is shorter than it could be three times out of four.
    for turn in 0..160 {
        let more = bound - 4 + turn % 10;
        entries[last].serial = vec![0x11; 16 + more];
        entries[0].serial[14] = turn as u8;
        let (streamed, asked) = issuer.streamed(issuer.list(now()), &entries);
        assert_eq!(streamed, issuer.held(issuer.list(now()), &entries), "{more}");
        match streamed[1] {
            0x82 => short += 1,
            0x83 => long += 1,
            other => panic!("{other:x}"),
        }
        again += u32::from(asked == 3);
        if asked == 3 {
            // What is written then must be what was signed.
            let turn = Cell::new(0);
            let changing = || {
                turn.set(turn.get() + 1);
                let mut entries = entries.clone();
                entries[0].serial[15] ^= u8::from(turn.get() == 3);
                entries.into_iter().map(Ok::<_, Infallible>)
            };
            let mut out = Cursor::new(Vec::new());
            let prepared = issuer.list(now()).prepare_to(&mut out, changing).unwrap();
            let value = issuer.key.sign_prehashed(prepared.to_be_signed()).unwrap();
            let error = prepared.assemble(&value).err().unwrap();
            assert!(matches!(error, StreamError::Changed), "{error}");
            assert!(CrlView::from_der(out.get_ref()).is_err());
        }
    }
    assert!(short > 0 && long > 0 && again > 0, "{short} {long} {again}");
}

#[test]
fn what_is_not_finished_is_no_list() {
    let issuer = issuer(SoftKind::EcP256);
    let entries = entries(300);
    let mut out = Cursor::new(b"before".to_vec());
    out.seek(SeekFrom::End(0)).unwrap();
    let prepared = issuer.list(now()).prepare_to(&mut out, || given(&entries)).unwrap();
    let wrong = issuer.key.sign_digest(&[7; 32]).unwrap();
    let error = prepared.assemble(&wrong).unwrap_err();
    let bad = IssueError::Signature(VerifyError::BadSignature);
    assert!(matches!(error, StreamError::Issue(ref issue) if *issue == bad), "{error}");
    assert!(CrlView::from_der(&out.get_ref()[6..]).is_err());
    assert!(CrlIndex::read(&out.get_ref()[6..], &IndexLimits::default()).is_err());

    // It begins where the writer stands.
    let mut out = Cursor::new(b"before".to_vec());
    out.seek(SeekFrom::End(0)).unwrap();
    let prepared = issuer.list(now()).prepare_to(&mut out, || given(&entries)).unwrap();
    let value = issuer.key.sign_prehashed(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap();
    let (before, list) = out.get_ref().split_at(6);
    assert_eq!((before, list), (&b"before"[..], &issuer.held(issuer.list(now()), &entries)[..]));
}

#[test]
fn entries_that_change_or_fail_make_no_list() {
    let issuer = issuer(SoftKind::EcP256);
    let few = entries(2);
    let mut turns = [entries(3), entries(4)].into_iter().cycle();
    let more = || turns.next().unwrap().into_iter().map(Ok::<_, Infallible>);
    let error = issuer.list(now()).prepare_to(Cursor::new(Vec::new()), more).unwrap_err();
    assert!(matches!(error, StreamError::Changed), "{error}");
    let mut turns = [entries(3), entries(2)].into_iter().cycle();
    let fewer = || turns.next().unwrap().into_iter().map(Ok::<_, Infallible>);
    let error = issuer.list(now()).prepare_to(Cursor::new(Vec::new()), fewer).unwrap_err();
    assert!(matches!(error, StreamError::Changed), "{error}");
    // Of the same length, but such as may not be there.
    let with = |reason| [Revoked { serial: [7], at: now(), reason: Some(reason) }];
    let mut turns = [with(Reason::Superseded), with(Reason::RemoveFromCrl)].into_iter().cycle();
    let other = || turns.next().unwrap().into_iter().map(Ok::<_, Infallible>);
    let error = issuer.list(now()).prepare_to(Cursor::new(Vec::new()), other).unwrap_err();
    assert!(matches!(error, StreamError::Issue(IssueError::TakenBackByCompleteList)), "{error}");

    let failing = || [Ok(entries(1).remove(0)), Err(io::Error::other("the database is gone"))];
    let error = issuer.list(now()).prepare_to(Cursor::new(Vec::new()), failing).unwrap_err();
    assert!(matches!(&error, StreamError::Entries(why) if why.to_string() == "the database is gone"));

    let refused = |entry: Entry| {
        let again = || given(std::slice::from_ref(&entry));
        match issuer.list(now()).prepare_to(Cursor::new(Vec::new()), again).unwrap_err() {
            StreamError::Issue(error) => error,
            other => panic!("{other}"),
        }
    };
    let entry = |serial: &[u8], at, reason| Revoked { serial: serial.to_vec(), at, reason };
    let late = now() + DAY;
    let in_future = IssueError::RevokedInFuture { at: late, this_update: now() };
    assert_eq!(refused(entry(&[7], late, None)), in_future);
    assert_eq!(refused(entry(&[], now(), None)), IssueError::Serial);
    let taken_back = refused(entry(&[7], now(), Some(Reason::RemoveFromCrl)));
    assert_eq!(taken_back, IssueError::TakenBackByCompleteList);

    let part = issuer.list(now()).only_for_reasons(&[Reason::KeyCompromise]).unwrap();
    let error = part.prepare_to(Cursor::new(Vec::new()), || given(&few)).unwrap_err();
    assert!(matches!(error, StreamError::Issue(IssueError::ReasonOutOfScope)), "{error}");

    let ed25519 = SignatureAlgorithm::ED25519;
    let builder = issuer.list(now()).signed_with(ed25519);
    let error = builder.prepare_to(Cursor::new(Vec::new()), || given(&[])).unwrap_err();
    let no_digest = PrehashError::NoDigest { algorithm: ed25519 };
    assert!(matches!(error, StreamError::Prehash(ref why) if *why == no_digest), "{error}");
}

/// Takes so many octets and no more.
struct Full(Cursor<Vec<u8>>, usize);

impl Write for Full {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.1 = self.1.checked_sub(octets.len()).ok_or(io::ErrorKind::StorageFull)?;
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for Full {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_full_disk_is_told() {
    let issuer = issuer(SoftKind::EcP256);
    let entries = sixteen(4000);
    let size = issuer.held(issuer.list(now()), &entries).len();
    let is_full = |error: StreamError| {
        assert!(matches!(error, StreamError::Write(ref why) if why.kind() == io::ErrorKind::StorageFull));
    };
    for room in [0, 3, 70_000, size - 100] {
        let out = Full(Cursor::new(Vec::new()), room);
        is_full(issuer.list(now()).prepare_to(out, || given(&entries)).unwrap_err());
    }
    // Room for what is signed, and for the value, but not for the length in front.
    for room in [size - 40, size] {
        let out = Full(Cursor::new(Vec::new()), room);
        let prepared = issuer.list(now()).prepare_to(out, || given(&entries)).unwrap();
        let value = issuer.key.sign_prehashed(prepared.to_be_signed()).unwrap();
        is_full(prepared.assemble(&value).err().unwrap());
    }
}

/// A list in a file is asked by position, and OpenSSL verifies it and counts its entries.
#[test]
fn a_list_in_a_file_is_read_by_us_and_by_openssl() {
    let issuer = issuer(SoftKind::EcP256);
    let scratch = Scratch::new().unwrap();
    let path = scratch.path().join("list.crl");
    let entries = sixteen(20_000);
    let prepared = issuer.list(now()).prepare_to(File::create(&path).unwrap(), || given(&entries)).unwrap();
    let value = issuer.key.sign_prehashed(prepared.to_be_signed()).unwrap();
    drop(prepared.assemble(&value).unwrap());

    let source = FileSource::new(File::open(&path).unwrap()).unwrap();
    let index = CrlIndex::read(source, &IndexLimits::default()).unwrap();
    index.verify_signer(&issuer.certificate).unwrap();
    assert_eq!(index.len(), entries.len());
    let subject = issuer.certificate.subject();
    assert_eq!(index.look_up(&entries[19_999].serial, subject).unwrap().listed.unwrap().at, now());
    assert_eq!(index.look_up(&[1], subject).unwrap().listed, None);

    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    let anchor = scratch.write("root.crt", issuer.certificate.as_der()).unwrap();
    let said = ask_openssl(&openssl, &path, &anchor);
    assert!(said.contains("verify OK"), "{said}");
    assert_eq!(said.matches("Serial Number:").count(), entries.len());
    // Another issuer of the same name did not sign it.
    let other = scratch.write("other.crt", self::issuer(SoftKind::EcP256).certificate.as_der()).unwrap();
    let said = ask_openssl(&openssl, &path, &other);
    assert!(!said.contains("verify OK"), "{said}");
}

fn ask_openssl(openssl: &OpenSsl, list: &std::path::Path, anchor: &std::path::Path) -> String {
    let anchor = openssl.to_pem(anchor).unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let arguments = ["crl", "-inform", "DER", "-noout", "-text", "-in"].map(str::to_owned);
    let further = [text(list), "-CAfile".to_owned(), text(&anchor)];
    openssl.run(arguments.into_iter().chain(further)).unwrap().text
}

/// An RSA issuer made by OpenSSL, whose key signs the digest there.
#[test]
fn an_rsa_key_elsewhere_signs_the_digest() {
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    let scratch = Scratch::new().unwrap();
    let file = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &str, files: &[(&str, &str)]| {
        let mut all: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        all.extend(files.iter().flat_map(|(option, name)| [(*option).to_owned(), file(name)]));
        let said = openssl.run(all).unwrap();
        assert!(said.success, "{}", said.text);
    };
    let request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=RSA -days 3650 -outform DER -sha256";
    run(request, &[("-keyout", "key.pem"), ("-out", "root.crt")]);
    let root = std::fs::read(file("root.crt")).unwrap();
    let certificate = Certificate::from_der(&root).unwrap();
    assert_eq!(certificate.public_key().unwrap().kind(), KeyKind::Rsa { bits: 2048 });
    let entries = entries(2000);
    for scheme in ["pkcs1", "pss"] {
        let mut builder = CrlBuilder::new(&certificate, 1, now(), now() + DAY);
        let mut options = "pkeyutl -sign -pkeyopt digest:sha256".to_owned();
        if scheme == "pss" {
            let pss = segl_crypto::SignatureScheme::RsaPss { salt_len: 32 };
            let sha256 = Some(segl_crypto::DigestAlgorithm::Sha256);
            builder = builder.signed_with(SignatureAlgorithm::new(pss, sha256).unwrap());
            options.push_str(" -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32");
        }
        let name = format!("{scheme}.crl");
        let out = File::create(file(&name)).unwrap();
        let asked = Cell::new(0);
        let again = || {
            asked.set(asked.get() + 1);
            given(&entries)
        };
        let prepared = builder.prepare_to(out, again).unwrap();
        scratch.write("digest", prepared.to_be_signed().digest().as_bytes()).unwrap();
        run(&options, &[("-inkey", "key.pem"), ("-in", "digest"), ("-out", "value")]);
        let value = SignatureValue::from_octets(std::fs::read(file("value")).unwrap());
        drop(prepared.assemble(&value).unwrap());
        assert_eq!(asked.get(), 2);
        let view = CrlView::from_der(&std::fs::read(file(&name)).unwrap()).unwrap();
        view.verify(&certificate).unwrap();
        assert_eq!(view.entries().count(), entries.len());
        let said = ask_openssl(&openssl, &scratch.path().join(&name), &scratch.path().join("root.crt"));
        assert!(said.contains("verify OK"), "{said}");
    }
}
