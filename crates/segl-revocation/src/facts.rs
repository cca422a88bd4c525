//! What a list says apart from its entries, and who signed it: the same for one in memory and one read by position.

use segl_crypto::{PublicKey, SignatureAlgorithm, Time, VerifyError};
use segl_x509::{
    AuthorityKeyIdentifier, Certificate, DistributionPoint, Extension, KeyUsage, Name, ObjectIdentifier,
    SyntaxError,
};

use crate::{
    CrlSignatureError, IssuingDistributionPoint, ListError, Listed,
    asn1::{GENERALIZED_TIME, INTEGER, Reader, SEQUENCE, Tlv, UTC_TIME, Value as _, shift},
    entry::significant,
    memo::Memo,
    oid::*,
};

/// What a CRL says apart from its entries (RFC 5280 5.1 and 5.2). Read, not believed.
pub struct CrlFacts {
    head: Head,
    extensions: Vec<Extension>,
    scope: Result<Option<IssuingDistributionPoint>, SyntaxError>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    verified: Memo<CrlSignatureError>,
}

/// What stands before the entries.
pub(crate) struct Head {
    pub(crate) tbs_algorithm: Vec<u8>,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
}

/// A CRL that can be asked: [`CrlView`](crate::CrlView) in memory, [`CrlIndex`](crate::CrlIndex) in a file.
///
/// Both are decided upon by the same code, [`decide`](crate::decide). Nobody else can be a list.
pub trait RevocationList: sealed::List {
    /// What it says apart from its entries.
    fn facts(&self) -> &CrlFacts;

    /// Verifies that the key of `signer` signed it, and that the certificate is for signing CRLs. Whether the signer is trusted is
    /// for a path to say.
    fn verify_signer(&self, signer: &Certificate) -> Result<(), CrlSignatureError>;

    /// Looks for a serial number (content octets of the INTEGER; octets that only repeat its sign do not count) of a certificate of
    /// `issuer`. Where it stands twice, the earlier revocation is taken.
    fn look_up(&self, serial: &[u8], issuer: &Name) -> Result<LookUp, ListError>;
}

pub(crate) mod sealed {
    #[allow(unnameable_types, reason = "so that nobody else can be a list")]
    pub trait List {}
}

/// What a list says about one serial number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LookUp {
    /// The entry, when there is one.
    pub listed: Option<Listed>,
    /// Type of a critical extension of some entry that is not understood: then nothing follows from what is not listed (RFC 5280 5.3).
    pub unknown_critical: Option<String>,
}

impl CrlFacts {
    pub(crate) fn new(head: Head, extensions: Vec<Extension>, algorithm: &[u8], signature: &[u8]) -> Self {
        let scope = extensions
            .iter()
            .find(|extension| *extension.oid() == ISSUING_DISTRIBUTION_POINT)
            .map(|extension| IssuingDistributionPoint::read(extension.value()))
            .transpose();
        Self {
            head,
            extensions,
            scope,
            algorithm: algorithm.to_vec(),
            signature: signature.to_vec(),
            verified: Memo::new(),
        }
    }

