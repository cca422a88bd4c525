//! What a device answers when it does not do what it was asked.

use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use cryptoki::error::{Error, RvError};
use segl_crypto::KeyKind;

use super::PinError;
use crate::{KeyId, TokenError, Trouble};

/// Why a PKCS#11 device, or its library, did not do what it was asked. No variant holds a PIN or anything that was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// The key has been asked for its one signature before; the device was not asked again.
    #[error("the key has been used")]
    AlreadyUsed,
    /// More than one key has this label and identifier.
    #[error("{count} keys are labelled {label:?} with the same identifier")]
    AmbiguousKey {
        /// The label.
        label: String,
        /// How many.
        count: usize,
    },
    /// More than one token has this label.
    #[error("more than one token is labelled {label:?}")]
    AmbiguousToken {
        /// The label.
        label: String,
    },
    /// Every session that may be in use is, and the line was too long or did not move in time ([`SessionLimits`](super::SessionLimits)).
    #[error("{in_use} sessions are in use and {waiting} callers wait; gave up after {waited:?}")]
    Busy {
        /// Sessions in use.
        in_use: usize,
        /// How many others wait for the same.
        waiting: usize,
        /// How long this one waited; zero when the line was full.
        waited: Duration,
    },
    /// An answer that has no variant of its own.
    #[error("{0}")]
    Device(DeviceFault),
    /// The device or the token in it is gone.
    #[error("the device was removed: {0}")]
    DeviceRemoved(DeviceFault),
    /// The device knows no object by this handle (any more).
    #[error("the device does not know the key: {0}")]
    HandleUnknown(DeviceFault),
    /// A key with this identifier is in use, or in the device already.
    #[error("there is a key {id}")]
    IdInUse {
        /// The identifier.
        id: KeyId,
    },
    /// The device did not say that it made the key, and what it may have made could not be cleared away for certain. What is there of a
    /// one-shot key is destroyed by the next sweep; what is there of a long-lived one keeps its name, and is for the operator to remove.
    #[error("a key may have been made all the same and be left in the device")]
    KeyInDoubt {
        /// What the device answered when it was asked for the key.
        #[source]
        asked: Box<Self>,
        /// How many objects of the key were found again after they were to be destroyed; `None` where nobody could look.
        left: Option<usize>,
    },
    /// Keys of this kind are not made here: RSA with less than 2 048 bits, more than 8 192, or not whole octets.
    #[error("no {kind} key is made")]
    KindNotMade {
        /// The kind.
        kind: KeyKind,
    },
    /// There is a long-lived key with this label and identifier.
    #[error("there is a key labelled {label:?} with this identifier")]
    KeyExists {
        /// The label.
        label: String,
    },
    /// The library could not be loaded or initialised.
    #[error("{path:?} could not be loaded as a PKCS#11 module: {fault}")]
    ModuleNotLoaded {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        fault: DeviceFault,
    },
    /// There was no PIN to log in with.
    #[error("there is no PIN to log in with")]
    NoPin(#[from] PinError),
    /// No long-lived key has this label and identifier.
    #[error("no private key is labelled {label:?} with this identifier")]
    NoSuchKey {
        /// The label.
        label: String,
    },
    /// No token has this label.
    #[error("no token is labelled {label:?}; {}", labels(.present))]
    NoSuchToken {
        /// The label asked for.
        label: String,
        /// The labels there are.
        present: Vec<String>,
    },
    /// The session that should look for the key is not logged in, so that it would see nothing anyway.
    #[error("the session for looking is not logged in")]
    NotLoggedIn,
    /// Another session does not see the key exactly once, so that its destruction could not be confirmed later.
    #[error("another session sees the new key {found} times")]
    NotVisible {
        /// How many private keys it sees.
        found: usize,
    },
    /// The key belongs to a login that was lost; its handles mean nothing any more.
    #[error("the login that the key belongs to was lost")]
    Outlived,
    /// The long-lived key in use is gone, and another one has its label and identifier.
    #[error("the key labelled {label:?} is not the one that it was")]
    OtherKey {
        /// The label.
        label: String,
    },
    /// A token with the label of the one that was opened is there, and it is another one.
    #[error("the token labelled {label:?} is not the one with the serial number {serial:?}")]
    OtherToken {
        /// The label of both.
        label: String,
        /// The serial number of the one that was opened.
        serial: String,
    },
    /// The PIN must be changed before it can be used.
    #[error("the PIN has expired")]
    PinExpired,
    /// The PIN is locked after too many failures.
    #[error("the PIN is locked")]
    PinLocked,
    /// The public key is missing, not on the curve, or told in two ways that differ.
    #[error("the public key cannot be read")]
    PublicKey,
    /// A long-lived key may not have the label of a one-shot key: a sweep would destroy it.
    #[error("the label {label:?} is reserved for one-shot keys")]
    ReservedLabel {
        /// The label.
        label: String,
    },
    /// No room for another session or key.
    #[error("the device is full: {0}")]
    Saturated(DeviceFault),
    /// The session, or the login in it, is gone.
    #[error("the session was lost: {0}")]
    SessionLost(DeviceFault),
    /// The device gave something that cannot be a signature of such a key.
    #[error("the device gave {octets} octets that are no signature of a {kind} key")]
    Signature {
        /// The kind of key.
        kind: KeyKind,
        /// How many octets came.
        octets: usize,
    },
    /// A one-shot key takes two sessions, and one more must stay free; with these limits, or on this token, there never are as many.
    #[error("no key can be made where {in_use} sessions may be in use")]
    TooFewSessions {
        /// Sessions that may be in use.
        in_use: usize,
    },
    /// A search found more objects than a device can have, and might never end.
    #[error("the device lists more than {most} objects")]
    TooManyObjects {
        /// How many are believed.
        most: usize,
    },
    /// The device cannot do this, or not with these parameters.
    #[error("the device does not support this: {0}")]
    Unsupported(DeviceFault),
    /// The PIN is wrong. It is not tried again, so that it is not locked.
    #[error("the PIN is wrong")]
    WrongPin,
}

