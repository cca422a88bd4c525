use core::{fmt, ops::Range};
use std::sync::Arc;

use segl_crypto::{SignatureAlgorithm, Time};
use segl_x509::{
    AuthorityKeyIdentifier, Certificate, DistributionPointName, Extension, KeyUsage, Name, ObjectIdentifier,
    ReasonFlags, SyntaxError, SyntaxErrorKind,
};

use crate::{
    Answer, CrlError, CrlSignatureError, Reason, Status, WhyUnknown,
    asn1::{
        BIT_STRING, BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, Tlv, Value as _, shift,
    },
    memo::Memo,
    oid::*,
};

/// The largest CRL that is read, in bytes. The largest met in the wild have some 40 MB.
pub const MAX_CRL_SIZE: usize = 64 << 20;

/// A certificate revocation list as a view over its bytes (RFC 5280 5).
///
/// Reading looks at the frame and the extensions of the list; entries are walked when asked for, in place and without an
/// allocation for each. Nothing is believed until [`verify`](Self::verify).
#[derive(Clone)]
pub struct CrlView(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    tbs: Range<usize>,
    tbs_algorithm: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    entries: Range<usize>,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    extensions: Vec<Extension>,
    verified: Memo<CrlSignatureError>,
}

/// One entry of a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// Content octets of the serial number.
    pub serial: &'a [u8],
    /// From when on the certificate is revoked.
    pub revoked_at: Time,
    /// The reason, when there is one.
    pub reason: Option<Reason>,
    /// Since when the issuer believes the key to be in other hands: advice, not the time of revocation.
    pub invalidity_date: Option<Time>,
    /// GeneralNames (DER) of the issuer of this and the following entries, in an indirect CRL.
    pub certificate_issuer: Option<&'a [u8]>,
    /// Whether the entry has a critical extension this crate does not know.
    pub has_unknown_critical: bool,
}

/// What a CRL covers: issuingDistributionPoint (RFC 5280 5.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// Where the CRL is found, to be compared with the certificate's distribution points.
    pub distribution_point: Option<DistributionPointName>,
    /// Certificates of end entities only.
    pub only_user_certificates: bool,
    /// Certificates of authorities only.
    pub only_authority_certificates: bool,
    /// These reasons only.
    pub only_some_reasons: Option<ReasonFlags>,
    /// Entries may be of other issuers.
    pub is_indirect: bool,
    /// Attribute certificates only.
    pub only_attribute_certificates: bool,
}

/// A CRL whose signature was verified with its issuer's key. Only such a CRL answers questions.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedCrl<'a> {
    crl: &'a CrlView,
    issuer: &'a Certificate,
}

