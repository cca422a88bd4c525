//! Authorities with every kind of key before OpenSSL: its strict rules, with our lists of revoked certificates.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::{cell::Cell, time::Duration};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use segl::{
    ades::{Evidence, Level},
    authority::{AuthorityKeys, TestAuthority},
    cert::{IssuedCertificates as _, Lifetime, MemoryRegister, Revocation, SerialNumber},
    crypto::{DigestAlgorithm, KeyKind, SignatureAlgorithm, SignatureScheme, Time},
    key::{
        AuthorityKey, Curve, SoftToken,
        pkcs11::{Module, Pin, Pkcs11Token},
    },
    pdf::{Document, Limits},
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions},
    validation::{Policy, validate},
    x509::Certificate,
};
use segl_testkit::{
    peers::{OpenSsl, Scratch, SoftHsm},
    rng::SeededRng,
    sealing::{T0, log_id},
    seals::{self, Sealer, anchors, profile},
};

const CONTRACT: &[u8] = include_bytes!("../examples/contract.pdf");
/// Names the module to the process that has the token in its environment.
const MODULE: &str = "SEGL_PEER_CHAINS_MODULE";
const HOUR: Duration = Duration::from_secs(3600);
const RSA: KeyKind = KeyKind::Rsa { bits: 3072 };
const PSS: SignatureScheme = SignatureScheme::RsaPss { salt_len: 32 };

/// The key of an authority's root and that of its issuing authority.
type Pair = [AuthorityKey; 2];

#[test]
fn openssl_verifies_chains_of_authorities_in_software() {
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    for (curve, algorithm) in
        [(Curve::P256, SignatureAlgorithm::ECDSA_SHA256), (Curve::P384, SignatureAlgorithm::ECDSA_SHA384)]
    {
        let keys = [10, 11].map(|n| AuthorityKey::generate_soft(curve, &mut SeededRng::new(n)).unwrap());
        verify(&openssl, keys, algorithm, "TOTAL_PASSED");
    }
}

#[test]
fn openssl_verifies_chains_of_authorities_in_a_token() {
    // The library reads its configuration from the environment of the process: the keys are used in a child.
    if let Some(module) = env::var_os(MODULE) {
        return in_token(&PathBuf::from(module));
    }
    if let Err(skipped) = OpenSsl::find() {
        return skipped.report();
    }
    let token = match SoftHsm::find() {
        Ok(token) => token,
        Err(skipped) => return skipped.report(),
    };
    token.initialise().unwrap();
    let (name, value) = token.environment();
    let output = Command::new(env::current_exe().unwrap())
        .args(["openssl_verifies_chains_of_authorities_in_a_token", "--exact", "--nocapture"])
        .env(name, value)
        .env(MODULE, token.module())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"));
}

fn in_token(module: &Path) {
    let openssl = OpenSsl::find().unwrap();
    let token = Module::load(module).unwrap().open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN)).unwrap();
    let p521 = pair(&token, KeyKind::EcP521, "P-521");
    verify(&openssl, p521, SignatureAlgorithm::ECDSA_SHA512, "TOTAL_PASSED");
    let rsa = pair(&token, RSA, "RSA");
    verify(&openssl, rsa.clone(), SignatureAlgorithm::RSA_SHA256, "TOTAL_PASSED");
    let pss = SignatureAlgorithm::new(PSS, Some(DigestAlgorithm::Sha256)).unwrap();
    verify(&openssl, rsa.map(|key| key.signing_with(pss).unwrap()), pss, "TOTAL_PASSED");
    // TS 119 312 does not list it, and neither does the policy.
    let ed25519 = pair(&token, KeyKind::Ed25519, "Ed25519");
    let verdict = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    verify(&openssl, ed25519, SignatureAlgorithm::ED25519, verdict);
}

fn pair(token: &Pkcs11Token, kind: KeyKind, label: &str) -> Pair {
    [1, 2].map(|n| AuthorityKey::generate_pkcs11(token, kind, &format!("TEST {label} {n}"), &[n]).unwrap())
}

/// An authority with these keys, what it made, and the files that OpenSSL reads.
struct Chain<'a> {
    openssl: &'a OpenSsl,
    scratch: Scratch,
    authority: TestAuthority,
    register: MemoryRegister,
}

