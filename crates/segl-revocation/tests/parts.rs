//! Lists for a part of the certificates of an issuer, and answers that are made once and for all: what is issued is read back, decided
//! upon, and judged by OpenSSL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::path::PathBuf;
use std::time::Duration;

use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{DigestAlgorithm, SoftKind, SoftwareKey, Time};
use segl_revocation::{
    CertId, CrlBuilder, CrlSubjects, CrlView, Freshness, IssueError, OcspResponseBuilder, OcspView,
    OnlyIssuer, Question, Reason, RevocationList, SingleStatus, Status, WhyUnknown, decide, oid,
};
use segl_testkit::peers::{OpenSsl, Scratch};
use segl_x509::{Certificate, ReasonFlags};

const DAY: Duration = Duration::from_secs(86_400);

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

struct Pki {
    key: SoftwareKey,
    root: Certificate,
    /// An authority below the root.
    authority: Certificate,
    /// An end entity below the root.
    user: Certificate,
    /// Where both say that their list is.
    url: String,
}

fn pki() -> Pki {
    let (names, urls) =
        (AuthorityNames::test().unwrap(), AuthorityUrls::new("http://pki.example.com").unwrap());
    let key = key();
    let make = |role, issuer: Option<&Certificate>, own: &SoftwareKey, number: u8| {
        let profile = AuthorityProfile::new(role, &names, &urls).key(own.kind());
        let (spki, serial) = (own.public_key_spki().unwrap(), SerialNumber::from_random([number; 15]));
        let prepared = profile.prepare(issuer, &spki, &serial, now()).unwrap();
        let value = key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble_verified(&value).unwrap()
    };
    let root = make(AuthorityRole::Root, None, &key, 1);
    let authority = make(AuthorityRole::IssuingCa, Some(&root), &self::key(), 2);
    let user = make(AuthorityRole::TimeStampUnit, Some(&root), &self::key(), 3);
    let points = user.crl_distribution_points().unwrap().unwrap();
    let url = points[0].uris().next().unwrap().to_owned();
    Pki { key, root, authority, user, url }
}

impl Pki {
    fn list(&self) -> CrlBuilder<'_> {
        CrlBuilder::new(&self.root, 5, now() + DAY, now() + DAY * 2)
    }

    fn sign(&self, builder: CrlBuilder<'_>) -> CrlView {
        let prepared = builder.prepare().unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap()
    }

    fn respond(&self, builder: OcspResponseBuilder<'_>) -> OcspView {
        let prepared = builder.prepare().unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap()
    }

    fn status(&self, certificate: &Certificate, lists: &[&CrlView]) -> Status {
        let question = Question::new(certificate, &self.root, now() + DAY).freshness(Freshness::Any);
        let lists: Vec<&dyn RevocationList> = lists.iter().map(|list| *list as _).collect();
        decide(&question, &lists, &[], &OnlyIssuer).answer.status
    }
}

/// OpenSSL with a folder for what it reads.
struct Judge {
    openssl: OpenSsl,
    scratch: Scratch,
    root: PathBuf,
}

impl Judge {
    /// `None` without OpenSSL, which it says.
    fn find(root: &Certificate) -> Option<Self> {
        let openssl = OpenSsl::find().map_err(|skipped| skipped.report()).ok()?;
        let scratch = Scratch::new().unwrap();
        let root = openssl.to_pem(&scratch.write("root.crt", root.as_der()).unwrap()).unwrap();
        Some(Self { openssl, scratch, root })
    }

    fn certificate(&self, name: &str, certificate: &Certificate) -> PathBuf {
        self.openssl.to_pem(&self.scratch.write(name, certificate.as_der()).unwrap()).unwrap()
    }

    /// Whether it accepts a certificate by these lists.
    fn accepts(&self, certificate: &Certificate, lists: &[&CrlView]) -> (bool, String) {
        let at = (now() + DAY).unix_seconds().to_string();
        let mut arguments: Vec<std::ffi::OsString> =
            ["verify", "-crl_check", "-extended_crl", "-attime", &at, "-CAfile"].map(Into::into).into();
        arguments.push(self.root.clone().into());
        for (number, list) in lists.iter().enumerate() {
            let der = self.scratch.write(&format!("{number}.crl"), list.as_der()).unwrap();
            let pem = der.with_extension("crl.pem");
            let mut convert: Vec<std::ffi::OsString> =
                ["crl", "-inform", "DER", "-in"].map(Into::into).into();
            convert.extend([der.into_os_string(), "-out".into(), pem.clone().into_os_string()]);
            assert!(self.openssl.run(convert).unwrap().success);
            arguments.extend(["-CRLfile".into(), pem.into_os_string()]);
        }
        arguments.push(self.certificate("asked.crt", certificate).into());
        let said = self.openssl.run(arguments).unwrap();
        (said.success, said.text)
    }
}