impl CrlView {
    /// Reads a CRL in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > MAX_CRL_SIZE {
            return Err(CrlError::TooLarge { size: der.len() });
        }
        Ok(read(der).map(|inner| Self(Arc::new(inner)))?)
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// Name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// When the status was as the list says.
    #[must_use]
    pub fn this_update(&self) -> Time {
        self.0.this_update
    }

    /// When a newer list is there at the latest.
    #[must_use]
    pub fn next_update(&self) -> Option<Time> {
        self.0.next_update
    }

    /// Content octets of the cRLNumber.
    #[must_use]
    pub fn number(&self) -> Option<&[u8]> {
        let value = self.extension(CRL_NUMBER)?.value();
        Reader::only(value, 0, INTEGER).ok().map(|number| number.content)
    }

    /// The extensions of the list.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// The first extension of a type.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.0.extensions.iter().find(|extension| *extension.oid() == oid)
    }

    /// authorityKeyIdentifier: which of its issuer's keys signed.
    pub fn authority_key_identifier(&self) -> Result<Option<AuthorityKeyIdentifier>, SyntaxError> {
        let found = self.extension(AUTHORITY_KEY_IDENTIFIER);
        found.map(|extension| AuthorityKeyIdentifier::from_der(extension.value())).transpose()
    }

    /// Whether this is a delta CRL, which says nothing by itself.
    #[must_use]
    pub fn is_delta(&self) -> bool {
        self.extension(DELTA_CRL_INDICATOR).is_some()
    }

    /// What the list covers, when it covers not everything. Offsets in the error count from the start of the value.
    pub fn issuing_distribution_point(&self) -> Result<Option<IssuingDistributionPoint>, SyntaxError> {
        self.extension(ISSUING_DISTRIBUTION_POINT)
            .map(|extension| IssuingDistributionPoint::read(extension.value()))
            .transpose()
    }

    /// Since when expired certificates stay on the list (expiredCertsOnCRL).
    #[must_use]
    pub fn keeps_expired_since(&self) -> Option<Time> {
        let value = self.extension(EXPIRED_CERTS_ON_CRL)?.value();
        Reader::new(value, 0).any().ok()?.time().ok()
    }

    /// The entries in their order, read one by one. After an error nothing follows.
    pub fn entries(&self) -> impl Iterator<Item = Result<CrlEntry<'_>, SyntaxError>> {
        let mut rest = self.entry_reader();
        core::iter::from_fn(move || {
            let read =
                (!rest.is_empty()).then(|| rest.expect(SEQUENCE).and_then(|entry| CrlEntry::read(&entry)));
            if matches!(read, Some(Err(_))) {
                rest = Reader::new(&[], 0);
            }
            read
        })
    }

    /// The entry of a serial number (content octets of the INTEGER; octets that only repeat its sign do not count). Where a number stands
    /// twice, the earlier revocation is taken.
    pub fn find(&self, serial: &[u8]) -> Result<Option<CrlEntry<'_>>, SyntaxError> {
        Ok(self.search(serial)?.0)
    }

    /// As [`find`](Self::find), and the first critical extension of any entry that is not processed here.
    fn search(&self, serial: &[u8]) -> Result<(Option<CrlEntry<'_>>, Option<&[u8]>), SyntaxError> {
        let wanted = significant(serial);
        let mut rest = self.entry_reader();
        let mut found: Option<CrlEntry<'_>> = None;
        let mut unknown = None;
        while !rest.is_empty() {
            let entry = rest.expect(SEQUENCE)?;
            let mut fields = entry.reader();
            if significant(fields.expect(INTEGER)?.content) != wanted {
                fields.any()?;
                if unknown.is_none()
                    && let Some(extensions) = fields.optional(SEQUENCE)?
                {
                    unknown = unknown_critical(extensions.reader())?;
                }
                continue;
            }
            let entry = CrlEntry::read(&entry)?;
            if found.is_none_or(|earlier| entry.revoked_at < earlier.revoked_at) {
                found = Some(entry);
            }
        }
        Ok((found, unknown))
    }

    /// Verifies that `issuer` signed this CRL and may sign CRLs. Whether `issuer` is trusted is for a path to say.
    ///
    /// The outcome is remembered in the view and its clones, so that asking again costs nothing.
    pub fn verify<'a>(&'a self, issuer: &'a Certificate) -> Result<VerifiedCrl<'a>, CrlSignatureError> {
        self.0.verified.outcome(issuer, issuer, || self.verify_anew(issuer))?;
        Ok(VerifiedCrl { crl: self, issuer })
    }

    fn verify_anew(&self, issuer: &Certificate) -> Result<(), CrlSignatureError> {
        if !self.issuer().matches(issuer.subject()) {
            return Err(CrlSignatureError::OtherIssuer);
        }
        let usage = issuer.key_usage().map_err(CrlSignatureError::KeyUsageUnreadable)?;
        if usage.is_some_and(|usage| !usage.contains(KeyUsage::CRL_SIGN)) {
            return Err(CrlSignatureError::NotForCrls);
        }
        if self.slice(&self.0.algorithm) != self.slice(&self.0.tbs_algorithm) {
            return Err(CrlSignatureError::AlgorithmsDiffer);
        }
        let algorithm = SignatureAlgorithm::from_der(self.slice(&self.0.algorithm), None)?;
        let tbs = self.slice(&self.0.tbs);
        Ok(issuer.public_key()?.verify(&algorithm, tbs, self.slice(&self.0.signature))?)
    }

    /// Verifies the CRL and says what it says about one certificate of the same issuer.
    #[must_use]
    pub fn status_of(&self, certificate: &Certificate, issuer: &Certificate) -> Answer {
        match self.verify(issuer) {
            Ok(verified) => verified.status_of(certificate),
            Err(error) => self.answer(Status::Unknown(WhyUnknown::CrlSignature(error))),
        }
    }

    fn answer(&self, status: Status) -> Answer {
        let (this_update, next_update) = (self.this_update(), self.next_update());
        Answer { status, this_update: Some(this_update), next_update, produced_at: None, responder: None }
    }

    fn entry_reader(&self) -> Reader<'_> {
        Reader::new(self.slice(&self.0.entries), self.0.entries.start)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for CrlView {
    fn eq(&self, other: &Self) -> bool {
        self.as_der() == other.as_der()
    }
}

