//! The sessions open with one token, and the login they share.

use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};

use super::gate::{Gate, Place, SessionLimits, Use};
use super::{Module, Pin, Pkcs11Error};
use crate::{TokenDescription, TokenError as _, Trouble};

/// Sessions kept open when nobody uses them; more are closed. One key at a time needs two.
const MAX_IDLE: usize = 32;
/// How often a lost login is made again for the same work.
const RECONNECTS: usize = 3;

/// Hands out sessions that are logged in. A session is used by one at a time (PKCS#11 2.40, 2.6.3), and what was made in it goes
/// when it is closed, so a key keeps its session as long as it lives.
pub(super) struct Sessions {
    pub(super) module: Module,
    token: TokenDescription,
    /// Where the token was last seen; a library may renumber its slots when it is initialised again.
    pub(super) slot: Mutex<Slot>,
    pub(super) idle: Mutex<Idle>,
    pub(super) gate: Arc<Gate>,
    pub(super) login: Mutex<Login>,
    /// Whether there is a session that holds the login. Without one, sessions may work as long as others happen to hold it.
    is_held: AtomicBool,
    /// Counts the logins. Handles of an earlier one may have been given to other objects since.
    epoch: AtomicU64,
    /// Held to close a session, and alone to begin another epoch: a handle is never closed after it may have been given out again.
    closing: RwLock<()>,
}

pub(super) struct Login {
    pin: Pin,
    /// Holds the login: a token logs everybody out when its last session closes.
    pub(super) anchor: Option<Session>,
    /// The device has refused the PIN; asking again would lock it.
    pub(super) refused: bool,
}

/// A session and the login it was opened under.
pub(super) struct Leased {
    session: Session,
    epoch: u64,
    /// Objects were searched for in it. A search that the device does not end, which `cryptoki` tells nobody, stands in the way of the
    /// next one and of signing, so no one-shot key is made there.
    searched: bool,
}

/// Sessions that are open and in nobody's use.
#[derive(Default)]
pub(super) struct Idle(Vec<Leased>);

impl Idle {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// One that fits: for a key one that was never searched in, for anything else one that was. Where there is none, another.
    fn take_for(&mut self, what: Use) -> Option<Leased> {
        let fits = |session: &Leased| session.searched == (what == Use::Moment);
        let fitting = self.0.iter().rposition(fits);
        fitting.or_else(|| self.0.len().checked_sub(1)).map(|at| self.0.swap_remove(at))
    }
}

impl Deref for Leased {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Sessions {
    pub(super) fn open(
        module: Module,
        token: TokenDescription,
        slot: Slot,
        pin: Pin,
        limits: SessionLimits,
    ) -> Result<Self, Pkcs11Error> {
        let login = Login { pin, anchor: None, refused: false };
        let sessions = Self {
            module,
            token,
            slot: Mutex::new(slot),
            idle: Mutex::default(),
            gate: Arc::new(Gate::new(limits)),
            login: Mutex::new(login),
            is_held: AtomicBool::new(true),
            epoch: AtomicU64::new(0),
            closing: RwLock::new(()),
        };
        sessions.hold(&mut lock(&sessions.login))?;
        Ok(sessions)
    }

    /// The token, as it described itself when it was first found.
    pub(super) const fn token(&self) -> &TokenDescription {
        &self.token
    }

    pub(super) fn is_token(&self, info: &TokenInfo) -> bool {
        info.label() == self.token.label && info.serial_number() == self.token.serial
    }

    /// Leave to use sessions; waits for it where too many are in use.
    pub(super) fn enter(&self, what: Use) -> Result<Place, Pkcs11Error> {
        self.gate.enter(what)
    }

    /// A session of one's own, logged in as long as nobody logs out. No new one is opened while there is an idle one, or one of them is
    /// closed for it, so that as many are open as were in use at the same time, and no more.
    fn take(&self, what: Use) -> Result<Leased, Pkcs11Error> {
        if !self.is_held.load(Ordering::Acquire) {
            self.reconnect()?;
        }
        // The guard must be gone before a session is opened, which can take a while.
        while let Some(mut session) = { lock(&self.idle).take_for(what) } {
            if !self.is_current(&session) {
                core::mem::forget(session);
            } else if what == Use::Moment {
                session.searched = true;
                return Ok(session);
            } else if session.searched {
                self.close(session);
                break;
            } else {
                return Ok(session);
            }
        }
        self.lease(what == Use::Moment, || self.open_session())
    }

    /// A session that may write token objects. It is nobody else's before or after, and is opened in the place of an idle one.
    fn take_writing(&self) -> Result<Leased, Pkcs11Error> {
        if !self.is_held.load(Ordering::Acquire) {
            self.reconnect()?;
        }
        let idle = lock(&self.idle).0.pop();
        if let Some(session) = idle {
            self.close(session);
        }
        let slot = *lock(&self.slot);
        self.lease(true, || self.module.client().open_rw_session(slot).map_err(Pkcs11Error::of))
    }

