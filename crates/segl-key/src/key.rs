//! The key that signs once: each state a type, each step by value.

use core::fmt;

use segl_crypto::{KeyKind, PublicKey, SignatureValue, ToBeSigned};

use crate::{
    ActivateError, Activation, CertifyError, Curve, DestroyError, DeviceProfile, GenerateError, KeyId,
    KeyRequest, Receipt, Refusal, SignError, Token,
};

/// A key that is made for one signature and destroyed after it.
///
/// `Fresh` → [`certify`](OneShotKey::certify) → `Certified` → [`activate`](OneShotKey::activate) → `Activated` →
/// [`sign`](OneShotKey::sign) → `Spent` → [`destroy`](OneShotKey::destroy) → the value and a proof. Every step takes the key by value, so a second signature does not
/// compile:
///
/// ```compile_fail,E0382
/// use segl_crypto::ToBeSigned;
/// use segl_key::{Activated, OneShotKey, Token};
///
/// fn twice<T: Token>(key: OneShotKey<T, Activated>, one: &ToBeSigned, other: &ToBeSigned) {
///     let first = key.sign(one);
///     let second = key.sign(other);
/// }
/// ```
///
/// while one does:
///
/// ```
/// use segl_crypto::ToBeSigned;
/// use segl_key::{Activated, OneShotKey, Token};
///
/// fn once<T: Token>(key: OneShotKey<T, Activated>, one: &ToBeSigned, other: &ToBeSigned) {
///     let first = key.sign(one);
///     let _ = other;
/// }
/// ```
///
/// A key that was never activated, let alone certified, cannot sign either:
///
/// ```compile_fail,E0599
/// use segl_crypto::ToBeSigned;
/// use segl_key::{Certified, OneShotKey, Token};
///
/// fn early<T: Token>(key: OneShotKey<T, Certified>, tbs: &ToBeSigned) {
///     let value = key.sign(tbs);
/// }
/// ```
///
/// From any state the key can be given up with [`abandon`](OneShotKey::abandon), which confirms the destruction. A key that is
/// merely dropped is destroyed as well as the device allows, without anybody looking.
///
/// The clock is not read here. Who must know how long a key lived after signing reads it before `sign` and after `destroy`.
#[must_use = "a key let go without a word is destroyed without confirmation"]
pub struct OneShotKey<T: Token, S> {
    token: T,
    key: T::Key,
    receipt: Box<Receipt>,
    state: S,
}

/// State of a key that exists and has not been certified.
#[derive(Debug)]
pub struct Fresh(());

/// State of a key that a certificate was issued for.
#[derive(Debug)]
pub struct Certified {
    certificate_sha256: [u8; 32],
}

/// State of a key that may sign one thing.
#[derive(Debug)]
pub struct Activated {
    activation: Activation,
}

/// State of a key that has signed; the value is inside and not to be seen until the key is destroyed.
pub struct Spent {
    value: SignatureValue,
}

/// State of a key from which no value will ever come: signing failed, or its destruction could not be confirmed, or it was given up.
#[derive(Debug)]
pub struct Spoiled(());

impl fmt::Debug for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spent(..)")
    }
}

/// Proof that a look-up in another session found nothing of the key any more. Only this crate makes one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the record of a sealing needs the proof that its key is destroyed"]
pub struct Destroyed {
    key: KeyId,
}

impl Destroyed {
    /// Which key it was.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key
    }
}

/// What came of [`OneShotKey::sign`].
pub type Signed<T> =
    Result<OneShotKey<T, Spent>, Box<Refusal<OneShotKey<T, Spoiled>, SignError<<T as Token>::Error>>>>;

/// The key back without its value, and why its destruction is not confirmed.
pub type NotDestroyed<T> = Box<Refusal<OneShotKey<T, Spoiled>, DestroyError<<T as Token>::Error>>>;

impl<T: Token> OneShotKey<T, Fresh> {
    /// Makes the key in the device and reads back what the device made.
    ///
    /// # Errors
    /// When the device makes no key, or one that does not have the protection a one-shot key needs ([`KeyAttributes::disobeyed`]).
    /// Such a key is destroyed before this returns, and the error says whether that was confirmed.
    ///
    /// [`KeyAttributes::disobeyed`]: crate::KeyAttributes::disobeyed
    pub fn generate(token: T, request: &KeyRequest) -> Result<Self, GenerateError<T::Error>> {
        let mut key = token.generate(request.curve, request.id).map_err(GenerateError::Device)?;
        let read = match token.read_back(&key) {
            Ok(read) => read,
            Err(source) => {
                let destroyed = give_up(&token, &mut key, request.id);
                return Err(GenerateError::ReadBack { source, destroyed });
            }
        };
        let attributes = read.attributes.disobeyed();
        if !attributes.is_empty() {
            let destroyed = give_up(&token, &mut key, request.id);
            return Err(GenerateError::Disobeyed { attributes, destroyed });
        }
        if !is_on(request.curve, &read.spki) {
            let destroyed = give_up(&token, &mut key, request.id);
            return Err(GenerateError::PublicKey { curve: request.curve, destroyed });
        }
        let description = token.description().clone();
        let profile = token.profile().map(DeviceProfile::digest);
        let receipt =
            Box::new(Receipt::new(request.clone(), read.spki, read.attributes, description, profile));
        Ok(Self { token, key, receipt, state: Fresh(()) })
    }

