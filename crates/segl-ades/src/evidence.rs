//! Certificates and status information, as bytes.

use std::collections::HashSet;

/// What was found in a file, or gathered beside it, to prove a signature: raw DER, not believed and not even parsed.
///
/// Order is that of finding; nothing depends on it. Duplicates are left out on [`merge`](Self::merge).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Certificate revocation lists, DER.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses: `OCSPResponse` or bare `BasicOCSPResponse`, DER.
    pub ocsp_responses: Vec<Vec<u8>>,
}

impl Evidence {
    /// Takes in what `other` has and this has not.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.certificates, &other.certificates),
            (&mut self.crls, &other.crls),
            (&mut self.ocsp_responses, &other.ocsp_responses),
        ] {
            // A file may bring tens of thousands, which are not compared each with each.
            let mut known: HashSet<&[u8]> = mine.iter().map(Vec::as_slice).collect();
            let new: Vec<Vec<u8>> = theirs.iter().filter(|item| known.insert(item)).cloned().collect();
            mine.extend(new);
        }
    }

    /// Every piece, of all kinds.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().chain(&self.crls).chain(&self.ocsp_responses).map(Vec::as_slice)
    }

    /// True when nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty() && self.ocsp_responses.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_twice_is_merging_once() {
        let more = Evidence { certificates: vec![vec![1]], crls: vec![vec![2]], ocsp_responses: vec![] };
        let mut all = Evidence::default();
        all.merge(&more);
        let once = all.clone();
        all.merge(&more);
        assert_eq!(all, once);
        assert_eq!(all.pieces().collect::<Vec<_>>(), [[1], [2]]);
        assert!(!all.is_empty());
    }
}
