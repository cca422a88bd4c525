use core::ops::Range;

use const_oid::ObjectIdentifier;
use segl_crypto::{AlgorithmError, DigestAlgorithm, SignatureAlgorithm};
use segl_x509::Certificate;

use crate::ber::{Element, Reader, Rules, Tag};
use crate::error::{BerError, BerErrorKind};
use crate::ess::SigningCertificate;
use crate::normalize::{self, AttributesForm};
use crate::oids;
use crate::view::{Bytes, Octets, digest_algorithm, items};

/// One `SignerInfo` (RFC 5652, 5.3) over the bytes of its message.
#[derive(Clone, Debug)]
pub struct SignerInfoView {
    bytes: Bytes,
    span: Range<usize>,
    version: u32,
    sid: Sid,
    digest_algorithm: Range<usize>,
    signed: Option<SignedAttributes>,
    signature_algorithm: Range<usize>,
    signature: Octets,
    unsigned: Option<Attributes>,
}

#[derive(Clone, Debug)]
enum Sid {
    IssuerAndSerial { issuer: Range<usize>, serial: Range<usize> },
    KeyIdentifier(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Attributes {
    span: Range<usize>,
    list: Vec<Attribute>,
}

#[derive(Clone, Debug)]
struct SignedAttributes {
    stored: Attributes,
    form: AttributesForm,
    /// The DER of the SET OF, which is what was signed.
    der: Octets,
}

/// Who signed, as the SignerInfo names it.
#[allow(clippy::exhaustive_enums, reason = "RFC 5652, 5.3 has these two")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerIdentifier<'a> {
    /// `issuerAndSerialNumber`.
    IssuerAndSerial {
        /// The issuer's name as it arrived.
        issuer: &'a [u8],
        /// The serial number's content octets.
        serial: &'a [u8],
    },
    /// `subjectKeyIdentifier`.
    KeyIdentifier(&'a [u8]),
}

/// One `Attribute`: a type and where its values lie.
#[derive(Clone, Debug)]
pub struct Attribute {
    bytes: Bytes,
    span: Range<usize>,
    oid: Range<usize>,
    values: Vec<Range<usize>>,
}

impl Attribute {
    /// The type; `None` for an identifier longer than 39 octets or with an arc beyond 32 bits.
    #[must_use]
    pub fn oid(&self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.bytes.get(&self.oid)).ok()
    }

    /// The whole attribute as it arrived.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(&self.span)
    }

    /// The values, each as it arrived, in stored order.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(|span| self.bytes.get(span))
    }
}

impl SignerInfoView {
    pub(crate) fn read(bytes: &Bytes, element: &Element<'_>) -> Result<Self, BerError> {
        if element.tag() != Tag::SEQUENCE {
            let kind = BerErrorKind::UnexpectedTag { expected: Tag::SEQUENCE, found: element.tag() };
            return Err(kind.at(element.span().start));
        }
        let mut fields = element.reader()?;
        let version = fields.expect(Tag::INTEGER)?.small_integer()?;
        let sid = match fields.optional(Tag::context(0))? {
            Some(identifier) => Sid::KeyIdentifier(identifier.octets()?.into_owned()),
            None => {
                let mut inner = fields.expect(Tag::SEQUENCE)?.reader()?;
                let issuer = inner.expect(Tag::SEQUENCE)?.span();
                let serial = inner.expect(Tag::INTEGER)?;
                serial.integer()?;
                inner.finish()?;
                Sid::IssuerAndSerial { issuer, serial: serial.content_span() }
            }
        };
        let digest_algorithm = fields.expect(Tag::SEQUENCE)?.span();
        let signed = match fields.optional(Tag::context(0))? {
            Some(field) => {
                let stored = attributes(bytes, &field)?;
                let (form, der) = normalize::signed_attributes(&field)?;
                Some(SignedAttributes { stored, form, der: Octets(der) })
            }
            None => None,
        };
        let signature_algorithm = fields.expect(Tag::SEQUENCE)?.span();
        let signature = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let signature = Octets(signature);
        let unsigned =
            fields.optional(Tag::context(1))?.map(|field| attributes(bytes, &field)).transpose()?;
        fields.finish()?;
        Ok(Self {
            bytes: bytes.clone(),
            span: element.span(),
            version,
            sid,
            digest_algorithm,
            signed,
            signature_algorithm,
            signature,
            unsigned,
        })
    }

