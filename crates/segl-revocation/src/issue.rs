use segl_crypto::{PublicKey, SignatureAlgorithm, SignatureValue, Time, ToBeSigned};
use segl_x509::Certificate;

use crate::{
    CrlView, IssueError, Reason,
    asn1::{BIT_STRING, SEQUENCE, extension, generalized, sequence_of, tlv, unsigned},
    entries::EntryWriter,
    oid::*,
    partition::{CrlSubjects, Partition},
};

/// Makes a complete or delta CRL of one issuer, version 2 (RFC 5280 5).
///
/// A list that would be older than a certificate it [`speaks_about`](Self::speaks_about) is not made: its silence would
/// prove nothing about that certificate.
///
/// ```no_run
/// # fn make(root: &segl_x509::Certificate, unit: &segl_x509::Certificate, now: segl_crypto::Time,
/// #     sign: impl Fn(&segl_crypto::ToBeSigned) -> segl_crypto::SignatureValue) -> Result<(), segl_revocation::IssueError> {
/// use segl_revocation::CrlBuilder;
///
/// let year = std::time::Duration::from_secs(365 * 86_400);
/// let prepared = CrlBuilder::new(root, 1, now, now + year).speaks_about(unit)?.prepare()?;
/// let value = sign(prepared.to_be_signed());
/// let crl = prepared.assemble(&value)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CrlBuilder<'a> {
    issuer: &'a Certificate,
    number: u64,
    this_update: Time,
    next_update: Time,
    keeps_expired_since: Option<Time>,
    entries: Vec<u8>,
    writer: EntryWriter,
    algorithm: Option<SignatureAlgorithm>,
    base: Option<u64>,
    partition: Partition,
    freshest: Vec<String>,
}

/// A CRL waiting for its issuer's signature.
#[derive(Clone, Debug)]
pub struct PreparedCrl {
    issuer: Certificate,
    tbs: ToBeSigned,
}

impl<'a> CrlBuilder<'a> {
    /// An empty list. Numbers rise from list to list of one issuer; times are cut to whole seconds.
    #[must_use]
    pub fn new(issuer: &'a Certificate, number: u64, this_update: Time, next_update: Time) -> Self {
        let this_update = this_update.truncate_to_seconds();
        Self {
            issuer,
            number,
            this_update,
            next_update: next_update.truncate_to_seconds(),
            keeps_expired_since: None,
            entries: Vec::new(),
            writer: EntryWriter::new(this_update),
            algorithm: None,
            base: None,
            partition: Partition::default(),
            freshest: Vec::new(),
        }
    }

    /// The last list of an issuer, which no newer one follows: nextUpdate is 99991231235959Z (EN 319 411-1 CSS-6.3.9-06).
    ///
    /// That every certificate in its scope is over or revoked (EN 319 411-2 CSS-6.3.10-08) is for the issuer to know.
    #[must_use]
    pub fn last(issuer: &'a Certificate, number: u64, this_update: Time) -> Self {
        let end = Time::from_civil(9999, 12, 31, 23, 59, 59).unwrap_or(this_update);
        Self::new(issuer, number, this_update, end)
    }

    /// Makes it a delta CRL: what changed since the complete list of that number (RFC 5280 5.2.4). Only such a list takes a hold back,
    /// with the reason removeFromCRL.
    #[must_use]
    pub fn delta_since(mut self, base: u64) -> Self {
        self.base = Some(base);
        self
    }

    /// Says where this list is found, in the words of the certificates it is for (distributionPoint of issuingDistributionPoint,
    /// RFC 5280 5.2.5): a certificate that names none of these addresses is not covered.
    #[must_use]
    pub fn found_at(mut self, url: impl Into<String>) -> Self {
        self.partition.found_at.push(url.into());
        self
    }

    /// Makes it a list for a part of the certificates of its issuer.
    #[must_use]
    pub fn only_for(mut self, subjects: CrlSubjects) -> Self {
        self.partition.subjects = Some(subjects);
        self
    }

