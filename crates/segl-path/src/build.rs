//! Looking for paths.

use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec;

use segl_crypto::lacks_parameters;
use segl_x509::{Certificate, GeneralName};

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
/// What the third choice and all later ones cost more than the first.
const WORST_CHOICE: usize = 2;

/// The good paths from a leaf to the anchors, looked for one at a time: whoever cannot use one (over revocation, say) asks for the next.
///
/// The order depends on nothing but the certificates and the order of the anchors. First comes the leaf that is an anchor itself. Then
/// the cheapest way first: each authority on it costs one, one more where it was the second choice for its place, and two more where it
/// was a later one, so that neither a long way nor a crowd of certificates of one name keeps the search from the rest. Among
/// the candidates for one place the choice goes by matching key identifier (a hint, RFC 5280, 4.2.1.1, and never a reason to
/// refuse), by validity at the time asked for, the younger first, and last by their bytes. Where several anchors have the name,
/// those whose key identifier matches go first, then by the order in which they were added.
///
/// No way has the same key under the same name twice, so circles of cross certificates end. What was refused on the way, and whether a
/// limit ended the search, is in [`refused`](Self::refused).
#[derive(Debug)]
pub struct Paths<'a> {
    pool: &'a Pool,
    anchors: &'a Anchors,
    parameters: &'a Parameters,
    budget: Budget,
    signatures: Memo<'a>,
    steps: Vec<Step>,
    /// Cost and position in `steps` of what is still to be looked at, which arrival decides among equals.
    queue: BinaryHeap<Reverse<(usize, usize)>>,
    open: Option<Open<'a>>,
    not: NoPath,
}

/// Everything a search came upon.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Good paths, in the order of [`Paths`].
    pub paths: Vec<Path>,
    /// What did not do.
    pub not: NoPath,
}

/// The first good path from `leaf` to one of the anchors (RFC 5280, 6.1), through certificates of the pool, in the order of [`Paths`].
///
/// # Errors
/// [`NoPath`] with every way that was tried.
pub fn find(
    leaf: &Certificate,
    pool: &Pool,
    anchors: &Anchors,
    parameters: &Parameters,
) -> Result<Path, NoPath> {
    let mut paths = paths(leaf, pool, anchors, parameters);
    paths.next().ok_or(paths.not)
}

/// All good paths, lazily.
pub fn paths<'a>(
    leaf: &Certificate,
    pool: &'a Pool,
    anchors: &'a Anchors,
    parameters: &'a Parameters,
) -> Paths<'a> {
    Paths::new(leaf, pool, anchors, parameters, Memo::Own(SignatureMemo::default()))
}

/// As [`paths`], for callers who search more than once: `memo` spares verifying the same signatures again.
pub fn paths_with<'a>(
    leaf: &Certificate,
    pool: &'a Pool,
    anchors: &'a Anchors,
    parameters: &'a Parameters,
    memo: &'a mut SignatureMemo,
) -> Paths<'a> {
    Paths::new(leaf, pool, anchors, parameters, Memo::Lent(memo))
}

/// Up to `at_most` good paths in the order of [`Paths`], and what else was tried on the way.
pub fn find_all(
    leaf: &Certificate,
    pool: &Pool,
    anchors: &Anchors,
    parameters: &Parameters,
    at_most: usize,
) -> Found {
    paths(leaf, pool, anchors, parameters).first(at_most)
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
    paths_with(leaf, pool, anchors, parameters, memo).first(at_most)
}

#[derive(Debug)]
enum Memo<'a> {
    Lent(&'a mut SignatureMemo),
    Own(SignatureMemo),
}

impl Memo<'_> {
    fn get(&mut self) -> &mut SignatureMemo {
        match self {
            Self::Lent(memo) => memo,
            Self::Own(memo) => memo,
        }
    }
}

/// A certificate reached from the one below it.
#[derive(Debug)]
struct Step {
    certificate: Certificate,
    below: Option<usize>,
    cost: usize,
}

/// A way whose last certificate is being looked at.
#[derive(Debug)]
struct Open<'a> {
    step: usize,
    way: Vec<Certificate>,
    anchors: vec::IntoIter<&'a Anchor>,
    has_issuer: bool,
    has_path: bool,
}

