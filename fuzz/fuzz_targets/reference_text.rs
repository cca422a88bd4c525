//! What a caller writes beside a sealing: the text, then names of files, with a NUL between them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_record::{DigestLike, ReferenceText, find_person_number};

fuzz_target!(|data: &[u8]| {
    let Ok(words) = std::str::from_utf8(data) else { return };
    let mut words = words.split('\0');
    let text = words.next().unwrap_or_default();
    let names: Vec<&str> = words.take(8).collect();
    let strict = ReferenceText::screen(text, &names, DigestLike::Refuse);
    let lenient = ReferenceText::screen(text, &names, DigestLike::AllowAndRecord);
    assert!(strict.is_err() || strict == lenient);
    for (rule, kept) in [(DigestLike::Refuse, strict), (DigestLike::AllowAndRecord, lenient)] {
        let Ok(kept) = kept else { continue };
        assert_eq!(kept.as_str(), text.trim());
        assert!((1..=ReferenceText::MAX_CHARS).contains(&kept.as_str().chars().count()));
        assert!(!kept.as_str().contains(char::is_control));
        assert_eq!(find_person_number(kept.as_str()), None);
        assert!(!kept.is_overridden() || rule == DigestLike::AllowAndRecord);
        // What was taken once is taken again.
        assert_eq!(ReferenceText::screen(kept.as_str(), &names, rule), Ok(kept));
    }
});
