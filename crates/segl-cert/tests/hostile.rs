//! Malformed certificates: typed errors that say where, no panic, each in no time.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::time::{Duration, Instant};

use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, CertificateContent, Currency,
    Description, Device, Holder, IdentificationMethod, LastingSealProfile, Lifetime, Organisation,
    OrganisationIdentifier, Person, PersonIdentifier, PersonName, PersonSerial, Presented, PspRole,
    QcStatements, SealProfile, SerialNumber, SignatureProfile, Terms, Unit, Validity, WebsiteProfile,
    WebsiteSubject, lint, oid,
};
use segl_crypto::{SoftKind, SoftwareKey, Time};
use segl_testkit::corpus;
use segl_x509::{Certificate, CertificateError, ExtensionError};

/// A thousand times what a certificate takes, and still nobody waits for it.
const BOUND: Duration = Duration::from_secs(2);

fn key() -> SoftwareKey {
    SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

/// Four of our own, which together have every statement and every extension that is written here.
fn certificates() -> Vec<Certificate> {
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let now = Time::from_unix(1_795_000_000);
    let ca_key = key();
    let ca = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls)
        .key(segl_crypto::KeyKind::EcP256)
        .prepare(None, &ca_key.public_key_spki().unwrap(), &SerialNumber::from_random([1; 15]), now)
        .unwrap();
    let value = ca_key.sign(ca.to_be_signed()).unwrap();
    let ca = ca.assemble_verified(&value).unwrap();
    let issue = |presented: Presented, device| {
        let seen = *presented.content().sha256();
        let spki = key().public_key_spki().unwrap();
        let serial = SerialNumber::from_random([9; 15]);
        let prepared = presented.approve(&seen).unwrap().prepare(&spki, device, &serial, now).unwrap();
        let value = ca_key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble_verified(&value).unwrap()
    };
    let organisation = |identifier| {
        let identifier = OrganisationIdentifier::parse(identifier).unwrap();
        Organisation::new("DK", "TEST Bank", identifier).unwrap()
    };
    let bank = |identifier| Holder::new(organisation(identifier), Unit::new("TEST Bank").unwrap());
    let everything = Terms::new(&urls)
        .limit(Currency::Alphabetic("DKK".into()), 5, 6)
        .retention_years(10)
        .identified_by(IdentificationMethod::Eidas2B)
        .device_legislation(["CH"])
        .purpose_limit("Only for invoices.")
        .payment_services(&[PspRole::AccountInformation], "Finanstilsynet", "DK-DFSA");
    let assured = SealProfile::new(bank("NTRDK-12345674"), Lifetime::Hours12, &urls).validity_assured();
    let lasting = LastingSealProfile::new(bank("PSDDK-DFSA-1234"), Validity::days(730), everything);
    let name = PersonName::Formal { given_name: Some("Karen".into()), surname: Some("Jespersen".into()) };
    let passport = PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180").unwrap());
    let karen = Person::new("DK", name, "TEST Karen").unwrap().serial_number(passport).unwrap();
    let signature = SignatureProfile::new(karen, Validity::days(2), Terms::new(&urls));
    let website = WebsiteProfile::new(
        WebsiteSubject::Organisation(organisation("NTRDK-12345674")),
        Address::new("Aarhus", "Region Midtjylland").unwrap(),
        Validity::days(90),
        Terms::new(&urls),
    );
    vec![
        issue(assured.present(&ca).unwrap(), Device::Other),
        issue(lasting.present(&ca).unwrap(), Device::Qualified),
        issue(signature.present(&ca).unwrap(), Device::Other),
        issue(website.domain("www.example.com").present(&ca).unwrap(), Device::Other),
    ]
}

/// What was met on the way through every reader.
#[derive(Debug, Default)]
struct Tally {
    read: usize,
    refused: usize,
    extensions_refused: usize,
    slowest: Duration,
}

impl Tally {
    /// Reads octets with everything there is, in bounded time.
    fn read(&mut self, octets: &[u8]) {
        let start = Instant::now();
        match Certificate::from_der(octets) {
            Ok(certificate) => {
                self.read += 1;
                self.interpret(&certificate);
            }
            Err(CertificateError::Syntax(error)) => {
                self.refused += 1;
                assert!(error.offset <= octets.len(), "{error} of {} octets", octets.len());
            }
            Err(error) => panic!("{error}"),
        }
        let took = start.elapsed();
        assert!(took < BOUND, "{took:?} for {octets:02x?}");
        self.slowest = self.slowest.max(took);
    }

