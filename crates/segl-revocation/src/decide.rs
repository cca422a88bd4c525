//! What lists and responses together say about one certificate at one time.

use core::{cmp::Reverse, time::Duration};

use segl_crypto::Time;
use segl_x509::{Certificate, ReasonFlags};

use crate::{
    Answer, CrlFacts, OcspView, Reason, RevocationList, Status, WhyUnknown,
    ocsp::NEVER_ISSUED,
    scope::{Cover, Point, cover},
};

/// The most lists, and the most responses, that one question is put to: the newest. A certificate has one or a few; more are there to
/// cost time.
const MAX_PIECES: usize = 64;
/// The most delta CRLs that are tried with one list.
const MAX_DELTAS: usize = 4;
/// The most certificates of one name that are tried as the signer of a list.
const MAX_SIGNERS: usize = 16;

/// What is asked: the status of a certificate, at a time.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    time: Time,
    tolerance: Duration,
    freshness: Freshness,
    remembered_since: Option<Time>,
}

/// How old a good status may be at the time asked about. A revocation does not age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(clippy::exhaustive_enums, reason = "every rule about age is one of these")]
pub enum Freshness {
    /// Of any age.
    #[default]
    Any,
    /// Newer information was not due yet: nextUpdate is there, and passed by no more than this.
    Current {
        /// How long a status is taken after its nextUpdate.
        grace: Duration,
    },
    /// thisUpdate is no older than this.
    MaxAge(Duration),
}

/// Who else than the certificate's issuer may have signed a list, and who is trusted: answered by whoever builds paths.
pub trait Signers {
    /// Certificates that bear the name of the issuer of this list. Nothing need be known about them.
    fn named(&self, list: &CrlFacts) -> Vec<Certificate>;

    /// Whether a path for signing CRLs leads from this certificate to the same anchor as that of the certificate asked about
    /// (RFC 5280 6.3.3 (f)). It is asked only after the signature was verified.
    fn is_trusted(&self, signer: &Certificate) -> bool;

    /// Certificates that may be of OCSP responders of this issuer, beside those that responses carry.
    fn responders(&self, issuer: &Certificate) -> Vec<Certificate> {
        let _ = issuer;
        Vec::new()
    }
}

/// Nobody else than the issuer itself signs its lists.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "it holds nothing")]
pub struct OnlyIssuer;

/// The answer to a question, what it rests on, and what did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The status. When it is unknown, the reason of the first piece that did not count.
    pub answer: Answer,
    /// Reasons for revocation that good lists cover; all of them for an answer by OCSP.
    pub reasons: ReasonFlags,
    /// What the answer rests on: several lists where each covers some reasons.
    pub used: Vec<Used>,
    /// What did not count, and why.
    pub refused: Vec<(Piece, WhyUnknown)>,
    /// Newer pieces that say good of a certificate that is revoked for good: an inconsistency of the issuer.
    pub contradicted_by: Vec<Piece>,
}

/// A list or a response, by its place among those that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "there is no third source")]
pub enum Piece {
    /// A list.
    List(usize),
    /// An OCSP response.
    Response(usize),
}

/// A piece that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// Which.
    pub piece: Piece,
    /// Place of the delta CRL that was read with the list.
    pub delta: Option<usize>,
    /// Who signed it.
    pub signer: Certificate,
}

impl<'a> Question<'a> {
    /// Asks about a certificate of this issuer at a time; nothing from after it counts, and a good status may be of any age.
    #[must_use]
    pub fn new(certificate: &'a Certificate, issuer: &'a Certificate, time: Time) -> Self {
        Self {
            certificate,
            issuer,
            time,
            tolerance: Duration::ZERO,
            freshness: Freshness::Any,
            remembered_since: None,
        }
    }

    /// Asks for a status that is not too old.
    #[must_use]
    pub fn freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// Takes what is from after the time by no more than this: clocks differ.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// The issuer's sources remember certificates that expired after this, whatever they say themselves: expiredCertsRevocationInfo
    /// of a trusted list (TS 119 612 5.5.9.1).
    #[must_use]
    pub fn remembered_since(self, since: Time) -> Self {
        Self { remembered_since: Some(since), ..self }
    }

    fn is_not_later(&self, this_update: Time) -> Result<(), WhyUnknown> {
        if this_update > self.time + self.tolerance {
            return Err(WhyUnknown::FromLater { this_update, time: self.time });
        }
        Ok(())
    }

