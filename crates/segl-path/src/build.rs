//! Looking for paths.

use core::cmp::Reverse;

use segl_x509::Certificate;

use crate::anchor::{Anchor, Anchors};
use crate::budget::{Budget, Exhausted};
use crate::check::{check_with, may_issue};
use crate::error::{NoPath, Reason, Refusal, RefusedPath};
use crate::parameters::Parameters;
use crate::path::Path;
use crate::pool::Pool;
use crate::signatures::SignatureMemo;

/// Refusals beyond this number say nothing new.
const KEPT_REFUSALS: usize = 32;

/// Everything a search came upon.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Good paths, best candidates first.
    pub paths: Vec<Path>,
    /// What did not do.
    pub not: NoPath,
}

/// The first good path from `leaf` to one of the anchors (RFC 5280, 6.1), through certificates of the pool.
///
/// Candidates are tried in an order that depends on nothing but the certificates: anchors first, then by matching key
/// identifier, by validity at the time asked for, the younger first, and last by their bytes.
///
/// # Errors
/// [`NoPath`] with every way that was tried.
pub fn find(
    leaf: &Certificate,
    pool: &Pool,
    anchors: &Anchors,
    parameters: &Parameters,
) -> Result<Path, NoPath> {
    let Found { paths, not } = find_all(leaf, pool, anchors, parameters, 1);
    paths.into_iter().next().ok_or(not)
}

/// Up to `at_most` good paths in the order of [`find`], and what else was tried on the way.
pub fn find_all(
    leaf: &Certificate,
    pool: &Pool,
    anchors: &Anchors,
    parameters: &Parameters,
    at_most: usize,
) -> Found {
    find_all_with(leaf, pool, anchors, parameters, at_most, &mut SignatureMemo::default())
}

/// As [`find_all`], for callers who search more than once: `memo` spares verifying the same signatures again.
pub fn find_all_with(
    leaf: &Certificate,
    pool: &Pool,
    anchors: &Anchors,
    parameters: &Parameters,
    at_most: usize,
    memo: &mut SignatureMemo,
) -> Found {
    let mut search = Search {
        pool,
        anchors,
        parameters,
        at_most,
        budget: Budget::new(parameters.limits),
        signatures: memo,
        found: Found::default(),
    };
    let mut way = vec![leaf.clone()];
    if let Some(anchor) = anchors.named(leaf.subject()).find(|anchor| anchor.is(leaf)) {
        search.complete(&way, anchor);
    }
    if !search.is_over()
        && let Err(limit) = search.extend(&mut way)
    {
        search.found.not.exhausted = Some(limit);
    }
    search.found
}

struct Search<'a> {
    pool: &'a Pool,
    anchors: &'a Anchors,
    parameters: &'a Parameters,
    at_most: usize,
    budget: Budget,
    signatures: &'a mut SignatureMemo,
    found: Found,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.found.paths.len() >= self.at_most
    }

    /// Tries every candidate issuer of the last certificate. The depth is bounded by `Limits::certificates`.
    fn extend(&mut self, way: &mut Vec<Certificate>) -> Result<(), Exhausted> {
        let Some(last) = way.last().cloned() else { return Ok(()) };
        let mut has_issuer = false;
        self.budget.candidates([&last])?;
        let anchors = self.anchors;
        for anchor in anchors.named(last.issuer()) {
            has_issuer = true;
            self.budget.candidates(way.iter())?;
            // A self-signed anchor given as leaf has been dealt with.
            if way.len() == 1 && anchor.is(&last) {
                continue;
            }
            self.complete(way, anchor);
            if self.is_over() {
                return Ok(());
            }
        }
        let mut candidates: Vec<&Certificate> = self.pool.with_subject(last.issuer()).collect();
        // Ordering them is work already, and each of a thousand of the same name would be ordered again on every step.
        self.budget.candidates(candidates.iter().copied())?;
        candidates.retain(|candidate| !is_on(way, candidate));
        let time = self.parameters.time;
        let identifier =
            last.authority_key_identifier().ok().flatten().and_then(|identifier| identifier.key_identifier);
        candidates.sort_by_cached_key(|&candidate| {
            let key = match (&identifier, candidate.subject_key_identifier()) {
                (Some(wanted), Ok(Some(own))) if *wanted == own => 0,
                (Some(_), Ok(Some(_))) => 2,
                _ => 1,
            };
            (key, !candidate.is_valid_at(time), Reverse(candidate.not_before()), candidate.as_der())
        });
        for candidate in candidates {
            // An anchor in the pool was used as anchor above.
            if self.anchors.find(candidate).is_some() {
                continue;
            }
            has_issuer = true;
            if way.len() >= self.parameters.limits.certificates {
                let reason = Reason::TooManyCertificates { limit: self.parameters.limits.certificates };
                self.refuse(way, None, way.len().saturating_sub(1), reason);
                continue;
            }
            let position = way.len();
            let edge = may_issue(candidate).map_err(|reason| (position, reason)).and_then(|()| {
                self.signatures
                    .verify(&last, candidate.spki_der(), &mut self.budget)
                    .map_err(|reason| (position.saturating_sub(1), reason))
            });
            way.push(candidate.clone());
            let outcome = match edge {
                Ok(()) => self.extend(way),
                Err((_, Reason::Exhausted(limit))) => Err(limit),
                Err((position, reason)) => {
                    self.refuse(way, None, position, reason);
                    Ok(())
                }
            };
            way.pop();
            outcome?;
            if self.is_over() {
                return Ok(());
            }
        }
        if !has_issuer && !self.found.not.without_issuer.contains(&last) {
            self.found.not.without_issuer.push(last);
        }
        Ok(())
    }

    /// The way leads to an anchor: now it is checked as a whole.
    fn complete(&mut self, way: &[Certificate], anchor: &Anchor) {
        match check_with(way, anchor, self.parameters, &mut self.budget, self.signatures) {
            Ok(path) => self.found.paths.push(path),
            Err(refusal) => self.keep(way, Some(anchor), refusal),
        }
    }

    fn refuse(&mut self, way: &[Certificate], anchor: Option<&Anchor>, position: usize, reason: Reason) {
        if let Some(certificate) = way.get(position).cloned() {
            self.keep(way, anchor, Refusal { certificate, position, reason });
        }
    }

    fn keep(&mut self, way: &[Certificate], anchor: Option<&Anchor>, refusal: Refusal) {
        if let Reason::Exhausted(limit) = refusal.reason {
            self.found.not.exhausted = Some(limit);
        }
        if self.found.not.refused.len() < KEPT_REFUSALS {
            let certificates = way.to_vec();
            self.found.not.refused.push(RefusedPath { certificates, anchor: anchor.cloned(), refusal });
        }
    }
}

/// The same key under the same name cannot vouch for itself once more.
fn is_on(way: &[Certificate], candidate: &Certificate) -> bool {
    way.iter().any(|passed| {
        passed == candidate
            || (passed.spki_der() == candidate.spki_der() && passed.subject().matches(candidate.subject()))
    })
}
