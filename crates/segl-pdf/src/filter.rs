//! Stream filters, with a bound on what comes out (ISO 32000-2, 7.4).

use std::io::{ErrorKind, Read};

use crate::{Dictionary, Object};

/// Why stream data could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The data is not what the filter expects.
    #[error("the data is not in the form of {filter}")]
    Data {
        /// The filter's name.
        filter: &'static str,
    },
    /// A parameter of the predictor is out of range.
    #[error("the predictor's {0} is out of range")]
    Parameter(&'static str),
    /// The data decodes to more than the bound.
    #[error("the data decodes to more than {limit} bytes")]
    TooLong {
        /// The bound, from [`crate::Limits::decoded_stream`].
        limit: usize,
    },
    /// Images and other filters that no structure of a document is written in.
    #[error("the filter {0} is not supported for the structure of a document")]
    Unsupported(String),
}

/// More filters than this in one stream are refused; real streams have one or two.
const MAX_FILTERS: usize = 8;

/// Applies the filters of a stream's dictionary to its data. Values in the dictionary must be direct.
pub(crate) fn decode(dictionary: &Dictionary, data: Vec<u8>, limit: usize) -> Result<Vec<u8>, FilterError> {
    let filters = list(dictionary.get("Filter").or_else(|| dictionary.get("F")));
    let parameters = list(dictionary.get("DecodeParms").or_else(|| dictionary.get("DP")));
    if filters.len() > MAX_FILTERS {
        return Err(FilterError::Unsupported("chain of more than 8 filters".into()));
    }
    let mut data = data;
    for (index, filter) in filters.iter().enumerate() {
        let name = filter.as_name().unwrap_or_default();
        let empty = Dictionary::new();
        let parameters = parameters.get(index).and_then(|value| value.as_dictionary()).unwrap_or(&empty);
        data = match name {
            b"FlateDecode" | b"Fl" => {
                let inflated = inflate(&data, limit)?;
                Predictor::from(parameters)?.undo(inflated)?
            }
            b"LZWDecode" | b"LZW" => {
                let early = parameters.get("EarlyChange").and_then(Object::as_integer) != Some(0);
                Predictor::from(parameters)?.undo(lzw(&data, early, limit)?)?
            }
            b"ASCIIHexDecode" | b"AHx" => ascii_hex(&data)?,
            b"ASCII85Decode" | b"A85" => ascii85(&data, limit)?,
            b"RunLengthDecode" | b"RL" => run_length(&data, limit)?,
            other => return Err(FilterError::Unsupported(String::from_utf8_lossy(other).into_owned())),
        };
    }
    if data.len() > limit { Err(FilterError::TooLong { limit }) } else { Ok(data) }
}

fn list(value: Option<&Object>) -> Vec<&Object> {
    match value {
        None => Vec::new(),
        Some(Object::Array(items)) => items.iter().collect(),
        Some(single) => vec![single],
    }
}

fn inflate(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    let mut out = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let result = flate2::read::ZlibDecoder::new(data).take(bound).read_to_end(&mut out);
    if out.len() > limit {
        return Err(FilterError::TooLong { limit });
    }
    match result {
        Ok(_) => Ok(out),
        // Streams whose checksum was cut off are common; all the data is there when the deflate stream has ended.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !out.is_empty() => Ok(out),
        Err(_) => Err(FilterError::Data { filter: "FlateDecode" }),
    }
}

/// What was done to rows of samples before compression (ISO 32000-2, 7.4.4.4).
struct Predictor {
    predictor: i64,
    bytes_per_pixel: usize,
    bits_per_component: usize,
    colors: usize,
    row: usize,
}