impl Eq for CrlView {}

impl fmt::Debug for CrlView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrlView")
            .field("issuer", &self.issuer().to_string())
            .field("this_update", &self.this_update().to_string())
            .field("len", &self.as_der().len())
            .finish_non_exhaustive()
    }
}

impl<'a> VerifiedCrl<'a> {
    /// The CRL.
    #[must_use]
    pub fn crl(&self) -> &'a CrlView {
        self.crl
    }

    /// Who signed it.
    #[must_use]
    pub fn issuer(&self) -> &'a Certificate {
        self.issuer
    }

    /// What the CRL says about one certificate (RFC 5280 6.3.3 for a complete CRL of the certificate's own issuer).
    ///
    /// Delta and indirect CRLs and those for some reasons do not say that a certificate is good.
    #[must_use]
    pub fn status_of(&self, certificate: &Certificate) -> Answer {
        self.crl.answer(self.status(certificate).unwrap_or_else(Status::Unknown))
    }

    fn status(&self, certificate: &Certificate) -> Result<Status, WhyUnknown> {
        let crl = self.crl;
        if !certificate.issuer().matches(crl.issuer()) {
            return Err(WhyUnknown::OtherIssuer);
        }
        if crl.is_delta() {
            return Err(WhyUnknown::DeltaCrl);
        }
        let scope = crl.issuing_distribution_point().map_err(WhyUnknown::Malformed)?;
        if let Some(scope) = &scope {
            scope.check(certificate, crl.issuer())?;
        }
        let (entry, unknown) = crl.search(certificate.serial()).map_err(WhyUnknown::Malformed)?;
        if let Some(entry) = entry {
            if entry.certificate_issuer.is_some() {
                // Of whom the number is stands in the entry, which only an indirect CRL may have.
                return Err(WhyUnknown::IndirectCrl);
            }
            if entry.reason == Some(Reason::RemoveFromCrl) {
                return Err(WhyUnknown::RemovedFromCompleteCrl);
            }
            return Ok(Status::Revoked { at: entry.revoked_at, reason: entry.reason });
        }
        // RFC 5280 5.3: then nothing that the list leaves out can be told from it.
        if let Some(oid) = unknown {
            let oid = ObjectIdentifier::from_bytes(oid).map_or("?".to_owned(), |oid| oid.to_string());
            return Err(WhyUnknown::CriticalExtension(oid));
        }
        let known = [
            CRL_NUMBER,
            ISSUING_DISTRIBUTION_POINT,
            AUTHORITY_KEY_IDENTIFIER,
            FRESHEST_CRL,
            EXPIRED_CERTS_ON_CRL,
        ];
        let unknown = crl
            .extensions()
            .iter()
            .find(|one| one.is_critical() && !known.iter().any(|oid| *one.oid() == *oid));
        if let Some(extension) = unknown {
            return Err(WhyUnknown::CriticalExtension(extension.oid().to_string()));
        }
        if scope.is_some_and(|scope| scope.only_some_reasons.is_some()) {
            return Err(WhyUnknown::SomeReasonsOnly);
        }
        let this_update = crl.this_update();
        if this_update < certificate.not_before() {
            return Err(WhyUnknown::BeforeNotBefore { this_update, not_before: certificate.not_before() });
        }
        let remembers = crl.keeps_expired_since().is_some_and(|since| since <= certificate.not_after());
        if this_update > certificate.not_after() && !remembers {
            return Err(WhyUnknown::AfterNotAfter { this_update, not_after: certificate.not_after() });
        }
        Ok(Status::Good)
    }
}

