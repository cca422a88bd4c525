//! Explains one revision against the one before it, object by object (ISO 32000-2, 12.8.2.2.2).
//!
//! Every object the revision names must be claimed by a rule. A rule claims an object only for what it was before and
//! is now, so that an object that serves two purposes is not explained by the harmless one alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use segl_crypto::{Source, sha256};
use segl_pdf::{Dictionary, Document, Entry, Field, Object, ReadError, Reference};

use crate::{
    ChangeKind,
    changes::Comparison,
    covering::Covering,
    links::{Links, Place},
};

/// Objects of one revision that are looked at. Origin: our choice; an update by a signing program has some tens.
pub(crate) const MAX_OBJECTS: usize = 20_000;

/// How many references a new signature's own parts are followed: appearance, layers, fonts, descriptors, files.
/// Origin: our choice; Acrobat's appearances have three layers.
const MAX_HOPS: usize = 16;

/// What is said of a revision that the budget did not reach.
pub(crate) const NOT_COMPARED: &str =
    "the revision was not compared: the document has too many changes and fields for it";

/// Where fields and their widgets stand: pages, the form, its calculation order, each other, structure, actions and notes.
const FIELD_PLACES: [&str; 10] =
    ["Annots", "CO", "Fields", "IRT", "K", "Kids", "Obj", "Parent", "Popup", "T"];

type Explained = Vec<(Option<Reference>, ChangeKind)>;

/// What a revision changed; unchanged objects are left out.
///
/// The links are the places of the objects as of `old`; what the revision adds to them is taken in.
pub(crate) fn step<A: Source, B: Source>(
    old: &Document<A>,
    new: &Document<B>,
    comparison: &mut Comparison,
) -> Result<Explained, ReadError> {
    let Comparison { links, covering, fields, left } = comparison;
    let mut step = Step {
        old,
        new,
        touched: BTreeMap::new(),
        claims: BTreeMap::new(),
        store: HashSet::new(),
        grown: HashSet::new(),
        notes: Vec::new(),
        fields: fields.take(),
        left,
    };
    step.collect();
    if step.touched.len() > MAX_OBJECTS {
        step.note(None, format!("{} objects are too many to compare", step.touched.len()));
        return Ok(step.notes);
    }
    if !step.spend(step.touched.len()) {
        return Ok(step.notes);
    }
    step.trailer();
    step.page_tree()?;
    step.metadata()?;
    step.catalog()?;
    step.security_store()?;
    step.form()?;
    *fields = step.fields.take();
    step.pages()?;
    step.other_places(links);
    for reference in step.touched.values() {
        if let Ok(value) = new.load(*reference) {
            links.add(*reference, &value);
        }
    }
    step.covering(links, covering);
    Ok(step.finish())
}

pub(crate) struct Step<'a, A, B> {
    pub(crate) old: &'a Document<A>,
    pub(crate) new: &'a Document<B>,
    /// Objects whose entry is another than before.
    pub(crate) touched: BTreeMap<u32, Reference>,
    pub(crate) claims: BTreeMap<u32, ChangeKind>,
    /// Objects of the security store, before and now.
    pub(crate) store: HashSet<u32>,
    /// Pages of which nothing but the list of annotations is another.
    pub(crate) grown: HashSet<u32>,
    pub(crate) notes: Explained,
    /// Of the old revision, when they are known; then of the new one, when they were compared.
    pub(crate) fields: Option<Vec<Field>>,
    /// Objects that may still be compared.
    pub(crate) left: &'a mut usize,
}