    fn lease(
        &self,
        searched: bool,
        open: impl FnOnce() -> Result<Session, Pkcs11Error>,
    ) -> Result<Leased, Pkcs11Error> {
        let epoch = self.epoch();
        let session = Leased { session: open()?, epoch, searched };
        if self.is_current(&session) {
            return Ok(session);
        }
        // Opened while others logged in again: it may be one of theirs that goes by its number.
        core::mem::forget(session);
        Err(Pkcs11Error::Outlived)
    }

    /// Gives a session back in which nothing is going on any more.
    pub(super) fn put(&self, session: Leased) {
        let mut idle = lock(&self.idle);
        if self.is_current(&session) && idle.len() < MAX_IDLE {
            return idle.0.push(session);
        }
        drop(idle);
        self.close(session);
    }

    /// Closes a session, unless its handle may by now be somebody else's.
    pub(super) fn close(&self, session: Leased) {
        let _closing = self.closing.read().unwrap_or_else(PoisonError::into_inner);
        if self.is_current(&session) { drop(session) } else { core::mem::forget(session) }
    }

    pub(super) fn is_current(&self, session: &Leased) -> bool {
        session.epoch == self.epoch()
    }

    /// Counts the logins, beginning at zero.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Does work in a session and gives the session with the result. When the session turns out to be lost, or busy with what an earlier
    /// user could not end, the work is done again in another one, so it must be work that can be repeated: not a one-shot signature.
    pub(super) fn begin<R>(
        &self,
        _: &Place,
        what: Use,
        work: impl Fn(&Session) -> Result<R, Pkcs11Error>,
    ) -> Result<(Leased, R), Pkcs11Error> {
        self.begin_in(|| self.take(what), work)
    }

    /// The same in a session that may write token objects, to be closed afterwards.
    pub(super) fn begin_writing<R>(
        &self,
        _: &Place,
        work: impl Fn(&Session) -> Result<R, Pkcs11Error>,
    ) -> Result<(Leased, R), Pkcs11Error> {
        self.begin_in(|| self.take_writing(), work)
    }

    fn begin_in<R>(
        &self,
        take: impl Fn() -> Result<Leased, Pkcs11Error>,
        work: impl Fn(&Session) -> Result<R, Pkcs11Error>,
    ) -> Result<(Leased, R), Pkcs11Error> {
        let attempt = || {
            let session = take()?;
            match work(&session) {
                Ok(result) => Ok((session, result)),
                Err(error) => {
                    self.close(session);
                    Err(error)
                }
            }
        };
        again_when_lost(attempt, || self.reconnect())
    }

    /// The same for work that takes a moment and leaves nothing in the session.
    pub(super) fn with<R>(
        &self,
        place: &Place,
        work: impl Fn(&Session) -> Result<R, Pkcs11Error>,
    ) -> Result<R, Pkcs11Error> {
        let (session, result) = self.begin(place, Use::Moment, work)?;
        self.put(session);
        Ok(result)
    }

