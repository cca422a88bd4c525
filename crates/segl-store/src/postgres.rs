//! PostgreSQL, for several nodes on one database.

mod error;
mod pool;
mod schema;

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;

use postgres::fallible_iterator::FallibleIterator as _;
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::types::{FromSql, ToSql, Type};
use postgres::{Client, Config, Row, RowIter, Socket, Statement};
use segl_record::LogId;

use self::error::{commit_failed, is_taken};
use self::pool::Pool;
use crate::database::primitives::{Columns, Sql, Transactions};
use crate::database::{Database, Value, Write};
use crate::error::{DatabaseError, Library, OpenStoreError, StoreError};
use crate::store::Store;

/// A store in a PostgreSQL database.
pub type PostgresStore = Store<Postgres>;

/// One schema of a PostgreSQL database, as what a [`Store`] is kept in, for any number of threads, processes and nodes.
///
/// A method of the store runs one transaction and gives its connection back. When a connection is lost the method fails with
/// [`StoreError::Lost`], and nothing of it took place. When it is lost while the transaction is being committed, whoever appends to the
/// log looks for the entry once, after the lock that whoever is still committing it holds, and so hears that it took place or that it
/// did not; where nothing is appended, or the look fails too, it is [`StoreError::OutcomeUnknown`]. The next call connects again. A connection that was lost while nobody used it is replaced unseen.
///
/// The methods block their thread and must not be called from a thread that runs asynchronous tasks; there, use what the runtime
/// has for blocking calls. The same holds for dropping the store.
///
/// # How two nodes are kept apart
///
/// Transactions run at READ COMMITTED. That is enough because no rule rests on something that was read before: which request,
/// session, assertion, serial number or key comes first is decided by a unique index, for which the second waits until the first has
/// committed or given up; which step follows by the condition of the `UPDATE` that takes it, which PostgreSQL checks again on the row
/// as the first one left it; and the log, which must have no gap and is a chain, is appended to under an advisory lock held to the end
/// of the transaction. SERIALIZABLE would keep the same rules by refusing transactions that have to be tried again, and a refused
/// commit of a record costs a seal its time.
///
/// # How long something waits
///
/// A lock of somebody else is waited for as long as [`PostgresOptions::busy_timeout`] says, then it is [`StoreError::Busy`]. A node
/// that stops in the middle of a transaction loses its connection after the same time. Statements are not limited in time: they are
/// small, and PostgreSQL reports a commit as done when the limit is reached while it waits for a standby. A server that does not
/// answer any more is noticed by the keep-alives of TCP, within half a minute unless the configuration says otherwise.
pub struct Postgres {
    pool: Pool,
    begin: Beginnings,
    schema: String,
    /// Milliseconds to wait for a lock.
    patience: u128,
}

/// How a store in PostgreSQL is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// How long to wait for a lock that another transaction holds, or for one of our own connections. Five seconds unless changed.
    pub busy_timeout: Duration,
    /// The most connections this store has open at once, so the most transactions it runs side by side. Four unless changed, at least
    /// one.
    pub connections: usize,
    /// The schema the tables are in: a lower-case letter, then up to 62 lower-case letters, digits and underscores, not beginning
    /// with `pg_`. It is made if it is not there. `segl` unless changed.
    pub schema: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), connections: 4, schema: "segl".to_owned() }
    }
}

