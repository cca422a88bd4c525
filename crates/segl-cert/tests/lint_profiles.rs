//! What the profiles of this crate issue has nothing against it.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Currency, Device, Holder,
    LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier, Person, PersonIdentifier, PersonName,
    PersonSerial, Presented, SealProfile, SerialNumber, SignatureProfile, Terms, Unit, Validity,
    WebsiteProfile, WebsiteSubject, WebsiteValidation,
    lint::{Severity, lint, lint_as},
};
use segl_crypto::{KeyKind, SoftKind, SoftwareKey, Time};
use segl_x509::Certificate;

const NOW: i64 = 1_795_000_000;

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

fn issue(
    role: AuthorityRole,
    issuer: Option<(&Certificate, &SoftwareKey)>,
    own: &SoftwareKey,
) -> Certificate {
    let serial = SerialNumber::from_random([7; 15]);
    let prepared = AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls())
        .key(own.kind())
        .prepare(issuer.map(|one| one.0), &own.public_key_spki().unwrap(), &serial, Time::from_unix(NOW))
        .unwrap();
    let value = issuer.map_or(own, |one| one.1).sign(prepared.to_be_signed()).unwrap();
    prepared.assemble_verified(&value).unwrap()
}

/// Issues what was presented.
fn issued(
    presented: Presented,
    device: Device,
    kind: SoftKind,
    ca: (&Certificate, &SoftwareKey),
) -> Certificate {
    let seen = *presented.content().sha256();
    let spki = key(kind).public_key_spki().unwrap();
    let serial = SerialNumber::from_random([9; 15]);
    let prepared =
        presented.approve(&seen).unwrap().prepare(&spki, device, &serial, Time::from_unix(NOW + 60));
    let prepared = prepared.unwrap();
    let value = ca.1.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble_verified(&value).unwrap()
}

fn seal(
    profile: &SealProfile,
    device: Device,
    kind: SoftKind,
    ca: (&Certificate, &SoftwareKey),
) -> Certificate {
    issued(profile.present(ca.0).unwrap(), device, kind, ca)
}

#[track_caller]
fn is_clean(certificate: &Certificate, profile: &str) {
    let report = lint(certificate);
    assert_eq!(report.profile().to_string(), profile);
    assert!(report.at_least(Severity::Notice).count() == 0, "{profile}: {:#?}", report.findings());
}

#[test]
fn own_profiles_have_no_finding() {
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let root = issue(AuthorityRole::Root, None, &root_key);
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key);
    is_clean(&root, "ca");
    is_clean(&ca, "ca");
    is_clean(&issue(AuthorityRole::TimeStampUnit, Some((&root, &root_key)), &key(SoftKind::EcP256)), "tsu");
    let responder = issue(AuthorityRole::OcspResponder, Some((&ca, &ca_key)), &key(SoftKind::EcP256));
    is_clean(&responder, "ocsp-responder");

    let ca = (&ca, &ca_key);
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    let organisation = Organisation::new("DK", "TEST Kommune", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Kommune Post").unwrap());
    let profile = |lifetime| SealProfile::new(holder.clone(), lifetime, &urls());
    let p256 = SoftKind::EcP256;
    is_clean(&seal(&profile(Lifetime::Hours12), Device::Other, p256, ca), "qcp-l-eidas");
    is_clean(&seal(&profile(Lifetime::Days10), Device::Other, p256, ca), "qcp-l-eidas");
    is_clean(&seal(&profile(Lifetime::Hours12).validity_assured(), Device::Other, p256, ca), "qcp-l-eidas");
    let p384 = profile(Lifetime::Hours12).key(KeyKind::EcP384);
    is_clean(&seal(&p384, Device::Other, SoftKind::EcP384, ca), "qcp-l-eidas");
    let qualified = profile(Lifetime::Days10).device(Device::Qualified);
    is_clean(&seal(&qualified, Device::Qualified, p256, ca), "qcp-l-qscd-eidas");
}

