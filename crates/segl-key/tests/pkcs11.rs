//! The one-shot key and the authority's key over a real PKCS#11 token.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod softhsm;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use segl_crypto::{
    DigestAlgorithm, KeyKind, PrehashError, Prehashed, PublicKey, SignatureAlgorithm, SignatureScheme,
    SignatureValue, ToBeSigned, digest,
};
use segl_key::faults::{Fault, Faulty, FaultyError, Step};
use segl_key::pkcs11::{Module, Pin, Pkcs11Error};
use segl_key::{
    Activated, Activation, AuthorityKey, AuthorityKeyError, Certified, Curve, DestroyError, GenerateError,
    KeyAttribute, KeyId, KeyRequest, OneShotKey, SecureDevice, SignError, Swept, Token, TokenError, Trouble,
};
use softhsm::{LABEL, PIN, with_token};

fn request(curve: Curve) -> KeyRequest {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut id = [0; 16];
    id[..4].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    KeyRequest::new(curve, KeyId(id), [9; 16])
}

fn tbs(curve: Curve) -> ToBeSigned {
    ToBeSigned::new(b"signed attributes".as_slice(), curve.algorithm())
}

fn certified<T: Token>(token: T, curve: Curve) -> OneShotKey<T, Certified> {
    let key = OneShotKey::generate(token, &request(curve)).unwrap();
    let spki = key.spki_der().to_vec();
    key.certify(&spki, [7; 32]).unwrap()
}

/// The same, activated for these octets.
fn activated<T: Token>(key: OneShotKey<T, Certified>, tbs: &ToBeSigned) -> OneShotKey<T, Activated> {
    let activation = Activation::new(key.receipt().session(), key.receipt().key_id(), tbs);
    key.activate(activation).unwrap()
}

/// A key that may sign [`tbs`].
fn ready<T: Token>(token: T, curve: Curve) -> OneShotKey<T, Activated> {
    activated(certified(token, curve), &tbs(curve))
}

#[test]
fn key_signs_once_and_is_gone() {
    with_token("key_signs_once_and_is_gone", |fixture| {
        let token = fixture.token();
        let mut seen = HashSet::new();
        for curve in [Curve::P256, Curve::P384] {
            for _ in 0..50 {
                let key = ready(&token, curve);
                assert_eq!(fixture.leftovers().len(), 2);
                let spki = key.spki_der().to_vec();
                assert!(seen.insert(spki.clone()));
                let (_destroyed, value) = key.sign(&tbs(curve)).unwrap().destroy().unwrap();
                assert_eq!(fixture.leftovers(), [""; 0]);
                // The device was given the digest of exactly these bytes, or this would not verify.
                let public = PublicKey::from_spki_der(&spki).unwrap();
                public.verify(&curve.algorithm(), tbs(curve).as_bytes(), value.as_bytes()).unwrap();
            }
        }
    });
}

#[test]
fn the_receipt_tells_what_the_device_says() {
    with_token("the_receipt_tells_what_the_device_says", |fixture| {
        let token = fixture.token();
        let key = OneShotKey::generate(&token, &request(Curve::P384).for_content([3; 32])).unwrap();
        let receipt = key.receipt();
        println!("{receipt:#?}");
        assert_eq!(receipt.attributes().disobeyed(), []);
        for (attribute, answer) in [
            (KeyAttribute::Local, true),
            (KeyAttribute::Sensitive, true),
            (KeyAttribute::AlwaysSensitive, true),
            (KeyAttribute::NeverExtractable, true),
            (KeyAttribute::Private, true),
            (KeyAttribute::Sign, true),
            (KeyAttribute::Extractable, false),
            (KeyAttribute::Token, false),
            (KeyAttribute::Decrypt, false),
            (KeyAttribute::Unwrap, false),
            (KeyAttribute::Derive, false),
        ] {
            assert_eq!(receipt.attributes().get(attribute), Some(answer), "{attribute}");
        }
        assert_eq!(receipt.token().label, LABEL);
        if receipt.token().manufacturer == "SoftHSM project" {
            assert_eq!(receipt.token().device, SecureDevice::Software);
            assert_eq!(receipt.attributes().mechanisms(), segl_key::Mechanisms::OnlyEcdsa);
        }
        let _ = key.abandon().unwrap();
    });
}