impl<A: Source, B: Source> Step<'_, A, B> {
    pub(crate) fn note(&mut self, object: Option<Reference>, what: impl Into<String>) {
        self.notes.push((object, ChangeKind::Unexplained { what: what.into() }));
    }

    /// Takes some objects off the budget; `false`, with a note, when it is spent, and nothing is left for later revisions.
    pub(crate) fn spend(&mut self, objects: usize) -> bool {
        let rest = self.left.checked_sub(objects);
        *self.left = rest.unwrap_or(0);
        if rest.is_none() {
            self.note(None, NOT_COMPARED);
        }
        rest.is_some()
    }

    /// Lists what the revision names, and refuses what no honest update does.
    fn collect(&mut self) {
        let Some(revision) = self.new.last_revision() else { return };
        let base = self.old.source().len();
        let entries: Vec<(u32, Entry)> = revision.entries().collect();
        if revision.has_ambiguous_entries() {
            self.note(None, "the cross-reference section names an object twice");
        }
        let named: HashSet<u32> = entries.iter().map(|(number, _)| *number).collect();
        for (number, entry) in entries {
            let before = self.old.entry(number);
            if before == Some(entry) || self.touched.contains_key(&number) {
                continue;
            }
            if let (Some(was), Some(is)) = (before.and_then(generation), written_generation(entry))
                && was != is
            {
                // Readers differ in whether they look at generations.
                self.note(Some(Reference { number, generation: is }), "an object has another generation");
            }
            let reference = match entry {
                Entry::Free => {
                    if before.is_some_and(|before| before != Entry::Free) {
                        self.note(Some(Reference::new(number)), "an object was freed");
                    }
                    continue;
                }
                Entry::InUse { offset, generation } => {
                    let reference = Reference { number, generation };
                    // Offset zero stands for an unused number.
                    if offset != 0 && offset.saturating_add(self.new.offset_origin()) < base {
                        self.note(
                            Some(reference),
                            "the cross-reference entry points back into an earlier revision",
                        );
                    }
                    reference
                }
                Entry::Compressed { stream, .. } => {
                    if !named.contains(&stream) {
                        self.note(
                            Some(Reference::new(number)),
                            "the cross-reference entry points into an earlier object stream",
                        );
                    }
                    Reference::new(number)
                }
            };
            self.touched.insert(number, reference);
        }
    }

    fn trailer(&mut self) {
        let id = |trailer: &Dictionary| {
            let id = trailer.get("ID").and_then(Object::as_array).and_then(<[Object]>::first).cloned();
            id.unwrap_or(Object::Null)
        };
        let (old, new) = (self.old.trailer().clone(), self.new.trailer().clone());
        if old.get("Root") != new.get("Root") {
            self.note(None, "the trailer names another catalog");
        }
        if old.get("Encrypt") != new.get("Encrypt") {
            self.note(None, "the trailer names another encryption dictionary");
        }
        if id(&old) != id(&new) {
            // The identifier takes part in the keys of some encryption handlers, and is a label otherwise.
            if new.get("Encrypt").is_some() {
                self.note(None, "the first part of the file identifier is another");
            } else {
                self.notes.push((None, ChangeKind::Metadata));
            }
        }
    }

    pub(crate) fn before(&self, reference: Reference) -> Object {
        self.old.load(reference).unwrap_or(Object::Null)
    }

    pub(crate) fn is_touched(&self, reference: Reference) -> bool {
        self.touched.get(&reference.number) == Some(&reference)
    }

    /// Whether an object did not exist before this revision.
    pub(crate) fn is_new(&self, reference: Reference) -> bool {
        self.is_touched(reference) && matches!(self.old.entry(reference.number), None | Some(Entry::Free))
    }

    pub(crate) fn claim(&mut self, reference: Reference, kind: ChangeKind) {
        if self.is_touched(reference) {
            self.claims.entry(reference.number).or_insert(kind);
        }
    }

    /// Claims new objects that a value leads to; what existed before is left to other rules.
    pub(crate) fn claim_new_below(
        &mut self,
        value: &Object,
        kind: &ChangeKind,
        hops: usize,
    ) -> Result<(), ReadError> {
        if hops > MAX_HOPS {
            return Ok(());
        }
        match value {
            Object::Reference(reference)
                if self.is_new(*reference) && !self.claims.contains_key(&reference.number) =>
            {
                self.claim(*reference, kind.clone());
                let target = self.new.load(*reference)?;
                self.claim_new_below(&target, kind, hops + 1)?;
            }
            Object::Array(items) => {
                for item in items {
                    self.claim_new_below(item, kind, hops)?;
                }
            }
            Object::Dictionary(_) | Object::Stream(_) => {
                for (key, item) in value.as_dictionary().into_iter().flat_map(Dictionary::iter) {
                    // These lead out of what is new, back into the document.
                    if !matches!(key.as_bytes(), b"P" | b"Parent") {
                        self.claim_new_below(item, kind, hops)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Claims an object when its dictionaries differ in allowed keys only; notes each other difference.
    pub(crate) fn compare(
        &mut self,
        reference: Reference,
        old: &Dictionary,
        new: &Dictionary,
        allowed: &[&str],
        kind: ChangeKind,
    ) {
        let other = differences(old, new, allowed);
        if new.duplicate_key().is_some() && old.duplicate_key().is_none() {
            self.claim(reference, ChangeKind::Unexplained { what: "a key was added twice".into() });
        }
        if other.is_empty() {
            self.claim(reference, kind);
        } else {
            let what = format!("changed: {}", other.into_iter().collect::<Vec<_>>().join(", "));
            self.claim(reference, ChangeKind::Unexplained { what });
        }
    }

    /// Whether an object is the list of pages under a node of their tree.
    fn is_list_of_pages(&self, number: u32, links: &Links) -> bool {
        links.places(number).iter().filter(|place| place.leaf() == "Kids").any(|place| {
            let node = place.owner().and_then(|owner| self.old.load(self.old.reference(owner)?).ok());
            let kind = node.as_ref().and_then(Object::as_dictionary).and_then(|node| node.get("Type"));
            kind.and_then(Object::as_name) == Some(b"Pages")
        })
    }

    /// Takes back claims on objects that the document shows in another place than the one the claim is about.
    fn other_places(&mut self, links: &Links) {
        if !links.complete {
            self.note(None, "the document has too many objects to see what refers to the changed ones");
        }
        let root = Some(self.old.root().number);
        let form = self.new.catalog().ok().and_then(|catalog| catalog.get("AcroForm")?.as_reference());
        let form = form.map(|form| form.number);
        for (number, reference) in self.touched.clone() {
            if self.is_new(reference) {
                if links.any(number) {
                    let what = "the document referred to the object before it existed".into();
                    self.claims.insert(number, ChangeKind::Unexplained { what });
                }
                continue;
            }
            if self.is_list_of_pages(number, links) && self.before(reference).as_array().is_some() {
                self.claims.insert(number, ChangeKind::Pages);
                continue;
            }
            let is_own_place: &dyn Fn(&Place) -> bool = match self.claims.get(&number) {
                Some(ChangeKind::Metadata) => &|place| match (place.owner(), place.key()) {
                    (None, "Info" | "Prev" | "XRefStm") => true,
                    (owner, "Metadata") => owner == root,
                    _ => false,
                },
                Some(ChangeKind::SecurityStore) => &|place| {
                    (place.owner() == root && place.key() == "DSS")
                        || place.owner().is_some_and(|owner| self.store.contains(&owner))
                },
                // The catalog and the pages have many places, and what may change in them says nothing anywhere else.
                Some(ChangeKind::Bookkeeping) if Some(number) == root || self.grown.contains(&number) => {
                    continue;
                }
                Some(ChangeKind::Bookkeeping) => &|place| match (place.key(), place.leaf()) {
                    ("AcroForm", "AcroForm" | "Fields") | ("Extensions" | "Version", _) => {
                        place.owner() == root
                    }
                    ("Fields", "Fields") => place.owner() == form,
                    ("Annots", "Annots") => true,
                    _ => false,
                },
                Some(ChangeKind::FieldValue | ChangeKind::Signature | ChangeKind::DocumentTimestamp) => {
                    &|place| FIELD_PLACES.contains(&place.leaf())
                }
                _ => continue,
            };
            if !links.places(number).iter().all(is_own_place) {
                let what = "the object serves another purpose besides".into();
                self.claims.insert(number, ChangeKind::Unexplained { what });
            }
        }
    }

    /// Tells of fields that hide much of a page with what they show now.
    fn covering(&mut self, links: &Links, covering: &mut Covering) {
        for (number, kind) in &self.claims {
            if !matches!(kind, ChangeKind::FieldValue | ChangeKind::Signature) {
                continue;
            }
            let Some(reference) = self.touched.get(number).copied() else { continue };
            let is_widget = |value: &Object| {
                let kind = value.as_dictionary().and_then(|dictionary| dictionary.get("Subtype"));
                kind.and_then(Object::as_name) == Some(b"Widget")
            };
            if !self.new.load(reference).is_ok_and(|value| is_widget(&value)) {
                continue;
            }
            if let Some(percent) = covering.add(self.new, links, reference) {
                self.notes.push((Some(reference), ChangeKind::Covering { percent }));
            }
        }
    }

    /// Every touched object with its claim; containers and rewritten objects are left out.
    fn finish(mut self) -> Explained {
        let mut explained = Vec::new();
        for (number, reference) in core::mem::take(&mut self.touched) {
            if self.is_rewritten(reference) {
                continue;
            }
            match self.claims.remove(&number) {
                Some(kind) => explained.push((Some(reference), kind)),
                None if self.is_container(reference) => {}
                None => {
                    let what = "the object was added or changed, and no rule explains it".into();
                    explained.push((Some(reference), ChangeKind::Unexplained { what }));
                }
            }
        }
        self.notes.extend(explained);
        self.notes
    }

    /// A new object stream or cross-reference stream: what is in it is looked at by itself.
    fn is_container(&self, reference: Reference) -> bool {
        let fresh = matches!(self.old.entry(reference.number), None | Some(Entry::Free));
        // What cannot be read is not nothing: another reader may find something there.
        let Ok(value) = self.new.load(reference) else { return false };
        let kind =
            value.as_stream().and_then(|stream| stream.dictionary.get("Type")).and_then(Object::as_name);
        let nothing = value.is_null() && matches!(self.old.load(reference), Ok(Object::Null));
        nothing || (fresh && matches!(kind, Some(b"ObjStm" | b"XRef")))
    }

    /// Whether an object was written again without a difference.
    fn is_rewritten(&self, reference: Reference) -> bool {
        let (Ok(before), Ok(now)) = (self.old.load(reference), self.new.load(reference)) else {
            return false;
        };
        match (&before, &now) {
            (Object::Stream(before), Object::Stream(now)) => {
                let limit = self.new.limits().decoded_stream;
                let raw = |range: Result<core::ops::Range<u64>, ReadError>, source: &dyn Source| {
                    let bytes = range.ok().and_then(|range| source.read_range(range, limit).ok());
                    bytes.map(|bytes| sha256(&bytes))
                };
                let first = raw(self.old.stream_range(before), self.old.source());
                let second = raw(self.new.stream_range(now), self.new.source());
                before.dictionary == now.dictionary && first.is_some() && first == second
            }
            (Object::Null, Object::Null) => false,
            (before, now) => before == now,
        }
    }
}

/// The generation of an object that is there.
const fn generation(entry: Entry) -> Option<u16> {
    match entry {
        // Offset zero stands for an unused number.
        Entry::InUse { offset: 0, .. } => None,
        entry => written_generation(entry),
    }
}

/// The generation an entry gives, wherever it leads.
const fn written_generation(entry: Entry) -> Option<u16> {
    match entry {
        Entry::Free => None,
        Entry::InUse { generation, .. } => Some(generation),
        Entry::Compressed { .. } => Some(0),
    }
}

/// Keys whose values differ, but for the allowed ones.
pub(crate) fn differences(old: &Dictionary, new: &Dictionary, allowed: &[&str]) -> BTreeSet<String> {
    let keys =
        old.iter().chain(new.iter()).map(|(key, _)| String::from_utf8_lossy(key.as_bytes()).into_owned());
    keys.filter(|key| !allowed.contains(&key.as_str()) && old.get(key) != new.get(key)).collect()
}
