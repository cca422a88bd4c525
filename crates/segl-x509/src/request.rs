//! The certification request: a key, a name it wishes for, and the proof that somebody holds the private part.

use core::fmt;

use const_oid::ObjectIdentifier;
use segl_crypto::{PublicKey, PublicKeyError, SignatureAlgorithm, VerifyError};

use crate::MAX_CERTIFICATE_SIZE;
use crate::bytes::Bytes;
use crate::certificate::CertificateSignatureError;
use crate::error::{CertificateError, RequestError, SyntaxError, SyntaxErrorKind};
use crate::extension::Extension;
use crate::name::Name;
use crate::oid::Oid;
use crate::pem;
use crate::reader::{BIT_STRING, INTEGER, Reader, SEQUENCE, SET, bit_string, constructed, small_unsigned};

/// extensionRequest (RFC 2985, 5.4.2).
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const PEM_LABELS: [&[u8]; 2] = [b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST"];

/// A PKCS#10 certification request as a view over its bytes (RFC 2986, 4).
///
/// What it wishes for binds nobody: an issuer decides every field by its own profile. What counts is the key, and that
/// [`proves_possession`](Self::proves_possession).
#[derive(Clone)]
pub struct CertificationRequest {
    der: Bytes,
    info: Bytes,
    subject: Name,
    spki: Bytes,
    attributes: Vec<(Oid, Bytes)>,
    algorithm: Bytes,
    signature: Bytes,
    signature_unused_bits: u8,
}

impl CertificationRequest {
    /// Reads a request that fills the input.
    ///
    /// # Errors
    /// [`RequestError`] with the byte offset.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > MAX_CERTIFICATE_SIZE {
            return Err(RequestError::TooLarge { size: der.len(), limit: MAX_CERTIFICATE_SIZE });
        }
        Ok(Self::read(Bytes::new(der))?)
    }

    /// Reads the one request of the input in either form: PEM (RFC 7468, 7) when it does not begin as DER.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der), where offsets count in the decoded block, and the PEM variants. Of several requests none is
    /// taken.
    pub fn from_der_or_pem(input: &[u8]) -> Result<Self, RequestError> {
        if !pem::is_text(input) {
            return Self::from_der(input);
        }
        let blocks = pem::blocks_of(input, &PEM_LABELS).map_err(|error| match error {
            CertificateError::Pem { offset } => RequestError::Pem { offset },
            _ => RequestError::NoPemBlock,
        })?;
        match blocks.as_slice() {
            [] => Err(RequestError::NoPemBlock),
            [only] => Self::from_der(only),
            several => Err(RequestError::Several { count: several.len() }),
        }
    }

    fn read(der: Bytes) -> Result<Self, SyntaxError> {
        let mut input = Reader::over(&der);
        let outer = input.expect(SEQUENCE)?;
        input.finish()?;
        let mut parts = outer.reader();
        let info = parts.expect(SEQUENCE)?;
        let algorithm = parts.expect(SEQUENCE)?.whole_in(&der);
        let value = parts.expect(BIT_STRING)?;
        parts.finish()?;
        let (signature_unused_bits, octets) = bit_string(&value)?;
        // One octet in front of the value counts the unused bits.
        let signature = der.part(value.content_offset.saturating_add(1), octets.len());

        let mut fields = info.reader();
        let version = fields.expect(INTEGER)?;
        if small_unsigned(&version)? != 0 {
            return Err(version.error(SyntaxErrorKind::Integer));
        }
        let subject = Name::read(&fields.any()?, &der)?;
        let spki = fields.expect(SEQUENCE)?.whole_in(&der);
        let mut attributes = Vec::new();
        // Not optional by RFC 2986, and left out all the same by some who have none.
        if let Some(set) = fields.optional(constructed(0))? {
            let mut each = set.reader();
            while !each.is_empty() {
                let mut attribute = each.expect(SEQUENCE)?.reader();
                let oid = Oid::next(&mut attribute, &der)?;
                attributes.push((oid, attribute.expect(SET)?.content_in(&der)));
                attribute.finish()?;
            }
        }
        fields.finish()?;
        let info = info.whole_in(&der);
        Ok(Self {
            info,
            subject,
            spki,
            attributes,
            algorithm,
            signature,
            signature_unused_bits,
            der: der.clone(),
        })
    }

    /// The bytes as they arrived.
    pub fn as_der(&self) -> &[u8] {
        self.der.as_slice()
    }

    /// certificationRequestInfo: what was signed.
    pub fn info_der(&self) -> &[u8] {
        self.info.as_slice()
    }

    /// The name wished for.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// SubjectPublicKeyInfo, DER.
    pub fn spki_der(&self) -> &[u8] {
        self.spki.as_slice()
    }

    /// The public key.
    ///
    /// # Errors
    /// [`PublicKeyError`] when the key is malformed or of a kind that is not supported.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        PublicKey::from_spki_der(self.spki_der())
    }

    /// Attributes in their order: the type, and the DER of their values one after the other.
    pub fn attributes(&self) -> impl Iterator<Item = (&Oid, &[u8])> {
        self.attributes.iter().map(|(oid, values)| (oid, values.as_slice()))
    }

    /// The extensions wished for (RFC 2985, 5.4.2); none when there is no such attribute.
    ///
    /// # Errors
    /// When there are several such attributes, or one that cannot be read; offsets count from the start of the request.
    pub fn requested_extensions(&self) -> Result<Vec<Extension>, SyntaxError> {
        let mut found = self.attributes.iter().filter(|(oid, _)| *oid == EXTENSION_REQUEST);
        let Some((_, values)) = found.next() else { return Ok(Vec::new()) };
        if let Some((_, second)) = found.next() {
            return Err(SyntaxError::new(second.start(), SyntaxErrorKind::TrailingData));
        }
        let mut reader = Reader::over(values);
        let list = reader.expect(SEQUENCE)?;
        reader.finish()?;
        Extension::list(&list, &self.der)
    }

    /// Verifies the signature with the key inside: whoever made the request holds the private key (RFC 2986, 3).
    ///
    /// It says nothing of when: a request that was shown before proves as much as the first time.
    ///
    /// # Errors
    /// [`PossessionError`].
    pub fn proves_possession(&self) -> Result<PublicKey, PossessionError> {
        let key = self.public_key()?;
        let algorithm = SignatureAlgorithm::from_der(self.algorithm.as_slice(), None)
            .map_err(CertificateSignatureError::from)?;
        if self.signature_unused_bits != 0 {
            return Err(CertificateSignatureError::from(VerifyError::BadSignature).into());
        }
        key.verify(&algorithm, self.info_der(), self.signature.as_slice())
            .map_err(CertificateSignatureError::from)?;
        Ok(key)
    }
}