#[test]
fn no_way_leads_to_the_private_key() {
    with_token("no_way_leads_to_the_private_key", |fixture| {
        let token = fixture.token();
        let key = OneShotKey::generate(&token, &request(Curve::P256)).unwrap();
        let session = fixture.session();
        let label = Attribute::Label(key.receipt().label().into_bytes());
        let found = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), label]).unwrap();
        let [private] = found.as_slice() else { panic!("{found:?}") };
        let values = session.get_attributes(*private, &[AttributeType::Value]).unwrap();
        assert!(values.iter().all(|value| *value == Attribute::Value(vec![])), "the value came out");
        let wrapping = session
            .generate_key(&Mechanism::AesKeyGen, &[Attribute::ValueLen(32.into()), Attribute::Wrap(true)])
            .unwrap();
        session.wrap_key(&Mechanism::AesKeyWrapPad, wrapping, *private).unwrap_err();
        session.decrypt_init(&Mechanism::RsaPkcs, *private).unwrap_err();
        session
            .sign_init(
                &Mechanism::Eddsa(cryptoki::mechanism::eddsa::EddsaParams::new(
                    cryptoki::mechanism::eddsa::EddsaSignatureScheme::Ed25519,
                )),
                *private,
            )
            .unwrap_err();
        session.update_attributes(*private, &[Attribute::Extractable(true)]).unwrap_err();
        session.update_attributes(*private, &[Attribute::Label(b"another".to_vec())]).unwrap_err();
        session.copy_object(*private, &[Attribute::Token(true)]).unwrap_err();
        session.destroy_object(wrapping).unwrap();
        let _ = key.abandon().unwrap();
    });
}