    /// Whether a good status counts: not older than the certificate, by a source that remembers it, and fresh.
    fn good(
        &self,
        this_update: Time,
        next_update: Option<Time>,
        remembers_since: Option<Time>,
    ) -> Result<(), WhyUnknown> {
        let (not_before, not_after) = (self.certificate.not_before(), self.certificate.not_after());
        WhyUnknown::unless_in_order(this_update, next_update)?;
        if this_update < not_before {
            return Err(WhyUnknown::BeforeNotBefore { this_update, not_before });
        }
        let remembers =
            remembers_since.into_iter().chain(self.remembered_since).any(|since| since <= not_after);
        if this_update > not_after && !remembers {
            return Err(WhyUnknown::AfterNotAfter { this_update, not_after });
        }
        let is_fresh = match self.freshness {
            Freshness::Any => true,
            Freshness::Current { grace } => next_update.is_some_and(|next| next + grace >= self.time),
            Freshness::MaxAge(age) => this_update + age >= self.time,
        };
        if is_fresh { Ok(()) } else { Err(WhyUnknown::Stale { this_update, next_update, time: self.time }) }
    }
}

impl Signers for OnlyIssuer {
    fn named(&self, _: &CrlFacts) -> Vec<Certificate> {
        Vec::new()
    }

    fn is_trusted(&self, _: &Certificate) -> bool {
        false
    }
}

impl Decision {
    /// Whether the certificate is known to be good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.answer.is_good()
    }
}

/// Decides about one certificate from all that is at hand (RFC 5280 6.3.3, RFC 6960 3.2).
///
/// Lists may be complete, delta, indirect, and for some certificates or reasons; their reasons are added up until all are covered. Of
/// lists for the same reasons, and of lists and responses, the one with the latest thisUpdate counts, of the same second the one that
/// says revoked. But a revocation that is not a mere hold is final (Regulation (EU) No 910/2014 Art. 28(4)): no newer piece takes it
/// back, and [`Decision::contradicted_by`] tells which ones tried.
///
/// That a delegated responder is not revoked itself is for the caller to see to, with [`Answer::responder`].
#[must_use]
pub fn decide(
    question: &Question<'_>,
    lists: &[&dyn RevocationList],
    responses: &[&OcspView],
    signers: &dyn Signers,
) -> Decision {
    let mut refused = Vec::new();
    let mut found = by_lists(question, lists, signers, &mut refused);
    found.extend(by_responses(question, responses, signers, &mut refused));
    conclude(found, refused)
}

/// What one piece, or a list with its delta CRL, says.
struct Found {
    used: Used,
    reasons: ReasonFlags,
    answer: Answer,
}

impl Found {
    fn is_revoked(&self) -> bool {
        matches!(self.answer.status, Status::Revoked { .. })
    }

    fn is_final(&self) -> bool {
        // A hold from the year 1970 is how a responder says that it never issued such a certificate (RFC 6960 2.2).
        matches!(self.answer.status, Status::Revoked { at, reason }
            if reason != Some(Reason::CertificateHold) || at == NEVER_ISSUED)
    }
}

fn conclude(mut found: Vec<Found>, refused: Vec<(Piece, WhyUnknown)>) -> Decision {
    found.sort_by_key(|one| Reverse((one.answer.this_update, one.is_revoked())));
    let mut reasons = ReasonFlags::NONE;
    let mut good: Vec<Found> = Vec::new();
    for one in found {
        // What no newer piece covers is news, and what cannot be taken back is heard at any age.
        let is_news = !reasons.contains(one.reasons);
        if one.is_revoked() && (is_news || one.is_final()) {
            let newer = good.iter().filter(|_| !is_news);
            let contradicted_by = newer.map(|newer| newer.used.piece).collect();
            return Decision { answer: one.answer, reasons, used: vec![one.used], refused, contradicted_by };
        }
        if !one.is_revoked() && is_news {
            reasons = reasons.union(one.reasons);
            good.push(one);
        }
    }
    let why = match refused.first() {
        _ if !good.is_empty() => WhyUnknown::SomeReasonsOnly,
        Some((_, why)) => why.clone(),
        None => WhyUnknown::NotMentioned,
    };
    let status = if reasons.contains(ReasonFlags::ALL) { Status::Good } else { Status::Unknown(why) };
    let single = match good.as_slice() {
        [only] => Some(&only.answer),
        _ => None,
    };
    let answer = Answer {
        status,
        this_update: good.iter().filter_map(|one| one.answer.this_update).min(),
        next_update: good.iter().filter_map(|one| one.answer.next_update).min(),
        produced_at: single.and_then(|answer| answer.produced_at),
        responder: single.and_then(|answer| answer.responder.clone()),
    };
    let used = good.into_iter().map(|one| one.used).collect();
    Decision { answer, reasons, used, refused, contradicted_by: Vec::new() }
}

/// A list that covers the certificate, alone or with a delta CRL.
struct Candidate {
    list: usize,
    delta: Option<usize>,
    this_update: Time,
    cover: Cover,
}

