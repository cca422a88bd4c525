use core::fmt;
use core::ops::Range;

use const_oid::ObjectIdentifier;

use crate::error::{BerError, BerErrorKind};

/// How deep elements may nest while an indefinite length is searched for its end, or a constructed string is joined.
///
/// Origin: OpenSSL's `ASN1_MAX_STRING_NEST` (5) and `ASN1_MAX_CONSTRUCTED_NEST` (30) are enough for all known producers; doubled.
pub const MAX_DEPTH: usize = 60;

/// The class and number of an identifier octet, ITU-T X.690, 8.1.2; the constructed bit is told by [`Element::is_constructed`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    class: u8,
    number: u32,
}

impl Tag {
    /// BIT STRING.
    pub const BIT_STRING: Self = Self::universal(3);
    /// BOOLEAN.
    pub const BOOLEAN: Self = Self::universal(1);
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: Self = Self::universal(24);
    /// INTEGER.
    pub const INTEGER: Self = Self::universal(2);
    /// NULL.
    pub const NULL: Self = Self::universal(5);
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: Self = Self::universal(6);
    /// OCTET STRING.
    pub const OCTET_STRING: Self = Self::universal(4);
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: Self = Self::universal(16);
    /// SET and SET OF.
    pub const SET: Self = Self::universal(17);
    /// UTCTime.
    pub const UTC_TIME: Self = Self::universal(23);
    /// UTF8String.
    pub const UTF8_STRING: Self = Self::universal(12);

    const fn universal(number: u32) -> Self {
        Self { class: 0, number }
    }

    /// A context-specific tag, `[number]`.
    pub const fn context(number: u32) -> Self {
        Self { class: 0x80, number }
    }

    /// The number without its class.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Whether the class is context-specific.
    pub const fn is_context(self) -> bool {
        self.class == 0x80
    }

    /// Whether X.690 lets BER cut this universal type into segments.
    const fn is_string(self) -> bool {
        self.class == 0 && matches!(self.number, 3 | 4 | 12 | 18..=30)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            0 => "UNIVERSAL ",
            0x40 => "APPLICATION ",
            0x80 => "",
            _ => "PRIVATE ",
        };
        write!(f, "[{class}{}]", self.number)
    }
}

/// Which encodings a [`Reader`] takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::exhaustive_enums, reason = "the two sets of rules that X.690 has for reading")]
pub enum Rules {
    /// Everything X.690 allows: indefinite and non-minimal lengths, strings in segments.
    Ber,
    /// Definite lengths in the fewest octets, no constructed strings. The order of a SET OF is not looked at.
    Der,
}

/// Reads the elements of one level of BER or DER, one after the other.
///
/// Offsets are those of the slice the first reader was made over, also in the readers of nested elements. Nothing is allocated
/// from a length that the input claims.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    end: usize,
    rules: Rules,
}

impl<'a> Reader<'a> {
    /// A reader over all of `data`.
    pub const fn new(data: &'a [u8], rules: Rules) -> Self {
        Self { data, position: 0, end: data.len(), rules }
    }

