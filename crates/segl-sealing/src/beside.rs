//! Two pieces of work at once.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `aside` in a thread of its own while this one does `here`; one after the other where the system gives no thread. Returns when both
/// are done, and passes a panic on.
pub(crate) fn beside<A: Send, B>(aside: impl FnMut() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    // A closure that a thread was not made for is lost, so it is lent.
    let aside = Mutex::new(aside);
    let work = || {
        let mut aside = aside.lock().unwrap_or_else(PoisonError::into_inner);
        aside()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, work);
        let done = here();
        let result = match thread.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => work(),
        };
        (result, done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once_and_each_answers() {
        let (mut asides, here) = (0, thread::current().id());
        let work = || {
            asides += 1;
            thread::current().id()
        };
        let (there, answer) = beside(work, || 7);
        assert_eq!((answer, asides), (7, 1));
        assert_ne!(there, here);
    }

    #[test]
    #[should_panic(expected = "aside")]
    fn a_panic_is_passed_on() {
        beside(|| panic!("aside"), || ());
    }
}
