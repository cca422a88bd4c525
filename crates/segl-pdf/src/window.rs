//! Reading from a source through windows that grow when a value does not fit.

use segl_crypto::Source;

use crate::{Bound, Limits, ReadError, lex::Lexer, parse::ParseError};

/// The first window; most objects are smaller.
const FIRST: usize = 2048;

/// Runs a parser at a position of the file, again with four times the bytes whenever they were too few.
pub(crate) fn parse_at<S: Source + ?Sized, T>(
    source: &S,
    offset: u64,
    limits: &Limits,
    mut parse: impl FnMut(&mut Lexer<'_>) -> Result<T, ParseError>,
) -> Result<T, ReadError> {
    let left = source.len().saturating_sub(offset);
    let mut size = FIRST.min(limits.object_bytes);
    loop {
        let size_wide = u64::try_from(size).unwrap_or(u64::MAX);
        let complete = left <= size_wide;
        let end = offset.saturating_add(left.min(size_wide));
        let bytes = source.read_range(offset..end, size)?;
        match parse(&mut Lexer::new(&bytes, Some(offset), complete)) {
            Ok(value) => return Ok(value),
            Err(ParseError::Read(error)) => return Err(error),
            Err(ParseError::MoreInput) if size >= limits.object_bytes || complete => {
                return Err(ReadError::Limit { offset, bound: Bound::ObjectBytes });
            }
            Err(ParseError::MoreInput) => size = size.saturating_mul(4).min(limits.object_bytes),
        }
    }
}

/// The last position at which `needle` begins in `haystack`.
pub(crate) fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle)
}

/// The first position at which `needle` begins in `haystack`.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
