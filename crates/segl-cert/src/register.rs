use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use segl_crypto::{Time, sha256};

use crate::SerialNumber;

/// Where an authority keeps what it must know about the certificates it issued.
///
/// It holds serial numbers, hashes, times and states, and never a certificate: a seal certificate exists only inside
/// its seal. Every method that changes something returns after the change is durable. `&self`, so that one register can
/// serve several issuers and threads; an implementation brings its own lock or connection.
///
/// A declined certificate leaves nothing here: [`reserve`](Self::reserve) comes after approval and before signing.
pub trait IssuedCertificates {
    /// Why the register could not be read or written.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reserves a serial number for an issuer, once and for ever.
    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, Self::Error>;

    /// The same for a key that must have one certificate only, by the SHA-256 of its SubjectPublicKeyInfo: reserves both, or neither.
    /// Whatever becomes of the certificate, the key is never certified again (S000-18, Annex II 1(b)).
    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, Self::Error>;

    /// Notes that a certificate was signed under a reserved serial number: [`State::Reserved`] becomes
    /// [`State::Issued`]. A serial number never reserved is inserted as issued; the same certificate may be noted again. One that is
    /// abandoned, revoked or another certificate's is refused with an error and stays as it is.
    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), Self::Error>;

    /// Notes that a reserved or issued certificate was never released. Does nothing to a revoked one.
    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), Self::Error>;

    /// Revokes a certificate, once and for ever: the first revocation stands, a later one changes nothing
    /// (Regulation 910/2014, Article 38(4)). Says what the register holds afterwards, `None` for a number it does not know.
    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, Self::Error>;

    /// What is known of one serial number; `None` when this issuer never used it.
    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, Self::Error>;

    /// Every revoked certificate of an issuer, expired ones too, in order of serial number.
    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, Self::Error>;

    /// Takes the next CRL number of an issuer: 1, 2, 3, …, none of them twice (RFC 5280 5.2.3).
    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, Self::Error>;
}

/// Which issuer a serial number belongs to: SHA-256 of its SubjectPublicKeyInfo (DER).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerKey(pub [u8; 32]);

impl IssuerKey {
    /// The identity of the issuer with this SubjectPublicKeyInfo (DER).
    pub fn of_spki(spki_der: &[u8]) -> Self {
        Self(sha256(spki_der))
    }
}

/// What reserving a serial number came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "made, or which of the two is taken")]
pub enum Reservation {
    /// The number is this caller's, durably.
    Made,
    /// The number was used before: take another.
    Taken,
    /// The key was certified before, by whatever issuer: take another key.
    KeyTaken,
}

/// A certificate as the register knows it: everything but the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The issuer.
    pub issuer: IssuerKey,
    /// The reserved serial number.
    pub serial: SerialNumber,
    /// SHA-256 of the certificate's DER.
    pub sha256: [u8; 32],
    /// First second of the validity.
    pub not_before: Time,
    /// Last second of the validity, inclusive.
    pub not_after: Time,
    /// When it was signed.
    pub issued_at: Time,
}

/// A revocation as the register keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// From when on the certificate is revoked.
    pub at: Time,
    /// CRLReason code (RFC 5280 5.3.1); `None` for unspecified.
    pub reason: Option<u8>,
}

/// How far the certificate of a serial number has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a register must keep each of them apart")]
pub enum State {
    /// The number is taken, nothing is signed yet. A responder says unknown.
    Reserved,
    /// Signed and in force as far as the issuer knows.
    Issued,
    /// Never released. A responder says unknown.
    Abandoned,
    /// Revoked.
    Revoked(Revocation),
}

/// One entry of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// How far it has come.
    pub state: State,
    /// SHA-256 of the certificate's DER, once issued.
    pub sha256: Option<[u8; 32]>,
    /// First and last second of the validity, once issued.
    pub validity: Option<(Time, Time)>,
}

/// A register in memory, for tests and examples. It forgets everything when it goes.
#[derive(Debug, Default)]
pub struct MemoryRegister(Mutex<Inner>);

/// A certificate was noted as issued under a serial number that is abandoned, revoked or another certificate's (S000-32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the serial number {serial} belongs to another certificate, or to one that is not in force any more")]
pub struct SerialInUse {
    /// The serial number.
    pub serial: SerialNumber,
}

#[derive(Debug, Default)]
struct Inner {
    entries: BTreeMap<(IssuerKey, SerialNumber), Registered>,
    keys: BTreeSet<[u8; 32]>,
    crl_numbers: BTreeMap<IssuerKey, u64>,
}

impl Inner {
    fn reserve(&mut self, issuer: &IssuerKey, serial: &SerialNumber) -> Reservation {
        let key = (*issuer, *serial);
        if self.entries.contains_key(&key) {
            return Reservation::Taken;
        }
        self.entries.insert(key, Registered { state: State::Reserved, sha256: None, validity: None });
        Reservation::Made
    }
}

