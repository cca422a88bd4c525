//! The profiles as certificates: what is in them, what they refuse, and that shown and issued agree.
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
    AssembleError, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, CertificateContent,
    DeniedNames, Device, Holder, Lifetime, Organisation, OrganisationIdentifier, PdsLocation, PrepareError,
    ProfileError, QcStatements, QcType, SealProfile, SerialNumber, Unit, oid,
};
use segl_crypto::{KeyKind, SignatureValue, SoftKind, SoftwareKey, Time};
use segl_x509::{Certificate, KeyUsage};

const NOW: i64 = 1_795_000_000;

struct Authority {
    ca_key: SoftwareKey,
    root: Certificate,
    ca: Certificate,
    unit: Certificate,
    responder: Certificate,
}

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn serial(number: u8) -> SerialNumber {
    SerialNumber::from_random([number; 15])
}

fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

fn issue(
    role: AuthorityRole,
    issuer: Option<(&Certificate, &SoftwareKey)>,
    own: &SoftwareKey,
    number: u8,
) -> Certificate {
    let profile = AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls());
    let spki = own.public_key_spki().unwrap();
    let now = Time::from_unix(NOW);
    let prepared =
        profile.prepare(issuer.map(|(certificate, _)| certificate), &spki, &serial(number), now).unwrap();
    let signature = issuer.map_or(own, |(_, key)| key).sign(prepared.to_be_signed()).unwrap();
    let shown = prepared.content().clone();
    let certificate = prepared.assemble_verified(&signature).unwrap();
    assert_eq!(CertificateContent::of(&certificate).unwrap(), shown);
    certificate
}

fn authority() -> Authority {
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let root = issue(AuthorityRole::Root, None, &root_key, 1);
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key, 2);
    let unit = issue(AuthorityRole::TimeStampUnit, Some((&root, &root_key)), &key(SoftKind::EcP384), 3);
    let responder = issue(AuthorityRole::OcspResponder, Some((&ca, &ca_key)), &key(SoftKind::EcP256), 4);
    Authority { ca_key, root, ca, unit, responder }
}

fn holder(name: &str, unit: &str) -> Holder {
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    Holder::new(Organisation::new("DK", name, identifier).unwrap(), Unit::new(unit).unwrap())
}

fn profile(lifetime: Lifetime) -> SealProfile {
    SealProfile::new(holder("TEST Kommune", "TEST Kommune Post"), lifetime, &urls())
}

fn seal(authority: &Authority, profile: &SealProfile, device: Device) -> Certificate {
    let presented = profile.present(&authority.ca).unwrap();
    let shown = presented.content().clone();
    let own = key(SoftKind::EcP256);
    let prepared = presented
        .approve(shown.sha256())
        .unwrap()
        .prepare(&own.public_key_spki().unwrap(), device, &serial(9), Time::from_unix(NOW + 60))
        .unwrap();
    let signature = authority.ca_key.sign(prepared.to_be_signed()).unwrap();
    let certificate = prepared.assemble(&signature).unwrap();
    certificate.verify_signed_by(&authority.ca.public_key().unwrap()).unwrap();
    assert_eq!(CertificateContent::of(&certificate).unwrap(), shown);
    assert_eq!(certificate.spki_der(), own.public_key_spki().unwrap());
    certificate
}

fn extension_oids(certificate: &Certificate) -> Vec<(String, bool)> {
    let each = certificate.extensions().iter();
    let mut oids: Vec<_> =
        each.map(|extension| (extension.oid().to_string(), extension.is_critical())).collect();
    oids.sort();
    oids
}