    /// The whole SignerInfo as it arrived.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(&self.span)
    }

    /// `version`: 1 beside issuer and serial number, 3 beside a key identifier, if the writer kept to it.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Who is said to have signed. Nothing protects it: the ESS attribute decides.
    #[must_use]
    pub fn identifier(&self) -> SignerIdentifier<'_> {
        match &self.sid {
            Sid::IssuerAndSerial { issuer, serial } => SignerIdentifier::IssuerAndSerial {
                issuer: self.bytes.get(issuer),
                serial: self.bytes.get(serial),
            },
            Sid::KeyIdentifier(identifier) => SignerIdentifier::KeyIdentifier(identifier),
        }
    }

    /// Whether the identifier fits a certificate; a key identifier also by the SHA-1 of the key, where the certificate has none.
    #[must_use]
    pub fn is_identified_by(&self, certificate: &Certificate) -> bool {
        match self.identifier() {
            SignerIdentifier::IssuerAndSerial { issuer, serial } => {
                serial == certificate.serial() && normalize::same_name(issuer, certificate.issuer())
            }
            SignerIdentifier::KeyIdentifier(identifier) => {
                normalize::has_key_identifier(certificate, identifier)
            }
        }
    }

    /// `digestAlgorithm`, where it is a known one.
    #[must_use]
    pub fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        digest_algorithm(self.bytes.get(&self.digest_algorithm))
    }

    /// `digestAlgorithm` as it arrived.
    #[must_use]
    pub fn digest_algorithm_der(&self) -> &[u8] {
        self.bytes.get(&self.digest_algorithm)
    }

    /// `signatureAlgorithm`, with the digest algorithm beside it where it names none itself.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, AlgorithmError> {
        SignatureAlgorithm::from_der(self.signature_algorithm_der(), self.digest_algorithm())
    }

    /// `signatureAlgorithm` as it arrived.
    #[must_use]
    pub fn signature_algorithm_der(&self) -> &[u8] {
        self.bytes.get(&self.signature_algorithm)
    }

    /// The octets of the signature value: what a signature time-stamp covers.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature.0
    }

    /// The signed attributes in stored order; empty both where there is no such field and where it is empty.
    #[must_use]
    pub fn signed_attributes(&self) -> &[Attribute] {
        self.signed.as_ref().map(|signed| signed.stored.list.as_slice()).unwrap_or_default()
    }

    /// The field of the signed attributes as it arrived, with its tag `[0]`.
    #[must_use]
    pub fn signed_attributes_field(&self) -> Option<&[u8]> {
        self.signed.as_ref().map(|signed| self.bytes.get(&signed.stored.span))
    }

    /// How the signed attributes are stored; anything but DER is the writer's fault and a fact to report.
    #[must_use]
    pub fn signed_attributes_form(&self) -> Option<AttributesForm> {
        self.signed.as_ref().map(|signed| signed.form)
    }

    /// The octets that the signature value was made over: the DER of the signed attributes as a SET OF (RFC 5652, 5.4).
    ///
    /// Where they arrived as DER these are the received bytes with the tag of a SET OF. `None` without signed attributes: then
    /// the content itself was signed.
    #[must_use]
    pub fn signed_attributes_for_verification(&self) -> Option<&[u8]> {
        self.signed.as_ref().map(|signed| signed.der.0.as_slice())
    }

    /// The signed attributes in stored order with the tag of a SET OF.
    ///
    /// Some writers sign this instead of the DER; such a signature does not verify, and this tells why.
    #[must_use]
    pub fn signed_attributes_in_stored_order(&self) -> Option<Vec<u8>> {
        let mut stored = self.signed_attributes_field()?.to_vec();
        *stored.first_mut()? = 0x31;
        Some(stored)
    }

    /// The unsigned attributes in stored order.
    #[must_use]
    pub fn unsigned_attributes(&self) -> &[Attribute] {
        self.unsigned.as_ref().map(|unsigned| unsigned.list.as_slice()).unwrap_or_default()
    }

    /// All values of the signed attributes of one type; they may stand in one attribute or in several.
    pub fn signed_values(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &[u8]> {
        values(self.signed_attributes(), oid)
    }

    /// All values of the unsigned attributes of one type; they may stand in one attribute or in several.
    pub fn unsigned_values(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &[u8]> {
        values(self.unsigned_attributes(), oid)
    }

    /// The value of a signed attribute that must occur once with one value; `None` when it is missing or there are several.
    #[must_use]
    pub fn single_signed_value(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let mut values = self.signed_values(oid);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The ESS signing-certificate attributes that can be read, version 2 first. More than one, or none, is the reader's to judge.
    pub fn signing_certificates(&self) -> Vec<Result<SigningCertificate, BerError>> {
        let v2 = self.signed_values(oids::SIGNING_CERTIFICATE_V2).map(SigningCertificate::from_v2);
        let v1 = self.signed_values(oids::SIGNING_CERTIFICATE).map(SigningCertificate::from_v1);
        v2.chain(v1).collect()
    }

    /// The attribute `content-type`, where it occurs exactly once.
    #[must_use]
    pub fn content_type(&self) -> Option<ObjectIdentifier> {
        let value = self.single_signed_value(oids::CONTENT_TYPE)?;
        Reader::new(value, Rules::Ber).expect(Tag::OBJECT_IDENTIFIER).ok()?.object_identifier().ok()
    }

    /// The attribute `message-digest`, where it occurs exactly once.
    #[must_use]
    pub fn message_digest(&self) -> Option<Vec<u8>> {
        let value = self.single_signed_value(oids::MESSAGE_DIGEST)?;
        let element = Reader::new(value, Rules::Ber).expect(Tag::OCTET_STRING).ok()?;
        Some(element.octets().ok()?.into_owned())
    }
}

fn values(list: &[Attribute], oid: ObjectIdentifier) -> impl Iterator<Item = &[u8]> {
    list.iter().filter(move |attribute| attribute.oid() == Some(oid)).flat_map(Attribute::values)
}

fn attributes(bytes: &Bytes, field: &Element<'_>) -> Result<Attributes, BerError> {
    let list = items(field, |element| {
        if element.tag() != Tag::SEQUENCE {
            let kind = BerErrorKind::UnexpectedTag { expected: Tag::SEQUENCE, found: element.tag() };
            return Err(kind.at(element.span().start));
        }
        let mut inner = element.reader()?;
        let oid = inner.expect(Tag::OBJECT_IDENTIFIER)?.content_span();
        let values = items(&inner.expect(Tag::SET)?, |value| Ok(value.span()))?;
        inner.finish()?;
        Ok(Attribute { bytes: bytes.clone(), span: element.span(), oid, values })
    })?;
    Ok(Attributes { span: field.span(), list })
}
