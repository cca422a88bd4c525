//! What the rules of the store need of a database: the seam between the rules, which are written once, and each database.

use crate::error::StoreError;

/// A database that a [`Store`](crate::Store) is kept in. Only this crate's own are.
#[allow(unnameable_types, reason = "what a database must be able to do is this crate's own affair")]
pub trait Database: primitives::Transactions {}

/// The primitives, out of reach for others.
pub(crate) mod primitives {
    use super::{StoreError, Write};
    use crate::database::Value;

    /// A database that runs transactions.
    #[allow(unnameable_types, reason = "seals the public trait")]
    pub trait Transactions {
        /// An open transaction.
        type Sql<'c>: Sql;

        /// One write transaction. It takes place whole when `act` succeeds, and not at all when it does not.
        ///
        /// What `act` reads may change under it before it writes, except in [`Write::Appending`] the log and the stopped slots: so a
        /// rule is kept by the condition of the statement that writes, or by a unique index, and what was read only explains a refusal.
        fn write<T, E: From<StoreError>>(
            &self,
            how: Write,
            act: impl FnOnce(&mut Self::Sql<'_>) -> Result<T, E>,
        ) -> Result<T, E>;

        /// One read transaction, which sees one moment of the database.
        fn read<T, E: From<StoreError>>(
            &self,
            act: impl FnOnce(&mut Self::Sql<'_>) -> Result<T, E>,
        ) -> Result<T, E>;

        /// Whether the database finds its own structure whole.
        fn check(sql: &mut Self::Sql<'_>) -> Result<(), StoreError>;

        /// Takes what was erased out of where the database keeps it beside its tables; whether nothing is left there.
        fn clear_traces(&self) -> Result<bool, StoreError>;
    }

    /// Statements inside one transaction.
    ///
    /// Their text is one for all databases. Parameters are `$1`, `$2` and so on in the order in which they first appear, which is how
    /// one database counts them and what another one asks for.
    #[allow(unnameable_types, reason = "as above")]
    pub trait Sql {
        /// A row of an answer.
        type Row<'r>: Columns;

        /// Runs a statement and says how many rows it wrote. Does nothing where a unique index has one of the values already; then
        /// it is `None`, and the transaction can only be given up.
        fn execute_unique(
            &mut self,
            sql: &'static str,
            arguments: &[Value<'_>],
        ) -> Result<Option<u64>, StoreError>;

        /// Runs a statement and says how many rows it wrote.
        fn execute(&mut self, sql: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError>;

        /// Hands over row after row, holding few at a time.
        fn each<E: From<StoreError>>(
            &mut self,
            sql: &'static str,
            arguments: &[Value<'_>],
            act: impl FnMut(&Self::Row<'_>) -> Result<(), E>,
        ) -> Result<(), E>;

        /// Reads the first row, if there is one.
        fn first<T, E: From<StoreError>>(
            &mut self,
            sql: &'static str,
            arguments: &[Value<'_>],
            read: impl FnOnce(&Self::Row<'_>) -> Result<T, E>,
        ) -> Result<Option<T>, E>;
    }

    /// The columns of a row, counted from zero.
    #[allow(unnameable_types, reason = "as above")]
    pub trait Columns {
        /// A whole number.
        fn integer(&self, column: usize) -> Option<i64>;
        /// Octets.
        fn octets(&self, column: usize) -> Option<&[u8]>;
        /// Whether there is nothing, which is not the same as nothing of the right kind.
        fn is_null(&self, column: usize) -> bool;
    }
}

/// How a write transaction is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(unnameable_types, reason = "as above")]
pub enum Write {
    /// Alone in appending to the log and in stopping slots, and on the disk before the call returns.
    Appending,
    /// On the disk with the next one that is.
    Deferred,
    /// On the disk before the call returns.
    Synced,
}

/// An argument of a statement, or nothing in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(unnameable_types, reason = "as above")]
pub enum Value<'v> {
    /// A whole number.
    Integer(Option<i64>),
    /// Octets.
    Octets(Option<&'v [u8]>),
    /// Text.
    Text(Option<&'v str>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<u8> for Value<'_> {
    fn from(number: u8) -> Self {
        Self::Integer(Some(number.into()))
    }
}

impl From<Option<u8>> for Value<'_> {
    fn from(number: Option<u8>) -> Self {
        Self::Integer(number.map(i64::from))
    }
}

impl<'v> From<Option<&'v [u8]>> for Value<'v> {
    fn from(octets: Option<&'v [u8]>) -> Self {
        Self::Octets(octets)
    }
}

impl<'v, const N: usize> From<Option<&'v [u8; N]>> for Value<'v> {
    fn from(octets: Option<&'v [u8; N]>) -> Self {
        Self::Octets(octets.map(<[u8; N]>::as_slice))
    }
}

impl<'v, const N: usize> From<&'v [u8; N]> for Value<'v> {
    fn from(octets: &'v [u8; N]) -> Self {
        Self::Octets(Some(octets))
    }
}

impl<'v> From<&'v Vec<u8>> for Value<'v> {
    fn from(octets: &'v Vec<u8>) -> Self {
        Self::Octets(Some(octets))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(text: Option<&'v str>) -> Self {
        Self::Text(text)
    }
}

/// The arguments of a statement, each turned into a [`Value`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::database::Value::from($value)),*] };
}

pub(crate) use values;
