//! Until when algorithms are relied on.

use segl_crypto::{DigestAlgorithm, KeyKind, SignatureAlgorithm, SignatureScheme, Time};

use crate::block::Level;

/// A list of algorithms with the times until which each is reliable (EN 319 102-1, clause A.4; TS 119 312).
///
/// What is not in the list is not reliable at any time. Lists are values: two are given here, any other can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmConstraints {
    /// What the list is called in reports.
    pub name: String,
    /// Date of the list. An end after it was a forecast, and [`after_update`](Self::after_update) applies.
    pub updated: Time,
    /// What an algorithm does whose end has passed.
    pub level: Level,
    /// What it does when the end lies after [`updated`](Self::updated).
    pub after_update: Level,
    /// Digest algorithms.
    pub digests: Vec<(DigestAlgorithm, Reliable)>,
    /// Keys: kind of algorithm, smallest size in bits, end. The greatest size that is not above the key's decides.
    pub keys: Vec<(KeyAlgorithm, usize, Reliable)>,
}

/// Kinds of signature algorithms that have ends of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA.
    Ecdsa,
    /// EdDSA.
    Eddsa,
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// RSASSA-PSS.
    RsaPss,
}

/// Until when something is reliable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "an end or none")]
pub enum Reliable {
    /// No end is known.
    Always,
    /// Before this moment.
    Before(Time),
}

/// What the list says about an algorithm at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it is reliable then.
    pub holds: bool,
    /// What it does if not.
    pub level: Level,
    /// When it ends or ended; `None` without an end, or when it never was reliable.
    pub until: Option<Time>,
}

impl AlgorithmConstraints {
    /// The list that EU DSS 6.4 has by default: TS 119 312 V1.5.1, dated 2024-10-13.
    pub fn ts119312_v1_5_1() -> Self {
        use DigestAlgorithm as D;
        use KeyAlgorithm as K;
        let before = |year, month| Reliable::Before(date(year, month, 1));
        Self {
            name: "TS 119 312 V1.5.1 (2024-10-13)".to_owned(),
            updated: date(2024, 10, 13),
            level: Level::Fail,
            after_update: Level::Warn,
            digests: vec![
                (D::Md5, before(2004, 8)),
                (D::Sha1, before(2012, 8)),
                (D::Sha224, before(2029, 1)),
                (D::Sha256, Reliable::Always),
                (D::Sha384, Reliable::Always),
                (D::Sha512, Reliable::Always),
                (D::Sha3_256, Reliable::Always),
                (D::Sha3_384, Reliable::Always),
                (D::Sha3_512, Reliable::Always),
            ],
            keys: vec![
                (K::RsaPkcs1, 786, before(2010, 8)),
                (K::RsaPkcs1, 1024, before(2019, 10)),
                (K::RsaPkcs1, 1536, before(2019, 10)),
                (K::RsaPkcs1, 1900, before(2029, 1)),
                (K::RsaPkcs1, 3000, before(2029, 1)),
                (K::RsaPss, 786, before(2010, 8)),
                (K::RsaPss, 1024, before(2019, 10)),
                (K::RsaPss, 1536, before(2019, 10)),
                (K::RsaPss, 1900, before(2029, 1)),
                (K::RsaPss, 3000, Reliable::Always),
                (K::Ecdsa, 160, before(2012, 8)),
                (K::Ecdsa, 163, before(2012, 8)),
                (K::Ecdsa, 224, before(2021, 10)),
                (K::Ecdsa, 256, Reliable::Always),
            ],
        }
    }

    /// The ends of TS 119 312 V2.1.1 (2026-06): RSA below 3000 bits and SHA-224 end at the start of 2026.
    pub fn ts119312_v2_1_1() -> Self {
        let end = Reliable::Before(date(2026, 1, 1));
        let mut list = Self::ts119312_v1_5_1();
        list.name = "TS 119 312 V2.1.1 (2026-06)".to_owned();
        list.updated = date(2026, 6, 1);
        for (algorithm, reliable) in &mut list.digests {
            if *algorithm == DigestAlgorithm::Sha224 {
                *reliable = end;
            }
        }
        for (algorithm, bits, reliable) in &mut list.keys {
            let is_rsa = matches!(algorithm, KeyAlgorithm::RsaPkcs1 | KeyAlgorithm::RsaPss);
            if is_rsa && *bits == 1900 {
                *reliable = end;
            }
        }
        list
    }

    /// A digest algorithm at a time.
    pub fn digest(&self, algorithm: DigestAlgorithm, time: Time) -> Judgement {
        let found = self.digests.iter().find(|(known, _)| *known == algorithm).map(|(_, reliable)| *reliable);
        self.judge(found, time)
    }

