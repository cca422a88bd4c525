//! What was changed after a signature, revision by revision.

use segl_crypto::Source;
use segl_pdf::{Document, Reference, Revision};

use crate::{coverage::Coverage, explain, links::Links};

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
            Self::FieldValue | Self::FormResources | Self::Signature => ChangeLevel::FormFilling,
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
    pub changes: Vec<Change>,
    /// Bytes after the newest revision, which belong to none.
    pub trailing_bytes: u64,
}

impl LaterChanges {
    /// How far the changes go, all together.
    #[must_use]
    pub fn level(&self) -> ChangeLevel {
        let trailing = if self.trailing_bytes > 0 { ChangeLevel::Unexplained } else { ChangeLevel::None };
        self.changes.iter().map(|change| change.kind.level()).max().unwrap_or(ChangeLevel::None).max(trailing)
    }

    /// The changes nobody could explain.
    pub fn unexplained(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.kind.level() == ChangeLevel::Unexplained)
    }

    /// What follows a signature with this coverage, out of the changes of every revision.
    pub(crate) fn after(every: &[Self], coverage: Coverage, trailing_bytes: u64) -> Self {
        let Some(revision) = coverage.revision else {
            // Without a signed revision nothing can be compared.
            let what = "the signed bytes end with no revision, so that nothing can be compared".into();
            let change = Change { revision: 0, object: None, kind: ChangeKind::Unexplained { what } };
            return Self { revisions: 0, changes: vec![change], trailing_bytes };
        };
        let later = every.get(revision.saturating_add(1)..).unwrap_or_default();
        Self {
            revisions: later.len(),
            changes: later.iter().flat_map(|step| step.changes.iter().cloned()).collect(),
            trailing_bytes: if coverage.whole_file { 0 } else { trailing_bytes },
        }
    }
}

/// Explains the changes of every revision from `first` on; earlier ones are left empty.
pub(crate) fn of_revisions<S: Source>(document: &Document<S>, first: usize) -> Vec<LaterChanges> {
    let count = document.revisions().len();
    let mut every = vec![LaterChanges::default(); count];
    let first = first.max(1);
    let Some(signed) = first.checked_sub(1).filter(|_| first < count).and_then(|index| document.as_of(index))
    else {
        return every;
    };
    let later = document.revisions().iter().skip(first);
    let mut links =
        Links::of(&signed, later.flat_map(Revision::objects).map(|object| object.number).collect());
    for (index, step) in every.iter_mut().enumerate().skip(first) {
        if let Some(before) = index.checked_sub(1).and_then(|before| document.as_of(before))
            && let Some(after) = document.as_of(index)
        {
            // What cannot be read cannot be compared; the signatures themselves can still be.
            let changes = explain::step(&before, &after, &mut links).unwrap_or_else(|error| {
                vec![(
                    None,
                    ChangeKind::Unexplained { what: format!("the revision cannot be read: {error}") },
                )]
            });
            step.changes =
                changes.into_iter().map(|(object, kind)| Change { revision: index, object, kind }).collect();
        }
    }
    every
}