    /// Binds the issued certificate, by the SubjectPublicKeyInfo in it and the SHA-256 of its DER.
    ///
    /// Whether the certificate says what was shown to the subscriber is for the issuer's side to compare.
    ///
    /// # Errors
    /// When the certificate is for another public key, octet for octet; the key comes back to be [`abandon`](Self::abandon)ed.
    pub fn certify(
        self,
        spki_der: &[u8],
        certificate_sha256: [u8; 32],
    ) -> Result<OneShotKey<T, Certified>, Box<Refusal<Self, CertifyError>>> {
        if spki_der != self.receipt.spki_der() {
            return Err(Box::new(Refusal { key: self, error: CertifyError::OtherPublicKey }));
        }
        Ok(self.into_state(Certified { certificate_sha256 }))
    }
}

impl<T: Token> OneShotKey<T, Certified> {
    /// Takes the subscriber's word for what the key may sign.
    ///
    /// # Errors
    /// When it is for another session or another key; the key comes back as it was.
    pub fn activate(
        self,
        activation: Activation,
    ) -> Result<OneShotKey<T, Activated>, Box<Refusal<Self, ActivateError>>> {
        match activation.check(self.receipt.session(), self.receipt.key_id()) {
            Ok(()) => Ok(self.into_state(Activated { activation })),
            Err(error) => Err(Box::new(Refusal { key: self, error })),
        }
    }

    /// SHA-256 of the certificate's DER.
    #[must_use]
    pub const fn certificate_sha256(&self) -> [u8; 32] {
        self.state.certificate_sha256
    }
}

impl<T: Token> OneShotKey<T, Activated> {
    /// Signs, and spends the key even when the device refuses: a retry takes a new key. The value stays inside.
    ///
    /// # Errors
    /// When there is no value: the device gave none, or the octets are not the ones the key was activated for. The key comes back
    /// spoiled: it can only be given up.
    pub fn sign(mut self, tbs: &ToBeSigned) -> Signed<T> {
        let has = self.receipt.curve().algorithm();
        if tbs.algorithm() != has {
            let error = SignError::Algorithm { asked: tbs.algorithm(), has };
            return Err(self.spoil(error));
        }
        if !self.state.activation.is_for(tbs) {
            return Err(self.spoil(SignError::ActivatedForOther));
        }
        match self.token.sign(&mut self.key, tbs) {
            Ok(value) => Ok(self.into_state(Spent { value })),
            Err(source) => Err(self.spoil(SignError::Device(source))),
        }
    }
}

impl<T: Token> OneShotKey<T, Spent> {
    /// Destroys the key and looks for it from another session; only when nothing is found is the value handed out.
    ///
    /// # Errors
    /// When the device refuses, is lost, or still has the key. The value is gone for good then, and the key comes back spoiled: call
    /// [`abandon`](Self::abandon) to try the destruction again.
    pub fn destroy(mut self) -> Result<(Destroyed, SignatureValue), NotDestroyed<T>> {
        match destroy(&self.token, &mut self.key, self.receipt.key_id()) {
            Ok(destroyed) => Ok((destroyed, self.state.value)),
            Err(error) => Err(self.spoil(error)),
        }
    }
}

impl<T: Token, S> OneShotKey<T, S> {
    /// Gives the key up: destroys it, looks for it from another session, and drops a signature value if there is one.
    ///
    /// Here a device that reports an error although the key is gone is believed by the look-up, so that a lost session can be cleared.
    ///
    /// # Errors
    /// When it is not certain that the key is gone. The key comes back, to be tried again.
    pub fn abandon(mut self) -> Result<Destroyed, NotDestroyed<T>> {
        give_up(&self.token, &mut self.key, self.receipt.key_id()).map_err(|error| self.spoil(error))
    }

    /// What the device said of the key when it was made.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The public key: SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        self.receipt.spki_der()
    }

    fn into_state<N>(self, state: N) -> OneShotKey<T, N> {
        OneShotKey { token: self.token, key: self.key, receipt: self.receipt, state }
    }

    fn spoil<E>(self, error: E) -> Box<Refusal<OneShotKey<T, Spoiled>, E>> {
        Box::new(Refusal { key: self.into_state(Spoiled(())), error })
    }
}

impl<T: Token, S: fmt::Debug> fmt::Debug for OneShotKey<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneShotKey")
            .field("id", &self.receipt.key_id())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Destroys strictly: the device must agree, and the look-up must find nothing.
fn destroy<T: Token>(token: &T, key: &mut T::Key, id: KeyId) -> Result<Destroyed, DestroyError<T::Error>> {
    token.destroy(key).map_err(DestroyError::from_destroy)?;
    let trace = token.look_up(key).map_err(DestroyError::from_look_up)?;
    if trace.is_absent() { Ok(Destroyed { key: id }) } else { Err(DestroyError::StillThere(trace)) }
}

/// Destroys where no value hangs on it: what the look-up finds decides.
fn give_up<T: Token>(token: &T, key: &mut T::Key, id: KeyId) -> Result<Destroyed, DestroyError<T::Error>> {
    let answer = token.destroy(key);
    match (token.look_up(key), answer) {
        (Ok(trace), _) if trace.is_absent() => Ok(Destroyed { key: id }),
        (_, Err(source)) => Err(DestroyError::from_destroy(source)),
        (Ok(trace), Ok(())) => Err(DestroyError::StillThere(trace)),
        (Err(source), Ok(())) => Err(DestroyError::from_look_up(source)),
    }
}

/// Whether the SubjectPublicKeyInfo holds a point of this curve.
fn is_on(curve: Curve, spki: &[u8]) -> bool {
    let kind = PublicKey::from_spki_der(spki).map(|key| key.kind());
    matches!((curve, kind), (Curve::P256, Ok(KeyKind::EcP256)) | (Curve::P384, Ok(KeyKind::EcP384)))
}
