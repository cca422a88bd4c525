//! What segl-cert does: an authority that issues with a signature made before, and a reader that asks for everything.

use std::cell::RefCell;
use std::hint::black_box;

use segl_cert::{
    AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, Currency, Device, Holder,
    IdentificationMethod, IssuedCertificate, IssuedCertificates as _, IssuerKey, LastingSealProfile,
    Lifetime, MemoryRegister, Organisation, OrganisationIdentifier, PspRole, QcStatements, Reservation,
    SealProfile, SerialNumber, Terms, Unit, Validity, oid,
};
use segl_crypto::{SignatureValue, SoftKind, SoftwareKey, Time, sha256};
use segl_x509::{Certificate, ObjectIdentifier, oids};

pub(crate) const NOW: i64 = 1_795_000_000;

/// An issuing authority, a register, and the key of the next seal.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    pub(crate) profile: SealProfile,
    pub(crate) spki: Vec<u8>,
    pub(crate) signature: SignatureValue,
    identity: IssuerKey,
    key: SoftwareKey,
    register: RefCell<MemoryRegister>,
}

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

fn holder(identifier: &str) -> Holder {
    let identifier = OrganisationIdentifier::parse(identifier).unwrap();
    let organisation = Organisation::new("DK", "TEST Eksempel Kommune", identifier).unwrap();
    Holder::new(organisation, Unit::new("TEST Eksempel Kommune Digital Post").unwrap())
}

pub(crate) fn serial() -> SerialNumber {
    SerialNumber::from_random([9; 15])
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = key(SoftKind::EcP384);
        let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls())
            .prepare(
                None,
                &key.public_key_spki().unwrap(),
                &SerialNumber::from_random([1; 15]),
                Time::from_unix(NOW),
            )
            .unwrap();
        let value = key.sign(prepared.to_be_signed()).unwrap();
        let certificate = prepared.assemble_verified(&value).unwrap();
        // As every issuer that has been running for a while has it.
        certificate.public_key().unwrap();
        let mut authority = Self {
            identity: IssuerKey::of_spki(certificate.spki_der()),
            profile: SealProfile::new(holder("NTRDK-12345674"), Lifetime::Hours12, &urls()),
            spki: self::key(SoftKind::EcP256).public_key_spki().unwrap(),
            signature: value,
            register: RefCell::default(),
            certificate,
            key,
        };
        authority.signature = authority.sign();
        authority
    }

    fn sign(&self) -> SignatureValue {
        let presented = self.profile.present(&self.certificate).unwrap();
        let seen = *presented.content().sha256();
        let prepared = presented
            .approve(&seen)
            .unwrap()
            .prepare(&self.spki, Device::Other, &serial(), Time::from_unix(NOW))
            .unwrap();
        self.key.sign(prepared.to_be_signed()).unwrap()
    }

    /// Everything from the profile to the entry in the register; the signature was made before.
    pub(crate) fn issue(&self) -> Certificate {
        let (serial, now) = (serial(), Time::from_unix(NOW));
        // The same number each time, so that the same signature fits; each time in an empty register.
        let register = &mut *self.register.borrow_mut();
        *register = MemoryRegister::default();
        let presented = self.profile.present(&self.certificate).unwrap();
        let seen = *presented.content().sha256();
        let approved = presented.approve(&seen).unwrap();
        let reserved = register.reserve_for_key(&self.identity, &serial, &sha256(&self.spki), now).unwrap();
        assert_eq!(reserved, Reservation::Made);
        let prepared = approved.prepare(&self.spki, Device::Other, &serial, now).unwrap();
        let certificate = prepared.assemble(&self.signature).unwrap();
        let issued = IssuedCertificate {
            issuer: self.identity,
            serial,
            sha256: certificate.fingerprint_sha256(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            issued_at: now,
        };
        register.record_issued(&issued).unwrap();
        certificate
    }

    /// A certificate with every statement that one certificate can carry, a purpose limit and a policy besides.
    pub(crate) fn with_every_statement(&self) -> Certificate {
        let terms = Terms::new(&urls())
            .own_policy(ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1"))
            .limit(Currency::Numeric(208), 5, 6)
            .retention_years(10)
            .identified_by(IdentificationMethod::Eidas2B)
            .device_legislation(["US"])
            .registration_authorities(["https://registry.example.com"])
            .payment_services(
                &[PspRole::AccountInformation, PspRole::PaymentInitiation],
                "Finanstilsynet",
                "DK-DFSA",
            )
            .purpose_limit("Kun til fakturaer.");
        let profile = LastingSealProfile::new(holder("PSDDK-DFSA-1234"), Validity::days(730), terms);
        let presented = profile.present(&self.certificate).unwrap();
        let seen = *presented.content().sha256();
        let prepared = presented
            .approve(&seen)
            .unwrap()
            .prepare(&self.spki, Device::Qualified, &serial(), Time::from_unix(NOW))
            .unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        let certificate = prepared.assemble(&value).unwrap();
        let statements = certificate.extension(oid::QC_STATEMENTS).unwrap().value();
        assert_eq!(QcStatements::from_der(statements).unwrap().0.len(), 10);
        certificate
    }
}

/// Reads the certificate, each field of its profile and every statement as a type.
pub(crate) fn read(der: &[u8]) {
    let certificate = black_box(Certificate::from_der(der).unwrap());
    for name in [certificate.issuer(), certificate.subject()] {
        for attribute in name.attributes() {
            black_box((attribute.oid(), attribute.text()));
        }
    }
    let identifier = certificate.subject().find(oids::ORGANIZATION_IDENTIFIER).unwrap();
    black_box(OrganisationIdentifier::parse(&identifier).unwrap());
    black_box(certificate.signature_algorithm().unwrap());
    black_box(certificate.public_key().unwrap().kind());
    black_box(certificate.basic_constraints().unwrap());
    black_box(certificate.key_usage().unwrap());
    black_box(certificate.ext_key_usage().unwrap());
    black_box(certificate.subject_key_identifier().unwrap());
    black_box(certificate.authority_key_identifier().unwrap());
    black_box(certificate.subject_alt_names().unwrap());
    black_box(certificate.policies().unwrap());
    black_box(certificate.name_constraints().unwrap());
    black_box(certificate.crl_distribution_points().unwrap());
    black_box(certificate.authority_info_access().unwrap());
    black_box(certificate.private_key_usage_period().unwrap());
    black_box((certificate.is_validity_assured(), certificate.has_no_revocation_available()));
    let statements = certificate.extension(oid::QC_STATEMENTS).unwrap().value();
    black_box(QcStatements::read(statements).unwrap());
}
