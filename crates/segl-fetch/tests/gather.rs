//! Evidence for one of our own seals, over HTTP on loopback.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use segl::ades::Level;
use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::{Lifetime, MemoryRegister};
use segl::key::{Curve, SoftToken};
use segl::pdf::{Document, Limits};
use segl::sealing::{MemoryJournal, Order, PdfDocument, PdfOptions};
use segl::validation::{Policy, validate};
use segl_crypto::{SoftKind, Time};
use segl_evidence::{Cover, Gathered, Gatherer, Need, Target};
use segl_fetch::{
    Ask, Budget, Cache, Cause, Fetcher, FileCache, HttpTransport, MemoryCache, OcspMethod, Resolve, Tried,
    Unanswered, gather,
};
use segl_path::Anchors;
use segl_revocation::{CrlView, OcspRequest};
use segl_testkit::pki::{self, Party};
use segl_testkit::rng::SeededRng;
use segl_testkit::sealing::{T0, log_id};
use segl_testkit::seals::{self, Sealer};
use segl_tsp::Token;
use segl_x509::Certificate;

use crate::common::{Asked, Server, Then, answer, noon, options};

const MINUTE: Duration = Duration::from_secs(60);
/// When evidence is gathered.
const NOW: Time = Time::from_unix(T0.unix_seconds() + 120);

/// A seal, and the authority it is from.
struct Sealed {
    authority: TestAuthority,
    register: MemoryRegister,
    anchors: Anchors,
    pdf: Vec<u8>,
    seal: Certificate,
    unit: Certificate,
}

fn sealed() -> &'static Sealed {
    static SEALED: OnceLock<Sealed> = OnceLock::new();
    SEALED.get_or_init(|| {
        let mut rng = SeededRng::new(1);
        let register = MemoryRegister::default();
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        let authority = seals::authority(keys, &register, T0 - Duration::from_secs(86_400), &mut rng);
        let anchors = seals::anchors(&authority);
        let journal = MemoryJournal::new(log_id());
        let original = include_bytes!("../../../examples/contract.pdf").as_slice();
        let profile = seals::profile("TEST Seal", Lifetime::Hours12, Curve::P256);
        let order = Order { profile, curve: Curve::P256, level: Level::T };
        let mut document = PdfDocument::new(original, Limits::default(), PdfOptions::default());
        let sealer = Sealer {
            authority: &authority,
            register: &register,
            anchors: &anchors,
            journal: &journal,
            clock: &|| T0,
        };
        let random = |who: u64| SeededRng::new(10 + who);
        let seal = sealer
            .seal(1, SoftToken::new(random(3)), &order, &mut document, random)
            .unwrap_or_else(|error| panic!("{error}"));
        let pdf = [original, document.tail()].concat();
        let unit = authority.material().time_stamp_unit;
        Sealed { authority, register, anchors, pdf, seal, unit }
    })
}

impl Sealed {
    fn gatherer(&self) -> Gatherer {
        let mut gatherer = Gatherer::new(self.anchors.clone(), NOW);
        gatherer.cover(Target::signer(self.seal.clone()));
        gatherer.cover(Target::time_stamp_unit(self.unit.clone()));
        gatherer
    }

    /// What the authority answers, as an authority should.
    fn honest(&self, asked: &Asked) -> Vec<u8> {
        let urls = seals::urls();
        let path = |url: String| url.strip_prefix(urls.base()).unwrap().to_owned();
        let material = self.authority.material();
        let target = &asked.target;
        if *target == path(urls.root_certificate()) {
            material.root.as_der().to_vec()
        } else if *target == path(urls.ca_certificate()) {
            material.issuing_ca.as_der().to_vec()
        } else if *target == path(urls.root_crl()) {
            material.root_crl.as_der().to_vec()
        } else if *target == path(urls.ca_crl()) {
            self.authority.ca_crl(&self.register, NOW).unwrap().as_der().to_vec()
        } else if *target == path(urls.ocsp()) {
            self.authority.respond(&asked.body, &self.register, NOW)
        } else if let Some(request) = target.strip_prefix(&format!("{}/", path(urls.ocsp()))) {
            let request = OcspRequest::from_get_path(request).unwrap().to_der();
            self.authority.respond(&request, &self.register, NOW)
        } else {
            panic!("not asked for by anything: {target}")
        }
    }
}

/// Every name is the test's server.
#[derive(Debug)]
struct Here(SocketAddr);

impl Resolve for Here {
    fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![self.0])
    }
}

fn transport(server: &Server) -> HttpTransport {
    HttpTransport::new(options().resolver(Arc::new(Here(server.address)))).unwrap()
}

fn honest_server() -> Server {
    Server::start(|asked, stream| answer(stream, "200 OK", &[], &sealed().honest(asked)))
}

