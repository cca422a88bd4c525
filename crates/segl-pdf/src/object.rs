use core::{fmt, ops::Range};

/// The name of an indirect object: its number and generation (ISO 32000-2, 7.3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "two numbers, by the standard")]
pub struct Reference {
    /// Object number, above zero in a usable reference.
    pub number: u32,
    /// Generation, zero in nearly every file.
    pub generation: u16,
}

impl Reference {
    /// The reference to generation zero of an object number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self { number, generation: 0 }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} R", self.number, self.generation)
    }
}

/// A PDF value as it was read, or as it shall be written (ISO 32000-2, 7.3).
///
/// Reading and writing gives the same value; white space, and the choice among equal spellings, is not kept.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the nine types of the standard")]
pub enum Object {
    /// `[ ... ]`
    Array(Vec<Self>),
    /// `true` or `false`
    Boolean(bool),
    /// `<< ... >>`
    Dictionary(Dictionary),
    /// A whole number.
    Integer(i64),
    /// `/Name`
    Name(Name),
    /// `null`, which is the same as being absent.
    Null,
    /// A number that is not whole, or too large for an integer.
    Real(Real),
    /// `12 0 R`
    Reference(Reference),
    /// A dictionary whose data lies in the file.
    Stream(Stream),
    /// `(text)` or `<hex>`
    String(PdfString),
}

impl Object {
    /// The value as a whole number.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The value as the bytes of a name.
    #[must_use]
    pub fn as_name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name.as_bytes()) } else { None }
    }

    /// The value as a string.
    #[must_use]
    pub fn as_string(&self) -> Option<&PdfString> {
        if let Self::String(string) = self { Some(string) } else { None }
    }

    /// The value as a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The value as a dictionary; a stream gives its dictionary.
    #[must_use]
    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// The value as a reference that was not followed.
    #[must_use]
    pub fn as_reference(&self) -> Option<Reference> {
        if let Self::Reference(reference) = self { Some(*reference) } else { None }
    }

    /// The value as a stream.
    #[must_use]
    pub fn as_stream(&self) -> Option<&Stream> {
        if let Self::Stream(stream) = self { Some(stream) } else { None }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A name from text.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self::Name(Name::new(text))
    }
}

impl From<Dictionary> for Object {
    fn from(dictionary: Dictionary) -> Self {
        Self::Dictionary(dictionary)
    }
}

impl From<Reference> for Object {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

impl From<i64> for Object {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Vec<Self>> for Object {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

impl From<PdfString> for Object {
    fn from(string: PdfString) -> Self {
        Self::String(string)
    }
}

/// A name's bytes with `#xx` resolved (ISO 32000-2, 7.3.5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// A name from text, without the slash.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.as_bytes().into())
    }

    /// A name from bytes as they mean, not as they are escaped.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", String::from_utf8_lossy(&self.0))
    }
}

/// A number with a fraction, kept as its digits so that writing does not change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Real(Box<[u8]>);

impl Real {
    pub(crate) fn from_text(text: &[u8]) -> Self {
        Self(text.into())
    }

    /// The digits as they stand in the file.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The nearest floating-point number; not a number when the digits make none.
    #[must_use]
    pub fn value(&self) -> f64 {
        core::str::from_utf8(&self.0).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }
}

/// How a string is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two forms of the standard")]
pub enum StringForm {
    /// `<0a1b>`
    Hexadecimal,
    /// `(text)`
    Literal,
}

/// A string's bytes, how they are spelled, and where they were read (ISO 32000-2, 7.3.4).
///
/// Two strings are equal when their bytes are.
#[derive(Clone)]
pub struct PdfString {
    bytes: Vec<u8>,
    form: StringForm,
    at: Option<Box<Range<u64>>>,
}

