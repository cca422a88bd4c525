//! Annex I, III and IV with every statement: what is written is read back and named, what is forbidden does not build.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, BusinessCategory,
    CertificateContent, Currency, DeniedNames, Device, EidasIdentifier, Holder, IdentificationMethod,
    LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier, PdsLocation, Person,
    PersonIdentifier, PersonName, PersonSerial, PrepareError, Presented, ProfileError, Psd2Fault, PspRole,
    QcStatements, QcType, SealProfile, SemanticsKind, SerialNumber, SignatureProfile, Statement, Terms, Unit,
    Validity, WebsiteProfile, WebsiteSubject, WebsiteValidation, oid,
};
use segl_crypto::{KeyKind, SoftKind, SoftwareKey, Time};
use segl_x509::{Certificate, GeneralName, KeyUsage, ObjectIdentifier};

const NOW: i64 = 1_795_000_000;

struct Authority {
    certificate: Certificate,
    key: SoftwareKey,
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

fn authority() -> Authority {
    let key = key();
    let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls())
        .key(KeyKind::EcP256)
        .prepare(
            None,
            &key.public_key_spki().unwrap(),
            &SerialNumber::from_random([1; 15]),
            Time::from_unix(NOW),
        )
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    Authority { certificate: prepared.assemble_verified(&value).unwrap(), key }
}

fn issue(authority: &Authority, presented: Presented, device: Device) -> Certificate {
    let shown = presented.content().clone();
    let prepared = presented
        .approve(shown.sha256())
        .unwrap()
        .prepare(
            &key().public_key_spki().unwrap(),
            device,
            &SerialNumber::from_random([2; 15]),
            Time::from_unix(NOW),
        )
        .unwrap();
    let value = authority.key.sign(prepared.to_be_signed()).unwrap();
    let certificate = prepared.assemble_verified(&value).unwrap();
    assert_eq!(CertificateContent::of(&certificate).unwrap(), shown);
    let reading = QcStatements::read(certificate.extension(oid::QC_STATEMENTS).unwrap().value()).unwrap();
    assert_eq!(reading.oddities, [], "what is written here is never odd");
    certificate
}

fn terms() -> Terms {
    Terms::new(&urls())
}

fn organisation(identifier: &str) -> Organisation {
    Organisation::new("DK", "TEST Bank", OrganisationIdentifier::parse(identifier).unwrap()).unwrap()
}

fn holder(identifier: &str) -> Holder {
    Holder::new(organisation(identifier), Unit::new("TEST Bank Payments").unwrap())
}

fn person() -> Person {
    let name =
        PersonName::Formal { given_name: Some("Karen".to_owned()), surname: Some("Jespersen".to_owned()) };
    Person::new("DK", name, "TEST Karen").unwrap()
}

fn signature(terms: Terms) -> SignatureProfile {
    SignatureProfile::new(person(), Validity::days(730), terms)
}

fn website(terms: Terms) -> WebsiteProfile {
    let subject = WebsiteSubject::Organisation(organisation("NTRDK-12345674"));
    let address = Address::new("Aarhus", "Region Midtjylland").unwrap();
    WebsiteProfile::new(subject, address, Validity::days(90), terms).domain("www.example.com")
}

fn lasting(identifier: &str, terms: Terms) -> LastingSealProfile {
    LastingSealProfile::new(holder(identifier), Validity::days(730), terms)
}