    /// Forgets the idle sessions, which may be as dead as the one that was lost, and logs in again where needed.
    fn reconnect(&self) -> Result<(), Pkcs11Error> {
        let mut login = lock(&self.login);
        let idle = core::mem::take(&mut *lock(&self.idle)).0;
        if let Some(state) = login.anchor.as_ref().map(logged_in) {
            let is_dead = state.as_ref().is_err_and(|error| error.trouble() == Trouble::Lost);
            if !is_dead {
                // Sessions live on when somebody logs out, and handles with them.
                idle.into_iter().for_each(|session| self.close(session));
                if !state? {
                    login.enter()?;
                }
                self.is_held.store(true, Ordering::Release);
                return Ok(());
            }
            self.is_held.store(false, Ordering::Release);
            login.anchor.take().into_iter().for_each(core::mem::forget);
        }
        // The device has closed them all. To close one of these handles now could close what somebody else has opened since.
        idle.into_iter().for_each(core::mem::forget);
        {
            let _alone = self.closing.write().unwrap_or_else(PoisonError::into_inner);
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
        initialize(self.module.client()).map_err(Pkcs11Error::of)?;
        *lock(&self.slot) = self.module.find(&self.token.label, Some(&self.token.serial))?.0;
        self.hold(&mut login)
    }

    /// Opens the session that holds the login, and logs in.
    fn hold(&self, login: &mut Login) -> Result<(), Pkcs11Error> {
        let session = self.open_session()?;
        // It is a session with what is in the slot by now, and no other token is given the PIN.
        let slot = *lock(&self.slot);
        let info = self.module.client().get_token_info(slot).map_err(Pkcs11Error::of)?;
        if !self.is_token(&info) {
            let (label, serial) = (self.token.label.clone(), self.token.serial.clone());
            return Err(Pkcs11Error::OtherToken { label, serial });
        }
        login.anchor = Some(session);
        if let Err(error) = login.enter() {
            login.anchor = None;
            return Err(error);
        }
        self.is_held.store(true, Ordering::Release);
        Ok(())
    }

    fn open_session(&self) -> Result<Session, Pkcs11Error> {
        let slot = *lock(&self.slot);
        self.module.client().open_ro_session(slot).map_err(Pkcs11Error::of)
    }
}

impl Login {
    /// Logs in by the session that is to hold the login.
    fn enter(&mut self) -> Result<(), Pkcs11Error> {
        let session = self.anchor.as_ref().ok_or(Pkcs11Error::NotLoggedIn)?;
        if self.refused {
            return Err(Pkcs11Error::WrongPin);
        }
        let pin = self.pin.secret()?;
        match session.login(UserType::User, Some(pin.as_ref())) {
            // The login is the process's, not the session's.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => {
                let error = Pkcs11Error::of(error);
                self.refused = matches!(error, Pkcs11Error::WrongPin | Pkcs11Error::PinLocked);
                Err(error)
            }
        }
    }
}

/// Tries, and after each attempt in which the session turned out to be lost connects again and tries once more.
///
/// More than once, because a session opened while others log in again may be lost with what they clear away.
fn again_when_lost<R>(
    attempt: impl Fn() -> Result<R, Pkcs11Error>,
    reconnect: impl Fn() -> Result<(), Pkcs11Error>,
) -> Result<R, Pkcs11Error> {
    let is_lost = |error: &Pkcs11Error| error.trouble() == Trouble::Lost;
    for _ in 0..RECONNECTS {
        match attempt() {
            // That was one session's affair; the next is another.
            Err(error) if error.is_operation_active() => continue,
            Err(error) if is_lost(&error) => {}
            done => return done,
        }
        match reconnect() {
            Err(error) if !is_lost(&error) => return Err(error),
            _ => {}
        }
    }
    attempt()
}

/// Initialises the library for use by several threads; somebody else in the process may have done so.
pub(super) fn initialize(client: &Pkcs11) -> Result<(), Error> {
    match client.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether the user is logged in, as the session tells it.
pub(super) fn logged_in(session: &Session) -> Result<bool, Pkcs11Error> {
    let info = session.get_session_info().map_err(Pkcs11Error::of)?;
    Ok(matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser))
}

/// Refuses a session that would see no private object, and so take a token for empty.
pub(super) fn see_private_objects(session: &Session) -> Result<(), Pkcs11Error> {
    if logged_in(session)? { Ok(()) } else { Err(Pkcs11Error::NotLoggedIn) }
}

/// Looks for objects in a session that sees private ones, before and after: a login may be lost at any moment, and no search tells.
pub(super) fn seeing<R>(
    session: &Session,
    look: impl FnOnce() -> Result<R, Pkcs11Error>,
) -> Result<R, Pkcs11Error> {
    see_private_objects(session)?;
    let seen = look()?;
    see_private_objects(session)?;
    Ok(seen)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Lists of whole values: a thread that panicked cannot have left them half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use cryptoki::context::Function;

    use super::*;

    fn answer(code: RvError) -> Pkcs11Error {
        Pkcs11Error::of(Error::Pkcs11(code, Function::GenerateKeyPair))
    }

    /// Attempts and reconnections when the first `failures` attempts are answered with a code.
    fn count(code: RvError, failures: usize, reconnected: Result<(), RvError>) -> (usize, usize, bool) {
        let (attempts, reconnections) = (Cell::new(0), Cell::new(0));
        let result = again_when_lost(
            || {
                attempts.set(attempts.get() + 1);
                if attempts.get() <= failures { Err(answer(code)) } else { Ok(()) }
            },
            || {
                reconnections.set(reconnections.get() + 1);
                reconnected.map_err(answer)
            },
        );
        (attempts.get(), reconnections.get(), result.is_ok())
    }

    #[test]
    fn what_was_lost_is_opened_again_and_nothing_else() {
        for code in [
            RvError::CryptokiNotInitialized,
            RvError::DeviceRemoved,
            RvError::SessionClosed,
            RvError::SessionHandleInvalid,
            RvError::SlotIdInvalid,
            RvError::TokenNotPresent,
            RvError::TokenNotRecognized,
            RvError::UserNotLoggedIn,
        ] {
            assert_eq!(answer(code).trouble(), Trouble::Lost);
            assert_eq!(count(code, 0, Ok(())), (1, 0, true));
            assert_eq!(count(code, 1, Ok(())), (2, 1, true), "{code:?}");
            assert_eq!(count(code, 2, Ok(())), (3, 2, true), "{code:?}");
            assert_eq!(count(code, usize::MAX, Ok(())), (4, 3, false), "not for ever");
            assert_eq!(count(code, 1, Err(code)), (2, 1, true), "somebody else may have connected");
            assert_eq!(count(code, 1, Err(RvError::PinLocked)), (1, 1, false));
        }
        for code in
            [RvError::DeviceError, RvError::DeviceMemory, RvError::SessionCount, RvError::PinIncorrect]
        {
            assert_eq!(count(code, 1, Ok(())), (1, 0, false), "{code:?}");
        }
        // Another session, and no other login.
        assert_eq!(count(RvError::OperationActive, 1, Ok(())), (2, 0, true));
        assert_eq!(count(RvError::OperationActive, usize::MAX, Ok(())), (4, 0, false));
    }
}