impl Predictor {
    fn from(parameters: &Dictionary) -> Result<Self, FilterError> {
        let number = |key: &'static str, default: usize, max: usize| {
            let value = match parameters.get(key).and_then(Object::as_integer) {
                None => default,
                Some(value) => usize::try_from(value).unwrap_or(0),
            };
            if (1..=max).contains(&value) { Ok(value) } else { Err(FilterError::Parameter(key)) }
        };
        let colors = number("Colors", 1, 32)?;
        let bits_per_component = number("BitsPerComponent", 8, 16)?;
        let columns = number("Columns", 1, 1 << 24)?;
        let bits = colors * bits_per_component;
        Ok(Self {
            predictor: parameters.get("Predictor").and_then(Object::as_integer).unwrap_or(1),
            bytes_per_pixel: bits.div_ceil(8),
            bits_per_component,
            colors,
            row: (bits * columns).div_ceil(8),
        })
    }

    fn undo(&self, data: Vec<u8>) -> Result<Vec<u8>, FilterError> {
        match self.predictor {
            1 => Ok(data),
            2 => self.undo_tiff(data),
            10..=15 => self.undo_png(&data),
            _ => Err(FilterError::Parameter("Predictor")),
        }
    }

    fn undo_tiff(&self, mut data: Vec<u8>) -> Result<Vec<u8>, FilterError> {
        if self.bits_per_component != 8 {
            return Err(FilterError::Parameter("BitsPerComponent"));
        }
        for row in data.chunks_mut(self.row) {
            let mut left = vec![0_u8; self.colors];
            for pixel in row.chunks_mut(self.colors) {
                for (sample, left) in pixel.iter_mut().zip(&mut left) {
                    *sample = sample.wrapping_add(*left);
                    *left = *sample;
                }
            }
        }
        Ok(data)
    }

    fn undo_png(&self, data: &[u8]) -> Result<Vec<u8>, FilterError> {
        let mut out = Vec::with_capacity(data.len());
        let mut above = vec![0_u8; self.row];
        let mut current = vec![0_u8; self.row];
        for encoded in data.chunks(self.row + 1) {
            let Some((&kind, samples)) = encoded.split_first() else { break };
            for (index, &sample) in samples.iter().enumerate() {
                let before = index.checked_sub(self.bytes_per_pixel);
                let at = |row: &[u8], index: Option<usize>| {
                    index.and_then(|index| row.get(index)).copied().unwrap_or(0)
                };
                let (left, up, corner) = (at(&current, before), at(&above, Some(index)), at(&above, before));
                let add = match kind {
                    0 => 0,
                    1 => left,
                    2 => up,
                    3 => left.midpoint(up),
                    4 => paeth(left, up, corner),
                    _ => return Err(FilterError::Data { filter: "the PNG predictor" }),
                };
                if let Some(slot) = current.get_mut(index) {
                    *slot = sample.wrapping_add(add);
                }
            }
            out.extend_from_slice(current.get(..samples.len()).unwrap_or_default());
            core::mem::swap(&mut above, &mut current);
        }
        Ok(out)
    }
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

fn ascii_hex(data: &[u8]) -> Result<Vec<u8>, FilterError> {
    let mut out = Vec::with_capacity(data.len() / 2);
    let mut half = None;
    for &byte in data {
        if byte == b'>' {
            break;
        }
        if crate::lex::is_space(byte) {
            continue;
        }
        let digit = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digit = digit.ok_or(FilterError::Data { filter: "ASCIIHexDecode" })?;
        match half.take() {
            None => half = Some(digit << 4),
            Some(high) => out.push(high | digit),
        }
    }
    out.extend(half);
    Ok(out)
}

fn ascii85(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    const BROKEN: FilterError = FilterError::Data { filter: "ASCII85Decode" };
    let mut out = Vec::new();
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for &byte in data {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            _ if crate::lex::is_space(byte) => continue,
            _ => return Err(BROKEN),
        }
        if group.len() == 5 {
            out.extend_from_slice(&base85(&group).ok_or(BROKEN)?);
            group.clear();
        }
        if out.len() > limit {
            return Err(FilterError::TooLong { limit });
        }
    }
    let digits = group.len();
    if digits == 1 {
        return Err(BROKEN);
    }
    if digits > 1 {
        group.resize(5, 84);
        let bytes = base85(&group).ok_or(BROKEN)?;
        out.extend_from_slice(bytes.get(..digits - 1).unwrap_or_default());
    }
    Ok(out)
}

fn base85(group: &[u8]) -> Option<[u8; 4]> {
    group
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(85)?.checked_add(u32::from(*digit)))
        .map(u32::to_be_bytes)
}

fn run_length(data: &[u8], limit: usize) -> Result<Vec<u8>, FilterError> {
    const BROKEN: FilterError = FilterError::Data { filter: "RunLengthDecode" };
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((&length, tail)) = rest.split_first() {
        if out.len() > limit {
            return Err(FilterError::TooLong { limit });
        }
        match length {
            128 => break,
            0..=127 => {
                let (bytes, after) = tail.split_at_checked(usize::from(length) + 1).ok_or(BROKEN)?;
                out.extend_from_slice(bytes);
                rest = after;
            }
            129.. => {
                let (&byte, after) = tail.split_first().ok_or(BROKEN)?;
                out.resize(out.len() + 257 - usize::from(length), byte);
                rest = after;
            }
        }
    }
    Ok(out)
}

