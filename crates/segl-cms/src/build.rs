use const_oid::ObjectIdentifier;
use segl_crypto::{Digest, DigestAlgorithm, KeyKind, SignatureAlgorithm, SignatureValue, ToBeSigned, digest};
use segl_x509::Certificate;

use crate::ber::{Reader, Rules};
use crate::encode;
use crate::error::BerError;
use crate::oids;
use crate::view::Octets;

/// A `SignedData` with one signer, before it is signed.
///
/// It writes the attributes that RFC 5652, 11 demands (`content-type`, `message-digest`) and those the caller adds; which further
/// ones a profile needs is the profile's knowledge. Everything is DER: sets are sorted, defaults left out.
#[derive(Clone, Debug)]
pub struct SignedDataBuilder {
    content_type: ObjectIdentifier,
    content: Option<Octets>,
    content_digest: Digest,
    attributes: Vec<(ObjectIdentifier, Octets)>,
}

impl SignedDataBuilder {
    /// Signs content that stays outside: only its digest is known here.
    #[must_use]
    pub const fn detached(content_type: ObjectIdentifier, content_digest: Digest) -> Self {
        Self { content_type, content: None, content_digest, attributes: Vec::new() }
    }

    /// Signs content that goes along as `eContent`.
    ///
    /// # Errors
    /// [`BuildError::DigestUnavailable`] for an algorithm that is only named, such as MD5.
    pub fn attached(
        content_type: ObjectIdentifier,
        content: Vec<u8>,
        algorithm: DigestAlgorithm,
    ) -> Result<Self, BuildError> {
        let content_digest =
            digest(algorithm, &content).ok_or(BuildError::DigestUnavailable { algorithm })?;
        Ok(Self { content_type, content: Some(Octets(content)), content_digest, attributes: Vec::new() })
    }

    /// Adds a signed attribute with one value, given as DER.
    #[must_use]
    pub fn signed_attribute(mut self, oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        self.attributes.push((oid, Octets(value)));
        self
    }

    /// Fixes signer and algorithm, and hands out what is to be signed.
    ///
    /// The signer is named by issuer and serial number (RFC 5652, 5.3, version 1).
    pub fn prepare(
        self,
        signer: &Certificate,
        algorithm: SignatureAlgorithm,
    ) -> Result<PreparedSignedData, BuildError> {
        let content_algorithm = self.content_digest.algorithm();
        // RFC 8419, 3.1: with signed attributes Ed25519 goes with SHA-512.
        let wanted = algorithm.digest().unwrap_or(DigestAlgorithm::Sha512);
        if wanted != content_algorithm {
            return Err(BuildError::DigestMismatch { content: content_algorithm, signature: wanted });
        }
        if algorithm.to_der().is_empty() {
            return Err(BuildError::AlgorithmWithoutIdentifier { algorithm });
        }
        let mut seen = vec![oids::CONTENT_TYPE, oids::MESSAGE_DIGEST];
        let mut attributes = vec![
            encode::attribute(&oids::CONTENT_TYPE, &[encode::object_identifier(&self.content_type)]),
            encode::attribute(&oids::MESSAGE_DIGEST, &[encode::octet_string(self.content_digest.as_bytes())]),
        ];
        for (oid, value) in &self.attributes {
            if seen.contains(oid) {
                return Err(BuildError::DuplicateAttribute { oid: *oid });
            }
            seen.push(*oid);
            single_der(&value.0).map_err(|source| BuildError::NotDer { oid: *oid, source })?;
            attributes.push(encode::attribute(oid, &[&value.0]));
        }
        Ok(PreparedSignedData {
            content_type: self.content_type,
            content: self.content,
            digest_algorithm: encode::algorithm(&content_algorithm.oid()),
            signer: encode::sequence(&[
                signer.issuer().as_der(),
                encode::element(0x02, signer.serial()).as_slice(),
            ]),
            signed_attributes: Octets(encode::set_of(0x31, &attributes)),
            algorithm,
        })
    }
}

/// A `SignedData` that waits for its signature value.
#[must_use = "what was prepared is to be signed and assembled"]
#[derive(Clone, Debug)]
pub struct PreparedSignedData {
    content_type: ObjectIdentifier,
    content: Option<Octets>,
    digest_algorithm: Vec<u8>,
    signer: Vec<u8>,
    /// With the tag of a SET OF, as it is signed.
    signed_attributes: Octets,
    algorithm: SignatureAlgorithm,
}

impl PreparedSignedData {
    /// The DER of the signed attributes as a SET OF (RFC 5652, 5.4), and the algorithm.
    #[must_use]
    pub fn to_be_signed(&self) -> ToBeSigned {
        ToBeSigned::new(self.signed_attributes.0.clone(), self.algorithm)
    }

