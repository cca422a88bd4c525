//! Laws that hold for any bytes and any text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use segl_crypto::Time;
use segl_record::{
    Checkpoint, DigestLike, Disclosure, Entry, Event, Head, HolderName, Kind, LogId, Opening, Operator,
    Progress, Purge, ReferenceError, ReferenceText, RetentionYear, SaltSeed, SessionId, Verifier,
    find_person_number,
};
use uuid::Uuid;

fn log() -> LogId {
    LogId::new(Uuid::from_u128(5)).unwrap()
}

fn purge(count: u64) -> Event {
    Event::Purge(Purge {
        year: RetentionYear::from_year(2026).unwrap(),
        first: 1,
        last: 0,
        count,
        operator: Operator::new("records-officer").unwrap(),
        at: Time::from_unix(2_100_000_000),
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let session = SessionId::new(Uuid::from_u128(1)).unwrap();
        if let Ok(opening) = Opening::from_bytes(&bytes) {
            prop_assert_eq!(opening.to_bytes(), bytes.clone());
        }
        if let Ok(progress) = Progress::from_bytes(&bytes, session) {
            prop_assert_eq!(progress.to_bytes(), bytes.clone());
        }
        for kind in [Kind::Sealing, Kind::Purge, Kind::SlotCleared] {
            if let Ok(disclosure) = Disclosure::from_bytes(kind, &bytes) {
                prop_assert_eq!(disclosure.to_bytes(), bytes.clone());
                let _ = disclosure.event();
            }
            let year = RetentionYear::from_year(2026).unwrap();
            if let Some(entry) = Entry::from_parts(1, kind, year, &bytes, [0; 32]) {
                prop_assert_eq!(entry.commitments(), bytes.clone());
                prop_assert!(Verifier::new(log()).next(&entry, None).is_err());
            }
        }
    }

    #[test]
    fn a_changed_disclosure_never_verifies(at in 0_usize..400, flip in 1_u8..) {
        let (entry, values) = Head::empty(log()).append(&purge(0), SaltSeed::new([7; 32])).unwrap();
        let mut bytes = values.to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(changed) = Disclosure::from_bytes(Kind::Purge, &bytes) {
            prop_assert!(Verifier::new(log()).next(&entry, Some(&changed)).is_err());
        }
    }

    #[test]
    fn any_text_is_screened(text in any::<String>(), name in any::<String>()) {
        match ReferenceText::screen(&text, &[&name], DigestLike::Refuse) {
            Ok(kept) => {
                prop_assert_eq!(kept.as_str(), text.trim());
                prop_assert!(!kept.is_overridden());
                prop_assert!(!kept.as_str().chars().any(char::is_control));
                prop_assert_eq!(find_person_number(kept.as_str()), None);
            }
            Err(
                ReferenceError::ControlCharacter { offset }
                | ReferenceError::InvisibleCharacter { offset }
                | ReferenceError::DigestLike { offset, .. }
                | ReferenceError::PersonNumber { offset },
            ) => prop_assert!(text.trim().get(offset..).is_some_and(|rest| !rest.is_empty())),
            Err(_) => {}
        }
        let _ = HolderName::new(&text);
    }

    #[test]
    fn a_digest_between_words_is_found(bytes in any::<[u8; 32]>(), before in "[a-zæøå ]{0,20} ", after in " [a-zæøå ]{0,20}") {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let text = format!("{before}{hex}{after}");
        let refused = ReferenceText::screen(&text, &[], DigestLike::Refuse);
        let found = matches!(refused, Err(ReferenceError::DigestLike { .. }));
        prop_assert!(found, "{}", text);
    }

    #[test]
    fn a_file_name_is_never_kept(stem in "[a-zA-Z0-9 ]{0,20}[a-zA-Z0-9]", folder in "[a-z/]{0,10}", around in "[a-z ]{0,10}") {
        let name = format!("{folder}/{stem}.pdf");
        for text in [format!("{stem}.pdf"), stem.to_uppercase(), format!("{around} {stem}.PDF"), stem.clone()] {
            prop_assert!(ReferenceText::screen(&text, &[&name], DigestLike::AllowAndRecord).is_err());
        }
    }

    #[test]
    fn any_text_is_a_checkpoint_or_not(text in any::<String>()) {
        if let Ok(checkpoint) = text.parse::<Checkpoint>() {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }

    #[test]
    fn erasure_is_due_seven_years_and_less_than_nine_after(seconds in 0_i64..8_000_000_000) {
        let event = Time::from_unix(seconds);
        let due = RetentionYear::of(event).unwrap().erasable_from().unwrap();
        let days = due.checked_duration_since(event).unwrap().as_secs() / 86_400;
        prop_assert!((7 * 365..8 * 366 + 1).contains(&days), "{} {}", event, days);
    }
}
