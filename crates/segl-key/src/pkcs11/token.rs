//! One-shot keys in a PKCS#11 token.

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use segl_crypto::{SignatureValue, ToBeSigned};

use super::gate::{Place, Use};
use super::sessions::{Leased, Sessions, lock, logged_in};
use super::template::{self, Ask, Called, Life, Wanted};
use super::{Pkcs11Error, signing};
use crate::{Curve, KeyId, ONE_SHOT_LABEL_PREFIX, ReadBack, Swept, Token, TokenDescription, Trace};

/// A token that this process is logged in to. A clone is another handle on the same login and sessions, to be passed to any thread.
#[derive(Clone)]
pub struct Pkcs11Token(Arc<Inner>);

struct Inner {
    sessions: Sessions,
    /// Keys in use through this handle, which a sweep leaves alone.
    live: Mutex<HashSet<KeyId>>,
    /// Set once the device has refused the long template.
    essentials_only: AtomicBool,
    /// The login, counted from one, under which another session has been seen to find a key by looking, and by the same handle.
    sees: AtomicU64,
}

impl Pkcs11Token {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self(Arc::new(Inner {
            sessions,
            live: Mutex::default(),
            essentials_only: AtomicBool::new(false),
            sees: AtomicU64::new(0),
        }))
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Makes a key pair, with the long template if the device takes it.
    pub(super) fn make(
        &self,
        session: &Session,
        wanted: Wanted,
        called: &Called<'_>,
        life: Life,
    ) -> Result<(ObjectHandle, ObjectHandle), Pkcs11Error> {
        if !self.0.essentials_only.load(Ordering::Relaxed) {
            match template::generate(session, wanted, called, life, Ask::Everything) {
                Err(error) if template::is_template_refused(&error) => {}
                made => return made.map_err(Pkcs11Error::of),
            }
        }
        let made =
            template::generate(session, wanted, called, life, Ask::Essentials).map_err(Pkcs11Error::of)?;
        self.0.essentials_only.store(true, Ordering::Relaxed);
        Ok(made)
    }

    /// A device that answers with an error may have made the key all the same, and the session may not have been closed with it. What is
    /// there of it is destroyed; the error tells whether nothing is left.
    fn clear_away(&self, place: &Place, id: KeyId, asked: Pkcs11Error) -> Pkcs11Error {
        let left = self.sessions().with(place, |witness| {
            for object in Self::objects(witness, id)? {
                // What cannot be destroyed is found again.
                drop(witness.destroy_object(object));
            }
            Ok(())
        });
        // A search of its own, in a session in which none has been begun.
        let left =
            left.and_then(|()| self.sessions().with(place, |witness| Ok(Self::objects(witness, id)?.len())));
        match left.ok() {
            Some(0) => asked,
            left => Pkcs11Error::KeyInDoubt { asked: asked.into(), left },
        }
    }

    /// The objects with a key's identifier, private and public, as this session sees them.
    fn objects(witness: &Session, id: KeyId) -> Result<Vec<ObjectHandle>, Pkcs11Error> {
        see_private_objects(witness)?;
        witness.find_objects(&[Attribute::Id(id.0.to_vec())]).map_err(Pkcs11Error::of)
    }

    /// Every key object with the label of a one-shot key that is not in use through this handle.
    fn leftovers(&self, session: &Session) -> Result<Vec<ObjectHandle>, Pkcs11Error> {
        see_private_objects(session)?;
        let live: HashSet<String> = lock(&self.0.live).iter().map(KeyId::label).collect();
        let mut leftovers = Vec::new();
        // One search for objects of all classes: a second one could not be begun where the device did not end the first.
        for object in session.find_objects(&[]).map_err(Pkcs11Error::of)? {
            let asked = [AttributeType::Class, AttributeType::Label];
            let answers = match session.get_attributes(object, &asked).map_err(Pkcs11Error::of) {
                // Gone since it was found.
                Err(Pkcs11Error::HandleUnknown(_)) => continue,
                answers => answers?,
            };
            let is_key = answers.iter().any(|answer| {
                matches!(answer, Attribute::Class(ObjectClass::PRIVATE_KEY | ObjectClass::PUBLIC_KEY))
            });
            let is_ours = answers.iter().any(|answer| {
                let Attribute::Label(label) = answer else { return false };
                let label = String::from_utf8_lossy(label);
                label.starts_with(ONE_SHOT_LABEL_PREFIX) && !live.contains(&*label)
            });
            if is_key && is_ours {
                leftovers.push(object);
            }
        }
        Ok(leftovers)
    }
}

