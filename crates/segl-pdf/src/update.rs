//! Incremental updates: what is written after the last byte of a document (ISO 32000-2, 7.5.6).

use core::fmt;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

use segl_crypto::{Source, sha256};

use crate::{
    Dictionary, Document, Entry, Name, Object, PdfString, ReadError, Reference, Revision, UpdateError,
    XrefForm, write,
    xref::{self, Entries, Section},
};

/// The largest object number written; what fits a signed 32-bit integer, which other readers use.
const MAX_NUMBER: u32 = 0x7fff_ffff;

/// Changes to a document, collected and then written as one update.
///
/// The document's own bytes are never touched. Objects that are replaced must be given whole, as they were read and
/// then changed.
///
/// ```
/// # use segl_pdf::{Dictionary, Document, Object, Update};
/// # fn example(file: Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
/// let document = Document::open(&file)?;
/// let mut update = Update::new(&document)?;
/// let note = update.add(Dictionary::new().with("Type", Object::name("Note")))?;
/// let catalog = document.catalog()?.with("Note", note);
/// update.replace(document.root(), catalog)?;
/// let appendix = update.finish(b"what makes this version differ")?;
/// Ok([file.as_slice(), appendix.bytes()].concat())
/// # }
/// ```
pub struct Update<'d, S> {
    document: &'d Document<S>,
    objects: BTreeMap<u32, Pending>,
    next: u32,
    tracked: Vec<Reference>,
}

impl<S> fmt::Debug for Update<'_, S> {
    /// Which objects it writes, and nothing of what is in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Update");
        debug.field("objects", &self.objects.keys()).finish_non_exhaustive()
    }
}

/// Changes collected so far, set aside without their document; see [`Update::set_aside`].
#[must_use = "changes that nobody resumes are lost"]
pub struct Draft {
    base_len: u64,
    objects: BTreeMap<u32, Pending>,
    next: u32,
    tracked: Vec<Reference>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("objects", &self.objects.keys()).finish_non_exhaustive()
    }
}

impl Draft {
    /// Goes on with the document the changes were collected for; `None` when this one has another length.
    #[must_use]
    pub fn resume<S: Source>(self, document: &Document<S>) -> Option<Update<'_, S>> {
        let Self { base_len, objects, next, tracked } = self;
        (document.source().len() == base_len).then_some(Update { document, objects, next, tracked })
    }
}

struct Pending {
    generation: u16,
    value: Object,
    data: Option<Vec<u8>>,
}

impl<'d, S: Source> Update<'d, S> {
    /// An update of this document without changes yet.
    ///
    /// # Errors
    /// When no object number is left.
    pub fn new(document: &'d Document<S>) -> Result<Self, UpdateError> {
        let size = document.trailer().get("Size").and_then(Object::as_integer);
        let size = size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
        let highest = document
            .revisions()
            .iter()
            .flat_map(|revision| &revision.sections)
            .map(|section| {
                let tables = section.hidden.iter().chain([&section.entries]);
                tables.map(xref::highest).max().unwrap_or(0).max(section.stream_number)
            })
            .max()
            .unwrap_or(0);
        let next = size.max(highest.saturating_add(1));
        Ok(Self { document, objects: BTreeMap::new(), next, tracked: Vec::new() })
    }

    /// Adds a value as a new indirect object.
    ///
    /// # Errors
    /// When no object number is left.
    pub fn add(&mut self, value: impl Into<Object>) -> Result<Reference, UpdateError> {
        let reference = self.reserve()?;
        self.replace(reference, value)?;
        Ok(reference)
    }

    /// Adds a stream; `/Length` is set here, the filters of the dictionary must already have been applied.
    ///
    /// # Errors
    /// When no object number is left.
    pub fn add_stream(&mut self, dictionary: Dictionary, data: Vec<u8>) -> Result<Reference, UpdateError> {
        let reference = self.reserve()?;
        let length = i64::try_from(data.len()).map_err(|_| UpdateError::TooLarge { len: u64::MAX })?;
        let value = Object::Dictionary(dictionary.with("Length", length));
        self.objects.insert(reference.number, Pending { generation: 0, value, data: Some(data) });
        Ok(reference)
    }