    /// Puts the `ContentInfo` together.
    ///
    /// Neither the value nor the certificates are checked against the signer: whoever holds the key's certificate can do so by
    /// [`crate::SignedDataView`]. Without certificates the field is left out. The CMS version is 1 for `id-data`, else 3.
    #[must_use]
    pub fn assemble(
        &self,
        value: &SignatureValue,
        certificates: &[Certificate],
        unsigned_attributes: &[UnsignedAttribute],
    ) -> Vec<u8> {
        let mut signed = self.signed_attributes.0.clone();
        if let Some(tag) = signed.first_mut() {
            *tag = 0xa0;
        }
        let mut signer_info = vec![
            encode::unsigned_integer(&[1]),
            self.signer.clone(),
            self.digest_algorithm.clone(),
            signed,
            self.algorithm.to_der(),
            encode::octet_string(value.as_bytes()),
        ];
        if !unsigned_attributes.is_empty() {
            let attributes: Vec<Vec<u8>> =
                unsigned_attributes.iter().map(UnsignedAttribute::to_der).collect();
            signer_info.push(encode::set_of(0xa1, &attributes));
        }
        let mut content_info = vec![encode::object_identifier(&self.content_type)];
        if let Some(content) = &self.content {
            content_info.push(encode::element(0xa0, &encode::octet_string(&content.0)));
        }
        let version = if self.content_type == oids::DATA { 1 } else { 3 };
        let mut signed_data = vec![
            encode::unsigned_integer(&[version]),
            encode::constructed(0x31, &[&self.digest_algorithm]),
            encode::sequence(&content_info),
        ];
        if !certificates.is_empty() {
            let certificates: Vec<&[u8]> = certificates.iter().map(Certificate::as_der).collect();
            signed_data.push(encode::set_of(0xa0, &certificates));
        }
        signed_data.push(encode::constructed(0x31, &[encode::sequence(&signer_info)]));
        encode::sequence(&[
            encode::object_identifier(&oids::SIGNED_DATA),
            encode::element(0xa0, &encode::sequence(&signed_data)),
        ])
    }

    /// The longest result [`Self::assemble`] can have, for room that must be set aside before signing (a PDF's `/Contents`).
    ///
    /// `signature` is the longest signature value, see [`max_signature_len`]; `certificates` the octets of all certificates
    /// together; `unsigned_attributes` the octets of all unsigned attributes, see [`UnsignedAttribute::len_for_value`].
    #[must_use]
    pub fn max_len(&self, signature: usize, certificates: usize, unsigned_attributes: usize) -> usize {
        Sizing {
            content_type: self.content_type,
            content: self.content.as_ref().map(|content| content.0.len()),
            digest_algorithm: self.digest_algorithm.len(),
            signer: self.signer.len(),
            signed_attributes: self.signed_attributes.0.len(),
            algorithm: self.algorithm,
            signature,
            certificates,
            unsigned_attributes,
        }
        .len()
    }
}

/// The lengths that decide how long a `SignedData` with one signer becomes.
#[derive(Clone, Debug)]
struct Sizing {
    content_type: ObjectIdentifier,
    content: Option<usize>,
    digest_algorithm: usize,
    signer: usize,
    signed_attributes: usize,
    algorithm: SignatureAlgorithm,
    signature: usize,
    certificates: usize,
    unsigned_attributes: usize,
}

impl Sizing {
    fn len(&self) -> usize {
        let optional = |octets: usize| if octets == 0 { 0 } else { encode::element_len(octets) };
        let sum = |parts: &[usize]| parts.iter().copied().fold(0, usize::saturating_add);
        let version = 3;
        let content = self.content.map_or(0, |len| encode::element_len(encode::element_len(len)));
        let signer_info = encode::element_len(sum(&[
            version,
            self.signer,
            self.digest_algorithm,
            self.signed_attributes,
            self.algorithm.to_der().len(),
            encode::element_len(self.signature),
            optional(self.unsigned_attributes),
        ]));
        let signed_data = encode::element_len(sum(&[
            version,
            encode::element_len(self.digest_algorithm),
            encode::element_len(sum(&[encode::object_identifier(&self.content_type).len(), content])),
            optional(self.certificates),
            encode::element_len(signer_info),
        ]));
        let oid = encode::object_identifier(&oids::SIGNED_DATA).len();
        encode::element_len(sum(&[oid, encode::element_len(signed_data)]))
    }
}