impl Store<Postgres> {
    /// Opens the store in the database this configuration leads to, or makes one that begins the log `new_log`. An existing store keeps
    /// its own identity.
    ///
    /// `tls` makes the connections safe: a connector for rustls, for example. With [`NoTls`](postgres::NoTls) everything, personal data
    /// among it, goes over the wire as it is: that is for a socket on the same machine. A connector alone is not enough: unless the
    /// configuration says `sslmode=require`, a server that offers no TLS, or somebody in between, is talked to without it. Whether the
    /// server's certificate is checked, and for which name, is up to the connector.
    ///
    /// Time-outs of the connection that the configuration leaves open are set here: [`busy_timeout`](PostgresOptions::busy_timeout) for
    /// connecting, half a minute for a server that is silent.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open<T>(
        config: &Config,
        tls: T,
        new_log: LogId,
        options: PostgresOptions,
    ) -> Result<Self, OpenStoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if !schema::is_name(&options.schema) {
            return Err(OpenStoreError::SchemaName);
        }
        let config = pool::with_timeouts(config.clone(), options.busy_timeout);
        let connect = move || config.connect(tls.clone());
        let begin = Beginnings::new(&options);
        let mut client = connect().map_err(StoreError::from)?;
        let log = schema::migrate(&mut client, &options.schema, &begin.migrating, new_log)?;
        let pool = Pool::new(
            options.connections,
            options.busy_timeout,
            Box::new(move || Ok(Connection { client: connect()?, statements: HashMap::new() })),
            log,
            Connection { client, statements: HashMap::new() },
        );
        let patience = patience(&options);
        Ok(Self { database: Postgres { pool, begin, schema: options.schema, patience }, log })
    }

    /// The schema the tables are in.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.database.schema
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// How each kind of transaction begins, in one round trip.
///
/// It ends by reading what the store is, which the pool compares with what was opened: the address of a new connection may lead elsewhere
/// by then, and another node may have migrated the store while this one kept its connections. Whoever has read it holds a lock on that
/// table to the end of the transaction, and a migration waits for it.
///
/// Everything is set for the one transaction: nothing of a session is relied on, and nothing of what a role or a database has as its
/// own defaults reaches in.
struct Beginnings {
    appending: String,
    deferred: String,
    /// Like `appending`, where there may be no store yet.
    migrating: String,
    reading: String,
    synced: String,
}

impl Beginnings {
    fn new(options: &PostgresOptions) -> Self {
        let millis = patience(options);
        let common = format!(
            "SET LOCAL search_path TO \"{}\"; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {millis}",
            options.schema
        );
        let writing = |synced| {
            format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {common};
                 SET LOCAL idle_in_transaction_session_timeout = {millis}; SET LOCAL synchronous_commit = {synced}"
            )
        };
        let lock = schema::lock_key(&options.schema);
        let migrating = format!("{}; SELECT pg_advisory_xact_lock({lock})", writing("on"));
        let identity = schema::IDENTITY;
        Self {
            appending: format!("{migrating}; {identity}"),
            deferred: format!("{}; {identity}", writing("off")),
            migrating,
            reading: format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {common}; {identity}"),
            synced: format!("{}; {identity}", writing("on")),
        }
    }
}

impl Database for Postgres {}

impl Transactions for Postgres {
    type Sql<'c> = Statements<'c>;

    fn write<T, E: From<StoreError>>(
        &self,
        how: Write,
        act: impl FnOnce(&mut Statements<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = match how {
            Write::Appending => &self.begin.appending,
            Write::Deferred => &self.begin.deferred,
            Write::Synced => &self.begin.synced,
        };
        let mut place = self.pool.begin(begin)?;
        let mut statements = Statements { connection: place.connection(), failed: false };
        let done = act(&mut statements);
        let failed = statements.failed;
        match done {
            Ok(done) if !failed => match place.connection().client.batch_execute("COMMIT") {
                Ok(()) => {
                    place.give_back();
                    Ok(done)
                }
                Err(error) => Err(commit_failed(&error).into()),
            },
            // PostgreSQL would answer the commit of a failed transaction without a word of complaint.
            Ok(_) => Err(StoreError::Database(DatabaseError(Library::Failed)).into()),
            Err(refused) => {
                if place.connection().client.batch_execute("ROLLBACK").is_ok() {
                    place.give_back();
                }
                Err(refused)
            }
        }
    }

    fn read<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&mut Statements<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut place = self.pool.begin(&self.begin.reading)?;
        let read = act(&mut Statements { connection: place.connection(), failed: false });
        if place.connection().client.batch_execute("ROLLBACK").is_ok() {
            place.give_back();
        }
        read
    }

