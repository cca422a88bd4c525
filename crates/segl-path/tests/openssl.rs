//! OpenSSL as judge: of every case of PKITS that is not about revocation, and of paths made here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{Party, authority, authority_with, extension, key_above, now, own_key, permits, tlv};
use segl_crypto::Time;
use segl_path::{Anchors, Parameters, Pool, find};
use segl_testkit::peers::{OpenSsl, Said, Scratch};
use segl_testkit::pkits::{Pkits, Policies, TIME};
use segl_x509::{Certificate, oids};

/// OpenSSL takes no parameters from above (RFC 5280, 6.1.4 (d) and (e)); NIST expects that they are.
const DSA_PARAMETERS_FROM_ABOVE: &str = "40105";

/// OpenSSL with a folder for what it reads.
struct Judge {
    openssl: OpenSsl,
    scratch: Scratch,
}

impl Judge {
    /// `None` without OpenSSL, which it says.
    fn find() -> Option<Self> {
        match OpenSsl::find() {
            Ok(openssl) => Some(Self { openssl, scratch: Scratch::new().unwrap() }),
            Err(skipped) => {
                skipped.report();
                None
            }
        }
    }

    fn pem(&self, name: &str, der: &[u8]) -> PathBuf {
        self.openssl.to_pem(&self.scratch.write(name, der).unwrap()).unwrap()
    }

    fn verify(&self, leaf: &Path, others: &[PathBuf], anchor: &Path, at: Time, options: &[String]) -> Said {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mut arguments = vec!["verify".to_owned(), "-auth_level".to_owned(), "0".to_owned()];
        arguments.extend(["-attime".to_owned(), at.unix_seconds().to_string()]);
        arguments.extend(["-CAfile".to_owned(), text(anchor)]);
        arguments.extend(others.iter().flat_map(|other| ["-untrusted".to_owned(), text(other)]));
        arguments.extend_from_slice(options);
        arguments.push(text(leaf));
        self.openssl.run(arguments).unwrap()
    }
}

fn options(policies: &Policies) -> Vec<String> {
    let mut options = vec!["-policy_check".to_owned()];
    // Without a policy OpenSSL accepts none where one is required, and not any.
    let acceptable = policies.acceptable.clone().unwrap_or_else(|| vec!["2.5.29.32.0".to_owned()]);
    options.extend(acceptable.into_iter().flat_map(|policy| ["-policy".to_owned(), policy]));
    for (is_set, option) in [
        (policies.require_explicit, "-explicit_policy"),
        (policies.inhibit_mapping, "-inhibit_map"),
        (policies.inhibit_any, "-inhibit_any"),
    ] {
        options.extend(is_set.then(|| option.to_owned()));
    }
    options
}

/// Ours is held against what NIST expects in `pkits.rs`; here OpenSSL is, by the same table, so that a table read wrongly shows.
#[test]
fn openssl_judges_pkits_as_nist_does() {
    let (Some(pkits), Some(judge)) = (Pkits::find(), Judge::find()) else { return };
    let pem = |name: &str| {
        let known = judge.scratch.path().join(name).with_extension("pem");
        if known.exists() { known } else { judge.pem(name, &pkits.certificate(name)) }
    };
    let anchor = judge.pem("anchor.crt", &pkits.anchor());
    let (mut agreed, mut differ) = (0, Vec::new());
    for case in pkits.cases().iter().filter(|case| case.is_valid || case.concern == "path") {
        let others: Vec<PathBuf> = case.others.iter().map(|name| pem(name)).collect();
        let accepts =
            judge.verify(&pem(&case.leaf), &others, &anchor, TIME, &options(&case.policies)).success;
        if accepts == case.is_valid || (case.id == DSA_PARAMETERS_FROM_ABOVE && !accepts) {
            agreed += 1;
        } else {
            differ.push(format!("{} {}: {accepts}", case.id, case.name));
        }
    }
    println!("{agreed} as expected");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn openssl_agrees_about_paths_made_here() {
    let Some(judge) = Judge::find() else { return };
    let (old, new, other) = (Party::new("root"), Party::new("root"), Party::new("other"));
    let (middle, lower, holder) = (Party::new("middle"), Party::new("lower"), Party::new("leaf"));
    let root = old.certifies(&old, 1, &authority_with(&[own_key(b"old")]));
    let closed = extension(oids::BASIC_CONSTRAINTS, true, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]);
    let closed = [closed, authority().remove(1)];
    let mailbox = |text: &str| {
        let names = tlv(0x30, &[&tlv(0x81, &[text.as_bytes()])]);
        middle.certifies(&holder, 9, &[extension(oids::SUBJECT_ALT_NAME, false, &names)])
    };
    let only_here = old.certifies(&middle, 2, &authority_with(&[permits(b"\x81\x05b.com")]));
    let plain = old.certifies(&middle, 2, &authority());
    let leaf = middle.certifies(&holder, 3, &[]);
    let mut forged = plain.as_der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = Certificate::from_der(&forged).unwrap();
    let cases: [(&str, Certificate, Vec<Certificate>, bool); 12] = [
        ("plain", leaf.clone(), vec![plain.clone()], true),
        ("without its issuer", leaf.clone(), vec![], false),
        ("a forged issuer", leaf.clone(), vec![forged], false),
        ("no authority", leaf.clone(), vec![old.certifies(&middle, 4, &[])], false),
        // OpenSSL looks for no other certificate of a name than the anchor's, unless the key identifier says so.
        (
            "a new key of the root",
            new.certifies(&holder, 5, &[key_above(b"new")]),
            vec![old.certifies(&new, 6, &authority_with(&[own_key(b"new"), key_above(b"old")]))],
            true,
        ),
        (
            "a new key of a closed authority",
            lower.certifies(&holder, 7, &[]),
            vec![middle.certifies(&lower, 8, &authority()), old.certifies(&middle, 2, &closed)],
            false,
        ),
        ("closed, and nothing below", leaf.clone(), vec![old.certifies(&middle, 2, &closed)], true),
        ("a mailbox inside", mailbox("a@b.com"), vec![only_here.clone()], true),
        ("a mailbox outside", mailbox("a@c.com"), vec![only_here.clone()], false),
        ("no mailbox", leaf.clone(), vec![only_here], true),
        (
            "in a circle, with a way out",
            leaf.clone(),
            // OpenSSL takes the first issuer that fits and does not come back: the way out stands first for it.
            vec![
                old.certifies(&other, 1, &authority()),
                other.certifies(&middle, 1, &authority()),
                middle.certifies(&other, 1, &authority()),
            ],
            true,
        ),
        (
            "in a circle",
            leaf,
            vec![other.certifies(&middle, 1, &authority()), middle.certifies(&other, 1, &authority())],
            false,
        ),
    ];
    let anchor = judge.pem("root.crt", root.as_der());
    let anchors = Anchors::from_certificates([root]);
    for (number, (name, leaf, others, expected)) in cases.into_iter().enumerate() {
        let file =
            |place: usize, one: &Certificate| judge.pem(&format!("{number}-{place}.crt"), one.as_der());
        let files: Vec<PathBuf> = (1..).zip(&others).map(|(place, one)| file(place, one)).collect();
        let theirs = judge.verify(&file(0, &leaf), &files, &anchor, now(), &[]);
        let ours = find(&leaf, &Pool::from_certificates(others), &anchors, &Parameters::at(now())).is_ok();
        assert_eq!((ours, theirs.success), (expected, expected), "{name}: {}", theirs.text);
    }
}
