//! One-shot keys in a PKCS#11 token.

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use segl_crypto::{SignatureValue, ToBeSigned};

use super::gate::{Place, Use};
use super::sessions::{Leased, Sessions, lock, see_private_objects, seeing};
use super::template::{self, Ask, Called, Life, Wanted};
use super::{DeviceFault, Pkcs11Error, signing};
use crate::{Curve, KeyId, ONE_SHOT_LABEL_PREFIX, ReadBack, Swept, Token, TokenDescription, Trace};

/// A token that this process is logged in to. A clone is another handle on the same login and sessions, to be passed to any thread.
#[derive(Clone)]
pub struct Pkcs11Token(Arc<Inner>);

struct Inner {
    sessions: Sessions,
    /// Keys in use through this handle, which a sweep leaves alone.
    live: Mutex<HashSet<KeyId>>,
    /// Set once the device has refused the long template, and a key that it made by the short one was as it must be.
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
    ) -> Result<Made, Pkcs11Error> {
        if !self.0.essentials_only.load(Ordering::Relaxed) {
            match template::generate(session, wanted, called, life, Ask::Everything) {
                Err(error) if template::is_template_refused(&error) => {}
                made => return made.map(|pair| Made::of(pair, Ask::Everything)).map_err(Pkcs11Error::of),
            }
        }
        let made = template::generate(session, wanted, called, life, Ask::Essentials);
        made.map(|pair| Made::of(pair, Ask::Essentials)).map_err(Pkcs11Error::of)
    }

    /// Notes that a key obeys although no more was asked for than this.
    pub(super) fn obeyed(&self, asked: Ask) {
        if asked == Ask::Essentials {
            self.0.essentials_only.store(true, Ordering::Relaxed);
        }
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
        template::find(witness, &[Attribute::Id(id.0.to_vec())])
    }

    /// Goes through every key object with the label of a one-shot key that is not in use through this handle.
    fn each_leftover(
        &self,
        session: &Session,
        mut leftover: impl FnMut(ObjectHandle),
    ) -> Result<(), Pkcs11Error> {
        seeing(session, || {
            let mut look = |object| {
                // No key is begun meanwhile, so that none is taken for what is looked at: handles may be given out again.
                let live = lock(&self.0.live);
                if Self::is_leftover(session, object, &live)? {
                    leftover(object);
                }
                Ok(())
            };
            // One search for objects of all classes: a second one could not be begun where the device did not end the first.
            let mut found = template::find(session, &[])?;
            // SoftHSM2 answers anything about an object that goes just then, and afterwards that it is gone.
            found.retain(|object| look(*object).is_err());
            found.into_iter().try_for_each(look)
        })
    }

    fn is_leftover(
        session: &Session,
        object: ObjectHandle,
        live: &HashSet<KeyId>,
    ) -> Result<bool, Pkcs11Error> {
        let asked = [AttributeType::Class, AttributeType::Label, AttributeType::Id];
        let answers = match session.get_attributes(object, &asked).map_err(Pkcs11Error::of) {
            // Gone since it was found.
            Err(Pkcs11Error::HandleUnknown(_)) => return Ok(false),
            // Of a class that has no name here, and so no key.
            Err(Pkcs11Error::Device(DeviceFault(Error::NotSupported))) => return Ok(false),
            answers => answers?,
        };
        let (mut is_key, mut is_ours, mut is_live) = (false, false, false);
        for answer in answers {
            match answer {
                Attribute::Class(class) => {
                    is_key = matches!(class, ObjectClass::PRIVATE_KEY | ObjectClass::PUBLIC_KEY);
                }
                Attribute::Label(label) => {
                    is_ours = label.starts_with(ONE_SHOT_LABEL_PREFIX.as_bytes());
                    is_live |= is_ours && live.iter().any(|id| id.label().as_bytes() == label);
                }
                // Some devices cut labels off.
                Attribute::Id(id) => is_live |= id.try_into().is_ok_and(|id| live.contains(&KeyId(id))),
                _ => {}
            }
        }
        Ok(is_key && is_ours && !is_live)
    }
}

impl fmt::Debug for Pkcs11Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Token").field("description", self.0.sessions.token()).finish_non_exhaustive()
    }
}

/// A key pair in the device, and how it was asked for.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) public: ObjectHandle,
    pub(super) private: ObjectHandle,
    pub(super) asked: Ask,
}

impl Made {
    const fn of((public, private): (ObjectHandle, ObjectHandle), asked: Ask) -> Self {
        Self { public, private, asked }
    }
}

/// The identifier of a key in use; when dropped, it is free again.
struct Live {
    token: Pkcs11Token,
    id: KeyId,
}

