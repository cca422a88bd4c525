//! The tables, and how an older schema becomes a newer one.

use postgres::Client;
use segl_crypto::sha256;
use segl_record::LogId;
use uuid::Uuid;

use crate::error::{Corruption, OpenStoreError, StoreError};
use crate::store::array;

/// The oldest server that is taken, as PostgreSQL numbers it.
const OLDEST_SERVER: i32 = 130_000;

/// One script for each version, in order; a schema of version n has had the first n. A script that was released is not changed any more.
const MIGRATIONS: [&str; 1] = [V1];

/// The newest version.
pub(super) const KNOWN: u32 = 1;

/// Reads what the store is, as [`same_store`] takes it.
pub(super) const IDENTITY: &str = "SELECT version, encode(log, 'hex') FROM identity";

/// Whether what `IDENTITY` read is the store of this log, in the version that was opened.
pub(super) fn same_store(version: Option<&str>, log: Option<&str>, opened: LogId) -> Result<(), StoreError> {
    let found = version.and_then(|version| version.parse().ok());
    match found {
        Some(found) if log == Some(&*opened.uuid().simple().to_string()) => match found {
            KNOWN => Ok(()),
            found => Err(StoreError::SchemaChanged { found, opened: KNOWN }),
        },
        _ => Err(StoreError::Corrupt(Corruption::Identity)),
    }
}

/// As in SQLite: nothing here has room for a document, its digest, name, type or size, and the log is append-only.
const V1: &str = "
CREATE TABLE identity (
    one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    application TEXT NOT NULL CHECK (application = 'segl'),
    version BIGINT NOT NULL,
    log BYTEA NOT NULL CHECK (octet_length(log) = 16)
);

CREATE TABLE log (
    sequence BIGINT PRIMARY KEY,
    kind BIGINT NOT NULL,
    year BIGINT NOT NULL,
    commitments BYTEA NOT NULL,
    link BYTEA NOT NULL CHECK (octet_length(link) = 32),
    organisation TEXT,
    disclosure BYTEA
);
CREATE INDEX log_of_organisation ON log (organisation, sequence) WHERE organisation IS NOT NULL;
CREATE INDEX log_to_erase ON log (year, sequence) WHERE kind = 1 AND disclosure IS NOT NULL;
CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the log is append-only'; END $$;
CREATE FUNCTION log_is_gapless() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        expected BIGINT;
    BEGIN
        EXECUTE format('SELECT coalesce(max(sequence), 0) + 1 FROM %s', TG_RELID::regclass) INTO expected;
        IF NEW.sequence <> expected THEN RAISE EXCEPTION 'the log has no gaps'; END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER log_is_gapless BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION log_is_gapless();
CREATE TRIGGER log_is_never_deleted BEFORE DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER log_is_never_rewritten BEFORE UPDATE OF sequence, kind, year, commitments, link ON log
    FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER log_values_only_go BEFORE UPDATE OF organisation, disclosure ON log
    FOR EACH ROW WHEN (NEW.organisation IS NOT NULL OR NEW.disclosure IS NOT NULL OR OLD.kind <> 1)
    EXECUTE FUNCTION log_is_append_only();

CREATE TABLE attempt (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request BYTEA NOT NULL UNIQUE CHECK (octet_length(request) = 16),
    session BYTEA NOT NULL CHECK (octet_length(session) = 16),
    assertion BYTEA NOT NULL CHECK (octet_length(assertion) = 32),
    runner BYTEA NOT NULL CHECK (octet_length(runner) = 16),
    lease BYTEA NOT NULL CHECK (octet_length(lease) = 12),
    step BIGINT NOT NULL CHECK (step BETWEEN 1 AND 9),
    key BYTEA CHECK (octet_length(key) = 32),
    serial BYTEA CHECK (octet_length(serial) BETWEEN 1 AND 20),
    opening BYTEA,
    progress BYTEA,
    ended BIGINT CHECK (ended BETWEEN 1 AND 4),
    entry BIGINT REFERENCES log (sequence),
    CHECK ((ended IS NULL) = (entry IS NULL)),
    CHECK ((ended IS NULL) = (opening IS NOT NULL)),
    CHECK ((ended IS NULL) = (progress IS NOT NULL)),
    CHECK ((ended IS NOT DISTINCT FROM 1) = (step = 9))
);
CREATE UNIQUE INDEX one_seal_per_session ON attempt (session) WHERE ended IS NULL OR ended = 1;
CREATE UNIQUE INDEX one_seal_per_assertion ON attempt (assertion) WHERE ended IS NULL OR ended = 1;
CREATE UNIQUE INDEX one_attempt_per_key ON attempt (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX one_attempt_per_serial ON attempt (serial) WHERE serial IS NOT NULL;
CREATE UNIQUE INDEX one_attempt_per_entry ON attempt (entry) WHERE entry IS NOT NULL;
CREATE INDEX attempt_unfinished ON attempt (number) WHERE ended IS NULL;

CREATE TABLE stopped_slot (
    slot TEXT PRIMARY KEY,
    since BYTEA NOT NULL CHECK (octet_length(since) = 12)
);

CREATE TABLE certificate (
    issuer BYTEA NOT NULL CHECK (octet_length(issuer) = 32),
    serial BYTEA NOT NULL CHECK (octet_length(serial) = 16),
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    reserved_at BYTEA NOT NULL CHECK (octet_length(reserved_at) = 12),
    sha256 BYTEA CHECK (octet_length(sha256) = 32),
    not_before BYTEA CHECK (octet_length(not_before) = 12),
    not_after BYTEA CHECK (octet_length(not_after) = 12),
    issued_at BYTEA CHECK (octet_length(issued_at) = 12),
    abandoned_at BYTEA CHECK (octet_length(abandoned_at) = 12),
    revoked_at BYTEA CHECK (octet_length(revoked_at) = 12),
    reason BIGINT CHECK (reason BETWEEN 0 AND 255),
    spki BYTEA CHECK (octet_length(spki) = 32),
    PRIMARY KEY (issuer, serial),
    CHECK ((state = 4) = (revoked_at IS NOT NULL))
);
CREATE INDEX certificate_revoked ON certificate (issuer, serial) WHERE state = 4;
CREATE UNIQUE INDEX one_certificate_per_key ON certificate (spki) WHERE spki IS NOT NULL;

CREATE TABLE crl_number (
    issuer BYTEA PRIMARY KEY CHECK (octet_length(issuer) = 32),
    last BIGINT NOT NULL
);
";

/// Whether the name needs no thought where it is used: not in a statement, and not about whose it is.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_');
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 63
        && name.bytes().all(plain)
        && !name.starts_with("pg_")
}

