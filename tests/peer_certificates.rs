//! Certificates before DSS: it reads in them what we meant.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;

use segl::{
    cert::{
        Address, AuthorityNames, AuthorityProfile, AuthorityRole, Currency, Device, EidasIdentifier, Holder,
        IdentificationMethod, LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier,
        PdsLocation, Person, PersonIdentifier, PersonName, PersonSerial, Presented, PspRole, QcStatements,
        SealProfile, SerialNumber, SignatureProfile, Statement, Terms, Unit, Validity, WebsiteProfile,
        WebsiteSubject,
    },
    crypto::{SoftKind, SoftwareKey},
    x509::{Certificate, ObjectIdentifier},
};
use segl_testkit::{
    peers::{Dss, DssCertificate, DssLimit, DssPaymentServices, DssStatements, Scratch},
    pki,
    rng::SeededRng,
    sealing::T0,
    seals::urls,
};

const HOUR: Duration = Duration::from_secs(3600);

struct Issuing {
    certificate: Certificate,
    key: SoftwareKey,
}

impl Issuing {
    fn new() -> Self {
        let key = SoftwareKey::generate(SoftKind::EcP384, &mut SeededRng::new(1));
        let names = AuthorityNames::test().unwrap();
        let spki = key.public_key_spki().unwrap();
        let prepared = AuthorityProfile::new(AuthorityRole::Root, &names, &urls())
            .prepare(None, &spki, &SerialNumber::from_random([1; 15]), T0)
            .unwrap();
        let value = key.sign(prepared.to_be_signed()).unwrap();
        Self { certificate: prepared.assemble_verified(&value).unwrap(), key }
    }