    /// Takes an object number to be filled later by [`Self::replace`]; for objects that refer to each other.
    ///
    /// # Errors
    /// When no object number is left.
    pub fn reserve(&mut self) -> Result<Reference, UpdateError> {
        if self.next > MAX_NUMBER {
            return Err(UpdateError::NoObjectNumber);
        }
        let reference = Reference::new(self.next);
        self.next += 1;
        Ok(reference)
    }

    /// Gives an object a new value. The document's stream objects cannot be replaced by their dictionary alone.
    ///
    /// # Errors
    /// When the value is a stream that was read, whose data is not here.
    pub fn replace(&mut self, reference: Reference, value: impl Into<Object>) -> Result<(), UpdateError> {
        let value = value.into();
        if matches!(value, Object::Stream(_)) {
            return Err(ReadError::Structure {
                what: "an object that is not a stream",
                reference: Some(reference),
            }
            .into());
        }
        self.objects
            .insert(reference.number, Pending { generation: reference.generation, value, data: None });
        Ok(())
    }

    /// An object as it will be: changed by this update, or as the document has it.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load(&self, reference: Reference) -> Result<Object, ReadError> {
        match self.objects.get(&reference.number) {
            Some(pending) if pending.generation == reference.generation => Ok(pending.value.clone()),
            _ => self.document.load(reference),
        }
    }

    /// Asks for the places of the values of this object's dictionary: [`Appendix::place`].
    pub fn track(&mut self, reference: Reference) {
        self.tracked.push(reference);
    }

    /// Lets go of the document for a while: the changes are worked out now and written later.
    pub fn set_aside(self) -> Draft {
        let Self { document, objects, next, tracked } = self;
        Draft { base_len: document.source().len(), objects, next, tracked }
    }

    /// Writes the update. The second part of `/ID` is derived from the old one and from `identity`, so that the same
    /// arguments give the same bytes (14.4 asks that it differs between versions of a file).
    ///
    /// # Errors
    /// When the file becomes too long for its form of cross-reference data.
    pub fn finish(mut self, identity: &[u8]) -> Result<Appendix, UpdateError> {
        let base_len = self.document.source().len();
        let mut out = Vec::new();
        if base_len > 0 {
            let last = self.document.source().read_range(base_len - 1..base_len, 1).map_err(ReadError::Io)?;
            if !matches!(last.as_slice(), b"\n" | b"\r") {
                out.push(b'\n');
            }
        }
        let origin = self.document.offset_origin();
        let position = |out: &Vec<u8>| {
            let here = u64::try_from(out.len()).ok().and_then(|len| base_len.checked_add(len));
            here.ok_or(UpdateError::TooLarge { len: u64::MAX })
        };
        let mut entries = Vec::new();
        let mut places = Vec::new();
        for (&number, pending) in &self.objects {
            let offset = position(&out)? - origin;
            let generation = pending.generation;
            entries.push((number, Entry::InUse { offset, generation }));
            let reference = Reference { number, generation };
            write::put(&mut out, format_args!("{number} {generation} obj\n"));
            match &pending.value {
                Object::Dictionary(dictionary) if self.tracked.contains(&reference) => {
                    write::tracked_dictionary(dictionary, &mut out, |key, place| {
                        places.push((reference, key.clone(), place));
                    });
                }
                value => write::object(value, &mut out),
            }
            if let Some(data) = &pending.data {
                out.extend_from_slice(b"\nstream\n");
                out.extend_from_slice(data);
                out.extend_from_slice(b"\nendstream");
            }
            out.extend_from_slice(b"\nendobj\n");
        }
        let at = position(&out)?;
        let form = match self.document.last_revision().map(Revision::form) {
            Some(XrefForm::Stream) => XrefForm::Stream,
            // A hybrid file is continued by a table without hidden objects, which both kinds of readers understand.
            Some(XrefForm::Hybrid | XrefForm::Table) | None => XrefForm::Table,
        };
        let mut stream_number = 0;
        let trailer = if form == XrefForm::Stream {
            let own = self.reserve()?;
            stream_number = own.number;
            entries.push((own.number, Entry::InUse { offset: at - origin, generation: 0 }));
            let trailer = self.trailer(identity);
            write_stream(&entries, own, trailer, &mut out)
        } else {
            let trailer = self.trailer(identity);
            write_table(&entries, &trailer, &mut out)
                .map_err(|offset| UpdateError::TooLarge { len: offset })?;
            trailer
        };
        write::put(&mut out, format_args!("startxref\n{}\n%%EOF\n", at - origin));
        let end = position(&out)?;
        let section = Section {
            offset: at,
            form,
            entries: Entries::from_sorted(entries),
            hidden: None,
            stream_number,
            trailer,
            previous: self.document.last_revision().map(Revision::xref_offset),
            marker_end: end - 1,
            end,
            closed: true,
        };
        Ok(Appendix {
            base_len,
            bytes: out,
            places,
            revision: Revision { sections: vec![Arc::new(section)] },
        })
    }

    fn trailer(&self, identity: &[u8]) -> Dictionary {
        let old = self.document.trailer();
        let origin = self.document.offset_origin();
        let previous = self.document.last_revision().map_or(0, Revision::xref_offset) - origin;
        let mut trailer = Dictionary::new().with("Size", i64::from(self.next));
        for key in ["Root", "Info", "Encrypt"] {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        let id = old.get("ID").and_then(|id| self.document.resolve(id).ok());
        if let Some([first, second]) = id.as_ref().and_then(Object::as_array) {
            let bytes = |part: &Object| {
                let part = self.document.resolve(part).ok();
                part.and_then(|part| part.as_string().map(|string| string.as_bytes().to_vec()))
                    .unwrap_or_default()
            };
            let (first, second) = (bytes(first), bytes(second));
            let seed = [first.as_slice(), &second, &previous.to_be_bytes(), identity].concat();
            let hash = sha256(&seed);
            let new = hash.get(..16).unwrap_or(&hash);
            let id = [first.as_slice(), new].map(|part| Object::String(PdfString::hexadecimal(part)));
            trailer.set("ID", id.to_vec());
        }
        trailer.with("Prev", i64::try_from(previous).unwrap_or(i64::MAX))
    }
}

