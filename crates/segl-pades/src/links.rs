//! Who refers to the objects that later revisions write.
//!
//! A rule explains an object by one of the places it has. What the signed document itself refers to from another place, or
//! referred to before it existed, is shown there too, and no rule explains that.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map};

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Entry, Object, ReadError, Reference};

/// Objects looked through in the signed revision. Origin: our choice; tagged documents of thousands of pages have some
/// hundred thousand.
const MAX_OBJECTS: usize = 1 << 20;

/// Values looked through, so that many objects cannot be one large one. Origin: our choice, 32 for each object.
const MAX_VALUES: usize = 1 << 25;

/// Places kept at one time of all objects together. Origin: our choice; those of an object are dropped when it was looked at.
const MAX_PLACES: usize = 1 << 20;

/// Places kept of one object; one with more has a place that no rule knows. Origin: our choice. A page of a tagged document has
/// thousands, of which no rule asks; what rules ask of has some few.
const MAX_PLACES_OF_ONE: usize = 64;

/// The place in an array that is an object, and of a reference that is one.
const ITEM: u8 = 0;
/// A key that no rule knows.
const OTHER: u8 = 1;
/// What places are called: those two, and the keys that rules know.
const KEYS: [&str; 20] = [
    "[]",
    "?",
    "AcroForm",
    "Annots",
    "CO",
    "DSS",
    "Extensions",
    "Fields",
    "IRT",
    "Info",
    "K",
    "Kids",
    "Metadata",
    "Obj",
    "Parent",
    "Popup",
    "Prev",
    "T",
    "Version",
    "XRefStm",
];
/// A place from which an object is referred to. There are many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Zero, which no object has, for the trailer.
    owner: u32,
    key: u8,
    leaf: u8,
}

impl Place {
    /// The object that refers; `None` for the trailer.
    pub(crate) fn owner(self) -> Option<u32> {
        (self.owner != 0).then_some(self.owner)
    }

    /// The key in that object.
    pub(crate) fn key(self) -> &'static str {
        KEYS.get(usize::from(self.key)).copied().unwrap_or_default()
    }

    /// The innermost key, where dictionaries stand directly in each other.
    pub(crate) fn leaf(self) -> &'static str {
        KEYS.get(usize::from(self.leaf)).copied().unwrap_or_default()
    }

    /// One that no rule knows.
    const UNKNOWN: Self = Self { owner: 0, key: OTHER, leaf: OTHER };

    const fn in_object(owner: u32) -> Self {
        Self { owner, key: ITEM, leaf: ITEM }
    }

    fn under(self, key: &[u8]) -> Self {
        let known = (OTHER..).zip(KEYS.iter().skip(1)).find(|(_, known)| known.as_bytes() == key);
        let leaf = known.map_or(OTHER, |(index, _)| index);
        Self { key: if self.leaf == ITEM { leaf } else { self.key }, leaf, ..self }
    }
}

/// What is known of one object.
#[derive(Debug)]
enum Places {
    /// It was looked at, and nobody will ask for them.
    Settled,
    /// Most have one.
    One(Place),
    Many(Vec<Place>),
}

impl Places {
    fn as_slice(&self) -> &[Place] {
        match self {
            Self::Settled => &[],
            Self::One(place) => core::slice::from_ref(place),
            Self::Many(places) => places,
        }
    }

    fn push(&mut self, place: Place) {
        match self {
            Self::Settled => {}
            Self::One(first) => *self = Self::Many(vec![*first, place]),
            Self::Many(places) => places.push(place),
        }
    }
}

/// The places that lead to some objects.
#[derive(Debug, Default)]
pub(crate) struct Links {
    wanted: HashSet<u32>,
    /// Of what is wanted, of arrays that lead to it, and of what was not looked at yet.
    places: HashMap<u32, Places>,
    kept: usize,
    values: usize,
    /// Whether everything was looked through.
    pub(crate) complete: bool,
}

impl Links {
    /// Looks through all that the trailer leads to, for references to some objects.
    ///
    /// Each object is read once, and those of one object stream together, or streams would be decoded again and again.
    pub(crate) fn of<S: Source>(document: &Document<S>, wanted: HashSet<u32>) -> Self {
        let mut links = Self { wanted, complete: true, ..Self::default() };
        let mut pending = Pending::default();
        let mut found = Vec::new();
        links.dictionary(Place::in_object(0), document.trailer(), &mut found);
        let mut looked_at: usize = 0;
        loop {
            for reference in found.drain(..) {
                if !pending.add(document, reference) && !links.wanted.contains(&reference.number) {
                    // There are more numbers than objects.
                    links.forget(reference.number);
                    links.places.remove(&reference.number);
                }
            }
            let Some(reference) = pending.next() else { break };
            looked_at += 1;
            if looked_at > MAX_OBJECTS || links.values > MAX_VALUES || links.kept > MAX_PLACES {
                links.complete = false;
                break;
            }
            match document.load(reference) {
                Ok(value) => {
                    links.object(reference.number, &value, &mut found);
                    links.settle(reference.number, &value);
                }
                // What is only too much for this reader may lead anywhere for another.
                Err(ReadError::Limit { .. }) => links.complete = false,
                // What cannot be read leads nowhere.
                Err(_) => {}
            }
        }
        links
    }

