use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use segl_crypto::Time;
use segl_record::{
    AssertionId, AssertionIssuer, Disclosure, Entry, Event, Head, LogId, Opening, Outcome, Progress,
    RequestId, SaltSeed, SealingRecord, SessionId, SlotCleared, SlotName, Step,
};

use crate::{
    AdvanceError, ClearError, ConcludeError, End, Found, Journal, Lease, OpenError, Repeated, Unfinished,
    may_advance,
};

/// A journal in memory, for tests, benches and trials. It forgets everything when it goes, so nothing it holds is durable.
#[derive(Debug)]
pub struct MemoryJournal(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    attempts: BTreeMap<RequestId, Row>,
    /// Requests in the order in which they began.
    order: Vec<RequestId>,
    /// Sessions and authentications that are in use or have given a seal, and by which request.
    sessions: BTreeMap<SessionId, RequestId>,
    assertions: BTreeMap<Assertion, RequestId>,
    stopped: BTreeMap<SlotName, Time>,
    serials: BTreeSet<Vec<u8>>,
    keys: BTreeSet<[u8; 32]>,
    head: Head,
    log: Vec<(Entry, Disclosure)>,
}

#[derive(Debug)]
struct Row {
    found: Found,
    end: Option<End>,
}

impl Row {
    fn step(&self) -> Step {
        match self.end {
            Some(End::Completed) => Step::Completed,
            _ => self.found.progress.step(),
        }
    }
}

impl MemoryJournal {
    /// An empty journal with an empty log.
    #[must_use]
    pub fn new(log: LogId) -> Self {
        Self(Mutex::new(Inner {
            attempts: BTreeMap::new(),
            order: Vec::new(),
            sessions: BTreeMap::new(),
            assertions: BTreeMap::new(),
            stopped: BTreeMap::new(),
            serials: BTreeSet::new(),
            keys: BTreeSet::new(),
            head: Head::empty(log),
            log: Vec::new(),
        }))
    }

    /// The log so far: each entry with its values.
    #[must_use]
    pub fn log(&self) -> Vec<(Entry, Disclosure)> {
        self.with(|inner| inner.log.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        // Every change below is made after the last thing that can fail.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn push(&mut self, (entry, disclosure): (Entry, Disclosure)) -> Entry {
        self.head = entry.head();
        self.log.push((entry.clone(), disclosure));
        entry
    }

    fn repeated(&self, opening: &Opening) -> Option<OpenError<Infallible>> {
        let found = [
            (Repeated::Request, Some(&opening.request)),
            (Repeated::Session, self.sessions.get(&opening.session)),
            (Repeated::Assertion, self.assertions.get(&assertion(opening))),
        ];
        found.into_iter().find_map(|(repeated, request)| {
            let row = self.attempts.get(request?)?;
            Some(match row.end {
                Some(End::Completed) => OpenError::AlreadyCompleted { repeated },
                Some(end) => OpenError::Abandoned { end, step: row.step() },
                None => OpenError::InProgress { repeated, step: row.step() },
            })
        })
    }
}

type Assertion = (AssertionIssuer, AssertionId);

fn assertion(opening: &Opening) -> Assertion {
    (opening.authentication.issuer.clone(), opening.authentication.assertion.clone())
}

impl Journal for MemoryJournal {
    type Error = Infallible;

    fn open(&self, opening: &Opening, lease: &Lease) -> Result<(), OpenError<Infallible>> {
        self.with(|inner| {
            if let Some(refused) = inner.repeated(opening) {
                return Err(refused);
            }
            if let Some(&since) = inner.stopped.get(&opening.slot) {
                return Err(OpenError::SlotStopped { since });
            }
            let progress = Progress::authenticated(opening.session);
            let found = Found { opening: opening.clone(), progress, lease: *lease };
            inner.attempts.insert(opening.request, Row { found, end: None });
            inner.order.push(opening.request);
            inner.sessions.insert(opening.session, opening.request);
            inner.assertions.insert(assertion(opening), opening.request);
            Ok(())
        })
    }

    fn advance(
        &self,
        request: RequestId,
        from: Step,
        progress: &Progress,
    ) -> Result<(), AdvanceError<Infallible>> {
        self.with(|inner| {
            let row = inner.attempts.get_mut(&request).ok_or(AdvanceError::Unknown)?;
            if let Some(end) = row.end {
                return Err(AdvanceError::Ended { end });
            }
            let (found, to) = (row.step(), progress.step());
            if found != from || !may_advance(from, to) || row.found.opening.session != progress.session() {
                return Err(AdvanceError::NotThere { from, to, found });
            }
            match (to, progress.receipt(), progress.serial()) {
                (Step::KeyMade, Some(receipt), _) if !inner.keys.insert(*receipt.digest()) => {
                    return Err(AdvanceError::KeyUsed);
                }
                (Step::Certified, _, Some(serial)) if !inner.serials.insert(serial.as_bytes().to_vec()) => {
                    return Err(AdvanceError::SerialUsed { serial: serial.clone() });
                }
                _ => {}
            }
            row.found.progress.clone_from(progress);
            Ok(())
        })
    }

    fn conclude(&self, record: &SealingRecord, salts: SaltSeed) -> Result<Entry, ConcludeError<Infallible>> {
        self.with(|inner| {
            let request = record.opening().request;
            let row = inner.attempts.get(&request).ok_or(ConcludeError::Unknown)?;
            if let Some(end) = row.end {
                return Err(ConcludeError::Ended { end });
            }
            if row.found.opening != *record.opening() || row.found.progress != *record.progress() {
                return Err(ConcludeError::Differs { found: row.step() });
            }
            let appended = inner.head.append_sealing(record, salts)?;
            let entry = inner.push(appended);
            if record.outcome() == Outcome::DestructionUnconfirmed {
                inner.stopped.entry(record.opening().slot.clone()).or_insert_with(|| record.concluded());
            }
            if let Some(row) = inner.attempts.get_mut(&request) {
                row.end = Some(End::of(record));
            }
            if record.outcome() != Outcome::Completed {
                // Without a seal the session may be used once more, by another request.
                inner.sessions.remove(&record.opening().session);
                inner.assertions.remove(&assertion(record.opening()));
            }
            Ok(entry)
        })
    }

    fn unfinished(&self, which: Unfinished) -> Result<Vec<Found>, Infallible> {
        Ok(self.with(|inner| {
            let left_behind = |lease: &Lease| match which {
                Unfinished::All => true,
                Unfinished::Expired(now) => lease.until <= now,
                Unfinished::Of(runner) => lease.runner == runner,
            };
            let rows = inner.order.iter().filter_map(|request| inner.attempts.get(request));
            rows.filter(|row| row.end.is_none() && left_behind(&row.found.lease))
                .map(|row| row.found.clone())
                .collect()
        }))
    }

    fn stopped(&self, slot: &SlotName) -> Result<Option<Time>, Infallible> {
        Ok(self.with(|inner| inner.stopped.get(slot).copied()))
    }

    fn clear(&self, cleared: &SlotCleared, salts: SaltSeed) -> Result<Entry, ClearError<Infallible>> {
        self.with(|inner| {
            if !inner.stopped.contains_key(&cleared.slot) {
                return Err(ClearError::NotStopped);
            }
            let appended = inner.head.append(&Event::from(cleared.clone()), salts)?;
            let entry = inner.push(appended);
            inner.stopped.remove(&cleared.slot);
            Ok(entry)
        })
    }
}