#[test]
fn key_let_go_in_any_state_leaves_nothing() {
    with_token("key_let_go_in_any_state_leaves_nothing", |fixture| {
        let token = fixture.token();
        let fresh = OneShotKey::generate(&token, &request(Curve::P256)).unwrap();
        let bound = ready(&token, Curve::P256);
        let spent = ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap();
        assert_eq!(fixture.leftovers().len(), 6);
        drop((fresh, bound, spent));
        assert_eq!(fixture.leftovers(), [""; 0]);
        let _ = ready(&token, Curve::P256).abandon().unwrap();
        let _ = ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap().abandon().unwrap();
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn used_handle_does_not_sign_again() {
    with_token("used_handle_does_not_sign_again", |fixture| {
        let token = fixture.token();
        let mut key = token.generate(Curve::P256, KeyId([5; 16])).unwrap();
        let again = token.generate(Curve::P256, KeyId([5; 16])).unwrap_err();
        assert!(matches!(again, Pkcs11Error::IdInUse { .. }), "{again}");
        token.sign(&mut key, &tbs(Curve::P256)).unwrap();
        let again = token.sign(&mut key, &tbs(Curve::P256)).unwrap_err();
        assert!(matches!(again, Pkcs11Error::AlreadyUsed));
        let trace = token.look_up(&mut key).unwrap();
        assert!(trace.by_id == 2 && trace.handle_works);
        token.destroy(&mut key).unwrap();
        assert!(token.look_up(&mut key).unwrap().is_absent());
        assert!(token.destroy(&mut key).is_err());
        drop(key);
        // Destroyed behind our back before signing.
        let mut key = token.generate(Curve::P256, KeyId([5; 16])).unwrap();
        token.destroy(&mut key).unwrap();
        let error = token.sign(&mut key, &tbs(Curve::P256)).unwrap_err();
        assert!(matches!(error, Pkcs11Error::HandleUnknown(_)), "{error}");
    });
}

#[test]
fn device_that_lies_or_refuses_gives_no_value() {
    with_token("device_that_lies_or_refuses_gives_no_value", |fixture| {
        let token = Faulty::new(fixture.token(), Some(Fault::KeepTheKey));
        let refusal = ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
        let DestroyError::StillThere(trace) = &refusal.error else { panic!("{refusal:?}") };
        assert!(trace.by_id == 2 && trace.handle_works, "{trace:?}");
        assert_eq!(fixture.leftovers().len(), 2);
        assert!(matches!(refusal.key.abandon().map_err(|r| r.error), Err(DestroyError::StillThere(_))));
        assert_eq!(fixture.leftovers(), [""; 0], "a dropped key is closed with its session");

        token.set(Some(Fault::Refuse(Step::Destroy)));
        let refusal = ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
        assert!(matches!(refusal.error, DestroyError::Refused(FaultyError::Refused(Step::Destroy))));
        token.set(None);
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(fixture.leftovers(), [""; 0]);

        token.set(Some(Fault::Disobey(KeyAttribute::Extractable)));
        let error = OneShotKey::generate(&token, &request(Curve::P256)).unwrap_err();
        assert!(matches!(error, GenerateError::Disobeyed { destroyed: Ok(_), .. }), "{error:?}");
        assert_eq!(fixture.leftovers(), [""; 0]);
        token.set(None);
        let (_destroyed, _value) =
            ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
    });
}

#[test]
fn session_lost_before_signing_gives_no_value() {
    with_token("session_lost_before_signing_gives_no_value", |fixture| {
        let token = fixture.token();
        let key = ready(&token, Curve::P256);
        // Somebody else in the process logs out: private session objects go.
        fixture.session().logout().unwrap();
        let refusal = key.sign(&tbs(Curve::P256)).unwrap_err();
        println!("{refusal:?}");
        assert!(matches!(refusal.error, SignError::Device(_)));
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(fixture.leftovers(), [""; 0]);
        // The next key logs in again by itself.
        let (_destroyed, _value) =
            ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
    });
}

#[test]
fn device_lost_between_signing_and_destroying_gives_no_value() {
    with_token("device_lost_between_signing_and_destroying_gives_no_value", |fixture| {
        let token = fixture.token();
        let spent = ready(&token, Curve::P256).sign(&tbs(Curve::P256)).unwrap();
        let other = ready(&token, Curve::P256);
        // As if the device went away and came back: every session and handle of the process is void.
        fixture.client.clone().finalize().unwrap();
        let refusal = spent.destroy().unwrap_err();
        println!("{refusal:?}");
        assert!(matches!(&refusal.error, DestroyError::Lost(error) if error.trouble() == Trouble::Lost));
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(fixture.leftovers(), [""; 0]);
        // The other key's handles may be a new key's by now, and are not used.
        let new = ready(&token, Curve::P256);
        let refusal = other.sign(&tbs(Curve::P256)).unwrap_err();
        assert!(matches!(refusal.error, SignError::Device(Pkcs11Error::Outlived)), "{refusal:?}");
        drop(refusal);
        let (_destroyed, _value) = new.sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
    });
}

#[test]
fn sweep_destroys_leftovers_and_nothing_else() {
    with_token("sweep_destroys_leftovers_and_nothing_else", |fixture| {
        let token = fixture.token();
        let session = fixture.session();
        // What a device that ignores CKA_TOKEN would keep.
        let plant = |label: &str, life: bool| {
            let both = [Attribute::Token(life), Attribute::Label(label.as_bytes().to_vec())];
            let mut public = vec![Attribute::EcParams(vec![0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22])];
            public.extend(both.iter().cloned());
            let mut private = vec![Attribute::Private(true), Attribute::Sign(true)];
            private.extend(both);
            session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap()
        };
        plant("segl-once-00112233445566778899aabbccddeeff", true);
        plant("segl-once-ffeeddccbbaa99887766554433221100", false);
        let (_, issuer) = plant("segl issuer", true);
        let live = ready(&token, Curve::P256);
        assert_eq!(fixture.leftovers().len(), 6);
        assert_eq!(token.sweep().unwrap(), Swept { destroyed: 4, remaining: 0 });
        assert_eq!(fixture.leftovers().len(), 2, "the key in use is left alone");
        let (_destroyed, _value) = live.sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
        assert_eq!(token.sweep().unwrap(), Swept::default());
        assert_eq!(session.get_attributes(issuer, &[AttributeType::Label]).unwrap().len(), 1);
    });
}

#[test]
fn sweep_without_a_login_is_not_blind() {
    with_token("sweep_without_a_login_is_not_blind", |fixture| {
        let token = fixture.token();
        let session = fixture.session();
        let label = Attribute::Label(b"segl-once-00112233445566778899aabbccddeeff".to_vec());
        let p256 = vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let public = [Attribute::EcParams(p256), Attribute::Token(true), label.clone()];
        let private = [Attribute::Private(true), Attribute::Token(true), label];
        session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
        // Nobody sees the private key now, and no call of a search says why.
        session.logout().unwrap();
        assert_eq!(token.sweep().unwrap(), Swept { destroyed: 2, remaining: 0 });
        assert_eq!(fixture.leftovers(), [""; 0]);
        // The same for a key that is searched by its name.
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        session.logout().unwrap();
        let found = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap();
        assert_eq!(found.spki_der(), issuer.spki_der());
    });
}

#[test]
fn threads_share_a_token() {
    with_token("threads_share_a_token", |fixture| {
        let token = fixture.token();
        let seen = Mutex::new(HashSet::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let token = token.clone();
                let seen = &seen;
                scope.spawn(move || {
                    for _ in 0..25 {
                        let key = ready(token.clone(), Curve::P256);
                        assert!(seen.lock().unwrap().insert(key.spki_der().to_vec()));
                        let (_destroyed, _value) = key.sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
                    }
                });
            }
        });
        assert_eq!(seen.into_inner().unwrap().len(), 100);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn logging_in_wrongly_is_told_apart() {
    with_token("logging_in_wrongly_is_told_apart", |fixture| {
        let module = Module::load(&fixture.path).unwrap();
        assert_eq!(module.tokens().unwrap()[0].label, LABEL);
        let error = module.open("nobody's token", &Pin::new(PIN)).unwrap_err();
        assert!(matches!(&error, Pkcs11Error::NoSuchToken { present, .. } if *present == [LABEL]), "{error}");
        let error = module.open(LABEL, &Pin::new("11112222")).unwrap_err();
        assert!(matches!(error, Pkcs11Error::WrongPin), "{error}");
        assert!(!format!("{error} {error:?}").contains("11112222"));
        let token = module.open(LABEL, &Pin::new(PIN)).unwrap();
        assert!(!format!("{token:?} {module:?}").contains(PIN));
        // Logged in twice is normal.
        let second = module.open(LABEL, &Pin::new(PIN)).unwrap();
        let (_destroyed, _value) =
            ready(&second, Curve::P256).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
    });
}

#[test]
fn authority_key_stays_in_the_token() {
    with_token("authority_key_stays_in_the_token", |fixture| {
        let token = fixture.token();
        for (curve, label) in [(Curve::P256, "segl responder"), (Curve::P384, "segl issuer")] {
            let made = AuthorityKey::generate_pkcs11(&token, curve, label, &[1, 2, 3]).unwrap();
            let found = AuthorityKey::find_pkcs11(&token, label, &[1, 2, 3]).unwrap();
            assert_eq!((found.spki_der(), found.kind()), (made.spki_der(), curve.kind()));
            assert_eq!(found.attributes().unwrap().disobeyed_long_lived(), []);
            assert_eq!(found.token().unwrap().label, LABEL);
            assert!(found.to_pkcs8_der().unwrap().is_none());
            let public = PublicKey::from_spki_der(found.spki_der()).unwrap();
            for key in [&made, &found] {
                let value = key.sign(&tbs(curve)).unwrap();
                public.verify(&curve.algorithm(), tbs(curve).as_bytes(), value.as_bytes()).unwrap();
            }
            let error = AuthorityKey::generate_pkcs11(&token, curve, label, &[1, 2, 3]).unwrap_err();
            assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::KeyExists { .. })), "{error}");
        }
        let key = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1, 2, 3]).unwrap();
        // The device goes away and comes back: the key is found again by its name.
        fixture.client.clone().finalize().unwrap();
        let value = key.sign(&tbs(Curve::P384)).unwrap();
        let public = PublicKey::from_spki_der(key.spki_der()).unwrap();
        public.verify(&key.algorithm(), tbs(Curve::P384).as_bytes(), value.as_bytes()).unwrap();

        let error = AuthorityKey::find_pkcs11(&token, "segl issuer", &[9]).unwrap_err();
        assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::NoSuchKey { .. })), "{error}");
        let error = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl-once-x", &[1]).unwrap_err();
        assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::ReservedLabel { .. })), "{error}");
        assert_eq!(token.sweep().unwrap(), Swept::default());
        assert!(AuthorityKey::find_pkcs11(&token, "segl issuer", &[1, 2, 3]).is_ok());
    });
}

