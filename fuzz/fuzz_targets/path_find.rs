//! A search among strangers' certificates: the first octet chooses what is asked, the certificates follow one after the other.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_crypto::Time;
use segl_path::{
    Anchor, AnchorConstraints, Anchors, AuthorityUsages, Model, Parameters, Path, Pool, Purpose, Validity,
    check, paths,
};
use segl_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let Some((&choices, rest)) = data.split_first() else { return };
    let certificates = certificates(rest);
    let Some(leaf) = certificates.first() else { return };
    let parameters = parameters(choices, leaf);
    let anchor = |certificate: &Certificate| {
        let constraints = AnchorConstraints::from_certificate(certificate).unwrap_or_default();
        let anchor = Anchor::from_certificate(certificate.clone()).constrained(constraints);
        if choices & 0x80 == 0 { anchor } else { anchor.until(certificate.not_after()) }
    };
    // The leaf may be trusted by itself: then no signature stands before what is asked of it.
    let tops = certificates.iter().filter(|one| one.is_self_issued() || choices & 0x40 != 0);
    let anchors: Anchors = tops.map(anchor).collect();
    let pool: Pool = certificates.iter().cloned().collect();
    let found: Vec<Path> = paths(leaf, &pool, &anchors, &parameters).take(8).collect();
    for path in &found {
        assert_eq!(path.leaf(), Some(leaf));
        assert_eq!(check(path.certificates(), path.anchor(), &parameters).as_ref(), Ok(path));
    }
    let reversed: Pool = certificates.iter().rev().cloned().collect();
    let again: Vec<Path> = paths(leaf, &reversed, &anchors, &parameters).take(8).collect();
    assert_eq!(found, again);
});

/// As many as can be read.
fn certificates(mut rest: &[u8]) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    while let [0x30, 0x82, high, low, ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low])) + 4;
        let Some((first, others)) = rest.split_at_checked(len) else { break };
        let Ok(certificate) = Certificate::from_der(first) else { break };
        certificates.push(certificate);
        rest = others;
    }
    certificates
}

fn parameters(choices: u8, leaf: &Certificate) -> Parameters {
    let purpose = match choices & 3 {
        0 => Purpose::Any,
        1 => Purpose::TimeStamping,
        2 => Purpose::OcspSigning,
        _ => Purpose::CrlSigning,
    };
    let mut parameters = Parameters::at(Time::from_unix(1_795_003_600)).purpose(purpose);
    parameters.policies.require_explicit = choices & 4 != 0;
    parameters.policies.inhibit_any = choices & 8 != 0;
    if choices & 0x10 != 0 {
        parameters.model = Model::Chain;
        parameters.authority_usages = AuthorityUsages::Limiting;
        parameters.anchor_validity = Validity::Checked;
    }
    if choices & 0x20 != 0 {
        parameters.names = leaf.name_constraints().ok().flatten().unwrap_or_default();
    }
    parameters
}