impl PdfString {
    /// A string to be written in parentheses.
    #[must_use]
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), form: StringForm::Literal, at: None }
    }

    /// A string to be written in hexadecimal digits.
    #[must_use]
    pub fn hexadecimal(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), form: StringForm::Hexadecimal, at: None }
    }

    pub(crate) fn read(bytes: Vec<u8>, form: StringForm, at: Option<Range<u64>>) -> Self {
        Self { bytes, form, at: at.map(Box::new) }
    }

    /// The bytes, unescaped.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How it is spelled.
    #[must_use]
    pub fn form(&self) -> StringForm {
        self.form
    }

    /// Where it stands in the file, delimiters included; `None` when it was not read from the file itself (object
    /// streams, strings made by a program).
    #[must_use]
    pub fn file_range(&self) -> Option<Range<u64>> {
        self.at.as_deref().cloned()
    }
}

impl PartialEq for PdfString {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PdfString {}

impl fmt::Debug for PdfString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.bytes.get(..64).unwrap_or(&self.bytes);
        write!(f, "({}; {} bytes)", String::from_utf8_lossy(shown), self.bytes.len())
    }
}

/// A stream's dictionary and where its data begins (ISO 32000-2, 7.3.8).
///
/// The data is not here: [`crate::Document::stream_data`] fetches it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Stream {
    /// The object this stream is.
    pub reference: Reference,
    /// The dictionary, with `/Length` and `/Filter`.
    pub dictionary: Dictionary,
    /// Position in the file of the first data byte.
    pub data_start: u64,
}

/// Keys and values in the order in which they were read (ISO 32000-2, 7.3.7).
///
/// A key that occurs twice is kept twice; [`Self::get`] answers with the last one, as most readers do, and
/// [`Self::duplicate_key`] tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dictionary {
    entries: Vec<(Name, Object)>,
}

impl Dictionary {
    /// A dictionary without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The same dictionary with one more entry; for writing literals.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Object>) -> Self {
        self.set(key, value);
        self
    }

    /// Sets a key, replacing all values it had, in its old place.
    pub fn set(&mut self, key: &str, value: impl Into<Object>) {
        let value = value.into();
        let mut value = Some(value);
        self.entries.retain_mut(|(name, old)| {
            if name.as_bytes() != key.as_bytes() {
                return true;
            }
            value.take().map(|new| *old = new).is_some()
        });
        if let Some(value) = value {
            self.entries.push((Name::new(key), value));
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(name, _)| name.as_bytes() != key.as_bytes());
    }

    /// The value of a key as it stands, references not followed. `null` counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Object> {
        self.entries
            .iter()
            .rev()
            .find(|(name, _)| name.as_bytes() == key.as_bytes())
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// The entries in file order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Object)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// How many entries there are, duplicates counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A key that occurs more than once; such a dictionary means different things to different readers.
    #[must_use]
    pub fn duplicate_key(&self) -> Option<&Name> {
        let mut keys: Vec<&Name> = self.entries.iter().map(|(name, _)| name).collect();
        keys.sort_unstable();
        keys.windows(2).find_map(|pair| match pair {
            [first, second] if first == second => Some(*first),
            _ => None,
        })
    }

    pub(crate) fn push(&mut self, key: Name, value: Object) {
        self.entries.push((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_replaces_every_occurrence_in_place() {
        let mut dictionary = Dictionary::new();
        dictionary.push(Name::new("A"), Object::Integer(1));
        dictionary.push(Name::new("B"), Object::Integer(2));
        dictionary.push(Name::new("A"), Object::Integer(3));
        assert_eq!(dictionary.duplicate_key(), Some(&Name::new("A")));
        assert_eq!(dictionary.get("A"), Some(&Object::Integer(3)));
        dictionary.set("A", 4);
        assert_eq!(dictionary.duplicate_key(), None);
        assert_eq!(dictionary.get("A"), Some(&Object::Integer(4)));
        assert_eq!(dictionary.iter().next().map(|(name, _)| name.clone()), Some(Name::new("A")));
        assert_eq!(dictionary.len(), 2);
    }

    #[test]
    fn null_counts_as_absent() {
        let dictionary = Dictionary::new().with("A", Object::Null);
        assert_eq!(dictionary.get("A"), None);
    }

    #[test]
    fn an_object_stays_small() {
        assert!(size_of::<Object>() <= 64, "{}", size_of::<Object>());
    }
}
