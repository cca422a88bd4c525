//! Answers kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use segl_crypto::Time;

use super::{Cache, CacheError, CacheKey, Entry};

/// What an entry costs beside its octets, roughly: so that a flood of tiny answers is bounded too.
const OVERHEAD: u64 = 256;

/// Keeps answers in memory up to a total size; what was not used for longest goes first.
#[derive(Debug)]
pub struct MemoryCache {
    limit: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<CacheKey, (Entry, u64)>,
    size: u64,
    /// Counts uses; the larger, the later.
    uses: u64,
}

impl MemoryCache {
    /// A cache for up to `limit` octets in all.
    pub fn new(limit: u64) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn next_use(&mut self) -> u64 {
        self.uses = self.uses.saturating_add(1);
        self.uses
    }

    fn remove(&mut self, key: &CacheKey) {
        if let Some((entry, _)) = self.entries.remove(key) {
            self.size = self.size.saturating_sub(cost(&entry));
        }
    }
}

fn cost(entry: &Entry) -> u64 {
    u64::try_from(entry.octets.len()).unwrap_or(u64::MAX).saturating_add(OVERHEAD)
}

impl Cache for MemoryCache {
    fn get(&self, key: &CacheKey, now: Time) -> Option<Entry> {
        let mut kept = self.kept();
        let at = kept.next_use();
        let (entry, used) = kept.entries.get_mut(key)?;
        if entry.is_fresh(now) {
            *used = at;
            return Some(entry.clone());
        }
        if entry.fresh_until <= now {
            kept.remove(key);
        }
        None
    }

    fn put(&self, key: &CacheKey, entry: &Entry, _: Time) -> Result<(), CacheError> {
        let size = cost(entry);
        if size > self.limit {
            return Err(CacheError::TooLarge { size, limit: self.limit });
        }
        let mut kept = self.kept();
        kept.remove(key);
        while kept.size.saturating_add(size) > self.limit {
            let oldest = kept.entries.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
        }
        let at = kept.next_use();
        kept.size = kept.size.saturating_add(size);
        kept.entries.insert(*key, (entry.clone(), at));
        Ok(())
    }

    fn remove(&self, key: &CacheKey) {
        self.kept().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn entry(size: usize, now: Time) -> Entry {
        Entry::new(vec![7; size].into(), now, None, now + Duration::from_secs(60))
    }

    #[test]
    fn what_is_used_stays() {
        let now = Time::from_unix(1_000);
        let cache = MemoryCache::new(3 * (1_000 + OVERHEAD));
        let keys = [1, 2, 3, 4].map(|n| CacheKey::new("test", &[n]));
        for key in &keys[..3] {
            cache.put(key, &entry(1_000, now), now).unwrap();
        }
        assert!(cache.get(&keys[0], now).is_some());
        cache.put(&keys[3], &entry(1_000, now), now).unwrap();
        assert_eq!(keys.map(|key| cache.get(&key, now).is_some()), [true, false, true, true]);
        let too_large = cache.put(&keys[1], &entry(4_000, now), now);
        assert!(matches!(too_large, Err(CacheError::TooLarge { size: 4_256, limit: 3_768 })));
        cache.put(&keys[1], &entry(3_000, now), now).unwrap();
        assert_eq!(keys.map(|key| cache.get(&key, now).is_some()), [false, true, false, false]);
        cache.remove(&keys[1]);
        assert_eq!(cache.kept().size, 0);
    }

    #[test]
    fn time_is_respected() {
        let now = Time::from_unix(1_000);
        let cache = MemoryCache::new(10_000);
        let key = CacheKey::new("test", b"");
        cache.put(&key, &entry(10, now), now).unwrap();
        assert!(cache.get(&key, now - Duration::from_secs(1)).is_none(), "from the future");
        assert!(cache.get(&key, now + Duration::from_secs(59)).is_some());
        assert!(cache.get(&key, now + Duration::from_secs(60)).is_none(), "over");
        assert!(cache.get(&key, now).is_none(), "forgotten");
    }
}
