//! What two pieces of status say that do not agree.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use segl::{
    ades::{Evidence, Level},
    cert::{IssuedCertificate, IssuedCertificates as _, MemoryRegister, Revocation, SerialNumber},
    evidence::{Cover, Gatherer, Target},
    path::Anchors,
    pdf::Document,
    validation::{Policy, validate},
};

use crate::common::{HOUR, SealedFile, T0, Wish, Workshop, documents};

/// The issuer's register with this certificate, revoked or not.
fn register(workshop: &Workshop, file: &SealedFile, is_revoked: bool) -> MemoryRegister {
    let (certificate, register) = (&file.certificate, MemoryRegister::default());
    let serial = SerialNumber::from_der_content(certificate.serial()).unwrap();
    let issuer = *workshop.authority().issuing_ca().identity();
    register.reserve(&issuer, &serial, T0).unwrap();
    let entry = IssuedCertificate {
        issuer,
        serial,
        sha256: certificate.fingerprint_sha256(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        issued_at: T0,
    };
    register.record_issued(&entry).unwrap();
    if is_revoked {
        register.revoke(&issuer, &serial, Revocation { at: T0 + HOUR, reason: None }).unwrap();
    }
    register
}

/// Status is dated to the second, so what is made just before a revocation can bear the same date as what is made just after.
#[test]
fn of_the_same_second_revoked_counts() {
    let workshop = Workshop::new("story_status");
    let file = workshop.seal(&documents::made_here()[0], Wish::hours_12(Level::B));
    let authority = workshop.authority();
    let [good, revoked] = [false, true].map(|is_revoked| register(&workshop, &file, is_revoked));
    let anchors = Anchors::from_certificates([authority.root().certificate().clone()]);
    let signatures =
        segl::pades::read(&Document::open(file.bytes.as_slice()).unwrap()).unwrap().into_signatures();
    let at = T0 + HOUR;
    for (list, response, expected) in [
        (&good, &good, "TOTAL_PASSED"),
        (&good, &revoked, "INDETERMINATE/REVOKED_NO_POE"),
        (&revoked, &good, "INDETERMINATE/REVOKED_NO_POE"),
    ] {
        let evidence = Evidence {
            certificates: authority.chain().iter().map(|one| one.as_der().to_vec()).collect(),
            crls: vec![
                authority.root_crl().as_der().to_vec(),
                authority.ca_crl(list, at).unwrap().as_der().to_vec(),
            ],
            ocsp_responses: vec![authority.ocsp(&file.certificate, response, at).unwrap().as_der().to_vec()],
        };
        let report = validate(&signatures, &evidence, &anchors, at, &Policy::default());
        assert_eq!(report.signatures[0].indication.to_string(), expected);

        let mut gatherer = Gatherer::new(anchors.clone(), at);
        gatherer.know(&evidence);
        gatherer.cover(Target::signer(file.certificate.clone()));
        while let Some(need) = gatherer.poll_need() {
            drop(gatherer.supply(&need, None));
        }
        let gathered = gatherer.finish();
        let is_revoked = gathered.open().any(|link| matches!(link.cover, Cover::Revoked(_)));
        assert_eq!(is_revoked, expected != "TOTAL_PASSED");
    }
}
