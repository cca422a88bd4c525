use core::ops::Range;

use crate::ber::{Element, Reader, Rules, Tag};
use crate::build::UnsignedAttribute;
use crate::encode;
use crate::error::BerError;

/// Puts an unsigned attribute into a message that others wrote, and changes no other octet but the lengths around it.
///
/// The attribute goes where DER wants it if the present ones are in DER order, else behind them. Definite lengths around it are
/// written anew and keep their form if they can, indefinite ones stay. What follows the message (zero padding) is left out.
///
/// # Errors
/// [`SpliceError`]; nothing is checked that the way to the signer does not pass.
pub fn splice_unsigned_attribute(
    message: &[u8],
    signer: usize,
    attribute: &UnsignedAttribute,
) -> Result<Vec<u8>, SpliceError> {
    let attribute = attribute.to_der();
    // Outermost first: every element that grows.
    let mut around = Vec::new();
    let content_info = Reader::new(message, Rules::Ber).expect(Tag::SEQUENCE)?;
    let mut fields = enter(&content_info, &mut around)?;
    fields.expect(Tag::OBJECT_IDENTIFIER)?;
    let mut fields = enter(&fields.expect(Tag::context(0))?, &mut around)?;
    let mut fields = enter(&fields.expect(Tag::SEQUENCE)?, &mut around)?;
    fields.expect(Tag::INTEGER)?;
    fields.expect(Tag::SET)?;
    fields.expect(Tag::SEQUENCE)?;
    fields.optional(Tag::context(0))?;
    fields.optional(Tag::context(1))?;
    let mut signers = enter(&fields.expect(Tag::SET)?, &mut around)?;
    for _ in 0..signer {
        if signers.is_empty() {
            break;
        }
        signers.read()?;
    }
    if signers.is_empty() {
        return Err(SpliceError::NoSuchSigner { signer });
    }
    let mut fields = enter(&signers.expect(Tag::SEQUENCE)?, &mut around)?;
    fields.expect(Tag::INTEGER)?;
    fields.read()?;
    fields.expect(Tag::SEQUENCE)?;
    fields.optional(Tag::context(0))?;
    fields.expect(Tag::SEQUENCE)?;
    fields.expect(Tag::OCTET_STRING)?;
    let (at, insertion) = match fields.optional(Tag::context(1))? {
        Some(present) => {
            let members = enter(&present, &mut around)?;
            (place(members, &attribute)?, attribute)
        }
        None => (fields.position(), encode::element(0xa1, &attribute)),
    };
    Ok(write(message, content_info.span().end, &around, at, &insertion))
}

/// An element that grows: where its identifier octets end, and where its content begins and ends.
struct Growing {
    length: Range<usize>,
    content: Range<usize>,
    indefinite: bool,
}

fn enter<'a>(element: &Element<'a>, around: &mut Vec<Growing>) -> Result<Reader<'a>, BerError> {
    let content = element.content_span();
    around.push(Growing {
        // Only universal and low context tags lie on the way: one identifier octet.
        length: element.span().start.saturating_add(1)..content.start,
        content,
        indefinite: element.is_indefinite(),
    });
    element.reader()
}

/// Where a new member goes: its place in the DER order, or the end.
fn place(mut members: Reader<'_>, new: &[u8]) -> Result<usize, BerError> {
    let mut in_order = true;
    let mut previous: &[u8] = &[];
    let mut place = None;
    while !members.is_empty() {
        let start = members.position();
        let member = members.read()?.bytes();
        in_order = in_order && previous <= member;
        if place.is_none() && member > new {
            place = Some(start);
        }
        previous = member;
    }
    Ok(place.filter(|_| in_order).unwrap_or(members.position()))
}

/// Copies the message, with the insertion and with new length octets in front of everything that grew.
fn write(message: &[u8], end: usize, around: &[Growing], at: usize, insertion: &[u8]) -> Vec<u8> {
    let mut lengths = Vec::with_capacity(around.len());
    let mut growth = insertion.len();
    for element in around.iter().rev() {
        if element.indefinite {
            lengths.push(None);
            continue;
        }
        let header = length_octets(element.content.len().saturating_add(growth), element.length.len());
        growth = growth.saturating_add(header.len().saturating_sub(element.length.len()));
        lengths.push(Some(header));
    }
    let mut out = Vec::with_capacity(end.saturating_add(growth));
    let mut copied = 0;
    let copy_to = |out: &mut Vec<u8>, from: &mut usize, to: usize| {
        out.extend_from_slice(message.get(*from..to).unwrap_or_default());
        *from = to;
    };
    for (element, length) in around.iter().zip(lengths.iter().rev()) {
        if let Some(length) = length {
            copy_to(&mut out, &mut copied, element.length.start);
            out.extend_from_slice(length);
            copied = element.length.end;
        }
    }
    copy_to(&mut out, &mut copied, at);
    out.extend_from_slice(insertion);
    copy_to(&mut out, &mut copied, end);
    out
}

/// Length octets, not fewer than there were: BER may have written more than needed.
fn length_octets(length: usize, at_least: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    encode::header(0, length, &mut octets);
    octets.remove(0);
    let missing = at_least.saturating_sub(octets.len());
    if missing > 0 {
        let significant = if octets.len() == 1 { octets } else { octets.split_off(1) };
        let count = u8::try_from(at_least.saturating_sub(1)).unwrap_or(u8::MAX);
        let zeros = at_least.saturating_sub(1).saturating_sub(significant.len());
        octets = vec![0x80 | count];
        octets.resize(zeros.saturating_add(1), 0);
        octets.extend(significant);
    }
    octets
}

/// Why an unsigned attribute could not be put in.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// The message has fewer signers.
    #[error("no signer number {signer}")]
    NoSuchSigner {
        /// The number asked for, from 0.
        signer: usize,
    },
    /// Not the syntax of RFC 5652.
    #[error(transparent)]
    Syntax(#[from] BerError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_their_width() {
        assert_eq!(length_octets(5, 1), [5]);
        assert_eq!(length_octets(5, 3), [0x82, 0, 5]);
        assert_eq!(length_octets(300, 1), [0x82, 1, 44]);
        assert_eq!(length_octets(300, 5), [0x84, 0, 0, 1, 44]);
    }

    #[test]
    fn a_new_member_goes_where_der_wants_it() {
        let set = [0x05, 0, 0x07, 0];
        let place = |set: &[u8], new: &[u8]| place(Reader::new(set, Rules::Ber), new).unwrap();
        assert_eq!(place(&set, &[0x06, 0]), 2);
        assert_eq!(place(&set, &[0x04, 0]), 0);
        assert_eq!(place(&set, &[0x08, 0]), 4);
        assert_eq!(place(&[0x07, 0, 0x05, 0], &[0x04, 0]), 4, "unsorted: behind the others");
        assert_eq!(place(&[], &[0x04, 0]), 0);
    }
}