#[test]
fn a_signature_certificate_says_annex_i() {
    let authority = authority();
    let with =
        |serial| SignatureProfile::new(person().serial_number(serial).unwrap(), Validity::days(2), terms());
    let passport = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180").unwrap());
    let eidas = PersonSerial::Eidas(EidasIdentifier::parse("DK/DE/02635542Y").unwrap());
    for (profile, device, policy, semantics) in [
        (signature(terms()), Device::Other, oid::POLICY_QCP_N, None),
        (with(passport), Device::Qualified, oid::POLICY_QCP_N_QSCD, Some(SemanticsKind::Natural)),
        (with(eidas), Device::Other, oid::POLICY_QCP_N, Some(SemanticsKind::EidasNatural)),
        (with(PersonSerial::Opaque("4711".to_owned())), Device::Other, oid::POLICY_QCP_N, None),
    ] {
        let presented = profile.device(device).present(&authority.certificate).unwrap();
        let certificate = issue(&authority, presented, device);
        assert_eq!(certificate.key_usage().unwrap(), Some(KeyUsage::NON_REPUDIATION));
        assert!(certificate.ext_key_usage().unwrap().is_none());
        let content = CertificateContent::of(&certificate).unwrap();
        assert_eq!(content.policies(), [policy]);
        let statements = content.statements().unwrap();
        assert!(statements.is_qualified() && statements.types().eq([QcType::Signature]));
        assert_eq!(statements.claims_qualified_device(), device == Device::Qualified);
        let found = statements.0.iter().find_map(|statement| match statement {
            Statement::Semantics(semantics) => semantics.kind(),
            _ => None,
        });
        assert_eq!(found, semantics);
        let text = content.to_string();
        for part in ["Certificate for electronic signatures", "Given name           Karen", "Jespersen"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_pseudonym_stands_alone_and_is_marked() {
    let authority = authority();
    let bee = Person::new("DK", PersonName::Pseudonym("TEST Bee".to_owned()), "TEST Bee").unwrap();
    let presented = SignatureProfile::new(bee, Validity::days(1), terms()).present(&authority.certificate);
    let certificate = issue(&authority, presented.unwrap(), Device::Other);
    let subject = certificate.subject();
    assert_eq!(subject.find(oid::PSEUDONYM).as_deref(), Some("TEST Bee"));
    assert!(subject.find(oid::GIVEN_NAME).is_none() && subject.find(oid::SURNAME).is_none());
    assert!(CertificateContent::of(&certificate).unwrap().to_string().contains("Pseudonym"));
}

#[test]
fn a_website_certificate_says_annex_iv() {
    let authority = authority();
    let extended = WebsiteValidation::Extended(BusinessCategory::PrivateOrganization);
    for (validation, policies) in [
        (WebsiteValidation::Organisation, vec![oid::POLICY_CABF_OV, oid::POLICY_QNCP_W]),
        (WebsiteValidation::General, vec![oid::POLICY_QNCP_W_GEN]),
        (extended, vec![oid::POLICY_CABF_EV, oid::POLICY_QEVCP_W]),
    ] {
        let profile = website(terms()).validation(validation).domain("example.com");
        let certificate = issue(&authority, profile.present(&authority.certificate).unwrap(), Device::Other);
        assert_eq!(certificate.key_usage().unwrap(), Some(KeyUsage::DIGITAL_SIGNATURE));
        let names = certificate.subject_alt_names().unwrap().unwrap();
        assert_eq!(names, ["www.example.com", "example.com"].map(|name| GeneralName::Dns(name.to_owned())));
        let subject = certificate.subject();
        let common_name = (validation == WebsiteValidation::General).then_some("www.example.com");
        assert_eq!(subject.find(oid::COMMON_NAME).as_deref(), common_name);
        assert_eq!(subject.find(oid::LOCALITY_NAME).as_deref(), Some("Aarhus"));
        let content = CertificateContent::of(&certificate).unwrap();
        assert_eq!(content.policies(), policies);
        assert_eq!(content.purposes(), [oid::PURPOSE_SERVER_AUTH]);
        let statements = content.statements().unwrap();
        assert!(statements.types().eq([QcType::Website]) && !statements.claims_qualified_device());
        let text = content.to_string();
        for part in ["Certificate for website authentication", "www.example.com, example.com", "Aarhus"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_website_key_is_in_no_qualified_device() {
    let authority = authority();
    let presented = website(terms()).present(&authority.certificate).unwrap();
    let seen = *presented.content().sha256();
    let refused = presented.approve(&seen).unwrap().prepare(
        &key().public_key_spki().unwrap(),
        Device::Qualified,
        &SerialNumber::from_random([2; 15]),
        Time::from_unix(NOW),
    );
    assert_eq!(refused.unwrap_err(), PrepareError::Device);
    let statement = terms().statement(Statement::QualifiedDevice);
    assert_eq!(
        website(statement).present(&authority.certificate).unwrap_err(),
        ProfileError::StatementDecided(oid::QCS_SSCD.into())
    );
}

#[test]
fn every_statement_is_written_read_and_named() {
    let authority = authority();
    let own = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
    let terms = terms()
        .limit(Currency::Numeric(208), 5, 6)
        .retention_years(10)
        .identified_by(IdentificationMethod::Eidas2B)
        .device_legislation(["CH"])
        .payment_services(
            &[PspRole::AccountInformation, PspRole::PaymentInitiation],
            "Finanstilsynet",
            "DK-DFSA",
        )
        .purpose_limit("Only for invoices.")
        .own_policy(own)
        .statement(Statement::Unknown { id: own.into(), info: Some(vec![5, 0]) });
    let presented = lasting("PSDDK-DFSA-1234", terms).present(&authority.certificate).unwrap();
    let certificate = issue(&authority, presented, Device::Qualified);
    let content = CertificateContent::of(&certificate).unwrap();
    assert_eq!(content.notices(), ["Only for invoices."]);
    let statements = &content.statements().unwrap().0;
    let limit = Statement::LimitValue { currency: Currency::Numeric(208), amount: 5, exponent: 6 };
    assert!(statements.contains(&limit) && statements.contains(&Statement::RetentionPeriod(10)));
    assert_eq!(statements.len(), 11);
    let text = content.to_string();
    for part in [
        "Only for invoices.",
        "limit 5 x 10^6 208",
        "records kept 10 years",
        "Article 24(1a) (b)",
        "device qualified under the law of CH",
        "payment services PSP_AI and PSP_PI by Finanstilsynet (DK-DFSA)",
        "unknown statement 1.3.6.1.4.1.32473.1 of 2 octets",
        "QCP-l-qscd",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn the_notice_stands_on_the_first_policy_where_others_find_it() {
    let authority = authority();
    let presented = signature(terms().purpose_limit("Kun til fakturaer, højst 10 år."));
    let certificate = issue(&authority, presented.present(&authority.certificate).unwrap(), Device::Other);
    let policies = certificate.policies().unwrap().unwrap();
    assert_eq!(policies[0].qualifiers.len(), 1);
    assert_eq!(policies[0].qualifiers[0].id, oid::QUALIFIER_USER_NOTICE);
    let content = CertificateContent::of(&certificate).unwrap();
    assert_eq!(content.notices(), ["Kun til fakturaer, højst 10 år."]);
}

#[test]
fn a_local_scheme_stands_beside_who_registers_it() {
    let authority = authority();
    let profile = |terms| lasting("EI:SE-5567971433", terms).present(&authority.certificate);
    assert_eq!(profile(terms()).unwrap_err(), ProfileError::RegistrationAuthorityMissing);
    assert!(matches!(
        profile(terms().registration_authorities(["nowhere"])).unwrap_err(),
        ProfileError::RegistrationAuthority { .. }
    ));
    let certificate = issue(
        &authority,
        profile(terms().registration_authorities(["https://register.example.com"])).unwrap(),
        Device::Qualified,
    );
    let text = CertificateContent::of(&certificate).unwrap().to_string();
    assert!(text.contains("registered by https://register.example.com"), "{text}");
    let seal = SealProfile::new(holder("EI:SE-5567971433"), Lifetime::Hours12, &urls());
    assert_eq!(seal.present(&authority.certificate).unwrap_err(), ProfileError::RegistrationAuthorityMissing);
    let natural = signature(terms().registration_authorities(["https://register.example.com"]));
    assert_eq!(
        natural.present(&authority.certificate).unwrap_err(),
        ProfileError::SemanticsWithoutIdentifier
    );
}

#[test]
fn an_eidas_identifier_of_an_organisation_says_so() {
    let authority = authority();
    let identifier = OrganisationIdentifier::eidas(&EidasIdentifier::parse("DK/DE/1234").unwrap());
    assert_eq!((identifier.scheme(), identifier.country(), identifier.number()), ("", "DK", "1234"));
    let organisation = Organisation::new("DK", "TEST Bank", identifier).unwrap();
    let holder = Holder::new(organisation.clone(), Unit::new("TEST Bank").unwrap());
    let presented = SealProfile::new(holder, Lifetime::Hours12, &urls()).present(&authority.certificate);
    let certificate = issue(&authority, presented.unwrap(), Device::Other);
    assert_eq!(certificate.subject().find(oid::ORGANIZATION_IDENTIFIER).as_deref(), Some("DK/DE/1234"));
    let text = CertificateContent::of(&certificate).unwrap().to_string();
    assert!(text.contains("eIDAS name of a legal person"), "{text}");
    let subject = WebsiteSubject::Organisation(organisation);
    let address = Address::new("Aarhus", "Midtjylland").unwrap();
    let extended = WebsiteValidation::Extended(BusinessCategory::BusinessEntity);
    let profile = WebsiteProfile::new(subject, address, Validity::days(9), terms()).domain("a.dk");
    assert_eq!(
        profile.validation(extended).present(&authority.certificate).unwrap_err(),
        ProfileError::ExtendedValidation
    );
}

#[test]
fn terms_that_are_forbidden_do_not_build() {
    let authority = authority();
    let dkk = || Currency::Alphabetic("DKK".to_owned());
    let location =
        |url: &str, language: &str| PdsLocation { url: url.to_owned(), language: language.to_owned() };
    let english = || location("https://a.dk/en", "en");
    let notice = terms().purpose_limit("x".repeat(201));
    let limit = |currency: Currency, amount, exponent| {
        (
            terms().limit(currency.clone(), amount, exponent),
            ProfileError::Limit { currency, amount, exponent },
        )
    };
    let semantics = Statement::Semantics(segl_cert::Semantics {
        version_1: false,
        identifier: Some(oid::SEMANTICS_LEGAL.into()),
        name_registration_authorities: Vec::new(),
    });
    let doubled = || vec![english(), location("https://a.dk/en2", "en")];
    for (terms, error) in [
        (
            terms().statement(Statement::CountryLegislation(vec!["CH".to_owned()])),
            ProfileError::CountryLegislation,
        ),
        (terms().retention_years(0), ProfileError::Retention(0)),
        limit(dkk(), -1, 0),
        limit(dkk(), 1, -1),
        limit(Currency::Alphabetic("XXQ".to_owned()), 1, 0),
        limit(Currency::Numeric(1), 1, 0),
        (terms().disclosure_statements(vec![]), ProfileError::DisclosureStatementMissing),
        (
            terms().disclosure_statements(vec![location("https://a.dk", "da")]),
            ProfileError::DisclosureStatementMissing,
        ),
        (
            terms().disclosure_statements(vec![location("http://a.dk", "en")]),
            ProfileError::DisclosureStatement { url: "http://a.dk".to_owned(), language: "en".to_owned() },
        ),
        (
            terms().disclosure_statements(doubled()),
            ProfileError::DisclosureStatement {
                url: "https://a.dk/en2".to_owned(),
                language: "en".to_owned(),
            },
        ),
        (
            terms().disclosure_statements(vec![english(), location("https://a.dk", "xy")]),
            ProfileError::DisclosureStatement { url: "https://a.dk".to_owned(), language: "xy".to_owned() },
        ),
        (terms().validity_assured(), ProfileError::AssuredTooLong),
        (notice, ProfileError::PurposeLimit),
        (terms().purpose_limit("a\u{7}"), ProfileError::PurposeLimit),
        (terms().statement(semantics), ProfileError::SemanticsWithoutIdentifier),
        (
            terms().statement(Statement::Type(vec![QcType::Seal])),
            ProfileError::StatementDecided(oid::QCS_TYPE.into()),
        ),
        (
            terms().retention_years(1).retention_years(2),
            ProfileError::StatementTwice(oid::QCS_RETENTION_PERIOD.into()),
        ),
        (terms().own_policy(oid::POLICY_QCP_N), ProfileError::Policy(oid::POLICY_QCP_N)),
        (
            terms().statement(Statement::IdentificationMethod(vec![])),
            ProfileError::IdentificationMethod { count: 0 },
        ),
    ] {
        let issuer = &authority.certificate;
        assert_eq!(signature(terms.clone()).present(issuer).unwrap_err(), error);
        assert_eq!(website(terms.clone()).present(issuer).unwrap_err(), error);
        assert_eq!(lasting("NTRDK-12345674", terms).present(issuer).unwrap_err(), error);
    }
    for country in ["DK", "NO", "EU", "XX", ""] {
        let profile = lasting("NTRDK-12345674", terms().device_legislation([country]));
        assert_eq!(
            profile.present(&authority.certificate).unwrap_err(),
            ProfileError::DeviceLegislation { country: country.to_owned() }
        );
    }
    assert_eq!(
        website(terms().device_legislation(["CH"])).present(&authority.certificate).unwrap_err(),
        ProfileError::DeviceLegislationWithoutDevice
    );
}

#[test]
fn payment_services_agree_with_the_identifier() {
    let authority = authority();
    let refused = |identifier, name: &str, id: &str, roles: &[PspRole]| {
        let profile = lasting(identifier, terms().payment_services(roles, name, id));
        profile.present(&authority.certificate).err()
    };
    let one = [PspRole::AccountServicing];
    assert_eq!(refused("PSDDK-DFSA-1", "F", "DK-DFSA", &one), None);
    assert_eq!(refused("NTRDK-12345674", "F", "DK-DFSA", &one), None);
    assert_eq!(refused("PSDES-BDE-1", "Banco de Espana", "ES-BDE", &one), None);
    for (identifier, name, id, roles, fault) in [
        ("PSDDK-DFSA-1", "F", "DK-DFS", &one[..], Psd2Fault::OtherAuthority),
        ("PSDDK-DFSA-1", "", "DK-DFSA", &one[..], Psd2Fault::AuthorityName),
        ("PSDES-BDE-1", "Banco de España", "ES-BDE", &one[..], Psd2Fault::AuthorityName),
        ("PSDDK-DFSA-1", "Αρχή", "DK-DFSA", &one[..], Psd2Fault::AuthorityName),
        ("PSDDK-DFSA-1", "F", "DK-dfsa", &one[..], Psd2Fault::AuthorityIdentifier),
        ("PSDDK-DFSA-1", "F", "DKDFSA", &one[..], Psd2Fault::AuthorityIdentifier),
        ("PSDDK-DFSA-1", "F", "DK-DFSA", &[], Psd2Fault::Roles),
    ] {
        assert_eq!(refused(identifier, name, id, roles), Some(ProfileError::Psd2(fault)));
    }
    let natural = signature(terms().payment_services(&one, "F", "DK-DFSA"));
    assert_eq!(
        natural.present(&authority.certificate).unwrap_err(),
        ProfileError::Psd2(Psd2Fault::NoLegalPerson)
    );
}

#[test]
fn names_keys_and_lives_that_do_not_fit_are_refused() {
    let authority = authority();
    let issuer = &authority.certificate;
    let denied = || terms().denied_names(DeniedNames::new(["Jespersen", "example"]));
    assert_eq!(
        signature(denied()).present(issuer).unwrap_err(),
        ProfileError::NameDenied { entry: "Jespersen".to_owned() }
    );
    assert_eq!(
        website(denied()).present(issuer).unwrap_err(),
        ProfileError::NameDenied { entry: "example".to_owned() }
    );
    for domain in
        ["", "localhost", "a..dk", "A.dk", "a.test", "a_b.dk", "*.*.dk", "127.0.0.1", "www.example.com"]
    {
        assert_eq!(
            website(terms()).domain(domain).present(issuer).unwrap_err(),
            ProfileError::Domain { domain: domain.to_owned() }
        );
    }
    let extended = WebsiteValidation::Extended(BusinessCategory::BusinessEntity);
    let wildcard = website(terms()).domain("*.example.org");
    assert!(wildcard.present(issuer).is_ok());
    assert_eq!(wildcard.validation(extended).present(issuer).unwrap_err(), ProfileError::ExtendedValidation);
    let small = KeyKind::Rsa { bits: 2048 };
    assert_eq!(signature(terms()).key(small).present(issuer).unwrap_err(), ProfileError::Key(small));
    let unmarked = Person::new("DK", PersonName::Pseudonym("Bee".to_owned()), "Bee").unwrap();
    assert_eq!(
        SignatureProfile::new(unmarked, Validity::days(1), terms()).present(issuer).unwrap_err(),
        ProfileError::NotMarkedTest { name: "Bee".to_owned() }
    );
    for hours in [23, 24] {
        let profile = SignatureProfile::new(person(), Validity::hours(hours), terms().validity_assured());
        match profile.present(issuer) {
            Ok(presented) => {
                let content = presented.content();
                assert!(hours == 23 && content.is_validity_assured() && content.has(oid::NO_REV_AVAIL));
                assert!(content.crl_urls().is_empty() && content.ocsp_urls().is_empty());
            }
            Err(error) => assert_eq!((hours, error), (24, ProfileError::AssuredTooLong)),
        }
    }
    for days in [0, 399] {
        let subject = WebsiteSubject::Organisation(organisation("NTRDK-12345674"));
        let address = Address::new("Aarhus", "Midtjylland").unwrap();
        let profile = WebsiteProfile::new(subject, address, Validity::days(days), terms()).domain("a.dk");
        assert!(matches!(profile.present(issuer).unwrap_err(), ProfileError::Lifetime { .. }));
    }
}

#[test]
fn a_seal_of_the_danish_terms_takes_limits_only_when_asked() {
    let authority = authority();
    let seal = || SealProfile::new(holder("NTRDK-12345674"), Lifetime::Days10, &urls());
    let plain = seal().present(&authority.certificate).unwrap();
    let limited = seal()
        .terms(|terms| terms.limit(Currency::Alphabetic("DKK".to_owned()), 1, 5))
        .present(&authority.certificate)
        .unwrap();
    assert!(!plain.content().to_string().contains("limit"));
    assert!(limited.content().to_string().contains("limit 1 x 10^5 DKK"));
    assert_ne!(plain.content().sha256(), limited.content().sha256());
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let oids = any::<u32>().prop_map(|arc| ObjectIdentifier::new_unwrap(&format!("1.3.6.1.4.1.32473.{arc}")));
    let currency =
        prop_oneof!["[A-Z]{3}".prop_map(Currency::Alphabetic), (1..=999_i64).prop_map(Currency::Numeric)];
    let method = prop_oneof![
        Just(IdentificationMethod::Eidas1Ab),
        Just(IdentificationMethod::Eidas2B),
        oids.prop_map(|oid| IdentificationMethod::Other(oid.into()))
    ];
    let countries = || prop::collection::vec("[A-Z]{2}", 1..4);
    prop_oneof![
        Just(Statement::Compliance),
        Just(Statement::QualifiedDevice),
        (currency, any::<i64>(), any::<i64>())
            .prop_map(|(currency, amount, exponent)| Statement::LimitValue { currency, amount, exponent }),
        any::<i64>().prop_map(Statement::RetentionPeriod),
        prop::collection::vec(("https://[a-z]{1,20}\\.dk/", "[a-z]{2}"), 1..5).prop_map(|all| {
            let location = |(url, language)| PdsLocation { url, language };
            Statement::DisclosureStatements(all.into_iter().map(location).collect())
        }),
        Just(Statement::Type(vec![QcType::Website])),
        countries().prop_map(Statement::CountryLegislation),
        countries().prop_map(Statement::DeviceLegislation),
        method.prop_map(|method| Statement::IdentificationMethod(vec![method])),
        ("\\PC{1,40}", "[A-Z]{2}-[A-Z]{2,8}").prop_map(|(authority_name, authority_id)| Statement::Psd2 {
            roles: vec![(PspRole::CardIssuing.oid().into(), PspRole::CardIssuing.name().to_owned())],
            authority_name,
            authority_id,
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn statements_come_back_as_they_were_written(statements in prop::collection::vec(any_statement(), 0..8)) {
        let written = QcStatements(statements);
        let reading = QcStatements::read(&written.to_der()).unwrap();
        prop_assert_eq!(&reading.statements, &written);
        let only_repeated =
            reading.oddities.iter().all(|oddity| oddity.kind == segl_cert::OddityKind::Repeated);
        prop_assert!(only_repeated, "{:?}", reading.oddities);
    }

    #[test]
    fn any_octets_are_read_or_refused_and_what_was_read_comes_back(octets in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(reading) = QcStatements::read(&octets) {
            prop_assert_eq!(QcStatements::from_der(&reading.statements.to_der()), Ok(reading.statements));
        }
    }

    #[test]
    fn identifiers_of_any_text_are_read_or_refused(text in "\\PC{0,40}", tail in "[A-Z:]{0,5}-?\\PC{0,20}") {
        for text in [text, tail] {
            let _ = PersonIdentifier::parse(&text);
            let _ = EidasIdentifier::parse(&text);
            let _ = OrganisationIdentifier::parse(&text);
        }
    }
}
