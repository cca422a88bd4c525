use segl_crypto::Time;
use segl_record::{
    AppendError, Entry, Opening, Progress, RequestId, SaltSeed, SealingRecord, Serial, SlotCleared, SlotName,
    Step,
};
use uuid::Uuid;

use crate::End;

/// Where sealings leave their trace while they run, and their record when they end.
///
/// The journal comes first: an attempt that is not in it makes no key. It decides in storage, not in memory, that one request, one
/// session and one authentication give one seal (S000-32, S000-59, S003-10, ENG-32), so several threads, processes and nodes may use one
/// journal. It holds no document, digest or signature value.
///
/// An implementation makes every method one transaction. [`is_durable_step`](crate::is_durable_step) says which steps have to be on the
/// disk before the method returns; [`conclude`](Self::conclude) and [`clear`](Self::clear) always have to.
///
/// [`Attempt`](crate::Attempt) is the way to use it: there the order of the steps is in the types.
pub trait Journal {
    /// Why the journal could not be read or written. A full disk is one of these, and comes before a key is made.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Notes that an attempt exists, as authenticated and nothing more.
    fn open(&self, opening: &Opening, lease: &Lease) -> Result<(), OpenError<Self::Error>>;

    /// Moves an attempt one step on, from the step the caller believes it at. Whoever comes second is refused.
    fn advance(
        &self,
        request: RequestId,
        from: Step,
        progress: &Progress,
    ) -> Result<(), AdvanceError<Self::Error>>;

    /// Ends an attempt and appends its record to the log, both or neither. When this returns, both are on the disk.
    ///
    /// A record of an unconfirmed destruction stops new attempts on its slot in the same transaction (AS-06). A completed record is
    /// refused unless the attempt is at [`Step::TimeStamped`]. What the journal held of the opening goes with the record.
    fn conclude(&self, record: &SealingRecord, salts: SaltSeed) -> Result<Entry, ConcludeError<Self::Error>>;

    /// The attempts that have no end and are nobody's any more, by the measure given; oldest first.
    fn unfinished(&self, which: Unfinished) -> Result<Vec<Found>, Self::Error>;

    /// Since when new attempts on the slot are stopped; `None` when they are not.
    fn stopped(&self, slot: &SlotName) -> Result<Option<Time>, Self::Error>;

    /// Lets sealing on a slot go on, and appends that to the log.
    fn clear(&self, cleared: &SlotCleared, salts: SaltSeed) -> Result<Entry, ClearError<Self::Error>>;
}

/// Who works on an attempt, and until when at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The runner: one process, or one node that runs one process.
    pub runner: RunnerId,
    /// From then on the attempt counts as left behind. Longer than a sealing takes, shorter than its certificate lives.
    pub until: Time,
}

/// One process that seals, or one node on which only one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunnerId(Uuid);

impl RunnerId {
    /// Takes a UUID: a new one for each process, or the same one for each life of a node.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// Which attempts without an end count as left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfinished {
    /// Every one: nobody else uses the journal.
    All,
    /// Those whose lease is over at this time.
    Expired(Time),
    /// Those of a runner that is known to be gone, because it is the caller who just began.
    Of(RunnerId),
}

/// An attempt that was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was known at its beginning.
    pub opening: Opening,
    /// What it has behind it. A step taken last may be missing after a loss of power.
    pub progress: Progress,
    /// Whose it was.
    pub lease: Lease,
}

/// What an attempt has in common with an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a journal must look for each of them")]
pub enum Repeated {
    /// The request.
    Request,
    /// The session.
    Session,
    /// The authentication assertion, by issuer and identifier.
    Assertion,
}

impl core::fmt::Display for Repeated {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Session => "session",
            Self::Assertion => "authentication",
        })
    }
}

/// Why no attempt was begun. No key was made and none will be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError<E> {
    /// The same request was tried before and gave no seal. A new try is a new request.
    #[error("this request ended without a seal ({end}) after the step `{step}`")]
    Abandoned {
        /// How it ended.
        end: End,
        /// The last step done.
        step: Step,
    },
    /// The same request, session or authentication has given a seal.
    #[error("this {repeated} has given its seal")]
    AlreadyCompleted {
        /// What was used before.
        repeated: Repeated,
    },
    /// The same request, session or authentication is being sealed with.
    #[error("this {repeated} is being sealed with, it is {step}")]
    InProgress {
        /// What is in use.
        repeated: Repeated,
        /// How far the other attempt has come.
        step: Step,
    },
    /// The journal itself failed.
    #[error("the journal could not be written")]
    Journal(#[source] E),
    /// Sealing on the slot is stopped until somebody has looked at the device.
    #[error("sealing on this slot is stopped since {since}: the destruction of a key was not confirmed")]
    SlotStopped {
        /// Since when.
        since: Time,
    },
}

/// Why an attempt was not moved on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvanceError<E> {
    /// The attempt has an end; perhaps it was taken for left behind.
    #[error("the attempt has ended: {end}")]
    Ended {
        /// How.
        end: End,
    },
    /// The journal itself failed.
    #[error("the journal could not be written")]
    Journal(#[source] E),
    /// The key, by its receipt, was used in another attempt (S000-32).
    #[error("the key was used in another attempt")]
    KeyUsed,
    /// The step does not follow the one the attempt is at.
    #[error("`{to}` was asked for after `{from}`, but the attempt is {found}")]
    NotThere {
        /// The step the caller believed done.
        from: Step,
        /// The step asked for.
        to: Step,
        /// The step the attempt is at.
        found: Step,
    },
    /// The certificate, by its serial number, was used in another attempt (S000-32).
    #[error("the certificate {serial} was used in another attempt")]
    SerialUsed {
        /// The serial number.
        serial: Serial,
    },
    /// No such attempt.
    #[error("there is no such attempt")]
    Unknown,
}

/// Why an attempt was not ended. It is where it was, and nothing was added to the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConcludeError<E> {
    /// The record could not be appended to the log.
    #[error("the record could not be appended")]
    Append(#[from] AppendError),
    /// The attempt has an end; perhaps it was taken for left behind.
    #[error("the attempt has ended: {end}")]
    Ended {
        /// How.
        end: End,
    },
    /// The journal itself failed. Whether the transaction took place may be unknown: the seal is not let out.
    #[error("the journal could not be written")]
    Journal(#[source] E),
    /// The record tells of other facts than the journal holds.
    #[error("the record does not tell what the journal holds; the attempt is {found}")]
    Differs {
        /// The step the attempt is at.
        found: Step,
    },
    /// No such attempt.
    #[error("there is no such attempt")]
    Unknown,
}

/// Why a slot was not cleared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClearError<E> {
    /// The clearance could not be appended to the log.
    #[error("the clearance could not be appended")]
    Append(#[from] AppendError),
    /// The journal itself failed.
    #[error("the journal could not be written")]
    Journal(#[source] E),
    /// Sealing on the slot is not stopped.
    #[error("sealing on this slot is not stopped")]
    NotStopped,
}
