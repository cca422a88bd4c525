//! The same with RustCrypto's x509-cert: its builder, which checks nothing of a profile, and its reader, which has no type for statements.

use std::hint::black_box;
use std::time::Duration;

use der::asn1::{Any, BitString, Ia5String, OctetString};
use der::{Decode as _, Encode as _, Tag};
use segl_x509::{Certificate, ObjectIdentifier, oids};
use signature::Keypair;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::{Builder as _, CertificateBuilder, profile::BuilderProfile};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
    CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints,
    PrivateKeyUsagePeriod, SubjectAltName, SubjectKeyIdentifier, certpolicy::PolicyInformation,
    crl::dp::DistributionPoint,
};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    self, AlgorithmIdentifierOwned, Document, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::{Time, Validity};
use x509_cert::{TbsCertificate, builder};

use crate::ours::{Authority, NOW, serial};

/// What issuing starts from: texts and numbers, and the issuer's name as its certificate has it.
pub(crate) struct Issuing {
    seal: Seal,
    spki: SubjectPublicKeyInfoOwned,
    signer: Signer,
    signature: BitString,
}

#[derive(Clone)]
struct Seal {
    issuer: Name,
    subject: [(ObjectIdentifier, Tag, String); 4],
    issuer_key: Vec<u8>,
    policy: ObjectIdentifier,
    statements: Vec<u8>,
    access: [(ObjectIdentifier, String); 2],
    crl: String,
}

/// A key that has signed already.
struct Signer {
    spki: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
}

#[derive(Clone)]
struct Spki(Vec<u8>);

impl Issuing {
    /// Takes what a certificate says apart, so that the same one is issued again.
    pub(crate) fn like(certificate: &Certificate, authority: &Authority) -> Self {
        let attributes: Vec<_> = certificate
            .subject()
            .attributes()
            .map(|one| {
                let tag = if one.is(oids::COUNTRY_NAME) { Tag::PrintableString } else { Tag::Utf8String };
                (one.oid().unwrap(), tag, one.text().unwrap().into_owned())
            })
            .collect();
        let access: Vec<_> = certificate
            .authority_info_access()
            .unwrap()
            .unwrap()
            .iter()
            .map(|one| (one.method.to_const().unwrap(), one.location.as_uri().unwrap().to_owned()))
            .collect();
        let seal = Seal {
            issuer: Name::from_der(certificate.issuer().as_der()).unwrap(),
            subject: attributes.try_into().unwrap(),
            issuer_key: authority.certificate.subject_key_identifier().unwrap().unwrap(),
            policy: certificate.policies().unwrap().unwrap()[0].policy.to_const().unwrap(),
            statements: certificate.extension(oids::QC_STATEMENTS).unwrap().value().to_vec(),
            access: access.try_into().unwrap(),
            crl: certificate.crl_urls().remove(0),
        };
        Self {
            seal,
            spki: SubjectPublicKeyInfoOwned::from_der(&authority.spki).unwrap(),
            signer: Signer {
                spki: authority.certificate.spki_der().to_vec(),
                algorithm: AlgorithmIdentifierOwned::from_der(certificate.signature_algorithm_der()).unwrap(),
            },
            signature: BitString::from_bytes(authority.signature.as_bytes()).unwrap(),
        }
    }

    pub(crate) fn issue(&self) -> Vec<u8> {
        let time = |seconds: i64| {
            let since = Duration::from_secs(seconds.try_into().unwrap());
            Time::UtcTime(der::asn1::UtcTime::from_unix_duration(since).unwrap())
        };
        let validity = Validity::new(time(NOW), time(NOW + 43_199));
        let serial = SerialNumber::new(serial().as_octets()).unwrap();
        let mut builder =
            CertificateBuilder::new(self.seal.clone(), serial, validity, self.spki.clone()).unwrap();
        black_box(builder.finalize(&self.signer).unwrap());
        builder.assemble(self.signature.clone(), &self.signer).unwrap().to_der().unwrap()
    }
}

impl BuilderProfile for Seal {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        let mut names = RdnSequence::default();
        for (oid, tag, text) in &self.subject {
            let value = Any::new(*tag, text.as_bytes()).unwrap();
            let one = AttributeTypeAndValue { oid: *oid, value };
            names.push(RelativeDistinguishedName::try_from(vec![one]).unwrap());
        }
        Name::hazmat_from_rdn_sequence(names)
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        _issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let uri = |text: &str| GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap());
        let authority_key = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(self.issuer_key.as_slice())?),
            ..AuthorityKeyIdentifier::default()
        };
        let policies = CertificatePolicies(vec![PolicyInformation {
            policy_identifier: self.policy,
            policy_qualifiers: None,
        }]);
        let access = self
            .access
            .each_ref()
            .map(|(method, url)| AccessDescription { access_method: *method, access_location: uri(url) });
        let point = DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![uri(&self.crl)])),
            reasons: None,
            crl_issuer: None,
        };
        let subject = tbs.subject();
        let statements = Extension {
            extn_id: oids::QC_STATEMENTS,
            critical: false,
            extn_value: OctetString::new(self.statements.as_slice())?,
        };
        Ok(vec![
            (&authority_key).to_extension(subject, &[])?,
            (&SubjectKeyIdentifier::try_from(spk)?).to_extension(subject, &[])?,
            (&KeyUsage(KeyUsages::NonRepudiation.into())).to_extension(subject, &[])?,
            (&policies).to_extension(subject, &[])?,
            statements,
            (&AuthorityInfoAccessSyntax(access.into())).to_extension(subject, &[])?,
            (&CrlDistributionPoints(vec![point])).to_extension(subject, &[])?,
        ])
    }
}

impl Keypair for Signer {
    type VerifyingKey = Spki;

    fn verifying_key(&self) -> Spki {
        Spki(self.spki.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for Signer {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(self.algorithm.clone())
    }
}

impl EncodePublicKey for Spki {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}

/// Reads the certificate and the extensions that x509-cert has types for; of the statements their outer form.
pub(crate) fn read(der: &[u8]) {
    let certificate = black_box(x509_cert::Certificate::from_der(der).unwrap());
    let tbs = certificate.tbs_certificate();
    for name in [tbs.issuer(), tbs.subject()] {
        for attribute in name.iter() {
            black_box((attribute.oid, std::str::from_utf8(attribute.value.value()).unwrap()));
        }
    }
    black_box(tbs.get_extension::<BasicConstraints>().unwrap());
    black_box(tbs.get_extension::<KeyUsage>().unwrap());
    black_box(tbs.get_extension::<ExtendedKeyUsage>().unwrap());
    black_box(tbs.get_extension::<SubjectKeyIdentifier>().unwrap());
    black_box(tbs.get_extension::<AuthorityKeyIdentifier>().unwrap());
    black_box(tbs.get_extension::<SubjectAltName>().unwrap());
    black_box(tbs.get_extension::<CertificatePolicies>().unwrap());
    black_box(tbs.get_extension::<NameConstraints>().unwrap());
    black_box(tbs.get_extension::<CrlDistributionPoints>().unwrap());
    black_box(tbs.get_extension::<AuthorityInfoAccessSyntax>().unwrap());
    black_box(tbs.get_extension::<PrivateKeyUsagePeriod>().unwrap());
    let statements = tbs.extensions().unwrap().iter().find(|one| one.extn_id == oids::QC_STATEMENTS).unwrap();
    black_box(Vec::<Vec<Any>>::from_der(statements.extn_value.as_bytes()).unwrap());
}
