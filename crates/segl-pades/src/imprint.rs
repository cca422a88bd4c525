//! The digests of what signatures and document time-stamps cover: many ranges of one file in one pass.

use segl_crypto::{Digest, DigestAlgorithm, Hasher, Source};
use segl_pdf::{ByteRange, ReadError};

/// How many times the length of the file may be hashed for all signatures together, on top of one pass for each
/// algorithm. Origin: our choice; honest files need hardly more than one pass, since each signature stands near the
/// end of what it covers.
const BUDGET: u64 = 16;

/// Computes digests of ranges and remembers them.
pub(crate) struct Digests<'a, S> {
    source: &'a S,
    /// States after the bytes before a gap, by algorithm, the furthest one only.
    states: Vec<(DigestAlgorithm, u64, Hasher)>,
    known: Vec<(DigestAlgorithm, [u64; 4], Digest)>,
    left: u64,
}

impl<'a, S: Source> Digests<'a, S> {
    pub(crate) fn new(source: &'a S) -> Self {
        let left = source.len().saturating_mul(BUDGET).saturating_add(1 << 20);
        Self { source, states: Vec::new(), known: Vec::new(), left }
    }

    /// The digest of a range; `None` when the algorithm cannot be computed or the budget is spent. Ascending ranges
    /// share the pass over what is common.
    pub(crate) fn of(
        &mut self,
        range: &ByteRange,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Digest>, ReadError> {
        let numbers = range.numbers();
        let same = |known: &&(DigestAlgorithm, [u64; 4], Digest)| known.0 == algorithm && known.1 == numbers;
        if let Some((_, _, digest)) = self.known.iter().find(same) {
            return Ok(Some(digest.clone()));
        }
        let Some(fresh) = Hasher::new(algorithm) else { return Ok(None) };
        let gap = range.gap();
        let kept = self.states.iter().position(|(kept, at, _)| *kept == algorithm && *at <= gap.start);
        let (at, mut hasher) = match kept.map(|place| self.states.swap_remove(place)) {
            Some((_, at, hasher)) => (at, hasher),
            None => (0, fresh),
        };
        let cost = (gap.start - at).saturating_add(range.end() - gap.end);
        let Some(left) = self.left.checked_sub(cost) else { return Ok(None) };
        self.left = left;
        self.source.hash_range(at..gap.start, &mut hasher)?;
        self.states.push((algorithm, gap.start, hasher.clone()));
        self.source.hash_range(gap.end..range.end(), &mut hasher)?;
        let digest = hasher.finish();
        self.known.push((algorithm, numbers, digest.clone()));
        Ok(Some(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_passes_give_the_digests_of_the_parts() {
        let file: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let mut digests = Digests::new(&file);
        for [head, tail, end] in
            [[10, 20, 30], [1000, 1100, 1200], [1000, 1100, 1200], [500, 501, 5000], [4000, 4000, 5000]]
        {
            let range = ByteRange::new([0, head, tail, end - tail], 5000).unwrap();
            let [head, tail, end] = [head, tail, end].map(|n| usize::try_from(n).unwrap());
            let covered = [&file[..head], &file[tail..end]].concat();
            let found = digests.of(&range, DigestAlgorithm::Sha256).unwrap();
            assert_eq!(found, segl_crypto::digest(DigestAlgorithm::Sha256, &covered));
        }
    }

    #[test]
    fn the_budget_ends() {
        let file = vec![0_u8; 1 << 20];
        let mut digests = Digests::new(&file);
        let spent = (0..100).any(|n| {
            let range = ByteRange::new([0, 100 - n, 200, (1 << 20) - 200], 1 << 20).unwrap();
            digests.of(&range, DigestAlgorithm::Sha256).unwrap().is_none()
        });
        assert!(spent);
    }
}
