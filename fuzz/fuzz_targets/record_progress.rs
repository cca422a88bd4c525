//! How far a sealing came, as a journal keeps it: the session (16 octets), then the facts. They are written as they were read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_record::{Progress, SessionId};
use uuid::Uuid;

fuzz_target!(|data: &[u8]| {
    let Some((session, bytes)) = data.split_first_chunk() else { return };
    let Some(session) = SessionId::new(Uuid::from_bytes(*session)) else { return };
    let Ok(progress) = Progress::from_bytes(bytes, session) else { return };
    assert_eq!(progress.session(), session);
    let written = progress.to_bytes();
    assert_eq!(Progress::from_bytes(&written, session), Ok(progress));
    // Only the step may be another one: a completed sealing has one more behind it than its progress.
    let same = |(read, written): &(&u8, &u8)| read == written;
    assert_eq!(written.len(), bytes.len());
    assert!(bytes.iter().zip(&written).rev().skip(1).all(|pair| same(&pair)));
});
