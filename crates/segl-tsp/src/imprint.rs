use core::fmt;

use const_oid::ObjectIdentifier;
use segl_cms::ber::{Reader, Tag};
use segl_cms::{BerError, BerErrorKind, encode};
use segl_crypto::{Digest, DigestAlgorithm};

/// `MessageImprint` (RFC 3161, 2.4.1): which digest is stamped. Keeps the algorithm identifier as it came.
///
/// Length and algorithm are not judged: see [`Self::digest`].
#[derive(Clone, PartialEq, Eq)]
pub struct MessageImprint {
    algorithm: Vec<u8>,
    oid: ObjectIdentifier,
    parameters: Parameters,
    hash: Vec<u8>,
}

/// What stands behind the object identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Parameters {
    Absent,
    Null,
    Other,
}

/// Shows the algorithm, never the digest: it is about somebody's document.
impl fmt::Debug for MessageImprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageImprint({}, {} octets)", self.oid, self.hash.len())
    }
}

impl MessageImprint {
    /// The imprint of a digest, with an algorithm identifier without parameters (RFC 5754, 2).
    #[must_use]
    pub fn new(digest: &Digest) -> Self {
        let oid = digest.algorithm().oid();
        Self {
            algorithm: encode::algorithm(&oid),
            oid,
            parameters: Parameters::Absent,
            hash: digest.as_bytes().to_vec(),
        }
    }

    pub(crate) fn read(fields: &mut Reader<'_>) -> Result<Self, BerError> {
        let mut inner = fields.expect(Tag::SEQUENCE)?.reader()?;
        let algorithm = inner.expect(Tag::SEQUENCE)?;
        let hash = inner.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        inner.finish()?;
        let mut parts = algorithm.reader()?;
        let oid = parts.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
        let parameters = if parts.is_empty() {
            Parameters::Absent
        } else {
            let element = parts.read()?;
            if element.tag() == Tag::NULL && element.content().is_empty() {
                Parameters::Null
            } else {
                Parameters::Other
            }
        };
        parts.finish()?;
        Ok(Self { algorithm: algorithm.bytes().to_vec(), oid, parameters, hash })
    }

    /// The DER; the algorithm identifier as it came.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        encode::sequence(&[self.algorithm.clone(), encode::octet_string(&self.hash)])
    }

    /// The algorithm's identifier.
    #[must_use]
    pub const fn algorithm_oid(&self) -> ObjectIdentifier {
        self.oid
    }

    /// The algorithm, where it is a known one without parameters or with NULL.
    #[must_use]
    pub fn algorithm(&self) -> Option<DigestAlgorithm> {
        if self.parameters == Parameters::Other { None } else { DigestAlgorithm::from_oid(&self.oid) }
    }

    /// The octets of the digest.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// The digest, where the algorithm is known and the length is its.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Digest::new(self.algorithm()?, self.hash.as_slice())
    }
}

/// `Extension` (RFC 5280, 4.1) of a request or a token, not interpreted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimestampExtension {
    /// The type.
    pub(crate) oid: ObjectIdentifier,
    /// Whether whoever does not know it must refuse.
    pub(crate) critical: bool,
    /// What is inside the OCTET STRING.
    pub(crate) value: Vec<u8>,
}

/// How many extensions a request or a token may have. Origin: EN 319 422 knows one; RFC 3161 none.
pub const MAX_EXTENSIONS: usize = 32;

impl TimestampExtension {
    /// The type.
    #[must_use]
    pub const fn oid(&self) -> ObjectIdentifier {
        self.oid
    }

    /// Whether whoever does not know it must refuse.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.critical
    }

    /// What is inside the OCTET STRING.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn to_der(&self) -> Vec<u8> {
        let mut parts = vec![encode::object_identifier(&self.oid)];
        if self.critical {
            parts.push(vec![1, 1, 0xff]);
        }
        parts.push(encode::octet_string(&self.value));
        encode::sequence(&parts)
    }

    /// `Extensions` under an implicit tag; an empty sequence is not allowed (SIZE (1..MAX)).
    pub(crate) fn read_all(fields: &mut Reader<'_>, tag: Tag, strict: bool) -> Result<Vec<Self>, BerError> {
        let Some(field) = fields.optional(tag)? else { return Ok(Vec::new()) };
        let mut list = field.reader()?;
        let mut extensions = Vec::new();
        while !list.is_empty() {
            if extensions.len() >= MAX_EXTENSIONS {
                return Err(BerErrorKind::TooMany { limit: MAX_EXTENSIONS }.at(list.position()));
            }
            let mut inner = list.expect(Tag::SEQUENCE)?.reader()?;
            let oid = inner.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
            let critical = optional_boolean(&mut inner, strict)?;
            let value = inner.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
            inner.finish()?;
            extensions.push(Self { oid, critical, value });
        }
        if extensions.is_empty() {
            return Err(BerErrorKind::InvalidValue.at(field.span().start));
        }
        Ok(extensions)
    }

    pub(crate) fn write_all(extensions: &[Self], identifier: u8) -> Option<Vec<u8>> {
        let written: Vec<Vec<u8>> = extensions.iter().map(Self::to_der).collect();
        (!written.is_empty()).then(|| encode::constructed(identifier, &written))
    }
}

/// BOOLEAN DEFAULT FALSE, which DER never writes as FALSE.
pub(crate) fn optional_boolean(fields: &mut Reader<'_>, strict: bool) -> Result<bool, BerError> {
    match fields.optional(Tag::BOOLEAN)? {
        None => Ok(false),
        Some(element) => match element.boolean()? {
            false if strict => Err(BerErrorKind::NotDer.at(element.span().start)),
            value => Ok(value),
        },
    }
}
