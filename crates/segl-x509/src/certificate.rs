//! The certificate as a whole.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use const_oid::ObjectIdentifier;
use segl_crypto::{
    AlgorithmError, PublicKey, PublicKeyError, SignatureAlgorithm, Time, VerifyError, sha1, sha256,
};

use crate::bytes::Bytes;
use crate::error::{CertificateError, SyntaxError};
use crate::extension::Extension;
use crate::name::Name;
use crate::oid::Oid;
use crate::pem;
use crate::reader::{
    BIT_STRING, INTEGER, Reader, SEQUENCE, bit_string, constructed, implicit, small_unsigned,
};
use crate::time;

/// The largest certificate that is read, in bytes.
///
/// Ours have about one kilobyte; certificates with thousands of names or with post-quantum signatures stay far below.
pub const MAX_CERTIFICATE_SIZE: usize = 1 << 20;

/// An X.509 certificate as a view over its bytes (RFC 5280, 4.1).
///
/// Only the structure is checked on reading: a serial number may be zero, negative or long, the dates may lie anywhere, a
/// name may hold anything, extensions may be unknown, malformed or doubled. Such facts show in the accessors. The bytes are
/// never re-encoded. Clones share one buffer; `==` and hashing go by the bytes.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

struct Inner {
    der: Bytes,
    tbs: Bytes,
    version: u32,
    serial: Bytes,
    tbs_algorithm: Bytes,
    issuer: Name,
    not_before: Time,
    not_after: Time,
    subject: Name,
    spki: Bytes,
    key_bits: Bytes,
    extensions: Vec<Extension>,
    algorithm: Bytes,
    signature: Bytes,
    signature_unused_bits: u8,
    // Asked for again and again along a path, and by its evidence.
    public_key: OnceLock<Result<PublicKey, PublicKeyError>>,
    sha256: OnceLock<[u8; 32]>,
}

/// Why a certificate's signature was not verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateSignatureError {
    /// The algorithm inside the signed part is not the one beside the signature (RFC 5280, 4.1.1.2).
    #[error("the certificate names two different signature algorithms")]
    AlgorithmsDiffer,
    /// The algorithm cannot be read or is not supported.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The value does not verify with this key.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// How many certificates of a bundle may be unreadable before the rest of it is left: a file of something else has two octets for each.
pub const MAX_BUNDLE_ERRORS: usize = 256;

