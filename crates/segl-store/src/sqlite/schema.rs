//! The tables, and how an older file becomes a newer one.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use segl_record::LogId;
use uuid::Uuid;

use crate::error::{Corruption, OpenStoreError, StoreError};
use crate::store::array;

/// "segl" in ASCII: tells our files from other people's.
const APPLICATION: i32 = 0x7365_676c;

/// One script for each version, in order; a file of version n has had the first n. A script that was released is not changed any more.
const MIGRATIONS: [&str; 2] = [V1, V2];

/// The newest version.
const KNOWN: u32 = 2;

/// Nothing here has room for a document, its digest, name, type or size. The log is append-only: entries are never deleted, and of an
/// entry only the values can go.
const V1: &str = "
CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    log BLOB NOT NULL CHECK (length(log) = 16)
) STRICT;

CREATE TABLE log (
    sequence INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    year INTEGER NOT NULL,
    commitments BLOB NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32),
    organisation TEXT,
    disclosure BLOB
) STRICT;
CREATE INDEX log_of_organisation ON log (organisation, sequence) WHERE organisation IS NOT NULL;
CREATE INDEX log_to_erase ON log (year, sequence) WHERE kind = 1 AND disclosure IS NOT NULL;
CREATE TRIGGER log_is_gapless BEFORE INSERT ON log
    WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM log)
    BEGIN SELECT raise(ABORT, 'the log has no gaps'); END;
CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
    BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_is_never_rewritten BEFORE UPDATE OF sequence, kind, year, commitments, link ON log
    BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_values_only_go BEFORE UPDATE OF organisation, disclosure ON log
    WHEN NEW.organisation IS NOT NULL OR NEW.disclosure IS NOT NULL OR OLD.kind <> 1
    BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

CREATE TABLE attempt (
    number INTEGER PRIMARY KEY,
    request BLOB NOT NULL UNIQUE CHECK (length(request) = 16),
    session BLOB NOT NULL CHECK (length(session) = 16),
    assertion BLOB NOT NULL CHECK (length(assertion) = 32),
    runner BLOB NOT NULL CHECK (length(runner) = 16),
    lease BLOB NOT NULL CHECK (length(lease) = 12),
    step INTEGER NOT NULL CHECK (step BETWEEN 1 AND 9),
    key BLOB CHECK (length(key) = 32),
    serial BLOB CHECK (length(serial) BETWEEN 1 AND 20),
    opening BLOB,
    progress BLOB,
    ended INTEGER CHECK (ended BETWEEN 1 AND 4),
    entry INTEGER REFERENCES log (sequence),
    CHECK ((ended IS NULL) = (entry IS NULL)),
    CHECK ((ended IS NULL) = (opening IS NOT NULL)),
    CHECK ((ended IS NULL) = (progress IS NOT NULL)),
    CHECK ((ended IS 1) = (step = 9))
) STRICT;
CREATE UNIQUE INDEX one_seal_per_session ON attempt (session) WHERE ended IS NULL OR ended = 1;
CREATE UNIQUE INDEX one_seal_per_assertion ON attempt (assertion) WHERE ended IS NULL OR ended = 1;
CREATE UNIQUE INDEX one_attempt_per_key ON attempt (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX one_attempt_per_serial ON attempt (serial) WHERE serial IS NOT NULL;
CREATE UNIQUE INDEX one_attempt_per_entry ON attempt (entry) WHERE entry IS NOT NULL;
CREATE INDEX attempt_unfinished ON attempt (number) WHERE ended IS NULL;

CREATE TABLE stopped_slot (
    slot TEXT PRIMARY KEY,
    since BLOB NOT NULL CHECK (length(since) = 12)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    issuer BLOB NOT NULL CHECK (length(issuer) = 32),
    serial BLOB NOT NULL CHECK (length(serial) = 16),
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    reserved_at BLOB NOT NULL CHECK (length(reserved_at) = 12),
    sha256 BLOB CHECK (length(sha256) = 32),
    not_before BLOB CHECK (length(not_before) = 12),
    not_after BLOB CHECK (length(not_after) = 12),
    issued_at BLOB CHECK (length(issued_at) = 12),
    abandoned_at BLOB CHECK (length(abandoned_at) = 12),
    revoked_at BLOB CHECK (length(revoked_at) = 12),
    reason INTEGER CHECK (reason BETWEEN 0 AND 255),
    PRIMARY KEY (issuer, serial),
    CHECK ((state = 4) = (revoked_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_revoked ON certificate (issuer, serial) WHERE state = 4;

CREATE TABLE crl_number (
    issuer BLOB PRIMARY KEY CHECK (length(issuer) = 32),
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A key that signs once has one certificate.
const V2: &str = "
ALTER TABLE certificate ADD COLUMN spki BLOB CHECK (length(spki) = 32);
CREATE UNIQUE INDEX one_certificate_per_key ON certificate (spki) WHERE spki IS NOT NULL;
";

/// Brings the file to the newest version, or makes a new store with this log; returns the log's identity.
pub(super) fn migrate(connection: &mut Connection, new_log: LogId) -> Result<LogId, OpenStoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let application: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let fresh = tables == 0 && found == 0;
    if !fresh && application != APPLICATION {
        return Err(OpenStoreError::NotAStore);
    }
    if found > KNOWN {
        return Err(OpenStoreError::SchemaTooNew { found, known: KNOWN });
    }
    for script in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(script)?;
    }
    if fresh {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction
            .execute("INSERT INTO identity (only, log) VALUES (1, ?1)", [new_log.uuid().as_bytes()])?;
    }
    if found != KNOWN {
        transaction.pragma_update(None, "user_version", KNOWN)?;
    }
    let log = transaction
        .query_row("SELECT log FROM identity", [], |row| Ok(row.get_ref(0)?.as_blob().ok().and_then(array)))
        .optional()?
        .flatten()
        .map(Uuid::from_bytes)
        .and_then(LogId::new)
        .ok_or(StoreError::Corrupt(Corruption::Identity))?;
    transaction.commit()?;
    Ok(log)
}

/// Fails when the file was brought to another version since it was opened.
pub(super) fn check_version(connection: &Connection) -> Result<(), StoreError> {
    let found: u32 = connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if found == KNOWN { Ok(()) } else { Err(StoreError::SchemaChanged { found, opened: KNOWN }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_the_last_script() {
        assert_eq!(usize::try_from(KNOWN), Ok(MIGRATIONS.len()));
    }

    #[test]
    fn a_file_of_version_1_becomes_one_of_today() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(V1).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let old = LogId::new(Uuid::from_bytes([7; 16])).unwrap();
        connection
            .execute("INSERT INTO identity (only, log) VALUES (1, ?1)", [old.uuid().as_bytes()])
            .unwrap();
        let new = LogId::new(Uuid::from_bytes([8; 16])).unwrap();
        for _ in 0..2 {
            assert_eq!(migrate(&mut connection, new).unwrap(), old);
        }
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(found, 2);
        connection.execute("UPDATE certificate SET spki = NULL", []).unwrap();
    }
}
