//! Object identifiers of any size.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

use const_oid::ObjectIdentifier;

use crate::bytes::Bytes;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::reader::{OBJECT_IDENTIFIER, Reader, Tlv};

/// An object identifier as it stood in the input.
///
/// Unlike [`ObjectIdentifier`] it holds arcs of any size (UUIDs under 2.25 for example) and compares by its octets
/// (X.690, 8.19). Compare it directly with the constants of [`oids`](crate::oids).
#[derive(Clone)]
pub struct Oid {
    octets: Bytes,
}

impl Oid {
    /// An identifier by its content octets, without tag and length; `None` when they are not of the form of X.690, 8.19.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        is_whole(octets).then(|| Self { octets: Bytes::new(octets) })
    }

    /// The content octets, without tag and length.
    pub fn as_octets(&self) -> &[u8] {
        self.octets.as_slice()
    }

    /// The same identifier in const-oid's form; `None` if an arc or the whole is too large for it.
    pub fn to_const(&self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.as_octets()).ok()
    }

    pub(crate) fn read(tlv: &Tlv<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        if tlv.tag != OBJECT_IDENTIFIER {
            let kind = SyntaxErrorKind::UnexpectedTag { expected: OBJECT_IDENTIFIER, found: tlv.tag };
            return Err(tlv.error(kind));
        }
        Self::read_content(tlv, bytes)
    }

    /// As [`read`](Self::read), for an implicitly tagged identifier.
    pub(crate) fn read_content(tlv: &Tlv<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        check(tlv)?;
        Ok(Self { octets: tlv.content_in(bytes) })
    }

    pub(crate) fn next(reader: &mut Reader<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        Self::read(&reader.any()?, bytes)
    }
}

/// The form of X.690, 8.19: not empty, and the last octet ends an arc.
pub(crate) fn check(tlv: &Tlv<'_>) -> Result<(), SyntaxError> {
    if is_whole(tlv.content) { Ok(()) } else { Err(tlv.error(SyntaxErrorKind::ObjectIdentifier)) }
}

fn is_whole(octets: &[u8]) -> bool {
    octets.last().is_some_and(|last| last & 0x80 == 0)
}

impl From<ObjectIdentifier> for Oid {
    fn from(oid: ObjectIdentifier) -> Self {
        Self { octets: Bytes::new(oid.as_bytes()) }
    }
}

impl PartialEq for Oid {
    fn eq(&self, other: &Self) -> bool {
        self.as_octets() == other.as_octets()
    }
}

impl Eq for Oid {}

impl PartialEq<ObjectIdentifier> for Oid {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.as_octets() == other.as_bytes()
    }
}

impl PartialOrd for Oid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Oid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_octets().cmp(other.as_octets())
    }
}

impl Hash for Oid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_octets().hash(state);
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&dotted(self.as_octets()))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// The dotted form; an arc beyond 128 bits is written as `?`.
pub(crate) fn dotted(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut arc = Some(0_u128);
    let mut first = true;
    for octet in octets {
        arc = arc.and_then(|arc| arc.checked_mul(128)).map(|arc| arc | u128::from(octet & 0x7f));
        if octet & 0x80 != 0 {
            continue;
        }
        match arc {
            // The first two arcs share one number: 40 * first + second (X.690, 8.19.4).
            Some(value) if first => {
                let root = (value / 40).min(2);
                text.push_str(&format!("{root}.{}", value.saturating_sub(root.saturating_mul(40))));
            }
            Some(value) => text.push_str(&format!(".{value}")),
            None if first => text.push_str("2.?"),
            None => text.push_str(".?"),
        }
        first = false;
        arc = Some(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_form_agrees_with_const_oid() {
        for text in ["2.5.29.15", "1.2.840.113549.1.1.11", "0.4.0.194121.2.1", "2.16.840.1.101.3.4.2.1"] {
            let oid = ObjectIdentifier::new_unwrap(text);
            assert_eq!(Oid::from(oid).to_string(), text);
            assert_eq!(Oid::from(oid), oid);
            assert_eq!(Oid::from(oid).to_const(), Some(oid));
        }
    }

    #[test]
    fn large_arcs_are_read() {
        // 2.25.340282366920938463463374607431768211455 is the largest UUID.
        let mut octets = vec![0x69, 0x83];
        octets.extend([0xff; 17]);
        octets.push(0x7f);
        assert_eq!(dotted(&octets), "2.25.340282366920938463463374607431768211455");
        let mut beyond = vec![0x69, 0x84];
        beyond.extend([0xff; 17]);
        beyond.push(0x7f);
        assert_eq!(dotted(&beyond), "2.25.?");
        assert_eq!(dotted(&[0x88, 0x37]), "2.999");
        assert_eq!(
            Oid::from_octets(&octets).map(|oid| (oid.to_string(), oid.to_const())),
            Some((dotted(&octets), None))
        );
        assert_eq!((Oid::from_octets(&[]), Oid::from_octets(&[0x2a, 0x86])), (None, None));
    }
}
