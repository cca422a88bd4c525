//! Proofs of existence.

use std::collections::HashMap;

use segl_crypto::Time;

use crate::material::Id;

/// Since when things are proved to exist (EN 319 102-1, 5.6.2.3). Times only ever get earlier.
///
/// Whatever is at hand exists at the validation time; that needs no entry.
#[derive(Debug, Clone)]
pub(crate) struct Poe {
    now: Time,
    earliest: HashMap<Id, Time>,
}

impl Poe {
    pub(crate) fn new(now: Time) -> Self {
        Self { now, earliest: HashMap::new() }
    }

    /// Proves that something existed at `time`.
    pub(crate) fn prove(&mut self, id: Id, time: Time) {
        let known = self.earliest.entry(id).or_insert(time);
        *known = (*known).min(time);
    }

    /// The earliest time at which it is proved to have existed.
    pub(crate) fn of(&self, id: &Id) -> Time {
        self.earliest.get(id).map_or(self.now, |time| (*time).min(self.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_get_earlier_only() {
        let at = Time::from_unix;
        let mut poe = Poe::new(at(100));
        assert_eq!(poe.of(&[0; 32]), at(100));
        poe.prove([0; 32], at(50));
        poe.prove([0; 32], at(70));
        poe.prove([1; 32], at(200));
        assert_eq!((poe.of(&[0; 32]), poe.of(&[1; 32])), (at(50), at(100)));
    }
}
