//! What a path must satisfy.

use segl_crypto::Time;
use segl_x509::{NameConstraints, ObjectIdentifier, Oid};

use crate::budget::Limits;

/// The inputs of RFC 5280, 6.1.1 apart from path and anchor, and what this crate asks beyond.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Parameters {
    /// The time at which the certificates must be valid, as `model` tells, and the anchor trusted.
    pub time: Time,
    /// Whether the leaf's own validity is checked; EN 319 102-1, 5.2.6 judges it separately.
    pub leaf_validity: Validity,
    /// Whether the validity of the certificates between leaf and anchor is checked.
    pub authority_validity: Validity,
    /// Whether the dates of the anchor's certificate are checked. RFC 5280 does not.
    pub anchor_validity: Validity,
    /// Whether the sunset of an anchor that has one is looked at. It is, unless a caller judges it by himself.
    pub anchor_sunset: Validity,
    /// At which times the certificates must be valid.
    pub model: Model,
    /// What the leaf must be made for.
    pub purpose: Purpose,
    /// Whether the extended key usages of authorities limit that of the leaf.
    pub authority_usages: AuthorityUsages,
    /// Which policies count.
    pub policies: InitialPolicies,
    /// initial-permitted-subtrees and initial-excluded-subtrees.
    pub names: NameConstraints,
    /// Critical extensions the caller processes, besides those processed here.
    pub known_critical: Vec<ObjectIdentifier>,
    /// Bounds of the search.
    pub limits: Limits,
}

/// Whether dates are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "dates count or they do not")]
pub enum Validity {
    /// A date outside refuses the path.
    Checked,
    /// Dates play no part.
    Ignored,
}

/// At which times the certificates of a path must be valid (EN 319 102-1, 5.2.6.1, "shell" and "chain" model).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the standard knows these two")]
pub enum Model {
    /// The leaf at the time asked for, and each authority when the certificate below it was issued: its notBefore, since nothing else
    /// in a certificate tells. Whether an authority is still valid at the time asked for plays no part.
    Chain,
    /// All at the time asked for (RFC 5280, 6.1.3 (a)(2)).
    Shell,
}

/// Whether the extended key usages of the authorities in a path limit what the leaf is good for. RFC 5280 gives them no meaning there;
/// CA/Browser Forum rules and the root programmes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "they limit or they do not")]
pub enum AuthorityUsages {
    /// They play no part.
    Ignored,
    /// An authority that has extended key usages must have the one that is asked of the leaf, or any. The anchor is not asked.
    Limiting,
}

/// What the leaf must be made for (extended key usage, RFC 5280, 4.2.1.12; key usage, 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Anything.
    Any,
    /// Signing CRLs: keyUsage has cRLSign or is absent (RFC 5280, 6.3.3 (f)).
    CrlSigning,
    /// The extended key usage, if the leaf has one, names this purpose or any.
    Extended(ObjectIdentifier),
    /// id-kp-OCSPSigning is named; anyExtendedKeyUsage does not do (RFC 6960, 4.2.2.2).
    OcspSigning,
    /// id-kp-timeStamping is named (RFC 3161, 2.3). That it is alone and critical is not checked.
    TimeStamping,
}

/// The policy inputs of RFC 5280, 6.1.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InitialPolicies {
    /// user-initial-policy-set; `None` is any-policy.
    pub acceptable: Option<Vec<Oid>>,
    /// initial-explicit-policy: the path must be valid for one of them.
    pub require_explicit: bool,
    /// initial-policy-mapping-inhibit.
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub inhibit_any: bool,
}

impl Parameters {
    /// Valid at `time`, for any purpose and policy, with the default limits.
    pub fn at(time: Time) -> Self {
        Self {
            time,
            leaf_validity: Validity::Checked,
            authority_validity: Validity::Checked,
            anchor_validity: Validity::Ignored,
            anchor_sunset: Validity::Checked,
            model: Model::Shell,
            purpose: Purpose::Any,
            authority_usages: AuthorityUsages::Ignored,
            policies: InitialPolicies::default(),
            names: NameConstraints::default(),
            known_critical: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The same for a purpose.
    #[must_use]
    pub fn purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    /// The same with the leaf's dates checked or not.
    #[must_use]
    pub fn leaf_validity(self, leaf_validity: Validity) -> Self {
        Self { leaf_validity, ..self }
    }

    /// The same with the dates of the certificates between leaf and anchor checked or not.
    #[must_use]
    pub fn authority_validity(self, authority_validity: Validity) -> Self {
        Self { authority_validity, ..self }
    }

    /// The same with the dates of the anchor's certificate checked or not.
    #[must_use]
    pub fn anchor_validity(self, anchor_validity: Validity) -> Self {
        Self { anchor_validity, ..self }
    }

    /// The same with an anchor's sunset looked at or not.
    #[must_use]
    pub fn anchor_sunset(self, anchor_sunset: Validity) -> Self {
        Self { anchor_sunset, ..self }
    }

    /// The same in another model.
    #[must_use]
    pub fn model(self, model: Model) -> Self {
        Self { model, ..self }
    }

    /// The same with the extended key usages of authorities limiting or not.
    #[must_use]
    pub fn authority_usages(self, authority_usages: AuthorityUsages) -> Self {
        Self { authority_usages, ..self }
    }

    /// The same with these names permitted and excluded from the start.
    #[must_use]
    pub fn names(self, names: NameConstraints) -> Self {
        Self { names, ..self }
    }

    /// The same with these policy inputs.
    #[must_use]
    pub fn policies(self, policies: InitialPolicies) -> Self {
        Self { policies, ..self }
    }

    /// The same, with a critical extension that the caller processes.
    #[must_use]
    pub fn also_known(mut self, extension: ObjectIdentifier) -> Self {
        self.known_critical.push(extension);
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}
