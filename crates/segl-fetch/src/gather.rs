//! Answers what a gatherer needs.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use segl_crypto::Time;
use segl_evidence::{Gatherer, Need, SupplyError};

use crate::ask::{Ask, Same};
use crate::body::read_certificates;
use crate::cache::Cache;
use crate::error::FetchError;
use crate::fetcher::{Fetched, Fetcher, Origin};
use crate::transport::Transport;

/// How much is fetched for one gathering: a stranger's certificates say where to look, and issuers can be made without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field, over the default")]
pub struct Budget {
    /// The most answers asked for, from cache or network. Default 64: a chain of four with its time-stamps has about a dozen needs.
    pub asks: usize,
    /// After so many octets of answers nothing more is asked for; they are all held until the end. Default 256 MiB.
    pub octets: usize,
    /// After this nothing more is begun; what is under way ends by the transport's own limits. Default 2 minutes.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { asks: 64, octets: 256 << 20, time: Duration::from_secs(120) }
    }
}

/// A need that was not answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unanswered {
    /// What was needed.
    pub need: Need,
    /// What was tried, in order. Empty when the certificate names no address.
    pub tried: Vec<Tried>,
    /// Whether more would have been tried if the [`Budget`] had allowed it.
    pub budget_spent: bool,
}

/// One try to answer a need.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Tried {
    /// It was not fetched.
    NotFetched(FetchError),
    /// It was fetched, and the gatherer did not take it.
    NotTaken {
        /// Where it was fetched.
        url: String,
        /// Why it was not taken.
        error: Box<SupplyError>,
    },
}

impl core::fmt::Display for Tried {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotFetched(error) => error.fmt(f),
            Self::NotTaken { url, error } => write!(f, "{url}: {error}"),
        }
    }
}

/// Fetches what `gatherer` needs until it needs nothing more or the budget is spent. What it gives back is what could not be had.
///
/// Needs that do not wait for each other are fetched at the same time, and nothing is fetched twice. An answer that the gatherer refuses is
/// forgotten by the cache, and the next address is tried.
pub fn gather<T: Transport, C: Cache>(
    gatherer: &mut Gatherer,
    fetcher: &Fetcher<T, C>,
    now: Time,
    budget: Budget,
) -> Vec<Unanswered> {
    let (asked, octets, had) = (0, 0, HashMap::new());
    let mut driver = Driver { fetcher, now, started: Instant::now(), budget, asked, octets, had };
    let mut unanswered = Vec::new();
    while let Some(need) = gatherer.poll_need() {
        driver.fetch_ahead(gatherer, &need);
        unanswered.extend(driver.answer(gatherer, need));
    }
    unanswered
}

struct Driver<'a, T, C> {
    fetcher: &'a Fetcher<T, C>,
    now: Time,
    started: Instant,
    budget: Budget,
    asked: usize,
    octets: usize,
    /// What was asked for already: a list serves every certificate that names it, and what failed fails for all.
    had: HashMap<Same, First>,
}

type First = Result<Fetched, FetchError>;

impl<T: Transport, C: Cache> Driver<'_, T, C> {
    /// Fetches, from their first addresses, what is needed now: this and all that does not wait for it. One thing a certificate, for
    /// the second (a CRL after OCSP) is only needed when the first is not to be had.
    fn fetch_ahead(&mut self, gatherer: &Gatherer, need: &Need) {
        let Some(first) = Ask::of_need(need).into_iter().next() else { return };
        if self.had.contains_key(&first.same()) || !self.may_ask() {
            return;
        }
        let mut asks = vec![(need.certificate().clone(), first)];
        let mut probe = gatherer.clone();
        while let Some(need) = probe.poll_need() {
            let Some(ask) = Ask::of_need(&need).into_iter().next() else { continue };
            let is_second = asks.iter().any(|(certificate, _)| certificate == need.certificate());
            if is_second || self.had.contains_key(&ask.same()) {
                continue;
            }
            if asks.iter().all(|(_, other)| other.same() != ask.same()) && !self.may_ask() {
                break;
            }
            asks.push((need.certificate().clone(), ask));
        }
        let asks: Vec<Ask> = asks.into_iter().map(|(_, ask)| ask).collect();
        for (ask, result) in asks.iter().zip(self.fetcher.fetch_all(&asks, self.now)) {
            self.keep(ask, &result);
        }
    }

    fn answer(&mut self, gatherer: &mut Gatherer, need: Need) -> Option<Unanswered> {
        let mut tried = Vec::new();
        for ask in Ask::of_need(&need) {
            let result = match self.had.get(&ask.same()).cloned() {
                Some(result) => result,
                None if self.may_ask() => self.fetch(&ask, &ask),
                None => return Some(Unanswered { need, tried, budget_spent: true }),
            };
            let from_cache = matches!(&result, Ok(Fetched { origin: Origin::Cache { .. }, .. }));
            let Err(failed) = self.supply(gatherer, &need, &ask, result) else { return None };
            tried.push(failed);
            if from_cache && self.may_ask() {
                let result = self.fetch(&ask.clone().past_cache(), &ask);
                let Err(failed) = self.supply(gatherer, &need, &ask, result) else { return None };
                tried.push(failed);
            }
        }
        Some(Unanswered { need, tried, budget_spent: false })
    }

    fn fetch(&mut self, ask: &Ask, kept_as: &Ask) -> First {
        let result = self.fetcher.fetch(ask, self.now);
        self.keep(kept_as, &result);
        result
    }

    fn keep(&mut self, ask: &Ask, result: &First) {
        let before = self.had.insert(ask.same(), result.clone());
        let is_same =
            |new: &Fetched| matches!(&before, Some(Ok(old)) if Arc::ptr_eq(&old.octets, &new.octets));
        if let Some(new) = result.as_ref().ok().filter(|new| !is_same(new)) {
            self.octets = self.octets.saturating_add(new.octets.len());
        }
    }

    fn supply(&self, gatherer: &mut Gatherer, need: &Need, ask: &Ask, result: First) -> Result<(), Tried> {
        let fetched = result.map_err(Tried::NotFetched)?;
        let supplied = match need {
            Need::Issuer { .. } => {
                let certificates = read_certificates(&fetched.octets)
                    .map_err(|cause| Tried::NotFetched(FetchError::new(ask.url(), cause)))?;
                let mut supplied = Err(SupplyError::NotTheIssuer { certificate: need.certificate().clone() });
                for certificate in certificates {
                    supplied = gatherer.supply(need, Some(certificate.as_der()));
                    if supplied.is_ok() {
                        break;
                    }
                }
                supplied
            }
            _ => gatherer.supply(need, Some(&fetched.octets)),
        };
        supplied.map_err(|error| {
            self.fetcher.forget(ask);
            Tried::NotTaken { url: crate::url::shown(ask.url()), error: Box::new(error) }
        })
    }

    /// Whether the budget allows one more, which is then counted.
    fn may_ask(&mut self) -> bool {
        let is_over = self.started.elapsed() >= self.budget.time
            || self.asked >= self.budget.asks
            || self.octets >= self.budget.octets;
        self.asked = self.asked.saturating_add(usize::from(!is_over));
        !is_over
    }
}