    fn issue(&self, presented: Presented, device: Device) -> Certificate {
        let seen = *presented.content().sha256();
        let own = SoftwareKey::generate(SoftKind::EcP256, &mut SeededRng::new(2));
        let spki = own.public_key_spki().unwrap();
        let serial = SerialNumber::from_random([2; 15]);
        let prepared = presented.approve(&seen).unwrap().prepare(&spki, device, &serial, T0).unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble_verified(&value).unwrap()
    }
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// English and Danish, as the terms have them.
fn statements_of(kind: &str) -> DssStatements {
    let pds = |language: &str| (language.to_owned(), format!("https://pki.example.com/pds/{language}.pdf"));
    DssStatements {
        compliance: true,
        types: strings([kind]),
        disclosure_statements: vec![pds("en"), pds("da")],
        ..DssStatements::default()
    }
}

const ESIGN: &str = "0.4.0.1862.1.6.1";
const ESEAL: &str = "0.4.0.1862.1.6.2";
const WEB: &str = "0.4.0.1862.1.6.3";
const QCP_N: &str = "0.4.0.194112.1.0";
const QCP_N_QSCD: &str = "0.4.0.194112.1.2";
const QCP_L: &str = "0.4.0.194112.1.1";
const QCP_L_QSCD: &str = "0.4.0.194112.1.3";
const QNCP_W: &str = "0.4.0.194112.1.5";
const CABF_OV: &str = "2.23.140.1.2.2";
const NATURAL: &str = "0.4.0.194121.1.1";
const LEGAL: &str = "0.4.0.194121.1.2";
const EIDAS_NATURAL: &str = "0.4.0.194121.1.3";
const EIDAS_LEGAL: &str = "0.4.0.194121.1.4";

fn with_pointers(usage: &str, policies: Vec<String>, statements: DssStatements) -> DssCertificate {
    DssCertificate {
        key_usage: strings([usage]),
        purposes: Vec::new(),
        policies,
        crl_urls: strings(["http://pki.example.com/crl/ca1.crl"]),
        ocsp_urls: strings(["http://pki.example.com/ocsp"]),
        ca_issuers_urls: strings(["http://pki.example.com/ca/ca1.cer"]),
        ocsp_no_check: false,
        validity_assured: false,
        no_rev_avail: false,
        statements: Some(statements),
    }
}

fn holder(identifier: &str) -> Holder {
    let identifier = OrganisationIdentifier::parse(identifier).unwrap();
    let organisation = Organisation::new("DK", "TEST Bank", identifier).unwrap();
    Holder::new(organisation, Unit::new("TEST Bank Payments").unwrap())
}

/// Every profile with what is to be read in it, written down apart from our own reading.
fn meant() -> Vec<(&'static str, Certificate, DssCertificate)> {
    let issuing = Issuing::new();
    let ca = &issuing.certificate;
    let terms = || Terms::new(&urls());
    let seal = |lifetime| SealProfile::new(holder("NTRDK-12345674"), lifetime, &urls());
    let seal_statements = || DssStatements { semantics: Some(LEGAL.to_owned()), ..statements_of(ESEAL) };
    let plain_seal = || with_pointers("nonRepudiation", strings([QCP_L]), seal_statements());

    let assured = DssCertificate {
        crl_urls: Vec::new(),
        ocsp_urls: Vec::new(),
        validity_assured: true,
        no_rev_avail: true,
        ..plain_seal()
    };

    let location =
        |language: &str, url: &str| PdsLocation { url: url.to_owned(), language: language.to_owned() };
    // DSS shows what has an equals sign with a backslash before it.
    let four = [
        location("en", "https://pds.example.com/en.pdf"),
        location("da", "https://pds.example.com/da.pdf"),
        location("fo", "https://pds.example.com/fo?v1"),
        location("kl", "https://pds.example.com/kl"),
    ];
    let everything = terms()
        .disclosure_statements(four.to_vec())
        .limit(Currency::Alphabetic("DKK".to_owned()), 5, 6)
        .retention_years(10)
        .identified_by(IdentificationMethod::Eidas2B)
        .device_legislation(["CH", "GB"])
        .payment_services(
            &[PspRole::AccountServicing, PspRole::PaymentInitiation, PspRole::AccountInformation],
            "Finanstilsynet",
            "DK-DFSA",
        );
    let lasting = LastingSealProfile::new(holder("PSDDK-DFSA-1234"), Validity::days(730), everything);
    let role = |number: u8, name: &str| (format!("0.4.0.19495.1.{number}"), name.to_owned());
    let services = |roles| DssPaymentServices {
        roles,
        authority_name: "Finanstilsynet".to_owned(),
        authority_id: "DK-DFSA".to_owned(),
    };
    let lasting_statements = DssStatements {
        qualified_device: true,
        disclosure_statements: four.iter().map(|one| (one.language.clone(), one.url.clone())).collect(),
        limit: Some(DssLimit { currency: "DKK".to_owned(), amount: 5, exponent: 6 }),
        retention_years: Some(10),
        device_legislation: strings(["CH", "GB"]),
        identification: Some("0.4.0.1862.1.8.4".to_owned()),
        payment_services: Some(services(vec![role(1, "PSP_AS"), role(2, "PSP_PI"), role(3, "PSP_AI")])),
        ..seal_statements()
    };

    let name = PersonName::Formal { given_name: Some("Karen".into()), surname: Some("Jespersen".into()) };
    let passport = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180").unwrap());
    let karen = Person::new("DK", name, "TEST Karen").unwrap().serial_number(passport).unwrap();
    let limited = terms()
        .limit(Currency::Alphabetic("EUR".to_owned()), 100_000, 0)
        .retention_years(7)
        .identified_by(IdentificationMethod::Eidas1Ab)
        .purpose_limit("Only for invoices.");
    let signature = SignatureProfile::new(karen, Validity::days(730), limited).device(Device::Qualified);
    let signature_statements = DssStatements {
        qualified_device: true,
        limit: Some(DssLimit { currency: "EUR".to_owned(), amount: 100_000, exponent: 0 }),
        retention_years: Some(7),
        identification: Some("0.4.0.1862.1.8.1".to_owned()),
        semantics: Some(NATURAL.to_owned()),
        ..statements_of(ESIGN)
    };

    let subject = WebsiteSubject::Organisation(holder("PSDDK-DFSA-1234").organisation().clone());
    let address = Address::new("Aarhus", "Region Midtjylland").unwrap();
    let paid = terms().identified_by(IdentificationMethod::Eidas2Acd).payment_services(
        &[PspRole::CardIssuing],
        "Finanstilsynet",
        "DK-DFSA",
    );
    let website = WebsiteProfile::new(subject, address, Validity::days(90), paid).domain("www.example.com");
    let website_statements = DssStatements {
        identification: Some("0.4.0.1862.1.8.3".to_owned()),
        payment_services: Some(services(vec![role(4, "PSP_IC")])),
        semantics: Some(LEGAL.to_owned()),
        ..statements_of(WEB)
    };
    let website_meant = DssCertificate {
        purposes: strings(["1.3.6.1.5.5.7.3.1"]),
        ..with_pointers("digitalSignature", strings([CABF_OV, QNCP_W]), website_statements)
    };

    let eidas = |text: &str| EidasIdentifier::parse(text).unwrap();
    let organisation = OrganisationIdentifier::eidas(&eidas("DK/DE/1234"));
    let organisation = Organisation::new("DK", "TEST Bank", organisation).unwrap();
    let foreign = Holder::new(organisation, Unit::new("TEST Bank").unwrap());
    let foreign_seal = SealProfile::new(foreign, Lifetime::Hours12, &urls());
    let foreign_seal_statements =
        DssStatements { semantics: Some(EIDAS_LEGAL.to_owned()), ..statements_of(ESEAL) };
    let bee = Person::new("DK", PersonName::Pseudonym("TEST Bee".into()), "TEST Bee").unwrap();
    let bee = bee.serial_number(PersonSerial::Eidas(eidas("DK/DE/02635542Y"))).unwrap();
    let pseudonym = SignatureProfile::new(bee, Validity::days(2), terms());
    let pseudonym_statements =
        DssStatements { semantics: Some(EIDAS_NATURAL.to_owned()), ..statements_of(ESIGN) };

    let issue = |presented: Presented, device| issuing.issue(presented, device);
    vec![
        ("12 hours", issue(seal(Lifetime::Hours12).present(ca).unwrap(), Device::Other), plain_seal()),
        ("10 days", issue(seal(Lifetime::Days10).present(ca).unwrap(), Device::Other), plain_seal()),
        (
            "12 hours assured",
            issue(seal(Lifetime::Hours12).validity_assured().present(ca).unwrap(), Device::Other),
            assured,
        ),
        (
            "lasting seal",
            issue(lasting.present(ca).unwrap(), Device::Qualified),
            with_pointers("nonRepudiation", strings([QCP_L_QSCD]), lasting_statements),
        ),
        (
            "signature",
            issue(signature.present(ca).unwrap(), Device::Qualified),
            with_pointers("nonRepudiation", strings([QCP_N_QSCD]), signature_statements),
        ),
        (
            "seal with an eIDAS identifier",
            issue(foreign_seal.present(ca).unwrap(), Device::Other),
            with_pointers("nonRepudiation", strings([QCP_L]), foreign_seal_statements),
        ),
        (
            "signature with an eIDAS identifier",
            issue(pseudonym.present(ca).unwrap(), Device::Other),
            with_pointers("nonRepudiation", strings([QCP_N]), pseudonym_statements),
        ),
        ("website", issue(website.present(ca).unwrap(), Device::Other), website_meant),
    ]
}

#[test]
fn dss_reads_every_statement_as_it_was_meant() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let scratch = Scratch::new().unwrap();
    for (name, certificate, meant) in meant() {
        let file = scratch.write("certificate.cer", certificate.as_der()).unwrap();
        assert_eq!(dss.certificate(&file).unwrap(), meant, "{name}");
    }
}