    /// Reads the next element, which must be there.
    pub fn read(&mut self) -> Result<Element<'a>, BerError> {
        let header = self.header(self.position)?;
        if header.is_end_of_contents() {
            return Err(BerErrorKind::UnexpectedEndOfContents.at(self.position));
        }
        let (content_end, end) = match header.length {
            Some(length) => {
                let end = self.bounded(header.content, length, self.position)?;
                (end, end)
            }
            None => self.find_end_of_contents(header.content)?,
        };
        let element = Element {
            data: self.data,
            tag: header.tag,
            constructed: header.constructed,
            indefinite: header.length.is_none(),
            rules: self.rules,
            start: self.position,
            content: header.content..content_end,
            end,
        };
        if self.rules == Rules::Der && element.constructed && element.tag.is_string() {
            return Err(BerErrorKind::NotDer.at(self.position));
        }
        self.position = end;
        Ok(element)
    }

    /// Reads the next element and refuses any tag but this one.
    pub fn expect(&mut self, tag: Tag) -> Result<Element<'a>, BerError> {
        let offset = self.position;
        let element = self.read()?;
        if element.tag == tag {
            Ok(element)
        } else {
            Err(BerErrorKind::UnexpectedTag { expected: tag, found: element.tag }.at(offset))
        }
    }

    /// Reads the next element if it carries this tag; leaves it alone otherwise.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, BerError> {
        if self.is_empty() || self.header(self.position)?.tag != tag {
            Ok(None)
        } else {
            self.read().map(Some)
        }
    }

    /// Refuses what is left over.
    pub fn finish(self) -> Result<(), BerError> {
        if self.is_empty() { Ok(()) } else { Err(BerErrorKind::TrailingData.at(self.position)) }
    }

    /// Whether the level is used up.
    pub const fn is_empty(&self) -> bool {
        self.position >= self.end
    }

    /// Where the next element begins.
    pub const fn position(&self) -> usize {
        self.position
    }

    fn bounded(&self, start: usize, length: usize, offset: usize) -> Result<usize, BerError> {
        match start.checked_add(length) {
            Some(end) if end <= self.end => Ok(end),
            _ => Err(BerErrorKind::Truncated.at(offset)),
        }
    }

    fn octet(&self, at: usize) -> Result<u8, BerError> {
        if at >= self.end {
            return Err(BerErrorKind::Truncated.at(at));
        }
        self.data.get(at).copied().ok_or(BerErrorKind::Truncated.at(at))
    }

    fn header(&self, start: usize) -> Result<Header, BerError> {
        let leading = self.octet(start)?;
        let mut position = start.saturating_add(1);
        let mut number = u32::from(leading & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let octet = self.octet(position)?;
                position = position.saturating_add(1);
                if number == 0 && octet == 0x80 || number > u32::MAX >> 7 {
                    return Err(BerErrorKind::InvalidTag.at(start));
                }
                number = number << 7 | u32::from(octet & 0x7f);
                if octet & 0x80 == 0 {
                    break;
                }
            }
            if number < 0x1f && self.rules == Rules::Der {
                return Err(BerErrorKind::NotDer.at(start));
            }
        }
        let constructed = leading & 0x20 != 0;
        let first = self.octet(position)?;
        position = position.saturating_add(1);
        let length = match first {
            0x80 if self.rules == Rules::Der => return Err(BerErrorKind::NotDer.at(start)),
            0x80 if !constructed => return Err(BerErrorKind::IndefinitePrimitive.at(start)),
            0x80 => None,
            0xff => return Err(BerErrorKind::InvalidLength.at(start)),
            short if short < 0x80 => Some(usize::from(short)),
            long => {
                let mut value = 0usize;
                for _ in 0..(long & 0x7f) {
                    if value > usize::MAX >> 8 {
                        return Err(BerErrorKind::InvalidLength.at(start));
                    }
                    value = value << 8 | usize::from(self.octet(position)?);
                    position = position.saturating_add(1);
                }
                if self.rules == Rules::Der && !is_minimal(value, long & 0x7f) {
                    return Err(BerErrorKind::NotDer.at(start));
                }
                Some(value)
            }
        };
        Ok(Header { tag: Tag { class: leading & 0xc0, number }, constructed, length, content: position })
    }

    /// Finds the end-of-contents octets that close the element whose content begins at `start`, with one pass and no recursion.
    fn find_end_of_contents(&self, start: usize) -> Result<(usize, usize), BerError> {
        let mut position = start;
        let mut depth = 1usize;
        loop {
            if position >= self.end {
                return Err(BerErrorKind::MissingEndOfContents.at(start));
            }
            let header = self.header(position)?;
            if header.is_end_of_contents() {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok((position, header.content));
                }
                position = header.content;
            } else if let Some(length) = header.length {
                position = self.bounded(header.content, length, position)?;
            } else {
                depth = depth.saturating_add(1);
                if depth > MAX_DEPTH {
                    return Err(BerErrorKind::TooDeep.at(position));
                }
                position = header.content;
            }
        }
    }
}

struct Header {
    tag: Tag,
    constructed: bool,
    /// `None`: indefinite.
    length: Option<usize>,
    content: usize,
}

impl Header {
    fn is_end_of_contents(&self) -> bool {
        self.tag == Tag::universal(0) && !self.constructed && self.length == Some(0)
    }
}

fn is_minimal(value: usize, octets: u8) -> bool {
    let bits = usize::BITS.saturating_sub(value.leading_zeros());
    value >= 0x80 && bits.div_ceil(8) == u32::from(octets)
}