#[test]
fn a_list_for_some_certificates_is_for_no_others() {
    let pki = pki();
    let users = pki.sign(pki.list().found_at(&pki.url).only_for(CrlSubjects::Users));
    let authorities = pki.sign(pki.list().only_for(CrlSubjects::Authorities));
    let elsewhere = pki.sign(pki.list().found_at("http://elsewhere.example.com/a.crl").found_at("http://b/"));

    let scope = users.issuing_distribution_point().unwrap().unwrap();
    assert!(scope.only_user_certificates && !scope.only_authority_certificates);
    assert!(scope.distribution_point.is_some() && scope.only_some_reasons.is_none());
    let scope = authorities.issuing_distribution_point().unwrap().unwrap();
    assert!(scope.only_authority_certificates && scope.distribution_point.is_none());
    assert!(users.extension(oid::ISSUING_DISTRIBUTION_POINT).unwrap().is_critical());
    assert!(pki.sign(pki.list()).extension(oid::ISSUING_DISTRIBUTION_POINT).is_none());

    let out = Status::Unknown(WhyUnknown::OutOfScope);
    let judge = Judge::find(&pki.root);
    for (certificate, list, expected) in [
        (&pki.user, &users, Status::Good),
        (&pki.authority, &users, out.clone()),
        (&pki.user, &authorities, out.clone()),
        (&pki.authority, &authorities, Status::Good),
        (&pki.user, &elsewhere, out.clone()),
    ] {
        assert_eq!(pki.status(certificate, &[list]), expected);
        if let Some(judge) = &judge {
            let (accepts, text) = judge.accepts(certificate, &[list]);
            assert_eq!(accepts, expected == Status::Good, "{text}");
        }
    }
}

#[test]
fn lists_for_some_reasons_add_up() {
    let pki = pki();
    let compromised = [Reason::KeyCompromise, Reason::CaCompromise, Reason::AaCompromise];
    let others = [
        Reason::AffiliationChanged,
        Reason::Superseded,
        Reason::CessationOfOperation,
        Reason::CertificateHold,
        Reason::PrivilegeWithdrawn,
    ];
    let first = pki.sign(pki.list().only_for_reasons(&compromised).unwrap());
    let rest = || pki.list().only_for_reasons(&others).unwrap();
    let second = pki.sign(rest());
    let reasons =
        |list: &CrlView| list.issuing_distribution_point().unwrap().unwrap().only_some_reasons.unwrap();
    assert_eq!(reasons(&first).union(reasons(&second)), ReasonFlags::ALL);
    assert!(reasons(&first).intersection(reasons(&second)).is_empty());

    let superseded = Some(Reason::Superseded);
    let gone = pki.sign(rest().revoked(pki.user.serial(), now(), superseded).unwrap());
    let alone = Status::Unknown(WhyUnknown::SomeReasonsOnly);
    let revoked = Status::Revoked { at: now(), reason: superseded };
    let judge = Judge::find(&pki.root);
    for (lists, expected) in [
        (&[&first][..], &alone),
        (&[&second], &alone),
        (&[&first, &second], &Status::Good),
        (&[&gone], &revoked),
        (&[&first, &gone], &revoked),
    ] {
        assert_eq!(pki.status(&pki.user, lists), *expected);
        if let Some(judge) = &judge {
            let (accepts, text) = judge.accepts(&pki.user, lists);
            assert_eq!(accepts, *expected == Status::Good, "{text}");
        }
    }

    // A list says only what it is for; a delta CRL may take back.
    for reason in [None, Some(Reason::KeyCompromise), Some(Reason::Other(11))] {
        let list = rest().revoked(&[7], now(), reason).unwrap();
        assert_eq!(list.prepare().unwrap_err(), IssueError::ReasonOutOfScope);
    }
    let back = rest().delta_since(3).revoked(&[7], now(), Some(Reason::RemoveFromCrl)).unwrap();
    assert!(pki.sign(back).is_delta());
    let error = pki.list().only_for_reasons(&[Reason::Unspecified]).unwrap_err();
    assert_eq!(error, IssueError::NoPartOfReasons);
}

