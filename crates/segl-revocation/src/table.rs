//! Where serial numbers stand in a list: a table of chains, filled in one pass.
//!
//! A number that is there many times makes its chain longer and nothing else slower, so nobody can make filling it cost more than time
//! that goes with the size of the list.

/// Offsets of entries by serial number.
#[derive(Default)]
pub(crate) struct Table {
    /// The last entry of each chain, counted from 1; a power of two of them.
    heads: Vec<u32>,
    /// The entry before in the chain, counted from 1, and the offset of this one.
    entries: Vec<[u32; 2]>,
    /// How many of them are in their chains; the others hold the number of their chain instead of the entry before.
    linked: usize,
}

impl Table {
    /// Makes room for about this many entries; the caller bounds it.
    pub(crate) fn expect(&mut self, entries: usize) {
        // Four entries to a chain: reading four takes some microseconds, and a table of a megabyte for a million entries stays in the
        // cache of one core while it is filled.
        self.heads = vec![0; (entries / 4).next_power_of_two().max(64)];
        self.entries.reserve_exact(entries);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry with this serial number at this offset. It is found after [`link`](Self::link).
    #[inline]
    pub(crate) fn push(&mut self, serial: &[u8], offset: u32) {
        if self.entries.len() == self.entries.capacity() {
            // By an eighth, for doubling would take twice the memory that is needed.
            self.entries.reserve_exact((self.entries.len() / 8).max(64));
        }
        self.entries.push([u32::try_from(self.place(serial)).unwrap_or(0), offset]);
    }

    /// Puts what was added into its chains. A loop that does nothing else waits for many places of memory at once.
    pub(crate) fn link(&mut self) {
        let mut number = self.linked;
        for entry in self.entries.iter_mut().skip(self.linked) {
            number = number.saturating_add(1);
            let [place, _] = entry;
            if let Some(head) = usize::try_from(*place).ok().and_then(|place| self.heads.get_mut(place)) {
                *place = core::mem::replace(head, u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        self.linked = number;
    }

    /// Offsets of the entries that may have this serial number, the last first.
    pub(crate) fn places(&self, serial: &[u8]) -> impl Iterator<Item = u32> {
        let mut next = self.heads.get(self.place(serial)).copied().unwrap_or(0);
        core::iter::from_fn(move || {
            let index = usize::try_from(next.checked_sub(1)?).ok()?;
            let [before, offset] = self.entries.get(index)?;
            next = *before;
            Some(*offset)
        })
    }

    /// Whether entries with these serial numbers are in the same chain.
    pub(crate) fn share_place(&self, one: &[u8], other: &[u8]) -> bool {
        self.place(one) == self.place(other)
    }

    #[inline]
    fn place(&self, serial: &[u8]) -> usize {
        /// The fraction of the golden ratio, which spreads multiples.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        let (words, rest) = serial.as_chunks::<8>();
        let mut hash = words.iter().fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            hash = mix(hash, rest.iter().fold(1, |word, octet| word << 8 | u64::from(*octet)));
        }
        hash ^= hash >> 32;
        usize::try_from(hash & 0x7fff_ffff).unwrap_or(0) & self.heads.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_again() {
        let mut table = Table::default();
        table.expect(10);
        for number in 0..5000_u32 {
            table.push(&number.to_be_bytes(), number * 3);
            if number % 700 == 0 {
                table.link();
            }
        }
        table.link();
        for number in 0..5000_u32 {
            assert!(table.places(&number.to_be_bytes()).any(|offset| offset == number * 3));
        }
        assert_eq!(table.len(), 5000);
        assert!(table.entries.capacity() < 5700);
        assert!(Table::default().places(&[1]).next().is_none());
    }

    #[test]
    fn numbers_of_every_make_are_spread() {
        let mut table = Table::default();
        table.expect(4096);
        for number in 0..4096_u32 {
            // Counted, with octets that say nothing before and after.
            table.push(&[&[0x7f; 8][..], &number.to_be_bytes(), &[0; 4]].concat(), number);
        }
        table.link();
        let longest = (0..1024_u32).map(|place| {
            let mut next = table.heads[place as usize];
            let mut length = 0;
            while next > 0 {
                next = table.entries[next as usize - 1][0];
                length += 1;
            }
            length
        });
        assert!(longest.max().unwrap() < 20);
    }
}