    /// Makes it a list of these reasons only (onlySomeReasons); a certificate is good when lists for all reasons say so.
    ///
    /// # Errors
    /// [`IssueError::NoPartOfReasons`] for unspecified, removeFromCRL and reasons without a name, and for no reasons at all.
    pub fn only_for_reasons(mut self, reasons: &[Reason]) -> Result<Self, IssueError> {
        self.partition.reasons = Some(Partition::flags(reasons)?);
        Ok(self)
    }

    /// Says where delta CRLs to this list are found (freshestCRL, RFC 5280 5.2.6).
    #[must_use]
    pub fn freshest(mut self, url: impl Into<String>) -> Self {
        self.freshest.push(url.into());
        self
    }

    /// Says that revoked certificates that expired after `since` stay on the list (expiredCertsOnCRL), which an issuer
    /// that keeps them must say (EN 319 411-2 CSS-6.3.10-05).
    #[must_use]
    pub fn keeps_expired_since(mut self, since: Time) -> Self {
        self.keeps_expired_since = Some(since.truncate_to_seconds());
        self
    }

    /// Signs with another algorithm than the usual one of the issuer's key, for example RSASSA-PSS.
    #[must_use]
    pub fn signed_with(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Adds a revoked certificate by its serial number (content octets of the INTEGER).
    ///
    /// # Errors
    /// [`IssueError::RevokedInFuture`] when it is revoked after thisUpdate, [`IssueError::Serial`].
    pub fn revoked(mut self, serial: &[u8], at: Time, reason: Option<Reason>) -> Result<Self, IssueError> {
        self.writer.push(&mut self.entries, serial, at, reason)?;
        Ok(self)
    }

    /// Checks that the list can prove something about this certificate of its issuer.
    ///
    /// # Errors
    /// [`IssueError::BeforeNotBefore`], [`IssueError::OtherIssuer`].
    pub fn speaks_about(self, certificate: &Certificate) -> Result<Self, IssueError> {
        if !certificate.issuer().matches(self.issuer.subject()) {
            return Err(IssueError::OtherIssuer);
        }
        if self.this_update < certificate.not_before() {
            let not_before = certificate.not_before();
            return Err(IssueError::BeforeNotBefore { this_update: self.this_update, not_before });
        }
        Ok(self)
    }

    /// What the issuer signs.
    ///
    /// # Errors
    /// [`IssueError::NextUpdate`], [`IssueError::Key`], [`IssueError::Base`], [`IssueError::TakenBackByCompleteList`],
    /// [`IssueError::ReasonOutOfScope`].
    pub fn prepare(self) -> Result<PreparedCrl, IssueError> {
        let frame = self.frame()?;
        self.check_reasons(&self.writer)?;
        // No entries: the field is absent, not empty (RFC 5280 5.1.2.6).
        let entries = if self.entries.is_empty() { Vec::new() } else { tlv(SEQUENCE, &[&self.entries]) };
        let tbs = tlv(SEQUENCE, &[&frame.head, &entries, &frame.extensions]);
        Ok(PreparedCrl { issuer: self.issuer.clone(), tbs: ToBeSigned::new(tbs, frame.algorithm) })
    }

    /// What stands around the entries.
    pub(crate) fn frame(&self) -> Result<Frame, IssueError> {
        let (this_update, next_update) = (self.this_update, self.next_update);
        if next_update <= this_update {
            return Err(IssueError::NextUpdate { this_update, next_update });
        }
        if let Some(base) = self.base.filter(|base| *base >= self.number) {
            return Err(IssueError::Base { base, number: self.number });
        }
        let key = self.issuer.public_key()?;
        let algorithm = self.algorithm.unwrap_or(key.default_algorithm());
        let identifier = self.issuer.subject_key_identifier().ok().flatten();
        let identifier = identifier.unwrap_or_else(|| self.issuer.computed_key_identifier().to_vec());
        let mut extensions = vec![
            extension(&AUTHORITY_KEY_IDENTIFIER, false, &tlv(SEQUENCE, &[&tlv(0x80, &[&identifier])])),
            extension(&CRL_NUMBER, false, &unsigned(self.number)),
        ];
        extensions.extend(self.base.map(|base| extension(&DELTA_CRL_INDICATOR, true, &unsigned(base))));
        let partition = self.partition.to_der();
        extensions.extend(partition.map(|scope| extension(&ISSUING_DISTRIBUTION_POINT, true, &scope)));
        if !self.freshest.is_empty() {
            let names = self.freshest.iter().map(|url| tlv(0x86, &[url.as_bytes()]));
            let points = names.map(|name| tlv(SEQUENCE, &[&tlv(0xa0, &[&tlv(0xa0, &[&name])])]));
            extensions.push(extension(&FRESHEST_CRL, false, &sequence_of(&points.collect::<Vec<_>>())));
        }
        extensions.extend(
            self.keeps_expired_since
                .map(|since| extension(&EXPIRED_CERTS_ON_CRL, false, &generalized(since))),
        );
        let extensions = tlv(0xa0, &[&sequence_of(&extensions)]);
        let issuer = self.issuer.subject().as_der();
        let fields =
            [&unsigned(1), &algorithm.to_der(), issuer, &this_update.to_der(), &next_update.to_der()];
        Ok(Frame { head: fields.concat(), extensions, key, algorithm })
    }

    /// Whether the reasons written are ones that such a list may have.
    pub(crate) fn check_reasons(&self, written: &EntryWriter) -> Result<(), IssueError> {
        if self.base.is_none() && written.has(Reason::RemoveFromCrl) {
            return Err(IssueError::TakenBackByCompleteList);
        }
        match self.partition.reasons {
            Some(reasons) if !written.has_only(reasons) => Err(IssueError::ReasonOutOfScope),
            _ => Ok(()),
        }
    }

    /// The entries given one by one, and what wrote them.
    pub(crate) fn take_entries(&mut self) -> (Vec<u8>, EntryWriter) {
        (core::mem::take(&mut self.entries), self.writer.clone())
    }
}

/// What stands around the entries of a list.
pub(crate) struct Frame {
    /// The fields before the entries.
    pub(crate) head: Vec<u8>,
    /// crlExtensions.
    pub(crate) extensions: Vec<u8>,
    /// The issuer's key.
    pub(crate) key: PublicKey,
    pub(crate) algorithm: SignatureAlgorithm,
}

impl PreparedCrl {
    /// What the issuer signs.
    #[must_use]
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.tbs
    }

    /// Puts the signature to it. Only a CRL that verifies with its issuer's certificate is handed out.
    pub fn assemble(self, signature: &SignatureValue) -> Result<CrlView, IssueError> {
        let crl = CrlView::from_der(&signed(&self.tbs, signature, &[])).map_err(|_| IssueError::ReadBack)?;
        verify(&self.issuer.public_key()?, &self.tbs, signature)?;
        crl.verify(&self.issuer).map_err(|_| IssueError::ReadBack)?;
        Ok(crl)
    }
}

/// SEQUENCE { what was signed, AlgorithmIdentifier, BIT STRING, whatever follows }.
pub(crate) fn signed(tbs: &ToBeSigned, signature: &SignatureValue, more: &[u8]) -> Vec<u8> {
    let value = tlv(BIT_STRING, &[&[0], signature.as_bytes()]);
    tlv(SEQUENCE, &[tbs.as_bytes(), &tbs.algorithm().to_der(), &value, more])
}

pub(crate) fn verify(
    key: &PublicKey,
    tbs: &ToBeSigned,
    signature: &SignatureValue,
) -> Result<(), IssueError> {
    key.verify(&tbs.algorithm(), tbs.as_bytes(), signature.as_bytes()).map_err(IssueError::Signature)
}
