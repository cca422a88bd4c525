//! The journal: attempts, and the records that end them.

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

use super::{Store, append, value};
use crate::database::primitives::{Columns, Sql};
use crate::database::{Database, Value, Write, values};
use crate::error::{Corruption, StoreError};

/// How often an opening is tried that something stands in the way of, and is gone when it is looked at: an attempt that ends just then.
const TRIES: u8 = 5;

impl<D: Database> Journal for Store<D> {
    type Error = StoreError;

    fn open(&self, opening: &Opening, lease: &Lease) -> Result<(), OpenError<StoreError>> {
        let assertion = assertion_key(opening);
        self.database.write(Write::Deferred, |sql| {
            for _ in 0..TRIES {
                // The unique indexes decide; what stood in the way is looked up after.
                if insert(sql, opening, &assertion, lease)? {
                    // An opening that an alarm on another node overtakes here came before it.
                    let since = stopped(sql, &opening.slot)?;
                    return since.map_or(Ok(()), |since| Err(OpenError::SlotStopped { since }));
                }
                if let Some(refused) = repeated(sql, opening, &assertion)? {
                    return Err(refused);
                }
            }
            Err(StoreError::Busy.into())
        })
    }

    fn advance(
        &self,
        request: RequestId,
        from: Step,
        progress: &Progress,
    ) -> Result<(), AdvanceError<StoreError>> {
        let to = progress.step();
        let how = if is_durable_step(to) { Write::Synced } else { Write::Deferred };
        self.database.write(how, |sql| {
            let moved =
                if may_advance(from, to) { move_on(sql, request, from, progress)? } else { Some(false) };
            match moved {
                Some(true) => Ok(()),
                Some(false) => Err(why_not(sql, request, from, to)?),
                None => Err(used(progress).ok_or(corrupt(request))?),
            }
        })
    }

    fn conclude(&self, record: &SealingRecord, salts: SaltSeed) -> Result<Entry, ConcludeError<StoreError>> {
        let opening = record.opening();
        let conclude = |sql: &mut D::Sql<'_>| {
            differs(sql, record)?;
            let entry: Entry =
                append::<ConcludeError<StoreError>>(sql, self.log, &Event::from(record.clone()), salts)?;
            let ended = sql.execute(
                "UPDATE attempt SET ended = $1, entry = $2, step = $3, opening = NULL, progress = NULL
                 WHERE request = $4 AND ended IS NULL AND progress = $5",
                values![
                    End::of(record).number(),
                    value::number(entry.sequence())?,
                    record.step().number(),
                    opening.request.uuid().as_bytes(),
                    &record.progress().to_bytes(),
                ],
            )?;
            if ended != 1 {
                // It went on since it was looked at.
                differs(sql, record)?;
                return Err(corrupt(opening.request).into());
            }
            if record.outcome() == Outcome::DestructionUnconfirmed {
                // An earlier stop stays as it is.
                sql.execute(
                    "INSERT INTO stopped_slot (slot, since) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    values![opening.slot.as_str(), &value::instant(record.concluded())],
                )?;
            }
            Ok(entry)
        };
        self.appending(conclude, |entry| Some(entry.clone()))
    }

    fn unfinished(&self, which: Unfinished) -> Result<Vec<Found>, StoreError> {
        let (text, argument) = match which {
            Unfinished::Expired(now) => (
                "SELECT request, session, opening, progress, runner, lease FROM attempt
                 WHERE ended IS NULL AND lease <= $1 ORDER BY number",
                Some(value::instant(now).to_vec()),
            ),
            Unfinished::Of(runner) => (
                "SELECT request, session, opening, progress, runner, lease FROM attempt
                 WHERE ended IS NULL AND runner = $1 ORDER BY number",
                Some(runner.uuid().as_bytes().to_vec()),
            ),
            _ => (
                "SELECT request, session, opening, progress, runner, lease FROM attempt
                 WHERE ended IS NULL ORDER BY number",
                None,
            ),
        };
        let arguments: Vec<Value<'_>> = argument.iter().map(Value::from).collect();
        let mut found = Vec::new();
        self.database.read(|sql| {
            sql.each(text, &arguments, |row| {
                let request = request(row, 0);
                let read = left_behind(row).filter(|found| Some(found.opening.request) == request);
                found.push(read.ok_or(StoreError::Corrupt(Corruption::Attempt(request)))?);
                Ok::<(), StoreError>(())
            })
        })?;
        Ok(found)
    }

    fn stopped(&self, slot: &SlotName) -> Result<Option<Time>, StoreError> {
        self.database.read(|sql| stopped(sql, slot))
    }

    fn clear(&self, cleared: &SlotCleared, salts: SaltSeed) -> Result<Entry, ClearError<StoreError>> {
        let clear = |sql: &mut D::Sql<'_>| {
            let removed =
                sql.execute("DELETE FROM stopped_slot WHERE slot = $1", values![cleared.slot.as_str()])?;
            if removed == 0 {
                return Err(ClearError::NotStopped);
            }
            append(sql, self.log, &Event::from(cleared.clone()), salts)
        };
        self.appending(clear, |entry| Some(entry.clone()))
    }
}