fn run<C: Cache>(fetcher: &Fetcher<HttpTransport, C>) -> (Gathered, Vec<Unanswered>) {
    let mut gatherer = sealed().gatherer();
    let unanswered = gather(&mut gatherer, fetcher, NOW, Budget::default());
    (gatherer.finish(), unanswered)
}

/// From the file to a verdict: read, gather, judge; without what was gathered the verdict is another.
#[test]
fn a_seal_is_proved_with_what_was_fetched() {
    let sealed = sealed();
    let server = honest_server();
    let reading = segl::pades::read(&Document::open(sealed.pdf.as_slice()).unwrap()).unwrap();
    let signature = &reading.signatures[0].signature;
    let seal = Certificate::from_der(signature.signer_certificate.as_deref().unwrap()).unwrap();
    let token = Token::from_der(&signature.timestamps[0].token).unwrap();
    let mut gatherer = Gatherer::new(sealed.anchors.clone(), NOW);
    gatherer.cover(Target::signer(seal));
    gatherer.cover(Target::time_stamp_unit(token.signer_certificate(&[]).unwrap()));
    let unanswered = gather(&mut gatherer, &Fetcher::new(transport(&server), ()), NOW, Budget::default());
    assert!(unanswered.is_empty(), "{unanswered:?}");
    let gathered = gatherer.finish();
    assert!(gathered.is_complete());

    let signatures = reading.into_signatures();
    let verdict = |evidence| {
        let report = validate(&signatures, evidence, &sealed.anchors, NOW, &Policy::default());
        report.signatures[0].indication.to_string()
    };
    assert_eq!(verdict(&gathered.evidence), "TOTAL_PASSED");
    assert_ne!(verdict(&segl::ades::Evidence::default()), "TOTAL_PASSED");
}

#[test]
fn each_thing_is_asked_for_once() {
    for method in [OcspMethod::Post, OcspMethod::Get] {
        let server = honest_server();
        let (gathered, unanswered) = run(&Fetcher::new(transport(&server), ()).ocsp_method(method));
        assert!(gathered.is_complete() && unanswered.is_empty(), "{unanswered:?}");
        let mut times = BTreeMap::new();
        for asked in server.asked() {
            assert_eq!(asked.header("host"), Some("pki.example.com"));
            *times.entry(asked.target).or_insert(0) += 1;
        }
        // The issuer, its list from the root (for the issuer and the unit), the seal's status.
        assert_eq!(times.len(), 3, "{times:?}");
        assert!(times.values().all(|times| *times == 1), "{times:?}");
    }
}

#[test]
fn the_second_time_nothing_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = honest_server();
    let fetcher = || Fetcher::new(transport(&server), FileCache::open(folder.path(), 1 << 20, NOW).unwrap());
    let (first, _) = run(&fetcher());
    let asked = server.asked().len();
    let (second, unanswered) = run(&fetcher());
    assert!(second.is_complete() && unanswered.is_empty());
    assert_eq!(server.asked().len(), asked);
    assert_eq!(first.evidence, second.evidence);
}

#[test]
fn a_list_stands_in_for_a_responder_that_fails() {
    let server = Server::start(|asked, stream| {
        if asked.method == "POST" {
            return answer(stream, "503 Unavailable", &["Retry-After: 10"], b"<html>");
        }
        answer(stream, "200 OK", &[], &sealed().honest(asked))
    });
    let (gathered, unanswered) = run(&Fetcher::new(transport(&server), MemoryCache::new(1 << 20)));
    assert!(gathered.is_complete());
    let [Unanswered { need: Need::Ocsp { .. }, tried, budget_spent: false, .. }] = &unanswered[..] else {
        panic!("{unanswered:?}");
    };
    assert!(
        matches!(&tried[..], [Tried::NotFetched(error)] if matches!(error.cause, Cause::Status { status: 503, .. }))
    );
    assert!(tried[0].to_string().contains("http://pki.example.com/ocsp"), "{}", tried[0]);
}

