use core::fmt;
use core::ops::Range;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use segl_crypto::DigestAlgorithm;

use crate::ber::{Element, Reader, Rules, Tag};
use crate::error::{BerError, BerErrorKind, CmsError};
use crate::oids;
use crate::signer::SignerInfoView;

/// How many items one list may hold: certificates, revocation data, signers, attributes, values.
///
/// Origin: the largest list in the signatures of the corpora at hand has under a hundred items.
pub const MAX_ITEMS: usize = 4096;

/// The bytes of a message, shared by everything read from them.
#[derive(Clone)]
pub(crate) struct Bytes(Arc<[u8]>);

impl Bytes {
    pub(crate) fn get(&self, range: &Range<usize>) -> &[u8] {
        self.0.get(range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

/// Octets that `Debug` only counts: content, digests and signed attributes stay out of logs.
#[derive(Clone)]
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

/// A `ContentInfo` with `SignedData` (RFC 5652, 5.1) that keeps the bytes it was read from.
///
/// BER and DER are read; nothing is re-encoded, and every part is handed out as it arrived. Believes nothing: versions, the
/// number of signers and algorithms are the reader's to judge. What follows the first element (the zero padding of a PDF's
/// `/Contents`) is told by [`Self::trailing`].
#[derive(Clone, Debug)]
pub struct SignedDataView {
    bytes: Bytes,
    len: usize,
    version: u32,
    digest_algorithms: Vec<Range<usize>>,
    content_type: ObjectIdentifier,
    encapsulated: Range<usize>,
    content: Option<Content>,
    certificates: Option<Vec<CertificateChoice>>,
    revocation: Option<Vec<RevocationChoice>>,
    signers: Vec<SignerInfoView>,
}

#[derive(Clone, Debug)]
enum Content {
    /// In one piece.
    Span(Range<usize>),
    /// From a constructed OCTET STRING.
    Joined(Octets),
}

/// One of `certificates`, RFC 5652, 10.2.2.
#[derive(Clone, Debug)]
struct CertificateChoice {
    kind: CertificateKind,
    span: Range<usize>,
}

/// Which alternative of `CertificateChoices` an element is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    /// An X.509 certificate.
    Certificate,
    /// `[0]`: an obsolete PKCS #6 extended certificate.
    ExtendedCertificate,
    /// `[1]`: an attribute certificate, version 1.
    AttributeCertificateV1,
    /// `[2]`: an attribute certificate, version 2.
    AttributeCertificateV2,
    /// `[3]` or anything else: another format.
    Other,
}

/// One of `crls`, RFC 5652, 10.2.1.
#[derive(Clone, Debug)]
enum RevocationChoice {
    Crl(Range<usize>),
    Other { format: ObjectIdentifier, info: Range<usize> },
    Unknown,
}

impl SignedDataView {
    /// Reads a message. The bytes are copied once, and shared from then on.
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        Self::from_shared(Arc::from(bytes))
    }

    /// Reads a message without copying it.
    pub fn from_shared(bytes: Arc<[u8]>) -> Result<Self, CmsError> {
        let shared = Bytes(Arc::clone(&bytes));
        let mut outer = Reader::new(&bytes, Rules::Ber);
        let content_info = outer.expect(Tag::SEQUENCE)?;
        let len = outer.position();
        let mut fields = content_info.reader()?;
        let content_type = fields.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
        if content_type != oids::SIGNED_DATA {
            return Err(CmsError::NotSignedData { content_type });
        }
        let wrapper = fields.expect(Tag::context(0))?;
        fields.finish()?;
        let mut wrapper = wrapper.reader()?;
        let signed_data = wrapper.expect(Tag::SEQUENCE)?;
        wrapper.finish()?;

        let mut fields = signed_data.reader()?;
        let version = fields.expect(Tag::INTEGER)?.small_integer()?;
        let digest_algorithms = items(&fields.expect(Tag::SET)?, |element| match element.tag() {
            Tag::SEQUENCE => Ok(element.span()),
            found => {
                Err(BerErrorKind::UnexpectedTag { expected: Tag::SEQUENCE, found }.at(element.span().start))
            }
        })?;
        let encapsulated = fields.expect(Tag::SEQUENCE)?;
        let (content_type, content) = read_content(&encapsulated)?;
        let certificates = fields
            .optional(Tag::context(0))?
            .map(|field| items(&field, |e| Ok(certificate(e))))
            .transpose()?;
        let revocation =
            fields.optional(Tag::context(1))?.map(|field| items(&field, revocation)).transpose()?;
        let signers = fields.expect(Tag::SET)?;
        fields.finish()?;
        let signers = items(&signers, |element| SignerInfoView::read(&shared, element))?;
        Ok(Self {
            bytes: shared,
            len,
            version,
            digest_algorithms,
            content_type,
            encapsulated: encapsulated.span(),
            content,
            certificates,
            revocation,
            signers,
        })
    }

    /// The message as it arrived, without what follows it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(&(0..self.len))
    }

    /// What follows the message. Zero octets are the padding of a PDF; anything else deserves a closer look.
    #[must_use]
    pub fn trailing(&self) -> &[u8] {
        self.bytes.get(&(self.len..self.bytes.0.len()))
    }

