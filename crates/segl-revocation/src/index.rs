//! A CRL read by position, once, and asked many times.

use core::{
    fmt,
    ops::{ControlFlow, Deref, Range},
};
use std::io;

use segl_crypto::{Digest, Hasher, SignatureAlgorithm, Source, VerifyError};
use segl_x509::{Certificate, Name, SyntaxError, SyntaxErrorKind};

use crate::{
    CrlError, CrlSignatureError, ListError,
    asn1::{BIT_STRING, Reader, SEQUENCE, Value as _},
    crl::MAX_CRL_SIZE,
    entry::{CrlEntry, Listed, Scanned, names_issuer, significant, type_of},
    facts::{CrlFacts, Head, LookUp, RevocationList, extensions, sealed},
    oid::CERTIFICATE_ISSUER,
    table::Table,
};

/// What is read at a time, and the longest entry.
const CHUNK: usize = 64 << 10;
/// The most that may stand before the entries: two names of the largest kind that is met, and more.
const MAX_HEAD: usize = 64 << 10;
/// The most that may stand after the entries: extensions, and a signature.
const MAX_TAIL: usize = 1 << 20;
/// The most entries that are looked at for one serial number; an honest list has some four in one place.
const MAX_CHAIN: usize = 4096;

/// Bounds of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a caller sets both")]
pub struct IndexLimits {
    /// The largest list, in bytes; at most 4 GiB.
    pub size: u64,
    /// The most entries. Each takes 9 to 10 octets of memory, up to 14 in an indirect list.
    pub entries: usize,
}

/// 64 MiB, as a [`CrlView`](crate::CrlView), and 2^20 entries: under 16 MiB of memory.
impl Default for IndexLimits {
    fn default() -> Self {
        Self { size: MAX_CRL_SIZE.try_into().unwrap_or(u64::MAX), entries: 1 << 20 }
    }
}

/// A CRL that stays in its file: digested and indexed in one pass, then asked at a few microseconds a question.
///
/// It holds where each serial number stands, not what stands there. The file must stay as it is while the index is used; an entry
/// that is no longer where it was is an error. Nothing is believed until [`verify_signer`](RevocationList::verify_signer).
///
/// A list signed with an algorithm that takes no digest (Ed25519) verifies only when it is no longer than 1 MiB.
pub struct CrlIndex<S> {
    source: S,
    facts: CrlFacts,
    tbs: Range<u64>,
    digest: Option<Digest>,
    entries: Range<u64>,
    found: Walked,
}

/// What one pass over the entries gathers.
struct Walked {
    table: Table,
    /// Where the entries begin that name an issuer, in ascending order.
    issuers: Vec<u32>,
    unknown: Option<String>,
    limit: usize,
}

