//! Whatever goes wrong on the way to a seal: its own error, no key, no document, one record that says what it was.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod rig;

use rig::{Answer, Rig, T0, Tear, TimeStampUnit, Torn, Wrong, salts, slot};
use segl::ades::{Evidence, Level};
use segl::key::faults::{Fault, Faulty, FaultyError, Step as TokenStep};
use segl::key::{DestroyError, GenerateError, KeyAttribute, SoftError, SoftToken};
use segl::pdf::Document;
use segl::record::{Cause, Outcome, Step};
use segl::sealing::{
    AdvanceError, ConcludeError, EndError, Journal as _, OpenError, SealFault, StampFailure, Stamper,
    StamperError, StepError, Sweep, Unfinished, recover,
};
use segl::store::StoreError;
use segl::tsp::ResponseError;
use segl::validation::{Policy, validate};
use segl_testkit::sealing::{lease, opening};

type Failure = SealFault<FaultyError<SoftError>, StoreError>;

/// What an attempt that failed must leave behind.
struct Left {
    outcome: Outcome,
    /// The last step done.
    step: Step,
}

const fn aborted(cause: Cause, step: Step) -> Left {
    Left { outcome: Outcome::Aborted(cause), step }
}

/// Seals with this wrong, and looks at what is left.
fn fails(
    fault: Option<Fault>,
    wrong: Wrong,
    left: &Left,
    answers: &[&[Answer]],
    is_right: impl Fn(&Failure) -> bool,
) {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let token = Faulty::new(SoftToken::new(rig.rng()), fault);
    let units: Vec<_> = answers.iter().map(|answers| TimeStampUnit::new(&rig, "unit", answers)).collect();
    let stampers: Vec<&dyn Stamper> = units.iter().map(|unit| -> &dyn Stamper { unit }).collect();
    let outcome = rig.seal_with(&journal, 1, token.clone(), Level::Lta, wrong, &stampers);
    let case = format!("{fault:?} {wrong:?} {answers:?}");
    let error = match outcome.sealed {
        Ok(_) => panic!("sealed: {case}"),
        Err(error) => error,
    };
    assert!(is_right(&error.fault), "{case}: {:?}", error.fault);
    // Whoever prints an error with its causes says nothing twice.
    if let Some(cause) = std::error::Error::source(&*error) {
        assert!(!error.to_string().contains(&cause.to_string()), "{case}: {error}: {cause}");
    }
    assert_eq!(token.inner().key_count(), 0, "{case}");
    assert!(token.calls().sign <= 1, "{case}");
    let record = journal.only_record();
    assert_eq!((record.outcome(), record.step()), (left.outcome, left.step), "{case}");
    assert_eq!(error.record.unwrap().sequence(), 1, "{case}");
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty(), "{case}");
    let stopped = journal.stopped(&slot()).unwrap().is_some();
    assert_eq!(stopped, left.outcome == Outcome::DestructionUnconfirmed, "{case}");
}

const WELL: &[&[Answer]] = &[&[Answer::Well]];

#[test]
fn issuer() {
    let case = |wrong, left: Left, is_right: fn(&Failure) -> bool| fails(None, wrong, &left, WELL, is_right);
    case(Wrong::Present, aborted(Cause::Issuing, Step::Authenticated), |f| {
        matches!(f, SealFault::Present(_))
    });
    case(Wrong::Issue, aborted(Cause::Issuing, Step::KeyMade), |f| matches!(f, SealFault::Issue(_)));
    case(Wrong::OtherKey, aborted(Cause::ContentChanged, Step::KeyMade), |f| {
        matches!(f, SealFault::Certify(_))
    });
    case(Wrong::OtherContent, aborted(Cause::ContentChanged, Step::KeyMade), |f| {
        matches!(f, SealFault::ContentChanged)
    });
    case(Wrong::Future, aborted(Cause::Issuing, Step::KeyMade), |f| matches!(f, SealFault::Issue(_)));
}

#[test]
fn document() {
    let case = |wrong, left: Left, is_right: fn(&Failure) -> bool| fails(None, wrong, &left, WELL, is_right);
    for wrong in [Wrong::Open, Wrong::Digest] {
        case(wrong, aborted(Cause::Document, Step::Approved), |f| matches!(f, SealFault::Document(_)));
    }
    case(Wrong::DigestAside, aborted(Cause::Document, Step::Certified), |f| {
        matches!(f, SealFault::Document(_))
    });
    case(Wrong::LayOut, aborted(Cause::Document, Step::Certified), |f| matches!(f, SealFault::Document(_)));
    case(Wrong::Seal, aborted(Cause::Document, Step::KeyDestroyed), |f| matches!(f, SealFault::Embed(_)));
    case(Wrong::AddEvidence, aborted(Cause::Evidence, Step::TimeStamped), |f| {
        matches!(f, SealFault::Evidence(_))
    });
    case(Wrong::LayOutArchive, aborted(Cause::Document, Step::TimeStamped), |f| {
        matches!(f, SealFault::Archive(_))
    });
    case(Wrong::Archive, aborted(Cause::Document, Step::TimeStamped), |f| matches!(f, SealFault::Archive(_)));
}

