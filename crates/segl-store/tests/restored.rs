//! What a backup that is brought back can do wrong, and what it cannot.
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

use std::collections::BTreeSet;

use common::Bed;
use segl_cert::{IssuedCertificates as _, IssuerKey, Reservation, SerialNumber};
use segl_record::Outcome;
use segl_sealing::{Journal as _, OpenError};
use segl_store::{Database, Store, StoreError};
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::sealing::{T0, lease, opening, record, salts};

on_each_database! {
    a_restored_backup_gives_no_serial_number_twice;
    a_restored_backup_goes_on_where_it_was_taken;
    crl_numbers_are_moved_past_what_was_given_out;
}

const ISSUER: IssuerKey = IssuerKey([7; 32]);
/// Certificates of each of the three: before the backup, after it on the original, after it on the copy.
const EACH: usize = 400;

/// Reserves as the issuer does: fifteen octets of the operating system's, and the register has the last word.
fn reserve<D: Database>(store: &Store<D>) -> SerialNumber {
    let mut random = [0; 15];
    getrandom::fill(&mut random).unwrap();
    let serial = SerialNumber::from_random(random);
    assert_eq!(store.sealing_register().reserve(&ISSUER, &serial, T0).unwrap(), Reservation::Made);
    serial
}

/// A counter in the database would go back with it, and both lives would give the same numbers. There is none: the number comes from
/// outside, 120 bits of it random, and the register only refuses. Of the certificates of both lives together, n, two share a number with
/// a probability below n² / 2^121: for a thousand million certificates 4 in 10^19.
fn a_restored_backup_gives_no_serial_number_twice<B: Bed>(bed: &B) {
    let original = bed.store();
    let before: Vec<_> = (0..EACH).map(|_| reserve(&original)).collect();
    let restored = bed.restored();
    let restored = restored.store();
    // Both live on, the worst case: a backup brought up beside a system that was thought lost.
    let after: Vec<_> = (0..EACH).flat_map(|_| [reserve(&original), reserve(&restored)]).collect();
    let all: BTreeSet<_> = before.iter().chain(&after).map(|serial| *serial.as_octets()).collect();
    assert_eq!(all.len(), 3 * EACH);
    // And what the backup knows it refuses.
    for serial in &before {
        assert_eq!(restored.reserve(&ISSUER, serial, T0).unwrap(), Reservation::Taken);
    }
}

fn a_restored_backup_goes_on_where_it_was_taken<B: Bed>(bed: &B) {
    let original = bed.store();
    run_whole(&original, 1);
    run_to(&original, 2, 5);
    let kept = original.checkpoint(T0, None).unwrap();
    let restored = bed.restored();
    drop(original);
    let store = restored.store();
    assert_eq!(store.verify(&[kept]).unwrap().unanchored, 0);
    assert!(matches!(store.open(&opening(1), &lease(1)), Err(OpenError::AlreadyCompleted { .. })));
    assert!(matches!(store.open(&opening(2), &lease(1)), Err(OpenError::InProgress { .. })));
    let alarm = record(2, 5, Outcome::DestructionUnconfirmed);
    assert_eq!(store.conclude(&alarm, salts(2)).unwrap().sequence(), 2);
    // The triggers came back with the rows.
    assert!(restored.raw("DELETE FROM log").is_err());
    assert!(restored.raw("UPDATE log SET year = 2000").is_err());
}

fn crl_numbers_are_moved_past_what_was_given_out<B: Bed>(bed: &B) {
    let store = bed.store();
    let restored = bed.restored().store();
    for n in 1..=3 {
        assert_eq!(store.next_crl_number(&ISSUER).unwrap(), n);
    }
    // Here a counter does go back, so it is moved on by hand.
    restored.skip_crl_numbers(&ISSUER, 3).unwrap();
    assert_eq!(restored.next_crl_number(&ISSUER).unwrap(), 4);
    // Never back.
    restored.skip_crl_numbers(&ISSUER, 2).unwrap();
    assert_eq!(restored.next_crl_number(&ISSUER).unwrap(), 5);
    // Higher than can be counted: that is the caller's affair, and nothing is wrong with the store.
    let refused = restored.skip_crl_numbers(&ISSUER, u64::MAX);
    assert!(matches!(refused, Err(StoreError::CrlNumberTooHigh { number: u64::MAX })), "{refused:?}");
    assert_eq!(restored.next_crl_number(&ISSUER).unwrap(), 6);
}
