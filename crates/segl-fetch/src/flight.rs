//! The same thing is asked for once, however many ask at the same time.

use core::hash::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Requests that are under way.
#[derive(Debug)]
pub(crate) struct Flights<K, V> {
    under_way: Mutex<HashMap<K, Arc<Flight<V>>>>,
}

#[derive(Debug)]
struct Flight<V> {
    landed: Mutex<Option<Option<V>>>,
    signal: Condvar,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// The result of `ask`, or that of another thread that is asking for the same already; `None` when that thread panicked.
    pub(crate) fn once(&self, key: K, ask: impl FnOnce() -> V) -> Option<V> {
        let mut under_way = lock(&self.under_way);
        if let Some(flight) = under_way.get(&key).map(Arc::clone) {
            drop(under_way);
            let landed = flight.signal.wait_while(lock(&flight.landed), |landed| landed.is_none());
            return landed.unwrap_or_else(PoisonError::into_inner).clone().flatten();
        }
        let flight = Arc::new(Flight { landed: Mutex::new(None), signal: Condvar::new() });
        under_way.insert(key.clone(), Arc::clone(&flight));
        drop(under_way);
        let landing = Landing { flights: self, key, flight };
        let result = ask();
        *lock(&landing.flight.landed) = Some(Some(result.clone()));
        Some(result)
    }
}

/// Wakes those who wait, even when asking panicked.
struct Landing<'a, K: Eq + Hash, V> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
}

impl<K: Eq + Hash, V> Drop for Landing<'_, K, V> {
    fn drop(&mut self) {
        lock(&self.flights.under_way).remove(&self.key);
        lock(&self.flight.landed).get_or_insert(None);
        self.flight.signal.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_threads_one_question() {
        let flights = Flights::default();
        let (asked, start) = (AtomicUsize::new(0), Barrier::new(8));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    let answer = flights.once("key", || {
                        thread::sleep(Duration::from_millis(200));
                        asked.fetch_add(1, Ordering::SeqCst)
                    });
                    assert_eq!(answer, Some(0));
                });
            }
        });
        assert_eq!(flights.once("key", || 7), Some(7), "asked anew when nothing is under way");
        assert_eq!(flights.once("other", || 8), Some(8));
    }

    #[test]
    fn a_panic_wakes_the_others() {
        let flights: Flights<&str, usize> = Flights::default();
        let inside = Barrier::new(2);
        thread::scope(|scope| {
            let leader = scope.spawn(|| {
                flights.once("key", || {
                    inside.wait();
                    thread::sleep(Duration::from_millis(200));
                    panic!("on purpose");
                })
            });
            inside.wait();
            assert_eq!(flights.once("key", || 1), None);
            assert!(leader.join().is_err());
        });
        assert_eq!(flights.once("key", || 2), Some(2));
    }
}
