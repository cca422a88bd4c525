//! Values to bytes (ISO 32000-2, 7.3).

use crate::{Dictionary, Name, Object, PdfString, Reference, StringForm};
use core::ops::Range;

/// Writes one value; a stream is written as its dictionary.
pub(crate) fn object(value: &Object, out: &mut Vec<u8>) {
    match value {
        Object::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                object(item, out);
            }
            out.push(b']');
        }
        Object::Boolean(true) => out.extend_from_slice(b"true"),
        Object::Boolean(false) => out.extend_from_slice(b"false"),
        Object::Dictionary(entries) => dictionary(entries, out),
        Object::Integer(value) => put(out, format_args!("{value}")),
        Object::Name(value) => name(value, out),
        Object::Null => out.extend_from_slice(b"null"),
        Object::Real(real) => out.extend_from_slice(real.text()),
        Object::Reference(value) => reference(*value, out),
        Object::Stream(stream) => dictionary(&stream.dictionary, out),
        Object::String(value) => string(value, out),
    }
}

/// Text to the end of what is written; a vector takes everything.
pub(crate) fn put(out: &mut Vec<u8>, text: core::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let taken = out.write_fmt(text);
    debug_assert!(taken.is_ok());
}

fn dictionary(entries: &Dictionary, out: &mut Vec<u8>) {
    tracked_dictionary(entries, out, |_, _| {});
}

/// Writes a dictionary and tells where each value stands in `out`.
pub(crate) fn tracked_dictionary(
    entries: &Dictionary,
    out: &mut Vec<u8>,
    mut placed: impl FnMut(&Name, Range<usize>),
) {
    out.extend_from_slice(b"<<");
    for (key, value) in entries.iter() {
        name(key, out);
        // Always a space: short, and the span of a value never touches its key.
        out.push(b' ');
        let start = out.len();
        object(value, out);
        placed(key, start..out.len());
    }
    out.extend_from_slice(b">>");
}

fn reference(value: Reference, out: &mut Vec<u8>) {
    put(out, format_args!("{} {} R", value.number, value.generation));
}

fn name(value: &Name, out: &mut Vec<u8>) {
    out.push(b'/');
    for &byte in value.as_bytes() {
        if byte.is_ascii_graphic() && !b"()<>[]{}/%#".contains(&byte) {
            out.push(byte);
        } else {
            put(out, format_args!("#{byte:02X}"));
        }
    }
}

fn string(value: &PdfString, out: &mut Vec<u8>) {
    if value.form() == StringForm::Hexadecimal {
        out.push(b'<');
        hexadecimal(value.as_bytes(), out);
        out.push(b'>');
        return;
    }
    out.push(b'(');
    for &byte in value.as_bytes() {
        match byte {
            b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b')');
}

/// Appends bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    // Without a branch or a table, so that many are made at once.
    let digit = |half: u8| half + b'0' + u8::from(half > 9) * (b'a' - b'0' - 10);
    let start = out.len();
    out.resize(start.saturating_add(bytes.len().saturating_mul(2)), b'0');
    for (byte, pair) in bytes.iter().zip(out.get_mut(start..).unwrap_or_default().chunks_exact_mut(2)) {
        if let [high, low] = pair {
            (*high, *low) = (digit(byte >> 4), digit(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, lex::Lexer, parse};
    use proptest::prelude::*;

    fn round_trip(value: &Object) -> Object {
        let mut bytes = Vec::new();
        object(value, &mut bytes);
        parse::object(&mut Lexer::new(&bytes, None, true), &Limits::default()).unwrap()
    }

    fn any_object() -> impl Strategy<Value = Object> {
        let bytes = proptest::collection::vec(any::<u8>(), 0..12);
        let leaf = prop_oneof![
            Just(Object::Null),
            any::<bool>().prop_map(Object::Boolean),
            any::<i64>().prop_map(Object::Integer),
            "[+-]?[0-9]{1,5}\\.[0-9]{0,3}"
                .prop_map(|text| Object::Real(crate::Real::from_text(text.as_bytes()))),
            bytes.clone().prop_map(|bytes| Object::Name(Name::from_bytes(&bytes))),
            bytes.clone().prop_map(|bytes| Object::String(PdfString::literal(bytes))),
            bytes.prop_map(|bytes| Object::String(PdfString::hexadecimal(bytes))),
            (any::<u32>(), any::<u16>())
                .prop_map(|(number, generation)| Object::Reference(Reference { number, generation })),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Object::Array),
                proptest::collection::vec(("[A-Z]{1,2}", inner), 0..6).prop_map(|entries| {
                    let mut dictionary = Dictionary::new();
                    for (key, value) in entries {
                        dictionary.push(Name::new(&key), value);
                    }
                    Object::Dictionary(dictionary)
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in any_object()) {
            prop_assert_eq!(round_trip(&value), value);
        }
    }
}
