//! The device that makes the one-shot key: the process itself, or a PKCS#11 token.

use segl::record::{SlotName, TextError};
use segl::sealing::Sweep;

use crate::args::SealArgs;

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
    pub(crate) fn new(args: &'a SealArgs) -> Result<Self, LabelError> {
        let name = match &args.token {
            Some(label) => format!("pkcs11:{label}"),
            None => SOFTWARE.to_owned(),
        };
        let label = || args.token.clone().unwrap_or_default();
        let slot = SlotName::new(&name).map_err(|source| LabelError { label: label(), source })?;
        #[cfg(feature = "pkcs11")]
        let token = pkcs11::Lazy::new(args);
        #[cfg(not(feature = "pkcs11"))]
        let token = core::marker::PhantomData;
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
    use std::fs;
    use std::io;
    use std::path::PathBuf;
    use std::sync::Arc;

    use segl::key::Token as _;
    use segl::key::pkcs11::{Module, Pin, Pkcs11Error, Pkcs11Token};
    use segl::sealing::Sweep;
    use zeroize::Zeroizing;

    use crate::args::SealArgs;

    /// Why the token could not be opened.
    #[derive(Clone, Debug, thiserror::Error)]
    pub(crate) enum TokenError {
        #[error("the token was not opened")]
        Device(#[source] Arc<Pkcs11Error>),
        #[error("{} has no PIN in its first line", path.display())]
        NoPin { path: PathBuf },
        #[error("--pkcs11 needs --token and --pin-file")]
        NotNamed,
        #[error("the file with the PIN, {}, cannot be read", path.display())]
        PinFile { path: PathBuf, source: Arc<io::Error> },
    }

    /// A token that is opened at most once.
    pub(super) struct Lazy<'a> {
        args: &'a SealArgs,
        opened: OnceCell<Result<Pkcs11Token, TokenError>>,
    }

    impl<'a> Lazy<'a> {
        pub(super) const fn new(args: &'a SealArgs) -> Self {
            Self { args, opened: OnceCell::new() }
        }

        pub(super) fn get(&self) -> Option<Result<&Pkcs11Token, TokenError>> {
            self.args.pkcs11.as_ref()?;
            Some(self.opened.get_or_init(|| open(self.args)).as_ref().map_err(Clone::clone))
        }

        pub(super) fn sweep(&self) -> Sweep {
            match self.get() {
                Some(Ok(token)) => match token.sweep() {
                    Ok(swept) if swept.remaining == 0 => Sweep::Clean,
                    _ => Sweep::Unconfirmed,
                },
                _ => Sweep::NotReached,
            }
        }
    }

    fn open(args: &SealArgs) -> Result<Pkcs11Token, TokenError> {
        let (Some(module), Some(label), Some(path)) = (&args.pkcs11, &args.token, &args.pin_file) else {
            return Err(TokenError::NotNamed);
        };
        let text = fs::read_to_string(path)
            .map_err(|source| TokenError::PinFile { path: path.clone(), source: source.into() })?;
        let text = Zeroizing::new(text);
        let pin = text.lines().next().unwrap_or_default();
        if pin.is_empty() {
            return Err(TokenError::NoPin { path: path.clone() });
        }
        let opened = Module::load(module).and_then(|module| module.open(label, &Pin::new(pin)));
        opened.map_err(|e| TokenError::Device(e.into()))
    }
}
