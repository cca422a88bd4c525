//! A token from a document of a stranger, verified with the certificates it brings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_tsp::Token;

fuzz_target!(|data: &[u8]| {
    let Ok(token) = Token::from_der(data) else { return };
    for certificate in token.certificates().take(8) {
        let _ = (token.verify(&certificate).is_ok(), token.tsa_is(&certificate));
    }
    let _ = token.signer_certificate(&[]);
});
