//! Validation policy: a value, with a default.

use core::time::Duration;

use segl_x509::{KeyUsage, ObjectIdentifier, oids};

use crate::algorithms::AlgorithmConstraints;
use crate::block::Level;

/// What the checks of this crate do when they do not hold (EN 319 102-1, 5.1.4, "validation constraints").
///
/// The default equals the default policy of EU DSS 6.4 for the checks that exist here. Open, so that a reader of policy files
/// can fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is called in reports.
    pub name: String,
    /// Which algorithms are relied on, and until when.
    pub algorithms: AlgorithmConstraints,
    /// How old status information may be.
    pub freshness: Freshness,
    /// The signer's certificate.
    pub signer: CertificateRules,
    /// Certificates above the signer's.
    pub signer_authority: CertificateRules,
    /// The time-stamp unit's certificate.
    pub unit: CertificateRules,
    /// Certificates above the unit's.
    pub unit_authority: CertificateRules,
    /// The certificate of whoever signed status information.
    pub status_signer: CertificateRules,
    /// Certificates above it.
    pub status_authority: CertificateRules,
    /// The signature's own properties.
    pub signature: SignatureRules,
    /// Time-stamps.
    pub timestamp: TimestampRules,
}

/// The revocation freshness constraint (EN 319 102-1, 5.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// Status information does not age; the default policy of EU DSS sees it so.
    Ignored,
    /// It is fresh as long after the time in question as it claims: nextUpdate minus thisUpdate.
    NextUpdate,
    /// It is fresh when issued no longer ago than this.
    MaxAge(Duration),
}

/// Rules for one kind of certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRules {
    /// Status information that counts must be there.
    pub revocation_available: Level,
    /// With one of these extensions, no status information is asked for.
    pub revocation_exempt: Vec<ObjectIdentifier>,
    /// Whoever signed the status must still be valid at the time in question (EN 319 102-1, 5.2.6, step 8).
    pub status_signer_valid: Level,
    /// keyUsage must have one of these bits.
    pub key_usage: Option<(Level, KeyUsage)>,
    /// extKeyUsage must name this purpose.
    pub ext_key_usage: Option<(Level, ObjectIdentifier)>,
    /// None of these extensions may be there.
    pub forbidden_extensions: (Level, Vec<ObjectIdentifier>),
    /// authorityKeyIdentifier is there (RFC 5280, 4.2.1.1), unless the certificate is self-issued.
    pub authority_key_identifier: Level,
    /// subjectKeyIdentifier is there (RFC 5280, 4.2.1.2, demands it of authorities).
    pub subject_key_identifier: Level,
    /// noRevAvail, if there, is not contradicted by the same certificate (RFC 9608, 4).
    pub no_revocation_available: Level,
}

/// Rules for the signature's own properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRules {
    /// A signed reference to the signing certificate is there.
    pub certificate_reference: Level,
    /// Its issuer and serial number are the certificate's.
    pub reference_issuer_serial: Level,
    /// All referenced certificates are in the path.
    pub references_in_path: Level,
    /// A signing time is claimed.
    pub signing_time: Level,
    /// It lies in the validity of the signing certificate.
    pub signing_time_in_validity: Level,
    /// A certificate that lives no longer than this is for one seal, and no other seal carries it (S000-33).
    pub one_seal: (Level, Duration),
}

/// Rules for time-stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRules {
    /// How long after the claimed signing time the first time-stamp may come; `None` for any time.
    pub delay: Option<Duration>,
    /// Time-stamps are in an order that can be.
    pub order: Level,
    /// The authority's name in the token is the unit's.
    pub authority_name: Level,
    /// The unit's key stamps and does nothing else: extKeyUsage critical with timeStamping alone (RFC 3161, 2.3; EN 319 422, 6).
    pub unit_purpose: Level,
    /// The time in the token lies in the validity of the unit's certificate. EU DSS does not look; but a unit that names a time at
    /// which nobody had certified it dates back.
    pub time_in_validity: Level,
}

impl CertificateRules {
    fn leaf(exempt: &[ObjectIdentifier]) -> Self {
        Self {
            revocation_available: Level::Fail,
            revocation_exempt: exempt.to_vec(),
            status_signer_valid: Level::Ignore,
            key_usage: None,
            ext_key_usage: None,
            forbidden_extensions: (Level::Fail, vec![oids::OCSP_NOCHECK]),
            authority_key_identifier: Level::Warn,
            subject_key_identifier: Level::Ignore,
            no_revocation_available: Level::Warn,
        }
    }

    fn authority(revocation_available: Level) -> Self {
        Self {
            revocation_available,
            revocation_exempt: Vec::new(),
            status_signer_valid: Level::Ignore,
            key_usage: Some((Level::Fail, KeyUsage::KEY_CERT_SIGN)),
            ext_key_usage: None,
            forbidden_extensions: (Level::Fail, vec![oids::OCSP_NOCHECK, oids::NO_REV_AVAIL]),
            authority_key_identifier: Level::Warn,
            subject_key_identifier: Level::Fail,
            // In an authority's certificate it is forbidden whatever stands beside it.
            no_revocation_available: Level::Ignore,
        }
    }
}

impl Default for Policy {
    /// The checks and algorithm ends of EU DSS 6.4's default policy.
    fn default() -> Self {
        Self {
            name: "segl default (as EU DSS 6.4)".to_owned(),
            algorithms: AlgorithmConstraints::ts119312_v1_5_1(),
            freshness: Freshness::Ignored,
            signer: CertificateRules {
                status_signer_valid: Level::Fail,
                key_usage: Some((Level::Warn, KeyUsage::NON_REPUDIATION)),
                ..CertificateRules::leaf(&[oids::VALIDITY_ASSURED, oids::NO_REV_AVAIL])
            },
            signer_authority: CertificateRules::authority(Level::Fail),
            unit: CertificateRules {
                ext_key_usage: Some((Level::Fail, oids::TIME_STAMPING)),
                ..CertificateRules::leaf(&[])
            },
            unit_authority: CertificateRules::authority(Level::Warn),
            status_signer: CertificateRules {
                forbidden_extensions: (Level::Ignore, Vec::new()),
                ..CertificateRules::leaf(&[oids::OCSP_NOCHECK])
            },
            status_authority: CertificateRules::authority(Level::Warn),
            signature: SignatureRules {
                certificate_reference: Level::Warn,
                reference_issuer_serial: Level::Warn,
                references_in_path: Level::Warn,
                signing_time: Level::Fail,
                signing_time_in_validity: Level::Fail,
                // Ten days is the longest life of a certificate that is issued for one seal.
                one_seal: (Level::Warn, Duration::from_secs(864_000)),
            },
            timestamp: TimestampRules {
                delay: None,
                order: Level::Warn,
                authority_name: Level::Warn,
                unit_purpose: Level::Warn,
                time_in_validity: Level::Fail,
            },
        }
    }
}