/// The advisory lock of a schema, for whoever appends to its log or changes its tables. Advisory locks are one space of numbers for a
/// whole database, hence one that others are not likely to choose.
pub(super) fn lock_key(name: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(format!("segl-store {name}").as_bytes());
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Brings the schema to the newest version, or makes a new store with this log; returns the log's identity. `begin` begins a transaction
/// that has the lock of the schema, so of several nodes that come at once one does it.
pub(super) fn migrate(
    client: &mut Client,
    name: &str,
    begin: &str,
    new_log: LogId,
) -> Result<LogId, OpenStoreError> {
    check_server(client)?;
    client.batch_execute(begin)?;
    let schema = client.query_opt("SELECT oid FROM pg_namespace WHERE nspname = $1", &[&name])?;
    let mut tables = Vec::new();
    match &schema {
        // The path in force names it already.
        None => client.batch_execute(&format!("CREATE SCHEMA \"{name}\""))?,
        Some(row) => {
            let oid: u32 = row.try_get(0)?;
            let rows = client.query(
                "SELECT relname::text FROM pg_class WHERE relnamespace = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f')",
                &[&oid],
            )?;
            for row in rows {
                tables.push(row.try_get::<_, String>(0)?);
            }
        }
    }
    let found = match &*tables {
        [] => 0,
        some if some.iter().any(|table| table == "identity") => version(client)?,
        _ => return Err(OpenStoreError::NotAStore),
    };
    if found > KNOWN {
        return Err(OpenStoreError::SchemaTooNew { found, known: KNOWN });
    }
    if (1..KNOWN).contains(&found) {
        // Whoever began before is waited for; whoever begins later reads the new version.
        client.batch_execute("LOCK TABLE identity IN ACCESS EXCLUSIVE MODE")?;
    }
    for script in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        client.batch_execute(script)?;
    }
    if found == 0 {
        client.execute(
            "INSERT INTO identity (application, version, log) VALUES ('segl', $1, $2)",
            &[&i64::from(KNOWN), &new_log.uuid().as_bytes().as_slice()],
        )?;
    } else if found != KNOWN {
        client.execute("UPDATE identity SET version = $1", &[&i64::from(KNOWN)])?;
    }
    let row = client.query_opt("SELECT log FROM identity", &[])?;
    let log = row
        .and_then(|row| array(row.try_get(0).ok()?))
        .map(Uuid::from_bytes)
        .and_then(LogId::new)
        .ok_or(StoreError::Corrupt(Corruption::Identity))?;
    client.batch_execute("COMMIT")?;
    Ok(log)
}

/// The version of the store, from a table that has the name of ours and may be somebody else's.
fn version(client: &mut Client) -> Result<u32, OpenStoreError> {
    let ours = client.query_one(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('identity') AND NOT attisdropped
         AND attname IN ('one', 'application', 'version', 'log') AND attnum > 0",
        &[],
    )?;
    if ours.try_get::<_, i64>(0)? != 4 {
        return Err(OpenStoreError::NotAStore);
    }
    let row = client.query_opt("SELECT version FROM identity WHERE application = 'segl'", &[])?;
    let version: Option<i64> = row.and_then(|row| row.try_get(0).ok());
    version
        .and_then(|version| u32::try_from(version).ok())
        .filter(|&v| v > 0)
        .ok_or(OpenStoreError::NotAStore)
}

/// Without these a commit that was reported as synced need not be on the disk, or a page not be whole after a crash.
const SETTINGS: [(&str, &str); 2] = [("fsync", "on"), ("full_page_writes", "on")];

fn check_server(client: &mut Client) -> Result<(), OpenStoreError> {
    let row = client.query_one("SELECT current_setting('server_version_num')::integer", &[])?;
    let found: i32 = row.try_get(0)?;
    if found < OLDEST_SERVER {
        return Err(OpenStoreError::ServerTooOld { found, needed: OLDEST_SERVER });
    }
    for (name, needed) in SETTINGS {
        let row = client.query_one("SELECT current_setting($1)", &[&name])?;
        if row.try_get::<_, &str>(0)? != needed {
            return Err(OpenStoreError::Setting { name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["segl", "a", "segl_2", &"a".repeat(63)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "Segl", "2segl", "pg_segl", "se-gl", "a\"; DROP", "søgl", &"a".repeat(64)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn each_schema_has_its_lock() {
        assert_ne!(lock_key("segl"), lock_key("segl_2"));
        // Released: another one would not keep an older program out.
        assert_eq!(lock_key("segl"), -8_128_210_139_260_643_125);
    }

    #[test]
    fn the_newest_version_is_the_last_script() {
        assert_eq!(usize::try_from(KNOWN), Ok(MIGRATIONS.len()));
    }
}