/// One authentication, by issuer and assertion; a digest only to have a short key. It goes with the record's personal data.
fn assertion_key(opening: &Opening) -> [u8; 32] {
    let (issuer, assertion) =
        (opening.authentication.issuer.as_str(), opening.authentication.assertion.as_str());
    // Neither can hold a space.
    sha256(format!("{issuer} {assertion}").as_bytes())
}

/// Whether the attempt was noted; it is not when its request, session or authentication is taken.
fn insert(
    sql: &mut impl Sql,
    opening: &Opening,
    assertion: &[u8; 32],
    lease: &Lease,
) -> Result<bool, StoreError> {
    let progress = Progress::authenticated(opening.session);
    let inserted = sql.execute(
        "INSERT INTO attempt (request, session, assertion, runner, lease, step, opening, progress)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        values![
            opening.request.uuid().as_bytes(),
            opening.session.uuid().as_bytes(),
            assertion,
            lease.runner.uuid().as_bytes(),
            &value::instant(lease.until),
            progress.step().number(),
            &opening.to_bytes(),
            &progress.to_bytes(),
        ],
    )?;
    Ok(inserted == 1)
}

fn repeated(
    sql: &mut impl Sql,
    opening: &Opening,
    assertion: &[u8; 32],
) -> Result<Option<OpenError<StoreError>>, StoreError> {
    sql.first(
        "SELECT 1, step, ended, request FROM attempt WHERE request = $1
         UNION ALL SELECT 2, step, ended, request FROM attempt WHERE session = $2 AND (ended IS NULL OR ended = 1)
         UNION ALL SELECT 3, step, ended, request FROM attempt WHERE assertion = $3 AND (ended IS NULL OR ended = 1)
         ORDER BY 1 LIMIT 1",
        values![opening.request.uuid().as_bytes(), opening.session.uuid().as_bytes(), assertion],
        |row| {
            let repeated = match row.integer(0) {
                Some(1) => Repeated::Request,
                Some(2) => Repeated::Session,
                _ => Repeated::Assertion,
            };
            let read = step(row, 1).zip(end(row, 2));
            let (step, end) = read.ok_or(StoreError::Corrupt(Corruption::Attempt(request(row, 3))))?;
            Ok(match end {
                None => OpenError::InProgress { repeated, step },
                Some(End::Completed) => OpenError::AlreadyCompleted { repeated },
                Some(end) => OpenError::Abandoned { end, step },
            })
        },
    )
}

fn stopped(sql: &mut impl Sql, slot: &SlotName) -> Result<Option<Time>, StoreError> {
    sql.first("SELECT since FROM stopped_slot WHERE slot = $1", values![slot.as_str()], |row| {
        let since = row.octets(0).and_then(value::time);
        since.ok_or_else(|| StoreError::Corrupt(Corruption::StoppedSlot(slot.clone())))
    })
}

