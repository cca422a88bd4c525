//! Keys in a device that speaks PKCS#11 2.40 or later.
//!
//! A [`Module`] is the vendor's library, a [`Pkcs11Token`] one token of it that somebody has logged in to. Everything unsafe about
//! the C interface stays in the `cryptoki` crate, whose types do not appear here.
//!
//! One-shot keys are session objects made in read-only sessions: private, sensitive, not extractable, for signing only. Each lives in
//! a session of its own; a second session reads its attributes back and looks for it after it was destroyed. Long-lived keys
//! are token objects and reached through [`AuthorityKey`](crate::AuthorityKey).

mod error;
mod gate;
mod health;
mod long_lived;
mod module;
mod pin;
mod point;
mod sessions;
mod signing;
mod template;
mod token;

pub use self::error::{DeviceFault, Pkcs11Error};
pub use self::gate::SessionLimits;
pub use self::health::{Health, PinState, TokenState};
pub(crate) use self::long_lived::LongLivedKey;
pub use self::module::Module;
pub use self::pin::{Pin, PinError};
pub(crate) use self::signing::Asked;
pub use self::token::{Pkcs11Key, Pkcs11Token};