impl Certificate {
    /// Reads a certificate that fills the input.
    ///
    /// # Errors
    /// [`CertificateError::Syntax`] with the byte offset, or [`CertificateError::TooLarge`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_SIZE {
            return Err(CertificateError::TooLarge { size: der.len(), limit: MAX_CERTIFICATE_SIZE });
        }
        Ok(Self { inner: Arc::new(Inner::read(Bytes::new(der))?) })
    }

    /// Reads the first certificate block of a PEM text.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), where offsets count in the decoded block, and the PEM variants.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let blocks = pem::each_block(text, pem::CERTIFICATE_LABELS);
        Self::from_der(&blocks.into_iter().next().ok_or(CertificateError::NoPemBlock)??)
    }

    /// Reads all certificate blocks of a PEM text, in order.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem); one bad block refuses the whole.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        pem::blocks(text)?.iter().map(|block| Self::from_der(block)).collect()
    }

    /// Reads one certificate in either form: DER that fills the input when it begins with the octet of a SEQUENCE and is no text that
    /// begins with the digit 0 alone, else the first certificate block of a PEM text.
    ///
    /// # Errors
    /// As the two others.
    pub fn from_der_or_pem(input: &[u8]) -> Result<Self, CertificateError> {
        if pem::is_text(input) { Self::from_pem(input) } else { Self::from_der(input) }
    }

    /// Reads every certificate of a bundle in either form, told apart as by [`from_der_or_pem`](Self::from_der_or_pem): the certificate
    /// blocks of a PEM text, or certificates in DER one behind the other.
    ///
    /// There is one result for each, in order; one that cannot be read silences no other. Where the next one would begin cannot be told
    /// once the length of an element or the end of a block is malformed: that error is the last, and so is the
    /// [`MAX_BUNDLE_ERRORS`]th. The result is never empty: what holds no certificate is one error. Offsets count in the element or the
    /// decoded block.
    pub fn all_from_der_or_pem(input: &[u8]) -> Vec<Result<Self, CertificateError>> {
        let mut bundle = Bundle::default();
        if pem::is_text(input) {
            for block in pem::each_block(input, pem::CERTIFICATE_LABELS) {
                if !bundle.take(block.and_then(|block| Self::from_der(&block))) {
                    break;
                }
            }
        } else {
            let mut rest = Reader::new(input, 0);
            while !rest.is_empty() {
                let element = rest.any();
                let is_last = element.is_err();
                let read = element.map_err(CertificateError::from).and_then(|one| Self::from_der(one.whole));
                if !bundle.take(read) || is_last {
                    break;
                }
            }
        }
        if bundle.found.is_empty() {
            bundle.take(Err(CertificateError::NoPemBlock));
        }
        bundle.found
    }

    /// The bytes as they arrived.
    pub fn as_der(&self) -> &[u8] {
        self.inner.der.as_slice()
    }

    /// tbsCertificate: what the issuer signed.
    pub fn tbs_der(&self) -> &[u8] {
        self.inner.tbs.as_slice()
    }

    /// The version as people count: 1 to 3, the encoded number plus one.
    pub fn version(&self) -> u32 {
        self.inner.version
    }

    /// The content octets of the serial number; may be empty, negative, zero or longer than 20 octets.
    pub fn serial(&self) -> &[u8] {
        self.inner.serial.as_slice()
    }

    /// The serial number in hexadecimal, as it is encoded.
    pub fn serial_hex(&self) -> String {
        use fmt::Write as _;
        let mut text = String::new();
        for octet in self.serial() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{octet:02x}");
        }
        text
    }

    /// Name of the issuer.
    pub fn issuer(&self) -> &Name {
        &self.inner.issuer
    }

    /// Name of the subject.
    pub fn subject(&self) -> &Name {
        &self.inner.subject
    }

    /// Start of the validity, inclusive.
    pub fn not_before(&self) -> Time {
        self.inner.not_before
    }

    /// End of the validity, inclusive (RFC 5280, 4.1.2.5).
    pub fn not_after(&self) -> Time {
        self.inner.not_after
    }

    /// Whether `time` lies in the validity, both ends included. A fraction of the last second still counts.
    pub fn is_valid_at(&self, time: Time) -> bool {
        self.not_before() <= time && time.truncate_to_seconds() <= self.not_after()
    }

    /// subjectPublicKeyInfo with its tag and length.
    pub fn spki_der(&self) -> &[u8] {
        self.inner.spki.as_slice()
    }

    /// The content of subjectPublicKey without the octet of unused bits: what key identifiers and OCSP hash.
    pub fn public_key_bits(&self) -> &[u8] {
        self.inner.key_bits.as_slice()
    }

    /// The public key, ready to verify with. Decoded once for all clones.
    ///
    /// # Errors
    /// [`PublicKeyError`] when the key is malformed or of a kind that is not supported.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        self.inner.public_key.get_or_init(|| PublicKey::from_spki_der(self.spki_der())).clone()
    }

    /// signatureAlgorithm beside the signature, with its tag and length.
    pub fn signature_algorithm_der(&self) -> &[u8] {
        self.inner.algorithm.as_slice()
    }

    /// The algorithm inside the signed part; RFC 5280 wants both to be the same.
    pub fn tbs_signature_algorithm_der(&self) -> &[u8] {
        self.inner.tbs_algorithm.as_slice()
    }

    /// The signature algorithm, interpreted.
    ///
    /// # Errors
    /// [`AlgorithmError`] when it is unknown or malformed.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, AlgorithmError> {
        SignatureAlgorithm::from_der(self.signature_algorithm_der(), None)
    }

    /// The octets of the signature value.
    pub fn signature_value(&self) -> &[u8] {
        self.inner.signature.as_slice()
    }

    /// All extensions in their order, doubled ones included.
    pub fn extensions(&self) -> &[Extension] {
        &self.inner.extensions
    }

    /// The first extension of this type. The typed accessors refuse doubled extensions; this one does not look.
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|extension| *extension.oid() == oid)
    }

    /// Whether an extension of this type is there.
    pub fn has_extension(&self, oid: ObjectIdentifier) -> bool {
        self.extension(oid).is_some()
    }

    /// Types that occur more than once, which RFC 5280, 4.2 forbids.
    pub fn duplicate_extensions(&self) -> Vec<&Oid> {
        let mut types: Vec<&Oid> = self.extensions().iter().map(Extension::oid).collect();
        types.sort_unstable();
        let mut doubled: Vec<&Oid> = types
            .windows(2)
            .filter_map(|pair| if let [a, b] = pair { (a == b).then_some(*a) } else { None })
            .collect();
        doubled.dedup();
        doubled
    }

    /// Whether issuer and subject are the same name (RFC 5280, 3.2 "self-issued"). Says nothing about the signature.
    pub fn is_self_issued(&self) -> bool {
        self.issuer().matches(self.subject())
    }

    /// Whether the certificate is self-issued and its signature verifies with its own key.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.public_key().is_ok_and(|key| self.verify_signed_by(&key).is_ok())
    }

    /// Verifies the signature with the issuer's key. Names, dates and extensions play no part.
    ///
    /// # Errors
    /// [`CertificateSignatureError`].
    pub fn verify_signed_by(&self, issuer: &PublicKey) -> Result<(), CertificateSignatureError> {
        if self.signature_algorithm_der() != self.tbs_signature_algorithm_der() {
            return Err(CertificateSignatureError::AlgorithmsDiffer);
        }
        let algorithm = self.signature_algorithm()?;
        if self.inner.signature_unused_bits != 0 {
            return Err(VerifyError::BadSignature.into());
        }
        Ok(issuer.verify(&algorithm, self.tbs_der(), self.signature_value())?)
    }

    /// SHA-256 of the whole certificate. Computed once for all clones.
    pub fn fingerprint_sha256(&self) -> [u8; 32] {
        *self.inner.sha256.get_or_init(|| sha256(self.as_der()))
    }

    /// SHA-1 of the whole certificate, for looking things up; never as proof.
    pub fn fingerprint_sha1(&self) -> [u8; 20] {
        sha1(self.as_der())
    }
}