/// The lengths of a detached `id-data` signature, known before the signer's certificate exists.
///
/// For room that must be set aside while certificate and token are still to come. Not `non_exhaustive`: the caller fills it in.
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field")]
#[derive(Clone, Copy, Debug)]
pub struct DetachedLengths {
    /// The algorithm that will sign.
    pub algorithm: SignatureAlgorithm,
    /// The issuer's name, as DER.
    pub issuer: usize,
    /// The serial number's content octets.
    pub serial: usize,
    /// All signed attributes beside `content-type` and `message-digest`, each a whole `Attribute`.
    pub further_attributes: usize,
    /// The longest signature value, see [`max_signature_len`].
    pub signature: usize,
    /// All certificates together.
    pub certificates: usize,
    /// All unsigned attributes together, see [`UnsignedAttribute::len_for_value`].
    pub unsigned_attributes: usize,
}

impl DetachedLengths {
    /// The octets of the longest `ContentInfo` with these parts.
    #[must_use]
    pub fn total(&self) -> usize {
        let digest = self.algorithm.digest().unwrap_or(DigestAlgorithm::Sha512);
        let digest_value = encode::octet_string(&vec![0; digest.output_len()]);
        let attributes = encode::attribute(&oids::CONTENT_TYPE, &[encode::object_identifier(&oids::DATA)])
            .len()
            .saturating_add(encode::attribute(&oids::MESSAGE_DIGEST, &[digest_value]).len())
            .saturating_add(self.further_attributes);
        Sizing {
            content_type: oids::DATA,
            content: None,
            digest_algorithm: encode::algorithm(&digest.oid()).len(),
            signer: encode::element_len(self.issuer.saturating_add(encode::element_len(self.serial))),
            signed_attributes: encode::element_len(attributes),
            algorithm: self.algorithm,
            signature: self.signature,
            certificates: self.certificates,
            unsigned_attributes: self.unsigned_attributes,
        }
        .len()
    }
}

/// An unsigned attribute with one value, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedAttribute {
    oid: ObjectIdentifier,
    value: Vec<u8>,
}

impl UnsignedAttribute {
    /// Takes the value as it will stand in the file; a time-stamp token keeps the bytes its authority sent.
    ///
    /// # Errors
    /// When the value is not exactly one BER element.
    pub fn new(oid: ObjectIdentifier, value: Vec<u8>) -> Result<Self, BerError> {
        let mut reader = Reader::new(&value, Rules::Ber);
        reader.read()?;
        reader.finish()?;
        Ok(Self { oid, value })
    }

    /// The type.
    #[must_use]
    pub const fn oid(&self) -> ObjectIdentifier {
        self.oid
    }

    /// The whole `Attribute`, the value in it untouched.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        encode::attribute(&self.oid, &[&self.value])
    }

    /// The length of a whole `Attribute` of that type around a value of `value` octets.
    #[must_use]
    pub fn len_for_value(oid: &ObjectIdentifier, value: usize) -> usize {
        let oid = encode::object_identifier(oid).len();
        encode::element_len(oid.saturating_add(encode::element_len(value)))
    }
}

/// The longest signature value that a key of this kind makes, in the form CMS carries; `None` for a kind without such a form.
#[must_use]
pub const fn max_signature_len(kind: KeyKind) -> Option<usize> {
    // ECDSA: SEQUENCE of two INTEGERs, each with a sign octet where the top bit of the order's first octet can be set.
    match kind {
        KeyKind::EcP256 => Some(72),
        KeyKind::EcP384 => Some(104),
        KeyKind::EcP521 => Some(139),
        KeyKind::Ed25519 => Some(64),
        KeyKind::Rsa { bits } => Some(bits.div_ceil(8)),
        _ => None,
    }
}

fn single_der(value: &[u8]) -> Result<(), BerError> {
    let mut reader = Reader::new(value, Rules::Der);
    reader.read()?;
    reader.finish()
}

/// Why nothing was prepared for signing.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuildError {
    /// No identifier exists for this pair of scheme and digest.
    #[error("{algorithm} has no algorithm identifier")]
    AlgorithmWithoutIdentifier {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// Content digest and signature algorithm name different digests; RFC 5652, 5.3 has one field for both.
    #[error("content hashed with {content}, signature made with {signature}")]
    DigestMismatch {
        /// The algorithm of the content's digest.
        content: DigestAlgorithm,
        /// The one the signature algorithm goes with.
        signature: DigestAlgorithm,
    },
    /// The digest algorithm cannot be computed here.
    #[error("{algorithm} is not computed")]
    DigestUnavailable {
        /// The algorithm.
        algorithm: DigestAlgorithm,
    },
    /// A signed attribute is given twice, or is one of those that are always written (RFC 5652, 11).
    #[error("signed attribute {oid} twice")]
    DuplicateAttribute {
        /// Its type.
        oid: ObjectIdentifier,
    },
    /// The value of a signed attribute is not one DER element.
    #[error("value of signed attribute {oid} is not DER: {source}")]
    NotDer {
        /// Its type.
        oid: ObjectIdentifier,
        /// What is wrong with it.
        source: BerError,
    },
}