fn by_lists(
    question: &Question<'_>,
    lists: &[&dyn RevocationList],
    signers: &dyn Signers,
    refused: &mut Vec<(Piece, WhyUnknown)>,
) -> Vec<Found> {
    let points = match Point::of(question.certificate) {
        Ok(points) => points,
        Err(error) => {
            let all = (0..lists.len()).map(|list| (Piece::List(list), WhyUnknown::Malformed(error)));
            refused.extend(all);
            return Vec::new();
        }
    };
    let mut newest: Vec<(usize, &dyn RevocationList)> = lists.iter().copied().enumerate().collect();
    newest.sort_by_key(|(_, list)| Reverse(list.facts().this_update()));
    let mut candidates = Vec::new();
    let mut delta_taken = vec![false; lists.len()];
    for &(index, list) in newest.iter().filter(|(_, list)| !list.facts().is_delta()) {
        match cover(list.facts(), &points, question.certificate) {
            Ok(cover) if candidates.len() < MAX_PIECES => {
                let facts = list.facts();
                let deltas = newest.iter().filter(|(_, delta)| {
                    delta.facts().is_delta()
                        && facts.takes(delta.facts())
                        && question.is_not_later(delta.facts().this_update()).is_ok()
                });
                for (delta, newer) in deltas.take(MAX_DELTAS) {
                    delta_taken.get_mut(*delta).into_iter().for_each(|taken| *taken = true);
                    let this_update = newer.facts().this_update().max(facts.this_update());
                    candidates.push(Candidate { list: index, delta: Some(*delta), this_update, cover });
                }
                let this_update = facts.this_update();
                candidates.push(Candidate { list: index, delta: None, this_update, cover });
            }
            Ok(_) => {}
            Err(why) => refused.push((Piece::List(index), why)),
        }
    }
    for (index, _) in newest.iter().filter(|(_, list)| list.facts().is_delta()) {
        if !delta_taken.get(*index).is_some_and(|taken| *taken) {
            refused.push((Piece::List(*index), WhyUnknown::DeltaCrl));
        }
    }
    candidates.sort_by_key(|candidate| Reverse(candidate.this_update));
    let mut found = Vec::new();
    for candidate in candidates {
        match evaluate(question, &candidate, lists, signers) {
            Ok(one) => found.push(one),
            Err(why) => refused.push((Piece::List(candidate.delta.unwrap_or(candidate.list)), why)),
        }
    }
    found
}

/// RFC 5280 6.3.3 (f) to (j) for one list.
fn evaluate(
    question: &Question<'_>,
    candidate: &Candidate,
    lists: &[&dyn RevocationList],
    signers: &dyn Signers,
) -> Result<Found, WhyUnknown> {
    let list = *lists.get(candidate.list).ok_or(WhyUnknown::NotMentioned)?;
    let delta = candidate.delta.and_then(|delta| lists.get(delta)).copied();
    question.is_not_later(list.facts().this_update())?;
    let signer = signer(question, list, candidate.cover, signers)?;
    if let Some(delta) = delta {
        delta.verify_signer(&signer).map_err(WhyUnknown::CrlSignature)?;
    }
    let (serial, issuer) = (question.certificate.serial(), question.certificate.issuer());
    let changed = delta.map(|delta| delta.look_up(serial, issuer)).transpose()?.unwrap_or_default();
    let complete = list.look_up(serial, issuer)?;
    let (this_update, next_update) = match delta {
        Some(delta) => (candidate.this_update, delta.facts().next_update()),
        None => (candidate.this_update, list.facts().next_update()),
    };
    let revoked = match (changed.listed, complete.listed) {
        (Some(changed), _) if changed.reason == Some(Reason::RemoveFromCrl) => None,
        (Some(changed), _) => Some(changed),
        (None, Some(listed)) if listed.reason == Some(Reason::RemoveFromCrl) => {
            return Err(WhyUnknown::RemovedFromCompleteCrl);
        }
        (None, listed) => listed,
    };
    let status = match revoked {
        Some(listed) => Status::Revoked { at: listed.at, reason: listed.reason },
        None => {
            // RFC 5280 5.2 and 5.3: then nothing that the list leaves out can be told from it.
            let of_list = |list: &dyn RevocationList| list.facts().unknown_critical();
            let unknown = [changed.unknown_critical, complete.unknown_critical, of_list(list)];
            if let Some(oid) = unknown.into_iter().flatten().next().or_else(|| delta.and_then(of_list)) {
                return Err(WhyUnknown::CriticalExtension(oid));
            }
            question.good(this_update, next_update, list.facts().keeps_expired_since())?;
            Status::Good
        }
    };
    let answer =
        Answer { status, this_update: Some(this_update), next_update, produced_at: None, responder: None };
    let used = Used { piece: Piece::List(candidate.list), delta: candidate.delta, signer };
    Ok(Found { used, reasons: candidate.cover.reasons, answer })
}

