//! What the profiles of this crate issue has nothing against it.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Currency, Device, Holder,
    LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier, PdsLocation, Person,
    PersonIdentifier, PersonName, PersonSerial, Presented, PspRole, SealProfile, SerialNumber,
    SignatureProfile, Terms, Unit, Validity, WebsiteProfile, WebsiteSubject, WebsiteValidation,
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

/// Terms as far as they go, each with the most and the least that a caller may think of.
fn any_terms() -> impl Strategy<Value = Terms> {
    let number = || prop_oneof![Just(i64::MIN), Just(-1), Just(0), Just(1), Just(i64::MAX), any::<i64>()];
    let currency = prop_oneof![
        prop_oneof!["DKK", "EUR", "XXX", "[A-Z]{2,4}"].prop_map(Currency::Alphabetic),
        prop_oneof![Just(208), Just(0), Just(999), Just(1000)].prop_map(Currency::Numeric)
    ];
    let limit = (currency, number(), number());
    let text = || prop_oneof!["", "Banco de España", "Τράπεζα", "Bаnk", "[a-zà-ž .]{1,300}", "\\PC{1,40}"];
    let authority = prop_oneof!["DK-DFSA", "XX-DFSA", "DK-D", "[A-Z]{2}-[A-Z]{1,9}"];
    let role =
        prop::sample::select(vec![PspRole::AccountServicing, PspRole::CardIssuing, PspRole::Unspecified]);
    let payments = (prop::collection::vec(role, 0..3), text(), authority);
    let country = || prop::collection::vec(prop_oneof!["CH", "DK", "GB", "XX", "[A-Z]{2}"], 0..3);
    let url = prop::sample::select(vec!["https://a.dk/", "http://a.dk/", "https://"]);
    let location = (url.prop_map(str::to_owned), prop_oneof!["en", "da", "xx", "EN"])
        .prop_map(|(url, language)| PdsLocation { url, language });
    let locations = prop::collection::vec(location, 0..3);
    let arc = prop_oneof![Just("0.4.0.194112.1.9"), Just("2.5.29.32.0"), Just("1.3.6.1.4.1.32473.1")];
    (
        any::<bool>(),
        prop::option::weighted(0.3, limit),
        prop::option::weighted(0.3, number()),
        prop::option::weighted(0.4, payments),
        prop::option::weighted(0.2, country()),
        prop::option::weighted(0.2, locations),
        prop::option::weighted(0.2, text()),
        prop::option::weighted(0.2, arc),
    )
        .prop_map(|(assured, limit, years, payments, countries, locations, text, policy)| {
            let mut terms = Terms::new(&urls());
            if assured {
                terms = terms.validity_assured();
            }
            if let Some((currency, amount, exponent)) = limit {
                terms = terms.limit(currency, amount, exponent);
            }
            if let Some(years) = years {
                terms = terms.retention_years(years);
            }
            if let Some((roles, name, id)) = payments {
                terms = terms.payment_services(&roles, name, id);
            }
            if let Some(countries) = countries {
                terms = terms.device_legislation(countries);
            }
            if let Some(locations) = locations {
                terms = terms.disclosure_statements(locations);
            }
            if let Some(text) = text {
                terms = terms.purpose_limit(text);
            }
            if let Some(policy) = policy {
                terms = terms.own_policy(segl_x509::ObjectIdentifier::new_unwrap(policy));
            }
            terms
        })
}

/// Hours around a day, and days around what browsers take.
fn any_validity() -> impl Strategy<Value = Validity> {
    prop_oneof![
        prop_oneof![Just(0), Just(1), Just(23), Just(24), Just(25)].prop_map(Validity::hours),
        prop_oneof![Just(10), Just(90), Just(398), Just(730)].prop_map(Validity::days)
    ]
}

/// Builder and lint agree: what builds has no error.
#[test]
fn whatever_builds_is_without_error() {
    let ca_key = key(SoftKind::EcP256);
    let ca = issue(AuthorityRole::Root, None, &ca_key);
    let identifier = prop_oneof![
        "PSDDK-DFSA-1",
        "PSDDK-[A-Z]{1,9}-[!-~]{0,3}",
        "PSDXX-[A-Z1]{1,9}",
        "NTRDK-12345674",
        "VATDK-12345674",
        "LEIXG-529900T8BM49AURSDO55"
    ];
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let built = Cell::new(0);
    let strategy = (any_terms(), any_validity(), identifier, 0..3_usize);
    let outcome = TestRunner::new(config).run(&strategy, |(terms, validity, identifier, which)| {
        let Ok(identifier) = OrganisationIdentifier::parse(&identifier) else { return Ok(()) };
        let organisation = Organisation::new("DK", "TEST Bank", identifier).unwrap();
        let (presented, device) = match which {
            0 => {
                let holder = Holder::new(organisation, Unit::new("TEST Bank Payments").unwrap());
                (LastingSealProfile::new(holder, validity, terms).present(&ca), Device::Qualified)
            }
            1 => {
                let (given_name, surname) = (Some("Karen".to_owned()), Some("Jespersen".to_owned()));
                let name = PersonName::Formal { given_name, surname };
                let person = Person::new("DK", name, "TEST Karen").unwrap();
                (SignatureProfile::new(person, validity, terms).present(&ca), Device::Other)
            }
            _ => {
                let subject = WebsiteSubject::Organisation(organisation);
                let address = Address::new("Aarhus", "Region Midtjylland").unwrap();
                let profile = WebsiteProfile::new(subject, address, validity, terms);
                (profile.domain("www.bank.dk").present(&ca), Device::Other)
            }
        };
        let Ok(presented) = presented else { return Ok(()) };
        let certificate = issued(presented, device, SoftKind::EcP256, (&ca, &ca_key));
        let report = lint(&certificate);
        let errors: Vec<String> = report.at_least(Severity::Error).map(ToString::to_string).collect();
        prop_assert!(errors.is_empty(), "{}: {errors:#?}", report.profile());
        built.set(built.get() + 1);
        Ok(())
    });
    println!("{} certificates", built.get());
    outcome.unwrap();
    // Few terms fit; enough do for this to mean something.
    assert!(built.get() >= 50, "{}", built.get());
}