    /// Name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.head.issuer
    }

    /// When the status was as the list says.
    #[must_use]
    pub fn this_update(&self) -> Time {
        self.head.this_update
    }

    /// When a newer list is there at the latest.
    #[must_use]
    pub fn next_update(&self) -> Option<Time> {
        self.head.next_update
    }

    /// Content octets of the cRLNumber.
    #[must_use]
    pub fn number(&self) -> Option<&[u8]> {
        self.integer(CRL_NUMBER)
    }

    /// Content octets of BaseCRLNumber: this is a delta CRL, and says what changed since that number.
    #[must_use]
    pub fn base_number(&self) -> Option<&[u8]> {
        self.integer(DELTA_CRL_INDICATOR)
    }

    /// The extensions of the list.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The first extension of a type.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| *extension.oid() == oid)
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
    pub fn issuing_distribution_point(&self) -> Result<Option<&IssuingDistributionPoint>, SyntaxError> {
        self.scope.as_ref().map(Option::as_ref).map_err(|error| *error)
    }

    /// Where delta CRLs to this list are (freshestCRL); none as well when the extension cannot be read.
    #[must_use]
    pub fn freshest_crl(&self) -> Vec<DistributionPoint> {
        let found = self.extension(FRESHEST_CRL);
        found.and_then(|found| DistributionPoint::list_from_der(found.value()).ok()).unwrap_or_default()
    }

    /// Since when expired certificates stay on the list (expiredCertsOnCRL).
    #[must_use]
    pub fn keeps_expired_since(&self) -> Option<Time> {
        let value = self.extension(EXPIRED_CERTS_ON_CRL)?.value();
        Reader::new(value, 0).any().ok()?.time().ok()
    }

    /// Whether no newer list will come: nextUpdate is 99991231235959Z (EN 319 411-1 CSS-6.3.9-06).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.next_update().is_some_and(|next| Some(next) == Time::from_civil(9999, 12, 31, 23, 59, 59))
    }

    /// The signature algorithm, as DER of the AlgorithmIdentifier outside of the signed part.
    #[must_use]
    pub fn signature_algorithm_der(&self) -> &[u8] {
        &self.algorithm
    }

    /// Whether entries may be of other issuers.
    pub(crate) fn is_indirect(&self) -> bool {
        matches!(&self.scope, Ok(Some(scope)) if scope.is_indirect)
    }

    /// Whether `delta` says what changed since this list (RFC 5280 5.2.4 and 6.3.3 (c)). Signatures are not looked at.
    #[must_use]
    pub fn takes(&self, delta: &Self) -> bool {
        let identifier =
            |list: &Self| list.extension(AUTHORITY_KEY_IDENTIFIER).map(|one| one.value().to_vec());
        let number = |octets: Option<&[u8]>| {
            let octets = significant(octets?);
            let octets = octets.strip_prefix(&[0]).unwrap_or(octets);
            Some((octets.len(), octets.to_vec()))
        };
        let (Some(own), Some(base), Some(newer)) =
            (number(self.number()), number(delta.base_number()), number(delta.number()))
        else {
            return false;
        };
        !self.is_delta()
            && self.issuer().matches(delta.issuer())
            && self.scope == delta.scope
            && identifier(self) == identifier(delta)
            && base <= own
            && own < newer
    }

    pub(crate) fn unknown_critical(&self) -> Option<String> {
        const KNOWN: [ObjectIdentifier; 6] = [
            CRL_NUMBER,
            DELTA_CRL_INDICATOR,
            ISSUING_DISTRIBUTION_POINT,
            AUTHORITY_KEY_IDENTIFIER,
            FRESHEST_CRL,
            EXPIRED_CERTS_ON_CRL,
        ];
        let is_unknown =
            |one: &&Extension| one.is_critical() && !KNOWN.iter().any(|known| *one.oid() == *known);
        self.extensions.iter().find(is_unknown).map(|one| one.oid().to_string())
    }

    /// Everything about the signer but the signature itself, for which `check` is called. The outcome is remembered.
    pub(crate) fn verify(
        &self,
        signer: &Certificate,
        check: impl FnOnce(&PublicKey, &SignatureAlgorithm, &[u8]) -> Result<(), VerifyError>,
    ) -> Result<(), CrlSignatureError> {
        self.verified.outcome(signer, signer, || {
            if !self.issuer().matches(signer.subject()) {
                return Err(CrlSignatureError::OtherIssuer);
            }
            let usage = signer.key_usage().map_err(CrlSignatureError::KeyUsageUnreadable)?;
            if usage.is_some_and(|usage| !usage.contains(KeyUsage::CRL_SIGN)) {
                return Err(CrlSignatureError::NotForCrls);
            }
            if self.algorithm != self.head.tbs_algorithm {
                return Err(CrlSignatureError::AlgorithmsDiffer);
            }
            let algorithm = SignatureAlgorithm::from_der(&self.algorithm, None)?;
            Ok(check(&signer.public_key()?, &algorithm, &self.signature)?)
        })
    }

    fn integer(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let value = self.extension(oid)?.value();
        Reader::only(value, 0, INTEGER).ok().map(|number| number.content)
    }
}

impl Head {
    /// Reads what stands before the entries, and leaves the reader there.
    pub(crate) fn read(fields: &mut Reader<'_>) -> Result<Self, SyntaxError> {
        fields.optional(INTEGER)?;
        let tbs_algorithm = fields.expect(SEQUENCE)?.whole.to_vec();
        let issuer = fields.expect(SEQUENCE)?;
        let this_update = fields.any()?.time()?;
        let next_update = match fields.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(fields.any()?.time()?),
            _ => None,
        };
        let issuer = Name::from_der(issuer.whole).map_err(|error| shift(error, issuer.offset))?;
        Ok(Self { tbs_algorithm, issuer, this_update, next_update })
    }
}

/// The extensions of a list, from the element `[0]` around them.
pub(crate) fn extensions(outer: Option<Tlv<'_>>) -> Result<Vec<Extension>, SyntaxError> {
    let Some(outer) = outer else { return Ok(Vec::new()) };
    let list = outer.reader().expect(SEQUENCE)?;
    Extension::list_from_der(outer.content).map_err(|error| shift(error, list.offset))
}
