//! `segl records`: lists and verifies the records of the sealings, and clears an alarm.

use std::process::ExitCode;

use segl::crypto::Time;
use segl::record::{Cause, Event, LevelOfAssurance, Operator, Outcome, SealingRecord, SlotCleared, SlotName};
use segl::sealing::Journal as _;
use segl::store::{LogRow, SqliteStore};
use serde_json::{Value, json};

use crate::args::{ClearArgs, Cli, RecordsVerb};
use crate::console::Console;
use crate::error::Failure;
use crate::report::printable;
use crate::seal::salts;
use crate::{home, now, rng};

/// How many rows are read at a time.
const PAGE: u32 = 256;

pub(crate) fn run(cli: &Cli, verb: &RecordsVerb, console: &Console) -> Result<ExitCode, Failure> {
    let folder = home::folder(cli.home.as_deref())?;
    if !home::is_there(&folder) {
        return Err(format!("there is no authority in {}; `segl init` makes one", folder.display()).into());
    }
    let store = home::store(&folder, &mut rng())?;
    match verb {
        RecordsVerb::Clear(args) => clear(&store, args, console)?,
        RecordsVerb::Verify => {
            let verified = store.verify(&[])?;
            console.good(&format!("The chain of {} records is whole.", verified.head.sequence()));
        }
        RecordsVerb::List(args) if args.json => list_json(&store, console)?,
        RecordsVerb::List(_) => list(&store, console)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn clear(store: &SqliteStore, args: &ClearArgs, console: &Console) -> Result<(), Failure> {
    let slot = SlotName::new(&args.slot)?;
    let operator = Operator::new(&args.operator)?;
    let entry = store.clear(&SlotCleared { slot, operator, at: now() }, salts(&mut rng()))?;
    console.good(&format!("Sealing on {} may go on (record {}).", args.slot, entry.sequence()));
    Ok(())
}

fn list(store: &SqliteStore, console: &Console) -> Result<(), Failure> {
    let (mut after, mut first) = (0, true);
    loop {
        let page = store.entries(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.entry.sequence();
        let rows: Vec<Line> = page.iter().map(Line::of).collect::<Result<_, Failure>>()?;
        let widths = widths(&rows);
        if core::mem::take(&mut first) {
            console.headline(&Line::heading().laid_out(&widths));
        }
        for row in &rows {
            let line = row.laid_out(&widths);
            if row.kind == LineKind::Alarm { console.bad(&line) } else { console.line(&printable(&line)) }
        }
    }
    if first {
        console.line("There are no records yet.");
    }
    Ok(())
}

/// One object a record: what the table has, each fact by itself.
fn list_json(store: &SqliteStore, console: &Console) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = store.entries(after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.entry.sequence();
        for row in &page {
            console.line(&object(row)?.to_string());
        }
    }
}

fn object(row: &LogRow) -> Result<Value, Failure> {
    let number = row.entry.sequence();
    let year = row.entry.year().year();
    let Some(values) = &row.values else {
        return Ok(json!({"number": number, "kind": "erased", "year": year}));
    };
    Ok(match values.event()? {
        Event::Sealing(record) => of_sealing(number, &record),
        Event::Purge(purge) => json!({
            "number": number,
            "kind": "purge",
            "time": purge.at.to_string(),
            "year": purge.year.year(),
            "first": purge.first,
            "last": purge.last,
            "count": purge.count,
            "operator": purge.operator.as_str(),
        }),
        Event::SlotCleared(cleared) => json!({
            "number": number,
            "kind": "slot-cleared",
            "time": cleared.at.to_string(),
            "slot": cleared.slot.as_str(),
            "operator": cleared.operator.as_str(),
        }),
        other => {
            json!({"number": number, "kind": format!("{:?}", other.kind()), "time": other.at().to_string()})
        }
    })
}

fn of_sealing(number: u64, record: &SealingRecord) -> Value {
    let (opening, progress) = (record.opening(), record.progress());
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    let (outcome, cause) = match record.outcome() {
        Outcome::Completed => ("completed".to_owned(), None),
        Outcome::Declined => ("declined".to_owned(), None),
        Outcome::Aborted(cause) => ("aborted".to_owned(), Some(words(cause))),
        Outcome::DestructionUnconfirmed => ("destruction unconfirmed".to_owned(), None),
        other => (format!("{other:?}"), None),
    };
    json!({
        "number": number,
        "kind": "sealing",
        "time": record.concluded().to_string(),
        "outcome": outcome,
        "cause": cause,
        "last_step": record.step().name(),
        "serial": progress.serial().map(ToString::to_string),
        "organisation": {
            "number": opening.organisation.number.as_str(),
            "name": opening.organisation.name.as_str(),
        },
        "holder": {
            "name": opening.holder.name.as_str(),
            "id": opening.holder.id.to_string(),
            "email": opening.holder.email.as_str(),
        },
        "level_of_assurance": assurance(opening.assurance),
        "session": opening.session.to_string(),
        "request": opening.request.to_string(),
        "reference": opening.reference.as_ref().map(|reference| reference.as_str()),
        "slot": opening.slot.as_str(),
        "requested": opening.requested.to_string(),
        "approved": time(progress.approved()),
        "issued": time(progress.issued()),
        "signed": time(progress.signed()),
        "sign_to_destroy_seconds": progress.sign_to_destroy().map(|lived| lived.as_secs_f64()),
        "time_stamped": time(progress.time_stamped()),
    })
}

const fn assurance(level: LevelOfAssurance) -> &'static str {
    match level {
        LevelOfAssurance::Low => "low",
        LevelOfAssurance::Substantial => "substantial",
        LevelOfAssurance::High => "high",
    }
}

/// Columns of the table; the last one is as long as it is.
const COLUMNS: usize = 10;
/// What stands where there is nothing.
const NOTHING: &str = "-";

/// One row of the table.
struct Line {
    cells: [String; COLUMNS],
    kind: LineKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Alarm,
    /// About the log itself, or all that is left of an erased record.
    Note,
    Sealing,
}

impl Line {
    fn heading() -> Self {
        let names = [
            "NUMBER",
            "TIME (UTC)",
            "OUTCOME",
            "LAST STEP",
            "SERIAL",
            "ORGANISATION",
            "HOLDER",
            "ASSURANCE",
            "SESSION",
            "REFERENCE",
        ];
        Self { cells: names.map(str::to_owned), kind: LineKind::Note }
    }

    fn of(row: &LogRow) -> Result<Self, Failure> {
        let number = row.entry.sequence();
        let Some(values) = &row.values else {
            let year = row.entry.year().year();
            return Ok(Self::without_sealing(
                number,
                year.to_string(),
                "the personal data were erased".to_owned(),
            ));
        };
        Ok(match values.event()? {
            Event::Sealing(record) => Self::of_sealing(number, &record),
            Event::Purge(purge) => {
                let what = format!(
                    "personal data of {} erased in {} records, {} to {}, by {}",
                    purge.year.year(),
                    purge.count,
                    purge.first,
                    purge.last,
                    purge.operator.as_str()
                );
                Self::without_sealing(number, seconds(purge.at), what)
            }
            Event::SlotCleared(cleared) => {
                let what = format!("slot {} cleared by {}", cleared.slot.as_str(), cleared.operator.as_str());
                Self::without_sealing(number, seconds(cleared.at), what)
            }
            other => Self::without_sealing(number, seconds(other.at()), format!("{:?}", other.kind())),
        })
    }

    fn of_sealing(number: u64, record: &SealingRecord) -> Self {
        let opening = record.opening();
        let serial = record.progress().serial().map_or(NOTHING.to_owned(), ToString::to_string);
        let alarm = record.outcome() == Outcome::DestructionUnconfirmed;
        let outcome = match record.outcome() {
            Outcome::Completed => "completed".to_owned(),
            Outcome::Declined => "declined".to_owned(),
            Outcome::Aborted(cause) => format!("aborted: {}", words(cause)),
            Outcome::DestructionUnconfirmed => {
                format!("ALARM: key not confirmed gone, {}", opening.slot.as_str())
            }
            other => format!("{other:?}"),
        };
        let reference = opening.reference.as_ref().map_or(NOTHING, |reference| reference.as_str());
        let cells = [
            number.to_string(),
            seconds(record.concluded()),
            outcome,
            record.step().to_string(),
            serial,
            format!("{} {}", opening.organisation.number.as_str(), opening.organisation.name.as_str()),
            opening.holder.name.as_str().to_owned(),
            assurance(opening.assurance).to_owned(),
            opening.session.to_string(),
            reference.to_owned(),
        ];
        Self { cells, kind: if alarm { LineKind::Alarm } else { LineKind::Sealing } }
    }

    /// A row about the log itself, or one of which only the place is left.
    fn without_sealing(number: u64, time: String, what: String) -> Self {
        let mut cells = [NOTHING; COLUMNS].map(str::to_owned);
        for (cell, words) in cells.iter_mut().zip([number.to_string(), time, what]) {
            *cell = words;
        }
        Self { cells, kind: LineKind::Note }
    }

    fn laid_out(&self, widths: &[usize; COLUMNS]) -> String {
        let mut line = String::new();
        for (cell, width) in self.cells.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.trim_end().to_owned()
    }
}

/// How wide each column is. The notes run over their columns instead of stretching them.
fn widths(rows: &[Line]) -> [usize; COLUMNS] {
    let mut widths = Line::heading().cells.map(|name| name.chars().count());
    for row in rows.iter().filter(|row| row.kind != LineKind::Note) {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn seconds(time: Time) -> String {
    time.truncate_to_seconds().to_string()
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Cancelled => "cancelled",
        Cause::ContentChanged => "content changed",
        Cause::DeadlinePassed => "deadline passed",
        Cause::Crashed => "crashed",
        Cause::Document => "document",
        Cause::Evidence => "evidence",
        Cause::Issuing => "issuing",
        Cause::KeyGeneration => "key generation",
        Cause::Signing => "signing",
        Cause::Storage => "storage",
        Cause::TimeStamp => "time-stamp",
        Cause::TimeStampOutsideValidity => "time-stamp outside validity",
        Cause::Verification => "verification",
        _ => "other",
    }
}
