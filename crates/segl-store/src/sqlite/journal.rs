//! The journal: attempts, and the records that end them.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, ToSql, params};
use segl_crypto::{Time, sha256};
use segl_record::{
    Entry, Event, Opening, Outcome, Progress, RequestId, SaltSeed, SealingRecord, SessionId, SlotCleared,
    SlotName, Step,
};
use segl_sealing::{
    AdvanceError, ClearError, ConcludeError, End, Found, Journal, Lease, OpenError, Repeated, RunnerId,
    Unfinished, is_durable_step, may_advance,
};
use uuid::Uuid;

use super::{AppendFailure, Durability, SqliteStore, append, value};
use crate::error::{Corruption, StoreError};

const CORRUPT: StoreError = StoreError::Corrupt(Corruption::Attempt);

impl Journal for SqliteStore {
    type Error = StoreError;

    fn open(&self, opening: &Opening, lease: &Lease) -> Result<(), OpenError<StoreError>> {
        let assertion = assertion_key(opening);
        let progress = Progress::authenticated(opening.session);
        self.write(Durability::Deferred, |connection| {
            if let Some(refused) = repeated(connection, opening, &assertion)? {
                return Ok(Err(refused));
            }
            if let Some(since) = stopped(connection, &opening.slot)? {
                return Ok(Err(OpenError::SlotStopped { since }));
            }
            let mut insert = connection.prepare_cached(
                "INSERT INTO attempt (request, session, assertion, runner, lease, step, opening, progress)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            insert.execute(params![
                opening.request.uuid().as_bytes(),
                opening.session.uuid().as_bytes(),
                assertion,
                lease.runner.uuid().as_bytes(),
                value::instant(lease.until),
                progress.step().number(),
                opening.to_bytes(),
                progress.to_bytes(),
            ])?;
            Ok(Ok(()))
        })
        .map_err(OpenError::Journal)?
    }

    fn advance(
        &self,
        request: RequestId,
        from: Step,
        progress: &Progress,
    ) -> Result<(), AdvanceError<StoreError>> {
        let to = progress.step();
        let durability = if is_durable_step(to) { Durability::Synced } else { Durability::Deferred };
        self.write(durability, |connection| {
            let moved =
                if may_advance(from, to) { move_on(connection, request, from, progress) } else { Ok(false) };
            match moved {
                Ok(true) => Ok(Ok(())),
                Ok(false) => Ok(Err(why_not(connection, request, from, to)?)),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    Ok(Err(used(progress).ok_or(CORRUPT)?))
                }
                Err(error) => Err(StoreError::from(error)),
            }
        })
        .map_err(AdvanceError::Journal)?
    }

    fn conclude(&self, record: &SealingRecord, salts: SaltSeed) -> Result<Entry, ConcludeError<StoreError>> {
        self.write(Durability::Synced, |connection| {
            let row = fetch(connection, record.opening().request)?.ok_or(Refused(ConcludeError::Unknown))?;
            if let Some(end) = row.end {
                return Err(Refused(ConcludeError::Ended { end }));
            }
            let same =
                row.opening == record.opening().to_bytes() && row.progress == record.progress().to_bytes();
            if !same {
                return Err(Refused(ConcludeError::Differs { found: row.step }));
            }
            let entry = append(connection, self.log, &Event::from(record.clone()), salts)?;
            let mut end = connection.prepare_cached(
                "UPDATE attempt SET ended = ?2, entry = ?3, step = ?4, opening = NULL, progress = NULL
                 WHERE request = ?1",
            )?;
            end.execute(params![
                record.opening().request.uuid().as_bytes(),
                End::of(record).number(),
                value::number(entry.sequence())?,
                record.step().number(),
            ])?;
            if record.outcome() == Outcome::DestructionUnconfirmed {
                // An earlier stop stays as it is.
                connection.execute(
                    "INSERT OR IGNORE INTO stopped_slot (slot, since) VALUES (?1, ?2)",
                    params![record.opening().slot.as_str(), value::instant(record.concluded())],
                )?;
            }
            Ok(entry)
        })
        .map_err(|Refused(error)| error)
    }

    fn unfinished(&self, which: Unfinished) -> Result<Vec<Found>, StoreError> {
        let (clause, argument): (_, Option<Vec<u8>>) = match which {
            Unfinished::Expired(now) => ("AND lease <= ?1", Some(value::instant(now).to_vec())),
            Unfinished::Of(runner) => ("AND runner = ?1", Some(runner.uuid().as_bytes().to_vec())),
            _ => ("", None),
        };
        let sql = format!(
            "SELECT session, opening, progress, runner, lease FROM attempt
             WHERE ended IS NULL {clause} ORDER BY number"
        );
        self.read(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query(rusqlite::params_from_iter(argument))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(left_behind(row)?.ok_or(CORRUPT)?);
            }
            Ok(found)
        })
    }

    fn stopped(&self, slot: &SlotName) -> Result<Option<Time>, StoreError> {
        self.read(|connection| stopped(connection, slot))
    }

    fn clear(&self, cleared: &SlotCleared, salts: SaltSeed) -> Result<Entry, ClearError<StoreError>> {
        self.write(Durability::Synced, |connection| {
            let removed =
                connection.execute("DELETE FROM stopped_slot WHERE slot = ?1", [cleared.slot.as_str()])?;
            if removed == 0 {
                return Err(NotCleared(ClearError::NotStopped));
            }
            Ok(append(connection, self.log, &Event::from(cleared.clone()), salts)?)
        })
        .map_err(|NotCleared(error)| error)
    }
}

