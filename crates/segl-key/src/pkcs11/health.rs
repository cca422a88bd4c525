//! How a token is, for whoever watches a service.

use std::sync::TryLockError;

use cryptoki::error::{Error, RvError};
use cryptoki::slot::{Limit, TokenInfo};

use super::Pkcs11Token;
use super::sessions::{Sessions, lock, logged_in};

/// How a token and its sessions are at a moment.
///
/// Asking makes two or three short calls to the device, and changes nothing: a lost login is not made again by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether the token can be used.
    pub state: TokenState,
    /// What the token says of the user's PIN; `None` where the token is not there to say.
    pub pin: Option<PinState>,
    /// Sessions in use: two for each one-shot key.
    pub in_use: usize,
    /// Sessions that may be in use: what the [`SessionLimits`](super::SessionLimits) and the token allow.
    pub limit: usize,
    /// Callers that wait for a session.
    pub waiting: usize,
    /// Sessions open and in nobody's use.
    pub idle: usize,
    /// Sessions that the token has left for anybody; `None` where it has no limit or does not say.
    pub free: Option<u64>,
}

/// Whether a token can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenState {
    /// Somebody is just logging in again.
    LoggingIn,
    /// The token is there and the login or its session is lost; the next use tries to log in again.
    LoggedOut,
    /// The library does not answer, or somebody has finalised it; the next use tries to initialise it again.
    ModuleLost,
    /// The device has refused the PIN when it was logged in again. It is not tried any more: the token must be opened anew.
    PinRefused,
    /// There, and logged in.
    Ready,
    /// No token, or another one, is where it was.
    TokenGone,
}

/// What a token says of the user's PIN (`CK_TOKEN_INFO` flags), the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PinState {
    /// Locked (`CKF_USER_PIN_LOCKED`).
    Locked,
    /// One wrong PIN more will lock it (`CKF_USER_PIN_FINAL_TRY`).
    FinalTry,
    /// A wrong PIN was given since the last right one (`CKF_USER_PIN_COUNT_LOW`).
    CountLow,
    /// Must be changed (`CKF_USER_PIN_TO_BE_CHANGED`).
    ToBeChanged,
    /// None of these.
    Good,
}

impl Pkcs11Token {
    /// How the token is now.
    #[must_use]
    pub fn health(&self) -> Health {
        self.sessions().health()
    }
}

impl Sessions {
    fn health(&self) -> Health {
        let count = self.gate.count();
        let idle = lock(&self.idle).len();
        let slot = *lock(&self.slot);
        let info = self.module.client().get_token_info(slot);
        let (state, info) = match info {
            Ok(info) if self.is_token(&info) => (self.login_state(), Some(info)),
            Err(
                Error::Pkcs11(RvError::CryptokiNotInitialized | RvError::GeneralError, _)
                | Error::NullFunctionPointer,
            ) => (TokenState::ModuleLost, None),
            // A library that was initialised again may have numbered its slots anew.
            _ => match self.module.find(&self.token().label, Some(&self.token().serial)) {
                Ok((_, info)) => (TokenState::LoggedOut, Some(info)),
                Err(_) => (TokenState::TokenGone, None),
            },
        };
        Health {
            state,
            pin: info.as_ref().map(PinState::of),
            in_use: count.in_use,
            limit: self.gate.limits().in_use,
            waiting: count.waiting,
            idle,
            free: info.as_ref().and_then(free),
        }
    }

    fn login_state(&self) -> TokenState {
        let login = match self.login.try_lock() {
            Ok(login) => login,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Held for as long as a login takes, which may be long.
            Err(TryLockError::WouldBlock) => return TokenState::LoggingIn,
        };
        match &login.anchor {
            _ if login.refused => TokenState::PinRefused,
            Some(anchor) if logged_in(anchor).is_ok_and(|is_in| is_in) => TokenState::Ready,
            _ => TokenState::LoggedOut,
        }
    }
}

impl PinState {
    fn of(info: &TokenInfo) -> Self {
        let flags = [
            (info.user_pin_locked(), Self::Locked),
            (info.user_pin_final_try(), Self::FinalTry),
            (info.user_pin_count_low(), Self::CountLow),
            (info.user_pin_to_be_changed(), Self::ToBeChanged),
        ];
        flags.into_iter().find(|(is_set, _)| *is_set).map_or(Self::Good, |(_, state)| state)
    }
}

fn free(info: &TokenInfo) -> Option<u64> {
    match info.max_session_count() {
        Limit::Max(most) => Some(most.saturating_sub(info.session_count()?)),
        Limit::Infinite | Limit::Unavailable => None,
    }
}