#[test]
fn evidence() {
    for wrong in [Wrong::NoEvidence, Wrong::NoisyEvidence, Wrong::OldEvidence] {
        let left = aborted(Cause::Evidence, Step::TimeStamped);
        fails(
            None,
            wrong,
            &left,
            WELL,
            |f| matches!(f, SealFault::Evidence(e) if e.to_string().contains("not proved")),
        );
    }
    let left = aborted(Cause::Evidence, Step::TimeStamped);
    fails(
        None,
        Wrong::Revoked,
        &left,
        WELL,
        |f| matches!(f, SealFault::Evidence(e) if e.to_string().contains("is revoked")),
    );
}

#[test]
fn device_makes_no_good_key() {
    let left = aborted(Cause::KeyGeneration, Step::Approved);
    for fault in [Fault::Full, Fault::Refuse(TokenStep::Generate), Fault::Lose(TokenStep::Generate)] {
        fails(Some(fault), Wrong::Nothing, &left, WELL, |f| {
            matches!(f, SealFault::Generate(GenerateError::Device(_)))
        });
    }
    fails(Some(Fault::Refuse(TokenStep::ReadBack)), Wrong::Nothing, &left, WELL, |f| {
        matches!(f, SealFault::Generate(GenerateError::ReadBack { .. }))
    });
    fails(Some(Fault::SpoilPublicKey), Wrong::Nothing, &left, WELL, |f| {
        matches!(f, SealFault::Generate(GenerateError::PublicKey { .. }))
    });
    for attribute in KeyAttribute::ALL {
        fails(
            Some(Fault::Disobey(attribute)),
            Wrong::Nothing,
            &left,
            WELL,
            |f| matches!(f, SealFault::Generate(GenerateError::Disobeyed { attributes, .. }) if attributes == &[attribute]),
        );
    }
}

#[test]
fn device_does_not_sign() {
    let left = aborted(Cause::Signing, Step::Certified);
    fails(Some(Fault::Refuse(TokenStep::Sign)), Wrong::Nothing, &left, WELL, |f| {
        matches!(f, SealFault::Sign(_))
    });
}

#[test]
fn device_signs_something_else() {
    let left = aborted(Cause::Verification, Step::KeyDestroyed);
    fails(Some(Fault::SignOther), Wrong::Nothing, &left, WELL, |f| {
        matches!(f, SealFault::Verification { what: "signature value" })
    });
}

#[test]
fn device_does_not_confirm_the_destruction() {
    let alarm = |step| Left { outcome: Outcome::DestructionUnconfirmed, step };
    let destruction = |f: &Failure, is_right: fn(&DestroyError<FaultyError<SoftError>>) -> bool| matches!(f, SealFault::Destruction(e) if is_right(e));
    let certified = alarm(Step::Certified);
    fails(Some(Fault::Refuse(TokenStep::Destroy)), Wrong::Nothing, &certified, WELL, |f| {
        destruction(f, |e| matches!(e, DestroyError::Refused(_)))
    });
    fails(Some(Fault::KeepTheKey), Wrong::Nothing, &certified, WELL, |f| {
        destruction(f, |e| matches!(e, DestroyError::StillThere(_)))
    });
    fails(Some(Fault::Refuse(TokenStep::LookUp)), Wrong::Nothing, &certified, WELL, |f| {
        destruction(f, |e| matches!(e, DestroyError::LookUpFailed(_)))
    });
    for step in [TokenStep::Sign, TokenStep::Destroy, TokenStep::LookUp] {
        fails(Some(Fault::Lose(step)), Wrong::Nothing, &certified, WELL, |f| {
            destruction(f, |e| matches!(e, DestroyError::Lost(_)))
        });
    }
    // The session is lost while the key is read back: the key exists, and nobody can say what became of it.
    fails(Some(Fault::Lose(TokenStep::ReadBack)), Wrong::Nothing, &alarm(Step::Approved), WELL, |f| {
        matches!(
            f,
            SealFault::Generate(GenerateError::ReadBack { destroyed: Err(DestroyError::Lost(_)), .. })
        )
    });
    // Something else fails first, and then the key does not go.
    for fault in [Fault::KeepTheKey, Fault::Refuse(TokenStep::Destroy)] {
        fails(Some(fault), Wrong::Issue, &alarm(Step::KeyMade), WELL, |f| {
            matches!(f, SealFault::Destruction(_))
        });
        fails(Some(fault), Wrong::LayOut, &certified, WELL, |f| matches!(f, SealFault::Destruction(_)));
    }
}