impl Live {
    fn new(token: &Pkcs11Token, id: KeyId) -> Result<Self, Pkcs11Error> {
        if lock(&token.0.live).insert(id) {
            Ok(Self { token: token.clone(), id })
        } else {
            Err(Pkcs11Error::IdInUse { id })
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        lock(&self.token.0.live).remove(&self.id);
    }
}

/// A one-shot key in a [`Pkcs11Token`], with the session it lives in. Dropping it destroys it and closes the session, which
/// removes what was made there (PKCS#11 2.40, 2.6.2).
pub struct Pkcs11Key {
    /// `None` once it was closed because it was in doubt.
    session: Option<Leased>,
    public: ObjectHandle,
    private: ObjectHandle,
    asked: Ask,
    curve: Curve,
    used: bool,
    private_gone: bool,
    /// The look-up found nothing, so the session can serve the next key.
    confirmed: bool,
    live: Live,
    /// For the key's session, and one more that looks at the key. The last field, because it is to be dropped last.
    place: Place,
}

impl Pkcs11Key {
    fn sessions(&self) -> &Sessions {
        self.live.token.sessions()
    }

    /// The session the key lives in, if its handles still mean something.
    fn session(&self) -> Result<&Leased, Pkcs11Error> {
        let session = self.session.as_ref().filter(|session| self.sessions().is_current(session));
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
            self.sessions().close(session);
        }
    }
}

impl Drop for Pkcs11Key {
    fn drop(&mut self) {
        if self.confirmed {
            if let Some(session) = self.session.take() {
                self.sessions().put(session);
            }
        } else {
            // Nobody is left to tell; closing the session is the second attempt.
            drop(self.destroy());
            self.close_session();
        }
    }
}

impl fmt::Debug for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Key")
            .field("id", &self.live.id)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

impl Token for Pkcs11Token {
    type Key = Pkcs11Key;
    type Error = Pkcs11Error;

    fn description(&self) -> &TokenDescription {
        self.0.sessions.token()
    }

    fn generate(&self, curve: Curve, id: KeyId) -> Result<Pkcs11Key, Pkcs11Error> {
        let live = Live::new(self, id)?;
        let label = id.label();
        let called = Called { id: &id.0, label: &label };
        let place = self.sessions().enter(Use::Key)?;
        let in_doubt = Cell::new(false);
        let made = self.sessions().begin(&place, Use::Key, |session| {
            let made = self.make(session, Wanted::on(curve), &called, Life::Session);
            let may_be_made = made.as_ref().is_err_and(|error| !error.denies_private_objects());
            in_doubt.set(in_doubt.get() || may_be_made);
            made
        });
        match made {
            Ok((session, Made { public, private, asked })) => Ok(Pkcs11Key {
                session: Some(session),
                public,
                private,
                asked,
                curve,
                used: false,
                private_gone: false,
                confirmed: false,
                live,
                place,
            }),
            Err(error) if in_doubt.get() => Err(self.clear_away(&place, id, error)),
            Err(error) => Err(error),
        }
    }

    /// Reads through another session than the key's. With the first key of a login that session has to find the key by looking for it,
    /// which shows that later look-ups are not blind.
    fn read_back(&self, key: &Pkcs11Key) -> Result<ReadBack, Pkcs11Error> {
        self.sessions().with(&key.place, |witness| {
            let login = self.sessions().epoch().wrapping_add(1);
            let mut private = key.private;
            if self.0.sees.load(Ordering::Relaxed) != login {
                let found = template::private_keys(witness, &key.live.id.0)?;
                let [seen] = found.as_slice() else {
                    return Err(Pkcs11Error::NotVisible { found: found.len() });
                };
                private = *seen;
                if private == key.private {
                    self.0.sees.store(login, Ordering::Relaxed);
                }
            }
            let attributes = template::read_attributes(witness, private)?;
            if attributes.disobeyed().is_empty() {
                self.obeyed(key.asked);
            }
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
            .begin(&key.place, Use::Moment, |witness| Ok(Self::objects(witness, key.live.id)?.len()))?;
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
        let destroyed = Cell::new(0_usize);
        let (session, ()) = self.sessions().begin_writing(&place, |session| {
            self.each_leftover(session, |object| {
                // What cannot be destroyed is counted by the second look.
                if session.destroy_object(object).is_ok() {
                    destroyed.set(destroyed.get().saturating_add(1));
                }
            })
        })?;
        self.sessions().close(session);
        let remaining = self.sessions().with(&place, |witness| {
            let mut remaining = 0_usize;
            self.each_leftover(witness, |_| remaining = remaining.saturating_add(1))?;
            Ok(remaining)
        })?;
        Ok(Swept { destroyed: destroyed.get(), remaining })
    }
}
