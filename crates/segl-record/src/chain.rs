use segl_crypto::sha256;
use sha2::{Digest as _, Sha256};

use crate::codec::{DecodeError, Facts, Reader, put};
use crate::{Event, Field, Kind, LogId, RetentionError, RetentionYear, SaltSeed, SealingRecord, commit};

/// The end of a log: how many entries it has and the link of the last one.
///
/// ```text
/// link 0 = SHA-256("segl-log/v1\0" | log identity)
/// link n = SHA-256(0x02 | link n-1 | n as u64 | SHA-256("segl-entry/v1\0" | kind | year as i16 | commitments))
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    sequence: u64,
    link: [u8; 32],
}

/// One entry as it stays for ever: no value in it, only commitments to values.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    sequence: u64,
    kind: Kind,
    year: RetentionYear,
    commitments: Vec<[u8; 32]>,
    link: [u8; 32],
}

/// The values of one entry with their salts: what opens its commitments, and what a purge takes away.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    kind: Kind,
    fields: Vec<(Field, [u8; 32], Vec<u8>)>,
}

/// Why an entry could not be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The log has 2^64 - 1 entries.
    #[error("the log is full")]
    Full,
    /// The retention year of the event could not be worked out.
    #[error("the retention year could not be worked out")]
    Retention(#[from] RetentionError),
}

impl Head {
    /// The head of a log without entries.
    #[must_use]
    pub fn empty(log: LogId) -> Self {
        let link = sha256(&[&b"segl-log/v1\0"[..], log.uuid().as_bytes()].concat());
        Self { sequence: 0, link }
    }

    /// A head as a store or a checkpoint kept it.
    #[must_use]
    pub const fn from_parts(sequence: u64, link: [u8; 32]) -> Self {
        Self { sequence, link }
    }

    /// The entry that follows for this event, and what opens it. The new head is [`Entry::head`].
    pub fn append(&self, event: &Event, salts: SaltSeed) -> Result<(Entry, Disclosure), AppendError> {
        self.append_facts(event.kind(), event.retention_year()?, event.facts(), &salts)
    }

    /// The same for a sealing, whose record is only looked at.
    pub fn append_sealing(
        &self,
        record: &SealingRecord,
        salts: SaltSeed,
    ) -> Result<(Entry, Disclosure), AppendError> {
        self.append_facts(Kind::Sealing, record.retention_year()?, record.facts(), &salts)
    }

    fn append_facts(
        &self,
        kind: Kind,
        year: RetentionYear,
        facts: Facts,
        salts: &SaltSeed,
    ) -> Result<(Entry, Disclosure), AppendError> {
        let sequence = self.sequence.checked_add(1).ok_or(AppendError::Full)?;
        let salts = salts.salts();
        let fields: Vec<_> =
            facts.into_iter().map(|(field, value)| (field, salts.salt(field), value)).collect();
        let commitments: Vec<_> =
            fields.iter().map(|(field, salt, value)| commit(salt, *field, value)).collect();
        let link = link(&self.link, sequence, kind, year, &commitments);
        Ok((Entry { sequence, kind, year, commitments, link }, Disclosure { kind, fields }))
    }

    /// Number of entries, which is the sequence number of the last one.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Link of the last entry.
    #[must_use]
    pub const fn link(&self) -> &[u8; 32] {
        &self.link
    }
}

impl Entry {
    /// An entry as a store kept it; `commitments` are the 32 octets of each field one after the other. `None` when that is not
    /// what an entry of the kind has. Whether it belongs where it stands, a [`Verifier`](crate::Verifier) says.
    #[must_use]
    pub fn from_parts(
        sequence: u64,
        kind: Kind,
        year: RetentionYear,
        commitments: &[u8],
        link: [u8; 32],
    ) -> Option<Self> {
        let chunks = commitments.chunks_exact(32);
        if !chunks.remainder().is_empty() || chunks.len() != kind.fields().len() {
            return None;
        }
        let commitments = chunks.map(|chunk| chunk.try_into().ok()).collect::<Option<_>>()?;
        Some(Self { sequence, kind, year, commitments, link })
    }

    /// Its place in the log, from 1.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The year that decides when its values go.
    #[must_use]
    pub const fn year(&self) -> RetentionYear {
        self.year
    }

    /// The commitments, 32 octets for each field of the kind.
    #[must_use]
    pub fn commitments(&self) -> Vec<u8> {
        self.commitments.concat()
    }

    /// Its link, which covers everything before it.
    #[must_use]
    pub const fn link(&self) -> &[u8; 32] {
        &self.link
    }

    /// The head of a log that ends with this entry.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { sequence: self.sequence, link: self.link }
    }

    /// Whether this entry follows that head.
    pub(crate) fn follows(&self, head: &Head) -> bool {
        head.sequence.checked_add(1) == Some(self.sequence)
            && link(&head.link, self.sequence, self.kind, self.year, &self.commitments) == self.link
    }

    /// The first field whose value is not the one committed to; `Ok` when every one is.
    pub(crate) fn check(&self, disclosure: &Disclosure) -> Result<(), Option<Field>> {
        if disclosure.kind != self.kind || disclosure.fields.len() != self.commitments.len() {
            return Err(None);
        }
        let pairs = disclosure.fields.iter().zip(&self.commitments);
        match pairs.into_iter().find(|((field, salt, value), kept)| commit(salt, *field, value) != **kept) {
            Some(((field, ..), _)) => Err(Some(*field)),
            None => Ok(()),
        }
    }
}