impl<S: Source> CrlIndex<S> {
    /// Reads a CRL in DER.
    ///
    /// # Errors
    /// [`CrlError`], with the place in the file.
    pub fn read(source: S, limits: &IndexLimits) -> Result<Self, CrlError> {
        let size = source.len();
        let limit = limits.size.min(u32::MAX.into());
        if size > limit {
            return Err(CrlError::TooLarge { size, limit });
        }
        let head_len = usize::try_from(size).unwrap_or(MAX_HEAD).min(MAX_HEAD);
        let head_bytes = source.read_range(0..octets(head_len), MAX_HEAD)?;
        let (list, list_content) = header(&head_bytes, 0, 0..size, SEQUENCE)?;
        if list.end != size {
            return Err(SyntaxError { offset: place(list.end), kind: SyntaxErrorKind::TrailingData }.into());
        }
        let (tbs, tbs_content) = header(&head_bytes, list_content, list_content..list.end, SEQUENCE)?;
        let start = place(tbs_content);
        let bytes = head_bytes.get(start..head_bytes.len().min(place(tbs.end))).unwrap_or_default();
        let mut fields = Reader::new(bytes, start);
        let head = Head::read(&mut fields)?;
        // Where the reader stands, for it has no position of its own.
        let at = tbs_content.saturating_add(octets(bytes.len().saturating_sub(fields.left())));
        let entries = match fields.peek() {
            Some(SEQUENCE) => {
                let (entries, content) = header(&head_bytes, at, at..tbs.end, SEQUENCE)?;
                content..entries.end
            }
            _ => at..at,
        };
        let algorithm = SignatureAlgorithm::from_der(&head.tbs_algorithm, None).ok();
        let mut hasher = algorithm.and_then(SignatureAlgorithm::digest).and_then(Hasher::new);
        if let (Some(hasher), Some(before)) =
            (&mut hasher, head_bytes.get(place(tbs.start)..place(entries.start)))
        {
            hasher.update(before);
        }
        drop(head_bytes);

        let found = walk(&source, &entries, limits.entries, hasher.as_mut())?;
        let tail = source.read_range(entries.end..size, MAX_TAIL)?;
        let in_tbs = place(tbs.end.saturating_sub(entries.end));
        let (signed, outside) = tail.split_at_checked(in_tbs).ok_or(io::ErrorKind::UnexpectedEof)?;
        if let Some(hasher) = &mut hasher {
            hasher.update(signed);
        }
        let mut fields = Reader::new(signed, place(entries.end));
        let extensions = extensions(fields.optional(0xa0)?)?;
        fields.finish()?;
        let mut fields = Reader::new(outside, place(tbs.end));
        let algorithm = fields.expect(SEQUENCE)?;
        let signature = fields.expect(BIT_STRING)?;
        fields.finish()?;
        let range = signature.signature_range()?;
        let value = signature.content.get(signature.content.len().saturating_sub(range.len())..);
        let facts = CrlFacts::new(head, extensions, algorithm.whole, value.unwrap_or_default());
        Ok(Self { source, facts, tbs, digest: hasher.map(Hasher::finish), entries, found })
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.table.len()
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where it is read from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Reads all entries in their order, part by part of the file, and gives each to `each` until that says to stop.
    ///
    /// # Errors
    /// [`ListError`] for an entry that cannot be read, with its place in the file; those before it were given.
    pub fn for_each(&self, mut each: impl FnMut(&CrlEntry<'_>) -> ControlFlow<()>) -> Result<(), ListError> {
        let mut start = self.entries.start;
        while start < self.entries.end {
            let end = start.saturating_add(octets(CHUNK)).min(self.entries.end);
            let bytes = self.source.read_range(start..end, CHUNK);
            let bytes = bytes.map_err(|error| ListError::Read(error.kind()))?;
            let mut rest = Reader::new(&bytes, place(start));
            let mut used = 0;
            while !rest.is_empty() {
                let entry = match rest.expect(SEQUENCE) {
                    Ok(entry) => entry,
                    // Cut in two, or wrong: then it is so as well where it comes first.
                    Err(_) if used > 0 && end < self.entries.end => break,
                    Err(error) => return Err(error.into()),
                };
                if each(&CrlEntry::read(&entry)?).is_break() {
                    return Ok(());
                }
                used = bytes.len().saturating_sub(rest.left());
            }
            start = start.saturating_add(octets(used));
        }
        Ok(())
    }

    /// The bytes of the entry at an offset from the first.
    fn entry(&self, offset: u32) -> Result<Vec<u8>, ListError> {
        let left = self.entries.end.saturating_sub(self.entries.start).saturating_sub(offset.into());
        let start = self.entries.start.saturating_add(offset.into());
        let read = |len: u64| {
            let end = start.saturating_add(len.min(left));
            self.source.read_range(start..end, CHUNK).map_err(|error| ListError::Read(error.kind()))
        };
        // Nearly every entry is shorter.
        let bytes = read(128)?;
        let (whole, _) = header(&bytes, 0, 0..left, SEQUENCE)?;
        if place(whole.end) <= bytes.len() {
            return Ok(bytes.get(..place(whole.end)).unwrap_or_default().to_vec());
        }
        read(whole.end)
    }

    /// Whose the entry at an offset is, when an entry up to there says so: GeneralNames in DER.
    fn issuer_of(&self, offset: u32) -> Result<Option<Vec<u8>>, ListError> {
        let before = self.found.issuers.partition_point(|own| *own <= offset);
        let Some(last) = before.checked_sub(1).and_then(|last| self.found.issuers.get(last)) else {
            return Ok(None);
        };
        let bytes = self.entry(*last)?;
        let scanned = Scanned::read(&Reader::only(&bytes, 0, SEQUENCE)?)?;
        Ok(scanned.certificate_issuer.map(<[u8]>::to_vec))
    }
}

impl<S> Deref for CrlIndex<S> {
    type Target = CrlFacts;

    fn deref(&self) -> &CrlFacts {
        &self.facts
    }
}

impl<S> fmt::Debug for CrlIndex<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrlIndex")
            .field("issuer", &self.issuer().to_string())
            .field("this_update", &self.this_update().to_string())
            .field("entries", &self.found.table.len())
            .finish_non_exhaustive()
    }
}

impl<S> sealed::List for CrlIndex<S> {}

impl<S: Source> RevocationList for CrlIndex<S> {
    fn facts(&self) -> &CrlFacts {
        &self.facts
    }

    fn verify_signer(&self, signer: &Certificate) -> Result<(), CrlSignatureError> {
        self.facts.verify(signer, |key, algorithm, value| match &self.digest {
            Some(digest) => key.verify_digest(algorithm, digest, value),
            None => {
                let tbs = self.source.read_range(self.tbs.clone(), MAX_TAIL);
                key.verify(algorithm, &tbs.map_err(|_| VerifyError::UnsupportedDigest)?, value)
            }
        })
    }