impl Iterator for Paths<'_> {
    type Item = Path;

    fn next(&mut self) -> Option<Path> {
        loop {
            let Some(mut open) = self.open.take() else {
                let Reverse((_, step)) = self.queue.pop()?;
                match self.open(step) {
                    Ok(open) => self.open = open,
                    Err(limit) => self.give_up(limit),
                }
                continue;
            };
            let outcome = match open.anchors.next() {
                Some(anchor) => match self.complete(&mut open, anchor) {
                    Ok(path) => {
                        self.open = Some(open);
                        if path.is_some() {
                            return path;
                        }
                        Ok(())
                    }
                    Err(limit) => Err(limit),
                },
                None => self.climb(open),
            };
            if let Err(limit) = outcome {
                self.give_up(limit);
            }
        }
    }
}

impl<'a> Paths<'a> {
    fn new(
        leaf: &Certificate,
        pool: &'a Pool,
        anchors: &'a Anchors,
        parameters: &'a Parameters,
        signatures: Memo<'a>,
    ) -> Self {
        Self {
            pool,
            anchors,
            parameters,
            budget: Budget::new(parameters.limits),
            signatures,
            steps: vec![Step { certificate: leaf.clone(), below: None, cost: 0 }],
            queue: BinaryHeap::from([Reverse((0, 0))]),
            open: None,
            not: NoPath::default(),
        }
    }

    /// What was refused so far, and the limit that ended the search, if one did.
    pub fn refused(&self) -> &NoPath {
        &self.not
    }

    /// The same, when no more paths are wanted.
    pub fn into_refused(self) -> NoPath {
        self.not
    }

    fn first(mut self, at_most: usize) -> Found {
        let paths = self.by_ref().take(at_most).collect();
        Found { paths, not: self.not }
    }

    fn give_up(&mut self, limit: Exhausted) {
        self.not.exhausted = Some(limit);
        self.open = None;
        self.queue.clear();
    }

