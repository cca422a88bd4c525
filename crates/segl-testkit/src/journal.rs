//! Laws of every [`Journal`]: one test calls one of them with a journal that is empty.

use core::time::Duration;
use std::collections::BTreeSet;

use segl::record::{Cause, Outcome, SealingRecord, Step};
use segl::sealing::{
    AdvanceError, ClearError, ConcludeError, End, Journal, OpenError, Repeated, Sweep, Unfinished,
    is_durable_step, recover,
};

use crate::sealing::{T0, advances, cleared, lease, opening, progress, record, salts, slot};

/// Opens sealing `n` and takes so many of its steps.
pub fn run_to<J: Journal>(journal: &J, n: u64, done: usize) {
    journal.open(&opening(n), &lease(n)).unwrap();
    let mut progress = progress(n, 0);
    for advance in advances(n).into_iter().take(done) {
        let from = progress.step();
        progress.advance(advance).unwrap();
        journal.advance(opening(n).request, from, &progress).unwrap();
    }
}

/// Opens sealing `n` and completes it.
pub fn run_whole<J: Journal>(journal: &J, n: u64) {
    run_to(journal, n, 7);
    journal.conclude(&record(n, 7, Outcome::Completed), salts(n)).unwrap();
}

/// Every outcome, one cause for all.
pub const OUTCOMES: [Outcome; 4] = [
    Outcome::Completed,
    Outcome::Declined,
    Outcome::Aborted(Cause::Cancelled),
    Outcome::DestructionUnconfirmed,
];

/// Walks every state and asks for everything in each: only the next step and the ends that fit are taken, and no way leads to a
/// completed sealing that does not pass the destruction of the key (ENG-01). `journal` makes a new empty one.
///
/// Returns how many transitions were asked for and how many were taken.
pub fn only_the_right_transitions_are_taken<J: Journal>(mut journal: impl FnMut() -> J) -> (usize, usize) {
    let (mut asked, mut taken) = (0, 0);
    let mut edges = BTreeSet::new();
    for done in 0..=7 {
        let here = progress(1, done).step();
        for from in 0..=7 {
            for to in 0..=7 {
                let journal = journal();
                run_to(&journal, 1, done);
                let (from_step, target) = (progress(1, from).step(), progress(1, to));
                let result = journal.advance(opening(1).request, from_step, &target);
                let right = from == done && to == done + 1;
                assert_eq!(result.is_ok(), right, "at {here}: {from_step} to {}", target.step());
                if !right {
                    assert!(matches!(result, Err(AdvanceError::NotThere { found, .. }) if found == here));
                } else {
                    edges.insert((here, target.step()));
                    taken += 1;
                }
                asked += 1;
            }
        }
        for claimed in 0..=7 {
            for outcome in OUTCOMES {
                let made = SealingRecord::new(opening(1), progress(1, claimed), outcome, T0);
                let Ok(record) = made else { continue };
                let journal = journal();
                run_to(&journal, 1, done);
                let result = journal.conclude(&record, salts(1));
                assert_eq!(result.is_ok(), claimed == done, "at {here}: {outcome:?} after {}", record.step());
                if claimed == done {
                    if outcome == Outcome::Completed {
                        edges.insert((here, Step::Completed));
                    }
                    after_the_end(&journal, &record);
                    taken += 1;
                } else {
                    assert!(matches!(result, Err(ConcludeError::Differs { found }) if found == here));
                }
                asked += 1;
            }
        }
    }
    for step in Step::ALL.into_iter().filter(|&step| step != Step::Authenticated) {
        assert!(reachable(&edges, None).contains(&step), "{step} is never reached");
    }
    for avoided in [Step::KeyDestroyed, Step::Approved, Step::TimeStamped, Step::Certified] {
        assert!(!reachable(&edges, Some(avoided)).contains(&Step::Completed), "completed around {avoided}");
    }
    assert!(is_durable_step(Step::Approved));
    (asked, taken)
}