/// Lets `?` turn a failure of the database into the error of the operation.
struct Refused(ConcludeError<StoreError>);

impl<E: Into<StoreError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(ConcludeError::Journal(error.into()))
    }
}

impl From<AppendFailure> for Refused {
    fn from(failure: AppendFailure) -> Self {
        match failure {
            AppendFailure::Append(error) => Self(ConcludeError::Append(error)),
            AppendFailure::Store(error) => error.into(),
        }
    }
}

struct NotCleared(ClearError<StoreError>);

impl<E: Into<StoreError>> From<E> for NotCleared {
    fn from(error: E) -> Self {
        Self(ClearError::Journal(error.into()))
    }
}

impl From<AppendFailure> for NotCleared {
    fn from(failure: AppendFailure) -> Self {
        match failure {
            AppendFailure::Append(error) => Self(ClearError::Append(error)),
            AppendFailure::Store(error) => error.into(),
        }
    }
}

/// One authentication, by issuer and assertion; a digest only to have a short key. It goes with the record's personal data.
fn assertion_key(opening: &Opening) -> [u8; 32] {
    let (issuer, assertion) =
        (opening.authentication.issuer.as_str(), opening.authentication.assertion.as_str());
    // Neither can hold a space.
    sha256(format!("{issuer} {assertion}").as_bytes())
}

fn repeated(
    connection: &Connection,
    opening: &Opening,
    assertion: &[u8; 32],
) -> Result<Option<OpenError<StoreError>>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT 1, step, ended FROM attempt WHERE request = ?1
         UNION ALL SELECT 2, step, ended FROM attempt WHERE session = ?2 AND (ended IS NULL OR ended = 1)
         UNION ALL SELECT 3, step, ended FROM attempt WHERE assertion = ?3 AND (ended IS NULL OR ended = 1)
         ORDER BY 1 LIMIT 1",
    )?;
    let mut rows = select.query(params![
        opening.request.uuid().as_bytes(),
        opening.session.uuid().as_bytes(),
        assertion
    ])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let repeated = match row.get(0)? {
        1_i64 => Repeated::Request,
        2 => Repeated::Session,
        _ => Repeated::Assertion,
    };
    let step = Step::from_number(row.get(1)?).ok_or(CORRUPT)?;
    Ok(Some(match end(row, 2)? {
        None => OpenError::InProgress { repeated, step },
        Some(End::Completed) => OpenError::AlreadyCompleted { repeated },
        Some(end) => OpenError::Abandoned { end, step },
    }))
}

