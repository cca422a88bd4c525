use const_oid::ObjectIdentifier;
use segl_cms::ber::{Reader, Rules, Tag};
use segl_cms::{BerError, BerErrorKind, encode};
use segl_crypto::Digest;

use crate::imprint::{MessageImprint, TimestampExtension, optional_boolean};

/// The longest request read, in octets. Origin: a request is below 1 KiB, but a nonce has no limit in RFC 3161.
pub const MAX_REQUEST: usize = 64 * 1024;

/// `TimeStampReq` (RFC 3161, 2.4.1).
///
/// Reading is strict DER and believes nothing: version, algorithms and policy are the authority's to judge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimestampRequest {
    version: u32,
    imprint: MessageImprint,
    policy: Option<ObjectIdentifier>,
    nonce: Option<Vec<u8>>,
    certificate_wanted: bool,
    extensions: Vec<TimestampExtension>,
}

impl TimestampRequest {
    /// Asks for a time-stamp over a digest, and for the certificate of the unit to come along.
    #[must_use]
    pub fn new(digest: &Digest) -> Self {
        Self {
            version: 1,
            imprint: MessageImprint::new(digest),
            policy: None,
            nonce: None,
            certificate_wanted: true,
            extensions: Vec::new(),
        }
    }

    /// Adds a nonce: random octets of the caller, read as a number that is not negative. At least 8 are usual.
    #[must_use]
    pub fn with_nonce(mut self, octets: &[u8]) -> Self {
        let number = encode::unsigned_integer(octets);
        self.nonce = Reader::new(&number, Rules::Der).read().ok().map(|element| element.content().to_vec());
        self
    }

    /// Asks for a policy; another one in the answer is refused.
    #[must_use]
    pub const fn with_policy(mut self, policy: ObjectIdentifier) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Asks for a token without certificates; then the reader must have them.
    #[must_use]
    pub const fn without_certificate(mut self) -> Self {
        self.certificate_wanted = false;
        self
    }

    /// Reads a request.
    pub fn from_der(der: &[u8]) -> Result<Self, BerError> {
        if der.len() > MAX_REQUEST {
            return Err(BerErrorKind::TooMany { limit: MAX_REQUEST }.at(MAX_REQUEST));
        }
        let mut outer = Reader::new(der, Rules::Der);
        let request = outer.expect(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut fields = request.reader()?;
        let version = fields.expect(Tag::INTEGER)?.small_integer()?;
        let imprint = MessageImprint::read(&mut fields)?;
        let policy = fields
            .optional(Tag::OBJECT_IDENTIFIER)?
            .map(|element| element.object_identifier())
            .transpose()?;
        let nonce = fields
            .optional(Tag::INTEGER)?
            .map(|element| element.integer().map(<[u8]>::to_vec))
            .transpose()?;
        let certificate_wanted = optional_boolean(&mut fields, true)?;
        let extensions = TimestampExtension::read_all(&mut fields, Tag::context(0), true)?;
        fields.finish()?;
        Ok(Self { version, imprint, policy, nonce, certificate_wanted, extensions })
    }

    /// The DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut fields = vec![encode::unsigned_integer(&self.version.to_be_bytes()), self.imprint.to_der()];
        fields.extend(self.policy.as_ref().map(encode::object_identifier));
        fields.extend(self.nonce.as_ref().map(|nonce| encode::element(0x02, nonce)));
        if self.certificate_wanted {
            fields.push(vec![1, 1, 0xff]);
        }
        fields.extend(TimestampExtension::write_all(&self.extensions, 0xa0));
        encode::sequence(&fields)
    }

    /// The version; 1 is the only one there is.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What is to be stamped.
    #[must_use]
    pub const fn imprint(&self) -> &MessageImprint {
        &self.imprint
    }

    /// `reqPolicy`.
    #[must_use]
    pub const fn policy(&self) -> Option<ObjectIdentifier> {
        self.policy
    }

    /// The nonce: content octets of an INTEGER of any length, negative ones included.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// `certReq`.
    #[must_use]
    pub const fn certificate_wanted(&self) -> bool {
        self.certificate_wanted
    }

    /// The extensions, not interpreted.
    #[must_use]
    pub fn extensions(&self) -> &[TimestampExtension] {
        &self.extensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segl_crypto::{DigestAlgorithm, digest};

    fn request() -> TimestampRequest {
        TimestampRequest::new(&digest(DigestAlgorithm::Sha256, b"x").unwrap())
    }

    #[test]
    fn requests_survive_the_round_trip() {
        let policy = ObjectIdentifier::new_unwrap("1.2.3");
        for request in [
            request(),
            request().without_certificate(),
            request().with_nonce(&[]),
            request().with_nonce(&[0xff; 10_000]).with_policy(policy),
        ] {
            let der = request.to_der();
            let read = TimestampRequest::from_der(&der).unwrap();
            assert_eq!(read, request);
            assert_eq!(read.to_der(), der);
        }
        assert_eq!(request().with_nonce(&[]).nonce(), Some(&[0][..]));
        assert_eq!(request().with_nonce(&[0, 0x80]).nonce(), Some(&[0, 0x80][..]));
    }

    #[test]
    fn only_der_is_a_request() {
        let der = request().without_certificate().to_der();
        let mut with_false = der.clone();
        with_false.extend([1, 1, 0]);
        with_false[1] += 3;
        assert!(TimestampRequest::from_der(&with_false).is_err(), "certReq FALSE is the default");
        let mut with_one = der.clone();
        with_one.extend([1, 1, 1]);
        with_one[1] += 3;
        assert!(TimestampRequest::from_der(&with_one).is_err(), "TRUE is FF");
        let mut empty_extensions = der.clone();
        empty_extensions.extend([0xa0, 0]);
        empty_extensions[1] += 2;
        assert!(TimestampRequest::from_der(&empty_extensions).is_err());
        let mut trailing = der.clone();
        trailing.push(0);
        assert_eq!(TimestampRequest::from_der(&trailing).unwrap_err().kind, BerErrorKind::TrailingData);
        for end in 0..der.len() {
            assert!(TimestampRequest::from_der(&der[..end]).is_err());
        }
        assert!(TimestampRequest::from_der(&request().with_nonce(&[7; MAX_REQUEST]).to_der()).is_err());
    }
}
