//! How many sessions are in use at a time, and who waits for one.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};

use super::Pkcs11Error;
use super::sessions::lock;

/// How much of a token's sessions may be used at a time, and how long others wait.
///
/// The session that holds the login is not counted. A service in which many keys live at the same time needs two for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Sessions in use at most, 64 by default; fewer where the token says that it has fewer (`ulMaxSessionCount`). A one-shot key takes
    /// two as long as it lives, anything else one for a moment. One in eight, and at least one, is kept from one-shot keys, so that the
    /// issuer's signature which such a key is waiting for can always be made.
    pub in_use: usize,
    /// How many wait at most, 256 by default: as many for one-shot keys, and as many for the rest. One more is refused at once.
    pub waiting: usize,
    /// How long one waits at most, 10 seconds by default.
    pub longest_wait: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { in_use: 64, waiting: 256, longest_wait: Duration::from_secs(10) }
    }
}

impl SessionLimits {
    /// The same within what a token has in all, of which one session holds the login.
    pub(super) fn within(mut self, token_has: Option<u64>) -> Self {
        if let Some(has) = token_has {
            self.in_use = self.in_use.min(usize::try_from(has.saturating_sub(1)).unwrap_or(usize::MAX));
        }
        self
    }
}

/// What sessions are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// One call or a few, after which the session is free again whatever others do.
    Moment,
    /// The life of a one-shot key, which may have to wait for a [`Use::Moment`] itself.
    Key,
}

impl Use {
    const fn sessions(self) -> usize {
        match self {
            Self::Moment => 1,
            Self::Key => 2,
        }
    }
}

/// Counts the sessions in use; who finds none free waits in line.
pub(super) struct Gate {
    limits: SessionLimits,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    in_use: usize,
    next: u64,
    moments: VecDeque<u64>,
    keys: VecDeque<u64>,
}

/// What a gate counts at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) in_use: usize,
    pub(super) waiting: usize,
}

impl Gate {
    pub(super) fn new(limits: SessionLimits) -> Self {
        Self { limits, state: Mutex::default(), freed: Condvar::new() }
    }

    pub(super) const fn limits(&self) -> SessionLimits {
        self.limits
    }

    pub(super) fn count(&self) -> Count {
        let state = lock(&self.state);
        Count { in_use: state.in_use, waiting: state.moments.len().saturating_add(state.keys.len()) }
    }

    /// Takes a place, or waits for it as long as the limits say.
    pub(super) fn enter(self: &Arc<Self>, what: Use) -> Result<Place, Pkcs11Error> {
        let most = self.most(what);
        if most < what.sessions() {
            return Err(Pkcs11Error::TooFewSessions { in_use: self.limits.in_use });
        }
        let mut state = lock(&self.state);
        if !state.is_turn(what, None) || !state.has_room(what, most) {
            state = self.wait(state, what, most)?;
        }
        state.in_use = state.in_use.saturating_add(what.sessions());
        Ok(Place { gate: Arc::clone(self), sessions: what.sessions() })
    }

    fn wait<'a>(
        &'a self,
        mut state: std::sync::MutexGuard<'a, State>,
        what: Use,
        most: usize,
    ) -> Result<std::sync::MutexGuard<'a, State>, Pkcs11Error> {
        let waiting = state.line(what).len();
        if waiting >= self.limits.waiting {
            return Err(Pkcs11Error::Busy { in_use: state.in_use, waiting, waited: Duration::ZERO });
        }
        let ticket = state.next;
        state.next = state.next.wrapping_add(1);
        state.line(what).push_back(ticket);
        let (mut state, late) = self
            .freed
            .wait_timeout_while(state, self.limits.longest_wait, |state| {
                !state.is_turn(what, Some(ticket)) || !state.has_room(what, most)
            })
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.line(what).retain(|other| *other != ticket);
        // Whoever is next in line now may have room as well.
        self.tell(&state);
        if late.timed_out() {
            let (in_use, waiting) = (state.in_use, state.line(what).len());
            return Err(Pkcs11Error::Busy { in_use, waiting, waited: self.limits.longest_wait });
        }
        Ok(state)
    }

    /// The sessions that may be in use when this use has begun.
    fn most(&self, what: Use) -> usize {
        let in_use = self.limits.in_use;
        match what {
            Use::Moment => in_use,
            Use::Key => in_use.saturating_sub((in_use / 8).max(1)),
        }
    }

    fn tell(&self, state: &State) {
        if !state.moments.is_empty() || !state.keys.is_empty() {
            self.freed.notify_all();
        }
    }
}

impl State {
    fn line(&mut self, what: Use) -> &mut VecDeque<u64> {
        match what {
            Use::Moment => &mut self.moments,
            Use::Key => &mut self.keys,
        }
    }

    /// Whether the holder of the ticket, or somebody who comes only now, is next. Keys come after moments: they may be waiting for them.
    fn is_turn(&self, what: Use, ticket: Option<u64>) -> bool {
        match what {
            Use::Moment => self.moments.front().copied() == ticket,
            Use::Key => self.moments.is_empty() && self.keys.front().copied() == ticket,
        }
    }

