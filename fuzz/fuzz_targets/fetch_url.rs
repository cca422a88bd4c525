//! Addresses in certificates, and where redirects lead from them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_fetch::Url;

fuzz_target!(|data: &str| {
    let (text, reference) = data.split_once('\n').unwrap_or((data, "../x"));
    if let Ok(url) = Url::parse(text) {
        assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(&url));
        if let Ok(target) = url.join(reference) {
            assert_eq!(Url::parse(target.as_str()), Ok(target));
        }
    }
});