    /// Takes in what a later revision says about an object.
    pub(crate) fn add(&mut self, reference: Reference, value: &Object) {
        let mut unknown = Vec::new();
        self.object(reference.number, value, &mut unknown);
        for reference in unknown {
            if !self.wanted.contains(&reference.number) {
                self.forget(reference.number);
            }
        }
        self.complete &= self.kept <= MAX_PLACES;
    }

    /// Whether anything leads to an object.
    pub(crate) fn any(&self, number: u32) -> bool {
        !self.direct(number).is_empty()
    }

    /// The places that lead to an object, as far as it was wanted: those of the arrays it stands in, and not in them.
    pub(crate) fn places(&self, number: u32) -> Vec<Place> {
        let mut found = Vec::new();
        let (mut pending, mut visited) = (vec![number], HashSet::from([number]));
        while let Some(number) = pending.pop() {
            for place in self.direct(number) {
                match place.owner().filter(|_| place.leaf == ITEM) {
                    // An array that nothing is known of is a place too.
                    Some(array) if !self.direct(array).is_empty() => {
                        if visited.len() > MAX_PLACES_OF_ONE {
                            found.push(Place::UNKNOWN);
                            return found;
                        }
                        if visited.insert(array) {
                            pending.push(array);
                        }
                    }
                    _ => found.push(*place),
                }
            }
        }
        found
    }

    /// Those in arrays too.
    fn direct(&self, number: u32) -> &[Place] {
        self.places.get(&number).map(Places::as_slice).unwrap_or_default()
    }

    fn forget(&mut self, number: u32) {
        if let Some(dropped) = self.places.insert(number, Places::Settled) {
            self.kept = self.kept.saturating_sub(dropped.as_slice().len());
        }
    }

    /// Forgets the places of what was looked at, unless they are asked for.
    fn settle(&mut self, number: u32, value: &Object) {
        let leads_on = match value {
            Object::Reference(target) => self.may_matter(*target),
            Object::Array(items) => {
                items.iter().filter_map(Object::as_reference).any(|item| self.may_matter(item))
            }
            _ => false,
        };
        if !leads_on && !self.wanted.contains(&number) {
            self.forget(number);
        }
    }

    /// Whether an object is wanted, leads to one that is, or is not known yet.
    fn may_matter(&self, reference: Reference) -> bool {
        !self.direct(reference.number).is_empty()
    }

    fn object(&mut self, owner: u32, value: &Object, found: &mut Vec<Reference>) {
        let place = Place::in_object(owner);
        match value.as_dictionary() {
            Some(dictionary) => self.dictionary(place, dictionary, found),
            None => self.value(place, value, found),
        }
    }

    fn dictionary(&mut self, place: Place, dictionary: &Dictionary, found: &mut Vec<Reference>) {
        for (key, value) in dictionary.iter() {
            self.value(place.under(key.as_bytes()), value, found);
        }
    }

    /// Depth is bounded by the parser.
    fn value(&mut self, place: Place, value: &Object, found: &mut Vec<Reference>) {
        self.values = self.values.saturating_add(1);
        match value {
            Object::Reference(reference) => self.record(*reference, place, found),
            Object::Array(items) => {
                for item in items {
                    self.value(place, item, found);
                }
            }
            Object::Dictionary(dictionary) => self.dictionary(place, dictionary, found),
            _ => {}
        }
    }

    fn record(&mut self, reference: Reference, place: Place, found: &mut Vec<Reference>) {
        let places = match self.places.entry(reference.number) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(unknown) => {
                unknown.insert(Places::One(place));
                self.kept = self.kept.saturating_add(1);
                found.push(reference);
                return;
            }
        };
        let known = places.as_slice();
        // The last one first: what refers to an object twice does so one time after the other.
        if known.is_empty() || known.len() > MAX_PLACES_OF_ONE || known.iter().rev().any(|at| *at == place) {
            return;
        }
        let crowded = known.len() == MAX_PLACES_OF_ONE;
        places.push(if crowded { Place::UNKNOWN } else { place });
        self.kept = self.kept.saturating_add(1);
    }
}

/// Objects to be looked at, by the object stream they are in; zero for those in none.
#[derive(Debug, Default)]
struct Pending {
    by_stream: BTreeMap<u32, Vec<Reference>>,
    current: u32,
}

impl Pending {
    /// `false` when there is no such object.
    fn add<S: Source>(&mut self, document: &Document<S>, reference: Reference) -> bool {
        // Not by the reference's generation: one that is wrong must not keep the object from being looked at.
        let Some(reference) = document.reference(reference.number) else { return false };
        let stream = match document.entry(reference.number) {
            Some(Entry::Compressed { stream, .. }) => stream,
            _ => 0,
        };
        self.by_stream.entry(stream).or_default().push(reference);
        true
    }

    /// The next of the same stream, else of the stream after it, else of the first.
    fn next(&mut self) -> Option<Reference> {
        let mut ahead = self.by_stream.range(self.current..);
        self.current = ahead.next().or_else(|| self.by_stream.iter().next()).map(|(stream, _)| *stream)?;
        let references = self.by_stream.get_mut(&self.current)?;
        let next = references.pop();
        if references.is_empty() {
            self.by_stream.remove(&self.current);
        }
        next
    }
}