#[test]
fn a_seal_certificate_says_annex_iii_and_nothing_that_opens_another_use() {
    let authority = authority();
    for lifetime in [Lifetime::Hours12, Lifetime::Days10] {
        let certificate = seal(&authority, &profile(lifetime), Device::Other);
        let life = certificate.not_after().checked_duration_since(certificate.not_before()).unwrap();
        assert_eq!(life.as_secs() + 1, lifetime.seconds());
        assert_eq!(certificate.key_usage().unwrap(), Some(KeyUsage::NON_REPUDIATION));
        for absent in [
            oid::BASIC_CONSTRAINTS,
            oid::EXT_KEY_USAGE,
            oid::NO_REV_AVAIL,
            oid::VALIDITY_ASSURED_SHORT_TERM,
            oid::OCSP_NOCHECK,
        ] {
            assert!(!certificate.has_extension(absent), "{absent}");
        }
        assert!(certificate.subject_alt_names().unwrap().is_none());
        let content = CertificateContent::of(&certificate).unwrap();
        assert_eq!(content.policies(), [oid::POLICY_QCP_L]);
        assert_eq!(content.ocsp_urls(), ["http://pki.example.com/ocsp"]);
        assert_eq!(content.crl_urls(), ["http://pki.example.com/crl/ca1.crl"]);
        assert_eq!(content.ca_issuers_urls(), ["http://pki.example.com/ca/ca1.cer"]);
        let statements = content.statements().unwrap();
        assert!(statements.is_qualified() && statements.types().eq([QcType::Seal]));
        assert!(!statements.claims_qualified_device());
        assert!(!statements.0.iter().any(|one| matches!(one, segl_cert::Statement::LimitValue { .. })));
        let languages: Vec<_> = statements.disclosure_statements().map(|pds| pds.language.as_str()).collect();
        assert_eq!(languages, ["en", "da"]);
        assert_eq!(certificate.serial(), serial(9).as_octets());
    }
}

#[test]
fn a_qualified_device_brings_its_statement_and_its_policy_together() {
    let authority = authority();
    let certificate =
        seal(&authority, &profile(Lifetime::Days10).device(Device::Qualified), Device::Qualified);
    let content = CertificateContent::of(&certificate).unwrap();
    assert!(content.statements().unwrap().claims_qualified_device());
    assert_eq!(content.policies(), [oid::POLICY_QCP_L_QSCD]);
}

#[test]
fn the_receipt_must_say_the_device_that_was_shown() {
    let authority = authority();
    let spki = key(SoftKind::EcP256).public_key_spki().unwrap();
    for (shown, receipt) in [(Device::Qualified, Device::Other), (Device::Other, Device::Qualified)] {
        let presented = profile(Lifetime::Hours12).device(shown).present(&authority.ca).unwrap();
        let seen = *presented.content().sha256();
        let approved = presented.approve(&seen).unwrap();
        let refused = approved.prepare(&spki, receipt, &serial(1), Time::from_unix(NOW)).unwrap_err();
        assert_eq!(refused, PrepareError::Device);
    }
}

#[test]
fn no_revocation_available_counts_only_where_nothing_contradicts_it() {
    let authority = authority();
    let assured = seal(&authority, &profile(Lifetime::Hours12).validity_assured(), Device::Other);
    assert!(assured.has_no_revocation_available());
    // subjectKeyIdentifier (2.5.29.14) made noRevAvail (2.5.29.56) where the certificate says where CRL and OCSP are, and in
    // an authority's.
    for certificate in [&seal(&authority, &profile(Lifetime::Hours12), Device::Other), &authority.ca] {
        let mut der = certificate.as_der().to_vec();
        let at = der.windows(5).position(|window| window == [6, 3, 0x55, 0x1d, 14]).unwrap();
        der[at + 4] = 56;
        let patched = Certificate::from_der(&der).unwrap();
        assert!(patched.has_extension(oid::NO_REV_AVAIL) && !patched.has_no_revocation_available());
    }
}

#[test]
fn validity_assured_has_no_pointers_and_is_only_for_twelve_hours() {
    let authority = authority();
    let certificate = seal(&authority, &profile(Lifetime::Hours12).validity_assured(), Device::Other);
    let content = CertificateContent::of(&certificate).unwrap();
    assert!(content.is_validity_assured() && content.has(oid::NO_REV_AVAIL));
    assert!(content.ocsp_urls().is_empty() && content.crl_urls().is_empty());
    assert_eq!(content.ca_issuers_urls().len(), 1);
    for extension in [oid::NO_REV_AVAIL, oid::VALIDITY_ASSURED_SHORT_TERM] {
        let found = certificate.extension(extension).unwrap();
        assert_eq!((found.value(), found.is_critical()), (&[5, 0][..], false));
    }
    assert_eq!(
        profile(Lifetime::Days10).validity_assured().present(&authority.ca).unwrap_err(),
        ProfileError::AssuredTooLong
    );
}

#[test]
fn approving_something_else_does_not_issue() {
    let authority = authority();
    let presented = profile(Lifetime::Hours12).present(&authority.ca).unwrap();
    let other = profile(Lifetime::Days10).present(&authority.ca).unwrap();
    let refused = presented.approve(other.content().sha256()).unwrap_err();
    assert!(matches!(refused, PrepareError::ApprovalOfOther { .. }));
}

