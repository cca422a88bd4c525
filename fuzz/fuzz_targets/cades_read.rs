//! Every signature of a message, as the formats share it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_ades::Scope;
use segl_cades::{Covered, covered_inside, has_baseline_shape, read_signature};
use segl_cms::SignedDataView;

fuzz_target!(|data: &[u8]| {
    let Ok(view) = SignedDataView::parse(data) else { return };
    for (index, signer) in view.signers().iter().enumerate().take(4) {
        let covered = covered_inside(&view, signer).unwrap_or_else(|| Covered {
            name: "detached".to_owned(),
            scope: Scope::Full,
            found: None,
        });
        let signature = read_signature("fuzz", &view, index, covered).expect("there is such a signer");
        assert_eq!(signature.value.as_bytes(), signer.signature());
        let _ = has_baseline_shape(&view, signer);
    }
    let after = view.signers().len();
    let covered = Covered { name: String::new(), scope: Scope::Full, found: None };
    assert!(read_signature("fuzz", &view, after, covered).is_none());
});
