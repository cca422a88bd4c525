//! A token that misbehaves on demand: for testing whoever drives a one-shot key.
//!
//! Wrap any token in a [`Faulty`] and name the [`Fault`]. What a good driver does then: an error, and no document.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use segl_crypto::{SignatureValue, ToBeSigned};

use crate::{
    Curve, KeyAttribute, KeyId, ReadBack, Swept, Token, TokenDescription, TokenError, Trace, Trouble,
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The key is made with the opposite of what an attribute should be.
    Disobey(KeyAttribute),
    /// The device makes no key because it is full.
    Full,
    /// The device says that it destroyed the key, and keeps it.
    KeepTheKey,
    /// The session is lost when this step is asked for, and stays so until the fault is cleared.
    Lose(Step),
    /// The device refuses this step.
    Refuse(Step),
    /// The device signs something else than it was given.
    SignOther,
    /// The public key read back is no point on the curve.
    SpoilPublicKey,
}

/// A step of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// [`Token::generate`].
    Generate,
    /// [`Token::read_back`].
    ReadBack,
    /// [`Token::sign`].
    Sign,
    /// [`Token::destroy`].
    Destroy,
    /// [`Token::look_up`].
    LookUp,
}

/// How often each step reached the wrapper, whether or not the token was then asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// [`Token::generate`].
    pub generate: usize,
    /// [`Token::read_back`].
    pub read_back: usize,
    /// [`Token::sign`].
    pub sign: usize,
    /// [`Token::destroy`].
    pub destroy: usize,
    /// [`Token::look_up`].
    pub look_up: usize,
}

/// An error of the token within, or one that was put there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultyError<E: TokenError> {
    /// The device is full.
    #[error("injected: the device is full")]
    Full,
    /// The session is lost.
    #[error("injected: the session is lost")]
    Lost,
    /// The step was refused.
    #[error("injected: {0:?} was refused")]
    Refused(Step),
    /// The token's own.
    #[error(transparent)]
    Token(E),
}

impl<E: TokenError> TokenError for FaultyError<E> {
    fn trouble(&self) -> Trouble {
        match self {
            Self::Full => Trouble::Saturated,
            Self::Lost => Trouble::Lost,
            Self::Refused(_) => Trouble::Other,
            Self::Token(error) => error.trouble(),
        }
    }
}

/// A token with a fault. A clone shares fault and counters.
#[derive(Clone)]
pub struct Faulty<T> {
    inner: T,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    lost: bool,
    calls: Calls,
}

impl<T: Token> Faulty<T> {
    /// Wraps a token; `None` is a token that behaves and is counted.
    pub fn new(inner: T, fault: Option<Fault>) -> Self {
        Self { inner, state: Arc::new(Mutex::new(State { fault, ..State::default() })) }
    }

    /// Changes the fault from now on; a lost session is found again.
    pub fn set(&self, fault: Option<Fault>) {
        self.with(|state| {
            state.fault = fault;
            state.lost = false;
        });
    }

    /// How often each step was asked for.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.with(|state| state.calls)
    }

    /// The token within.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a step and gives the fault that is due, if it is not an error.
    fn enter(&self, step: Step) -> Result<Option<Fault>, FaultyError<T::Error>> {
        self.with(|state| {
            let count = match step {
                Step::Generate => &mut state.calls.generate,
                Step::ReadBack => &mut state.calls.read_back,
                Step::Sign => &mut state.calls.sign,
                Step::Destroy => &mut state.calls.destroy,
                Step::LookUp => &mut state.calls.look_up,
            };
            *count = count.saturating_add(1);
            state.lost |= state.fault == Some(Fault::Lose(step));
            match state.fault {
                _ if state.lost => Err(FaultyError::Lost),
                Some(Fault::Refuse(refused)) if refused == step => Err(FaultyError::Refused(step)),
                Some(Fault::Full) if step == Step::Generate => Err(FaultyError::Full),
                fault => Ok(fault),
            }
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faulty").field(&self.inner).finish()
    }
}

impl<T: Token> Token for Faulty<T> {
    type Key = T::Key;
    type Error = FaultyError<T::Error>;

    fn description(&self) -> &TokenDescription {
        self.inner.description()
    }

    fn generate(&self, curve: Curve, id: KeyId) -> Result<T::Key, Self::Error> {
        self.enter(Step::Generate)?;
        self.inner.generate(curve, id).map_err(FaultyError::Token)
    }

    fn read_back(&self, key: &T::Key) -> Result<ReadBack, Self::Error> {
        let fault = self.enter(Step::ReadBack)?;
        let mut read = self.inner.read_back(key).map_err(FaultyError::Token)?;
        match fault {
            Some(Fault::Disobey(attribute)) => {
                let answer = read.attributes.get(attribute) == Some(true);
                read.attributes.set(attribute, !answer);
            }
            Some(Fault::SpoilPublicKey) => {
                if let Some(last) = read.spki.last_mut() {
                    *last ^= 1;
                }
            }
            _ => {}
        }
        Ok(read)
    }

    fn sign(&self, key: &mut T::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error> {
        if self.enter(Step::Sign)? == Some(Fault::SignOther) {
            let other = [tbs.as_bytes(), b"!"].concat();
            return self
                .inner
                .sign(key, &ToBeSigned::new(other, tbs.algorithm()))
                .map_err(FaultyError::Token);
        }
        self.inner.sign(key, tbs).map_err(FaultyError::Token)
    }

    fn destroy(&self, key: &mut T::Key) -> Result<(), Self::Error> {
        if self.enter(Step::Destroy)? == Some(Fault::KeepTheKey) {
            return Ok(());
        }
        self.inner.destroy(key).map_err(FaultyError::Token)
    }

    fn look_up(&self, key: &mut T::Key) -> Result<Trace, Self::Error> {
        self.enter(Step::LookUp)?;
        self.inner.look_up(key).map_err(FaultyError::Token)
    }

    fn sweep(&self) -> Result<Swept, Self::Error> {
        self.inner.sweep().map_err(FaultyError::Token)
    }
}