/// The AlgorithmIdentifier (with tag and length) that stands beside the signature of anything of the form
/// `SEQUENCE { toBeSigned, signatureAlgorithm, signature BIT STRING, ... }`: a certificate, a CRL, a basic OCSP response.
///
/// # Errors
/// [`SyntaxError`] when the form is another.
pub fn signature_algorithm_of(signed: &[u8]) -> Result<&[u8], SyntaxError> {
    let mut parts = Reader::new(signed, 0).expect(SEQUENCE)?.reader();
    parts.expect(SEQUENCE)?;
    Ok(parts.expect(SEQUENCE)?.whole)
}

/// What is read of several certificates.
#[derive(Default)]
struct Bundle {
    found: Vec<Result<Certificate, CertificateError>>,
    errors: usize,
}

impl Bundle {
    /// Whether there may be more.
    fn take(&mut self, read: Result<Certificate, CertificateError>) -> bool {
        self.errors = self.errors.saturating_add(usize::from(read.is_err()));
        self.found.push(read);
        self.errors < MAX_BUNDLE_ERRORS
    }
}

impl Inner {
    fn read(der: Bytes) -> Result<Self, SyntaxError> {
        let mut input = Reader::over(&der);
        let outer = input.expect(SEQUENCE)?;
        input.finish()?;
        let mut parts = outer.reader();
        let tbs = parts.expect(SEQUENCE)?;
        let algorithm = parts.expect(SEQUENCE)?.whole_in(&der);
        let signature_tlv = parts.expect(BIT_STRING)?;
        let (signature_unused_bits, octets) = bit_string(&signature_tlv)?;
        // One octet in front of the value counts the unused bits.
        let signature = der.part(signature_tlv.content_offset.saturating_add(1), octets.len());
        parts.finish()?;

        let mut fields = tbs.reader();
        let version = match fields.optional(constructed(0))? {
            Some(explicit) => small_unsigned(&explicit.reader().expect(INTEGER)?)?.saturating_add(1),
            None => 1,
        };
        let serial = fields.expect(INTEGER)?.content_in(&der);
        let tbs_algorithm = fields.expect(SEQUENCE)?.whole_in(&der);
        let issuer = Name::read(&fields.any()?, &der)?;
        let mut validity = fields.expect(SEQUENCE)?.reader();
        let (not_before, not_after) = (time::next(&mut validity)?, time::next(&mut validity)?);
        validity.finish()?;
        let subject = Name::read(&fields.any()?, &der)?;
        let spki = fields.expect(SEQUENCE)?;
        let mut key = spki.reader();
        key.expect(SEQUENCE)?;
        let key_tlv = key.expect(BIT_STRING)?;
        key.finish()?;
        let (_, octets) = bit_string(&key_tlv)?;
        let key_bits = der.part(key_tlv.content_offset.saturating_add(1), octets.len());
        // Unique identifiers are dead (RFC 5280, 4.1.2.8): skipped, whatever they hold.
        for number in [1, 2] {
            if fields.optional(implicit(number))?.is_none() {
                fields.optional(constructed(number))?;
            }
        }
        let extensions = match fields.optional(constructed(3))? {
            Some(explicit) => {
                let mut explicit = explicit.reader();
                let list = explicit.expect(SEQUENCE)?;
                explicit.finish()?;
                Extension::list(&list, &der)?
            }
            None => Vec::new(),
        };
        fields.finish()?;
        let spki = spki.whole_in(&der);
        let tbs = tbs.whole_in(&der);
        Ok(Self {
            tbs,
            version,
            serial,
            tbs_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            key_bits,
            extensions,
            algorithm,
            signature,
            signature_unused_bits,
            public_key: OnceLock::new(),
            sha256: OnceLock::new(),
            der: der.clone(),
        })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.as_der() == other.as_der()
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_der().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &format_args!("{}", self.subject()))
            .field("issuer", &format_args!("{}", self.issuer()))
            .field("serial", &format_args!("{}", self.serial_hex()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SyntaxErrorKind;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, 0x81, u8::try_from(content.len()).unwrap()][..], &content].concat()
    }

    /// As little as a certificate may be.
    fn smallest(serial: u8) -> Vec<u8> {
        let time = tlv(0x17, &[b"260101000000Z"]);
        let (empty, bits) = (tlv(SEQUENCE, &[]), tlv(BIT_STRING, &[&[0]]));
        let (life, key) = (tlv(SEQUENCE, &[&time, &time]), tlv(SEQUENCE, &[&empty, &bits]));
        let tbs = tlv(SEQUENCE, &[&[INTEGER, 1, serial], &empty, &empty, &life, &empty, &key]);
        tlv(SEQUENCE, &[&tbs, &empty, &bits])
    }

    fn serials(input: &[u8]) -> Vec<Option<u8>> {
        let all = Certificate::all_from_der_or_pem(input);
        all.iter().map(|one| one.as_ref().ok().map(|certificate| certificate.serial()[0])).collect()
    }

    fn block(der: &[u8]) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
        for chunk in der.chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, octet| (bits << 8) | u32::from(*octet));
            let bits = bits << (8 * (3 - chunk.len()));
            for at in 0..4 {
                let value = usize::try_from(bits >> (18 - 6 * at) & 0x3f).unwrap();
                text.push(if at <= chunk.len() { char::from(ALPHABET[value]) } else { '=' });
            }
        }
        text + "\n-----END CERTIFICATE-----\n"
    }

    #[test]
    fn one_that_cannot_be_read_silences_no_other() {
        let (one, two) = (smallest(1), smallest(2));
        assert_eq!(
            serials(&[one.clone(), vec![SEQUENCE, 0], two.clone()].concat()),
            [Some(1), None, Some(2)]
        );
        // Where the third begins nobody can tell.
        assert_eq!(serials(&[&one, &[SEQUENCE, 0x80][..], &two].concat()), [Some(1), None]);
        let text = [
            &block(&one),
            "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
            &block(&[5, 0]),
            &block(&two),
        ];
        assert_eq!(serials(text.concat().as_bytes()), [Some(1), None, None, Some(2)]);
        let noted = ["0 certificates are below\n", &block(&one)].concat();
        assert_eq!(serials(noted.as_bytes()), [Some(1)]);
        assert!(Certificate::from_der_or_pem(noted.as_bytes()).is_ok());
        let cut = [&block(&one), "-----BEGIN CERTIFICATE-----\nMAA="].concat();
        assert_eq!(serials(cut.as_bytes()), [Some(1), None]);
        assert!(Certificate::from_pem(cut.as_bytes()).is_ok());
    }

    #[test]
    fn a_bundle_is_never_empty_and_its_errors_are_bounded() {
        for nothing in [&b""[..], b"text", b"-----BEGIN X-----\nMAA=\n-----END X-----\n"] {
            assert_eq!(Certificate::all_from_der_or_pem(nothing), [Err(CertificateError::NoPemBlock)]);
        }
        let other = [SEQUENCE, 0].repeat(10_000);
        let errors = Certificate::all_from_der_or_pem(&other);
        assert_eq!(errors.len(), MAX_BUNDLE_ERRORS);
        let truncated = SyntaxError { offset: 2, kind: SyntaxErrorKind::Truncated };
        assert_eq!(errors[255], Err(CertificateError::Syntax(truncated)));
        let good = smallest(3).repeat(1_000);
        assert!(serials(&good).iter().all(|serial| *serial == Some(3)) && serials(&good).len() == 1_000);
    }
}
