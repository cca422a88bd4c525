//! The one-shot key over the software token, and over one that misbehaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use segl_crypto::{Prehashed, PublicKey, SignatureAlgorithm, ToBeSigned};
use segl_key::faults::{Fault, Faulty, FaultyError, Step};
use segl_key::{
    ActivateError, Activated, Activation, AuthorityKey, AuthorityKeyError, Certified, CertifyError, Curve,
    DestroyError, Fresh, GenerateError, KeyAttribute, KeyId, KeyRequest, OneShotKey, SecureDevice, SignError,
    SoftError, SoftToken, Token, TokenError, Trouble,
};

fn soft() -> SoftToken {
    SoftToken::new(rand_core::UnwrapErr(getrandom::SysRng))
}

fn request(curve: Curve) -> KeyRequest {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut id = [0; 16];
    id[..4].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    KeyRequest::new(curve, KeyId(id), [9; 16])
}

fn tbs(curve: Curve) -> ToBeSigned {
    ToBeSigned::new(b"signed attributes".as_slice(), curve.algorithm())
}

fn certified<T: Token>(token: T) -> OneShotKey<T, Certified> {
    let key = OneShotKey::generate(token, &request(Curve::P256)).unwrap();
    let spki = key.spki_der().to_vec();
    key.certify(&spki, [7; 32]).unwrap()
}

/// The same, activated for these octets.
fn activated<T: Token>(key: OneShotKey<T, Certified>, tbs: &ToBeSigned) -> OneShotKey<T, Activated> {
    let activation = Activation::new(key.receipt().session(), key.receipt().key_id(), tbs);
    key.activate(activation).unwrap()
}

/// A P-256 key that may sign [`tbs`].
fn ready<T: Token>(token: T) -> OneShotKey<T, Activated> {
    activated(certified(token), &tbs(Curve::P256))
}

#[test]
fn a_key_signs_once_and_is_gone() {
    for curve in [Curve::P256, Curve::P384] {
        let token = soft();
        let key = OneShotKey::generate(&token, &request(curve)).unwrap();
        let (id, spki) = (key.receipt().key_id(), key.spki_der().to_vec());
        assert_eq!(token.key_count(), 1);
        let key = key.certify(&spki, [7; 32]).unwrap();
        assert_eq!(key.certificate_sha256(), [7; 32]);
        let (destroyed, value) = activated(key, &tbs(curve)).sign(&tbs(curve)).unwrap().destroy().unwrap();
        assert_eq!(destroyed.key_id(), id);
        assert_eq!(token.key_count(), 0);
        let public = PublicKey::from_spki_der(&spki).unwrap();
        public.verify(&curve.algorithm(), tbs(curve).as_bytes(), value.as_bytes()).unwrap();
    }
}

#[test]
fn a_thousand_keys_are_a_thousand_keys() {
    let token = soft();
    let mut seen = HashSet::new();
    for _ in 0..1000 {
        let key = OneShotKey::generate(&token, &request(Curve::P256)).unwrap();
        assert!(seen.insert(key.spki_der().to_vec()));
        let _ = key.abandon().unwrap();
    }
}

#[test]
fn the_receipt_tells_the_device_and_the_session() {
    let token = soft();
    let request = request(Curve::P256).for_content([3; 32]);
    let key = OneShotKey::generate(&token, &request).unwrap();
    let receipt = key.receipt();
    assert_eq!(receipt.token().device, SecureDevice::Software);
    assert_eq!(receipt.session(), [9; 16]);
    assert_eq!(receipt.content(), Some([3; 32]));
    assert_eq!(receipt.curve(), Curve::P256);
    assert_eq!(receipt.attributes().get(KeyAttribute::Extractable), Some(false));
    assert!(receipt.label().starts_with("segl-once-"));
    assert_eq!(receipt.digest(), key.receipt().clone().digest());
    let _ = key.abandon().unwrap();
}

#[test]
fn a_certificate_for_another_key_is_refused_and_the_key_comes_back() {
    let token = soft();
    let key = OneShotKey::generate(&token, &request(Curve::P256)).unwrap();
    let refusal = key.certify(b"another", [7; 32]).unwrap_err();
    assert_eq!(refusal.error, CertifyError::OtherPublicKey);
    let key: OneShotKey<_, Fresh> = refusal.key;
    assert_eq!(token.key_count(), 1);
    let _ = key.abandon().unwrap();
    assert_eq!(token.key_count(), 0);
}

