//! Asking, keeping, forgetting: over a transport that the test holds in its hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::MemoryRegister;
use segl_cms::encode::{element, object_identifier, sequence, unsigned_integer};
use segl_crypto::{DigestAlgorithm, Time, digest};
use segl_fetch::{
    Ask, Cause, Fetched, Fetcher, FileTransport, Keep, MemoryCache, MissingNonce, OcspMethod, Origin,
    Request, Sizes, Transport, Url, read_certificates,
};
use segl_revocation::{OcspError, OcspRequest, OcspView, ResponseStatus, SingleStatus};
use segl_testkit::pki::pem;
use segl_testkit::rng::SeededRng;
use segl_testkit::sealing::T0;
use segl_testkit::seals;
use segl_tsp::{Expectations, check_response, request};
use segl_x509::{Certificate, ObjectIdentifier};

const HOUR: Duration = Duration::from_secs(3600);
const URL: &str = "http://pki.example.com/x";

/// Answers by a function and counts.
struct Scripted<F> {
    script: F,
    asked: AtomicUsize,
    at_once: Mutex<(usize, usize)>,
}

impl<F: Fn(&Request<'_>) -> Result<Vec<u8>, Cause> + Send + Sync> Scripted<F> {
    fn new(script: F) -> Self {
        Self { script, asked: AtomicUsize::new(0), at_once: Mutex::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn most_at_once(&self) -> usize {
        self.at_once.lock().unwrap().1
    }
}

impl<F: Fn(&Request<'_>) -> Result<Vec<u8>, Cause> + Send + Sync> Transport for Scripted<F> {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        {
            let mut at_once = self.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        let answer = (self.script)(request);
        self.at_once.lock().unwrap().0 -= 1;
        answer
    }
}

struct Authority {
    authority: TestAuthority,
    register: MemoryRegister,
}

impl Authority {
    fn new() -> Self {
        let mut rng = SeededRng::new(1);
        let register = MemoryRegister::default();
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        let authority = seals::authority(keys, &register, T0 - 24 * HOUR, &mut rng);
        Self { authority, register }
    }

    fn crl(&self, at: Time) -> Vec<u8> {
        self.authority.ca_crl(&self.register, at).unwrap().as_der().to_vec()
    }

    fn responder(&self) -> Certificate {
        self.authority.material().ocsp_responder
    }

    fn issuer(&self) -> Certificate {
        self.authority.material().issuing_ca
    }

    fn ask(&self) -> Ask {
        Ask::ocsp(URL, &self.responder(), &self.issuer(), DigestAlgorithm::Sha1).unwrap()
    }
}

fn is_cached(fetched: &Fetched) -> bool {
    matches!(fetched.origin, Origin::Cache { .. })
}

#[test]
fn a_crl_is_kept_until_its_next_update_and_no_longer_than_allowed() {
    let authority = Authority::new();
    let crl = authority.crl(T0);
    let transport = Scripted::new(|request: &Request<'_>| {
        assert_eq!((request.url.as_str(), request.accept), (URL, "application/pkix-crl"));
        Ok(crl.clone())
    });
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    let ask = Ask::crl(URL);
    let first = fetcher.fetch(&ask, T0 + HOUR).unwrap();
    assert_eq!((first.origin, first.this_update), (Origin::Network, Some(T0)));
    for (later, cached) in [(2, true), (23, true), (24, false)] {
        let again = fetcher.fetch(&ask, T0 + later * HOUR).unwrap();
        assert_eq!(is_cached(&again), cached, "{later} hours later");
        assert_eq!(again.octets, first.octets);
    }
    // Past its nextUpdate it is given, for that is for others to judge, but not kept.
    assert!(!is_cached(&fetcher.fetch(&ask, T0 + 25 * HOUR).unwrap()));
    assert_eq!(transport.asked(), 3);

    let keep = Keep { crl: HOUR, ..Keep::default() };
    let brief = Fetcher::new(&transport, MemoryCache::new(1 << 20)).keep(keep);
    assert!(!is_cached(&brief.fetch(&ask, T0).unwrap()));
    assert!(is_cached(&brief.fetch(&ask, T0 + HOUR - Duration::from_secs(1)).unwrap()));
    assert!(!is_cached(&brief.fetch(&ask, T0 + HOUR).unwrap()));
}