    /// What the server finds wrong while it reads is an error of the statement; checksums of pages are the server's own.
    fn check(_: &mut Statements<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    /// Frees the rows that were erased, so that no statement finds them. Their octets stay in the files until the room is used again, and
    /// in the server's write-ahead log until it is recycled, both of which are the server's keeper's affair.
    fn clear_traces(&self) -> Result<bool, StoreError> {
        let mut place = self.pool.take()?;
        let client = &mut place.connection().client;
        // It runs in no transaction, so what it waits for at most is set for the session; transactions set their own.
        let wait = format!("SET lock_timeout = {}; SET statement_timeout = 0", self.patience);
        let mut run = |statement: String| client.batch_execute(&statement);
        let vacuum = |table| format!("VACUUM \"{}\".{table}", self.schema);
        // Where it is not allowed, or somebody works on the table, the server does it in its own time.
        if [wait, vacuum("attempt"), vacuum("log")].into_iter().try_for_each(&mut run).is_ok() {
            place.give_back();
        }
        Ok(false)
    }
}

/// For how many milliseconds a lock is waited for, as the server takes it: not zero, which is without limit.
fn patience(options: &PostgresOptions) -> u128 {
    options.busy_timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into())
}

/// A connection, and the statements the server has prepared for it.
struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

/// An open transaction.
#[allow(unnameable_types, reason = "only the rules use it")]
pub struct Statements<'c> {
    connection: &'c mut Connection,
    failed: bool,
}

impl Statements<'_> {
    fn prepared(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(known) = self.connection.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.connection.client.prepare(sql)?;
        self.connection.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn run(&mut self, sql: &'static str, arguments: &[Value<'_>]) -> Result<u64, postgres::Error> {
        let mut rows = self.rows(sql, arguments)?;
        while rows.next()?.is_some() {}
        Ok(rows.rows_affected().unwrap_or(0))
    }

    fn rows(&mut self, sql: &'static str, arguments: &[Value<'_>]) -> Result<RowIter<'_>, postgres::Error> {
        let statement = self.prepared(sql)?;
        self.connection.client.query_raw(&statement, arguments.iter().map(argument))
    }
}

impl Sql for Statements<'_> {
    type Row<'r> = Row;

    fn execute_unique(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
    ) -> Result<Option<u64>, StoreError> {
        match self.run(sql, arguments) {
            Ok(rows) => Ok(Some(rows)),
            Err(error) => {
                self.failed = true;
                if is_taken(&error) { Ok(None) } else { Err(error.into()) }
            }
        }
    }

    fn execute(&mut self, sql: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError> {
        self.run(sql, arguments).map_err(|error| {
            self.failed = true;
            error.into()
        })
    }

    fn each<E: From<StoreError>>(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
        mut act: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        // Unless it comes to its end.
        let failed = core::mem::replace(&mut self.failed, true);
        let mut rows = self.rows(sql, arguments).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            act(&row)?;
        }
        drop(rows);
        self.failed = failed;
        Ok(())
    }

    fn first<T, E: From<StoreError>>(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
        read: impl FnOnce(&Row) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut read = Some(read);
        let mut first = None;
        self.each(sql, arguments, |row| {
            if let Some(read) = read.take() {
                first = Some(read(row)?);
            }
            Ok::<(), E>(())
        })?;
        Ok(first)
    }
}

impl Columns for Row {
    fn integer(&self, column: usize) -> Option<i64> {
        if let Ok(number) = self.try_get::<_, i64>(column) {
            return Some(number);
        }
        self.try_get::<_, i32>(column).ok().map(i64::from)
    }

    fn octets(&self, column: usize) -> Option<&[u8]> {
        self.try_get(column).ok()
    }

    fn is_null(&self, column: usize) -> bool {
        matches!(self.try_get::<_, Option<Anything>>(column), Ok(None))
    }
}

/// A value of whatever type, not looked at.
struct Anything;

impl<'a> FromSql<'a> for Anything {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// An argument as the client library takes it.
fn argument<'a>(value: &'a Value<'a>) -> &'a (dyn ToSql + Sync) {
    match value {
        Value::Integer(number) => number,
        Value::Octets(octets) => octets,
        Value::Text(text) => text,
    }
}
