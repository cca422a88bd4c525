//! Seals a PDF with a one-shot key, in one process and with nothing but memory: authority, register, journal, time-stamp unit.
//!
//! ```text
//! cargo run --release --example seal_pdf -- examples/contract.pdf contract.sealed.pdf
//! ```
//!
//! A service replaces the parts one by one: a PKCS#11 token for the software token, an issuer and a time-stamping authority of its own
//! behind the traits of `segl::sealing`, and `segl::store::SqliteStore` for journal, records and register.

use std::error::Error;
use std::time::SystemTime;

use rand_core::{Rng as _, UnwrapErr};
use segl::ades::{Evidence, Level};
use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::{
    AuthorityNames, AuthorityUrls, Holder, Lifetime, MemoryRegister, Organisation, OrganisationIdentifier,
    SealProfile, Unit,
};
use segl::crypto::Time;
use segl::key::{Curve, SoftToken};
use segl::pdf::Limits;
use segl::record::{
    AssertionId, AssertionIssuer, Authentication, ContextClass, HolderEmail, HolderId, HolderName,
    LevelOfAssurance, LogId, Opening, OrganisationName, OrganisationNumber, PolicyVersion, Purpose,
    RequestId, SaltSeed, SessionId, SlotName, SubjectFormat, TermsVersion,
};
use segl::sealing::{
    Attempt, Decision, Event, Helpers, Lease, MemoryJournal, Order, PdfDocument, PdfOptions, RunnerId,
    Tolerances, seal,
};
use segl::validation::Policy;
use segl::{Embedded, read_pdf, validate_pdf};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        return Err("usage: seal_pdf IN.pdf OUT.pdf".into());
    };
    let pdf = std::fs::read(input)?;

    // The rim: a clock and random numbers. Nothing below reads them by itself.
    let clock = || Time::from(SystemTime::now());
    let mut rng = UnwrapErr(getrandom::SysRng);

    // Root, issuing authority, time-stamp unit and OCSP responder, all marked TEST.
    let register = MemoryRegister::default();
    let urls = AuthorityUrls::new("http://pki.example.com")?;
    let keys = AuthorityKeys::generate_soft(&mut rng)?;
    let authority =
        TestAuthority::create(&AuthorityNames::test()?, &urls, keys, &register, clock(), &mut rng)?;
    let embedded = Embedded::new(&authority, &register, &clock, rng);
    let stamper = embedded.stamper(rng);

    // What the certificate will say, and how the seal is to be made.
    let identifier = OrganisationIdentifier::parse("NTRDK-00000000")?;
    let organisation = Organisation::new("DK", "TEST Organisation", identifier)?;
    let holder = Holder::new(organisation, Unit::new("TEST Unit")?);
    let order = Order {
        profile: SealProfile::new(holder, Lifetime::Hours12, &urls),
        curve: Curve::P256,
        level: Level::Lta,
    };
    let helpers = Helpers {
        issuer: &embedded,
        stampers: &[&stamper],
        anchors: &embedded.anchors(),
        evidence: &embedded,
        clock: &clock,
        retry: &|_round| false,
        tolerances: Tolerances::default(),
    };

    // The journal comes first; then the sealing, all of it or nothing.
    let journal = MemoryJournal::new(LogId::new(Uuid::from_u128(1)).ok_or("nil")?);
    let lease = Lease {
        runner: RunnerId::new(Uuid::from_u128(2)),
        until: clock() + core::time::Duration::from_secs(600),
    };
    let attempt = Attempt::open(&journal, opening(clock())?, &lease)?;
    let mut document = PdfDocument::new(pdf.as_slice(), Limits::default(), PdfOptions::default());
    let sealed = seal(
        attempt,
        SoftToken::new(rng),
        &mut document,
        &order,
        &helpers,
        &mut rng,
        &mut |content| {
            println!("{content}");
            Decision::Approve
        },
        &mut |event| {
            if let Event::KeyDestroyed(after) = event {
                println!("signed; the key was destroyed, and that confirmed, {after:?} later");
            }
        },
    )?;

    // The record is written before the document is let out.
    let mut salt = [0; 32];
    rng.fill_bytes(&mut salt);
    let record = sealed.release(clock(), SaltSeed::new(salt))?;
    let bytes = [pdf.as_slice(), document.tail()].concat();
    std::fs::write(output, &bytes)?;
    println!("{output}: record {}", record.sequence());

    // Ten years later, with the root as the only anchor and no network.
    let reading = read_pdf(bytes, Limits::default())?;
    let later = clock() + core::time::Duration::from_secs(10 * 365 * 86_400);
    let validation =
        validate_pdf(reading, &Evidence::default(), &embedded.anchors(), later, &Policy::default());
    for signature in &validation.report.signatures {
        println!("{} at {later}: {}", signature.format, signature.indication);
    }
    Ok(())
}

/// Who seals, as the caller's own registration and identity provider know them.
fn opening(now: Time) -> Result<Opening, Box<dyn Error>> {
    Ok(Opening {
        request: RequestId::new(Uuid::from_u128(3)).ok_or("nil")?,
        session: SessionId::new(Uuid::from_u128(4)).ok_or("nil")?,
        organisation: segl::record::Organisation {
            number: OrganisationNumber::new("NTRDK-00000000")?,
            name: OrganisationName::new("TEST Organisation")?,
        },
        holder: segl::record::Holder {
            name: HolderName::new("TEST Holder")?,
            id: HolderId::new(Uuid::from_u128(5)).ok_or("nil")?,
            email: HolderEmail::new("holder@example.com")?,
        },
        assurance: LevelOfAssurance::Substantial,
        authentication: Authentication {
            assertion: AssertionId::new("_example")?,
            issuer: AssertionIssuer::new("https://idp.example.com")?,
            subject_format: SubjectFormat::new("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")?,
            context: ContextClass::new("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")?,
            at: now,
            purpose: Purpose::Sealing,
        },
        reference: None,
        policy: PolicyVersion::new("8.0")?,
        terms: TermsVersion::new("TEST")?,
        slot: SlotName::new("software")?,
        requested: now,
    })
}