#[test]
fn what_is_from_the_future_is_not_kept() {
    let authority = Authority::new();
    let transport = Scripted::new(|_: &Request<'_>| Ok(authority.crl(T0)));
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    let early = T0 - Duration::from_secs(301);
    for _ in 0..2 {
        assert!(!is_cached(&fetcher.fetch(&Ask::crl(URL), early).unwrap()));
    }
    let within_skew = T0 - Duration::from_secs(300);
    assert!(!is_cached(&fetcher.fetch(&Ask::crl(URL), within_skew).unwrap()));
    assert!(is_cached(&fetcher.fetch(&Ask::crl(URL), within_skew).unwrap()));
    // The clock was set back: what was stored later is not used.
    assert!(!is_cached(&fetcher.fetch(&Ask::crl(URL), within_skew - HOUR).unwrap()));
}

#[test]
fn who_needs_a_younger_one_gets_it() {
    let authority = Authority::new();
    let made = Mutex::new(T0);
    let transport = Scripted::new(|_: &Request<'_>| Ok(authority.crl(*made.lock().unwrap())));
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    fetcher.fetch(&Ask::crl(URL), T0).unwrap();
    *made.lock().unwrap() = T0 + HOUR;
    let now = T0 + HOUR;
    assert!(is_cached(&fetcher.fetch(&Ask::crl(URL).this_update_from(T0), now).unwrap()));
    let younger = fetcher.fetch(&Ask::crl(URL).this_update_from(T0 + HOUR), now).unwrap();
    assert_eq!((younger.origin, younger.this_update), (Origin::Network, Some(now)));
    assert!(is_cached(&fetcher.fetch(&Ask::crl(URL).this_update_from(now), now).unwrap()));
    assert!(!is_cached(&fetcher.fetch(&Ask::crl(URL).past_cache(), now).unwrap()));
    fetcher.forget(&Ask::crl(URL));
    assert!(!is_cached(&fetcher.fetch(&Ask::crl(URL), now).unwrap()));
}

#[test]
fn status_is_kept_by_issuer_and_serial_number() {
    let authority = Authority::new();
    let transport = Scripted::new(|request: &Request<'_>| {
        let body = request.body.unwrap();
        assert_eq!(body.content_type, "application/ocsp-request");
        Ok(authority.authority.respond(body.octets, &authority.register, T0))
    });
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    let first = fetcher.fetch(&authority.ask(), T0).unwrap();
    assert_eq!((first.origin, first.this_update), (Origin::Network, Some(T0)));
    // Another address, another algorithm of the CertID: the same certificate.
    let elsewhere =
        Ask::ocsp("http://h/", &authority.responder(), &authority.issuer(), DigestAlgorithm::Sha256).unwrap();
    assert!(is_cached(&fetcher.fetch(&elsewhere, T0 + Duration::from_secs(60)).unwrap()));
    assert!(!is_cached(&fetcher.fetch(&elsewhere, T0 + HOUR).unwrap()), "an hour is the default");
    let nonce = authority.ask().nonce(vec![7; 32]);
    assert!(!is_cached(&fetcher.fetch(&nonce, T0).unwrap()), "what is kept answers another request");
}

#[test]
fn that_a_certificate_is_not_known_is_not_kept() {
    let authority = Authority::new();
    let transport = Scripted::new(|request: &Request<'_>| {
        // Of a register that holds nothing.
        let octets = request.body.unwrap().octets;
        Ok(authority.authority.respond(octets, &MemoryRegister::default(), T0))
    });
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    for _ in 0..2 {
        let fetched = fetcher.fetch(&authority.ask(), T0).unwrap();
        let response = OcspView::from_der(&fetched.octets).unwrap();
        assert_eq!(response.responses()[0].status, SingleStatus::Unknown);
        assert!(!is_cached(&fetched));
    }
}