    /// A signature algorithm with its key, and the digest inside it, at a time: the worse of both.
    pub fn signature(&self, algorithm: SignatureAlgorithm, key: KeyKind, time: Time) -> Judgement {
        let kind = match algorithm.scheme() {
            SignatureScheme::RsaPkcs1 => Some(KeyAlgorithm::RsaPkcs1),
            SignatureScheme::RsaPss { .. } => Some(KeyAlgorithm::RsaPss),
            SignatureScheme::Ecdsa => Some(KeyAlgorithm::Ecdsa),
            SignatureScheme::Ed25519 => Some(KeyAlgorithm::Eddsa),
            _ => None,
        };
        let found = self
            .keys
            .iter()
            .filter(|(known, bits, _)| Some(*known) == kind && *bits <= key.bits())
            .max_by_key(|(_, bits, _)| *bits)
            .map(|(.., reliable)| *reliable);
        let by_key = self.judge(found, time);
        match algorithm.digest() {
            Some(digest) => by_key.worse(self.digest(digest, time)),
            None => by_key,
        }
    }

    fn judge(&self, reliable: Option<Reliable>, time: Time) -> Judgement {
        match reliable {
            None => Judgement { holds: false, level: self.level, until: None },
            Some(Reliable::Always) => Judgement { holds: true, level: self.level, until: None },
            Some(Reliable::Before(end)) => Judgement {
                holds: time < end,
                level: if end > self.updated { self.after_update } else { self.level },
                until: Some(end),
            },
        }
    }
}

impl Judgement {
    /// Whether it stops anything: not reliable, and that is a failure.
    pub fn is_fatal(self) -> bool {
        !self.holds && self.level == Level::Fail
    }

    fn worse(self, other: Self) -> Self {
        let rank = |judgement: Self| (judgement.holds, core::cmp::Reverse(judgement.level));
        match rank(self).cmp(&rank(other)) {
            core::cmp::Ordering::Less => self,
            core::cmp::Ordering::Greater => other,
            core::cmp::Ordering::Equal => {
                let until = match (self.until, other.until) {
                    (Some(one), Some(two)) => Some(one.min(two)),
                    // One that holds without an end leaves the other's end; one that never held has no time to be proved.
                    (one, two) if self.holds => one.or(two),
                    _ => None,
                };
                Self { until, ..self }
            }
        }
    }
}

/// Midnight of a day that exists; the epoch otherwise.
fn date(year: u16, month: u8, day: u8) -> Time {
    Time::from_civil(year, month, day, 0, 0, 0).unwrap_or(Time::from_unix(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exclusive_and_by_key_size() {
        let list = AlgorithmConstraints::ts119312_v1_5_1();
        let end = date(2012, 8, 1);
        assert!(list.digest(DigestAlgorithm::Sha1, Time::from_unix(end.unix_seconds() - 1)).holds);
        assert!(list.digest(DigestAlgorithm::Sha1, end).is_fatal());
        assert!(!list.digest(DigestAlgorithm::Sha3_224, date(2000, 1, 1)).holds);

        let rsa = SignatureAlgorithm::RSA_SHA256;
        let key = KeyKind::Rsa { bits: 2048 };
        assert!(list.signature(rsa, key, date(2028, 12, 31)).holds);
        let later = list.signature(rsa, key, date(2029, 1, 1));
        assert!(!later.holds && !later.is_fatal(), "an end after the list's date only warns");
        assert!(list.signature(rsa, KeyKind::Rsa { bits: 512 }, date(2000, 1, 1)).is_fatal());

        let newer = AlgorithmConstraints::ts119312_v2_1_1();
        assert!(newer.signature(rsa, key, date(2026, 1, 1)).is_fatal());
        assert!(newer.signature(rsa, KeyKind::Rsa { bits: 3072 }, date(2026, 1, 1)).holds);
    }

    /// With a proof from the time of SHA-1, a key that is too short at any time would have passed.
    #[test]
    fn a_key_that_never_was_reliable_gets_no_end_from_its_digest() {
        let list = AlgorithmConstraints::ts119312_v1_5_1();
        let sha1 = SignatureAlgorithm::new(SignatureScheme::RsaPkcs1, Some(DigestAlgorithm::Sha1)).unwrap();
        for bits in [512, 768] {
            let judged = list.signature(sha1, KeyKind::Rsa { bits }, date(2026, 1, 1));
            assert!(judged.is_fatal());
            assert_eq!(judged.until, None);
        }
        let judged = list.signature(sha1, KeyKind::Rsa { bits: 1024 }, date(2026, 1, 1));
        assert_eq!(judged.until, Some(date(2012, 8, 1)));
    }

    #[test]
    fn the_digest_inside_counts() {
        let list = AlgorithmConstraints::ts119312_v1_5_1();
        let now = date(2026, 11, 22);
        let old = SignatureAlgorithm::new(SignatureScheme::Ecdsa, Some(DigestAlgorithm::Sha1)).unwrap();
        assert!(list.signature(SignatureAlgorithm::ECDSA_SHA256, KeyKind::EcP256, now).holds);
        assert!(list.signature(old, KeyKind::EcP256, now).is_fatal());
    }
}
