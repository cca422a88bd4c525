//! Every certificate issued here, as RustCrypto's x509-cert sees it: the same bytes, and the same meaning field by field.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;

use der::{Decode as _, Encode as _, asn1::Any};
use proptest::prelude::*;
use segl_cert::{
    Address, AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, BusinessCategory, Currency,
    Device, Holder, LastingSealProfile, Lifetime, Organisation, OrganisationIdentifier, Person, PersonName,
    PersonSerial, Presented, SealProfile, SerialNumber, SignatureProfile, Terms, Unit, Validity,
    WebsiteProfile, WebsiteSubject, WebsiteValidation, oid,
};
use segl_crypto::{KeyKind, SoftKind, SoftwareKey, Time};
use segl_x509::{Certificate, GeneralName, ObjectIdentifier, oids};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, PrivateKeyUsagePeriod, SubjectAltName,
    SubjectKeyIdentifier,
    name::{DistributionPointName, GeneralName as TheirGeneralName},
};
use x509_cert::{TbsCertificate, certificate::Version, spki::SubjectPublicKeyInfoOwned};

const NOW: i64 = 1_795_000_000;

struct Authority {
    certificates: Vec<Certificate>,
    ca: Certificate,
    ca_key: SoftwareKey,
}

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
    let spki = own.public_key_spki().unwrap();
    let serial = SerialNumber::from_random([7; 15]);
    let profile = AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls())
        .key(own.kind())
        .prepare(issuer.map(|(certificate, _)| certificate), &spki, &serial, Time::from_unix(NOW))
        .unwrap();
    let value = issuer.map_or(own, |(_, key)| key).sign(profile.to_be_signed()).unwrap();
    profile.assemble_verified(&value).unwrap()
}

fn authority() -> Authority {
    let (root_key, ca_key) = (key(SoftKind::EcP384), key(SoftKind::EcP384));
    let root = issue(AuthorityRole::Root, None, &root_key);
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key);
    let unit = issue(AuthorityRole::TimeStampUnit, Some((&root, &root_key)), &key(SoftKind::EcP256));
    let responder = issue(AuthorityRole::OcspResponder, Some((&ca, &ca_key)), &key(SoftKind::EcP256));
    Authority { certificates: vec![root, ca.clone(), unit, responder], ca, ca_key }
}

fn seal(
    authority: &Authority,
    profile: &SealProfile,
    own: &SoftwareKey,
    device: Device,
    serial: [u8; 15],
    from: Time,
) -> Certificate {
    certify(authority, profile.present(&authority.ca).unwrap(), own, device, serial, from)
}

fn certify(
    authority: &Authority,
    presented: Presented,
    own: &SoftwareKey,
    device: Device,
    serial: [u8; 15],
    from: Time,
) -> Certificate {
    let seen = *presented.content().sha256();
    let spki = own.public_key_spki().unwrap();
    let prepared = presented
        .approve(&seen)
        .unwrap()
        .prepare(&spki, device, &SerialNumber::from_random(serial), from)
        .unwrap();
    let value = authority.ca_key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap()
}

fn holder(name: &str, unit: &str) -> Holder {
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    Holder::new(Organisation::new("DK", name, identifier).unwrap(), Unit::new(unit).unwrap())
}

/// Everything x509-cert says of the certificate is what we say, and it writes the very bytes it read.
fn agrees(ours: &Certificate) {
    let theirs = x509_cert::Certificate::from_der(ours.as_der()).unwrap();
    assert_eq!(theirs.to_der().unwrap(), ours.as_der());
    let tbs = theirs.tbs_certificate();
    assert_eq!(tbs.to_der().unwrap(), ours.tbs_der());
    assert_eq!((tbs.version(), ours.version()), (Version::V3, 3));
    assert_eq!(tbs.serial_number().as_bytes(), ours.serial());
    assert_eq!(tbs.signature().to_der().unwrap(), ours.tbs_signature_algorithm_der());
    assert_eq!(theirs.signature_algorithm().to_der().unwrap(), ours.signature_algorithm_der());
    assert_eq!(theirs.signature().raw_bytes(), ours.signature_value());
    for (theirs, ours) in [(tbs.issuer(), ours.issuer()), (tbs.subject(), ours.subject())] {
        assert_eq!(theirs.to_der().unwrap(), ours.as_der());
        let theirs: Vec<_> = theirs
            .iter()
            .map(|attribute| (attribute.oid, String::from_utf8(attribute.value.value().to_vec()).unwrap()))
            .collect();
        let ours: Vec<_> = ours
            .attributes()
            .map(|attribute| (attribute.oid().unwrap(), attribute.text().unwrap().into_owned()))
            .collect();
        assert_eq!(theirs, ours);
    }
    let seconds = |time: Time| u64::try_from(time.unix_seconds()).unwrap();
    let validity = tbs.validity();
    assert_eq!(validity.not_before.to_unix_duration().as_secs(), seconds(ours.not_before()));
    assert_eq!(validity.not_after.to_unix_duration().as_secs(), seconds(ours.not_after()));
    let spki = tbs.subject_public_key_info();
    assert_eq!(spki.to_der().unwrap(), ours.spki_der());
    assert_eq!(spki.subject_public_key.raw_bytes(), ours.public_key_bits());
    extensions_agree(tbs, ours);

    assert_eq!(x509_cert::Certificate::try_from(ours).unwrap(), theirs);
    assert_eq!(Certificate::try_from(&theirs).unwrap(), *ours);
    assert_eq!(SubjectPublicKeyInfoOwned::try_from(ours).unwrap(), *spki);
}