    /// `SignedData.version`, which no signature covers and many writers get wrong.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The algorithms of `digestAlgorithms` that are known here.
    pub fn digest_algorithms(&self) -> impl Iterator<Item = DigestAlgorithm> + '_ {
        self.digest_algorithms.iter().filter_map(|span| digest_algorithm(self.bytes.get(span)))
    }

    /// `eContentType`.
    #[must_use]
    pub const fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// `encapContentInfo` as it arrived.
    #[must_use]
    pub fn encapsulated_content_info(&self) -> &[u8] {
        self.bytes.get(&self.encapsulated)
    }

    /// The content octets: those of the OCTET STRING, joined if it came in segments; `None` where the content is detached.
    ///
    /// Where a PKCS #7 writer put something else than an OCTET STRING, its content octets (RFC 5652, 5.2.1). Empty octets are
    /// not the same as none: then the empty content was signed.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|content| match content {
            Content::Span(span) => self.bytes.get(span),
            Content::Joined(octets) => &octets.0,
        })
    }

    /// The X.509 certificates, each as it arrived, in stored order.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificate_choices()
            .filter_map(|(kind, bytes)| (kind == CertificateKind::Certificate).then_some(bytes))
    }

    /// Everything in `certificates`, each element with its tag.
    pub fn certificate_choices(&self) -> impl Iterator<Item = (CertificateKind, &[u8])> {
        self.certificates.iter().flatten().map(|choice| (choice.kind, self.bytes.get(&choice.span)))
    }

    /// Whether the field `certificates` is there, be it empty. RFC 3161, 2.4.1 forbids it unless asked for.
    #[must_use]
    pub const fn has_certificates(&self) -> bool {
        self.certificates.is_some()
    }

    /// The CRLs in `crls`, each as it arrived.
    pub fn crls(&self) -> impl Iterator<Item = &[u8]> {
        self.revocation.iter().flatten().filter_map(|choice| match choice {
            RevocationChoice::Crl(span) => Some(self.bytes.get(span)),
            _ => None,
        })
    }

    /// Other revocation information in `crls`: its format and the value (RFC 5652, 10.2.1; for OCSP see [`oids::RI_OCSP_RESPONSE`]).
    pub fn other_revocation_info(&self) -> impl Iterator<Item = (ObjectIdentifier, &[u8])> {
        self.revocation.iter().flatten().filter_map(|choice| match choice {
            RevocationChoice::Other { format, info } => Some((*format, self.bytes.get(info))),
            _ => None,
        })
    }

    /// The signers, in stored order.
    #[must_use]
    pub fn signers(&self) -> &[SignerInfoView] {
        &self.signers
    }
}

/// Reads every element of a SET OF, up to [`MAX_ITEMS`].
pub(crate) fn items<'a, T>(
    field: &Element<'a>,
    read: impl Fn(&Element<'a>) -> Result<T, BerError>,
) -> Result<Vec<T>, BerError> {
    let mut reader = field.reader()?;
    let mut items = Vec::new();
    while !reader.is_empty() {
        if items.len() >= MAX_ITEMS {
            return Err(BerErrorKind::TooMany { limit: MAX_ITEMS }.at(reader.position()));
        }
        items.push(read(&reader.read()?)?);
    }
    Ok(items)
}

/// The digest algorithm that an `AlgorithmIdentifier` names, whatever its parameters say (RFC 5754, 2: NULL or absent).
pub(crate) fn digest_algorithm(identifier: &[u8]) -> Option<DigestAlgorithm> {
    let element = Reader::new(identifier, Rules::Ber).expect(Tag::SEQUENCE).ok()?;
    let oid = element.reader().ok()?.expect(Tag::OBJECT_IDENTIFIER).ok()?.object_identifier().ok()?;
    DigestAlgorithm::from_oid(&oid)
}

fn read_content(encapsulated: &Element<'_>) -> Result<(ObjectIdentifier, Option<Content>), BerError> {
    let mut fields = encapsulated.reader()?;
    let content_type = fields.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
    let content = match fields.optional(Tag::context(0))? {
        Some(wrapper) => {
            let inner = wrapper.explicit()?;
            if inner.tag() == Tag::OCTET_STRING && inner.is_constructed() {
                Some(Content::Joined(Octets(inner.octets()?.into_owned())))
            } else {
                Some(Content::Span(inner.content_span()))
            }
        }
        None => None,
    };
    fields.finish()?;
    Ok((content_type, content))
}

fn certificate(element: &Element<'_>) -> CertificateChoice {
    let kind = match element.tag() {
        Tag::SEQUENCE => CertificateKind::Certificate,
        tag if tag == Tag::context(0) => CertificateKind::ExtendedCertificate,
        tag if tag == Tag::context(1) => CertificateKind::AttributeCertificateV1,
        tag if tag == Tag::context(2) => CertificateKind::AttributeCertificateV2,
        _ => CertificateKind::Other,
    };
    CertificateChoice { kind, span: element.span() }
}

fn revocation(element: &Element<'_>) -> Result<RevocationChoice, BerError> {
    match element.tag() {
        Tag::SEQUENCE => Ok(RevocationChoice::Crl(element.span())),
        tag if tag == Tag::context(1) => {
            let mut fields = element.reader()?;
            let format = fields.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
            let info = fields.read()?.span();
            fields.finish()?;
            Ok(RevocationChoice::Other { format, info })
        }
        _ => Ok(RevocationChoice::Unknown),
    }
}