/// One element: its tag, and where its octets lie in the slice it was read from.
#[derive(Clone, Debug)]
pub struct Element<'a> {
    data: &'a [u8],
    tag: Tag,
    constructed: bool,
    indefinite: bool,
    rules: Rules,
    start: usize,
    content: Range<usize>,
    end: usize,
}

impl<'a> Element<'a> {
    /// The tag.
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// Whether the content is itself made of elements.
    pub const fn is_constructed(&self) -> bool {
        self.constructed
    }

    /// Whether the length octets are the indefinite form.
    pub const fn is_indefinite(&self) -> bool {
        self.indefinite
    }

    /// Where identifier, length and content lie, end-of-contents octets included.
    pub const fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where the content lies, without end-of-contents octets.
    pub const fn content_span(&self) -> Range<usize> {
        self.content.start..self.content.end
    }

    /// All octets of the element as they came.
    pub fn bytes(&self) -> &'a [u8] {
        self.data.get(self.span()).unwrap_or_default()
    }

    /// The content octets as they came.
    pub fn content(&self) -> &'a [u8] {
        self.data.get(self.content_span()).unwrap_or_default()
    }

    /// A reader over the elements inside, which a primitive element has not.
    pub fn reader(&self) -> Result<Reader<'a>, BerError> {
        if !self.constructed {
            return Err(BerErrorKind::Primitive.at(self.start));
        }
        Ok(Reader { data: self.data, position: self.content.start, end: self.content.end, rules: self.rules })
    }

    /// The single element inside an EXPLICIT tag.
    pub fn explicit(&self) -> Result<Self, BerError> {
        let mut reader = self.reader()?;
        let inner = reader.read()?;
        reader.finish()?;
        Ok(inner)
    }

    /// The value of an OBJECT IDENTIFIER, whatever the tag says.
    pub fn object_identifier(&self) -> Result<ObjectIdentifier, BerError> {
        let invalid = BerErrorKind::InvalidObjectIdentifier.at(self.start);
        // Primitive in BER too (X.690, 8.19.1).
        if self.constructed {
            return Err(invalid);
        }
        ObjectIdentifier::from_bytes(self.content()).map_err(|_| invalid)
    }

    /// The content octets of an INTEGER; under [`Rules::Der`] the fewest that hold the value.
    pub fn integer(&self) -> Result<&'a [u8], BerError> {
        let invalid = BerErrorKind::InvalidInteger.at(self.start);
        if self.constructed {
            return Err(invalid);
        }
        match self.content() {
            [] => Err(invalid),
            [0, next, ..] if self.rules == Rules::Der && *next < 0x80 => Err(invalid),
            [0xff, next, ..] if self.rules == Rules::Der && *next >= 0x80 => Err(invalid),
            content => Ok(content),
        }
    }

    /// The value of an INTEGER that is not negative and fits.
    pub fn small_integer(&self) -> Result<u32, BerError> {
        let content = self.integer()?;
        let mut value = 0u32;
        let invalid = BerErrorKind::InvalidInteger.at(self.start);
        if content.first().is_some_and(|first| *first >= 0x80) {
            return Err(invalid);
        }
        for octet in content {
            if value > u32::MAX >> 8 {
                return Err(invalid);
            }
            value = value << 8 | u32::from(*octet);
        }
        Ok(value)
    }

    /// The value of a BOOLEAN.
    pub fn boolean(&self) -> Result<bool, BerError> {
        match (self.rules, self.constructed, self.content()) {
            (_, false, [0]) => Ok(false),
            (_, false, [0xff]) | (Rules::Ber, false, [_]) => Ok(true),
            _ => Err(BerErrorKind::InvalidBoolean.at(self.start)),
        }
    }

    /// The octets of an OCTET STRING whose segments, if it has any, are joined.
    pub fn octets(&self) -> Result<std::borrow::Cow<'a, [u8]>, BerError> {
        if !self.constructed {
            return Ok(self.content().into());
        }
        let mut joined = Vec::new();
        let mut open = vec![self.reader()?];
        while let Some(reader) = open.last_mut() {
            if reader.is_empty() {
                open.pop();
                continue;
            }
            let segment = reader.expect(Tag::OCTET_STRING)?;
            if !segment.constructed {
                joined.extend_from_slice(segment.content());
            } else if open.len() >= MAX_DEPTH {
                return Err(BerErrorKind::TooDeep.at(segment.start));
            } else {
                open.push(segment.reader()?);
            }
        }
        Ok(joined.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(data: &[u8], rules: Rules) -> BerErrorKind {
        Reader::new(data, rules).read().unwrap_err().kind
    }

    #[test]
    fn indefinite_lengths_nest() {
        let data = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 7, 0x24, 0x03, 0x04, 0x01, 8, 0, 0, 0x02, 0x01, 5, 0, 0, 9, 9,
        ];
        let outer = Reader::new(&data, Rules::Ber).read().unwrap();
        assert_eq!(outer.span(), 0..19);
        assert_eq!(outer.content_span(), 2..17);
        let mut inside = outer.reader().unwrap();
        assert_eq!(inside.expect(Tag::OCTET_STRING).unwrap().octets().unwrap().as_ref(), [7, 8]);
        assert_eq!(inside.read().unwrap().small_integer().unwrap(), 5);
        inside.finish().unwrap();
    }

    #[test]
    fn der_refuses_what_ber_allows() {
        for data in [
            &[0x30, 0x80, 0, 0][..],
            &[0x04, 0x81, 0x01, 7],
            &[0x04, 0x82, 0, 0x80],
            &[0x24, 0x03, 0x04, 0x01, 7],
            &[0x1f, 0x04, 0],
        ] {
            assert!(
                matches!(kind(data, Rules::Der), BerErrorKind::NotDer | BerErrorKind::Truncated),
                "{data:02x?}"
            );
        }
        assert!(Reader::new(&[0x04, 0x81, 0x01, 7], Rules::Ber).read().is_ok());
    }

    /// Found by fuzzing: read, it was written again as another octet than it came with.
    #[test]
    fn a_constructed_object_identifier_is_refused() {
        for rules in [Rules::Ber, Rules::Der] {
            let element = Reader::new(&[0x26, 0x03, 0x2a, 0x03, 0x04], rules).read().unwrap();
            assert_eq!(element.object_identifier().unwrap_err().kind, BerErrorKind::InvalidObjectIdentifier);
        }
    }

    #[test]
    fn hostile_lengths_and_tags_are_refused() {
        assert_eq!(
            kind(&[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Rules::Ber),
            BerErrorKind::Truncated
        );
        assert_eq!(kind(&[0x04, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], Rules::Ber), BerErrorKind::InvalidLength);
        assert_eq!(kind(&[0x04, 0xff], Rules::Ber), BerErrorKind::InvalidLength);
        assert_eq!(kind(&[0x04, 0x80, 0, 0], Rules::Ber), BerErrorKind::IndefinitePrimitive);
        assert_eq!(kind(&[0x1f, 0x80, 0x01, 0], Rules::Ber), BerErrorKind::InvalidTag);
        assert_eq!(
            kind(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0], Rules::Ber),
            BerErrorKind::InvalidTag
        );
        assert_eq!(kind(&[0, 0], Rules::Ber), BerErrorKind::UnexpectedEndOfContents);
        assert_eq!(kind(&[0x30, 0x80, 0x02, 0x01, 1], Rules::Ber), BerErrorKind::MissingEndOfContents);
        assert_eq!(kind(&[0x30, 0x80].repeat(MAX_DEPTH + 1), Rules::Ber), BerErrorKind::TooDeep);
    }

    #[test]
    fn octet_string_nesting_is_bounded() {
        let mut data = vec![0x04, 0x01, 7];
        for _ in 0..=MAX_DEPTH {
            let mut outer = vec![0x24, 0x82];
            outer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            outer.extend(&data);
            data = outer;
        }
        let element = Reader::new(&data, Rules::Ber).read().unwrap();
        assert_eq!(element.octets().unwrap_err().kind, BerErrorKind::TooDeep);
    }

    #[test]
    fn integers() {
        let value = |data: &'static [u8], rules| Reader::new(data, rules).read().unwrap().small_integer();
        assert_eq!(value(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff], Rules::Der), Ok(u32::MAX));
        assert!(value(&[2, 1, 0x80], Rules::Der).is_err());
        assert!(value(&[2, 2, 0, 1], Rules::Der).is_err());
        assert_eq!(value(&[2, 2, 0, 1], Rules::Ber), Ok(1));
        assert!(value(&[2, 0], Rules::Ber).is_err());
        assert!(value(&[2, 5, 1, 0, 0, 0, 0], Rules::Ber).is_err());
    }
}