fn stopped(connection: &Connection, slot: &SlotName) -> Result<Option<Time>, StoreError> {
    let mut select = connection.prepare_cached("SELECT since FROM stopped_slot WHERE slot = ?1")?;
    let since = select.query_row([slot.as_str()], |row| Ok(value::time(row.get_ref(0)?))).optional()?;
    since.map(|since| since.ok_or(CORRUPT)).transpose()
}

/// Whether exactly one row was at `from` and went on.
fn move_on(
    connection: &Connection,
    request: RequestId,
    from: Step,
    progress: &Progress,
) -> rusqlite::Result<bool> {
    // An index is written anew whenever its column is named, so only the step that brings a value names it.
    let (column, value): (_, Option<Vec<u8>>) = match progress.step() {
        Step::KeyMade => (", key = ?6", progress.receipt().map(|receipt| receipt.digest().to_vec())),
        Step::Certified => (", serial = ?6", progress.serial().map(|serial| serial.as_bytes().to_vec())),
        _ => ("", None),
    };
    let sql = format!(
        "UPDATE attempt SET step = ?4, progress = ?5{column}
         WHERE request = ?1 AND session = ?2 AND step = ?3 AND ended IS NULL"
    );
    let (request, session) = (request.uuid(), progress.session().uuid());
    let (from, to, progress) = (from.number(), progress.step().number(), progress.to_bytes());
    let mut arguments: Vec<&dyn ToSql> = vec![request.as_bytes(), session.as_bytes(), &from, &to, &progress];
    if let Some(value) = &value {
        arguments.push(value);
    }
    let moved = connection.prepare_cached(&sql)?.execute(&*arguments)?;
    Ok(moved == 1)
}

fn why_not(
    connection: &Connection,
    request: RequestId,
    from: Step,
    to: Step,
) -> Result<AdvanceError<StoreError>, StoreError> {
    Ok(match fetch(connection, request)? {
        None => AdvanceError::Unknown,
        Some(Attempted { end: Some(end), .. }) => AdvanceError::Ended { end },
        Some(row) => AdvanceError::NotThere { from, to, found: row.step },
    })
}

/// Which unique constraint the step ran into.
fn used(progress: &Progress) -> Option<AdvanceError<StoreError>> {
    match progress.step() {
        Step::KeyMade => Some(AdvanceError::KeyUsed),
        Step::Certified => Some(AdvanceError::SerialUsed { serial: progress.serial()?.clone() }),
        _ => None,
    }
}

struct Attempted {
    step: Step,
    end: Option<End>,
    opening: Vec<u8>,
    progress: Vec<u8>,
}

fn fetch(connection: &Connection, request: RequestId) -> Result<Option<Attempted>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT step, ended, opening, progress FROM attempt WHERE request = ?1")?;
    let mut rows = select.query([request.uuid().as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Attempted {
        step: Step::from_number(row.get(0)?).ok_or(CORRUPT)?,
        end: end(row, 1)?,
        opening: row.get::<_, Option<_>>(2)?.unwrap_or_default(),
        progress: row.get::<_, Option<_>>(3)?.unwrap_or_default(),
    }))
}

fn end(row: &Row<'_>, column: usize) -> Result<Option<End>, StoreError> {
    let number: Option<u8> = row.get(column)?;
    number.map(|number| End::from_number(number).ok_or(CORRUPT)).transpose()
}

fn left_behind(row: &Row<'_>) -> Result<Option<Found>, StoreError> {
    let session = value::array(row.get_ref(0)?).map(Uuid::from_bytes).and_then(SessionId::new);
    let opening = row.get_ref(1)?.as_blob().ok().and_then(|bytes| Opening::from_bytes(bytes).ok());
    let runner = value::array(row.get_ref(3)?).map(Uuid::from_bytes).map(RunnerId::new);
    let until = value::time(row.get_ref(4)?);
    let (Some(session), Some(opening), Some(runner), Some(until)) = (session, opening, runner, until) else {
        return Ok(None);
    };
    let progress = row.get_ref(2)?.as_blob().ok().and_then(|bytes| Progress::from_bytes(bytes, session).ok());
    Ok(progress.map(|progress| Found { opening, progress, lease: Lease { runner, until } }))
}