    const fn has_room(&self, what: Use, most: usize) -> bool {
        self.in_use.saturating_add(what.sessions()) <= most
    }
}

/// Leave to use sessions. Dropping it gives it back, and must come after they are given back.
pub(super) struct Place {
    gate: Arc<Gate>,
    sessions: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.gate.state);
        state.in_use = state.in_use.saturating_sub(self.sessions);
        self.gate.tell(&state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::{TokenError as _, Trouble};

    fn gate(in_use: usize, waiting: usize, longest_wait: Duration) -> Arc<Gate> {
        Arc::new(Gate::new(SessionLimits { in_use, waiting, longest_wait }))
    }

    fn until_waiting(gate: &Gate, waiting: usize) {
        while gate.count().waiting != waiting {
            thread::yield_now();
        }
    }

    #[test]
    fn limits_stay_within_the_token() {
        let limits = SessionLimits::default();
        assert_eq!(limits.within(None), limits);
        assert_eq!(limits.within(Some(1000)).in_use, 64);
        assert_eq!(limits.within(Some(10)).in_use, 9);
        assert_eq!(limits.within(Some(0)).in_use, 0);
    }

    #[test]
    fn keys_leave_room_for_what_they_wait_for() {
        let gate = gate(5, 0, Duration::ZERO);
        let keys = [gate.enter(Use::Key).unwrap(), gate.enter(Use::Key).unwrap()];
        let error = gate.enter(Use::Key).err().unwrap();
        assert!(matches!(error, Pkcs11Error::Busy { in_use: 4, waiting: 0, waited: Duration::ZERO }));
        assert_eq!(error.trouble(), Trouble::Saturated);
        let moment = gate.enter(Use::Moment).unwrap();
        assert!(gate.enter(Use::Moment).is_err());
        drop((keys, moment));
        assert_eq!(gate.count(), Count { in_use: 0, waiting: 0 });
    }

    #[test]
    fn too_few_for_a_key_is_said_at_once() {
        for in_use in 0..3 {
            let gate = gate(in_use, 9, Duration::MAX);
            assert!(matches!(gate.enter(Use::Key), Err(Pkcs11Error::TooFewSessions { .. })));
            assert_eq!(gate.enter(Use::Moment).is_ok(), in_use > 0);
        }
        assert!(gate(3, 9, Duration::MAX).enter(Use::Key).is_ok());
    }

    #[test]
    fn wait_ends_when_it_is_too_long_or_the_line_is() {
        let short = gate(1, 1, Duration::from_millis(20));
        let place = short.enter(Use::Moment).unwrap();
        let error = short.enter(Use::Moment).err().unwrap();
        assert!(matches!(error, Pkcs11Error::Busy { waited, .. } if waited == Duration::from_millis(20)));
        drop(place);

        let long = gate(1, 1, Duration::from_secs(60));
        let place = long.enter(Use::Moment).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| long.enter(Use::Moment).map(drop));
            until_waiting(&long, 1);
            assert!(matches!(long.enter(Use::Moment), Err(Pkcs11Error::Busy { waiting: 1, .. })));
            drop(place);
            waiter.join().unwrap().unwrap();
        });
        assert_eq!(long.count(), Count { in_use: 0, waiting: 0 });
    }

    #[test]
    fn first_come_first_served_and_moments_before_keys() {
        let gate = gate(3, 9, Duration::from_secs(60));
        let place = gate.enter(Use::Key).unwrap();
        let moment = gate.enter(Use::Moment).unwrap();
        let (sender, order) = mpsc::channel();
        thread::scope(|scope| {
            for (number, what) in [(1, Use::Key), (2, Use::Key), (3, Use::Moment), (4, Use::Moment)] {
                let (sender, gate) = (sender.clone(), &gate);
                scope.spawn(move || {
                    let place = gate.enter(what).unwrap();
                    sender.send(number).unwrap();
                    drop(place);
                });
                until_waiting(gate, number);
            }
            drop(moment);
            assert_eq!([order.recv().unwrap(), order.recv().unwrap()], [3, 4]);
            drop(place);
            assert_eq!([order.recv().unwrap(), order.recv().unwrap()], [1, 2]);
        });
        assert_eq!(gate.count(), Count { in_use: 0, waiting: 0 });
    }

    #[test]
    fn many_threads_never_pass_the_limit() {
        let gate = gate(4, 64, Duration::from_secs(60));
        thread::scope(|scope| {
            for number in 0..8 {
                let gate = &gate;
                scope.spawn(move || {
                    for _ in 0..500 {
                        let what = if number % 2 == 0 { Use::Key } else { Use::Moment };
                        let place = gate.enter(what).unwrap();
                        assert!(gate.count().in_use <= 4);
                        drop(place);
                    }
                });
            }
        });
        assert_eq!(gate.count(), Count { in_use: 0, waiting: 0 });
    }
}
