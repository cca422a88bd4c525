//! The connections of one store.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use postgres::{Config, SimpleQueryMessage};
use segl_record::LogId;

use super::Connection;
use super::error::is_lost;
use super::schema::same_store;
use crate::error::StoreError;

/// How long a server may be silent before its connection counts as lost, unless the configuration says so itself: three questions, five
/// seconds apart, after fifteen seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// Fills in the time-outs that the configuration leaves open.
pub(super) fn with_timeouts(mut config: Config, busy_timeout: Duration) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(busy_timeout.max(Duration::from_secs(1)));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(SILENCE / 2).keepalives_interval(SILENCE / 6).keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("segl");
    }
    config
}

type Connect = Box<dyn Fn() -> Result<Connection, StoreError> + Send + Sync>;

/// At most so many connections, of which each transaction has one to itself.
pub(super) struct Pool {
    connect: Connect,
    places: usize,
    patience: Duration,
    log: LogId,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    idle: Vec<Connection>,
    taken: usize,
}

impl Pool {
    /// With a first connection that is open already.
    pub(super) fn new(
        places: usize,
        patience: Duration,
        connect: Connect,
        log: LogId,
        first: Connection,
    ) -> Self {
        let state = Mutex::new(State { idle: vec![first], taken: 0 });
        Self { connect, places: places.max(1), patience, log, state, freed: Condvar::new() }
    }

    /// A connection on which a transaction has begun, in the store that was opened.
    pub(super) fn begin(&self, text: &str) -> Result<Place<'_>, StoreError> {
        loop {
            let mut place = self.take()?;
            match place.connection().client.simple_query(text) {
                Ok(said) => {
                    self.check(&said)?;
                    return Ok(place);
                }
                // It was lost while nobody used it, and nothing was begun on it. There are only so many of them.
                Err(error) if !place.fresh && is_lost(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the last row, which is what the store is now, is what it was.
    fn check(&self, said: &[SimpleQueryMessage]) -> Result<(), StoreError> {
        let last = said.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        // Two columns, unless it is another statement's row because there is none of this one.
        let column = |n| last.filter(|row| row.len() == 2).and_then(|row| row.get(n));
        same_store(column(0), column(1), self.log)
    }

    /// A connection.
    pub(super) fn take(&self) -> Result<Place<'_>, StoreError> {
        let deadline = Instant::now() + self.patience;
        let mut state = self.state();
        loop {
            if let Some(connection) = state.idle.pop() {
                state.taken += 1;
                return Ok(Place { connection, fresh: false, reserved: Reserved(self) });
            }
            // Those that are idle were all taken above.
            if state.taken < self.places {
                state.taken += 1;
                drop(state);
                let reserved = Reserved(self);
                return Ok(Place { connection: (self.connect)()?, fresh: true, reserved });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::Busy);
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in between can panic and leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is in use. Unless it is given back it is closed, and with it whatever transaction was open on it.
pub(super) struct Place<'p> {
    connection: Connection,
    /// Whether it was opened for this use.
    fresh: bool,
    reserved: Reserved<'p>,
}

impl Place<'_> {
    pub(super) const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// For when no transaction is open on it.
    pub(super) fn give_back(self) {
        let Self { connection, reserved, .. } = self;
        reserved.0.state().idle.push(connection);
        // And then lets somebody else have the place.
        drop(reserved);
    }
}

/// One of the places of the pool.
struct Reserved<'p>(&'p Pool);

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.taken = state.taken.saturating_sub(1);
        drop(state);
        self.0.freed.notify_one();
    }
}