#[test]
fn key_that_lives_too_long_after_signing() {
    let left = aborted(Cause::DeadlinePassed, Step::KeyDestroyed);
    fails(
        None,
        Wrong::LateDestruction,
        &left,
        WELL,
        |f| matches!(f, SealFault::DestructionLate { lived, limit } if lived > limit),
    );
}

/// Whether an error is the one expected.
type IsRight = fn(&StamperError) -> bool;

#[test]
fn time_stamping_authority() {
    let left = aborted(Cause::TimeStamp, Step::Approved);
    let kinds: [(Answer, IsRight); 8] = [
        (Answer::Nothing, |e| matches!(e, StamperError::Unreachable(_))),
        (Answer::Garbage, |e| matches!(e, StamperError::Response(_))),
        (Answer::OtherNonce, |e| matches!(e, StamperError::Response(ResponseError::NonceMismatch))),
        (Answer::OtherPolicy, |e| matches!(e, StamperError::Response(ResponseError::PolicyMismatch { .. }))),
        (Answer::OtherImprint, |e| {
            matches!(e, StamperError::Response(ResponseError::ImprintMismatch { .. }))
        }),
        (Answer::Late, |e| matches!(e, StamperError::Response(ResponseError::TimeApart { .. }))),
        (Answer::Declined, |e| matches!(e, StamperError::Response(ResponseError::Rejected { .. }))),
        (Answer::Stranger, |e| matches!(e, StamperError::Chain(_))),
    ];
    for (answer, is_right) in kinds {
        // At the measuring, and with the signature made.
        let all_failed = |f: &Failure| match f {
            SealFault::TimeStamp(StampFailure::AllFailed { last }) => {
                last.len() == 1 && is_right(&last[0].error)
            }
            _ => false,
        };
        fails(None, Wrong::Nothing, &left, &[&[answer]], all_failed);
        let after = aborted(Cause::TimeStamp, Step::KeyDestroyed);
        fails(None, Wrong::Nothing, &after, &[&[Answer::Well, answer]], all_failed);
        // At the second one, over everything.
        let archive = aborted(Cause::TimeStamp, Step::TimeStamped);
        fails(None, Wrong::Nothing, &archive, &[&[Answer::Well, Answer::Well, answer]], all_failed);
    }
}

#[test]
fn token_is_longer_than_its_room() {
    let left = aborted(Cause::TimeStamp, Step::KeyDestroyed);
    fails(None, Wrong::Nothing, &left, &[&[Answer::Well, Answer::Long]], |f| {
        matches!(f, SealFault::TimeStamp(StampFailure::AllFailed { last })
            if matches!(last[0].error, StamperError::NoRoom { found, room } if found > room))
    });
}

#[test]
fn token_outside_the_certificate() {
    let left = aborted(Cause::TimeStampOutsideValidity, Step::KeyDestroyed);
    fails(
        None,
        Wrong::Nothing,
        &left,
        &[&[Answer::Well, Answer::Early]],
        |f| matches!(f, SealFault::TimeStamp(StampFailure::OutsideValidity { time, not_before, .. }) if time < not_before),
    );
}

/// A unit whose clock went back between the measuring and the stamp: the token would contradict what the document says.
#[test]
fn token_before_the_claimed_time() {
    let left = aborted(Cause::TimeStamp, Step::KeyDestroyed);
    fails(None, Wrong::Nothing, &left, &[&[Answer::Well, Answer::Behind]], |f| {
        matches!(f, SealFault::TimeStamp(StampFailure::AllFailed { last })
            if matches!(last[0].error, StamperError::BeforeSigningTime { time, signing_time } if time < signing_time))
    });
}

/// One whose clock is always behind is known before anything is signed, and the document claims no later time.
#[test]
fn unit_that_is_behind() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let unit = TimeStampUnit::new(&rig, "behind", &[Answer::Behind]);
    let token = SoftToken::new(rig.rng());
    let outcome = rig.seal_with(&journal, 1, token, Level::Lta, Wrong::Nothing, &[&unit]);
    drop(outcome.sealed.unwrap());
    let document = Document::open(outcome.document.as_slice()).unwrap();
    let signature = segl::pades::read(&document).unwrap().into_signatures().remove(0);
    let claimed = signature.properties.claimed_signing_time.unwrap();
    assert!(claimed < T0, "{claimed}");
    let anchors = segl_testkit::seals::anchors(&rig.authority);
    let time = T0 + core::time::Duration::from_secs(60);
    let report = validate(&[signature], &Evidence::default(), &anchors, time, &Policy::default());
    assert!(report.all_passed(), "{:?}", report.signatures[0].reason());
    assert!(report.signatures[0].timestamps.iter().all(|stamp| stamp.time.unwrap() >= claimed));
}