/// Whether exactly one row was at `from` and went on; `None` when the key or the serial number is another attempt's.
fn move_on(
    sql: &mut impl Sql,
    request: RequestId,
    from: Step,
    progress: &Progress,
) -> Result<Option<bool>, StoreError> {
    let (request, session) = (request.uuid(), progress.session().uuid());
    let (to, octets) = (progress.step(), progress.to_bytes());
    let receipt = progress.receipt();
    // An index is written anew whenever its column is named, so only the step that brings a value names it.
    let moved = match to {
        Step::KeyMade => sql.execute_unique(
            "UPDATE attempt SET step = $1, progress = $2, key = $3
             WHERE request = $4 AND session = $5 AND step = $6 AND ended IS NULL",
            values![
                to.number(),
                &octets,
                receipt.as_ref().map(|receipt| receipt.digest()),
                request.as_bytes(),
                session.as_bytes(),
                from.number(),
            ],
        ),
        Step::Certified => sql.execute_unique(
            "UPDATE attempt SET step = $1, progress = $2, serial = $3
             WHERE request = $4 AND session = $5 AND step = $6 AND ended IS NULL",
            values![
                to.number(),
                &octets,
                progress.serial().map(|serial| serial.as_bytes()),
                request.as_bytes(),
                session.as_bytes(),
                from.number(),
            ],
        ),
        _ => sql.execute_unique(
            "UPDATE attempt SET step = $1, progress = $2
             WHERE request = $3 AND session = $4 AND step = $5 AND ended IS NULL",
            values![to.number(), &octets, request.as_bytes(), session.as_bytes(), from.number()],
        ),
    }?;
    Ok(moved.map(|rows| rows == 1))
}

fn why_not(
    sql: &mut impl Sql,
    request: RequestId,
    from: Step,
    to: Step,
) -> Result<AdvanceError<StoreError>, StoreError> {
    Ok(match fetch(sql, request)? {
        None => AdvanceError::Unknown,
        Some(Attempted { end: Some(end), .. }) => AdvanceError::Ended { end },
        Some(row) => AdvanceError::NotThere { from, to, found: row.step },
    })
}

/// Which unique index the step ran into.
fn used(progress: &Progress) -> Option<AdvanceError<StoreError>> {
    match progress.step() {
        Step::KeyMade => Some(AdvanceError::KeyUsed),
        Step::Certified => Some(AdvanceError::SerialUsed { serial: progress.serial()?.clone() }),
        _ => None,
    }
}

/// Fails unless the attempt is without an end and is what the record tells.
fn differs(sql: &mut impl Sql, record: &SealingRecord) -> Result<(), ConcludeError<StoreError>> {
    let row = fetch(sql, record.opening().request)?.ok_or(ConcludeError::Unknown)?;
    if let Some(end) = row.end {
        return Err(ConcludeError::Ended { end });
    }
    let same = row.opening == record.opening().to_bytes() && row.progress == record.progress().to_bytes();
    if same { Ok(()) } else { Err(ConcludeError::Differs { found: row.step }) }
}

struct Attempted {
    step: Step,
    end: Option<End>,
    opening: Vec<u8>,
    progress: Vec<u8>,
}

fn fetch(sql: &mut impl Sql, request: RequestId) -> Result<Option<Attempted>, StoreError> {
    sql.first(
        "SELECT step, ended, opening, progress FROM attempt WHERE request = $1",
        values![request.uuid().as_bytes()],
        |row| {
            let octets = |column| row.octets(column).unwrap_or_default().to_vec();
            let (step, end) = step(row, 0).zip(end(row, 1)).ok_or(corrupt(request))?;
            Ok(Attempted { step, end, opening: octets(2), progress: octets(3) })
        },
    )
}

fn request(row: &impl Columns, column: usize) -> Option<RequestId> {
    value::array(row.octets(column)?).map(Uuid::from_bytes).and_then(RequestId::new)
}

fn step(row: &impl Columns, column: usize) -> Option<Step> {
    value::small(row.integer(column)).and_then(Step::from_number)
}

fn end(row: &impl Columns, column: usize) -> Option<Option<End>> {
    if row.is_null(column) {
        return Some(None);
    }
    value::small(row.integer(column)).and_then(End::from_number).map(Some)
}

const fn corrupt(request: RequestId) -> StoreError {
    StoreError::Corrupt(Corruption::Attempt(Some(request)))
}

fn left_behind(row: &impl Columns) -> Option<Found> {
    let session = value::array(row.octets(1)?).map(Uuid::from_bytes).and_then(SessionId::new)?;
    let opening = Opening::from_bytes(row.octets(2)?).ok()?;
    let progress = Progress::from_bytes(row.octets(3)?, session).ok()?;
    let runner = value::array(row.octets(4)?).map(Uuid::from_bytes).map(RunnerId::new)?;
    let until = value::time(row.octets(5)?)?;
    Some(Found { opening, progress, lease: Lease { runner, until } })
}
