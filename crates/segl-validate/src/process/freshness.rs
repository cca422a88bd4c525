//! Revocation freshness checker, EN 319 102-1, 5.2.5.

use segl_crypto::Time;

use crate::material::StatusOf;
use crate::policy::Freshness;

/// Whether status information is fresh for a question about `time`.
pub(crate) fn is_fresh(status: &StatusOf, time: Time, freshness: Freshness) -> bool {
    let max_age = match freshness {
        Freshness::Ignored => return true,
        Freshness::MaxAge(age) => Some(age),
        Freshness::NextUpdate => {
            status.answer.next_update.and_then(|next| next.checked_duration_since(status.this_update()))
        }
    };
    max_age.is_some_and(|age| status.this_update() > time - age)
}
