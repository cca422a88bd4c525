//! The register of issued certificates.

use core::fmt;

use segl_cert::{
    IssuedCertificate, IssuedCertificates, IssuerKey, Registered, Reservation, Revocation, SerialNumber,
    State,
};
use segl_crypto::Time;

use super::{Store, value};
use crate::database::primitives::{Columns, Sql};
use crate::database::{Database, Write, values};
use crate::error::{Corruption, StoreError};

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
/// Whoever issues outside of a sealing uses the [`Store`] itself, which syncs everything.
pub struct SealingRegister<'s, D>(&'s Store<D>);

impl<D> Clone for SealingRegister<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for SealingRegister<'_, D> {}

impl<D: fmt::Debug> fmt::Debug for SealingRegister<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealingRegister").field(self.0).finish()
    }
}

impl<D: Database> Store<D> {
    /// The register for issuing inside a sealing, which saves two syncs.
    #[must_use]
    pub const fn sealing_register(&self) -> SealingRegister<'_, D> {
        SealingRegister(self)
    }

    /// Makes the CRL numbers of an issuer go on above this one, which was given out already; never moves them back. For after a backup
    /// was brought back: CRL numbers are counted, so the ones given out since are forgotten, and must not come twice (RFC 5280, 5.2.3).
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::CrlNumberTooHigh`] from 2^63 on.
    pub fn skip_crl_numbers(&self, issuer: &IssuerKey, given_out: u64) -> Result<(), StoreError> {
        let too_high = |_| StoreError::CrlNumberTooHigh { number: given_out };
        let given_out = i64::try_from(given_out).map_err(too_high)?;
        self.database.write(Write::Synced, |sql| {
            sql.execute(
                "INSERT INTO crl_number (issuer, last) VALUES ($1, $2)
                 ON CONFLICT (issuer) DO UPDATE SET last = $2 WHERE crl_number.last < $2",
                values![&issuer.0, given_out],
            )?;
            Ok(())
        })
    }

    fn reserve_with(
        &self,
        how: Write,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: Option<&[u8; 32]>,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.database.write(how, |sql| {
            let made = sql.execute(
                "INSERT INTO certificate (issuer, serial, state, reserved_at, spki) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
                values![&issuer.0, serial.as_octets(), RESERVED, &value::instant(at), key],
            )?;
            if made == 1 {
                return Ok(Reservation::Made);
            }
            let known = sql
                .first("SELECT 1 FROM certificate WHERE spki = $1", values![key], |_| Ok::<_, StoreError>(()))?;
            Ok(if known.is_some() { Reservation::KeyTaken } else { Reservation::Taken })
        })
    }

    fn issued_with(&self, how: Write, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.database.write(how, |sql| {
            let noted = sql.execute(
                "INSERT INTO certificate (issuer, serial, state, reserved_at, sha256, not_before, not_after, issued_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $4)
                 ON CONFLICT (issuer, serial)
                 DO UPDATE SET state = $3, sha256 = $5, not_before = $6, not_after = $7, issued_at = $4
                 WHERE certificate.state = $8 OR (certificate.state = $3 AND certificate.sha256 = $5)",
                values![
                    &issued.issuer.0,
                    issued.serial.as_octets(),
                    ISSUED,
                    &value::instant(issued.issued_at),
                    &issued.sha256,
                    &value::instant(issued.not_before),
                    &value::instant(issued.not_after),
                    RESERVED,
                ],
            )?;
            if noted == 1 { Ok(()) } else { Err(StoreError::SerialInUse { serial: issued.serial }) }
        })
    }

    fn abandoned_with(
        &self,
        how: Write,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.database.write(how, |sql| {
            sql.execute(
                "UPDATE certificate SET state = $1, abandoned_at = $2
                 WHERE issuer = $3 AND serial = $4 AND state IN ($5, $6)",
                values![ABANDONED, &value::instant(at), &issuer.0, serial.as_octets(), RESERVED, ISSUED],
            )?;
            Ok(())
        })
    }
}

impl<D: Database> IssuedCertificates for Store<D> {
    type Error = StoreError;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.reserve_with(Write::Synced, issuer, serial, None, at)
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.reserve_with(Write::Synced, issuer, serial, Some(key), at)
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.issued_with(Write::Synced, issued)
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.abandoned_with(Write::Synced, issuer, serial, at)
    }

    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, StoreError> {
        self.database.write(Write::Synced, |sql| {
            sql.execute(
                "UPDATE certificate SET state = $1, revoked_at = $2, reason = $3
                 WHERE issuer = $4 AND serial = $5 AND state <> $1",
                values![
                    REVOKED,
                    &value::instant(revocation.at),
                    revocation.reason,
                    &issuer.0,
                    serial.as_octets(),
                ],
            )?;
            Ok(find(sql, issuer, serial)?.map(|registered| registered.state))
        })
    }

    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, StoreError> {
        self.database.read(|sql| find(sql, issuer, serial))
    }

    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, StoreError> {
        let mut revoked = Vec::new();
        self.database.read(|sql| {
            sql.each(
                "SELECT serial, revoked_at, reason FROM certificate WHERE issuer = $1 AND state = 4 ORDER BY serial",
                values![&issuer.0],
                |row| {
                    let serial = row.octets(0).and_then(value::array).and_then(SerialNumber::from_octets);
                    let read = serial.zip(revocation(row, 1));
                    revoked.push(read.ok_or(corrupt(serial))?);
                    Ok::<(), StoreError>(())
                },
            )
        })?;
        Ok(revoked)
    }

    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, StoreError> {
        self.database.write(Write::Synced, |sql| {
            let last = sql.first(
                "INSERT INTO crl_number (issuer, last) VALUES ($1, 1)
                 ON CONFLICT (issuer) DO UPDATE SET last = crl_number.last + 1 RETURNING last",
                values![&issuer.0],
                |row| Ok::<_, StoreError>(row.integer(0)),
            )?;
            let number = last.flatten().and_then(|last| u64::try_from(last).ok());
            number.ok_or(StoreError::Corrupt(Corruption::CrlNumber))
        })
    }
}

impl<D: Database> IssuedCertificates for SealingRegister<'_, D> {
    type Error = StoreError;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.0.reserve_with(Write::Deferred, issuer, serial, None, at)
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, StoreError> {
        self.0.reserve_with(Write::Deferred, issuer, serial, Some(key), at)
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.0.issued_with(Write::Deferred, issued)
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), StoreError> {
        self.0.abandoned_with(Write::Deferred, issuer, serial, at)
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
    sql: &mut impl Sql,
    issuer: &IssuerKey,
    serial: &SerialNumber,
) -> Result<Option<Registered>, StoreError> {
    sql.first(
        "SELECT state, sha256, not_before, not_after, revoked_at, reason FROM certificate
         WHERE issuer = $1 AND serial = $2",
        values![&issuer.0, serial.as_octets()],
        |row| {
            let state = match value::small(row.integer(0)) {
                Some(RESERVED) => State::Reserved,
                Some(ISSUED) => State::Issued,
                Some(ABANDONED) => State::Abandoned,
                Some(REVOKED) => State::Revoked(revocation(row, 4).ok_or(corrupt(Some(*serial)))?),
                _ => return Err(corrupt(Some(*serial))),
            };
            let time = |column| row.octets(column).and_then(value::time);
            let sha256 = row.octets(1).and_then(value::array);
            Ok(Registered { state, sha256, validity: time(2).zip(time(3)) })
        },
    )
}

fn revocation(row: &impl Columns, column: usize) -> Option<Revocation> {
    let at = row.octets(column).and_then(value::time)?;
    let reason = value::small(row.integer(column + 1));
    if reason.is_none() && !row.is_null(column + 1) {
        return None;
    }
    Some(Revocation { at, reason })
}

const fn corrupt(serial: Option<SerialNumber>) -> StoreError {
    StoreError::Corrupt(Corruption::Certificate(serial))
}