/// Activated for one session, one key and these octets; nothing else is signed (S000-86).
#[test]
fn an_activation_is_for_one_thing() {
    let token = Faulty::new(soft(), None);
    let (key, other) = (certified(&token), certified(&token));
    let (session, id) = (key.receipt().session(), key.receipt().key_id());
    let refusal = key.activate(Activation::new([1; 16], id, &tbs(Curve::P256))).unwrap_err();
    assert_eq!(refusal.error, ActivateError::OtherSession);
    let for_other = Activation::new(session, other.receipt().key_id(), &tbs(Curve::P256));
    let refusal = refusal.key.activate(for_other).unwrap_err();
    assert_eq!(refusal.error, ActivateError::OtherKey);
    let key = activated(refusal.key, &tbs(Curve::P256));
    let digest = segl_crypto::sha256(tbs(Curve::P256).as_bytes());
    assert!(!format!("{key:?}").contains(&format!("{:?}", &digest[..4])[1..10]));
    let elsewhere = ToBeSigned::new(b"other attributes".as_slice(), Curve::P256.algorithm());
    let refusal = key.sign(&elsewhere).unwrap_err();
    assert_eq!(refusal.error, SignError::ActivatedForOther);
    assert_eq!(token.calls().sign, 0);
    let _ = (refusal.key.abandon().unwrap(), other.abandon().unwrap());
}

#[test]
fn another_algorithm_spends_the_key_without_asking_the_device() {
    let token = Faulty::new(soft(), None);
    let refusal = ready(&token).sign(&tbs(Curve::P384)).unwrap_err();
    let (asked, has) = (SignatureAlgorithm::ECDSA_SHA384, SignatureAlgorithm::ECDSA_SHA256);
    assert_eq!(refusal.error, SignError::Algorithm { asked, has });
    assert_eq!(token.calls().sign, 0);
    let _ = refusal.key.abandon().unwrap();
}

#[test]
fn the_handle_of_a_used_key_does_not_sign_again() {
    let token = soft();
    let mut key = token.generate(Curve::P256, KeyId([0xaa; 16])).unwrap();
    token.sign(&mut key, &tbs(Curve::P256)).unwrap();
    assert_eq!(token.sign(&mut key, &tbs(Curve::P256)), Err(SoftError::AlreadyUsed));
    token.destroy(&mut key).unwrap();
    assert_eq!(token.sign(&mut key, &tbs(Curve::P256)), Err(SoftError::AlreadyUsed));
    assert_eq!(token.destroy(&mut key), Err(SoftError::NoSuchKey));
    // The identifier may come back; the old handle then has no power over the new key.
    let mut second = token.generate(Curve::P256, KeyId([0xaa; 16])).unwrap();
    assert_eq!(token.generate(Curve::P256, KeyId([0xaa; 16])).unwrap_err(), SoftError::IdInUse);
    drop(key);
    assert_eq!(token.key_count(), 1);
    token.destroy(&mut second).unwrap();
}

#[test]
fn a_key_let_go_in_any_state_leaves_nothing() {
    let token = soft();
    let fresh = OneShotKey::generate(&token, &request(Curve::P256)).unwrap();
    let bound = ready(&token);
    let spent = ready(&token).sign(&tbs(Curve::P256)).unwrap();
    assert_eq!(token.key_count(), 3);
    drop(fresh);
    drop(bound);
    drop(spent);
    assert_eq!(token.key_count(), 0);
    let _ = OneShotKey::generate(&token, &request(Curve::P256)).unwrap().abandon().unwrap();
    let _ = ready(&token).abandon().unwrap();
    let _ = ready(&token).sign(&tbs(Curve::P256)).unwrap().abandon().unwrap();
    assert_eq!(token.key_count(), 0);
}

#[test]
fn a_device_that_keeps_the_key_gives_no_value() {
    let token = Faulty::new(soft(), Some(Fault::KeepTheKey));
    let refusal = ready(&token).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
    let DestroyError::StillThere(trace) = &refusal.error else { panic!("{refusal:?}") };
    assert!(trace.by_id == 1 && trace.handle_works);
    // It goes on lying, until somebody mends it.
    let refusal = refusal.key.abandon().unwrap_err();
    assert!(matches!(refusal.error, DestroyError::StillThere(_)));
    token.set(None);
    let _ = refusal.key.abandon().unwrap();
    assert_eq!(token.inner().key_count(), 0);
}

#[test]
fn a_device_that_refuses_to_destroy_gives_no_value() {
    let token = Faulty::new(soft(), Some(Fault::Refuse(Step::Destroy)));
    let refusal = ready(&token).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
    assert_eq!(refusal.error, DestroyError::Refused(FaultyError::Refused(Step::Destroy)));
    let refusal = refusal.key.abandon().unwrap_err();
    assert_eq!(refusal.error, DestroyError::Refused(FaultyError::Refused(Step::Destroy)));
    assert_eq!(token.inner().key_count(), 1);
    drop(refusal);
    assert_eq!(token.inner().key_count(), 0);
}

#[test]
fn a_look_up_that_fails_gives_no_value() {
    let token = Faulty::new(soft(), Some(Fault::Refuse(Step::LookUp)));
    let refusal = ready(&token).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
    assert_eq!(refusal.error, DestroyError::LookUpFailed(FaultyError::Refused(Step::LookUp)));
    token.set(None);
    // Destroyed the first time: the device says that it knows no such key, and the look-up bears it out.
    let _ = refusal.key.abandon().unwrap();
}