/// What is in the cache is believed no more than what the network says.
#[test]
fn a_poisoned_cache_costs_one_more_request() {
    let mut rng = SeededRng::new(2);
    let register = MemoryRegister::default();
    let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
    let impostor = seals::authority(keys, &register, T0 - Duration::from_secs(86_400), &mut rng);
    let is_poisoning = Arc::new(Mutex::new(true));
    let poisoning = Arc::clone(&is_poisoning);
    let lists = Arc::new(impostor.root_crl().as_der().to_vec());
    let server = Server::start(move |asked, stream| {
        let is_list = asked.target.ends_with(".crl");
        if is_list && *poisoning.lock().unwrap() {
            return answer(stream, "200 OK", &[], &lists);
        }
        answer(stream, "200 OK", &[], &sealed().honest(asked))
    });
    let cache = MemoryCache::new(1 << 20);
    let fetcher = Fetcher::new(transport(&server), &cache);
    let (poisoned, unanswered) = run(&fetcher);
    assert!(!poisoned.is_complete());
    let refused = |one: &Unanswered| matches!(&one.tried[..], [Tried::NotTaken { .. }]);
    assert!(!unanswered.is_empty() && unanswered.iter().all(refused), "{unanswered:?}");
    // It was forgotten; so it is put there by hand.
    let ask = Ask::crl(seals::urls().root_crl());
    assert!(matches!(fetcher.fetch(&ask, NOW).unwrap().origin, segl_fetch::Origin::Network));
    *is_poisoning.lock().unwrap() = false;
    let (cured, unanswered) = run(&fetcher);
    assert!(cured.is_complete() && unanswered.is_empty(), "{unanswered:?}");
    assert!(
        CrlView::from_der(&fetcher.fetch(&ask, NOW).unwrap().octets)
            .unwrap()
            .issuer()
            .matches(sealed().authority.root().certificate().subject())
    );
}

#[test]
fn a_server_that_answers_nothing_right() {
    for body in [b"".as_slice(), b"<html>", b"\x30\x03\x02\x01\x01", b"\x1f\x8b\x08\0"] {
        let server = Server::start(move |_, stream| answer(stream, "200 OK", &[], body));
        let (gathered, unanswered) = run(&Fetcher::new(transport(&server), MemoryCache::new(1 << 20)));
        assert!(!gathered.is_complete() && !unanswered.is_empty());
        assert!(gathered.links.iter().all(|link| !matches!(link.cover, Cover::Good(_))));
    }
}

/// A stranger can make a chain of issuers without end; each is fetched from the address in the one before.
#[test]
fn a_chain_without_end_spends_the_budget() {
    const LENGTH: usize = 20;
    let life = (noon() - 10_000 * MINUTE, noon() + 10_000 * MINUTE);
    let mut parties: Vec<Party> = Vec::new();
    for n in 0..LENGTH {
        // caIssuers of the next one up.
        let location = format!("http://pki.example.com/{}", n.saturating_sub(1));
        let description = [
            [6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, location.len() as u8].as_slice(),
            location.as_bytes(),
        ]
        .concat();
        let access = segl_cms::encode::sequence(&[segl_cms::encode::element(0x30, &description)]);
        let extensions =
            [pki::ca_extensions(), vec![pki::extension("1.3.6.1.5.5.7.1.1", false, &access)]].concat();
        let party = pki::issue(&format!("TEST CA {n}"), SoftKind::EcP256, parties.last(), life, &extensions);
        parties.push(party);
    }
    let leaf = parties.last().unwrap().certificate.clone();
    let certificates: Vec<Vec<u8>> =
        parties.iter().map(|party| party.certificate.as_der().to_vec()).collect();
    let server = Server::start(move |asked, stream| {
        let n: usize = asked.target[1..].parse().unwrap();
        answer(stream, "200 OK", &[], &certificates[n])
    });
    let fetcher = Fetcher::new(transport(&server), ());
    let start = || {
        let mut gatherer = Gatherer::new(sealed().anchors.clone(), noon());
        gatherer.cover(Target::signer(leaf.clone()));
        gatherer
    };
    let mut gatherer = start();
    let unanswered = gather(&mut gatherer, &fetcher, noon(), Budget { asks: 5, ..Budget::default() });
    assert!(unanswered.last().is_some_and(|last| last.budget_spent), "{unanswered:?}");
    assert_eq!(server.asked().len(), 5);
    for (budget, further) in [
        (Budget { time: Duration::ZERO, ..Budget::default() }, 0),
        (Budget { asks: 0, ..Budget::default() }, 0),
        (Budget { octets: 1, ..Budget::default() }, 1),
    ] {
        let (mut gatherer, before) = (start(), server.asked().len());
        let unanswered = gather(&mut gatherer, &fetcher, noon(), budget);
        assert!(unanswered.last().is_some_and(|last| last.budget_spent), "{unanswered:?}");
        assert_eq!(server.asked().len(), before + further);
        assert_eq!(gatherer.finish().without_path.len(), 1);
    }
}

/// While one authority is slow, the others are asked.
#[test]
fn needs_that_do_not_wait_for_each_other_are_fetched_together() {
    let at_once = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counter = Arc::clone(&at_once);
    let server = Server::start(move |asked, stream| {
        {
            let mut at_once = counter.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        std::thread::sleep(Duration::from_millis(150));
        answer(stream, "200 OK", &[], &sealed().honest(asked));
        counter.lock().unwrap().0 -= 1;
        Then::Keep
    });
    let (gathered, _) = run(&Fetcher::new(transport(&server), ()));
    assert!(gathered.is_complete());
    assert!(at_once.lock().unwrap().1 >= 2);
}