#[test]
fn ocsp_by_get() {
    let authority = Authority::new();
    let question =
        OcspRequest::about(&authority.responder(), &authority.issuer(), DigestAlgorithm::Sha1, None);
    let question = question.unwrap().to_der();
    let gets = AtomicUsize::new(0);
    let transport = Scripted::new(|request: &Request<'_>| {
        assert_eq!(request.base.as_str(), URL);
        let octets = match request.body {
            Some(body) => body.octets.to_vec(),
            None => {
                let path = request.url.as_str().strip_prefix(URL).unwrap().strip_prefix('/').unwrap();
                assert!(!path.contains(['+', '/', '=']) && path.len() < 255, "{path}");
                gets.fetch_add(1, Ordering::SeqCst);
                question.clone()
            }
        };
        Ok(authority.authority.respond(&octets, &authority.register, T0))
    });
    let fetcher = Fetcher::new(&transport, ()).ocsp_method(OcspMethod::Get);
    fetcher.fetch(&authority.ask(), T0).unwrap();
    assert_eq!(gets.load(Ordering::SeqCst), 1);
    // A nonce goes by POST, and so does what is too long after encoding: the CertID of SHA-512.
    fetcher.fetch(&authority.ask().nonce(vec![7; 32]), T0).unwrap();
    let long = Ask::ocsp(URL, &authority.responder(), &authority.issuer(), DigestAlgorithm::Sha512).unwrap();
    fetcher.fetch(&long, T0).unwrap();
    assert_eq!((transport.asked(), gets.load(Ordering::SeqCst)), (3, 1));
}