impl IssuingDistributionPoint {
    fn read(value: &[u8]) -> Result<Self, SyntaxError> {
        let mut fields = Reader::only(value, 0, SEQUENCE)?.reader();
        let name = match fields.optional(0xa0)? {
            Some(outer) => {
                let offset = outer.reader().any()?.offset;
                Some(DistributionPointName::from_der(outer.content).map_err(|error| shift(error, offset))?)
            }
            None => None,
        };
        let flag = |tlv: Option<Tlv<'_>>| tlv.map_or(Ok(false), |tlv| tlv.boolean());
        let only_user_certificates = flag(fields.optional(0x81)?)?;
        let only_authority_certificates = flag(fields.optional(0x82)?)?;
        let only_some_reasons = match fields.optional(0x83)? {
            Some(bits) => Some(
                ReasonFlags::from_bit_string(bits.content)
                    .ok_or_else(|| bits.error(SyntaxErrorKind::BitString))?,
            ),
            None => None,
        };
        let is_indirect = flag(fields.optional(0x84)?)?;
        let only_attribute_certificates = flag(fields.optional(0x85)?)?;
        fields.finish()?;
        Ok(Self {
            distribution_point: name,
            only_user_certificates,
            only_authority_certificates,
            only_some_reasons,
            is_indirect,
            only_attribute_certificates,
        })
    }

    /// RFC 5280 6.3.3 (b), for a certificate of the CRL's own issuer.
    fn check(&self, certificate: &Certificate, crl_issuer: &Name) -> Result<(), WhyUnknown> {
        if self.is_indirect {
            return Err(WhyUnknown::IndirectCrl);
        }
        let is_ca = certificate.is_ca();
        if self.only_attribute_certificates
            || self.only_user_certificates && is_ca
            || self.only_authority_certificates && !is_ca
        {
            return Err(WhyUnknown::OutOfScope);
        }
        let Some(mine) = &self.distribution_point else { return Ok(()) };
        let mine = mine.names(crl_issuer);
        let points = certificate.crl_distribution_points().ok().flatten().unwrap_or_default();
        let theirs =
            points.iter().flat_map(|point| point.name.iter().flat_map(|name| name.names(crl_issuer)));
        let meets = theirs.into_iter().any(|name| mine.iter().any(|own| own.matches(&name)));
        if meets { Ok(()) } else { Err(WhyUnknown::OutOfScope) }
    }
}

impl<'a> CrlEntry<'a> {
    fn read(entry: &Tlv<'a>) -> Result<Self, SyntaxError> {
        let mut fields = entry.reader();
        let serial = fields.expect(INTEGER)?.content;
        let revoked_at = fields.any()?.time()?;
        let mut read = Self {
            serial,
            revoked_at,
            reason: None,
            invalidity_date: None,
            certificate_issuer: None,
            has_unknown_critical: false,
        };
        let mut extensions = match fields.optional(SEQUENCE)? {
            Some(list) => list.reader(),
            None => Reader::new(&[], 0),
        };
        fields.finish()?;
        while !extensions.is_empty() {
            let mut parts = extensions.expect(SEQUENCE)?.reader();
            let id = parts.expect(OID)?.content;
            let critical = parts.optional(BOOLEAN)?.map_or(Ok(false), |flag| flag.boolean())?;
            let value = parts.expect(OCTET_STRING)?;
            parts.finish()?;
            let mut inside = value.reader();
            if id == REASON_CODE.as_bytes() {
                // Some issuers write the code as an INTEGER.
                let code = inside.any()?;
                if ![ENUMERATED, INTEGER].contains(&code.tag) {
                    return Err(
                        code.error(SyntaxErrorKind::UnexpectedTag { expected: ENUMERATED, found: code.tag })
                    );
                }
                read.reason = Some(Reason::from_code(code.small()?));
            } else if id == INVALIDITY_DATE.as_bytes() {
                read.invalidity_date = Some(inside.any()?.time()?);
            } else if id == CERTIFICATE_ISSUER.as_bytes() {
                read.certificate_issuer = Some(value.content);
            } else {
                read.has_unknown_critical |= critical;
            }
        }
        Ok(read)
    }
}