impl MemoryRegister {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IssuedCertificates for MemoryRegister {
    type Error = SerialInUse;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        _at: Time,
    ) -> Result<Reservation, Self::Error> {
        Ok(self.with(|inner| inner.reserve(issuer, serial)))
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        _at: Time,
    ) -> Result<Reservation, Self::Error> {
        Ok(self.with(|inner| {
            if inner.keys.contains(key) {
                return Reservation::KeyTaken;
            }
            let reservation = inner.reserve(issuer, serial);
            if reservation == Reservation::Made {
                inner.keys.insert(*key);
            }
            reservation
        }))
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), Self::Error> {
        let key = (issued.issuer, issued.serial);
        self.with(|inner| {
            let is_free = inner.entries.get(&key).is_none_or(|entry| match entry.state {
                State::Reserved => true,
                State::Issued => entry.sha256 == Some(issued.sha256),
                State::Abandoned | State::Revoked(_) => false,
            });
            if !is_free {
                return Err(SerialInUse { serial: issued.serial });
            }
            let entry = Registered {
                state: State::Issued,
                sha256: Some(issued.sha256),
                validity: Some((issued.not_before, issued.not_after)),
            };
            inner.entries.insert(key, entry);
            Ok(())
        })
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        _at: Time,
    ) -> Result<(), Self::Error> {
        self.with(|inner| {
            if let Some(entry) = inner.entries.get_mut(&(*issuer, *serial))
                && !matches!(entry.state, State::Revoked(_))
            {
                entry.state = State::Abandoned;
            }
        });
        Ok(())
    }

    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, Self::Error> {
        Ok(self.with(|inner| {
            let entry = inner.entries.get_mut(&(*issuer, *serial))?;
            if !matches!(entry.state, State::Revoked(_)) {
                entry.state = State::Revoked(revocation);
            }
            Some(entry.state)
        }))
    }

    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, Self::Error> {
        Ok(self.with(|inner| inner.entries.get(&(*issuer, *serial)).copied()))
    }

    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, Self::Error> {
        Ok(self.with(|inner| {
            inner
                .entries
                .iter()
                .filter(|((of, _), _)| of == issuer)
                .filter_map(|((_, serial), entry)| match entry.state {
                    State::Revoked(revocation) => Some((*serial, revocation)),
                    _ => None,
                })
                .collect()
        }))
    }

    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, Self::Error> {
        Ok(self.with(|inner| {
            let number = inner.crl_numbers.entry(*issuer).or_insert(0);
            *number = number.saturating_add(1);
            *number
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: IssuerKey = IssuerKey([7; 32]);

    #[test]
    fn a_serial_number_is_given_once() {
        let register = MemoryRegister::default();
        let serial = SerialNumber::from_random([1; 15]);
        let now = Time::from_unix(0);
        assert_eq!(register.reserve(&ISSUER, &serial, now), Ok(Reservation::Made));
        assert_eq!(register.reserve(&ISSUER, &serial, now), Ok(Reservation::Taken));
        assert_eq!(register.reserve(&IssuerKey([8; 32]), &serial, now), Ok(Reservation::Made));
    }

    #[test]
    fn a_key_is_certified_once() {
        let register = MemoryRegister::default();
        let [one, two] = [1, 2].map(|n| SerialNumber::from_random([n; 15]));
        let now = Time::from_unix(0);
        assert_eq!(register.reserve_for_key(&ISSUER, &one, &[3; 32], now), Ok(Reservation::Made));
        assert_eq!(register.reserve_for_key(&ISSUER, &two, &[3; 32], now), Ok(Reservation::KeyTaken));
        // A number that is taken takes no key with it.
        assert_eq!(register.reserve_for_key(&ISSUER, &one, &[4; 32], now), Ok(Reservation::Taken));
        assert_eq!(register.reserve_for_key(&ISSUER, &two, &[4; 32], now), Ok(Reservation::Made));
    }

    #[test]
    fn the_first_revocation_stands() {
        let register = MemoryRegister::default();
        let serial = SerialNumber::from_random([1; 15]);
        let first = Revocation { at: Time::from_unix(10), reason: None };
        assert_eq!(register.revoke(&ISSUER, &serial, first), Ok(None));
        register.reserve(&ISSUER, &serial, Time::from_unix(0)).unwrap();
        assert_eq!(register.revoke(&ISSUER, &serial, first), Ok(Some(State::Revoked(first))));
        let later = Revocation { at: Time::from_unix(20), reason: Some(1) };
        assert_eq!(register.revoke(&ISSUER, &serial, later), Ok(Some(State::Revoked(first))));
        register.record_abandoned(&ISSUER, &serial, Time::from_unix(30)).unwrap();
        assert_eq!(register.revoked(&ISSUER), Ok(vec![(serial, first)]));
        assert_eq!(register.next_crl_number(&ISSUER), Ok(1));
        assert_eq!(register.next_crl_number(&ISSUER), Ok(2));
    }
}