fn reachable(edges: &BTreeSet<(Step, Step)>, avoided: Option<Step>) -> BTreeSet<Step> {
    let mut found = BTreeSet::from([Step::Authenticated]);
    loop {
        let more: Vec<_> = edges
            .iter()
            .filter(|(from, to)| found.contains(from) && !found.contains(to) && Some(*to) != avoided)
            .map(|(_, to)| *to)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Nothing moves after an end, and the request is used up.
fn after_the_end<J: Journal>(journal: &J, record: &SealingRecord) {
    let end = End::of(record);
    let request = record.opening().request;
    for to in 1..=7 {
        let result = journal.advance(request, progress(1, to - 1).step(), &progress(1, to));
        assert!(matches!(result, Err(AdvanceError::Ended { end: found }) if found == end));
    }
    let again = journal.conclude(record, salts(2));
    assert!(matches!(again, Err(ConcludeError::Ended { end: found }) if found == end));
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty());
    match journal.open(record.opening(), &lease(1)) {
        Err(OpenError::AlreadyCompleted { repeated: Repeated::Request }) => assert_eq!(end, End::Completed),
        Err(OpenError::Abandoned { end: found, step }) => assert_eq!((found, step), (end, record.step())),
        other => panic!("{other:?}"),
    }
}

/// A request, a session and an authentication give one seal; each repetition has its own error.
pub fn repetitions_are_told_apart<J: Journal>(journal: &J) {
    run_whole(journal, 1);
    run_to(journal, 2, 4);
    run_to(journal, 3, 3);
    journal.conclude(&record(3, 3, Outcome::Aborted(Cause::Issuing)), salts(3)).unwrap();

    let with = |request: u64, session: u64, assertion: u64| {
        let mut opening_of = opening(request);
        opening_of.session = opening(session).session;
        opening_of.authentication = opening(assertion).authentication;
        journal.open(&opening_of, &lease(9))
    };
    assert!(matches!(with(1, 11, 11), Err(OpenError::AlreadyCompleted { repeated: Repeated::Request })));
    assert!(matches!(with(11, 1, 11), Err(OpenError::AlreadyCompleted { repeated: Repeated::Session })));
    assert!(matches!(with(11, 11, 1), Err(OpenError::AlreadyCompleted { repeated: Repeated::Assertion })));
    for (request, session, assertion, expected) in
        [(2, 11, 11, Repeated::Request), (11, 2, 11, Repeated::Session), (11, 11, 2, Repeated::Assertion)]
    {
        let result = with(request, session, assertion);
        let Err(OpenError::InProgress { repeated, step }) = result else { panic!("{result:?}") };
        assert_eq!((repeated, step), (expected, Step::Certified));
    }
    let result = with(3, 12, 12);
    assert!(
        matches!(result, Err(OpenError::Abandoned { end: End::Aborted, step: Step::KeyMade })),
        "{result:?}"
    );
    // A session whose attempt gave nothing may try once more, as another request.
    with(12, 3, 3).unwrap();
}

/// The same key and the same certificate are refused in another attempt.
pub fn keys_and_certificates_are_used_once<J: Journal>(journal: &J) {
    run_whole(journal, 1);
    journal.open(&opening(2), &lease(2)).unwrap();
    let request = opening(2).request;
    for done in 1..=3 {
        journal.advance(request, progress(2, done - 1).step(), &progress(2, done)).unwrap();
    }
    let mut same_serial = progress(2, 3);
    same_serial.advance(advances(1)[3].clone()).unwrap();
    let result = journal.advance(request, Step::KeyMade, &same_serial);
    assert!(matches!(result, Err(AdvanceError::SerialUsed { .. })), "{result:?}");
    // The attempt is where it was.
    journal.advance(request, Step::KeyMade, &progress(2, 4)).unwrap();

    run_to(journal, 3, 3);
    journal.conclude(&record(3, 3, Outcome::Aborted(Cause::Issuing)), salts(3)).unwrap();
    // Another request of the same session, so the receipt of the first key would fit.
    let second = segl::record::Opening { session: opening(3).session, ..opening(4) };
    journal.open(&second, &lease(4)).unwrap();
    for done in 1..=2 {
        journal.advance(second.request, progress(3, done - 1).step(), &progress(3, done)).unwrap();
    }
    let result = journal.advance(second.request, Step::Approved, &progress(3, 3));
    assert!(matches!(result, Err(AdvanceError::KeyUsed)), "{result:?}");
}

/// A slot with an unconfirmed destruction takes no new attempt until it is cleared, and both are in the log (AS-06).
pub fn an_alarm_stops_the_slot<J: Journal>(journal: &J) {
    assert_eq!(journal.stopped(&slot()).unwrap(), None);
    assert!(matches!(journal.clear(&cleared(), salts(90)), Err(ClearError::NotStopped)));
    run_to(journal, 1, 5);
    let alarm = record(1, 5, Outcome::DestructionUnconfirmed);
    let entry = journal.conclude(&alarm, salts(1)).unwrap();
    assert_eq!(journal.stopped(&slot()).unwrap(), Some(alarm.concluded()));
    let refused = journal.open(&opening(2), &lease(2));
    assert!(matches!(refused, Err(OpenError::SlotStopped { since }) if since == alarm.concluded()));
    let other = segl::record::Opening { slot: segl::record::SlotName::new("other").unwrap(), ..opening(3) };
    journal.open(&other, &lease(3)).unwrap();
    let clearance = journal.clear(&cleared(), salts(91)).unwrap();
    assert_eq!(clearance.sequence(), entry.sequence() + 1);
    assert_eq!(journal.stopped(&slot()).unwrap(), None);
    journal.open(&opening(2), &lease(2)).unwrap();
}

/// What was left behind is found by its lease, swept for, and given an end that says where it stood (ENG-02, AS-05).
pub fn what_was_left_behind_is_ended<J: Journal>(journal: &J) {
    for n in 0..=7 {
        run_to(journal, n + 1, n as usize);
    }
    run_whole(journal, 20);
    assert!(journal.unfinished(Unfinished::Expired(T0)).unwrap().is_empty());
    let mine = journal.unfinished(Unfinished::Of(lease(3).runner)).unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!((&mine[0].opening, &mine[0].progress), (&opening(3), &progress(3, 2)));
    assert_eq!(mine[0].lease, lease(3));

    let later = T0 + Duration::from_secs(300);
    let mut sweeps = 0;
    let sweep = |swept: &_| {
        assert_eq!(swept, &slot());
        sweeps += 1;
        Sweep::Clean
    };
    let mut n = 100;
    let fresh = || {
        n += 1;
        salts(n)
    };
    let recovered = recover(journal, Unfinished::Expired(later), later, sweep, fresh).unwrap();
    assert_eq!(sweeps, 1);
    let steps: Vec<_> = recovered.iter().map(|r| r.step).collect();
    assert_eq!(steps, Step::ALL[..8]);
    assert!(recovered.iter().all(|r| r.outcome == Outcome::Aborted(Cause::Crashed)));
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty());
    let replay = journal.open(&opening(6), &lease(1));
    assert!(matches!(replay, Err(OpenError::Abandoned { step: Step::Signed, end: End::Aborted })));
}

