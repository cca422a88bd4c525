//! A name, shown and compared.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_x509::Name;

fuzz_target!(|data: &[u8]| {
    let Ok(name) = Name::from_der(data) else { return };
    assert_eq!(name.as_der(), data);
    assert!(name.matches(&name) && name.is_prefix_of(&name));
    assert_eq!(name.is_empty(), name.attributes().next().is_none());
    for attribute in name.attributes() {
        let _ = (
            attribute.oid(),
            attribute.oid_text(),
            attribute.tag(),
            attribute.text(),
            attribute.starts_rdn(),
        );
        if let Some(oid) = attribute.oid() {
            let _ = (name.find(oid), name.find_all(oid).len());
        }
    }
    let _ = (name.to_string(), name.comparison_key());
});