/// The type of the first critical extension among these that says something this crate does not process.
fn unknown_critical<'a>(mut extensions: Reader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    while !extensions.is_empty() {
        let mut parts = extensions.expect(SEQUENCE)?.reader();
        let id = parts.expect(OID)?.content;
        let critical = parts.optional(BOOLEAN)?.map_or(Ok(false), |flag| flag.boolean())?;
        if critical && ![REASON_CODE.as_bytes(), INVALIDITY_DATE.as_bytes()].contains(&id) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn read(der: &[u8]) -> Result<Inner, SyntaxError> {
    let mut list = Reader::only(der, 0, SEQUENCE)?.reader();
    let tbs = list.expect(SEQUENCE)?;
    let algorithm = list.expect(SEQUENCE)?;
    let signature = list.expect(BIT_STRING)?;
    list.finish()?;

    let mut fields = tbs.reader();
    fields.optional(INTEGER)?;
    let tbs_algorithm = fields.expect(SEQUENCE)?;
    let issuer = fields.expect(SEQUENCE)?;
    let this_update = fields.any()?.time()?;
    let next_update = match fields.peek() {
        Some(crate::asn1::UTC_TIME | crate::asn1::GENERALIZED_TIME) => Some(fields.any()?.time()?),
        _ => None,
    };
    let entries = fields.optional(SEQUENCE)?;
    let extensions = match fields.optional(0xa0)? {
        Some(outer) => {
            let list = outer.reader().expect(SEQUENCE)?;
            Extension::list_from_der(outer.content).map_err(|error| shift(error, list.offset))?
        }
        None => Vec::new(),
    };
    fields.finish()?;

    let content_end = entries.map_or(0, |entries| entries.range().end);
    let content_start = content_end.saturating_sub(entries.map_or(0, |entries| entries.content.len()));
    Ok(Inner {
        tbs: tbs.range(),
        tbs_algorithm: tbs_algorithm.range(),
        algorithm: algorithm.range(),
        signature: signature.signature_range()?,
        entries: content_start..content_end,
        issuer: Name::from_der(issuer.whole).map_err(|error| shift(error, issuer.offset))?,
        this_update,
        next_update,
        extensions,
        verified: Memo::new(),
        der: der.to_vec(),
    })
}

/// The content octets of an INTEGER without those that only repeat its sign (X.690 8.3.2). Zeros before a set bit stay: 00FF
/// is 255 and FF is -1, and both are found as serial numbers.
pub(crate) fn significant(mut integer: &[u8]) -> &[u8] {
    while let [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = integer {
        integer = integer.get(1..).unwrap_or_default();
    }
    integer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_serial_number_is_another_than_the_positive_one() {
        assert_ne!(significant(&[0x00, 0xff]), significant(&[0xff]));
        assert_eq!(significant(&[0x00, 0x00, 0xff]), [0x00, 0xff]);
        assert_eq!(significant(&[0xff, 0xff, 0x80]), [0x80]);
        assert_eq!(significant(&[0x00, 0x7f]), [0x7f]);
        assert_eq!((significant(&[0x00]), significant(&[])), (&[0][..], &[][..]));
    }
}
