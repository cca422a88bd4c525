//! Which objects lie in the octets that a document time-stamp covers (EN 319 102-1, 5.6.2.3).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use segl_ades::{CoveredObjects, Finding, Signature, TimestampClaim};
use segl_cms::SignedDataView;
use segl_crypto::{Source, sha256};
use segl_pdf::{ByteRange, Document, Entry, Object, Reference};

use crate::{PdfFacts, PdfSignature, PdfTimestamp, security_store};

/// Objects of security stores looked at for all time-stamps of a document together. Origin: our choice; a store has some
/// tens, and is renewed once in years.
const MAX_LOOKS: usize = 1 << 16;

/// Bytes decoded of the streams in those stores. Origin: our choice, four newest stores of the largest size.
const MAX_BYTES: usize = 128 << 20;

/// Objects in all messages and tokens of a document together. Origin: our choice; a message has some ten.
const MAX_IN_MESSAGES: usize = 1 << 14;

/// Time-stamps of which it is told what they cover, from the first on. Origin: our choice; renewed once a year, it is a life.
const MAX_TIMESTAMPS: usize = 64;

/// Fills in what each document time-stamp covers: values, evidence and tokens of the signatures and time-stamps before it,
/// and the security store as it was then. What was appended later is in no covered octet and not in the result.
pub(crate) fn fill<S: Source>(
    document: &Document<S>,
    signatures: &[PdfSignature],
    timestamps: &mut [PdfTimestamp],
) {
    let messages: Vec<(u64, [u8; 32])> = signatures
        .iter()
        .filter(|found| is_in_place(&found.signature.findings))
        .map(|found| (&found.facts, of_signature(&found.signature)))
        .chain(timestamps.iter().filter(|found| is_in_place(&found.findings)).map(|found| {
            let mut ids = Vec::new();
            of_token(&found.claim, &mut ids);
            (&found.facts, ids)
        }))
        .filter_map(|(facts, ids)| Some((end(facts)?, ids)))
        .flat_map(|(end, ids)| ids.into_iter().map(move |id| (end, id)))
        .take(MAX_IN_MESSAGES)
        .collect();
    let mut stores = Stores { document, known: HashMap::new(), left: MAX_LOOKS, bytes: MAX_BYTES };
    // The newest matters most, should the limit be reached.
    for found in timestamps.iter_mut().take(MAX_TIMESTAMPS).rev() {
        let range =
            found.facts.byte_range.and_then(|numbers| ByteRange::new(numbers, document.source().len()).ok());
        let Some(range) = range else { continue };
        let head = range.gap().start;
        let inside = messages.iter().filter(|(end, _)| *end <= head).map(|(_, id)| *id);
        let stored = stores.covered_by(&range, found.facts.revision);
        found.claim.covered = inside.chain(stored).collect::<CoveredObjects>();
    }
}

/// The octets of one that breaks the rules may stand elsewhere than it says.
fn is_in_place(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.fatal)
}

/// Where the octets of a signature end, its value among them.
pub(crate) fn end(facts: &PdfFacts) -> Option<u64> {
    facts.byte_range.map(|[_, _, start, len]| start.saturating_add(len))
}

fn of_signature(signature: &Signature) -> Vec<[u8; 32]> {
    let mut ids = vec![sha256(signature.value.as_bytes())];
    ids.extend(signature.evidence.pieces().map(sha256));
    for claim in &signature.timestamps {
        of_token(claim, &mut ids);
    }
    ids
}

fn of_token(claim: &TimestampClaim, ids: &mut Vec<[u8; 32]>) {
    ids.push(sha256(&claim.token));
    let Ok(view) = SignedDataView::parse(&claim.token) else { return };
    if let Some(signer) = view.signers().first() {
        ids.extend(segl_cades::evidence(&view, signer).pieces().map(sha256));
    }
}

/// The security stores of earlier revisions, each of their streams read once.
struct Stores<'a, S> {
    document: &'a Document<S>,
    /// By the position of the object.
    known: HashMap<u64, Option<Piece>>,
    left: usize,
    bytes: usize,
}

/// A stream of a store: where the object stands in the file, and the SHA-256 of its data.
#[derive(Clone)]
struct Piece {
    octets: Range<u64>,
    id: [u8; 32],
}

impl<S: Source> Stores<'_, S> {
    /// What the store had in the signed revision, where its octets are covered.
    fn covered_by(&mut self, range: &ByteRange, revision: Option<usize>) -> Vec<[u8; 32]> {
        let Some(then) = revision.and_then(|revision| self.document.as_of(revision)) else {
            return Vec::new();
        };
        let Ok(Some(listed)) = security_store::list(&then) else { return Vec::new() };
        let looks = listed.items.len().saturating_add(listed.vri_entries);
        let Some(left) = self.left.checked_sub(looks) else { return Vec::new() };
        self.left = left;
        let mut once = HashSet::new();
        let references = listed.items.into_iter().filter_map(|(_, item)| item.as_reference());
        references
            .filter(|reference| once.insert(*reference))
            .filter_map(|reference| self.piece(&then, reference))
            .filter(|piece| is_covered(range, &piece.octets))
            .map(|piece| piece.id)
            .collect()
    }

    fn piece<T: Source>(&mut self, then: &Document<T>, reference: Reference) -> Option<Piece> {
        // A stream is never in an object stream (ISO 32000-2, 7.5.7).
        let Some(Entry::InUse { offset, .. }) = then.entry(reference.number) else { return None };
        let start = offset.saturating_add(then.offset_origin());
        let bytes = &mut self.bytes;
        self.known.entry(start).or_insert_with(|| read_piece(then, reference, start, bytes)).clone()
    }
}

/// A stream that says itself how to be decoded: a filter that stands elsewhere could be another one later.
///
/// Takes what it decodes off the budget; nothing is read once that is spent.
fn read_piece<T: Source>(
    then: &Document<T>,
    reference: Reference,
    start: u64,
    left: &mut usize,
) -> Option<Piece> {
    if *left == 0 {
        return None;
    }
    let value = then.load(reference).ok()?;
    let stream = value.as_stream()?;
    let direct = |key: &str| stream.dictionary.get(key).is_none_or(is_direct);
    if !["Filter", "DecodeParms", "F", "FFilter"].into_iter().all(direct) {
        return None;
    }
    let end = then.stream_range(stream).ok()?.end;
    let data = then.stream_data(stream);
    // One that fails may have been decoded up to the limit.
    let cost = data.as_ref().map_or(then.limits().decoded_stream, Vec::len);
    *left = left.saturating_sub(cost);
    let data = data.ok()?;
    Some(Piece { octets: start..end, id: sha256(&data) })
}

fn is_direct(value: &Object) -> bool {
    match value {
        Object::Reference(_) => false,
        Object::Array(items) => items.iter().all(is_direct),
        Object::Dictionary(parameters) => parameters.iter().all(|(_, value)| is_direct(value)),
        _ => true,
    }
}

/// Whether all octets lie in the two segments.
fn is_covered(range: &ByteRange, octets: &Range<u64>) -> bool {
    let gap = range.gap();
    octets.end <= gap.start || (octets.start >= gap.end && octets.end <= range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_and_what_follows_are_not_covered() {
        let range = ByteRange::new([0, 100, 200, 100], 1000).unwrap();
        for (start, end, covered) in [
            (0, 100, true),
            (200, 300, true),
            (0, 101, false),
            (150, 160, false),
            (199, 250, false),
            (250, 301, false),
            (90, 210, false),
        ] {
            assert_eq!(is_covered(&range, &(start..end)), covered, "{start}..{end}");
        }
    }
}