/// When the sweep cannot say that the device is clean, what may have held a key ends as an alarm and the slot stops.
pub fn a_failed_sweep_is_an_alarm<J: Journal>(journal: &J) {
    run_to(journal, 1, 1);
    run_to(journal, 2, 5);
    run_to(journal, 3, 6);
    let mut n = 100;
    let fresh = || {
        n += 1;
        salts(n)
    };
    let recovered = recover(journal, Unfinished::All, T0, |_| Sweep::Unconfirmed, fresh).unwrap();
    let outcomes: Vec<_> = recovered.iter().map(|r| r.outcome).collect();
    let crashed = Outcome::Aborted(Cause::Crashed);
    assert_eq!(outcomes, [crashed, Outcome::DestructionUnconfirmed, crashed]);
    assert_eq!(journal.stopped(&slot()).unwrap(), Some(T0));
}

/// A slot whose device cannot be looked at keeps what may have held a key until a recovery can look; the rest gets its end.
pub fn a_slot_not_reached_waits<J: Journal>(journal: &J) {
    run_to(journal, 1, 1);
    run_to(journal, 2, 5);
    let mut n = 100;
    let mut fresh = || {
        n += 1;
        salts(n)
    };
    let first = recover(journal, Unfinished::All, T0, |_| Sweep::NotReached, &mut fresh).unwrap();
    assert_eq!(first.iter().map(|r| r.request).collect::<Vec<_>>(), [opening(1).request]);
    let waiting = journal.unfinished(Unfinished::All).unwrap();
    assert_eq!(waiting.iter().map(|found| &found.opening).collect::<Vec<_>>(), [&opening(2)]);
    assert_eq!(journal.stopped(&slot()).unwrap(), None);
    let second = recover(journal, Unfinished::All, T0, |_| Sweep::Clean, &mut fresh).unwrap();
    assert_eq!(second[0].outcome, Outcome::Aborted(Cause::Crashed));
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty());
}

/// Many threads ask for the same request at once, `rounds` times: one attempt is begun in each round, and one record written.
pub fn one_of_many_threads_wins<J: Journal + Sync>(journal: &J, threads: usize, rounds: u64) {
    for n in 0..rounds {
        let barrier = std::sync::Barrier::new(threads);
        let wins: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let (opening, lease) = (opening(n), lease(n));
                        barrier.wait();
                        match journal.open(&opening, &lease) {
                            Ok(()) => 1,
                            Err(OpenError::InProgress { repeated: Repeated::Request, .. }) => 0,
                            Err(other) => panic!("{other}"),
                        }
                    })
                })
                .collect();
            tries.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(wins, 1, "round {n}");
    }
}
