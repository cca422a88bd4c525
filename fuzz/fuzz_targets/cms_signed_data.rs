//! Everything that can be asked of a message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_cms::SignedDataView;

fuzz_target!(|data: &[u8]| {
    let Ok(view) = SignedDataView::parse(data) else { return };
    assert_eq!([view.as_bytes(), view.trailing()].concat(), data);
    let _ = (view.certificates().count(), view.crls().count(), view.other_revocation_info().count());
    for signer in view.signers() {
        let _ = (signer.identifier(), signer.digest_algorithm(), signer.signature_algorithm());
        let _ = (signer.content_type(), signer.message_digest(), signer.signing_certificates());
        let _ = (signer.signed_attributes_for_verification(), signer.signed_attributes_in_stored_order());
        let _ =
            signer.unsigned_attributes().iter().map(|attribute| attribute.values().count()).sum::<usize>();
    }
});
