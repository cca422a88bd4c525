//! A message that is read can be extended, and what was signed in it stays as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_cms::{SignedDataView, UnsignedAttribute, oids, splice_unsigned_attribute};

fuzz_target!(|data: &[u8]| {
    let Ok(before) = SignedDataView::parse(data) else { return };
    let Ok(attribute) = UnsignedAttribute::new(oids::SIGNED_DATA, vec![0x05, 0x00]) else { return };
    let Ok(extended) = splice_unsigned_attribute(data, 0, &attribute) else { return };
    let after = SignedDataView::parse(&extended).expect("what was spliced can be read");
    for (old, new) in before.signers().iter().zip(after.signers()) {
        assert_eq!(old.signed_attributes_field(), new.signed_attributes_field());
        assert_eq!(old.signature(), new.signature());
    }
    assert_eq!(before.content(), after.content());
});
