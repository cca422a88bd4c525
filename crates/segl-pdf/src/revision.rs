//! The saved states of a document, one after the other (ISO 32000-2, 7.5.6).

use std::sync::Arc;

use segl_crypto::Source;

use crate::{
    Bound, Dictionary, Entry, Limits, ReadError, Reference, XrefForm, XrefProblem,
    section::{SectionReader, broken},
    xref::{self, Section},
};

/// One saved state of a document: the bytes from the start of the file to [`Self::end`].
///
/// A linearized file has two cross-reference sections and one revision. What changed between two revisions is not
/// judged here.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Newest first.
    pub(crate) sections: Vec<Arc<Section>>,
}

impl Revision {
    /// Just after the `%%EOF` that closes the revision.
    #[must_use]
    pub fn marker_end(&self) -> u64 {
        self.sections.iter().map(|section| section.marker_end).max().unwrap_or(0)
    }

    /// Where the revision ends: after `%%EOF` and the end-of-line that may follow it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.sections.iter().map(|section| section.end).max().unwrap_or(0)
    }

    /// Whether `startxref` and `%%EOF` follow its cross-reference data, as they have to.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sections.iter().any(|section| section.closed)
    }

    /// Where its newest cross-reference section begins.
    #[must_use]
    pub fn xref_offset(&self) -> u64 {
        self.newest().map_or(0, |section| section.offset)
    }

    /// The form of its newest cross-reference section.
    #[must_use]
    pub fn form(&self) -> XrefForm {
        self.newest().map_or(XrefForm::Table, |section| section.form)
    }

    /// Its trailer; of a cross-reference stream, the stream's dictionary.
    ///
    /// Its strings (`/ID`) are as they stand in the file; a trailer is never encrypted.
    #[must_use]
    pub fn trailer(&self) -> Option<&Dictionary> {
        self.newest().map(|section| &section.trailer)
    }

    /// What its sections say about object numbers, the newest section first; a number may occur twice.
    pub fn entries(&self) -> impl Iterator<Item = (u32, Entry)> + '_ {
        self.sections.iter().flat_map(|section| {
            section.entries.iter().chain(section.hidden.iter().flat_map(|hidden| hidden.iter()))
        })
    }

    /// The objects the revision says something about, by reference; free numbers are left out.
    pub fn objects(&self) -> impl Iterator<Item = Reference> + '_ {
        self.entries()
            .filter(|(_, entry)| *entry != Entry::Free)
            .map(|(number, entry)| xref::reference_of(number, entry))
    }

    /// Whether one of its sections names a number twice, which two readers may understand differently.
    ///
    /// In a hybrid section the table says that a number is free and the stream where it is; anything else is ambiguous.
    #[must_use]
    pub fn has_ambiguous_entries(&self) -> bool {
        self.sections.iter().any(|section| section.is_ambiguous())
    }

    pub(crate) fn get(&self, number: u32) -> Option<Entry> {
        self.sections.iter().find_map(|section| section.get(number))
    }

    pub(crate) fn newest(&self) -> Option<&Section> {
        self.sections.first().map(|section| &**section)
    }
}

/// Follows `/Prev` from the newest section and groups the sections into revisions, oldest first.
pub(crate) fn read_chain<S: Source + ?Sized>(
    source: &S,
    newest: u64,
    shift: u64,
    limits: &Limits,
) -> Result<Vec<Revision>, ReadError> {
    let mut reader = SectionReader { source, limits, shift, entries_left: limits.entries };
    let mut visited = Vec::new();
    // Newest first while the chain is walked.
    let mut revisions: Vec<Revision> = Vec::new();
    let mut joins = false;
    let mut next = Some(newest);
    while let Some(offset) = next {
        if visited.contains(&offset) {
            return Err(broken(offset, XrefProblem::Loop));
        }
        if visited.len() >= limits.sections {
            return Err(ReadError::Limit { offset, bound: Bound::Sections });
        }
        visited.push(offset);
        let section = reader.read(offset)?;
        // Only the front section of a linearized file points forward, and what it points at is the oldest (Annex F.3.4).
        // Elsewhere it would slip objects under a revision that was signed without them.
        if joins && section.previous.is_some() {
            return Err(broken(offset, XrefProblem::Order));
        }
        next = section.previous;
        // The first section of a linearized file stands at the front and points forward to the rest of its revision.
        let points_forward = section.previous.is_some_and(|previous| previous > section.offset);
        let section = Arc::new(section);
        match revisions.last_mut() {
            Some(revision) if joins => revision.sections.push(section),
            _ => revisions.push(Revision { sections: vec![section] }),
        }
        joins = points_forward;
    }
    revisions.reverse();
    Ok(revisions)
}
