//! The building blocks and processes of EN 319 102-1, clause 5; each file is one of them.

pub(crate) mod acceptance;
pub(crate) mod basic;
pub(crate) mod certificate;
pub(crate) mod crypto;
pub(crate) mod format;
pub(crate) mod freshness;
pub(crate) mod identify;
pub(crate) mod level;
pub(crate) mod long_term;
pub(crate) mod past;
pub(crate) mod subject;
pub(crate) mod time_slide;
pub(crate) mod timestamp;
pub(crate) mod with_time;

use segl_crypto::Time;
use segl_path::Anchors;

use crate::material::Material;
use crate::policy::{CertificateRules, Policy};

/// What every process needs.
pub(crate) struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) policy: &'a Policy,
    pub(crate) anchors: &'a Anchors,
    pub(crate) material: Material,
}

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Signer,
    Unit,
}

impl Context<'_> {
    /// The rules for the certificate at a position of a path; 0 is the leaf.
    pub(crate) fn rules(&self, role: Role, position: usize) -> &CertificateRules {
        match (role, position) {
            (Role::Signer, 0) => &self.policy.signer,
            (Role::Signer, _) => &self.policy.signer_authority,
            (Role::Unit, 0) => &self.policy.unit,
            (Role::Unit, _) => &self.policy.unit_authority,
        }
    }
}
