//! What a device must be able to do for a key that signs once.

use core::fmt;

use segl_crypto::{SignatureValue, ToBeSigned};

use crate::{Curve, DeviceProfile, KeyAttributes};

/// Every one-shot key carries a label that begins so; [`Token::sweep`] finds leftovers by it.
///
/// A long-lived key may not be labelled so, because a sweep would destroy it.
pub const ONE_SHOT_LABEL_PREFIX: &str = "segl-once-";

/// A device, or something that stands for one, that makes keys, signs with them once and destroys them.
///
/// This is the rim: nothing here keeps a caller from mistakes except that a key signs at most once. The order of steps is kept by
/// [`OneShotKey`](crate::OneShotKey), which is what to use. A value of this type is cheap to pass on: implement it on a handle,
/// or use the implementations for `&T` and [`Arc<T>`](std::sync::Arc).
pub trait Token {
    /// A key in the device, with whatever session it lives in. Dropping it must let go of the key for good.
    type Key;
    /// Why the device did not do what it was asked.
    type Error: TokenError;

    /// What the token says about itself.
    fn description(&self) -> &TokenDescription;

    /// The certified device that the token was found to be, when it was held against one ([`CertifiedDevice`](crate::CertifiedDevice)).
    fn profile(&self) -> Option<&DeviceProfile> {
        None
    }

    /// Makes a key pair inside the device, for signing only, that does not outlive the session and cannot leave the device.
    ///
    /// # Errors
    /// The device's own; nothing is left behind then, unless the trouble is [`Trouble::KeyInDoubt`].
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error>;

    /// Reads the public key and the protection attributes as the device has them now, not as they were asked for.
    ///
    /// # Errors
    /// The device's own.
    fn read_back(&self, key: &Self::Key) -> Result<ReadBack, Self::Error>;

    /// Signs once.
    ///
    /// # Errors
    /// The device's own; a second call is refused without asking the device, whatever became of the first.
    fn sign(&self, key: &mut Self::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error>;

    /// Asks the device to destroy the key. The answer is not believed: [`Token::look_up`] comes after it.
    ///
    /// # Errors
    /// The device's own; the key counts as alive.
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error>;

    /// Looks for the key from another session than the one it was made in, and tries its old handle.
    ///
    /// # Errors
    /// When the look-up could not be made, so that nothing is known.
    fn look_up(&self, key: &mut Self::Key) -> Result<Trace, Self::Error>;

    /// Destroys every key whose label begins with [`ONE_SHOT_LABEL_PREFIX`], except those in use through this handle: what an
    /// earlier run left behind. To be called at start.
    ///
    /// # Errors
    /// The device's own.
    fn sweep(&self) -> Result<Swept, Self::Error>;
}

impl<T: Token + ?Sized> Token for &T {
    type Key = T::Key;
    type Error = T::Error;

    fn description(&self) -> &TokenDescription {
        (**self).description()
    }
    fn profile(&self) -> Option<&DeviceProfile> {
        (**self).profile()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error> {
        (**self).generate(curve, id)
    }
    fn read_back(&self, key: &Self::Key) -> Result<ReadBack, Self::Error> {
        (**self).read_back(key)
    }
    fn sign(&self, key: &mut Self::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error> {
        (**self).sign(key, tbs)
    }
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error> {
        (**self).destroy(key)
    }
    fn look_up(&self, key: &mut Self::Key) -> Result<Trace, Self::Error> {
        (**self).look_up(key)
    }
    fn sweep(&self) -> Result<Swept, Self::Error> {
        (**self).sweep()
    }
}

impl<T: Token + ?Sized> Token for std::sync::Arc<T> {
    type Key = T::Key;
    type Error = T::Error;

    fn description(&self) -> &TokenDescription {
        (**self).description()
    }
    fn profile(&self) -> Option<&DeviceProfile> {
        (**self).profile()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error> {
        (**self).generate(curve, id)
    }
    fn read_back(&self, key: &Self::Key) -> Result<ReadBack, Self::Error> {
        (**self).read_back(key)
    }
    fn sign(&self, key: &mut Self::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error> {
        (**self).sign(key, tbs)
    }
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error> {
        (**self).destroy(key)
    }
    fn look_up(&self, key: &mut Self::Key) -> Result<Trace, Self::Error> {
        (**self).look_up(key)
    }
    fn sweep(&self) -> Result<Swept, Self::Error> {
        (**self).sweep()
    }
}

/// What a driver needs to know about a device's error without knowing the device.
pub trait TokenError: std::error::Error + Send + Sync + 'static {
    /// The kind of trouble.
    fn trouble(&self) -> Trouble;
}

/// Kinds of trouble with a device, by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// A key was to be made, and it is not certain that none is left: the device must be swept before it is trusted again.
    KeyInDoubt,
    /// The session or the whole device is gone: the key cannot be reached any more.
    Lost,
    /// Anything else; trying the same again is not likely to help.
    Other,
    /// No room just now, for sessions or keys: try again later.
    Saturated,
}

/// Identifier of one key, 16 octets that never come twice (a version 4 UUID does well). Made by the caller: there is no randomness here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// The label of the key in the device: [`ONE_SHOT_LABEL_PREFIX`] and 32 hexadecimal digits.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{ONE_SHOT_LABEL_PREFIX}{self}")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Where the private key really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecureDevice {
    /// Hardware, as the device says of itself. Whether it is a qualified device (QSCD) is said by its certification and by the
    /// operator's configuration, never by this value.
    Hardware,
    /// Software: in this process or in a software module. For tests and evaluation, and never a qualified device (QSCD).
    Software,
}

impl SecureDevice {
    /// `software` or `hardware`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hardware => "hardware",
            Self::Software => "software",
        }
    }
}

/// What a token says about itself (PKCS#11 2.40, `CK_TOKEN_INFO`). None of it is proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDescription {
    /// Label, trailing blanks removed.
    pub label: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Firmware version, such as `2.6`.
    pub firmware: String,
    /// Whether keys are in hardware or software.
    pub device: SecureDevice,
}

/// A key as the device has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    /// SubjectPublicKeyInfo, DER (RFC 5280, 4.1.2.7).
    pub spki: Vec<u8>,
    /// Protection attributes.
    pub attributes: KeyAttributes,
}

/// What a look-up from another session found of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Objects, private or public, with the key's identifier.
    pub by_id: usize,
    /// Whether the device still begins to sign with the old handle.
    pub handle_works: bool,
}

impl Trace {
    /// True when nothing was found in either way.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.by_id == 0 && !self.handle_works
    }
}

/// What a sweep found and what is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "a device with leftovers must not be used"]
pub struct Swept {
    /// Objects destroyed.
    pub destroyed: usize,
    /// Objects found again after they were destroyed. Anything but zero means that this device must not be used.
    pub remaining: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_is_prefix_and_hexadecimal_id() {
        let id = KeyId([0xab; 16]);
        assert_eq!(id.label(), format!("segl-once-{}", "ab".repeat(16)));
        assert_eq!(format!("{id:?}"), format!("KeyId({})", "ab".repeat(16)));
    }

    #[test]
    fn one_way_of_finding_is_enough_to_be_present() {
        assert!(Trace::default().is_absent());
        assert!(!Trace { by_id: 1, ..Trace::default() }.is_absent());
        assert!(!Trace { handle_works: true, ..Trace::default() }.is_absent());
    }
}