    fn interpret(&mut self, certificate: &Certificate) {
        let length = certificate.as_der().len();
        let errors = [
            certificate.basic_constraints().err(),
            certificate.key_usage().err(),
            certificate.ext_key_usage().err(),
            certificate.subject_key_identifier().err(),
            certificate.authority_key_identifier().err(),
            certificate.subject_alt_names().err(),
            certificate.issuer_alt_names().err(),
            certificate.policies().err(),
            certificate.policy_mappings().err(),
            certificate.policy_constraints().err(),
            certificate.inhibit_any_policy().err(),
            certificate.name_constraints().err(),
            certificate.crl_distribution_points().err(),
            certificate.freshest_crl().err(),
            certificate.authority_info_access().err(),
            certificate.private_key_usage_period().err(),
            certificate.qc_statements().err(),
        ];
        for error in errors.into_iter().flatten() {
            self.extensions_refused += 1;
            if let ExtensionError::Syntax { error, .. } = error {
                assert!(error.offset <= length, "{error} of {length} octets");
            }
        }
        let _ = (certificate.public_key(), certificate.signature_algorithm());
        let _ = certificate.contradictions_of_no_revocation_available();
        if let Some(extension) = certificate.extension(oid::QC_STATEMENTS) {
            let value = extension.value();
            match QcStatements::read(value) {
                Ok(reading) => assert!(reading.oddities.iter().all(|oddity| oddity.offset <= value.len())),
                Err(error) => assert!(error.offset() <= value.len(), "{error}"),
            }
        }
        if let Ok(content) = CertificateContent::of(certificate) {
            assert!(!content.to_string().is_empty());
        }
        assert!(!Description::of(certificate).to_string().is_empty());
        for finding in lint::lint(certificate).findings() {
            let place = finding.place();
            let end = place.offset().unwrap_or(0) + place.length().unwrap_or(0);
            assert!(end <= length, "{finding}");
        }
    }
}

#[test]
fn every_prefix_is_refused_and_says_where() {
    let mut tally = Tally::default();
    for certificate in certificates() {
        let der = certificate.as_der();
        for end in 0..der.len() {
            tally.read(&der[..end]);
        }
        let longer = [der, &[0]].concat();
        tally.read(&longer);
    }
    println!("{tally:?}");
    assert_eq!(tally.read, 0, "a part is no certificate");
    assert!(tally.refused > 3_000);
}

/// Each octet once with all its bits turned over and once with each end of it.
#[test]
fn every_flipped_octet_is_read_or_refused() {
    let mut tally = Tally::default();
    for certificate in certificates() {
        let mut der = certificate.as_der().to_vec();
        for place in 0..der.len() {
            for mask in [0xff, 0x01, 0x80, 0x20] {
                der[place] ^= mask;
                tally.read(&der);
                der[place] ^= mask;
            }
        }
        assert_eq!(der, certificate.as_der());
    }
    println!("{tally:?}");
    assert!(tally.read > 3_000 && tally.refused > 1_000 && tally.extensions_refused > 100, "{tally:?}");
}

/// What is no certificate among the certificates of others says where it stops being one, in whatever form it came.
#[test]
fn what_others_made_is_read_or_says_where_it_is_not() {
    let Some(corpus) = corpus::folder() else { return };
    let mut tally = Tally::default();
    let mut refused = Vec::new();
    for file in corpus::files(&corpus.join("revocation/certificates")) {
        let bytes = fs::read(&file).unwrap();
        match Certificate::from_der_or_pem(&bytes) {
            Ok(certificate) => tally.read(certificate.as_der()),
            Err(CertificateError::Syntax(error)) => {
                assert!(error.offset < bytes.len(), "{}: {error}", file.display());
                refused.push(file.file_name().unwrap().to_string_lossy().into_owned());
            }
            Err(error) => panic!("{}: {error}", file.display()),
        }
    }
    println!("{tally:?}, refused {refused:?}");
    assert!(tally.read > 100 && tally.refused == 0);
    assert_eq!(refused, ["AdobeCA.p7c"], "a bundle is no certificate");
}