#[test]
fn every_decision_of_the_profile_changes_the_hash() {
    let authority = authority();
    let base = || profile(Lifetime::Hours12);
    let english = PdsLocation { url: "https://a.dk/".into(), language: "en".into() };
    let variants = [
        base(),
        profile(Lifetime::Days10),
        base().validity_assured(),
        base().device(Device::Qualified),
        base().key(KeyKind::EcP384),
        base().disclosure_statements(vec![english]),
        base().own_policy(segl_x509::ObjectIdentifier::new_unwrap("1.2.208.169.1.1")),
        SealProfile::new(
            holder("TEST Kommune", "TEST Kommune  Post".replace("  ", " ").as_str()),
            Lifetime::Days10,
            &urls(),
        )
        .key(KeyKind::EcP384),
        SealProfile::new(holder("TEST Kommunen", "TEST Kommune Post"), Lifetime::Hours12, &urls()),
        SealProfile::new(holder("TEST Kommune", "TEST Kommune"), Lifetime::Hours12, &urls()),
    ];
    let mut hashes: Vec<_> =
        variants.iter().map(|one| *one.present(&authority.ca).unwrap().content().sha256()).collect();
    assert_eq!(
        base().present(&authority.ca).unwrap().content().sha256(),
        &hashes[0],
        "the same profile hashes alike"
    );
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), variants.len());
}

#[test]
fn what_the_profile_forbids_does_not_build() {
    let authority = authority();
    let refused = |profile: SealProfile| profile.present(&authority.ca).unwrap_err();
    let base = || profile(Lifetime::Hours12);
    let location =
        |url: &str, language: &str| vec![PdsLocation { url: url.into(), language: language.into() }];
    assert_eq!(
        refused(base().key(KeyKind::Rsa { bits: 4096 })),
        ProfileError::Key(KeyKind::Rsa { bits: 4096 })
    );
    assert_eq!(refused(base().disclosure_statements(vec![])), ProfileError::DisclosureStatementMissing);
    assert_eq!(
        refused(base().disclosure_statements(location("https://a.dk", "da"))),
        ProfileError::DisclosureStatementMissing
    );
    for (url, language) in
        [("http://a.dk", "en"), ("https://", "en"), ("https://a.dk", "eng"), ("https://a.dk", "EN")]
    {
        let refused = refused(base().disclosure_statements(location(url, language)));
        assert!(matches!(refused, ProfileError::DisclosureStatement { .. }), "{url} {language}");
    }
    assert_eq!(
        refused(base().denied_names(DeniedNames::new(["K0mmune Post"]))),
        ProfileError::NameDenied { entry: "K0mmune Post".into() }
    );
    assert_eq!(
        refused(base().own_policy(oid::POLICY_QCP_L_QSCD)),
        ProfileError::Policy(oid::POLICY_QCP_L_QSCD)
    );
    assert_eq!(refused(base().own_policy(oid::ANY_POLICY)), ProfileError::Policy(oid::ANY_POLICY));
    let unmarked = SealProfile::new(holder("TEST Kommune", "Kommune Post"), Lifetime::Hours12, &urls());
    assert_eq!(refused(unmarked), ProfileError::NotMarkedTest { name: "Kommune Post".into() });
    for no_ca in [&authority.unit, &authority.responder, &seal(&authority, &base(), Device::Other)] {
        assert!(matches!(base().present(no_ca).unwrap_err(), ProfileError::Issuer(_)));
    }
}

#[test]
fn a_certificate_lives_inside_the_life_of_its_issuer() {
    let authority = authority();
    let spki = key(SoftKind::EcP256).public_key_spki().unwrap();
    let prepare = |at: Time| {
        let presented = profile(Lifetime::Hours12).present(&authority.ca).unwrap();
        let seen = *presented.content().sha256();
        presented.approve(&seen).unwrap().prepare(&spki, Device::Other, &serial(1), at)
    };
    let (first, last) = (authority.ca.not_before(), authority.ca.not_after());
    let second = std::time::Duration::from_secs(1);
    assert!(prepare(first).is_ok());
    assert!(matches!(prepare(first - second), Err(PrepareError::OutsideIssuer { .. })));
    let latest = last - std::time::Duration::from_secs(43_199);
    assert_eq!(prepare(latest).unwrap().not_after(), last);
    assert!(matches!(prepare(latest + second), Err(PrepareError::OutsideIssuer { .. })));
}

