//! The journal in memory keeps the laws of every journal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use segl_record::{Event, Outcome, Verifier};
use segl_sealing::MemoryJournal;
use segl_testkit::journal as laws;
use segl_testkit::sealing::log_id;

fn journal() -> MemoryJournal {
    MemoryJournal::new(log_id())
}

#[test]
fn only_the_right_transitions_are_taken() {
    assert_eq!(laws::only_the_right_transitions_are_taken(journal), (624, 21));
}

#[test]
fn repetitions_are_told_apart() {
    laws::repetitions_are_told_apart(&journal());
}

#[test]
fn keys_and_certificates_are_used_once() {
    laws::keys_and_certificates_are_used_once(&journal());
}

#[test]
fn an_alarm_stops_the_slot() {
    let journal = journal();
    laws::an_alarm_stops_the_slot(&journal);
    let mut verifier = Verifier::new(log_id());
    let events: Vec<_> = journal
        .log()
        .iter()
        .map(|(entry, values)| verifier.next(entry, Some(values)).unwrap().unwrap())
        .collect();
    verifier.finish().unwrap();
    let Event::Sealing(alarm) = &events[0] else { panic!("{events:?}") };
    assert_eq!(alarm.outcome(), Outcome::DestructionUnconfirmed);
    assert!(matches!(&events[1], Event::SlotCleared(_)));
}

#[test]
fn what_was_left_behind_is_ended() {
    laws::what_was_left_behind_is_ended(&journal());
}

#[test]
fn a_failed_sweep_is_an_alarm() {
    laws::a_failed_sweep_is_an_alarm(&journal());
}

#[test]
fn a_slot_not_reached_waits() {
    laws::a_slot_not_reached_waits(&journal());
}

#[test]
fn one_of_many_threads_wins() {
    laws::one_of_many_threads_wins(&journal(), 64, 20);
}
