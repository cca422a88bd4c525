//! Certificates of Annex I, III and IV before pkilint and before our own linter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;

use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, BusinessCategory, Currency,
    Device, Holder, IdentificationMethod, LastingSealProfile, Organisation, OrganisationIdentifier, Person,
    PersonIdentifier, PersonName, PersonSerial, Presented, PspRole, SerialNumber, SignatureProfile, Terms,
    Unit, Validity, WebsiteProfile, WebsiteSubject, WebsiteValidation,
    lint::{Severity, lint},
};
use segl_crypto::{SoftKind, SoftwareKey, Time};
use segl_testkit::peers::{Pkilint, Scratch};
use segl_x509::Certificate;

/// Beside a certificate: the codes that pkilint must find, and no others.
type Expected = (&'static str, Certificate, &'static [&'static str]);

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

/// The CA/Browser Forum recommends against what RFC 5280 (subjectKeyIdentifier) recommends and the Regulation asks for
/// (qcStatements, organizationIdentifier); and pkilint's table of subscriber extensions lacks the one of extended validation.
const BROWSERS: [&str; 2] = ["subject_key_identifier_extension_present", "unknown_extension_present"];
const BROWSERS_ORGANISATION: [&str; 3] =
    ["subject_key_identifier_extension_present", "unknown_attribute_present", "unknown_extension_present"];

fn certificates() -> Vec<Expected> {
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let names = AuthorityNames::test().unwrap();
    let now = Time::from_unix(1_795_000_000);
    let serial = |number| SerialNumber::from_random([number; 15]);
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let authority = |role, issuer: Option<&Certificate>, own: &SoftwareKey, number| {
        let spki = own.public_key_spki().unwrap();
        let profile = AuthorityProfile::new(role, &names, &urls);
        let prepared = profile.prepare(issuer, &spki, &serial(number), now).unwrap();
        let value = root_key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble_verified(&value).unwrap()
    };
    let root = authority(AuthorityRole::Root, None, &root_key, 1);
    let ca = authority(AuthorityRole::IssuingCa, Some(&root), &ca_key, 2);
    let issue = |presented: Presented, device| {
        let seen = *presented.content().sha256();
        let spki = key(SoftKind::EcP256).public_key_spki().unwrap();
        let prepared = presented.approve(&seen).unwrap().prepare(&spki, device, &serial(9), now).unwrap();
        let value = ca_key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble_verified(&value).unwrap()
    };

    let terms = Terms::new(&urls);
    let name = PersonName::Formal { given_name: Some("Karen".into()), surname: Some("Jespersen".into()) };
    let named = Person::new("DK", name, "TEST Karen").unwrap();
    let passport = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180").unwrap());
    let karen = named.clone().serial_number(passport).unwrap();
    let bee = Person::new("DK", PersonName::Pseudonym("TEST Bee".into()), "TEST Bee").unwrap();
    let signature = |person: &Person, terms: &Terms, device| {
        let profile =
            SignatureProfile::new(person.clone(), Validity::days(730), terms.clone()).device(device);
        issue(profile.present(&ca).unwrap(), device)
    };

    let organisation = |identifier| {
        let identifier = OrganisationIdentifier::parse(identifier).unwrap();
        Organisation::new("DK", "TEST Bank", identifier).unwrap()
    };
    let with_all = terms
        .clone()
        .limit(Currency::Alphabetic("DKK".into()), 5, 6)
        .retention_years(10)
        .identified_by(IdentificationMethod::Eidas2B)
        .payment_services(&[PspRole::AccountInformation], "Finanstilsynet", "DK-DFSA");
    let seal = |identifier, terms: &Terms| {
        let holder = Holder::new(organisation(identifier), Unit::new("TEST Bank Payments").unwrap());
        let profile = LastingSealProfile::new(holder, Validity::days(730), terms.clone());
        issue(profile.present(&ca).unwrap(), Device::Qualified)
    };
    let website = |subject, validation, terms: &Terms| {
        let address = Address::new("Aarhus", "Region Midtjylland").unwrap();
        let profile = WebsiteProfile::new(subject, address, Validity::days(90), terms.clone());
        let profile = profile.domain("www.example.com").validation(validation);
        issue(profile.present(&ca).unwrap(), Device::Other)
    };
    let company = || WebsiteSubject::Organisation(organisation("NTRDK-12345674"));
    let bank = || WebsiteSubject::Organisation(organisation("PSDDK-DFSA-1234"));
    let extended = WebsiteValidation::Extended(BusinessCategory::PrivateOrganization);
    let limited = terms.clone().purpose_limit("Only for invoices.");
    vec![
        ("signature", signature(&karen, &terms, Device::Other), &[]),
        ("signature in a device", signature(&karen, &terms, Device::Qualified), &[]),
        ("signature with a pseudonym", signature(&bee, &terms, Device::Qualified), &[]),
        ("signature with a purpose limit", signature(&karen, &limited, Device::Other), &[]),
        ("seal", seal("NTRDK-12345674", &terms), &[]),
        ("seal with every statement", seal("PSDDK-DFSA-1234", &with_all), &[]),
        ("website", website(company(), WebsiteValidation::General, &terms), &[]),
        ("website with every statement", website(bank(), WebsiteValidation::General, &with_all), &[]),
        (
            "website of an organisation",
            website(company(), WebsiteValidation::Organisation, &terms),
            &BROWSERS_ORGANISATION,
        ),
        (
            "website of a person",
            website(WebsiteSubject::Person(named), WebsiteValidation::Organisation, &terms),
            &BROWSERS,
        ),
        ("website after extended validation", website(company(), extended, &terms), &BROWSERS),
    ]
}

#[test]
fn pkilint_finds_only_what_must_be_so() {
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    let scratch = Scratch::new().unwrap();
    for (name, certificate, expected) in certificates() {
        let file = scratch.write("certificate.cer", certificate.as_der()).unwrap();
        let findings = pkilint.etsi_certificate(&file).unwrap();
        let codes: BTreeSet<_> =
            findings.iter().map(|finding| finding.code.rsplit('.').next().unwrap()).collect();
        assert_eq!(codes, expected.iter().copied().collect(), "{name}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.severity == "WARNING"), "{name}: {findings:?}");
    }
}

#[test]
fn our_own_linter_finds_no_error() {
    for (name, certificate, _) in certificates() {
        let report = lint(&certificate);
        let errors: Vec<_> = report.at_least(Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}