#[test]
fn another_key_and_another_signature_are_refused() {
    let authority = authority();
    let presented = profile(Lifetime::Hours12).key(KeyKind::EcP384).present(&authority.ca).unwrap();
    let seen = *presented.content().sha256();
    let approved = presented.approve(&seen).unwrap();
    let p256 = key(SoftKind::EcP256).public_key_spki().unwrap();
    let refused =
        approved.clone().prepare(&p256, Device::Other, &serial(1), Time::from_unix(NOW)).unwrap_err();
    assert!(matches!(refused, PrepareError::KeyDiffers { .. }));
    assert!(matches!(
        approved.clone().prepare(&[0x30, 0], Device::Other, &serial(1), Time::from_unix(NOW)),
        Err(PrepareError::Key(_))
    ));
    let own = key(SoftKind::EcP384);
    let prepared = approved
        .prepare(&own.public_key_spki().unwrap(), Device::Other, &serial(1), Time::from_unix(NOW))
        .unwrap();
    let foreign = own.sign(prepared.to_be_signed()).unwrap();
    for wrong in [foreign, SignatureValue::from_octets([])] {
        let refused = prepared.clone().assemble_verified(&wrong).unwrap_err();
        assert!(matches!(refused, AssembleError::Signature(_)), "{refused}");
        // Unverified it comes out, and the first who verifies it finds out.
        let unverified = prepared.clone().assemble(&wrong).unwrap();
        assert!(unverified.verify_signed_by(&authority.ca.public_key().unwrap()).is_err());
    }
}

#[test]
fn the_content_fits_one_screen() {
    let authority = authority();
    let text = profile(Lifetime::Hours12).present(&authority.ca).unwrap().content().to_string();
    assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 160), "{text}");
    for part in [
        "Certificate for an electronic seal",
        "TEST Kommune (NTRDK-12345674, DK)",
        "TEST Kommune Post",
        "12 hours from issue",
        "contentCommitment",
        "EU qualified certificate, for electronic seals",
        "https://pki.example.com/pds/da.pdf (da)",
        "OCSP http://pki.example.com/ocsp",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    for certificate in [&authority.root, &authority.ca, &authority.unit, &authority.responder] {
        assert!(CertificateContent::of(certificate).unwrap().to_string().contains("TEST"));
    }
}

#[test]
fn the_hierarchy_has_the_extensions_of_the_reference() {
    let Some(corpus) = segl_testkit::corpus::folder() else { return };
    let authority = authority();
    let base = || profile(Lifetime::Hours12);
    for (ours, folder, file) in [
        (&authority.root, "12h", "root"),
        (&authority.ca, "12h", "ca"),
        (&authority.unit, "12h", "tsu"),
        (&authority.responder, "12h", "ocsp"),
        (&seal(&authority, &base(), Device::Other), "12h", "seal"),
        (&seal(&authority, &base().validity_assured(), Device::Other), "12h-assured", "seal"),
    ] {
        let der = std::fs::read(corpus.join(format!("reference/{folder}/{file}.cer"))).unwrap();
        let theirs = Certificate::from_der(&der).unwrap();
        assert_eq!(extension_oids(ours), extension_oids(&theirs), "{folder}/{file}");
        let (mine, other) = (CertificateContent::of(ours).unwrap(), CertificateContent::of(&theirs).unwrap());
        assert_eq!(mine.statements(), other.statements(), "{folder}/{file}");
        assert_eq!(mine.policies(), other.policies());
        assert_eq!(mine.key_usage(), other.key_usage());
        assert_eq!(mine.purposes(), other.purposes());
        assert_eq!(mine.crl_urls(), other.crl_urls());
        assert_eq!(mine.ocsp_urls(), other.ocsp_urls());
        assert_eq!(mine.ca_issuers_urls(), other.ca_issuers_urls());
        for equal in [
            oid::BASIC_CONSTRAINTS,
            oid::QC_STATEMENTS,
            oid::AUTHORITY_INFO_ACCESS,
            oid::CRL_DISTRIBUTION_POINTS,
        ] {
            let value =
                |certificate: &Certificate| certificate.extension(equal).map(|found| found.value().to_vec());
            assert_eq!(value(ours), value(&theirs), "{folder}/{file} {equal}");
        }
    }
}

proptest! {
    #[test]
    fn no_other_lifetime_exists(seconds in 0_u64..2_000_000) {
        let known = seconds == 43_200 || seconds == 864_000;
        prop_assert_eq!(Lifetime::from_seconds(seconds).is_some(), known);
    }

    #[test]
    fn statements_of_strangers_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = QcStatements::from_der(&bytes) {
            let again = QcStatements::from_der(&read.to_der());
            prop_assert!(again.is_ok());
        }
    }
}
