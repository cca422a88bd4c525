//! Long-lived keys in a PKCS#11 token: token objects, found by label and identifier.

use std::sync::Mutex;

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Ulong;
use segl_crypto::{KeyKind, SignatureAlgorithm, SignatureValue};

use super::gate::Use;
use super::point::Group;
use super::sessions::{lock, seeing};
use super::template::{self, Called, Life, Wanted};
use super::token::Made;
use super::{Pkcs11Error, Pkcs11Token, signing};
use crate::{AuthorityKeyError, KeyAttributes, ONE_SHOT_LABEL_PREFIX, Token as _, TokenDescription};

/// A private key that stays in the token. Each signature takes a session out of the token's store, so threads do not wait for each other.
pub(crate) struct LongLivedKey {
    token: Pkcs11Token,
    label: String,
    id: Vec<u8>,
    /// The handle, and the login it was found under: after another login the same number may mean another key.
    private: Mutex<(u64, ObjectHandle)>,
    kind: KeyKind,
    spki: Vec<u8>,
    attributes: KeyAttributes,
}

impl LongLivedKey {
    pub(crate) fn generate(
        token: &Pkcs11Token,
        kind: KeyKind,
        label: &str,
        id: &[u8],
    ) -> Result<Self, AuthorityKeyError> {
        if label.starts_with(ONE_SHOT_LABEL_PREFIX) {
            return Err(Pkcs11Error::ReservedLabel { label: label.to_owned() }.into());
        }
        let place = token.sessions().enter(Use::Moment)?;
        let (session, is_free) = token.sessions().begin_writing(&place, |session| {
            Ok(find(session, ObjectClass::PRIVATE_KEY, label, id)?.is_empty()
                && find(session, ObjectClass::PUBLIC_KEY, label, id)?.is_empty())
        })?;
        let made = if is_free {
            Self::generate_in(token, &session, kind, label, id)
        } else {
            Err(Pkcs11Error::KeyExists { label: label.to_owned() }.into())
        };
        token.sessions().close(session);
        made
    }

    fn generate_in(
        token: &Pkcs11Token,
        session: &Session,
        kind: KeyKind,
        label: &str,
        id: &[u8],
    ) -> Result<Self, AuthorityKeyError> {
        let Made { public, private, asked } = make(token, session, kind, &Called { id, label })?;
        // There is another one where the device has made a key and denied it.
        let made =
            the_key(session, label, id).and_then(|_| Self::read(token, session, private, public, label, id));
        let attributes = made.as_ref().map(|key| key.attributes.disobeyed_long_lived()).unwrap_or_default();
        match made {
            Ok(key) if attributes.is_empty() => {
                token.obeyed(asked);
                Ok(key)
            }
            refused => {
                let gone =
                    [private, public].map(|object| session.destroy_object(object).map_err(Pkcs11Error::of));
                gone.into_iter().collect::<Result<(), _>>()?;
                Err(refused.err().map_or(AuthorityKeyError::Disobeyed { attributes }, |error| {
                    in_doubt(session, &Called { id, label }, error).into()
                }))
            }
        }
    }

    pub(crate) fn find(token: &Pkcs11Token, label: &str, id: &[u8]) -> Result<Self, Pkcs11Error> {
        let place = token.sessions().enter(Use::Moment)?;
        token.sessions().with(&place, |session| {
            let (private, public) = the_key(session, label, id)?;
            Self::read(token, session, private, public, label, id)
        })
    }

    fn read(
        token: &Pkcs11Token,
        session: &Session,
        private: ObjectHandle,
        public: ObjectHandle,
        label: &str,
        id: &[u8],
    ) -> Result<Self, Pkcs11Error> {
        let (kind, spki) = template::read_public_key(session, public)?;
        Ok(Self {
            token: token.clone(),
            label: label.to_owned(),
            id: id.to_vec(),
            private: Mutex::new((token.sessions().epoch(), private)),
            kind,
            spki,
            attributes: template::read_attributes(session, private)?,
        })
    }

    /// Signs; when the session or the handle is lost, finds the key again and tries once more.
    pub(crate) fn sign(&self, asked: signing::Asked<'_>) -> Result<SignatureValue, Pkcs11Error> {
        let sessions = self.token.sessions();
        let place = sessions.enter(Use::Moment)?;
        let first = sessions.with(&place, |session| {
            let (login, private) = *lock(&self.private);
            let private = if login == sessions.epoch() { private } else { self.find_again(session)? };
            signing::sign(session, private, self.kind, asked)
        });
        match first {
            Err(Pkcs11Error::HandleUnknown(_)) => sessions
                .with(&place, |session| signing::sign(session, self.find_again(session)?, self.kind, asked)),
            first => first,
        }
    }