/// Runs of consecutive numbers.
fn runs(entries: &[(u32, Entry)]) -> impl Iterator<Item = &[(u32, Entry)]> {
    entries.chunk_by(|(a, _), (b, _)| a.checked_add(1) == Some(*b))
}

fn first_of(run: &[(u32, Entry)]) -> u32 {
    run.first().map_or(0, |(number, _)| *number)
}

/// Writes a table with its trailer; the error is an offset of more than ten digits.
fn write_table(entries: &[(u32, Entry)], trailer: &Dictionary, out: &mut Vec<u8>) -> Result<(), u64> {
    out.extend_from_slice(b"xref\n");
    // A section must have a row; an update without objects names the head of the free list again.
    if entries.is_empty() {
        out.extend_from_slice(b"0 1\n0000000000 65535 f \n");
    }
    for run in runs(entries) {
        write::put(out, format_args!("{} {}\n", first_of(run), run.len()));
        for (_, entry) in run {
            let Entry::InUse { offset, generation } = *entry else { continue };
            if offset > 9_999_999_999 {
                return Err(offset);
            }
            write::put(out, format_args!("{offset:010} {generation:05} n \n"));
        }
    }
    out.extend_from_slice(b"trailer\n");
    write::object(&Object::Dictionary(trailer.clone()), out);
    out.push(b'\n');
    Ok(())
}

