use core::time::Duration;

use segl_crypto::Time;
use uuid::Uuid;

use crate::Field;

/// The most octets one value has: the longest text field in four-octet characters.
const MAX_VALUE: usize = 4096;

/// Stored bytes are not a list of facts of the kind asked for. Offsets are in bytes of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a fact.
    #[error("the facts end at byte {offset}, inside one")]
    Truncated {
        /// Where the fact begins.
        offset: usize,
    },
    /// Another field stands where this one belongs, or it is missing.
    #[error("field `{expected}` is not where it belongs, at byte {offset}")]
    Unexpected {
        /// The field that belongs there.
        expected: Field,
        /// Where.
        offset: usize,
    },
    /// There is more after the last fact.
    #[error("more bytes after the last fact, at byte {offset}")]
    Trailing {
        /// Where the rest begins.
        offset: usize,
    },
    /// The value cannot be one of this field, or does not fit with the others.
    #[error("field `{field}` has a value that cannot be")]
    Value {
        /// The field.
        field: Field,
    },
}

/// Facts in the fixed order of their kind, each value in its one encoding.
pub(crate) type Facts = Vec<(Field, Vec<u8>)>;

/// A value with exactly one encoding, which is what commitments are made over: integers big-endian, a time as seconds (i64) and
/// nanoseconds (u32), a text as UTF-8, a UUID as its 16 octets.
pub(crate) trait Value: Sized {
    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Value for u8 {
    fn encode(&self) -> Vec<u8> {
        vec![*self]
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Value for i16 {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Value for u64 {
    fn encode(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Value for [u8; 32] {
    fn encode(&self) -> Vec<u8> {
        self.to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

impl Value for Vec<u8> {
    fn encode(&self) -> Vec<u8> {
        self.clone()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

impl Value for String {
    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        core::str::from_utf8(bytes).ok().map(ToOwned::to_owned)
    }
}

impl Value for Uuid {
    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

impl Value for Time {
    fn encode(&self) -> Vec<u8> {
        [&self.unix_seconds().to_be_bytes()[..], &self.subsec_nanos().to_be_bytes()].concat()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (seconds, nanos) = bytes.split_at_checked(8)?;
        let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
        let time = Self::from_unix(seconds).with_nanos(u32::from_be_bytes(nanos.try_into().ok()?))?;
        (time.unix_seconds() == seconds).then_some(time)
    }
}

impl Value for Duration {
    fn encode(&self) -> Vec<u8> {
        [&self.as_secs().to_be_bytes()[..], &self.subsec_nanos().to_be_bytes()].concat()
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (seconds, nanos) = bytes.split_at_checked(8)?;
        let nanos = u32::from_be_bytes(nanos.try_into().ok()?);
        (nanos < 1_000_000_000).then_some(())?;
        Some(Self::new(u64::from_be_bytes(seconds.try_into().ok()?), nanos))
    }
}

/// Absent is not the same as empty, and neither is the same as erased: an optional value says which it is inside the committed bytes.
impl<T: Value> Value for Option<T> {
    fn encode(&self) -> Vec<u8> {
        match self {
            None => vec![0],
            Some(value) => {
                let mut bytes = vec![1];
                bytes.extend(value.encode());
                bytes
            }
        }
    }
    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (0, []) => Some(None),
            (1, rest) => T::decode(rest).map(Some),
            _ => None,
        }
    }
}

/// Writes facts: number of the field (u8), length (u32), value.
pub(crate) fn write(facts: &Facts) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (field, value) in facts {
        bytes.push(field.number());
        put(&mut bytes, value);
    }
    bytes
}

/// Appends a length (u32) and the bytes.
pub(crate) fn put(out: &mut Vec<u8>, value: &[u8]) {
    // Values are bounded by MAX_VALUE where they are made.
    out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(value);
}

/// Reads facts of exactly these fields, in this order.
pub(crate) fn read(bytes: &[u8], fields: &[Field]) -> Result<Facts, DecodeError> {
    let mut reader = Reader::new(bytes);
    let facts = fields
        .iter()
        .map(|&field| {
            reader.field(field)?;
            Ok((field, reader.value()?.to_vec()))
        })
        .collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(facts)
}

/// A cursor over stored bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let truncated = DecodeError::Truncated { offset: self.offset };
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(truncated)?;
        self.bytes = rest;
        self.offset += length;
        Ok(taken)
    }

    pub(crate) fn field(&mut self, expected: Field) -> Result<(), DecodeError> {
        let offset = self.offset;
        match self.take(1)? {
            [number] if *number == expected.number() => Ok(()),
            _ => Err(DecodeError::Unexpected { expected, offset }),
        }
    }

    pub(crate) fn value(&mut self) -> Result<&'a [u8], DecodeError> {
        let offset = self.offset;
        let length = self.take(4)?.try_into().map(u32::from_be_bytes).unwrap_or(u32::MAX);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_VALUE {
            return Err(DecodeError::Truncated { offset });
        }
        self.take(length)
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::Trailing { offset: self.offset }) }
    }
}

/// Takes values out of facts by field.
pub(crate) struct Values<'a>(pub(crate) &'a Facts);

impl Values<'_> {
    pub(crate) fn get<T: Value>(&self, field: Field) -> Result<T, DecodeError> {
        self.0
            .iter()
            .find(|(found, _)| *found == field)
            .and_then(|(_, value)| T::decode(value))
            .ok_or(DecodeError::Value { field })
    }

    /// The same through a constructor that may refuse.
    pub(crate) fn with<T: Value, U>(
        &self,
        field: Field,
        make: impl FnOnce(T) -> Option<U>,
    ) -> Result<U, DecodeError> {
        make(self.get(field)?).ok_or(DecodeError::Value { field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [Field; 2] = [Field::Step, Field::Slot];

    #[test]
    fn facts_come_back_and_faults_say_where() {
        let facts = vec![(Field::Step, vec![1]), (Field::Slot, b"soft".to_vec())];
        let bytes = write(&facts);
        assert_eq!(read(&bytes, &FIELDS), Ok(facts));
        for cut in 0..bytes.len() {
            assert!(matches!(read(&bytes[..cut], &FIELDS), Err(DecodeError::Truncated { .. })));
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(read(&longer, &FIELDS), Err(DecodeError::Trailing { offset: bytes.len() }));
        let swapped = read(&bytes, &[Field::Slot, Field::Step]);
        assert_eq!(swapped, Err(DecodeError::Unexpected { expected: Field::Slot, offset: 0 }));
        assert!(read(&[28, 0xff, 0xff, 0xff, 0xff, 0], &FIELDS).is_err());
    }

    #[test]
    fn absent_empty_and_present_differ() {
        let (absent, empty) = (None::<String>, Some(String::new()));
        assert_ne!(absent.encode(), empty.encode());
        assert_eq!(Option::<String>::decode(&empty.encode()), Some(empty));
        assert_eq!(Option::<String>::decode(&[0, 1]), None);
        assert_eq!(Option::<String>::decode(&[]), None);
    }

    #[test]
    fn times_have_one_encoding() {
        let time: Time = "2026-11-25T12:00:00.123456789Z".parse().unwrap();
        assert_eq!(Time::decode(&time.encode()), Some(time));
        assert_eq!(Time::decode(&[0xff; 12]), None);
        assert_eq!(Time::decode(&[0x7f; 12]), None);
        let span = Duration::new(3, 5);
        assert_eq!(Duration::decode(&span.encode()), Some(span));
        assert_eq!(Duration::decode(&[0xff; 12]), None);
    }
}