/// Why a request does not prove that its key is held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PossessionError {
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// The signature is not one of this key over this request.
    #[error(transparent)]
    Signature(#[from] CertificateSignatureError),
}

impl fmt::Debug for CertificationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificationRequest")
            .field("subject", &format_args!("{}", self.subject()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segl_crypto::{SoftKind, SoftwareKey, ToBeSigned};

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, length[0], length[1]][..], &content].concat()
    }

    /// CN=TEST, with an extensionRequest of keyUsage, and signed by the key given.
    fn request(key: &SoftwareKey, signer: &SoftwareKey, requests: usize) -> Vec<u8> {
        let name = tlv(
            0x30,
            &[&tlv(0x31, &[&tlv(0x30, &[&[0x06, 3, 0x55, 4, 3], &[0x0c, 4, b'T', b'E', b'S', b'T']])])],
        );
        let usage = tlv(0x30, &[&[0x06, 3, 0x55, 0x1d, 0x0f], &[0x04, 4, 3, 2, 6, 0x40]]);
        let oid = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
        let attribute = tlv(0x30, &[&oid, &tlv(0x31, &[&tlv(0x30, &[&usage])])]);
        let attributes = tlv(0xa0, &vec![attribute.as_slice(); requests]);
        let info = tlv(0x30, &[&[2, 1, 0], &name, &key.public_key_spki().unwrap(), &attributes]);
        let tbs = ToBeSigned::new(info.clone(), signer.algorithm());
        let value = signer.sign(&tbs).unwrap();
        let value = tlv(0x03, &[&[0], value.as_bytes()]);
        tlv(0x30, &[&info, &tbs.algorithm().to_der(), &value])
    }

    fn key() -> SoftwareKey {
        SoftwareKey::generate(SoftKind::EcP256, &mut segl_testkit::rng::SeededRng::new(7))
    }

    #[test]
    fn a_request_tells_its_wishes_and_proves_its_key() {
        let key = key();
        let read = CertificationRequest::from_der(&request(&key, &key, 1)).unwrap();
        assert_eq!(read.subject().to_string(), "CN=TEST");
        assert_eq!(read.spki_der(), key.public_key_spki().unwrap());
        assert_eq!(read.proves_possession().unwrap().spki_der(), read.spki_der());
        let wished = read.requested_extensions().unwrap();
        assert_eq!((wished.len(), wished[0].value()), (1, &[3, 2, 6, 0x40][..]));
        assert!(
            CertificationRequest::from_der(&request(&key, &key, 0))
                .unwrap()
                .requested_extensions()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn another_key_s_signature_proves_nothing() {
        let other = SoftwareKey::generate(SoftKind::EcP256, &mut segl_testkit::rng::SeededRng::new(8));
        let read = CertificationRequest::from_der(&request(&key(), &other, 1)).unwrap();
        assert!(matches!(read.proves_possession(), Err(PossessionError::Signature(_))));
    }

    #[test]
    fn every_bit_of_the_signed_part_counts() {
        let key = key();
        let good = request(&key, &key, 1);
        let info = CertificationRequest::from_der(&good).unwrap().info_der().len();
        for (at, bit) in (4..4 + info).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            let proved =
                CertificationRequest::from_der(&bad).is_ok_and(|read| read.proves_possession().is_ok());
            assert!(!proved, "bit {bit} of octet {at}");
        }
    }

    #[test]
    fn of_several_requests_none_is_taken() {
        let block = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
        let one = CertificationRequest::from_der_or_pem(block.as_bytes());
        assert!(matches!(one, Err(RequestError::Syntax(_))), "{one:?}");
        let two = CertificationRequest::from_der_or_pem(block.repeat(2).as_bytes());
        assert!(matches!(two, Err(RequestError::Several { count: 2 })), "{two:?}");
    }

    #[test]
    fn wishes_stated_twice_are_none() {
        let key = key();
        let read = CertificationRequest::from_der(&request(&key, &key, 2)).unwrap();
        assert_eq!(read.requested_extensions().unwrap_err().kind, SyntaxErrorKind::TrailingData);
    }

    #[test]
    fn cut_and_lengthened_requests_are_refused() {
        let key = key();
        let good = request(&key, &key, 1);
        for len in 0..good.len() {
            assert!(CertificationRequest::from_der(&good[..len]).is_err(), "{len}");
        }
        assert!(CertificationRequest::from_der(&[good, vec![0]].concat()).is_err());
        assert!(matches!(
            CertificationRequest::from_der_or_pem(b"no request"),
            Err(RequestError::NoPemBlock)
        ));
    }
}
