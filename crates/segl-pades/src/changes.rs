//! What was changed after a signature, revision by revision.

use core::{fmt, ops::Deref};
use std::sync::Arc;

use segl_crypto::Source;
use segl_pdf::{Document, Field, Reference, Revision};

use crate::{coverage::Coverage, covering::Covering, explain, links::Links};

/// How far a change goes, in the order of the DocMDP permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeLevel {
    /// Nothing a reader could see or rely on.
    None,
    /// Evidence, document time-stamps, and the bookkeeping for them: allowed even with P=1.
    LongTerm,
    /// Signatures and values of form fields: allowed with P=2.
    FormFilling,
    /// Not understood as one of the above; must be taken for a change of the document.
    Unexplained,
}

/// What a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The catalog, the form or a page refers to what was added, and is otherwise the same.
    Bookkeeping,
    /// A field that was filled or signed lies, with those before it, over so much of a page that it may hide what was signed.
    Covering {
        /// Share of the page, from 50 to 100.
        percent: u8,
    },
    /// A document time-stamp, or its invisible field.
    DocumentTimestamp,
    /// The value of a form field that is not a signature, or its appearance.
    FieldValue,
    /// Fonts and defaults for the appearance of form fields (`/DR`, `/DA`, `/Q`, `/NeedAppearances`), which many
    /// signing programs add.
    FormResources,
    /// The document information dictionary, the metadata stream or the file identifier.
    Metadata,
    /// Pages were added, removed or put in another order.
    Pages,
    /// Something in the document security store.
    SecurityStore,
    /// A signature, its field, or what belongs to it.
    Signature,
    /// Anything else, with what was noticed.
    Unexplained {
        /// In a sentence.
        what: String,
    },
}

impl ChangeKind {
    /// How far the change goes.
    #[must_use]
    pub const fn level(&self) -> ChangeLevel {
        match self {
            Self::Bookkeeping | Self::DocumentTimestamp | Self::Metadata | Self::SecurityStore => {
                ChangeLevel::LongTerm
            }
            Self::Covering { .. } | Self::FieldValue | Self::FormResources | Self::Signature => {
                ChangeLevel::FormFilling
            }
            Self::Pages | Self::Unexplained { .. } => ChangeLevel::Unexplained,
        }
    }
}

/// One object that a revision changed or added.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The revision, an index into [`Document::revisions`].
    pub revision: usize,
    /// The object; `None` for the trailer or the revision as a whole.
    pub object: Option<Reference>,
    /// What it is.
    pub kind: ChangeKind,
}

/// The changes after a signature. All signatures of a document share one list, of which each sees its own end.
#[derive(Clone, Default)]
pub struct Changes {
    all: Arc<[Change]>,
    from: usize,
}

impl Deref for Changes {
    type Target = [Change];

    fn deref(&self) -> &[Change] {
        self.all.get(self.from..).unwrap_or_default()
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Changes {}

/// Everything that came after a signature.
///
/// Built from a list of changes that are known to be harmless; whatever is not on it is [`ChangeKind::Unexplained`].
/// Objects written again without a difference are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaterChanges {
    /// How many revisions follow the signed one.
    pub revisions: usize,
    /// The changes, in the order of the revisions.
    pub changes: Changes,
    /// Bytes after the newest revision, which belong to none.
    pub trailing_bytes: u64,
}

impl LaterChanges {
    /// How far the changes go, all together.
    #[must_use]
    pub fn level(&self) -> ChangeLevel {
        if self.trailing_bytes > 0 || self.unexplained().next().is_some() {
            return ChangeLevel::Unexplained;
        }
        self.changes.iter().map(|change| change.kind.level()).max().unwrap_or(ChangeLevel::None)
    }

    /// The changes nobody could explain.
    pub fn unexplained(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.kind.level() == ChangeLevel::Unexplained)
    }

