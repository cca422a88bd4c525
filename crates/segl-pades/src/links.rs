//! Who refers to the objects that later revisions write.
//!
//! A rule explains an object by one of the places it has. What the signed document itself refers to from another place, or
//! referred to before it existed, is shown there too, and no rule explains that.

use std::collections::{BTreeSet, HashMap, HashSet};

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Object, ReadError, Reference};

/// Objects looked through in the signed revision. Origin: our choice; tagged documents of thousands of pages have some
/// hundred thousand.
const MAX_OBJECTS: usize = 1 << 20;

/// Values looked through, so that many objects cannot be one large one. Origin: our choice, 32 for each object.
const MAX_VALUES: usize = 1 << 25;

/// A place from which an object is referred to: the object that does, or the trailer, and the key there.
pub(crate) type Place = (Option<u32>, Vec<u8>);

/// The places that lead to some objects.
#[derive(Debug, Default)]
pub(crate) struct Links {
    wanted: HashSet<u32>,
    places: HashMap<u32, BTreeSet<Place>>,
    values: usize,
    /// Whether everything was looked through.
    pub(crate) complete: bool,
}

impl Links {
    /// Looks through all that the trailer leads to, for references to some objects.
    pub(crate) fn of<S: Source>(document: &Document<S>, wanted: HashSet<u32>) -> Self {
        let mut links = Self { wanted, complete: true, ..Self::default() };
        let mut visited: HashSet<u32> = HashSet::new();
        let mut pending = Vec::new();
        links.dictionary(None, document.trailer(), &mut pending);
        while let Some(reference) = pending.pop() {
            if !visited.insert(reference.number) {
                continue;
            }
            if visited.len() > MAX_OBJECTS || links.values > MAX_VALUES {
                links.complete = false;
                break;
            }
            match document.load(reference) {
                Ok(value) => links.object(reference.number, &value, &mut pending),
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
        self.object(reference.number, value, &mut Vec::new());
    }

    /// The places that lead to an object, as far as it was wanted.
    pub(crate) fn places(&self, number: u32) -> impl Iterator<Item = &Place> {
        self.places.get(&number).into_iter().flatten()
    }

    fn object(&mut self, owner: u32, value: &Object, found: &mut Vec<Reference>) {
        match value.as_dictionary() {
            Some(dictionary) => self.dictionary(Some(owner), dictionary, found),
            None => self.value(Some(owner), b"", value, found),
        }
    }

    fn dictionary(&mut self, owner: Option<u32>, dictionary: &Dictionary, found: &mut Vec<Reference>) {
        for (key, value) in dictionary.iter() {
            self.value(owner, key.as_bytes(), value, found);
        }
    }

    /// Depth is bounded by the parser.
    fn value(&mut self, owner: Option<u32>, key: &[u8], value: &Object, found: &mut Vec<Reference>) {
        self.values = self.values.saturating_add(1);
        match value {
            Object::Reference(reference) => {
                if self.wanted.contains(&reference.number) {
                    self.places.entry(reference.number).or_default().insert((owner, key.to_vec()));
                }
                found.push(*reference);
            }
            Object::Array(items) => {
                for item in items {
                    self.value(owner, key, item, found);
                }
            }
            Object::Dictionary(dictionary) => {
                for (_, item) in dictionary.iter() {
                    self.value(owner, key, item, found);
                }
            }
            _ => {}
        }
    }
}