/// Who signed a list: the certificate's issuer itself, or somebody of the list issuer's name with a path to the same anchor.
fn signer(
    question: &Question<'_>,
    list: &dyn RevocationList,
    cover: Cover,
    signers: &dyn Signers,
) -> Result<Certificate, WhyUnknown> {
    let facts = list.facts();
    let mut why = WhyUnknown::CrlSignature(crate::CrlSignatureError::OtherIssuer);
    if facts.issuer().matches(question.issuer.subject()) {
        match list.verify_signer(question.issuer) {
            Ok(()) => return Ok(question.issuer.clone()),
            Err(error) => why = WhyUnknown::CrlSignature(error),
        }
    }
    let wanted = facts.authority_key_identifier().ok().flatten().and_then(|one| one.key_identifier);
    let mut named = signers.named(facts);
    named.retain(|one| one != question.issuer);
    // The key that the list names first, for a re-keyed authority has several certificates of its name.
    named.sort_by_key(|one| {
        let own = one.subject_key_identifier().ok().flatten();
        wanted.is_some() && own.is_some() && own != wanted
    });
    for candidate in named.into_iter().take(MAX_SIGNERS) {
        match list.verify_signer(&candidate) {
            // A signer's status may stand on its own list only when whoever issued its certificate wrote so into it.
            Ok(()) if candidate == *question.certificate && cover.is_delegated => return Ok(candidate),
            Ok(())
                if candidate != *question.certificate
                    && (cover.is_delegated || is_akin(&candidate, question.issuer))
                    && signers.is_trusted(&candidate) =>
            {
                return Ok(candidate);
            }
            Ok(()) => why = WhyUnknown::SignerNotTrusted,
            Err(error) if why != WhyUnknown::SignerNotTrusted => why = WhyUnknown::CrlSignature(error),
            Err(_) => {}
        }
    }
    Err(why)
}

/// Whether a certificate of the issuer's name was made by whoever made the issuer's own, or by the issuer itself, or made the issuer's
/// own. RFC 5280 asks for the same anchor only; but then any authority below it could take the name of another and speak for it.
fn is_akin(signer: &Certificate, issuer: &Certificate) -> bool {
    let made = || signer.public_key().is_ok_and(|key| issuer.verify_signed_by(&key).is_ok());
    [issuer.issuer(), issuer.subject()].iter().any(|name| name.matches(signer.issuer()))
        || issuer.issuer().matches(signer.subject()) && made()
}

fn by_responses(
    question: &Question<'_>,
    responses: &[&OcspView],
    signers: &dyn Signers,
    refused: &mut Vec<(Piece, WhyUnknown)>,
) -> Vec<Found> {
    let mut newest: Vec<(usize, &OcspView)> = responses.iter().copied().enumerate().collect();
    newest.sort_by_key(|(_, response)| Reverse(response.produced_at()));
    newest.retain(|(_, response)| response.is_about(question.certificate, question.issuer));
    let others = if newest.is_empty() { Vec::new() } else { signers.responders(question.issuer) };
    let mut found = Vec::new();
    for (index, response) in newest.into_iter().take(MAX_PIECES) {
        match by_response(question, response, &others) {
            Ok(answer) => {
                let signer = answer.responder.clone().unwrap_or_else(|| question.issuer.clone());
                let used = Used { piece: Piece::Response(index), delta: None, signer };
                found.push(Found { used, reasons: ReasonFlags::ALL, answer });
            }
            Err(why) => refused.push((Piece::Response(index), why)),
        }
    }
    found
}

fn by_response(
    question: &Question<'_>,
    response: &OcspView,
    others: &[Certificate],
) -> Result<Answer, WhyUnknown> {
    let verified = response.verify(question.issuer, others).map_err(WhyUnknown::OcspSignature)?;
    let answer = verified.status_of(question.certificate);
    let this_update = answer.this_update.unwrap_or(response.produced_at());
    match &answer.status {
        Status::Unknown(WhyUnknown::AfterNotAfter { .. }) if question.remembered_since.is_some() => {}
        Status::Unknown(why) => return Err(why.clone()),
        _ => {}
    }
    question.is_not_later(this_update)?;
    question.is_not_later(response.produced_at())?;
    if matches!(answer.status, Status::Revoked { .. }) {
        return Ok(answer);
    }
    // What the response itself says about its memory was looked at already.
    let remembers = answer.is_good().then_some(question.certificate.not_after());
    question.good(this_update, answer.next_update, remembers)?;
    Ok(Answer { status: Status::Good, ..answer })
}
