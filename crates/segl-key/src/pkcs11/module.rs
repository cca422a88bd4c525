//! The vendor's library and the tokens in it.

use core::fmt;
use std::path::{Path, PathBuf};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::slot::{Slot, TokenInfo};

use super::{DeviceFault, Pin, Pkcs11Error, Pkcs11Token, SessionLimits, sessions};
use crate::{SecureDevice, TokenDescription};

/// A PKCS#11 library, loaded and initialised for use by several threads.
///
/// It is never finalised, because a process has one state for it, and another part of the process may be using it. A clone is another
/// handle on the same library.
#[derive(Clone)]
pub struct Module {
    client: Pkcs11,
    path: PathBuf,
}

impl Module {
    /// Loads a library.
    ///
    /// This runs code from the file: the path must come from the operator.
    ///
    /// # Errors
    /// `ModuleNotLoaded`.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Pkcs11Error> {
        let path = path.as_ref().to_path_buf();
        let loaded = Pkcs11::new(&path).and_then(|client| sessions::initialize(&client).map(|()| client));
        match loaded {
            Ok(client) => Ok(Self { client, path }),
            Err(error) => Err(Pkcs11Error::ModuleNotLoaded { path, fault: DeviceFault(error) }),
        }
    }

    /// Where the library was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The initialised tokens that can be reached now.
    ///
    /// # Errors
    /// The device's own.
    pub fn tokens(&self) -> Result<Vec<TokenDescription>, Pkcs11Error> {
        self.slots()?.tokens.into_iter().map(|(slot, info)| self.describe(slot, &info)).collect()
    }

    /// Logs in to the token with this label, within the usual [`SessionLimits`].
    ///
    /// Where this process is logged in already the library does not look at the PIN again, so that a wrong one goes unnoticed.
    ///
    /// # Errors
    /// `NoSuchToken`, `AmbiguousToken`, `NoPin`, `WrongPin`, `PinLocked`, `PinExpired`, and the device's own.
    pub fn open(&self, label: &str, pin: &Pin) -> Result<Pkcs11Token, Pkcs11Error> {
        self.open_within(label, pin, SessionLimits::default())
    }

    /// The same within other limits. They hold for this token and its clones: who opens a token twice has them twice.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_within(
        &self,
        label: &str,
        pin: &Pin,
        limits: SessionLimits,
    ) -> Result<Pkcs11Token, Pkcs11Error> {
        let (slot, info) = self.find(label, None)?;
        if info.user_pin_locked() {
            return Err(Pkcs11Error::PinLocked);
        }
        let description = self.describe(slot, &info)?;
        let limits = limits.within(info.max_session_count().into());
        sessions::Sessions::open(self.clone(), description, slot, pin.clone(), limits).map(Pkcs11Token::new)
    }

    pub(super) const fn client(&self) -> &Pkcs11 {
        &self.client
    }

    /// The one token with this label, and with this serial number where that is known.
    pub(super) fn find(&self, label: &str, serial: Option<&str>) -> Result<(Slot, TokenInfo), Pkcs11Error> {
        let Slots { tokens, unread } = self.slots()?;
        let (mut fitting, others): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|(_, info)| {
            info.label() == label && serial.is_none_or(|serial| info.serial_number() == serial)
        });
        match (fitting.pop(), fitting.is_empty(), unread) {
            (Some(found), true, _) => Ok(found),
            (Some(_), false, _) => Err(Pkcs11Error::AmbiguousToken { label: label.to_owned() }),
            (None, _, Some(error)) => Err(error),
            (None, _, None) => {
                if let Some(serial) = serial.filter(|_| others.iter().any(|(_, info)| info.label() == label))
                {
                    let (label, serial) = (label.to_owned(), serial.to_owned());
                    return Err(Pkcs11Error::OtherToken { label, serial });
                }
                let present = others.iter().map(|(_, info)| info.label().to_owned()).collect();
                Err(Pkcs11Error::NoSuchToken { label: label.to_owned(), present })
            }
        }
    }

    fn slots(&self) -> Result<Slots, Pkcs11Error> {
        let (mut tokens, mut unread) = (Vec::new(), None);
        for slot in self.client.get_slots_with_token().map_err(Pkcs11Error::of)? {
            match self.client.get_token_info(slot) {
                Ok(info) if info.token_initialized() => tokens.push((slot, info)),
                // Something that is no token of this library's is not there at all.
                Ok(_) | Err(Error::Pkcs11(RvError::TokenNotRecognized, _)) => {}
                Err(error) => unread = unread.or(Some(Pkcs11Error::of(error))),
            }
        }
        Ok(Slots { tokens, unread })
    }

    fn describe(&self, slot: Slot, info: &TokenInfo) -> Result<TokenDescription, Pkcs11Error> {
        Ok(TokenDescription {
            label: info.label().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            serial: info.serial_number().to_owned(),
            firmware: info.firmware_version().to_string(),
            device: self.device(slot)?,
        })
    }

    /// Hardware only where the slot or the mechanism that makes the keys says so (`CKF_HW_SLOT`, `CKF_HW`). It stands in every receipt, so
    /// a device that just cannot answer is not taken for the other kind.
    fn device(&self, slot: Slot) -> Result<SecureDevice, Pkcs11Error> {
        let by_slot = self.client.get_slot_info(slot).map_err(Pkcs11Error::of)?.hardware_slot();
        let mechanism = self.client.get_mechanism_info(slot, MechanismType::ECC_KEY_PAIR_GEN);
        let by_mechanism = match mechanism.map_err(Pkcs11Error::of) {
            Ok(info) => info.hardware(),
            // It makes no such keys.
            Err(Pkcs11Error::Unsupported(_)) => false,
            Err(error) => return Err(error),
        };
        Ok(if by_slot || by_mechanism { SecureDevice::Hardware } else { SecureDevice::Software })
    }
}

/// What the slots hold.
struct Slots {
    /// The initialised tokens.
    tokens: Vec<(Slot, TokenInfo)>,
    /// Why one of the others could not be looked at. Who finds what he looks for need not care.
    unread: Option<Pkcs11Error>,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_not_loaded() {
        let error = Module::load("/nowhere/lib.so").unwrap_err();
        assert!(
            matches!(&error, Pkcs11Error::ModuleNotLoaded { path, .. } if path == Path::new("/nowhere/lib.so"))
        );
    }
}
