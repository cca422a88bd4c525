//! What cross-reference sections say: entries and sections (ISO 32000-2, 7.5.4, 7.5.8).

use crate::{Dictionary, Reference};

/// Where an object is, as one cross-reference section says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three types of the standard")]
pub enum Entry {
    /// In an object stream.
    Compressed {
        /// Number of the object stream.
        stream: u32,
        /// Place inside it.
        index: u32,
    },
    /// Nowhere: the number is free.
    Free,
    /// At a position of the file.
    InUse {
        /// The position as written, counted from the `%PDF-` header.
        offset: u64,
        /// The generation.
        generation: u16,
    },
}

/// The form of a cross-reference section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three forms of the standard")]
pub enum XrefForm {
    /// A table whose trailer points at a stream with more entries (7.5.8.4). Old and new readers may see different
    /// documents.
    Hybrid,
    /// A cross-reference stream.
    Stream,
    /// A table.
    Table,
}

/// Entries for consecutive object numbers.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) first: u32,
    pub(crate) entries: Vec<Entry>,
}

/// The entries of one section.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Sorted by number unless they overlap.
    runs: Vec<Run>,
    overlap: bool,
}

impl Entries {
    pub(crate) fn new(mut runs: Vec<Run>) -> Self {
        runs.retain(|run| !run.entries.is_empty());
        runs.sort_by_key(|run| run.first);
        let overlap = runs.windows(2).any(|pair| match pair {
            [a, b] => usize::try_from(b.first - a.first).is_ok_and(|distance| distance < a.entries.len()),
            _ => false,
        });
        Self { runs, overlap }
    }

    /// Entries from a list sorted by number.
    pub(crate) fn from_sorted(list: impl IntoIterator<Item = (u32, Entry)>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (number, entry) in list {
            match runs.last_mut() {
                Some(run) if usize::try_from(number - run.first) == Ok(run.entries.len()) => {
                    run.entries.push(entry)
                }
                _ => runs.push(Run { first: number, entries: vec![entry] }),
            }
        }
        Self { runs, overlap: false }
    }

    pub(crate) fn get(&self, number: u32) -> Option<Entry> {
        let within = |run: &Run| {
            let index = usize::try_from(number.checked_sub(run.first)?).ok()?;
            run.entries.get(index).copied()
        };
        if self.overlap {
            return self.runs.iter().find_map(within);
        }
        let after = self.runs.partition_point(|run| run.first <= number);
        self.runs.get(after.checked_sub(1)?).and_then(within)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Entry)> + '_ {
        self.runs.iter().flat_map(|run| (run.first..).zip(run.entries.iter().copied()))
    }

    pub(crate) fn overlap(&self) -> bool {
        self.overlap
    }
}

/// One cross-reference section with its trailer.
#[derive(Debug)]
pub(crate) struct Section {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    pub(crate) form: XrefForm,
    pub(crate) entries: Entries,
    /// Entries of the stream a hybrid table points to.
    pub(crate) hidden: Option<Entries>,
    /// The object number of its stream, which it need not list itself; zero without one.
    pub(crate) stream_number: u32,
    pub(crate) trailer: Dictionary,
    /// Where the previous section begins in the file.
    pub(crate) previous: Option<u64>,
    /// Just after `%%EOF`, or after the trailer when `startxref` and `%%EOF` do not follow.
    pub(crate) marker_end: u64,
    /// The same and one end-of-line.
    pub(crate) end: u64,
    /// Whether `startxref` and `%%EOF` follow.
    pub(crate) closed: bool,
}

impl Section {
    pub(crate) fn get(&self, number: u32) -> Option<Entry> {
        match self.entries.get(number) {
            // In a hybrid file the objects that old readers must not see are free in the table.
            Some(Entry::Free) | None => self
                .hidden
                .as_ref()
                .and_then(|hidden| hidden.get(number))
                .or_else(|| self.entries.get(number)),
            found => found,
        }
    }

    /// Whether it names a number twice, other than as free in the table and in use in the stream beside it.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let in_table = |number| self.entries.get(number).is_some_and(|entry| entry != Entry::Free);
        let twice = |hidden: &Entries| {
            hidden.overlap() || hidden.iter().any(|(number, entry)| entry != Entry::Free && in_table(number))
        };
        self.entries.overlap() || self.hidden.as_ref().is_some_and(twice)
    }
}

/// The highest object number a section speaks of, for `/Size`.
pub(crate) fn highest(entries: &Entries) -> u32 {
    entries.iter().map(|(number, _)| number).max().unwrap_or(0)
}

/// The reference an entry gives to its number.
pub(crate) fn reference_of(number: u32, entry: Entry) -> Reference {
    let generation = if let Entry::InUse { generation, .. } = entry { generation } else { 0 };
    Reference { number, generation }
}
