//! The device that makes the one-shot key: the process itself, or a PKCS#11 token.

use segl::record::{SlotName, TextError};
use segl::sealing::Sweep;

use crate::args::SealArgs;
use crate::console::Console;

/// The slot of keys in the memory of this process.
const SOFTWARE: &str = "software";

/// A token whose label cannot name a slot.
#[derive(Debug, thiserror::Error)]
#[error("the token label {label:?} cannot stand in a record: {source}")]
pub(crate) struct LabelError {
    label: String,
    source: TextError,
}

/// The device this call names. It is opened when it is first asked for, and once: every try with a wrong PIN counts in a device.
pub(crate) struct Device<'a> {
    slot: SlotName,
    #[cfg(feature = "pkcs11")]
    token: pkcs11::Lazy<'a>,
    #[cfg(not(feature = "pkcs11"))]
    token: core::marker::PhantomData<&'a SealArgs>,
}

impl<'a> Device<'a> {
    /// The console is told of keys that an earlier run left in the token.
    pub(crate) fn new(args: &'a SealArgs, console: &'a Console) -> Result<Self, LabelError> {
        let name = match &args.token {
            Some(label) => format!("pkcs11:{label}"),
            None => SOFTWARE.to_owned(),
        };
        let label = || args.token.clone().unwrap_or_default();
        let slot = SlotName::new(&name).map_err(|source| LabelError { label: label(), source })?;
        #[cfg(feature = "pkcs11")]
        let token = pkcs11::Lazy::new(args, console);
        #[cfg(not(feature = "pkcs11"))]
        let (token, _) = (core::marker::PhantomData, console);
        Ok(Self { slot, token })
    }

    /// The slot as records name it.
    pub(crate) const fn slot(&self) -> &SlotName {
        &self.slot
    }

    /// The PKCS#11 token, or `None` when keys are made in memory.
    #[cfg(feature = "pkcs11")]
    pub(crate) fn token(&self) -> Option<Result<&segl::key::pkcs11::Pkcs11Token, pkcs11::TokenError>> {
        self.token.get()
    }

    /// Looks for keys that an earlier run left in a slot. Keys in memory went with their process; a device is looked at when this call
    /// names it.
    pub(crate) fn sweep(&self, slot: &SlotName) -> Sweep {
        if slot.as_str() == SOFTWARE {
            return Sweep::Clean;
        }
        #[cfg(feature = "pkcs11")]
        if *slot == self.slot {
            return self.token.sweep();
        }
        Sweep::NotReached
    }
}

#[cfg(feature = "pkcs11")]
pub(crate) mod pkcs11 {
    use std::cell::OnceCell;
    use std::sync::Arc;

    use segl::key::Token as _;
    use segl::key::pkcs11::{Module, Pin, PinError, Pkcs11Error, Pkcs11Token};
    use segl::sealing::Sweep;

    use crate::args::SealArgs;
    use crate::console::Console;

    /// Why the token could not be opened.
    #[derive(Clone, Debug, thiserror::Error)]
    pub(crate) enum TokenError {
        #[error("the token was not opened")]
        Device(#[source] Arc<Pkcs11Error>),
        #[error("{remaining} key objects that an earlier run left in the token cannot be destroyed")]
        Leftovers { remaining: usize },
        #[error("there is no PIN for the token")]
        NoPin(#[source] Arc<PinError>),
        #[error("--pkcs11 needs --token and --pin-file")]
        NotNamed,
        #[error("the token could not be looked through for keys that an earlier run left")]
        NotSwept(#[source] Arc<Pkcs11Error>),
    }

    /// A token that is opened at most once, and then rid of what an earlier run left in it.
    pub(super) struct Lazy<'a> {
        args: &'a SealArgs,
        console: &'a Console,
        opened: OnceCell<Result<Pkcs11Token, TokenError>>,
    }

    impl<'a> Lazy<'a> {
        pub(super) const fn new(args: &'a SealArgs, console: &'a Console) -> Self {
            Self { args, console, opened: OnceCell::new() }
        }

        pub(super) fn get(&self) -> Option<Result<&Pkcs11Token, TokenError>> {
            self.args.pkcs11.as_ref()?;
            Some(self.opened.get_or_init(|| self.open()).as_ref().map_err(Clone::clone))
        }

        pub(super) fn sweep(&self) -> Sweep {
            match self.get() {
                // It was swept when it was opened, and no key has been made since.
                Some(Ok(_)) => Sweep::Clean,
                Some(Err(TokenError::Leftovers { .. } | TokenError::NotSwept(_))) => Sweep::Unconfirmed,
                _ => Sweep::NotReached,
            }
        }

        fn open(&self) -> Result<Pkcs11Token, TokenError> {
            let (Some(module), Some(label), Some(path)) =
                (&self.args.pkcs11, &self.args.token, &self.args.pin_file)
            else {
                return Err(TokenError::NotNamed);
            };
            let pin = Pin::from_file(path).map_err(|e| TokenError::NoPin(e.into()))?;
            let opened = Module::load(module).and_then(|module| module.open(label, &pin));
            let token = opened.map_err(|e| TokenError::Device(e.into()))?;
            let swept = token.sweep().map_err(|e| TokenError::NotSwept(e.into()))?;
            if swept.destroyed > 0 {
                let text = format!(
                    "{} key objects that an earlier run left in {label} are destroyed",
                    swept.destroyed
                );
                self.console.step("swept", &text);
            }
            match swept.remaining {
                0 => Ok(token),
                remaining => Err(TokenError::Leftovers { remaining }),
            }
        }
    }
}
