//! What the tests are run on: each database, alike.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test uses a part")]

use std::path::{Path, PathBuf};

use segl_store::{Database, OpenStoreError, SqliteStore, Store};
use segl_testkit::sealing::log_id;
use tempfile::TempDir;

/// A place for one store, empty at first.
pub trait Bed: Sized {
    type D: Database + Send + Sync;

    /// Another place of the same kind.
    fn another(&self) -> Self;

    /// Opens the store that is here.
    fn open(&self) -> Result<Store<Self::D>, OpenStoreError>;

    /// The same, where nothing can be wrong.
    fn store(&self) -> Store<Self::D> {
        self.open().unwrap()
    }

    /// What a child process finds the place by, see [`Address`].
    fn address(&self) -> String;

    /// Makes it empty.
    fn clear(&self);

    /// Waits until nothing is under way any more that a killed process began.
    fn settle(&self) {}

    /// Runs statements past the store.
    fn raw(&self, statements: &str) -> Result<(), String>;

    /// Takes everything away by which the database defends the log.
    fn disarm(&self);

    /// Octets as a literal.
    fn literal(octets: &[u8]) -> String;

    /// How often the octets stand in the files of the store.
    fn occurrences(&self, needle: &[u8]) -> usize;

    /// Does what the documentation tells the keeper of the database to do for erased values.
    fn after_purge(&self) {}

    /// Every column of every table.
    fn columns(&self) -> Vec<String>;

    /// Another place with the store as a backup of this moment brings it back.
    fn restored(&self) -> Self;
}

/// Runs each test on each database.
#[macro_export]
macro_rules! on_each_database {
    ($($test:ident;)*) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&$crate::common::File::new());
            })*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[test]
            fn $test() {
                match $crate::common::Schema::new() {
                    Ok(bed) => super::$test(&bed),
                    Err(skipped) => skipped.report(),
                }
            })*
        }
    };
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// How often the octets stand in some files.
pub fn count(files: impl Iterator<Item = PathBuf>, needle: &[u8]) -> usize {
    let count = |bytes: Vec<u8>| bytes.windows(needle.len()).filter(|window| *window == needle).count();
    files.map(|path| count(std::fs::read(path).unwrap())).sum()
}

/// An SQLite file in a folder of its own.
pub struct File {
    folder: TempDir,
}

impl File {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("segl.db")
    }
}

impl Bed for File {
    type D = segl_store::Sqlite;

    fn another(&self) -> Self {
        Self::new()
    }

    fn open(&self) -> Result<SqliteStore, OpenStoreError> {
        SqliteStore::open(&self.path(), log_id())
    }

    fn address(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    fn clear(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.folder.path().join(format!("segl.db{suffix}")));
        }
    }

    fn raw(&self, statements: &str) -> Result<(), String> {
        let raw = rusqlite::Connection::open(self.path()).unwrap();
        raw.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        raw.execute_batch(statements).map_err(|error| error.to_string())
    }

    fn disarm(&self) {
        self.raw(
            "DROP TRIGGER log_is_gapless; DROP TRIGGER log_is_never_deleted; DROP TRIGGER log_is_never_rewritten;
             DROP TRIGGER log_values_only_go;",
        )
        .unwrap();
    }

    fn literal(octets: &[u8]) -> String {
        format!("x'{}'", hex(octets))
    }

    fn occurrences(&self, needle: &[u8]) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        count(entries.map(|entry| entry.unwrap().path()), needle)
    }

    fn columns(&self) -> Vec<String> {
        let raw = rusqlite::Connection::open(self.path()).unwrap();
        let mut columns = raw
            .prepare("SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'")
            .unwrap();
        columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn restored(&self) -> Self {
        let copy = Self::new();
        let raw = rusqlite::Connection::open(self.path()).unwrap();
        raw.execute("VACUUM INTO ?1", [copy.path().to_str().unwrap()]).unwrap();
        copy
    }
}

#[cfg(feature = "postgres")]
pub use self::schema::{Schema, config};

#[cfg(feature = "postgres")]
mod schema {
    use std::path::Path;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    use segl_store::client::{Client, Config, NoTls};
    use segl_store::{OpenStoreError, PostgresOptions, PostgresStore};
    use segl_testkit::peers::{Postgres, Skipped};
    use segl_testkit::sealing::log_id;

    use super::{Bed, count, hex};

    /// A schema of its own in a database of the server that the tests of this process share.
    pub struct Schema {
        server: &'static Postgres,
        database: String,
        name: String,
        beside: Mutex<Option<Client>>,
    }

    /// How a database behind a socket in this folder is reached.
    pub fn config(folder: &Path, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(folder).port(Postgres::PORT).dbname(database);
        config.user(Postgres::USER).password(Postgres::PASSWORD);
        config
    }

    impl Schema {
        pub fn new() -> Result<Self, Skipped> {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let server = Postgres::shared()?;
            Ok(Self { server, database: "postgres".to_owned(), name, beside: Mutex::default() })
        }