#[test]
fn a_session_lost_at_each_step_gives_no_value() {
    let lose = |step| Faulty::new(soft(), Some(Fault::Lose(step)));

    let token = lose(Step::Generate);
    let error = OneShotKey::generate(&token, &request(Curve::P256)).unwrap_err();
    assert!(matches!(error, GenerateError::Device(FaultyError::Lost)) && error.destroyed().is_none());

    let token = lose(Step::ReadBack);
    let error = OneShotKey::generate(&token, &request(Curve::P256)).unwrap_err();
    assert!(matches!(error.destroyed(), Some(Err(DestroyError::Lost(_)))));

    let token = lose(Step::Sign);
    let refusal = ready(&token).sign(&tbs(Curve::P256)).unwrap_err();
    assert_eq!(refusal.error, SignError::Device(FaultyError::Lost));
    assert_eq!(refusal.key.abandon().unwrap_err().error, DestroyError::Lost(FaultyError::Lost));

    for step in [Step::Destroy, Step::LookUp] {
        let token = lose(step);
        let refusal = ready(&token).sign(&tbs(Curve::P256)).unwrap().destroy().unwrap_err();
        assert_eq!(refusal.error, DestroyError::Lost(FaultyError::Lost), "{step:?}");
        token.set(None);
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(token.inner().key_count(), 0);
    }
}

#[test]
fn a_device_that_does_not_obey_has_its_key_destroyed() {
    for attribute in KeyAttribute::ALL {
        let token = Faulty::new(soft(), Some(Fault::Disobey(attribute)));
        let error = OneShotKey::generate(&token, &request(Curve::P256)).unwrap_err();
        let GenerateError::Disobeyed { attributes, destroyed: Ok(_) } = &error else { panic!("{error:?}") };
        assert_eq!(*attributes, [attribute]);
        assert!(error.to_string().contains(attribute.name()));
        assert_eq!(token.inner().key_count(), 0);
    }
}

#[test]
fn a_public_key_off_the_curve_is_refused() {
    let token = Faulty::new(soft(), Some(Fault::SpoilPublicKey));
    let error = OneShotKey::generate(&token, &request(Curve::P384)).unwrap_err();
    assert!(matches!(error, GenerateError::PublicKey { curve: Curve::P384, destroyed: Ok(_) }));
}

#[test]
fn a_full_device_says_so() {
    let token = Faulty::new(soft(), Some(Fault::Full));
    let error = OneShotKey::generate(&token, &request(Curve::P256)).unwrap_err();
    let GenerateError::Device(error) = error else { panic!("{error:?}") };
    assert_eq!(error.trouble(), Trouble::Saturated);
}

#[test]
fn nothing_shown_tells_what_was_signed() {
    let token = soft();
    let secret = "the-merger-agreement";
    let tbs = ToBeSigned::new(secret.as_bytes(), Curve::P256.algorithm());
    let digest = tbs.digest().unwrap();
    let spent = activated(certified(&token), &tbs).sign(&tbs).unwrap();
    let shown = format!("{spent:?} {token:?} {:?}", spent.receipt());
    let listed = format!("{:?}", digest.as_bytes());
    assert!(!shown.contains(secret) && !shown.contains(&listed));
    assert!(shown.contains("Spent(..)"));
    let (_destroyed, _value) = spent.destroy().unwrap();
}

#[test]
fn a_token_is_shared_by_threads() {
    let token = Arc::new(soft());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let key = ready(Arc::clone(&token));
                    let (_destroyed, _value) = key.sign(&tbs(Curve::P256)).unwrap().destroy().unwrap();
                }
            });
        }
    });
    assert_eq!(token.key_count(), 0);
}

#[test]
fn an_authority_key_signs_again_and_again() {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    for curve in [Curve::P256, Curve::P384] {
        let key = AuthorityKey::generate_soft(curve, &mut rng).unwrap();
        let public = PublicKey::from_spki_der(key.spki_der()).unwrap();
        for bytes in [b"one".as_slice(), b"two"] {
            let tbs = ToBeSigned::new(bytes, key.algorithm());
            let value = key.clone().sign(&tbs).unwrap();
            public.verify(&tbs.algorithm(), bytes, value.as_bytes()).unwrap();
            let prehashed = Prehashed::new(tbs.digest().unwrap(), key.algorithm()).unwrap();
            assert_eq!(key.sign_prehashed(&prehashed).unwrap(), value);
        }
        let again = AuthorityKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap().unwrap()).unwrap();
        assert_eq!((again.spki_der(), again.kind()), (key.spki_der(), curve.kind()));
        assert_eq!(again.device(), SecureDevice::Software);
        let other = ToBeSigned::new(b"x".as_slice(), SignatureAlgorithm::RSA_SHA256);
        assert!(matches!(key.sign(&other), Err(AuthorityKeyError::Algorithm { .. })));
    }
}