#[test]
fn nonces() {
    let authority = Authority::new();
    let respond = |nonce: Option<Vec<u8>>| {
        let id = (authority.responder(), authority.issuer());
        let question = OcspRequest::about(&id.0, &id.1, DigestAlgorithm::Sha1, nonce).unwrap();
        authority.authority.respond(&question.to_der(), &authority.register, T0)
    };
    let with = |nonce: Option<Vec<u8>>, missing| {
        let transport = Scripted::new(|_: &Request<'_>| Ok(respond(nonce.clone())));
        let fetcher = Fetcher::new(transport, ()).missing_nonce(missing);
        fetcher.fetch(&authority.ask().nonce(vec![7; 32]), T0).map(|_| ()).map_err(|error| error.cause)
    };
    assert!(with(Some(vec![7; 32]), MissingNonce::Refuse).is_ok());
    assert!(with(None, MissingNonce::Accept).is_ok());
    assert!(matches!(with(None, MissingNonce::Refuse), Err(Cause::Nonce)));
    assert!(matches!(with(Some(vec![8; 32]), MissingNonce::Accept), Err(Cause::Nonce)));
}

#[test]
fn answers_that_are_something_else() {
    let authority = Authority::new();
    let crl = authority.crl(T0);
    let with = |body: &[u8], ask: &Ask| {
        let transport = Scripted::new(|_: &Request<'_>| Ok(body.to_vec()));
        Fetcher::new(transport, ()).fetch(ask, T0).map(|_| ()).map_err(|error| error.cause)
    };
    let ocsp = authority.ask();
    let asks = [Ask::crl(URL), Ask::certificates(URL), ocsp.clone()];
    for ask in &asks {
        assert!(matches!(with(b"", ask), Err(Cause::Empty)));
        assert!(matches!(with(b"<!DOCTYPE html><title>Welcome</title>", ask), Err(Cause::Page)));
        assert!(matches!(with(b"\x1f\x8b\x08\0", ask), Err(Cause::Encoded { .. })));
        assert!(matches!(with(&crl[..crl.len() - 1], ask), Err(Cause::Truncated { .. })));
        assert!(with(&[0x30, 0], ask).is_err());
    }
    assert!(matches!(with(&[&crl[..], b"\n"].concat(), &asks[0]), Err(Cause::Trailing { octets: 1 })));
    assert!(matches!(with(&crl, &asks[1]), Err(Cause::Certificate(_))));
    assert!(matches!(with(&crl, &ocsp), Err(Cause::Ocsp(_))));
    assert!(matches!(with(authority.issuer().as_der(), &asks[0]), Err(Cause::Crl(_))));
    let later = ResponseStatus::TryLater.to_response_der();
    assert!(matches!(
        with(&later, &ocsp),
        Err(Cause::Ocsp(OcspError::NotSuccessful(ResponseStatus::TryLater)))
    ));
    let unit = authority.authority.material().time_stamp_unit;
    let other = OcspRequest::about(&unit, &authority.issuer(), DigestAlgorithm::Sha1, None).unwrap();
    let other = authority.authority.respond(&other.to_der(), &authority.register, T0);
    assert!(matches!(with(&other, &ocsp), Err(Cause::OtherCertificate)));
}

#[test]
fn certificates_in_every_form() {
    let authority = Authority::new();
    let material = authority.authority.material();
    let (root, issuer) = (material.root, material.issuing_ca);
    let oid = |text: &str| object_identifier(&ObjectIdentifier::new_unwrap(text));
    let both = [root.as_der(), issuer.as_der()].concat();
    let signed_data = sequence(&[
        unsigned_integer(&[1]),
        element(0x31, &[]),
        sequence(&[oid("1.2.840.113549.1.7.1")]),
        element(0xa0, &both),
        element(0x31, &[]),
    ]);
    let message = sequence(&[oid("1.2.840.113549.1.7.2"), element(0xa0, &signed_data)]);
    let two_in_pem = [pem(root.as_der()), "# and\n".to_owned(), pem(issuer.as_der())].concat();
    let message_in_pem = pem(&message).replace("CERTIFICATE", "PKCS7");
    let two = [root.clone(), issuer.clone()];
    for (body, expected) in [
        (issuer.as_der(), &two[1..]),
        (&message, &two),
        (pem(issuer.as_der()).as_bytes(), &two[1..]),
        (two_in_pem.as_bytes(), &two),
        (message_in_pem.as_bytes(), &two),
    ] {
        let transport = Scripted::new(|_: &Request<'_>| Ok(body.to_vec()));
        let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
        let fetched = fetcher.fetch(&Ask::certificates(URL), T0).unwrap();
        assert_eq!(read_certificates(&fetched.octets).unwrap(), expected);
        assert!(is_cached(&fetcher.fetch(&Ask::certificates(URL), T0 + 167 * HOUR).unwrap()));
        assert!(!is_cached(&fetcher.fetch(&Ask::certificates(URL), T0 + 168 * HOUR).unwrap()));
    }
    let crl = authority.crl(T0);
    let in_pem = pem(&crl).replace("CERTIFICATE", "X509 CRL");
    let fetcher = Fetcher::new(Scripted::new(|_: &Request<'_>| Ok(in_pem.clone().into_bytes())), ());
    assert_eq!(*fetcher.fetch(&Ask::crl(URL), T0).unwrap().octets, *crl, "a CRL is given in DER");
}

#[test]
fn failures_are_remembered_briefly() {
    let authority = Authority::new();
    let retry_after = Mutex::new(None);
    let is_well = Mutex::new(false);
    let transport = Scripted::new(|_: &Request<'_>| {
        if *is_well.lock().unwrap() {
            Ok(authority.crl(T0))
        } else {
            Err(Cause::Status { status: 503, retry_after: *retry_after.lock().unwrap() })
        }
    });
    let second = Duration::from_secs(1);
    for (asks_for, waits) in [(None, 30), (Some(60), 60), (Some(1), 30), (Some(86_400), 300)] {
        *retry_after.lock().unwrap() = asks_for.map(Duration::from_secs);
        *is_well.lock().unwrap() = false;
        let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
        let before = transport.asked();
        let first = fetcher.fetch(&Ask::crl(URL), T0).unwrap_err();
        assert!(matches!(first.cause, Cause::Status { status: 503, .. }));
        let last = T0 + waits * second - second;
        let again = fetcher.fetch(&Ask::crl(URL), last).unwrap_err();
        assert!(matches!(&again.cause, Cause::RecentlyFailed { until, .. } if *until == T0 + waits * second));
        assert!(again.to_string().contains("status 503"), "{again}");
        assert_eq!(transport.asked(), before + 1);
        *is_well.lock().unwrap() = true;
        assert!(fetcher.fetch(&Ask::crl("http://h/"), last).is_ok(), "another address is not concerned");
        assert!(fetcher.fetch(&Ask::crl(URL), T0 + waits * second).is_ok());
    }
}

#[test]
fn what_is_no_address_is_not_asked() {
    let transport = Scripted::new(|_: &Request<'_>| panic!("asked"));
    let fetcher = Fetcher::new(&transport, ());
    for _ in 0..2 {
        let error = fetcher.fetch(&Ask::crl("ldap://user:secret@h/cn=x?list"), T0).unwrap_err();
        assert!(matches!(&error.cause, Cause::Url(_)));
        assert_eq!(
            error.to_string(),
            "ldap://h/cn=x?… was not fetched: ldap is not supported: only http and https are"
        );
    }
}

#[test]
fn many_at_once_and_each_only_once() {
    let authority = Authority::new();
    let transport = Scripted::new(|request: &Request<'_>| {
        thread::sleep(Duration::from_millis(100));
        if request.url.as_str().ends_with("/bad") {
            return Err(Cause::Status { status: 404, retry_after: None });
        }
        Ok(authority.crl(T0))
    });
    let url = |n: usize| format!("http://h/{}", n % 6);
    let mut asks: Vec<Ask> =
        (0..18).map(|n| Ask::crl(url(n)).this_update_from(T0 + n as u32 * HOUR)).collect();
    asks.push(Ask::crl("http://h/bad"));
    let fetcher = Fetcher::new(&transport, ()).threads(NonZeroUsize::new(3).unwrap());
    let results = fetcher.fetch_all(&asks, T0);
    assert_eq!(results.len(), 19);
    assert!(results[..18].iter().all(Result::is_ok));
    assert!(matches!(&results[18], Err(error) if error.url == "http://h/bad"));
    assert_eq!((transport.asked(), transport.most_at_once()), (7, 3));
    assert!(fetcher.fetch_all(&[], T0).is_empty());

    // Threads of the caller's own share what is under way.
    let fetcher = Fetcher::new(&transport, ());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| fetcher.fetch(&Ask::crl(URL), T0).unwrap());
        }
    });
    assert_eq!(transport.asked(), 8);
}

