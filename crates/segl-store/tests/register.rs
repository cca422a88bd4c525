//! The register of certificates, as an issuer uses it.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::sync::Barrier;

use common::Bed;

use segl_cert::{
    IssuedCertificate, IssuedCertificates, IssuerKey, MemoryRegister, Reservation, Revocation, SerialNumber,
    State,
};
use segl_crypto::Time;
use segl_store::StoreError;

const ISSUER: IssuerKey = IssuerKey([7; 32]);

on_each_database! {
    the_database_and_memory_tell_the_same_story;
    what_was_written_is_there_after_opening_again;
    a_serial_number_belongs_to_one_certificate;
    a_key_is_certified_once;
    one_of_64_threads_reserves;
}

fn at(seconds: i64) -> Time {
    Time::from_unix(1_795_000_000 + seconds)
}

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_random([n; 15])
}

fn issued(n: u8, hash: u8) -> IssuedCertificate {
    IssuedCertificate {
        issuer: ISSUER,
        serial: serial(n),
        sha256: [hash; 32],
        not_before: at(0),
        not_after: at(43_199),
        issued_at: at(5),
    }
}

/// A life of five certificates, told as text, so that two registers can be compared.
fn story<R: IssuedCertificates>(register: &R) -> String {
    let mut told = Vec::new();
    for n in 1..=4 {
        told.push(format!("{:?}", register.reserve(&ISSUER, &serial(n), at(0)).unwrap()));
    }
    told.push(format!("{:?}", register.reserve(&ISSUER, &serial(1), at(1)).unwrap()));
    told.push(format!("{:?}", register.reserve(&IssuerKey([8; 32]), &serial(1), at(1)).unwrap()));
    for n in [2, 3, 4, 5] {
        register.record_issued(&issued(n, n)).unwrap();
    }
    let first = Revocation { at: at(10), reason: Some(4) };
    let later = Revocation { at: at(20), reason: None };
    for revocation in [first, later] {
        told.push(format!("{:?}", register.revoke(&ISSUER, &serial(3), revocation).unwrap()));
    }
    told.push(format!("{:?}", register.revoke(&ISSUER, &serial(9), first).unwrap()));
    for n in [1, 3, 4, 9] {
        register.record_abandoned(&ISSUER, &serial(n), at(30)).unwrap();
    }
    // Another certificate's, abandoned, revoked, never seen, the same again.
    for (n, hash) in [(2, 9), (1, 1), (3, 3), (6, 6), (6, 6)] {
        told.push(format!("{:?}", register.record_issued(&issued(n, hash)).is_ok()));
    }
    for n in 1..=9 {
        told.push(format!("{:?}", register.status(&ISSUER, &serial(n)).unwrap()));
    }
    told.push(format!("{:?}", register.revoked(&ISSUER).unwrap()));
    for _ in 0..3 {
        told.push(format!("{:?}", register.next_crl_number(&ISSUER).unwrap()));
    }
    told.push(format!("{:?}", register.next_crl_number(&IssuerKey([8; 32])).unwrap()));
    told.join("\n")
}

fn the_database_and_memory_tell_the_same_story<B: Bed>(bed: &B) {
    let memory = story(&MemoryRegister::default());
    assert_eq!(story(&bed.store()), memory);
    assert_eq!(story(&bed.another().store().sealing_register()), memory);
}

fn what_was_written_is_there_after_opening_again<B: Bed>(bed: &B) {
    bed.store().sealing_register().record_issued(&issued(1, 1)).unwrap();
    let store = bed.store();
    let registered = store.status(&ISSUER, &serial(1)).unwrap().unwrap();
    assert_eq!((registered.state, registered.sha256), (State::Issued, Some([1; 32])));
    assert_eq!(registered.validity, Some((at(0), at(43_199))));
}

fn a_serial_number_belongs_to_one_certificate<B: Bed>(bed: &B) {
    let store = bed.store();
    store.record_issued(&issued(1, 1)).unwrap();
    store.record_issued(&issued(1, 1)).unwrap();
    let refused = store.record_issued(&issued(1, 2));
    assert!(
        matches!(refused, Err(StoreError::SerialInUse { serial: taken }) if taken == serial(1)),
        "{refused:?}"
    );
    // An abandoned or revoked one does not come back to life either.
    store.record_abandoned(&ISSUER, &serial(1), at(9)).unwrap();
    assert!(store.record_issued(&issued(1, 1)).is_err());
}

/// One certificate for a key, whoever asks and whatever became of the first (S000-18).
fn a_key_is_certified_once<B: Bed>(bed: &B) {
    let store = bed.store();
    let key = [3; 32];
    assert_eq!(store.reserve_for_key(&ISSUER, &serial(1), &key, at(0)).unwrap(), Reservation::Made);
    store.record_abandoned(&ISSUER, &serial(1), at(1)).unwrap();
    drop(store);
    let store = bed.store();
    let register = store.sealing_register();
    let again = register.reserve_for_key(&IssuerKey([8; 32]), &serial(2), &key, at(2)).unwrap();
    assert_eq!(again, Reservation::KeyTaken);
    assert_eq!(store.status(&IssuerKey([8; 32]), &serial(2)).unwrap(), None);
    let taken = register.reserve_for_key(&ISSUER, &serial(1), &[4; 32], at(2)).unwrap();
    assert_eq!(taken, Reservation::Taken);
    assert_eq!(register.reserve_for_key(&ISSUER, &serial(2), &[4; 32], at(3)).unwrap(), Reservation::Made);
}

fn one_of_64_threads_reserves<B: Bed>(bed: &B) {
    let store = bed.store();
    let barrier = Barrier::new(64);
    let made: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    usize::from(store.reserve(&ISSUER, &serial(1), at(0)).unwrap() == Reservation::Made)
                })
            })
            .collect();
        tries.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(made, 1);
}
