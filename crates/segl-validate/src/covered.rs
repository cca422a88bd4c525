//! What a time-stamp covers, by name.

use core::fmt;

use segl_crypto::sha256;
use segl_revocation::{CrlView, OcspView, ResponderId};
use segl_x509::Certificate;

use crate::material::{Id, Material};
use crate::process::subject::Stamp;

/// Objects that are named for one time-stamp; the rest are counted. A file of a working life has fewer; one made to make
/// reports long has thousands.
const MAX_NAMED: usize = 256;

/// What a time-stamp covers: octets of the file, and the objects at hand that lie in them.
///
/// Nothing, when the imprint is not that of what the format says is covered. Objects that are not at hand are not named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Covered {
    /// Octets of the file from its start, the token itself aside; `None` when it does not cover a file.
    pub octets: Option<u64>,
    /// The objects: signatures first, then time-stamps, certificates, CRLs and OCSP responses.
    pub objects: Vec<CoveredObject>,
    /// How many more there are than are named.
    pub others: usize,
}

/// One object that a time-stamp covers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredObject {
    /// What it is.
    pub kind: CoveredKind,
    /// Which one, for a person: the id of a signature or time-stamp, the subject of a certificate, issuer or responder and time
    /// of a status.
    pub name: String,
    /// SHA-256 of its octets; of a signature, of those of its value.
    pub sha256: [u8; 32],
}

/// Kinds of objects that a time-stamp covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CoveredKind {
    /// A signature, by its value.
    Signature,
    /// Another time-stamp.
    Timestamp,
    /// A certificate.
    Certificate,
    /// A CRL.
    Crl,
    /// An OCSP response.
    OcspResponse,
}

impl CoveredKind {
    /// A stable name for reports: `OCSP_RESPONSE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "SIGNATURE",
            Self::Timestamp => "TIMESTAMP",
            Self::Certificate => "CERTIFICATE",
            Self::Crl => "CRL",
            Self::OcspResponse => "OCSP_RESPONSE",
        }
    }
}

impl fmt::Display for CoveredKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Covered {
    /// How many objects of a kind are named.
    pub fn count(&self, kind: CoveredKind) -> usize {
        self.objects.iter().filter(|object| object.kind == kind).count()
    }
}

/// Everything at hand that a time-stamp may cover, with its digest: made once, for all time-stamps.
pub(crate) struct Index<'a>(Vec<(CoveredKind, Id, Source<'a>)>);

/// Where the name of an object comes from.
enum Source<'a> {
    Certificate(&'a Certificate),
    Crl(&'a CrlView),
    Name(&'a str),
    Response(&'a OcspView),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(certificate) => certificate.subject().fmt(f),
            Self::Crl(crl) => write!(f, "{} of {}", crl.issuer(), crl.this_update()),
            Self::Name(name) => f.write_str(name),
            Self::Response(response) => {
                match response.responder_id() {
                    ResponderId::ByName(name) => name.fmt(f)?,
                    ResponderId::ByKey(key) => key.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?,
                }
                write!(f, " of {}", response.produced_at())
            }
        }
    }
}

impl<'a> Index<'a> {
    /// Signatures and time-stamps with the digests that name them.
    pub(crate) fn new(signatures: &[(Id, &'a str)], stamps: &[(Id, &'a str)]) -> Self {
        let kinds = [(CoveredKind::Signature, signatures), (CoveredKind::Timestamp, stamps)];
        let objects = kinds
            .into_iter()
            .flat_map(|(kind, named)| named.iter().map(move |(id, name)| (kind, *id, Source::Name(name))));
        Self(objects.collect())
    }

    /// And the evidence.
    pub(crate) fn with(mut self, material: &'a Material) -> Self {
        let certificates = material.pool.iter().map(|certificate| {
            (CoveredKind::Certificate, certificate.fingerprint_sha256(), Source::Certificate(certificate))
        });
        let crls = material.crls().iter();
        let crls = crls.map(|crl| (CoveredKind::Crl, sha256(crl.as_der()), Source::Crl(crl)));
        let responses = material.responses().iter().map(|response| {
            (CoveredKind::OcspResponse, sha256(response.as_der()), Source::Response(response))
        });
        self.0.extend(certificates.chain(crls).chain(responses));
        self
    }

    /// What this time-stamp covers of it.
    pub(crate) fn covered_by(&self, stamp: &Stamp<'_>) -> Covered {
        if stamp.imprint_intact() != Some(true) {
            return Covered::default();
        }
        let mut covered = Covered { octets: stamp.claim.covered_until, ..Covered::default() };
        for (kind, id, source) in self.0.iter().filter(|(_, id, _)| stamp.claim.covered.contains(id)) {
            if covered.objects.len() < MAX_NAMED {
                covered.objects.push(CoveredObject { kind: *kind, name: source.to_string(), sha256: *id });
            } else {
                covered.others = covered.others.saturating_add(1);
            }
        }
        covered
    }
}