#[test]
fn time_stamps() {
    let authority = Authority::new();
    let transport = Scripted::new(|asked: &Request<'_>| {
        let body = asked.body.unwrap();
        assert_eq!(
            (body.content_type, asked.accept),
            ("application/timestamp-query", "application/timestamp-reply")
        );
        Ok(authority.authority.stamp(body.octets, &[1, 2, 3], T0))
    });
    let fetcher = Fetcher::new(&transport, MemoryCache::new(1 << 20));
    let question = request(&digest(DigestAlgorithm::Sha256, b"content").unwrap(), &[7; 16]);
    let expected = Expectations { now: T0, tolerance: Duration::ZERO, certificates: &[] };
    for _ in 0..2 {
        let answer = fetcher.timestamp(URL, &question, T0).unwrap();
        assert!(check_response(&answer, &question, &expected).is_ok());
    }
    assert_eq!(transport.asked(), 2, "a time-stamp is never kept");
    let page = Fetcher::new(Scripted::new(|_: &Request<'_>| Ok(b"<html>".to_vec())), ());
    assert!(matches!(page.timestamp(URL, &question, T0).unwrap_err().cause, Cause::Page));
    assert!(matches!(page.timestamp("x", &question, T0).unwrap_err().cause, Cause::Url(_)));
}

#[test]
fn answers_from_files() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (list, status) = (folder.path().join("ca.crl"), folder.path().join("status.ors"));
    std::fs::write(&list, authority.crl(T0)).unwrap();
    let response = authority.authority.ocsp(&authority.responder(), &authority.register, T0).unwrap();
    std::fs::write(&status, response.as_der()).unwrap();
    let url = |text| Url::parse(text).unwrap();
    let transport = FileTransport::new()
        .file(url("http://h/ca.crl"), &list)
        .file(url(URL), &status)
        .file(url("http://h/gone"), folder.path().join("gone"))
        .file(url("http://h/folder"), folder.path());
    for method in [OcspMethod::Get, OcspMethod::Post] {
        let fetcher = Fetcher::new(transport.clone(), ()).ocsp_method(method);
        assert_eq!(*fetcher.fetch(&authority.ask(), T0).unwrap().octets, *response.as_der());
    }
    let fetcher = Fetcher::new(transport, ()).sizes(Sizes { crl: 100, ..Sizes::default() });
    let cause = |path: &str| fetcher.fetch(&Ask::crl(format!("http://h/{path}")), T0).unwrap_err().cause;
    assert!(matches!(cause("ca.crl"), Cause::TooLarge { limit: 100, .. }));
    assert!(matches!(cause("gone"), Cause::File(_)));
    assert!(matches!(cause("folder"), Cause::File(_)));
    assert!(matches!(cause("unknown"), Cause::NotMapped));
}