        pub fn name(&self) -> &str {
            &self.name
        }

        pub fn server(&self) -> &'static Postgres {
            self.server
        }

        pub fn config(&self) -> Config {
            config(self.server.folder(), &self.database)
        }

        pub fn options(&self) -> PostgresOptions {
            let mut options = PostgresOptions::default();
            options.schema.clone_from(&self.name);
            options
        }

        /// A connection beside the store, in the schema.
        pub fn client(&self) -> Client {
            let mut client = self.config().connect(NoTls).unwrap();
            client.batch_execute(&format!("SET search_path TO {}", self.name)).unwrap();
            client
        }

        /// Opens the store that a child process was given the address of.
        pub fn open_at(address: &str) -> Option<PostgresStore> {
            let mut parts = address.strip_prefix("postgres:")?.splitn(3, ':');
            let (database, name, folder) = (parts.next()?, parts.next()?, parts.next()?);
            let mut options = PostgresOptions::default();
            options.schema = name.to_owned();
            Some(PostgresStore::open(&config(Path::new(folder), database), NoTls, log_id(), options).unwrap())
        }
    }

    impl Bed for Schema {
        type D = segl_store::Postgres;

        fn another(&self) -> Self {
            Self::new().unwrap()
        }

        fn open(&self) -> Result<PostgresStore, OpenStoreError> {
            PostgresStore::open(&self.config(), NoTls, log_id(), self.options())
        }

        fn address(&self) -> String {
            format!("postgres:{}:{}:{}", self.database, self.name, self.server.folder().display())
        }

        fn clear(&self) {
            // What a replica may do: no trigger stands in the way.
            let emptied = "SET session_replication_role = replica; DELETE FROM attempt; DELETE FROM log;
                DELETE FROM stopped_slot; DELETE FROM certificate; DELETE FROM crl_number";
            let mut beside = self.beside.lock().unwrap();
            let client = beside.get_or_insert_with(|| self.client());
            if client.batch_execute(emptied).is_err() {
                client.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name)).unwrap();
            }
        }

        fn settle(&self) {
            let mut client = self.client();
            let others = "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND relation IN
                (SELECT oid FROM pg_class WHERE relnamespace = $1::text::regnamespace)";
            let deadline = Instant::now() + Duration::from_secs(20);
            while client.query_one(others, &[&self.name]).unwrap().get::<_, i64>(0) > 0 {
                assert!(Instant::now() < deadline, "a killed process holds its locks");
                std::thread::sleep(Duration::from_millis(5));
            }
        }

        fn raw(&self, statements: &str) -> Result<(), String> {
            self.client().batch_execute(statements).map_err(|error| format!("{error:?}"))
        }

        fn disarm(&self) {
            for trigger in
                ["log_is_gapless", "log_is_never_deleted", "log_is_never_rewritten", "log_values_only_go"]
            {
                self.raw(&format!("DROP TRIGGER {trigger} ON log")).unwrap();
            }
            self.raw("ALTER TABLE attempt DROP CONSTRAINT attempt_entry_fkey").unwrap();
        }

        fn literal(octets: &[u8]) -> String {
            format!("'\\x{}'::bytea", hex(octets))
        }

        fn occurrences(&self, needle: &[u8]) -> usize {
            let mut client = self.client();
            client.batch_execute("CHECKPOINT").unwrap();
            let files = "WITH ours AS (SELECT oid, reltoastrelid FROM pg_class
                    WHERE relnamespace = $1::text::regnamespace AND relkind IN ('r', 'i'))
                SELECT pg_relation_filepath(oid) FROM ours
                UNION ALL SELECT pg_relation_filepath(reltoastrelid) FROM ours WHERE reltoastrelid <> 0";
            let rows = client.query(files, &[&self.name]).unwrap();
            let data = self.server.folder().join("data");
            count(rows.iter().map(|row| data.join(row.get::<_, &str>(0))), needle)
        }

        fn after_purge(&self) {
            for table in ["attempt", "log"] {
                self.raw(&format!("VACUUM (FULL) {table}")).unwrap();
            }
        }

        fn columns(&self) -> Vec<String> {
            let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns
                WHERE table_schema = $1";
            let rows = self.client().query(columns, &[&self.name]).unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }

        fn restored(&self) -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let copy = format!("restored_{}_{}", self.name, NEXT.fetch_add(1, Ordering::Relaxed));
            let folder = tempfile::tempdir().unwrap();
            let dump = folder.path().join("dump.sql");
            let dump = dump.to_str().unwrap();
            let run = |program: &str, arguments: &[&str]| {
                let said = self.server.run(program, arguments).unwrap();
                assert!(said.success, "{program}: {}", said.text);
            };
            run("pg_dump", &["--schema", &self.name, "--file", dump, &self.database]);
            run("createdb", &[&copy]);
            run("psql", &["--quiet", "--set", "ON_ERROR_STOP=1", "--file", dump, &copy]);
            Self { server: self.server, database: copy, name: self.name.clone(), beside: Mutex::default() }
        }
    }
}