    fn look_up(&self, serial: &[u8], issuer: &Name) -> Result<LookUp, ListError> {
        let wanted = significant(serial);
        let mut listed: Option<Listed> = None;
        for (count, offset) in self.found.table.places(wanted).enumerate() {
            if count >= MAX_CHAIN {
                return Err(ListError::Crowded { limit: MAX_CHAIN });
            }
            let bytes = self.entry(offset)?;
            let entry = Reader::only(&bytes, 0, SEQUENCE)?;
            let own = significant(Scanned::read(&entry)?.serial);
            if !self.found.table.share_place(own, wanted) {
                return Err(ListError::Changed);
            }
            if own != wanted {
                continue;
            }
            let is_of_issuer = match self.issuer_of(offset)? {
                Some(names) => names_issuer(&names, issuer)?,
                None => self.issuer().matches(issuer),
            };
            if !is_of_issuer {
                continue;
            }
            let entry = CrlEntry::read(&entry)?.listed();
            // The last comes first: of two of the same second the first in the list is taken.
            if listed.is_none_or(|earlier| entry.at <= earlier.at) {
                listed = Some(entry);
            }
        }
        let has_strays = !self.is_indirect() && !self.found.issuers.is_empty();
        let stray = has_strays.then(|| type_of(CERTIFICATE_ISSUER.as_bytes()));
        let unknown_critical = self.found.unknown.clone().or(stray);
        Ok(LookUp { listed, unknown_critical })
    }
}

/// Reads all entries once: digests them, and notes where each serial number stands.
fn walk<S: Source>(
    source: &S,
    entries: &Range<u64>,
    limit: usize,
    mut hasher: Option<&mut Hasher>,
) -> Result<Walked, CrlError> {
    let total = place(entries.end.saturating_sub(entries.start));
    let mut buffer = vec![0; CHUNK.min(total)];
    let mut found = Walked { table: Table::default(), issuers: Vec::new(), unknown: None, limit };
    // Octets of an entry that the chunk before cut in two stand at the front.
    let (mut done, mut kept) = (0_usize, 0_usize);
    loop {
        let at = done.saturating_add(kept);
        let fresh = buffer.len().saturating_sub(kept).min(total.saturating_sub(at));
        let part = buffer.get_mut(kept..kept.saturating_add(fresh)).unwrap_or_default();
        source.read_at(entries.start.saturating_add(octets(at)), part)?;
        if let Some(hasher) = &mut hasher {
            hasher.update(part);
        }
        let filled = kept.saturating_add(fresh);
        let bytes = buffer.get(..filled).unwrap_or_default();
        let used = found.take(bytes, done, place(entries.start), total)?;
        done = done.saturating_add(used);
        if done >= total {
            return Ok(found);
        }
        if used == 0 {
            let offset = place(entries.start).saturating_add(done);
            return Err(CrlError::EntryTooLarge { offset, limit: CHUNK });
        }
        buffer.copy_within(used..filled, 0);
        kept = filled.saturating_sub(used);
    }
}

impl Walked {
    /// Takes all whole entries at the front of `bytes`, the first of which stands `done` octets from the first of all; says how many
    /// octets they are.
    fn take(&mut self, bytes: &[u8], done: usize, start: usize, total: usize) -> Result<usize, CrlError> {
        let mut used = 0_usize;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let here = done.saturating_add(used);
            let (len, serial) = match plain(rest) {
                Some(plain) => plain,
                None => {
                    // A header that the chunk cuts in two is read with the next.
                    if rest.len() < 6 && here.saturating_add(rest.len()) < total {
                        break;
                    }
                    let offset = start.saturating_add(here);
                    let bounds = octets(offset)..octets(start.saturating_add(total));
                    let (whole, _) = header_at(rest, octets(offset), bounds, SEQUENCE)?;
                    let len = place(whole.end).saturating_sub(offset);
                    let Some(entry) = rest.get(..len) else { break };
                    (len, self.scan(entry, offset, here)?)
                }
            };
            if self.table.len() >= self.limit {
                return Err(CrlError::TooManyEntries { limit: self.limit });
            }
            if self.table.is_empty() {
                self.table.expect((total / len.max(1)).min(self.limit));
            }
            self.table.push(significant(serial), u32::try_from(here).unwrap_or(u32::MAX));
            used = used.saturating_add(len);
        }
        self.table.link();
        Ok(used)
    }

    fn scan<'a>(&mut self, entry: &'a [u8], offset: usize, here: usize) -> Result<&'a [u8], SyntaxError> {
        let scanned = Scanned::read(&Reader::only(entry, offset, SEQUENCE)?)?;
        if self.unknown.is_none() {
            self.unknown = scanned.unknown.map(type_of);
        }
        if scanned.certificate_issuer.is_some() {
            self.issuers.push(u32::try_from(here).unwrap_or(u32::MAX));
        }
        Ok(scanned.serial)
    }
}