#[test]
fn no_two_signatures_share_their_random_number() {
    with_token("no_two_signatures_share_their_random_number", |fixture| {
        let token = fixture.token();
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        // The first number of a value (RFC 3279, 2.2.3) belongs to the random number it was made with: two alike give the key away.
        let first = |value: &SignatureValue| {
            let octets = value.as_bytes();
            octets[4..4 + usize::from(octets[3])].to_vec()
        };
        let mut seen = HashSet::new();
        for counter in 0_u32..1000 {
            let tbs = ToBeSigned::new(counter.to_be_bytes().to_vec(), Curve::P256.algorithm());
            assert!(seen.insert(first(&issuer.sign(&tbs).unwrap())), "after {counter} signatures");
        }
        for _ in 0..50 {
            let tbs = tbs(Curve::P256);
            let (_destroyed, value) = ready(&token, Curve::P256).sign(&tbs).unwrap().destroy().unwrap();
            assert!(seen.insert(first(&value)), "of other keys");
        }
    });
}

#[test]
fn authority_keys_of_every_kind_sign() {
    with_token("authority_keys_of_every_kind_sign", |fixture| {
        let token = fixture.token();
        let rsa = |scheme, digest| SignatureAlgorithm::new(scheme, Some(digest)).unwrap();
        let kinds: [(KeyKind, &[SignatureAlgorithm]); 6] = [
            (KeyKind::EcP256, &[SignatureAlgorithm::ECDSA_SHA256]),
            (KeyKind::EcP384, &[SignatureAlgorithm::ECDSA_SHA384]),
            (KeyKind::EcP521, &[SignatureAlgorithm::ECDSA_SHA512]),
            (KeyKind::Ed25519, &[SignatureAlgorithm::ED25519]),
            (
                KeyKind::Rsa { bits: 2048 },
                &[
                    SignatureAlgorithm::RSA_SHA256,
                    rsa(SignatureScheme::RsaPkcs1, DigestAlgorithm::Sha384),
                    rsa(SignatureScheme::RsaPkcs1, DigestAlgorithm::Sha512),
                    rsa(SignatureScheme::RsaPss { salt_len: 32 }, DigestAlgorithm::Sha256),
                    rsa(SignatureScheme::RsaPss { salt_len: 48 }, DigestAlgorithm::Sha384),
                    rsa(SignatureScheme::RsaPss { salt_len: 64 }, DigestAlgorithm::Sha512),
                    rsa(SignatureScheme::RsaPss { salt_len: 0 }, DigestAlgorithm::Sha512),
                ],
            ),
            (KeyKind::Rsa { bits: 3072 }, &[SignatureAlgorithm::RSA_SHA256]),
        ];
        for (number, (kind, algorithms)) in kinds.into_iter().enumerate() {
            // One label for all: the identifier tells them apart.
            let id = [u8::try_from(number).unwrap()];
            let made = match AuthorityKey::generate_pkcs11(&token, kind, "segl issuer", &id) {
                Err(AuthorityKeyError::Pkcs11(error @ Pkcs11Error::Unsupported(_))) => {
                    println!("skipped: {kind:?}: {error}");
                    continue;
                }
                made => made.unwrap(),
            };
            assert_eq!((made.kind(), made.algorithm()), (kind, algorithms[0]));
            // Everything is lost and found again.
            fixture.client.clone().finalize().unwrap();
            let found = AuthorityKey::find_pkcs11(&token, "segl issuer", &id).unwrap();
            assert_eq!((found.spki_der(), found.kind()), (made.spki_der(), kind));
            assert_eq!(found.attributes().unwrap().disobeyed_long_lived(), [], "{kind:?}");
            let public = PublicKey::from_spki_der(found.spki_der()).unwrap();
            assert_eq!(public.kind(), kind);
            for algorithm in algorithms {
                let tbs = ToBeSigned::new(b"a certificate".as_slice(), *algorithm);
                for key in [&made, &found] {
                    let key = key.clone().signing_with(*algorithm).unwrap();
                    let value = key.sign(&tbs).unwrap();
                    public.verify(algorithm, tbs.as_bytes(), value.as_bytes()).unwrap();
                    public.verify(algorithm, b"another", value.as_bytes()).unwrap_err();
                    let Some(own) = tbs.digest() else {
                        let sha256 = digest(DigestAlgorithm::Sha256, tbs.as_bytes()).unwrap();
                        let refused = PrehashError::NoDigest { algorithm: *algorithm };
                        assert_eq!(Prehashed::new(sha256.clone(), *algorithm), Err(refused));
                        let other = Prehashed::new(sha256, SignatureAlgorithm::RSA_SHA256).unwrap();
                        let error = key.sign_prehashed(&other).unwrap_err();
                        assert!(matches!(error, AuthorityKeyError::Algorithm { .. }), "{error}");
                        continue;
                    };
                    let value = key.sign_prehashed(&Prehashed::new(own, *algorithm).unwrap()).unwrap();
                    public.verify(algorithm, tbs.as_bytes(), value.as_bytes()).unwrap();
                }
            }
            let other = match kind {
                KeyKind::Ed25519 => SignatureAlgorithm::RSA_SHA256,
                _ => SignatureAlgorithm::ED25519,
            };
            let error = found.clone().signing_with(other).unwrap_err();
            assert!(matches!(error, AuthorityKeyError::Algorithm { .. }), "{error}");
            let error = found.sign(&ToBeSigned::new(b"x".as_slice(), other)).unwrap_err();
            assert!(matches!(error, AuthorityKeyError::Algorithm { .. }), "{error}");
        }
        for bits in [1024, 2047, 2050, 16_384] {
            let kind = KeyKind::Rsa { bits };
            let error = AuthorityKey::generate_pkcs11(&token, kind, "segl weak", &[1]).unwrap_err();
            assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::KindNotMade { .. })), "{error}");
        }
        assert_eq!(token.sweep().unwrap(), Swept::default());
    });
}