/// Has OpenSSL verify every path of an authority, and ours a whole seal under it.
fn verify(openssl: &OpenSsl, [root, issuing_ca]: Pair, algorithm: SignatureAlgorithm, verdict: &str) {
    let mut rng = SeededRng::new(1);
    let mut soft = |curve| AuthorityKey::generate_soft(curve, &mut rng).unwrap();
    let (time_stamp_unit, ocsp_responder) = (soft(Curve::P384), soft(Curve::P256));
    let keys = AuthorityKeys { root, issuing_ca, time_stamp_unit, ocsp_responder };
    let register = MemoryRegister::default();
    let authority = seals::authority(keys, &register, T0 - HOUR, &mut SeededRng::new(2));
    let chain = Chain { openssl, scratch: Scratch::new().unwrap(), authority, register };

    let (file, hours) = chain.sealed(1, Lifetime::Hours12);
    let (_, days) = chain.sealed(2, Lifetime::Days10);
    let (_, revoked) = chain.sealed(3, Lifetime::Days10);
    let material = chain.authority.material();
    for certificate in [&material.root, &material.issuing_ca, &material.time_stamp_unit, &hours, &days] {
        assert_eq!(certificate.signature_algorithm_der(), algorithm.to_der(), "{algorithm}");
    }
    assert_eq!(chain.verdict(&file), verdict, "{algorithm}");

    let before = chain.list("before.crl", T0 + HOUR);
    let issuer = chain.authority.issuing_ca().identity();
    let serial = SerialNumber::from_der_content(revoked.serial()).unwrap();
    let revocation = Revocation { at: T0 + HOUR, reason: None };
    chain.register.revoke(issuer, &serial, revocation).unwrap().unwrap();
    let after = chain.list("after.crl", T0 + 2 * HOUR);

    let at = T0 + 3 * HOUR;
    for (name, certificate, purpose) in [
        ("12 hours", &hours, "smimesign"),
        ("10 days", &days, "smimesign"),
        ("unit", &material.time_stamp_unit, "timestampsign"),
        ("responder", &material.ocsp_responder, "ocsphelper"),
    ] {
        chain
            .verifies(certificate, purpose, &after, at)
            .unwrap_or_else(|said| panic!("{algorithm}: {name}: {said}"));
    }
    chain.verifies(&revoked, "smimesign", &before, at).unwrap();
    let said = chain.verifies(&revoked, "smimesign", &after, at).unwrap_err();
    assert!(said.contains("certificate revoked"), "{algorithm}: {said}");
    let said = chain.verifies(&hours, "smimesign", &after, T0 + 13 * HOUR).unwrap_err();
    assert!(said.contains("certificate has expired"), "{algorithm}: {said}");

    // A seal's certificate logs nobody in, encrypts nothing, and stands for no server, unit or authority (S000-16, -17, -22, -77).
    for purpose in ["sslclient", "sslserver", "smimeencrypt", "timestampsign", "crlsign"] {
        let said = chain.verifies(&hours, purpose, &after, at).unwrap_err();
        assert!(said.contains("certificate purpose"), "{algorithm}: {purpose}: {said}");
    }

    let (root, ca) = (chain.pem("root.cer", &material.root), chain.pem("ca.cer", &material.issuing_ca));
    let status = chain.authority.ocsp(&days, &chain.register, T0 + HOUR).unwrap();
    let status = chain.scratch.write("days.ors", status.as_der()).unwrap();
    let said = openssl.verify_ocsp(&status, &chain.pem("days.cer", &days), &ca, &root, at).unwrap();
    let good = said.text.contains("Response verify OK") && said.text.contains(": good");
    assert!(said.success && good, "{algorithm}: {}", said.text);
}

impl Chain<'_> {
    /// The contract sealed by a key in memory, and the seal's certificate.
    fn sealed(&self, n: u64, lifetime: Lifetime) -> (Vec<u8>, Certificate) {
        let now = Cell::new(T0);
        let clock = || {
            now.set(now.get() + Duration::from_millis(1));
            now.get()
        };
        let (curve, journal) = (Curve::P256, MemoryJournal::new(log_id()));
        let order = Order { profile: profile("TEST Seal", lifetime, curve), curve, level: Level::Lta };
        let sealer = Sealer {
            authority: &self.authority,
            register: &self.register,
            anchors: &anchors(&self.authority),
            journal: &journal,
            clock: &clock,
        };
        let mut document = PdfDocument::new(CONTRACT, Limits::default(), PdfOptions::default());
        let random = |who: u64| SeededRng::new(10 * n + who);
        let certificate = sealer.seal(n, SoftToken::new(random(3)), &order, &mut document, random).unwrap();
        ([CONTRACT, document.tail()].concat(), certificate)
    }

    fn verdict(&self, file: &[u8]) -> String {
        let signatures = segl::pades::read(&Document::open(file).unwrap()).unwrap().into_signatures();
        let anchors = anchors(&self.authority);
        let at = T0 + 24 * HOUR;
        let report = validate(&signatures, &Evidence::default(), &anchors, at, &Policy::default());
        report.signatures[0].indication.to_string()
    }

    fn pem(&self, name: &str, certificate: &Certificate) -> PathBuf {
        self.openssl.to_pem(&self.scratch.write(name, certificate.as_der()).unwrap()).unwrap()
    }

    /// The issuing authority's list as of now, as a file.
    fn list(&self, name: &str, now: Time) -> PathBuf {
        let list = self.authority.ca_crl(&self.register, now).unwrap();
        self.list_file(name, list.as_der())
    }

    fn list_file(&self, name: &str, der: &[u8]) -> PathBuf {
        let der = self.scratch.write(name, der).unwrap();
        let pem = der.with_extension("crl.pem");
        let arguments = ["crl", "-inform", "DER", "-in", text(&der), "-out", text(&pem)];
        let said = self.openssl.run(arguments).unwrap();
        assert!(said.success, "{}", said.text);
        pem
    }

    /// Whether OpenSSL verifies the path to the root, every certificate but the root's held against a list.
    fn verifies(
        &self,
        certificate: &Certificate,
        purpose: &str,
        ca_list: &Path,
        at: Time,
    ) -> Result<(), String> {
        let material = self.authority.material();
        let (root, ca) = (self.pem("root.cer", &material.root), self.pem("ca.cer", &material.issuing_ca));
        let root_list = self.list_file("root.crl", material.root_crl.as_der());
        let certificate = self.pem("certificate.cer", certificate);
        let at = at.unix_seconds().to_string();
        let mut arguments = vec!["verify", "-x509_strict", "-crl_check_all", "-purpose", purpose];
        arguments.extend(["-attime", &at, "-CAfile", text(&root), "-untrusted", text(&ca)]);
        arguments.extend(["-CRLfile", text(&root_list), "-CRLfile", text(ca_list), text(&certificate)]);
        let said = self.openssl.run(arguments).unwrap();
        if said.success { Ok(()) } else { Err(said.text) }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