/// Length and serial number of an entry of the kinds that nearly all are: a UTCTime, and no extension or a reason alone.
#[inline]
fn plain(bytes: &[u8]) -> Option<(usize, &[u8])> {
    const REASON: [u8; 13] = [0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01];
    let [0x30, len @ ..=0x7f, content @ ..] = bytes else { return None };
    let content = content.get(..usize::from(*len))?;
    let [0x02, serial_len @ ..=0x7f, rest @ ..] = content else { return None };
    let (serial, rest) = rest.split_at_checked(usize::from(*serial_len))?;
    let [0x17, 0x0d, rest @ ..] = rest else { return None };
    let extensions = rest.get(13..)?;
    let is_plain = extensions.is_empty() || extensions.len() == 14 && extensions.starts_with(&REASON);
    is_plain.then_some((usize::from(*len).saturating_add(2), serial))
}

/// Reads the tag and the length of the element at `at` in `bytes`, which begin the file: the range of the whole element, which must lie
/// in `bounds`, and where its content begins. The content need not be among the bytes.
fn header(bytes: &[u8], at: u64, bounds: Range<u64>, tag: u8) -> Result<(Range<u64>, u64), SyntaxError> {
    header_at(bytes.get(place(at)..).unwrap_or_default(), at, bounds, tag)
}

/// The same where `bytes` begin with the element.
fn header_at(bytes: &[u8], at: u64, bounds: Range<u64>, tag: u8) -> Result<(Range<u64>, u64), SyntaxError> {
    let error = |kind| SyntaxError { offset: place(at), kind };
    let truncated = || error(SyntaxErrorKind::Truncated);
    let (found, rest) = bytes.split_first().ok_or_else(truncated)?;
    if *found != tag {
        return Err(error(SyntaxErrorKind::UnexpectedTag { expected: tag, found: *found }));
    }
    let (form, rest) = rest.split_first().ok_or_else(truncated)?;
    let (count, length) = match form {
        short @ 0..=0x7f => (0, u64::from(*short)),
        0x81..=0x84 => {
            let count = usize::from(form & 0x7f);
            let long = rest.get(..count).ok_or_else(truncated)?;
            (count, long.iter().fold(0, |length, octet| length << 8 | u64::from(*octet)))
        }
        _ => return Err(error(SyntaxErrorKind::LengthForm)),
    };
    let content = at.saturating_add(2).saturating_add(octets(count));
    let end = content.saturating_add(length);
    if at < bounds.start || end > bounds.end {
        return Err(truncated());
    }
    Ok((at..end, content))
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn octets(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_entry_is_what_the_walk_would_find() {
        let date = *b"\x17\x0d261122000000Z";
        let reason = [0x30, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 10, 1, 1];
        let serial = [2, 2, 0x12, 0x34];
        let entry = |parts: &[&[u8]]| crate::asn1::tlv(0x30, parts);
        for parts in [&[&serial[..], &date[..]][..], &[&serial, &date, &reason]] {
            let entry = entry(parts);
            assert_eq!(plain(&entry), Some((entry.len(), &[0x12, 0x34][..])));
            let scanned = Scanned::read(&Reader::only(&entry, 0, SEQUENCE).unwrap()).unwrap();
            assert_eq!((scanned.serial, scanned.unknown), (&[0x12, 0x34][..], None));
            assert_eq!(plain(&entry[..entry.len() - 1]), None, "cut short");
        }
        let mut critical = reason;
        critical[9] = 1;
        assert_eq!(plain(&entry(&[&serial, &date, &critical])), None);
        assert_eq!(plain(&[0x30, 0x80]), None);
        assert_eq!(plain(&[]), None);
    }

    #[test]
    fn headers_are_bounded() {
        let read = |bytes: &[u8], end| header(bytes, 0, 0..end, SEQUENCE);
        assert_eq!(read(&[0x30, 3], 5), Ok((0..5, 2)));
        assert_eq!(read(&[0x30, 0x82, 1, 0], 260), Ok((0..260, 4)));
        for (bytes, end) in [
            (&[0x30, 3][..], 4),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], u64::from(u32::MAX)),
            (&[0x30, 0x82, 1], 999),
            (&[0x30], 9),
            (&[], 9),
        ] {
            assert_eq!(read(bytes, end).unwrap_err().kind, SyntaxErrorKind::Truncated, "{bytes:?}");
        }
        for bytes in [&[0x30, 0x80][..], &[0x30, 0x85, 0, 0, 0, 0, 1]] {
            assert_eq!(read(bytes, 9).unwrap_err().kind, SyntaxErrorKind::LengthForm, "{bytes:?}");
        }
    }
}