/// Writes a cross-reference stream, without compression: it is small, and every reader can read it.
fn write_stream(
    entries: &[(u32, Entry)],
    own: Reference,
    trailer: Dictionary,
    out: &mut Vec<u8>,
) -> Dictionary {
    let largest = entries.iter().map(|(_, entry)| offset_of(*entry)).max().unwrap_or(0);
    // At least four bytes, as most writers have it; eight hold every offset.
    let width = usize::try_from(u64::BITS - largest.leading_zeros()).unwrap_or(64).div_ceil(8).max(4);
    let mut data = Vec::new();
    let mut index = Vec::new();
    for run in runs(entries) {
        index.push(Object::Integer(first_of(run).into()));
        index.push(Object::Integer(i64::try_from(run.len()).unwrap_or(i64::MAX)));
        for (_, entry) in run {
            let Entry::InUse { offset, generation } = *entry else { continue };
            data.push(1);
            let bytes = offset.to_be_bytes();
            data.extend_from_slice(bytes.get(bytes.len() - width..).unwrap_or(&bytes));
            data.extend_from_slice(&generation.to_be_bytes());
        }
    }
    let widths = [1, i64::try_from(width).unwrap_or(8), 2].map(Object::Integer);
    let dictionary = trailer
        .with("Type", Object::name("XRef"))
        .with("W", widths.to_vec())
        .with("Index", index)
        .with("Length", i64::try_from(data.len()).unwrap_or(i64::MAX));
    write::put(out, format_args!("{} 0 obj\n", own.number));
    write::object(&Object::Dictionary(dictionary.clone()), out);
    out.extend_from_slice(b"\nstream\n");
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\nendstream\nendobj\n");
    dictionary
}

fn offset_of(entry: Entry) -> u64 {
    if let Entry::InUse { offset, .. } = entry { offset } else { 0 }
}

/// The bytes of a finished update, to stand directly after the document's.
#[derive(Clone)]
pub struct Appendix {
    base_len: u64,
    bytes: Vec<u8>,
    places: Vec<(Reference, Name, Range<usize>)>,
    revision: Revision,
}

impl fmt::Debug for Appendix {
    /// Without the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appendix").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl Appendix {
    /// What is appended.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is appended, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How long the document is without the update.
    #[must_use]
    pub fn base_len(&self) -> u64 {
        self.base_len
    }

    /// Where in [`Self::bytes`] the value of a tracked dictionary's key stands, delimiters included.
    #[must_use]
    pub fn place(&self, reference: Reference, key: &str) -> Option<Range<usize>> {
        self.places
            .iter()
            .find(|(owner, name, _)| *owner == reference && name.as_bytes() == key.as_bytes())
            .map(|(_, _, place)| place.clone())
    }

    /// Writes over a place, as long as the new bytes; `false`, and nothing changed, when that is not inside.
    #[must_use]
    pub fn write_over(&mut self, start: usize, new: &[u8]) -> bool {
        let place = start.checked_add(new.len()).and_then(|end| self.bytes.get_mut(start..end));
        place.map(|place| place.copy_from_slice(new)).is_some()
    }

    /// Writes bytes over a place as lower-case hexadecimal digits; `false`, and nothing changed, when they do not fit.
    #[must_use]
    pub fn write_hexadecimal_over(&mut self, start: usize, bytes: &[u8]) -> bool {
        let mut digits = Vec::new();
        write::hexadecimal(bytes, &mut digits);
        self.write_over(start, &digits)
    }

    pub(crate) fn revision(&self) -> &Revision {
        &self.revision
    }
}

impl<S: Source> Document<S> {
    /// The document with an update appended, known without reading its cross-reference data again.
    ///
    /// `source` holds the document's bytes and then the update's, `None` is returned when its length says otherwise.
    #[must_use]
    pub fn after<T: Source>(&self, source: T, appendix: &Appendix) -> Option<Document<T>> {
        let added = u64::try_from(appendix.bytes.len()).ok()?;
        let fits = appendix.base_len == self.source().len()
            && source.len() == appendix.base_len.checked_add(added)?;
        fits.then(|| self.with_revision(source, appendix.revision().clone()))
    }
}