/// Refuses a session that would see no private object and so take a token for empty.
fn see_private_objects(session: &Session) -> Result<(), Pkcs11Error> {
    if logged_in(session)? { Ok(()) } else { Err(Pkcs11Error::NotLoggedIn) }
}

impl fmt::Debug for Pkcs11Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Token").field("description", self.0.sessions.token()).finish_non_exhaustive()
    }
}

/// A one-shot key in a [`Pkcs11Token`], with the session it lives in. Dropping it destroys it and closes the session, which
/// removes what was made there (PKCS#11 2.40, 2.6.2).
pub struct Pkcs11Key {
    token: Pkcs11Token,
    /// `None` once it was closed because it was in doubt.
    session: Option<Leased>,
    public: ObjectHandle,
    private: ObjectHandle,
    curve: Curve,
    id: KeyId,
    used: bool,
    private_gone: bool,
    /// The look-up found nothing, so the session can serve the next key.
    confirmed: bool,
    /// For the key's session, and one more that looks at the key. The last field, because it is to be dropped last.
    place: Place,
}

impl Pkcs11Key {
    /// The session the key lives in, if its handles still mean something.
    fn session(&self) -> Result<&Leased, Pkcs11Error> {
        let session = self.session.as_ref().filter(|session| self.token.sessions().is_current(session));
        session.ok_or(Pkcs11Error::Outlived)
    }

    /// Destroys the private object, then the public one.
    fn destroy(&mut self) -> Result<(), Pkcs11Error> {
        if !self.private_gone {
            match self.session()?.destroy_object(self.private).map_err(Pkcs11Error::of) {
                Ok(()) => self.private_gone = true,
                // Gone without us, when somebody logged out; the public object stays then, and is cleared away all the same.
                Err(gone @ Pkcs11Error::HandleUnknown(_)) => {
                    drop(self.session()?.destroy_object(self.public));
                    return Err(gone);
                }
                Err(error) => return Err(error),
            }
        }
        self.session()?.destroy_object(self.public).map_err(Pkcs11Error::of)
    }