    /// Goes to a certificate: whether it may issue, and did issue the one below it, is looked at when its turn comes and not before.
    fn open(&mut self, step: usize) -> Result<Option<Open<'a>>, Exhausted> {
        let way = self.way(step);
        let Some(last) = way.last() else { return Ok(None) };
        if let Some(position) = way.len().checked_sub(2)
            && let Some(below) = way.get(position)
        {
            let mut refusal = None;
            if let Err(reason) = may_issue(last) {
                refusal = Some((position.saturating_add(1), reason));
            } else if !lacks_parameters(last.spki_der())
                && let Err(reason) =
                    self.signatures.get().verify(below, last.spki_der(), Some(last), &mut self.budget)
            {
                // The key of one that has no parameters of its own is known only from above, and tried then.
                refusal = Some((position, reason));
            }
            match refusal {
                Some((_, Reason::Exhausted(limit))) => return Err(limit),
                Some((position, reason)) => {
                    self.refuse(&way, position, reason);
                    return Ok(None);
                }
                None => {}
            }
        }
        self.budget.candidates([last])?;
        let anchors = self.anchors_above(last, way.len() == 1);
        let has_issuer = self.anchors.named(last.issuer()).next().is_some();
        Ok(Some(Open { step, way, anchors: anchors.into_iter(), has_issuer, has_path: false }))
    }

    /// The leaf's own anchor, then the anchors its issuer may be.
    fn anchors_above(&self, last: &Certificate, is_leaf: bool) -> Vec<&'a Anchor> {
        let anchors = self.anchors;
        let mut above: Vec<&Anchor> = anchors.named(last.issuer()).collect();
        if above.len() > 1 {
            let hint = Hint::of(last);
            above.sort_by_cached_key(|anchor| anchor.certificate().map_or(1, |own| hint.rank(own)));
        }
        if !is_leaf {
            above.retain(|anchor| !anchor.has_key_of(last));
            return above;
        }
        above.retain(|anchor| !anchor.is(last));
        anchors.named(last.subject()).filter(|anchor| anchor.is(last)).chain(above).collect()
    }

    /// The way leads to an anchor: now it is checked as a whole.
    fn complete(&mut self, open: &mut Open<'_>, anchor: &Anchor) -> Result<Option<Path>, Exhausted> {
        self.budget.candidates(&open.way)?;
        match check_with(&open.way, anchor, self.parameters, &mut self.budget, self.signatures.get()) {
            Ok(path) => {
                open.has_path = true;
                Ok(Some(path))
            }
            Err(refusal) => {
                self.keep(&open.way, Some(anchor), refusal);
                Ok(None)
            }
        }
    }

    /// Puts the candidate issuers of the last certificate where their turn will come.
    fn climb(&mut self, mut open: Open<'_>) -> Result<(), Exhausted> {
        let Some(last) = open.way.last() else { return Ok(()) };
        let mut candidates: Vec<&Certificate> = self.pool.with_subject(last.issuer()).collect();
        // Ordering them is work already, and each of a thousand of the same name would be ordered again on every step.
        self.budget.candidates(candidates.iter().copied())?;
        candidates.retain(|candidate| !is_on(&open.way, candidate));
        open.has_issuer |= !candidates.is_empty();
        if open.has_path {
            // Above a key that is trusted by itself nothing need be looked for, once it was found good.
            candidates.retain(|candidate| self.anchors.find(candidate).is_none());
        }
        if open.way.len() >= self.parameters.limits.certificates {
            if !candidates.is_empty() {
                let reason = Reason::TooManyCertificates { limit: self.parameters.limits.certificates };
                self.refuse(&open.way, open.way.len().saturating_sub(1), reason);
            }
            return Ok(());
        }
        let time = self.parameters.time;
        let hint = Hint::of(last);
        candidates.sort_by_cached_key(|&candidate| {
            let not_before = Reverse(candidate.not_before());
            (hint.rank(candidate), !candidate.is_valid_at(time), not_before, candidate.as_der())
        });
        let below = self.steps.get(open.step).map_or(0, |step| step.cost);
        for (choice, candidate) in candidates.into_iter().enumerate() {
            let cost = below.saturating_add(1).saturating_add(choice.min(WORST_CHOICE));
            let step = Step { certificate: candidate.clone(), below: Some(open.step), cost };
            self.queue.push(Reverse((cost, self.steps.len())));
            self.steps.push(step);
        }
        if !open.has_issuer && !self.not.without_issuer.contains(last) {
            self.not.without_issuer.push(last.clone());
        }
        Ok(())
    }

    /// The certificates from the leaf up to this step.
    fn way(&self, step: usize) -> Vec<Certificate> {
        let mut way = Vec::new();
        let mut at = self.steps.get(step);
        while let Some(step) = at {
            way.push(step.certificate.clone());
            at = step.below.and_then(|below| self.steps.get(below));
        }
        way.reverse();
        way
    }

    fn refuse(&mut self, way: &[Certificate], position: usize, reason: Reason) {
        if let Some(certificate) = way.get(position).cloned() {
            self.keep(way, None, Refusal { certificate, position, reason });
        }
    }

    fn keep(&mut self, way: &[Certificate], anchor: Option<&Anchor>, refusal: Refusal) {
        if let Reason::Exhausted(limit) = refusal.reason {
            self.not.exhausted = Some(limit);
        }
        if self.not.refused.len() < KEPT_REFUSALS {
            let certificates = way.to_vec();
            self.not.refused.push(RefusedPath { certificates, anchor: anchor.cloned(), refusal });
        }
    }
}

/// Which issuer a certificate names beside its name. It may be wrong, and refuses nothing.
struct Hint {
    key_identifier: Option<Vec<u8>>,
    names: Vec<GeneralName>,
    serial: Option<Vec<u8>>,
}

impl Hint {
    fn of(certificate: &Certificate) -> Self {
        let identifier = certificate.authority_key_identifier().ok().flatten();
        let (key_identifier, names, serial) =
            identifier.map(|one| (one.key_identifier, one.issuer, one.serial)).unwrap_or_default();
        Self { key_identifier, names, serial }
    }

    /// 0 for the one that is named, 2 for one that is not, 1 where nothing is known.
    fn rank(&self, candidate: &Certificate) -> u8 {
        if let Some(wanted) = &self.key_identifier {
            return match candidate.subject_key_identifier() {
                Ok(Some(own)) if own == *wanted => 0,
                Ok(Some(_)) => 2,
                _ => 1,
            };
        }
        let is_issuer = |name: &GeneralName| match name {
            GeneralName::Directory(name) => name.matches(candidate.issuer()),
            _ => false,
        };
        let is_named = self.serial.as_deref() == Some(candidate.serial()) && self.names.iter().any(is_issuer);
        u8::from(!is_named)
    }
}

/// The same key under the same name cannot vouch for itself once more.
fn is_on(way: &[Certificate], candidate: &Certificate) -> bool {
    way.iter().any(|passed| {
        passed == candidate
            || (passed.spki_der() == candidate.spki_der() && passed.subject().matches(candidate.subject()))
    })
}