/// QcCClegislation does not build, because it takes a certificate out of the Union's law; what is written of it, and of the other
/// statements by hand, is read all the same.
#[test]
fn dss_reads_statements_that_no_profile_has() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let scratch = Scratch::new().unwrap();
    let own = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
    let written = QcStatements(vec![
        Statement::Compliance,
        Statement::CountryLegislation(vec!["CH".to_owned(), "GB".to_owned()]),
        Statement::IdentificationMethod(vec![IdentificationMethod::Eidas1Cd]),
        // DSS reads no limit whose currency is a number, which EN 319 412-5 allows.
        Statement::LimitValue { currency: Currency::Numeric(208), amount: 1, exponent: 0 },
        Statement::Unknown { id: own.into(), info: None },
    ]);
    let extension = pki::extension("1.3.6.1.5.5.7.1.3", false, &written.to_der());
    let party = pki::issue("TEST", SoftKind::EcP256, None, (T0, T0 + HOUR), &[extension]);
    let file = scratch.write("certificate.cer", party.certificate.as_der()).unwrap();
    let expected = DssStatements {
        compliance: true,
        legislation: strings(["CH", "GB"]),
        identification: Some("0.4.0.1862.1.8.2".to_owned()),
        other: strings(["1.3.6.1.4.1.32473.1"]),
        ..DssStatements::default()
    };
    assert_eq!(dss.certificate(&file).unwrap().statements, Some(expected));
}