impl TokenError for Pkcs11Error {
    fn trouble(&self) -> Trouble {
        match self {
            Self::DeviceRemoved(_) | Self::NotLoggedIn | Self::Outlived | Self::SessionLost(_) => {
                Trouble::Lost
            }
            Self::Busy { .. } | Self::Saturated(_) => Trouble::Saturated,
            Self::KeyInDoubt { .. } => Trouble::KeyInDoubt,
            _ => Trouble::Other,
        }
    }
}

impl Pkcs11Error {
    /// Whether the session has something else under way, so that this was not even begun in it.
    pub(super) const fn is_operation_active(&self) -> bool {
        matches!(self, Self::Device(DeviceFault(Error::Pkcs11(RvError::OperationActive, _))))
    }

    /// Whether the device says that nobody is logged in. No private object of a session outlives that (PKCS#11 2.40, 5.6, `C_Logout`), so
    /// there is none.
    pub(super) const fn denies_private_objects(&self) -> bool {
        matches!(self, Self::SessionLost(DeviceFault(Error::Pkcs11(RvError::UserNotLoggedIn, _))))
    }

    /// Names the cause of a failed call.
    pub(super) fn of(error: Error) -> Self {
        let Error::Pkcs11(code, _) = &error else { return Self::Device(DeviceFault(error)) };
        match code {
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => Self::WrongPin,
            RvError::PinExpired => Self::PinExpired,
            RvError::PinLocked => Self::PinLocked,
            RvError::DeviceRemoved
            | RvError::SlotIdInvalid
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized => Self::DeviceRemoved(DeviceFault(error)),
            RvError::CryptokiNotInitialized
            | RvError::SessionClosed
            | RvError::SessionHandleInvalid
            | RvError::UserNotLoggedIn => Self::SessionLost(DeviceFault(error)),
            RvError::DeviceMemory | RvError::HostMemory | RvError::SessionCount => {
                Self::Saturated(DeviceFault(error))
            }
            RvError::KeyHandleInvalid | RvError::ObjectHandleInvalid => {
                Self::HandleUnknown(DeviceFault(error))
            }
            RvError::CurveNotSupported
            | RvError::FunctionNotSupported
            | RvError::MechanismInvalid
            | RvError::MechanismParamInvalid => Self::Unsupported(DeviceFault(error)),
            _ => Self::Device(DeviceFault(error)),
        }
    }
}

fn labels(present: &[String]) -> String {
    match present {
        [] => "the device has none".to_owned(),
        present => {
            let quoted: Vec<_> = present.iter().map(|label| format!("{label:?}")).collect();
            format!("the device has {}", quoted.join(", "))
        }
    }
}

/// One failed call: which function, and the code it returned.
pub struct DeviceFault(pub(super) Error);

impl DeviceFault {
    /// The function of PKCS#11, such as `C_DestroyObject`; `None` when the library was not reached.
    #[must_use]
    pub fn function(&self) -> Option<String> {
        match &self.0 {
            Error::Pkcs11(_, function) => Some(format!("C_{function:?}")),
            _ => None,
        }
    }

    /// The return code in the spelling of `cryptoki`, such as `DeviceError` for `CKR_DEVICE_ERROR`; `None` when the library was not
    /// reached.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        match &self.0 {
            Error::Pkcs11(code, _) => Some(format!("{code:?}")),
            _ => None,
        }
    }
}

impl fmt::Display for DeviceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Pkcs11(code, function) => write!(f, "C_{function:?} answered {code:?}"),
            other => other.fmt(f),
        }
    }
}

impl fmt::Debug for DeviceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceFault({self})")
    }
}
