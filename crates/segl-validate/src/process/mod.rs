//! The building blocks and processes of EN 319 102-1, clause 5; each file is one of them.

pub(crate) mod acceptance;
pub(crate) mod basic;
pub(crate) mod certificate;
pub(crate) mod crypto;
pub(crate) mod extensions;
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

use core::cell::RefCell;
use std::collections::HashMap;

use segl_crypto::Time;
use segl_path::{Anchors, Found, Parameters, SignatureMemo, find_all_with};
use segl_tsp::Token;
use segl_x509::Certificate;

use crate::material::{Id, Material};
use crate::policy::{CertificateRules, Policy};

/// What every process needs.
pub(crate) struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) policy: &'a Policy,
    pub(crate) anchors: &'a Anchors,
    pub(crate) material: Material,
    shared: &'a Shared,
}

/// What all signatures of a file share: verifications that were made, and what may still be spent on new ones.
pub(crate) struct Shared {
    paths: RefCell<SignatureMemo>,
    tokens: RefCell<HashMap<(Id, Id), Result<(), String>>>,
}

/// Signatures of certificates that are verified for a file, and those for each of its signatures. An honest chain has three or four,
/// and most are met again; a file with thousands of keys wants to cost time.
const VERIFICATIONS: (u32, u32) = (1_000, 20);

impl Shared {
    pub(crate) fn new(signatures: usize) -> Self {
        let (base, each) = VERIFICATIONS;
        let signatures = u32::try_from(signatures).unwrap_or(u32::MAX);
        let limit = base.saturating_add(each.saturating_mul(signatures));
        Self { paths: RefCell::new(SignatureMemo::limited(limit)), tokens: RefCell::default() }
    }
}

/// Chains that are tried for one certificate. Real ones have one or two; cross-certification makes a few more.
const MAX_CHAINS: usize = 8;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Signer,
    Unit,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        now: Time,
        policy: &'a Policy,
        anchors: &'a Anchors,
        material: Material,
        shared: &'a Shared,
    ) -> Self {
        Self { now, policy, anchors, material, shared }
    }

    /// Whether a token's value is that of this unit. A document time-stamp covers many signatures and is verified once.
    pub(crate) fn verify_token(&self, id: Id, token: &Token, unit: &Certificate) -> Result<(), String> {
        let mut known = self.shared.tokens.borrow_mut();
        let verify = || token.verify(unit).map_err(|error| error.to_string());
        known.entry((id, unit.fingerprint_sha256())).or_insert_with(verify).clone()
    }

    /// The chains of a certificate.
    pub(crate) fn paths(&self, leaf: &Certificate, parameters: &Parameters) -> Found {
        let mut memo = self.shared.paths.borrow_mut();
        find_all_with(leaf, &self.material.pool, self.anchors, parameters, MAX_CHAINS, &mut memo)
    }

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