/// Which certificates serve one seal is for the caller to say; a lasting one does not.
#[test]
fn seals_of_one_key_keep_to_the_danish_terms() {
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let root = issue(AuthorityRole::Root, None, &root_key);
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key);
    let ca = (&ca, &ca_key);
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    let organisation = Organisation::new("DK", "TEST Kommune", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Kommune Post").unwrap());
    let profile = |lifetime| SealProfile::new(holder.clone(), lifetime, &urls());
    let p256 = SoftKind::EcP256;
    let held = |certificate: &Certificate, profile: &str| {
        let report = lint_as(certificate, profile.parse().unwrap());
        assert_eq!(report.profile().to_string(), profile);
        report.findings().iter().map(|finding| finding.rule().id()).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    for plain in
        [profile(Lifetime::Hours12), profile(Lifetime::Days10), profile(Lifetime::Hours12).validity_assured()]
    {
        assert_eq!(held(&seal(&plain, Device::Other, p256, ca), "danish-seal"), none);
    }
    let qualified = seal(&profile(Lifetime::Days10).device(Device::Qualified), Device::Qualified, p256, ca);
    assert_eq!(held(&qualified, "danish-seal-qscd"), none);
    let dkk = || Currency::Alphabetic("DKK".to_owned());
    let limited = profile(Lifetime::Hours12).terms(|terms| terms.limit(dkk(), 1, 5));
    assert_eq!(held(&seal(&limited, Device::Other, p256, ca), "danish-seal"), ["S000-25"]);
    let lasting = LastingSealProfile::new(holder.clone(), Validity::days(730), Terms::new(&urls()));
    let lasting = lasting.device(Device::Other).present(ca.0).unwrap();
    assert_eq!(held(&issued(lasting, Device::Other, p256, ca), "danish-seal"), ["S000-31"]);
}

#[test]
fn signatures_lasting_seals_and_websites_have_no_finding() {
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let root = issue(AuthorityRole::Root, None, &root_key);
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key);
    let terms = || Terms::new(&urls());
    let issued = |presented: Presented, device| issued(presented, device, SoftKind::EcP256, (&ca, &ca_key));
    let organisation = |identifier: &str| {
        Organisation::new("DK", "TEST Bank", OrganisationIdentifier::parse(identifier).unwrap()).unwrap()
    };

    let person = |name| Person::new("DK", name, "TEST Karen").unwrap();
    let formal =
        PersonName::Formal { given_name: Some("Karen".to_owned()), surname: Some("Jespersen".to_owned()) };
    let passport = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180").unwrap());
    let with_passport = person(formal.clone()).serial_number(passport).unwrap();
    let pseudonym = person(PersonName::Pseudonym("TEST Bee".to_owned()));
    for person in [person(formal), with_passport, pseudonym] {
        for (device, profile) in [(Device::Other, "qcp-n-eidas"), (Device::Qualified, "qcp-n-qscd-eidas")] {
            let signature =
                SignatureProfile::new(person.clone(), Validity::days(730), terms()).device(device);
            is_clean(&issued(signature.present(&ca).unwrap(), device), profile);
        }
    }

    let holder = Holder::new(organisation("NTRDK-12345674"), Unit::new("TEST Bank Payments").unwrap());
    let lasting = LastingSealProfile::new(holder, Validity::days(730), terms()).device(Device::Other);
    is_clean(&issued(lasting.present(&ca).unwrap(), Device::Other), "qcp-l-eidas");

    for (validation, profile) in [
        (WebsiteValidation::General, "qncp-w-gen-legal-person-eidas"),
        (WebsiteValidation::Organisation, "qncp-w-ov-eidas"),
    ] {
        let subject = WebsiteSubject::Organisation(organisation("NTRDK-12345674"));
        let address = Address::new("Aarhus", "Region Midtjylland").unwrap();
        let website = WebsiteProfile::new(subject, address, Validity::days(90), terms())
            .domain("www.example.com")
            .validation(validation);
        is_clean(&issued(website.present(&ca).unwrap(), Device::Other), profile);
    }
}