#[test]
fn no_authority_is_asked_when_there_is_none() {
    let left = aborted(Cause::TimeStamp, Step::Approved);
    fails(
        None,
        Wrong::Nothing,
        &left,
        &[],
        |f| matches!(f, SealFault::TimeStamp(StampFailure::AllFailed { last }) if last.is_empty()),
    );
}

/// The steps that a sealing writes, and the one that was done before each.
const STEPS: [(Step, Step); 7] = [
    (Step::Presented, Step::Authenticated),
    (Step::Approved, Step::Presented),
    (Step::KeyMade, Step::Approved),
    (Step::Certified, Step::KeyMade),
    (Step::Signed, Step::Certified),
    (Step::KeyDestroyed, Step::Signed),
    (Step::TimeStamped, Step::KeyDestroyed),
];

#[test]
fn journal_refuses_a_step() {
    for (step, before) in STEPS {
        let rig = Rig::new();
        let journal = Torn::new(Some(Tear::Advance(step)));
        let token = SoftToken::new(rig.rng());
        let outcome = rig.seal(&journal, 1, token.clone(), Level::Lta, Wrong::Nothing);
        let error = outcome.sealed.err().unwrap();
        let full = AdvanceError::Journal(StoreError::Full).to_string();
        assert!(
            matches!(&error.fault, SealFault::Step(StepError::Journal(e)) if e.to_string() == full),
            "{step}: {:?}",
            error.fault
        );
        assert_eq!(token.key_count(), 0, "{step}");
        let record = journal.only_record();
        assert_eq!((record.outcome(), record.step()), (Outcome::Aborted(Cause::Storage), before), "{step}");
        assert!(journal.unfinished(Unfinished::All).unwrap().is_empty(), "{step}");
    }
}

#[test]
fn journal_refuses_everything_from_a_step_on() {
    for (step, before) in STEPS {
        let rig = Rig::new();
        let journal = Torn::new(Some(Tear::From(step)));
        let token = SoftToken::new(rig.rng());
        let outcome = rig.seal(&journal, 1, token.clone(), Level::Lta, Wrong::Nothing);
        let error = outcome.sealed.err().unwrap();
        assert!(matches!(&error.fault, SealFault::Step(StepError::Journal(_))), "{step}: {:?}", error.fault);
        assert!(
            matches!(&error.record, Err(EndError::Journal(ConcludeError::Journal(StoreError::Full)))),
            "{step}: {:?}",
            error.record
        );
        assert_eq!(token.key_count(), 0, "{step}");
        assert!(journal.events().is_empty(), "{step}");
        // Somebody makes room, and the next start finds the attempt.
        journal.mend();
        let recovered = recover(&journal, Unfinished::All, T0, |_| Sweep::Clean, || salts(99)).unwrap();
        assert_eq!(recovered.len(), 1, "{step}");
        let record = journal.only_record();
        assert_eq!((record.outcome(), record.step()), (Outcome::Aborted(Cause::Crashed), before), "{step}");
    }
}

#[test]
fn record_cannot_be_written_so_nothing_is_let_out() {
    let rig = Rig::new();
    let journal = Torn::new(Some(Tear::Conclude));
    let outcome = rig.seal(&journal, 1, SoftToken::new(rig.rng()), Level::Lta, Wrong::Nothing);
    let refused = outcome.sealed.unwrap().release(rig.clock(), salts(1));
    assert!(matches!(refused, Err(EndError::Journal(ConcludeError::Journal(StoreError::Full)))));
    journal.mend();
    assert_eq!(journal.unfinished(Unfinished::All).unwrap().len(), 1);
    recover(&journal, Unfinished::All, T0, |_| Sweep::Clean, || salts(99)).unwrap();
    let record = journal.only_record();
    assert_eq!((record.outcome(), record.step()), (Outcome::Aborted(Cause::Crashed), Step::TimeStamped));
    let again = journal.open(&opening(1), &lease(1));
    assert!(matches!(again, Err(OpenError::Abandoned { .. })), "{again:?}");
}

#[test]
fn seal_that_is_not_let_out_is_recorded_as_withdrawn() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let outcome = rig.seal(&journal, 1, SoftToken::new(rig.rng()), Level::Lta, Wrong::Nothing);
    outcome.sealed.unwrap().withdraw(Cause::Document, rig.clock(), salts(1)).unwrap();
    let record = journal.only_record();
    assert_eq!((record.outcome(), record.step()), (Outcome::Aborted(Cause::Document), Step::TimeStamped));
    // Dropped without a word, it is found.
    drop(rig.seal(&journal, 2, SoftToken::new(rig.rng()), Level::Lta, Wrong::Nothing).sealed.unwrap());
    assert_eq!(journal.unfinished(Unfinished::All).unwrap().len(), 1);
}