    /// Whether the device still begins to sign with the handle in this session.
    fn handle_works(&self, session: &Session) -> Result<bool, Pkcs11Error> {
        match session.sign_init(&Mechanism::Ecdsa, self.private).map_err(Pkcs11Error::of) {
            Ok(()) => Ok(true),
            Err(Pkcs11Error::HandleUnknown(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn close_session(&mut self) {
        if let Some(session) = self.session.take() {
            self.token.sessions().close(session);
        }
    }
}

impl Drop for Pkcs11Key {
    fn drop(&mut self) {
        if self.confirmed {
            if let Some(session) = self.session.take() {
                self.token.sessions().put(session);
            }
        } else {
            // Nobody is left to tell; closing the session is the second attempt.
            drop(self.destroy());
            self.close_session();
        }
        lock(&self.token.0.live).remove(&self.id);
    }
}

impl fmt::Debug for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Key").field("id", &self.id).field("used", &self.used).finish_non_exhaustive()
    }
}

impl Token for Pkcs11Token {
    type Key = Pkcs11Key;
    type Error = Pkcs11Error;

    fn description(&self) -> &TokenDescription {
        self.0.sessions.token()
    }

    fn generate(&self, curve: Curve, id: KeyId) -> Result<Pkcs11Key, Pkcs11Error> {
        if !lock(&self.0.live).insert(id) {
            return Err(Pkcs11Error::IdInUse { id });
        }
        let label = id.label();
        let called = Called { id: &id.0, label: &label };
        let made = self.sessions().enter(Use::Key).and_then(|place| {
            let in_doubt = Cell::new(false);
            let made = self.sessions().begin(&place, Use::Key, |session| {
                let made = self.make(session, Wanted::on(curve), &called, Life::Session);
                let may_be_made = made.as_ref().is_err_and(|error| !error.denies_private_objects());
                in_doubt.set(in_doubt.get() || may_be_made);
                made
            });
            match made {
                Ok(made) => Ok((place, made)),
                Err(error) if in_doubt.get() => Err(self.clear_away(&place, id, error)),
                Err(error) => Err(error),
            }
        });
        match made {
            Ok((place, (session, (public, private)))) => Ok(Pkcs11Key {
                token: self.clone(),
                session: Some(session),
                public,
                private,
                curve,
                id,
                used: false,
                private_gone: false,
                confirmed: false,
                place,
            }),
            Err(error) => {
                lock(&self.0.live).remove(&id);
                Err(error)
            }
        }
    }

    /// Reads through another session than the key's. With the first key of a login that session has to find the key by looking for it,
    /// which shows that later look-ups are not blind.
    fn read_back(&self, key: &Pkcs11Key) -> Result<ReadBack, Pkcs11Error> {
        self.sessions().with(&key.place, |witness| {
            let login = self.sessions().epoch().wrapping_add(1);
            let mut private = key.private;
            if self.0.sees.load(Ordering::Relaxed) != login {
                let found = template::private_keys(witness, &key.id.0)?;
                let [seen] = found.as_slice() else {
                    return Err(Pkcs11Error::NotVisible { found: found.len() });
                };
                private = *seen;
                if private == key.private {
                    self.0.sees.store(login, Ordering::Relaxed);
                }
            }
            let attributes = template::read_attributes(witness, private)?;
            let spki = template::read_public_key_on(key.curve, witness, key.public)?;
            Ok(ReadBack { spki, attributes })
        })
    }

    fn sign(&self, key: &mut Pkcs11Key, tbs: &ToBeSigned) -> Result<SignatureValue, Pkcs11Error> {
        if core::mem::replace(&mut key.used, true) {
            return Err(Pkcs11Error::AlreadyUsed);
        }
        signing::ecdsa(key.session()?, key.private, key.curve.into(), tbs)
    }

    fn destroy(&self, key: &mut Pkcs11Key) -> Result<(), Pkcs11Error> {
        key.destroy()
    }

    fn look_up(&self, key: &mut Pkcs11Key) -> Result<Trace, Pkcs11Error> {
        let (witness, by_id) = self
            .sessions()
            .begin(&key.place, Use::Moment, |witness| Ok(Self::objects(witness, key.id)?.len()))?;
        // The handle means most in its own session. Where that is lost, a handle is the same in all sessions of a process; where the
        // whole login is lost, it means nothing.
        let own = key.session().map(|session| key.handle_works(session));
        let handle_works = match own {
            Ok(Err(_)) => key.handle_works(&witness),
            Ok(Ok(works)) => Ok(works),
            Err(_) => Ok(false),
        };
        // A session in which signing was begun is of no more use.
        match handle_works {
            Ok(false) => self.sessions().put(witness),
            _ => self.sessions().close(witness),
        }
        let handle_works = handle_works?;
        let trace = Trace { by_id, handle_works };
        key.confirmed = trace.is_absent();
        if key.confirmed && !matches!(own, Ok(Ok(false))) {
            // The key is gone, but what state its session is in nobody knows.
            key.close_session();
        }
        Ok(trace)
    }

    fn sweep(&self) -> Result<Swept, Pkcs11Error> {
        let place = self.sessions().enter(Use::Moment)?;
        // A lost login is made again by this; the session that may write is none of those that are kept.
        self.sessions().with(&place, see_private_objects)?;
        let session = self.sessions().writing(&place)?;
        let leftovers = self.leftovers(&session)?;
        // What cannot be destroyed is counted by the second look.
        let destroyed =
            leftovers.into_iter().filter(|object| session.destroy_object(*object).is_ok()).count();
        drop(session);
        let remaining = self.sessions().with(&place, |witness| Ok(self.leftovers(witness)?.len()))?;
        Ok(Swept { destroyed, remaining })
    }
}
