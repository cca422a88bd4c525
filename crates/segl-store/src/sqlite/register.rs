//! The register of issued certificates.

use rusqlite::{Connection, Row, params};
use segl_cert::{
    IssuedCertificate, IssuedCertificates, IssuerKey, Registered, Reservation, Revocation, SerialNumber,
    State,
};
use segl_crypto::Time;

use super::{Durability, SqliteStore, value};
use crate::error::{Corruption, StoreError};

const CORRUPT: StoreError = StoreError::Corrupt(Corruption::Certificate);

const RESERVED: u8 = 1;
const ISSUED: u8 = 2;
const ABANDONED: u8 = 3;
const REVOKED: u8 = 4;

/// The register as the issuer uses it inside a sealing.
///
/// Reserving, issuing and abandoning are deferred: they outlive a crash of the process at once, and a loss of power as soon as the
/// sealing's record is written. Nothing is let out before that, so a certificate whose row is lost with the power was never seen by
/// anybody; and its serial number, which is random, is not drawn again. Revocations and CRL numbers are synced here as well.
///
/// Whoever issues outside of a sealing uses the [`SqliteStore`] itself, which syncs everything.
#[derive(Clone, Copy, Debug)]
pub struct SealingRegister<'s>(&'s SqliteStore);

impl SqliteStore {
    /// The register for issuing inside a sealing, which saves two syncs.
    #[must_use]
    pub const fn sealing_register(&self) -> SealingRegister<'_> {
        SealingRegister(self)
    }

    fn reserve_with(
        &self,
        durability: Durability,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: Option<&[u8; 32]>,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.write(durability, |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO certificate (issuer, serial, state, reserved_at, spki) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?;
            let made =
                insert.execute(params![issuer.0, serial.as_octets(), RESERVED, value::instant(at), key])?;
            if made == 1 {
                return Ok(Reservation::Made);
            }
            let mut known = connection.prepare_cached("SELECT 1 FROM certificate WHERE spki = ?1")?;
            Ok(if known.exists([key])? { Reservation::KeyTaken } else { Reservation::Taken })
        })
    }

    fn issued_with(&self, durability: Durability, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.write(durability, |connection| {
            let mut upsert = connection.prepare_cached(
                "INSERT INTO certificate (issuer, serial, state, reserved_at, sha256, not_before, not_after, issued_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4)
                 ON CONFLICT DO UPDATE SET state = ?3, sha256 = ?5, not_before = ?6, not_after = ?7, issued_at = ?4
                 WHERE state = ?8 OR (state = ?3 AND sha256 = ?5)",
            )?;
            let noted = upsert.execute(params![
                issued.issuer.0,
                issued.serial.as_octets(),
                ISSUED,
                value::instant(issued.issued_at),
                issued.sha256,
                value::instant(issued.not_before),
                value::instant(issued.not_after),
                RESERVED,
            ])?;
            if noted == 1 { Ok(()) } else { Err(StoreError::SerialInUse { serial: issued.serial }) }
        })
    }

    fn abandoned_with(
        &self,
        durability: Durability,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.write(durability, |connection| {
            let mut update = connection.prepare_cached(
                "UPDATE certificate SET state = ?3, abandoned_at = ?4
                 WHERE issuer = ?1 AND serial = ?2 AND state IN (?5, ?6)",
            )?;
            update.execute(params![
                issuer.0,
                serial.as_octets(),
                ABANDONED,
                value::instant(at),
                RESERVED,
                ISSUED
            ])?;
            Ok(())
        })
    }
}

impl IssuedCertificates for SqliteStore {
    type Error = StoreError;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.reserve_with(Durability::Synced, issuer, serial, None, at)
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.reserve_with(Durability::Synced, issuer, serial, Some(key), at)
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.issued_with(Durability::Synced, issued)
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.abandoned_with(Durability::Synced, issuer, serial, at)
    }

    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, StoreError> {
        self.write(Durability::Synced, |connection| {
            connection.execute(
                "UPDATE certificate SET state = ?3, revoked_at = ?4, reason = ?5
                 WHERE issuer = ?1 AND serial = ?2 AND state <> ?3",
                params![
                    issuer.0,
                    serial.as_octets(),
                    REVOKED,
                    value::instant(revocation.at),
                    revocation.reason
                ],
            )?;
            Ok(find(connection, issuer, serial)?.map(|registered| registered.state))
        })
    }

    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, StoreError> {
        self.read(|connection| find(connection, issuer, serial))
    }

    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT serial, revoked_at, reason FROM certificate WHERE issuer = ?1 AND state = 4 ORDER BY serial",
            )?;
            let mut rows = select.query([issuer.0])?;
            let mut revoked = Vec::new();
            while let Some(row) = rows.next()? {
                let serial = value::array(row.get_ref(0)?).and_then(SerialNumber::from_octets);
                revoked.push((serial.ok_or(CORRUPT)?, revocation(row, 1)?));
            }
            Ok(revoked)
        })
    }

    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, StoreError> {
        self.write(Durability::Synced, |connection| {
            let last: i64 = connection.query_row(
                "INSERT INTO crl_number (issuer, last) VALUES (?1, 1)
                 ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
                [issuer.0],
                |row| row.get(0),
            )?;
            u64::try_from(last).map_err(|_| CORRUPT)
        })
    }
}

impl IssuedCertificates for SealingRegister<'_> {
    type Error = StoreError;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.0.reserve_with(Durability::Deferred, issuer, serial, None, at)
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.0.reserve_with(Durability::Deferred, issuer, serial, Some(key), at)
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.0.issued_with(Durability::Deferred, issued)
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.0.abandoned_with(Durability::Deferred, issuer, serial, at)
    }

    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, StoreError> {
        self.0.revoke(issuer, serial, revocation)
    }

    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, StoreError> {
        self.0.status(issuer, serial)
    }

    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, StoreError> {
        self.0.revoked(issuer)
    }

    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, StoreError> {
        self.0.next_crl_number(issuer)
    }
}

fn find(
    connection: &Connection,
    issuer: &IssuerKey,
    serial: &SerialNumber,
) -> Result<Option<Registered>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT state, sha256, not_before, not_after, revoked_at, reason FROM certificate
         WHERE issuer = ?1 AND serial = ?2",
    )?;
    let mut rows = select.query(params![issuer.0, serial.as_octets()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let state = match row.get(0)? {
        RESERVED => State::Reserved,
        ISSUED => State::Issued,
        ABANDONED => State::Abandoned,
        REVOKED => State::Revoked(revocation(row, 4)?),
        _ => return Err(CORRUPT),
    };
    let validity = value::time(row.get_ref(2)?).zip(value::time(row.get_ref(3)?));
    Ok(Some(Registered { state, sha256: value::array(row.get_ref(1)?), validity }))
}

fn revocation(row: &Row<'_>, column: usize) -> Result<Revocation, StoreError> {
    let at = value::time(row.get_ref(column)?).ok_or(CORRUPT)?;
    Ok(Revocation { at, reason: row.get(column + 1)? })
}