fn extensions_agree(tbs: &TbsCertificate, ours: &Certificate) {
    let theirs = tbs.extensions().unwrap();
    assert_eq!(theirs.len(), ours.extensions().len());
    for (theirs, ours) in theirs.iter().zip(ours.extensions()) {
        assert_eq!(*ours.oid(), theirs.extn_id);
        assert_eq!((theirs.critical, theirs.extn_value.as_bytes()), (ours.is_critical(), ours.value()));
    }
    let mut seen: BTreeSet<ObjectIdentifier> = BTreeSet::new();
    let mut note = |oid| {
        seen.insert(oid);
    };

    if let Some((_, theirs)) = tbs.get_extension::<BasicConstraints>().unwrap() {
        let ours = ours.basic_constraints().unwrap().unwrap();
        assert_eq!((theirs.ca, theirs.path_len_constraint.map(u32::from)), (ours.ca, ours.path_len));
        note(oids::BASIC_CONSTRAINTS);
    }
    let (_, theirs) = tbs.get_extension::<KeyUsage>().unwrap().unwrap();
    assert_eq!(theirs.0.bits(), ours.key_usage().unwrap().unwrap().bits());
    note(oids::KEY_USAGE);
    if let Some((_, theirs)) = tbs.get_extension::<ExtendedKeyUsage>().unwrap() {
        let ours = ours.ext_key_usage().unwrap().unwrap();
        assert_eq!(theirs.0, ours.iter().map(|oid| oid.to_const().unwrap()).collect::<Vec<_>>());
        note(oids::EXT_KEY_USAGE);
    }
    let (_, theirs) = tbs.get_extension::<SubjectKeyIdentifier>().unwrap().unwrap();
    assert_eq!(theirs.0.as_bytes(), ours.subject_key_identifier().unwrap().unwrap());
    note(oids::SUBJECT_KEY_IDENTIFIER);
    if let Some((_, theirs)) = tbs.get_extension::<AuthorityKeyIdentifier>().unwrap() {
        let ours = ours.authority_key_identifier().unwrap().unwrap();
        assert_eq!(theirs.key_identifier.map(|octets| octets.as_bytes().to_vec()), ours.key_identifier);
        assert!(theirs.authority_cert_issuer.is_none() && theirs.authority_cert_serial_number.is_none());
        assert!(ours.issuer.is_empty() && ours.serial.is_none());
        note(oids::AUTHORITY_KEY_IDENTIFIER);
    }
    if let Some((_, theirs)) = tbs.get_extension::<CertificatePolicies>().unwrap() {
        let ours = ours.policies().unwrap().unwrap();
        for (theirs, ours) in theirs.0.iter().zip(&ours) {
            let qualifiers = theirs.policy_qualifiers.iter().flatten();
            let qualifiers: Vec<_> =
                qualifiers.map(|each| each.qualifier.as_ref().unwrap().to_der().unwrap()).collect();
            assert_eq!(qualifiers, ours.qualifiers.iter().map(|each| each.value.clone()).collect::<Vec<_>>());
        }
        let theirs: Vec<_> = theirs.0.iter().map(|each| each.policy_identifier).collect();
        assert_eq!(theirs, ours.iter().map(|each| each.policy.to_const().unwrap()).collect::<Vec<_>>());
        note(oids::CERTIFICATE_POLICIES);
    }
    if let Some((_, theirs)) = tbs.get_extension::<AuthorityInfoAccessSyntax>().unwrap() {
        let ours = ours.authority_info_access().unwrap().unwrap();
        let theirs: Vec<_> =
            theirs.0.iter().map(|each| (each.access_method, uri(&each.access_location))).collect();
        let ours: Vec<_> = ours
            .iter()
            .map(|each| (each.method.to_const().unwrap(), each.location.as_uri().unwrap().to_owned()))
            .collect();
        assert_eq!(theirs, ours);
        note(oids::AUTHORITY_INFO_ACCESS);
    }
    if let Some((_, theirs)) = tbs.get_extension::<CrlDistributionPoints>().unwrap() {
        let theirs: Vec<_> = theirs
            .0
            .iter()
            .flat_map(|point| match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => names.iter().map(uri).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>();
        assert_eq!(theirs, ours.crl_urls());
        note(oids::CRL_DISTRIBUTION_POINTS);
    }
    if let Some((_, theirs)) = tbs.get_extension::<PrivateKeyUsagePeriod>().unwrap() {
        let ours = ours.private_key_usage_period().unwrap().unwrap();
        for (theirs, ours) in [(theirs.not_before, ours.not_before), (theirs.not_after, ours.not_after)] {
            let theirs = i64::try_from(theirs.unwrap().to_unix_duration().as_secs()).unwrap();
            assert_eq!(Some(theirs), ours.map(Time::unix_seconds));
        }
        note(oids::PRIVATE_KEY_USAGE_PERIOD);
    }
    if let Some((_, theirs)) = tbs.get_extension::<SubjectAltName>().unwrap() {
        let theirs: Vec<_> =
            theirs.0.iter().map(|name| GeneralName::from_der(&name.to_der().unwrap()).unwrap()).collect();
        assert_eq!(theirs, ours.subject_alt_names().unwrap().unwrap());
        note(oids::SUBJECT_ALT_NAME);
    }
    // x509-cert has no types for these: der reads their outer form.
    if let Some(identifier) = ours.extension(oid::CABF_ORGANIZATION_IDENTIFIER) {
        assert_eq!(Vec::<Any>::from_der(identifier.value()).unwrap().len(), 3);
        note(oid::CABF_ORGANIZATION_IDENTIFIER);
    }
    if let Some(statements) = ours.qc_statements().unwrap() {
        let value = ours.extension(oids::QC_STATEMENTS).unwrap().value();
        assert_eq!(Vec::<Any>::from_der(value).unwrap().len(), statements.len());
        note(oids::QC_STATEMENTS);
    }
    for oid in [oids::OCSP_NOCHECK, oids::VALIDITY_ASSURED, oids::NO_REV_AVAIL] {
        if let Some(extension) = ours.extension(oid) {
            der::asn1::Null::from_der(extension.value()).unwrap();
            note(oid);
        }
    }
    let all: BTreeSet<_> = ours.extensions().iter().map(|each| each.oid().to_const().unwrap()).collect();
    assert_eq!(seen, all, "every extension was compared");
}

fn uri(name: &TheirGeneralName) -> String {
    // The same name once more through our own reader.
    let ours = GeneralName::from_der(&name.to_der().unwrap()).unwrap();
    match name {
        TheirGeneralName::UniformResourceIdentifier(uri) => {
            assert_eq!(ours.as_uri(), Some(uri.as_str()));
            uri.as_str().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_certificates_of_an_authority_agree() {
    for certificate in authority().certificates {
        agrees(&certificate);
    }
}

#[test]
fn every_form_of_seal_certificate_agrees() {
    let authority = authority();
    let (p256, p384) = (key(SoftKind::EcP256), key(SoftKind::EcP384));
    let profile = |lifetime| SealProfile::new(holder("TEST Kommune", "TEST Kommune Post"), lifetime, &urls());
    let own_policy = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
    let all = [
        (profile(Lifetime::Hours12), &p256, Device::Other),
        (profile(Lifetime::Days10), &p256, Device::Other),
        (profile(Lifetime::Hours12).validity_assured(), &p256, Device::Other),
        (profile(Lifetime::Hours12).key(KeyKind::EcP384), &p384, Device::Other),
        (
            profile(Lifetime::Days10).device(Device::Qualified).own_policy(own_policy),
            &p256,
            Device::Qualified,
        ),
    ];
    for (profile, own, device) in all {
        agrees(&seal(&authority, &profile, own, device, [9; 15], Time::from_unix(NOW + 60)));
    }
}

fn bank(name: &str) -> Organisation {
    holder(name, "TEST").organisation().clone()
}

fn website(name: &str, domain: &str, validation: WebsiteValidation) -> WebsiteProfile {
    let address = Address::new("Århus", "Midtjylland").unwrap().street("Rådhuspladsen 2", "8000").unwrap();
    let subject = WebsiteSubject::Organisation(bank(name));
    WebsiteProfile::new(subject, address, Validity::days(90), Terms::new(&urls()))
        .domain(domain)
        .validation(validation)
}

fn signature(given_name: &str, surname: &str, serial: &str) -> SignatureProfile {
    let name = PersonName::Formal { given_name: Some(given_name.into()), surname: Some(surname.into()) };
    let person = Person::new("DK", name, format!("TEST {given_name}")).unwrap();
    let person = person.serial_number(PersonSerial::Opaque(serial.into())).unwrap();
    let terms = Terms::new(&urls()).purpose_limit("Kun til fakturaer.");
    SignatureProfile::new(person, Validity::days(730), terms)
}

#[test]
fn signature_lasting_seal_and_website_certificates_agree() {
    let authority = authority();
    let own = key(SoftKind::EcP256);
    let ca = &authority.ca;
    let terms = Terms::new(&urls()).limit(Currency::Numeric(208), 5, 6).retention_years(10);
    let lasting = LastingSealProfile::new(holder("TEST Bank", "TEST Bank"), Validity::days(730), terms);
    let extended = WebsiteValidation::Extended(BusinessCategory::PrivateOrganization);
    for (presented, device) in [
        (signature("Karen", "Jespersen", "4711").present(ca), Device::Other),
        (signature("Karen", "Jespersen", "4711").device(Device::Qualified).present(ca), Device::Qualified),
        (lasting.present(ca), Device::Qualified),
        (website("TEST Bank", "a.dk", WebsiteValidation::General).present(ca), Device::Other),
        (website("TEST Bank", "*.a.dk", WebsiteValidation::Organisation).present(ca), Device::Other),
        (website("TEST Bank", "a.dk", extended).present(ca), Device::Other),
    ] {
        agrees(&certify(&authority, presented.unwrap(), &own, device, [9; 15], Time::from_unix(NOW)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_holder_serial_number_and_time_agree(
        name in "TEST [A-Za-z0-9ÆØÅæøåéüß€中/,+=\"<>;#'&.()-]{1,120}",
        unit in "TEST [A-Za-z0-9ÆØÅæøå,+=\"<>;#]{1,120}",
        serial in any::<[u8; 15]>(),
        // The issuing authority lives fifteen years.
        offset in 0..14 * 365 * 86_400_i64,
        days in any::<bool>(),
    ) {
        thread_local! {
            static FIXED: (Authority, SoftwareKey) = (authority(), key(SoftKind::EcP256));
        }
        let lifetime = if days { Lifetime::Days10 } else { Lifetime::Hours12 };
        FIXED.with(|(authority, own)| {
            let profile = SealProfile::new(holder(&name, &unit), lifetime, &urls());
            let from = Time::from_unix(NOW + offset);
            let certificate = seal(authority, &profile, own, Device::Other, serial, from);
            assert_eq!(certificate.not_before(), from);
            assert_eq!(certificate.subject().find(oids::COMMON_NAME).as_deref(), Some(unit.as_str()));
            agrees(&certificate);
        });
    }

    #[test]
    fn any_person_and_website_agree(
        given_name in "[A-Za-zÆØÅæøåéüß中,+=\"<>;#'&.()-]{1,60}",
        surname in "[A-Za-zÆØÅæøåéüß中,+=\"<>;#'&.()-]{1,60}",
        number in "[A-Za-z0-9'()+,./:=?-]{1,64}",
        domain in "[a-z0-9]{1,20}(-[a-z0-9]{1,9})?\\.(dk|com|se)",
    ) {
        thread_local! {
            static FIXED: (Authority, SoftwareKey) = (authority(), key(SoftKind::EcP256));
        }
        FIXED.with(|(authority, own)| {
            let issue = |presented| {
                certify(authority, presented, own, Device::Other, [9; 15], Time::from_unix(NOW))
            };
            let certificate = issue(signature(&given_name, &surname, &number).present(&authority.ca).unwrap());
            assert_eq!(certificate.subject().find(oids::SURNAME).as_deref(), Some(surname.as_str()));
            assert_eq!(certificate.subject().find(oids::SERIAL_NUMBER).as_deref(), Some(number.as_str()));
            agrees(&certificate);
            let profile = website("TEST Bank", &domain, WebsiteValidation::Organisation);
            agrees(&issue(profile.present(&authority.ca).unwrap()));
        });
    }
}