    /// What follows a signature with this coverage, out of the changes of every revision.
    pub(crate) fn after(every: &Every, coverage: Coverage, trailing_bytes: u64) -> Self {
        let Some(revision) = coverage.revision else {
            // Without a signed revision nothing can be compared.
            let what = "the signed bytes end with no revision, so that nothing can be compared".into();
            let change = Change { revision: 0, object: None, kind: ChangeKind::Unexplained { what } };
            let changes = Changes { all: Arc::new([change]), from: 0 };
            return Self { revisions: 0, changes, trailing_bytes };
        };
        let from = every.all.partition_point(|change| change.revision <= revision);
        Self {
            revisions: every.revisions.saturating_sub(revision.saturating_add(1)),
            changes: Changes { all: Arc::clone(&every.all), from },
            trailing_bytes: if coverage.whole_file { 0 } else { trailing_bytes },
        }
    }
}

/// The changes of every revision, in their order.
#[derive(Debug, Default)]
pub(crate) struct Every {
    all: Arc<[Change]>,
    /// Of the document.
    revisions: usize,
}

/// Objects and fields compared over all revisions of a document. Origin: our choice; a form of a thousand fields that was
/// saved a hundred times.
const MAX_COMPARED: usize = 1 << 17;

/// What a revision costs that cannot be read, however far the reading went. Origin: our choice.
const UNREADABLE: usize = 1 << 12;

/// What is known from one revision to the next, and how much more may be looked at.
pub(crate) struct Comparison {
    pub(crate) links: Links,
    pub(crate) covering: Covering,
    /// The fields of the older revision, when they were read.
    pub(crate) fields: Option<Vec<Field>>,
    /// Objects and fields that may still be compared.
    pub(crate) left: usize,
}

/// Explains the changes of every revision from `first` on; earlier ones are left empty.
pub(crate) fn of_revisions<S: Source>(document: &Document<S>, first: usize) -> Every {
    let revisions = document.revisions().len();
    let first = first.max(1);
    let Some(signed) =
        first.checked_sub(1).filter(|_| first < revisions).and_then(|index| document.as_of(index))
    else {
        return Every { all: Arc::default(), revisions };
    };
    let later = document.revisions().iter().skip(first);
    let links = Links::of(&signed, later.flat_map(Revision::objects).map(|object| object.number).collect());
    let mut comparison =
        Comparison { links, covering: Covering::default(), fields: None, left: MAX_COMPARED };
    let mut all = Vec::new();
    for index in first..revisions {
        let changes = step(document, index, &mut comparison);
        all.extend(changes.into_iter().map(|(object, kind)| Change { revision: index, object, kind }));
    }
    Every { all: all.into(), revisions }
}

fn step<S: Source>(
    document: &Document<S>,
    index: usize,
    comparison: &mut Comparison,
) -> Vec<(Option<Reference>, ChangeKind)> {
    let unexplained = |what: String| vec![(None, ChangeKind::Unexplained { what })];
    if comparison.left == 0 {
        return unexplained(explain::NOT_COMPARED.into());
    }
    let before = index.checked_sub(1).and_then(|before| document.as_of(before));
    let (Some(before), Some(after)) = (before, document.as_of(index)) else { return Vec::new() };
    // What cannot be read cannot be compared; the signatures themselves can still be.
    explain::step(&before, &after, comparison).unwrap_or_else(|error| {
        comparison.left = comparison.left.saturating_sub(UNREADABLE);
        unexplained(format!("the revision cannot be read: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_share_the_list() {
        let change = |revision| Change { revision, object: None, kind: ChangeKind::Metadata };
        let every = Every { all: vec![change(1), change(2), change(2), change(4)].into(), revisions: 5 };
        for (revision, revisions, changes) in [(0, 4, 4), (1, 3, 3), (2, 2, 1), (3, 1, 1), (4, 0, 0)] {
            let coverage = Coverage { revision: Some(revision), whole_file: false };
            let later = LaterChanges::after(&every, coverage, 0);
            assert_eq!((later.revisions, later.changes.len()), (revisions, changes), "{revision}");
            assert!(Arc::ptr_eq(&later.changes.all, &every.all));
        }
    }
}
