use core::{fmt, ops::Deref, ops::Range};
use std::sync::Arc;

use segl_x509::{Certificate, Name, SyntaxError};

use crate::{
    Answer, CrlError, CrlSignatureError, ListError, OnlyIssuer, Question, Status, WhyUnknown,
    asn1::{BIT_STRING, Reader, SEQUENCE, Value as _},
    decide,
    entry::{CrlEntry, Scanned, names_issuer, significant, type_of},
    facts::{CrlFacts, Head, LookUp, RevocationList, extensions, sealed},
    oid::CERTIFICATE_ISSUER,
};

/// The largest CRL that is read into memory, in bytes. The largest met in the wild have some 40 MB.
pub const MAX_CRL_SIZE: usize = 64 << 20;

/// A certificate revocation list as a view over its bytes (RFC 5280 5); what it says apart from its entries is in [`CrlFacts`].
///
/// Reading looks at the frame and the extensions of the list; entries are walked when asked for, in place and without an
/// allocation for each. Nothing is believed until [`verify`](Self::verify). For a list that is too large to be held, or that is
/// asked about many certificates, there is [`CrlIndex`](crate::CrlIndex).
#[derive(Clone)]
pub struct CrlView(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    tbs: Range<usize>,
    entries: Range<usize>,
    facts: CrlFacts,
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
            let octets = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
            return Err(CrlError::TooLarge { size: octets(der.len()), limit: octets(MAX_CRL_SIZE) });
        }
        Ok(read(der).map(|inner| Self(Arc::new(inner)))?)
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
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

    /// The entry of a serial number (content octets of the INTEGER; octets that only repeat its sign do not count), whoever issued the
    /// certificate. Where a number stands twice, the earlier revocation is taken.
    pub fn find(&self, serial: &[u8]) -> Result<Option<CrlEntry<'_>>, SyntaxError> {
        let wanted = significant(serial);
        let mut rest = self.entry_reader();
        let mut found: Option<CrlEntry<'_>> = None;
        while !rest.is_empty() {
            let entry = rest.expect(SEQUENCE)?;
            if significant(Scanned::read(&entry)?.serial) == wanted {
                let entry = CrlEntry::read(&entry)?;
                if found.is_none_or(|earlier| entry.revoked_at < earlier.revoked_at) {
                    found = Some(entry);
                }
            }
        }
        Ok(found)
    }

    /// Verifies that `issuer` signed this CRL and may sign CRLs. Whether `issuer` is trusted is for a path to say.
    ///
    /// The outcome is remembered in the view and its clones, so that asking again costs nothing.
    pub fn verify<'a>(&'a self, issuer: &'a Certificate) -> Result<VerifiedCrl<'a>, CrlSignatureError> {
        self.verify_signer(issuer)?;
        Ok(VerifiedCrl { crl: self, issuer })
    }

    /// Verifies the CRL and says what it alone says about one certificate of the same issuer. Several lists, delta CRLs and lists of
    /// another issuer than the certificate's are for [`decide`](crate::decide).
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

impl Deref for CrlView {
    type Target = CrlFacts;

    fn deref(&self) -> &CrlFacts {
        &self.0.facts
    }
}

impl sealed::List for CrlView {}

impl RevocationList for CrlView {
    fn facts(&self) -> &CrlFacts {
        &self.0.facts
    }

    fn verify_signer(&self, signer: &Certificate) -> Result<(), CrlSignatureError> {
        let tbs = self.slice(&self.0.tbs);
        self.0.facts.verify(signer, |key, algorithm, value| key.verify(algorithm, tbs, value))
    }

    fn look_up(&self, serial: &[u8], issuer: &Name) -> Result<LookUp, ListError> {
        let wanted = significant(serial);
        let mut found = LookUp::default();
        let mut unknown = None;
        // Sticky: whose the entries are until the next that says so (RFC 5280 5.3.3).
        let mut of: Option<&[u8]> = None;
        let mut rest = self.entry_reader();
        while !rest.is_empty() {
            let entry = rest.expect(SEQUENCE)?;
            let scanned = Scanned::read(&entry)?;
            of = scanned.certificate_issuer.or(of);
            if significant(scanned.serial) == wanted
                && of.map_or(Ok(self.issuer().matches(issuer)), |names| names_issuer(names, issuer))?
            {
                let listed = CrlEntry::read(&entry)?.listed();
                if found.listed.is_none_or(|earlier| listed.at < earlier.at) {
                    found.listed = Some(listed);
                }
            }
            if unknown.is_none() {
                unknown = scanned.unknown;
            }
        }
        // In a list that does not say so, entries of others are an extension that is not understood.
        let stray = of.filter(|_| !self.is_indirect()).map(|_| CERTIFICATE_ISSUER.as_bytes());
        found.unknown_critical = unknown.or(stray).map(type_of);
        Ok(found)
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

    /// What the CRL alone says about one certificate of its issuer (RFC 5280 6.3.3). A delta CRL, and one for some reasons that does
    /// not list it, do not say that a certificate is good.
    #[must_use]
    pub fn status_of(&self, certificate: &Certificate) -> Answer {
        if !certificate.issuer().matches(self.crl.issuer()) {
            return self.crl.answer(Status::Unknown(WhyUnknown::OtherIssuer));
        }
        let question = Question::new(certificate, self.issuer, self.crl.this_update());
        self.crl.answer(decide(&question, &[self.crl], &[], &OnlyIssuer).answer.status)
    }
}

fn read(der: &[u8]) -> Result<Inner, SyntaxError> {
    let mut list = Reader::only(der, 0, SEQUENCE)?.reader();
    let tbs = list.expect(SEQUENCE)?;
    let algorithm = list.expect(SEQUENCE)?;
    let signature = list.expect(BIT_STRING)?;
    list.finish()?;

    let mut fields = tbs.reader();
    let head = Head::read(&mut fields)?;
    let entries = fields.optional(SEQUENCE)?;
    let extensions = extensions(fields.optional(0xa0)?)?;
    fields.finish()?;

    let content_end = entries.map_or(0, |entries| entries.range().end);
    let content_start = content_end.saturating_sub(entries.map_or(0, |entries| entries.content.len()));
    let signature = der.get(signature.signature_range()?).unwrap_or_default();
    Ok(Inner {
        tbs: tbs.range(),
        entries: content_start..content_end,
        facts: CrlFacts::new(head, extensions, algorithm.whole, signature),
        der: der.to_vec(),
    })
}
