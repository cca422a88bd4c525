//! Whole seals in PDF, made in this process by the embedded TEST authority.

use rand_core::CryptoRng;
use segl::Embedded;
use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::{
    AuthorityNames, AuthorityUrls, Holder, IssuedCertificates, Lifetime, Organisation,
    OrganisationIdentifier, SealProfile, Unit,
};
use segl::crypto::{KeyKind, Source, Time};
use segl::key::{Curve, Token};
use segl::path::Anchors;
use segl::sealing::{Attempt, Decision, Helpers, Journal, Order, PdfDocument, SealError, Tolerances, seal};
use segl::x509::Certificate;

use crate::sealing::{lease, opening, organisation, salts};

/// Where the certificates say that lists and responders are.
pub fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

/// The embedded TEST authority with these keys, as of `now`.
pub fn authority<R: IssuedCertificates>(
    keys: AuthorityKeys,
    register: &R,
    now: Time,
    rng: &mut impl CryptoRng,
) -> TestAuthority {
    let names = AuthorityNames::test().unwrap();
    TestAuthority::create(&names, &urls(), keys, register, now, rng).unwrap_or_else(|e| panic!("{e}"))
}

/// The root of an authority as the only trust anchor.
pub fn anchors(authority: &TestAuthority) -> Anchors {
    Anchors::from_certificates([authority.root().certificate().clone()])
}

/// A seal profile for the odd one of the two made-up organisations: its name has letters beyond ASCII.
pub fn profile(unit: &str, lifetime: Lifetime, curve: Curve) -> SealProfile {
    let named = organisation(1);
    let identifier = OrganisationIdentifier::parse(named.number.as_str()).unwrap();
    let organisation = Organisation::new("DK", named.name.as_str(), identifier).unwrap();
    let key = if curve == Curve::P384 { KeyKind::EcP384 } else { KeyKind::EcP256 };
    SealProfile::new(Holder::new(organisation, Unit::new(unit).unwrap()), lifetime, &urls()).key(key)
}

/// Why there is no seal.
pub type NoSeal<T, J> = Box<SealError<<T as Token>::Error, <J as Journal>::Error>>;

/// What seals have in common, and what outlives each of them.
pub struct Sealer<'a, J, R> {
    /// Issuer, responder and time-stamp unit.
    pub authority: &'a TestAuthority,
    /// What it issued.
    pub register: &'a R,
    /// Its root, see [`anchors`].
    pub anchors: &'a Anchors,
    /// Where attempts are entered.
    pub journal: &'a J,
    /// The clock of everyone.
    pub clock: &'a dyn Fn() -> Time,
}

impl<J: Journal, R: IssuedCertificates> Sealer<'_, J, R> {
    /// Seals a document as sealing `n`: approved by its holder, on record, let out. Gives the seal's certificate.
    ///
    /// `rng` is asked for issuer (0), time-stamp unit (1) and sealing (2).
    ///
    /// # Errors
    /// When there is no seal. A journal that does not open the attempt or write the record is a panic.
    pub fn seal<T: Token, S: Source + Clone + Send, G: CryptoRng>(
        &self,
        n: u64,
        token: T,
        order: &Order,
        document: &mut PdfDocument<S>,
        rng: impl Fn(u64) -> G,
    ) -> Result<Certificate, NoSeal<T, J>> {
        let attempt = Attempt::open(self.journal, opening(n), &lease(n)).unwrap();
        let embedded = Embedded::new(self.authority, self.register, self.clock, rng(0));
        let stamper = embedded.stamper(rng(1));
        let helpers = Helpers {
            issuer: &embedded,
            stampers: &[&stamper],
            anchors: self.anchors,
            evidence: &embedded,
            clock: self.clock,
            retry: &|_| false,
            tolerances: Tolerances::default(),
        };
        let mut approve = |_: &_| Decision::Approve;
        let sealed = seal(attempt, token, document, order, &helpers, &mut rng(2), &mut approve, &mut |_| {})?;
        let certificate = sealed.certificate().clone();
        sealed.release((self.clock)(), salts(n)).unwrap();
        Ok(certificate)
    }
}