fn lzw(data: &[u8], early: bool, limit: usize) -> Result<Vec<u8>, FilterError> {
    const BROKEN: FilterError = FilterError::Data { filter: "LZWDecode" };
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut out: Vec<u8> = Vec::new();
    // Each entry is a piece of the output: where it starts and how long it is.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut previous: Option<(usize, usize)> = None;
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut width = 9;
    for &byte in data {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = usize::try_from(bits >> held & ((1 << width) - 1)).map_err(|_| BROKEN)?;
        bits &= (1 << held) - 1;
        match code {
            END => return Ok(out),
            CLEAR => {
                table.clear();
                previous = None;
                width = 9;
                continue;
            }
            _ => {}
        }
        let start = out.len();
        if let Ok(literal) = u8::try_from(code) {
            out.push(literal);
        } else {
            let entry = table.get(code - 258).copied();
            let (from, len) = match (entry, previous) {
                (Some(entry), _) => entry,
                (None, Some((from, len))) if code - 258 == table.len() => (from, len + 1),
                _ => return Err(BROKEN),
            };
            if start + len > limit {
                return Err(FilterError::TooLong { limit });
            }
            for index in from..from + len {
                let byte = out.get(index).copied().ok_or(BROKEN)?;
                out.push(byte);
            }
        }
        if let Some((from, len)) = previous
            && table.len() < 4096 - 258
        {
            // The previous piece and the byte after it, which is the first of this one, lie next to each other.
            table.push((from, len + 1));
        }
        previous = Some((start, out.len() - start));
        let next = table.len() + 258 + usize::from(early) + usize::from(previous.is_some());
        width = match next {
            ..=512 => 9,
            513..=1024 => 10,
            1025..=2048 => 11,
            _ => 12,
        };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let dictionary = Dictionary::new().with("Filter", Object::name("FlateDecode"));
        let bomb = deflate(&vec![0; 1 << 20]);
        assert_eq!(decode(&dictionary, bomb, 1000), Err(FilterError::TooLong { limit: 1000 }));
    }

    #[test]
    fn png_rows_of_every_kind() {
        let parameters = Dictionary::new().with("Predictor", 15).with("Columns", 3);
        let dictionary =
            Dictionary::new().with("Filter", Object::name("FlateDecode")).with("DecodeParms", parameters);
        let rows = [[0, 1, 2, 3], [1, 1, 1, 1], [2, 1, 1, 1], [3, 1, 1, 1], [4, 1, 1, 1]];
        let data = decode(&dictionary, deflate(rows.as_flattened()), 1000).unwrap();
        assert_eq!(data, [1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5]);
    }

    #[test]
    fn tiff_rows() {
        let parameters = Dictionary::new().with("Predictor", 2).with("Columns", 2).with("Colors", 2);
        let dictionary =
            Dictionary::new().with("Filter", Object::name("FlateDecode")).with("DecodeParms", parameters);
        let data = decode(&dictionary, deflate(&[1, 2, 1, 1, 5, 5, 255, 0]), 1000).unwrap();
        assert_eq!(data, [1, 2, 2, 3, 5, 5, 4, 5]);
    }

    #[test]
    fn text_filters() {
        assert_eq!(ascii_hex(b"41 4 2 5>junk").unwrap(), b"ABP");
        assert_eq!(ascii85(b"87cURD]i,\"Ebo80~>", 100).unwrap(), b"Hello World!");
        assert_eq!(ascii85(b"z87 cUR~>", 100).unwrap(), b"\0\0\0\0Hell");
        assert_eq!(run_length(&[1, b'a', b'b', 254, b'c', 128, 9], 100).unwrap(), b"abccc");
        assert!(ascii85(b"!", 100).is_err());
        assert!(run_length(&[5, 1], 100).is_err());
    }

    #[test]
    fn the_example_of_the_standard_in_lzw() {
        let data = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(lzw(&data, true, 100).unwrap(), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    }

    #[test]
    fn image_filters_are_named() {
        let dictionary = Dictionary::new().with("Filter", Object::name("DCTDecode"));
        assert_eq!(decode(&dictionary, vec![1], 10), Err(FilterError::Unsupported("DCTDecode".into())));
    }
}