    fn find_again(&self, session: &Session) -> Result<ObjectHandle, Pkcs11Error> {
        let login = self.token.sessions().epoch();
        let (private, public) = the_key(session, &self.label, &self.id)?;
        if template::read_public_key(session, public)?.1 != self.spki {
            return Err(Pkcs11Error::OtherKey { label: self.label.clone() });
        }
        *lock(&self.private) = (login, private);
        Ok(private)
    }

    pub(crate) const fn kind(&self) -> KeyKind {
        self.kind
    }

    pub(crate) fn can_sign(&self, algorithm: SignatureAlgorithm) -> bool {
        signing::fits(self.kind, algorithm)
    }

    pub(crate) fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    pub(crate) const fn attributes(&self) -> &KeyAttributes {
        &self.attributes
    }

    pub(crate) fn description(&self) -> &TokenDescription {
        self.token.description()
    }
}

/// Makes a key pair, trying each way there is to name its curve.
fn make(
    token: &Pkcs11Token,
    session: &Session,
    kind: KeyKind,
    called: &Called<'_>,
) -> Result<Made, Pkcs11Error> {
    let mut refused = Pkcs11Error::KindNotMade { kind };
    if let KeyKind::Rsa { bits } = kind {
        let wanted = (2048..=8192).contains(&bits) && bits.is_multiple_of(8);
        let bits = wanted.then(|| Ulong::try_from(bits).ok()).flatten().ok_or(refused)?;
        let made = token.make(session, Wanted::Rsa(bits), called, Life::Token);
        return made.map_err(|error| in_doubt(session, called, error));
    }
    let Some(group) = Group::of(kind) else { return Err(refused) };
    for params in group.parameters() {
        match token.make(session, Wanted::On(group, params), called, Life::Token) {
            Ok(made) => return Ok(made),
            Err(error) => refused = in_doubt(session, called, error),
        }
        if matches!(refused, Pkcs11Error::KeyInDoubt { .. }) {
            break;
        }
    }
    Err(refused)
}

/// A device that answers with an error may have made the key all the same. It is not destroyed: somebody else may have made one by this
/// name in the meantime, and such keys are not to be lost.
fn in_doubt(session: &Session, called: &Called<'_>, asked: Pkcs11Error) -> Pkcs11Error {
    if asked.denies_private_objects() {
        return asked;
    }
    let count = |class| find(session, class, called.label, called.id).map(|found| found.len());
    let left = count(ObjectClass::PRIVATE_KEY)
        .and_then(|private| Ok(private.saturating_add(count(ObjectClass::PUBLIC_KEY)?)));
    match left.ok() {
        Some(0) => asked,
        left => Pkcs11Error::KeyInDoubt { asked: asked.into(), left },
    }
}

fn find(
    session: &Session,
    class: ObjectClass,
    label: &str,
    id: &[u8],
) -> Result<Vec<ObjectHandle>, Pkcs11Error> {
    let template = [
        Attribute::Class(class),
        Attribute::Token(true),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ];
    seeing(session, || template::find(session, &template))
}

/// The private object, and the one that tells the public key.
fn the_key(session: &Session, label: &str, id: &[u8]) -> Result<(ObjectHandle, ObjectHandle), Pkcs11Error> {
    let private = match find(session, ObjectClass::PRIVATE_KEY, label, id)?.as_slice() {
        [private] => *private,
        [] => return Err(Pkcs11Error::NoSuchKey { label: label.to_owned() }),
        several => return Err(ambiguous(label, several)),
    };
    match find(session, ObjectClass::PUBLIC_KEY, label, id)?.as_slice() {
        // Without a public object, some devices tell the public key by the private one.
        [] => Ok((private, private)),
        [public] => Ok((private, *public)),
        // Who reaches the token may lay one there without a PIN.
        several => Err(ambiguous(label, several)),
    }
}

fn ambiguous(label: &str, several: &[ObjectHandle]) -> Pkcs11Error {
    Pkcs11Error::AmbiguousKey { label: label.to_owned(), count: several.len() }
}
