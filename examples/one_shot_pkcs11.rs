//! Makes a key in a PKCS#11 token, signs with it once, and watches it go.
//!
//! With SoftHSM2:
//!
//! ```text
//! softhsm2-util --init-token --free --label demo --so-pin 12345678 --pin 98765432
//! (umask 077 && printf 98765432 > pin.txt)
//! cargo run --example one_shot_pkcs11 -- /usr/lib/softhsm/libsofthsm2.so demo pin.txt
//! ```

use std::error::Error;
use std::time::Instant;

use rand_core::{Rng as _, UnwrapErr};
use segl::crypto::{PublicKey, ToBeSigned, sha256};
use segl::key::pkcs11::{Module, Pin};
use segl::key::{Activation, Curve, KeyAttribute, KeyId, KeyRequest, OneShotKey, Token as _};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, label, pin_file] = arguments.as_slice() else {
        return Err("usage: one_shot_pkcs11 MODULE TOKEN-LABEL PIN-FILE".into());
    };
    let token = Module::load(module)?.open(label, &Pin::from_file(pin_file)?)?;
    let swept = token.sweep()?;
    println!("swept: {} leftovers destroyed, {} remain", swept.destroyed, swept.remaining);

    // Content that would be shown to the subscriber and approved before the key is made.
    let content = sha256(b"Organisation: TEST, valid for 12 hours");
    let mut rng = UnwrapErr(getrandom::SysRng);
    let (mut id, mut session) = ([0; 16], [0; 16]);
    rng.fill_bytes(&mut id);
    rng.fill_bytes(&mut session);
    let request = KeyRequest::new(Curve::P256, KeyId(id), session).for_content(content);

    let begun = Instant::now();
    let key = OneShotKey::generate(token.clone(), &request)?;
    println!("made in {:?}: {}", begun.elapsed(), key.receipt().label());
    let device = key.receipt().token();
    println!(
        "device: {} {} {}, {}",
        device.manufacturer,
        device.model,
        device.firmware,
        device.device.name()
    );
    for attribute in KeyAttribute::ALL {
        println!("  {attribute} = {:?}", key.receipt().attributes().get(attribute));
    }
    println!("  mechanisms: {:?}", key.receipt().attributes().mechanisms());

    // Here an authority issues a certificate for the public key; the example only pretends.
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, sha256(b"the certificate"))?;

    let tbs = ToBeSigned::new(b"the signed attributes".as_slice(), Curve::P256.algorithm());
    // Who seals says what this key may sign: these octets, in this session.
    let activation = Activation::new(key.receipt().session(), key.receipt().key_id(), &tbs);
    let key = key.activate(activation)?;
    let signing = Instant::now();
    let spent = key.sign(&tbs)?;
    // `spent` holds the value, and there is no way to it but this:
    let (destroyed, value) = spent.destroy()?;
    println!("signed, destroyed and looked for in {:?}: {} is gone", signing.elapsed(), destroyed.key_id());

    PublicKey::from_spki_der(&spki)?.verify(&tbs.algorithm(), tbs.as_bytes(), value.as_bytes())?;
    println!("the value of {} octets verifies", value.as_bytes().len());
    Ok(())
}