impl Disclosure {
    /// The event. What is told here was not compared with any entry.
    pub fn event(&self) -> Result<Event, DecodeError> {
        let facts: Facts = self.fields.iter().map(|(field, _, value)| (*field, value.clone())).collect();
        Event::from_facts(self.kind, &facts)
    }

    /// The salt and the value bytes of one field: what proves that field to somebody, and nothing else of the entry.
    #[must_use]
    pub fn opening_of(&self, field: Field) -> Option<(&[u8; 32], &[u8])> {
        self.fields.iter().find(|(f, ..)| *f == field).map(|(_, salt, value)| (salt, value.as_slice()))
    }

    /// The bytes a store keeps until the purge: for each field its number (u8), salt (32 octets), length (u32) and value.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (field, salt, value) in &self.fields {
            bytes.push(field.number());
            bytes.extend_from_slice(salt);
            put(&mut bytes, value);
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote for an entry of this kind.
    pub fn from_bytes(kind: Kind, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let fields = kind
            .fields()
            .into_iter()
            .map(|field| {
                reader.field(field)?;
                let salt = reader.take(32)?.try_into().map_err(|_| DecodeError::Value { field })?;
                Ok((field, salt, reader.value()?.to_vec()))
            })
            .collect::<Result<_, DecodeError>>()?;
        reader.end()?;
        Ok(Self { kind, fields })
    }
}

impl core::fmt::Debug for Entry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Entry({}, {:?}, {})", self.sequence, self.kind, self.year.year())
    }
}

impl core::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Disclosure({:?}, redacted)", self.kind)
    }
}

fn link(
    previous: &[u8; 32],
    sequence: u64,
    kind: Kind,
    year: RetentionYear,
    commitments: &[[u8; 32]],
) -> [u8; 32] {
    let entry = Sha256::new()
        .chain_update(b"segl-entry/v1\0")
        .chain_update([kind.number()])
        .chain_update(year.year().to_be_bytes())
        .chain_update(commitments.as_flattened());
    let link = Sha256::new()
        .chain_update([2])
        .chain_update(previous)
        .chain_update(sequence.to_be_bytes())
        .chain_update(entry.finalize());
    link.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn an_entry_follows_its_head_and_no_other() {
        let log = testing::log(1);
        let head = Head::empty(log);
        let (entry, disclosure) = head.append(&testing::completed(1).into(), testing::seed(1)).unwrap();
        assert!(entry.follows(&head));
        assert_eq!(entry.check(&disclosure), Ok(()));
        assert!(!entry.follows(&Head::empty(testing::log(2))));
        assert!(!entry.follows(&entry.head()));
        let full = Head::from_parts(u64::MAX, *head.link());
        assert_eq!(
            full.append(&testing::completed(1).into(), testing::seed(1)).unwrap_err(),
            AppendError::Full
        );
    }

    #[test]
    fn disclosures_and_entries_come_back() {
        let head = Head::empty(testing::log(1));
        for event in [Event::from(testing::completed(1)), testing::purge(2026, 1, 1, 1).into()] {
            let (entry, disclosure) = head.append(&event, testing::seed(1)).unwrap();
            let again = Disclosure::from_bytes(entry.kind(), &disclosure.to_bytes()).unwrap();
            assert_eq!(again, disclosure);
            assert_eq!(again.event(), Ok(event));
            let stored = entry.commitments();
            let again = Entry::from_parts(1, entry.kind(), entry.year(), &stored, *entry.link()).unwrap();
            assert_eq!(again, entry);
            assert_eq!(Entry::from_parts(1, entry.kind(), entry.year(), &stored[1..], *entry.link()), None);
        }
    }

    #[test]
    fn a_changed_value_is_named() {
        let head = Head::empty(testing::log(1));
        let (entry, mut disclosure) = head.append(&testing::completed(1).into(), testing::seed(1)).unwrap();
        for at in 0..disclosure.fields.len() {
            let field = disclosure.fields[at].0;
            disclosure.fields[at].2.push(0);
            assert_eq!(entry.check(&disclosure), Err(Some(field)));
            disclosure.fields[at].2.pop();
        }
    }

    #[test]
    fn one_field_can_be_proved_alone() {
        let head = Head::empty(testing::log(1));
        let (entry, disclosure) = head.append(&testing::completed(1).into(), testing::seed(1)).unwrap();
        let (salt, value) = disclosure.opening_of(Field::HolderName).unwrap();
        let at = entry.kind().fields().iter().position(|f| *f == Field::HolderName).unwrap();
        assert_eq!(commit(salt, Field::HolderName, value), entry.commitments[at]);
        assert!(disclosure.opening_of(Field::PurgedYear).is_none());
    }
}