/// The digest of the CertID is the one that OpenSSL is asked with.
fn id(certificate: &Certificate, issuer: &Certificate) -> CertId {
    CertId::new(certificate.serial(), issuer, DigestAlgorithm::Sha256).unwrap()
}

#[test]
fn what_was_never_issued_is_said_to_be_on_hold_since_1970() {
    let pki = pki();
    let builder = || OcspResponseBuilder::new(&pki.root, now() + DAY, now() + DAY * 2);
    let nonce = Some(vec![7; 32]);
    let response = pki.respond(builder().nonce(nonce.clone()).never_issued(&id(&pki.user, &pki.root)));
    assert_eq!(response.nonce(), nonce);
    let single = &response.responses()[0];
    assert!(single.is_never_issued());
    let types = response.extensions().iter().map(|extension| (extension.oid(), extension.is_critical()));
    let types: Vec<_> = types.map(|(oid, critical)| (oid.to_string(), critical)).collect();
    let expected = [oid::OCSP_NONCE, oid::OCSP_EXTENDED_REVOKE].map(|oid| (oid.to_string(), false));
    assert_eq!(types, expected);
    let reason = Some(Reason::CertificateHold);
    let status = Status::Revoked { at: Time::from_unix(0), reason };
    assert_eq!(response.status_of(&pki.user, &pki.root).status, status);
    // Where nothing such is said, nothing says that it could be.
    let plain = pki.respond(builder().good(&id(&pki.user, &pki.root), now()).unwrap());
    assert!(plain.extensions().is_empty());

    let Some(judge) = Judge::find(&pki.root) else { return };
    // OpenSSL asks with a nonce of its own.
    let response = pki.respond(builder().never_issued(&id(&pki.user, &pki.root)));
    let answer = judge.scratch.write("answer.ocsp", response.as_der()).unwrap();
    let user = judge.certificate("user.crt", &pki.user);
    let said = judge.openssl.verify_ocsp(&answer, &user, &judge.root, &judge.root, now() + DAY).unwrap();
    assert!(said.text.contains("Response verify OK"), "{}", said.text);
    assert!(said.text.contains("revoked") && said.text.contains("certificateHold"), "{}", said.text);
    assert!(said.text.contains("Jan  1 00:00:00 1970"), "{}", said.text);
}

#[test]
fn a_last_response_stays_for_ever() {
    let pki = pki();
    let cutoff = pki.root.not_before();
    let last = || OcspResponseBuilder::last(&pki.root, now() + DAY).archive_cutoff(cutoff);
    let response = pki.respond(last().good(&id(&pki.user, &pki.root), now()).unwrap());
    let single = &response.responses()[0];
    assert_eq!(single.status, SingleStatus::Good);
    assert!(response.as_der().windows(15).any(|part| part == b"99991231235959Z"));
    // Long after the certificate is over, to whom it matters then.
    let late = now() + DAY * 365 * 40;
    let current = Freshness::Current { grace: Duration::ZERO };
    let question = Question::new(&pki.user, &pki.root, late).freshness(current);
    assert!(decide(&question, &[], &[&response], &OnlyIssuer).is_good());
    let usual = OcspResponseBuilder::new(&pki.root, now() + DAY, now() + DAY * 2).archive_cutoff(cutoff);
    let usual = pki.respond(usual.good(&id(&pki.user, &pki.root), now()).unwrap());
    assert!(!decide(&question, &[], &[&usual], &OnlyIssuer).is_good());
    let asked = last().nonce(Some(vec![1; 16])).unknown(&id(&pki.user, &pki.root));
    assert_eq!(asked.prepare().unwrap_err(), IssueError::NonceInLast);

    let Some(judge) = Judge::find(&pki.root) else { return };
    let answer = judge.scratch.write("last.ocsp", response.as_der()).unwrap();
    let user = judge.certificate("user.crt", &pki.user);
    let said = judge.openssl.verify_ocsp(&answer, &user, &judge.root, &judge.root, now() + DAY).unwrap();
    assert!(said.text.contains("Response verify OK") && said.text.contains(": good"), "{}", said.text);
    assert!(said.text.contains("Next Update: Dec 31 23:59:59 9999 GMT"), "{}", said.text);
}
