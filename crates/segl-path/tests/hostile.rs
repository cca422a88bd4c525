//! Chains made to cost time, to go in circles, or to be wrong in one place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::time::Instant;

use common::{Party, authority, extension, now, tlv};
use segl_crypto::{PublicKeyError, Time};
use segl_path::{
    Anchor, Anchors, Exhausted, Limits, Parameters, PolicySet, Pool, Purpose, Reason, Validity, check, find,
    find_all,
};
use segl_x509::{Certificate, ObjectIdentifier, oids};

/// Eight layers of six certificates for the same key each: 6^8 ways, none of which ends at an anchor, and then all of
/// which are refused at the anchor.
#[test]
fn exponential_chains_end_at_a_limit() {
    const NAMES: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];
    let layers: Vec<Party> = NAMES.into_iter().map(Party::new).collect();
    let leaf = layers[1].certifies(&layers[0], 1, &[]);
    let mut pool = Pool::new();
    for pair in layers[1..].windows(2) {
        for serial in 1..=6 {
            pool.add(pair[1].certifies(&pair[0], serial, &authority()));
        }
    }
    let begun = Instant::now();
    let none = find(&leaf, &pool, &Anchors::new(), &Parameters::at(now())).unwrap_err();
    assert_eq!(none.exhausted, Some(Exhausted::Candidates));

    let top = Party::new("8");
    let anchors = Anchors::from_certificates([top.certifies(&top, 1, &authority())]);
    let refused = find(&leaf, &pool, &anchors, &Parameters::at(now())).unwrap_err();
    assert_eq!(refused.exhausted, Some(Exhausted::Candidates));
    assert!(matches!(refused.refused[0].refusal.reason, Reason::Signature(_)));
    println!("{:?}", begun.elapsed());

    let mut limits = Limits::default();
    limits.signatures = 3;
    let refused = find(&leaf, &pool, &anchors, &Parameters::at(now()).limits(limits)).unwrap_err();
    assert_eq!(refused.exhausted, Some(Exhausted::Signatures));
    limits = Limits::default();
    limits.certificates = 3;
    let refused = find(&leaf, &pool, &anchors, &Parameters::at(now()).limits(limits)).unwrap_err();
    assert!(matches!(refused.refused[0].refusal.reason, Reason::TooManyCertificates { limit: 3 }));
}

#[test]
fn circles_end() {
    let (one, two, leaf) = (Party::new("one"), Party::new("two"), Party::new("leaf"));
    let certificate = one.certifies(&leaf, 1, &[]);
    let pool = Pool::from_certificates([
        one.certifies(&two, 1, &authority()),
        two.certifies(&one, 1, &authority()),
        one.certifies(&one, 1, &authority()),
        two.certifies(&two, 1, &authority()),
        certificate.clone(),
    ]);
    let none = find(&certificate, &pool, &Anchors::new(), &Parameters::at(now())).unwrap_err();
    assert_eq!(none.exhausted, None);
    assert!(
        find(
            &certificate,
            &pool,
            &Anchors::from_certificates([two.certifies(&two, 1, &authority())]),
            &Parameters::at(now())
        )
        .is_ok()
    );
}

#[test]
fn every_refusal_names_its_certificate() {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let anchors = Anchors::from_certificates([root.certifies(&root, 1, &authority())]);
    let certificate = middle.certifies(&leaf, 7, &[]);
    let refusal = |above: &Certificate, parameters: &Parameters| {
        let pool = Pool::from_certificates([above.clone()]);
        let refused = find(&certificate, &pool, &anchors, parameters).unwrap_err().refused;
        assert_eq!(refused.len(), 1);
        refused[0].refusal.clone()
    };
    let at = Parameters::at(now());
    let not_an_authority = root.certifies(&middle, 2, &[]);
    let told = refusal(&not_an_authority, &at);
    assert_eq!((told.reason, told.certificate, told.position), (Reason::NotAnAuthority, not_an_authority, 1));

    let wrong_usage = root.certifies(
        &middle,
        2,
        &[authority().remove(0), extension(oids::KEY_USAGE, true, &[3, 2, 7, 0x80])],
    );
    assert_eq!(refusal(&wrong_usage, &at).reason, Reason::KeyUsage);

    let unknown = ObjectIdentifier::new_unwrap("1.2.3.4");
    let mut critical = authority();
    critical.push(extension(unknown, true, &[5, 0]));
    let critical = root.certifies(&middle, 2, &critical);
    assert!(matches!(refusal(&critical, &at).reason, Reason::CriticalExtension { .. }));
    let pool = Pool::from_certificates([critical]);
    assert!(find(&certificate, &pool, &anchors, &Parameters::at(now()).also_known(unknown)).is_ok());

    let mut doubled = authority();
    doubled.push(extension(unknown, false, &[5, 0]));
    doubled.push(extension(unknown, false, &[5, 0]));
    let doubled = root.certifies(&middle, 2, &doubled);
    assert!(matches!(refusal(&doubled, &at).reason, Reason::DuplicateExtension { .. }));

    let good = root.certifies(&middle, 2, &authority());
    let early = Time::from_civil(2019, 12, 31, 23, 59, 59).unwrap();
    assert!(matches!(refusal(&good, &Parameters::at(early)).reason, Reason::NotYetValid { .. }));
    let purpose = Parameters::at(now()).purpose(Purpose::TimeStamping);
    let told = refusal(&good, &purpose);
    assert!(matches!(told.reason, Reason::Purpose { .. }));
    assert_eq!((told.certificate, told.position), (certificate.clone(), 0));

    let none = find(&certificate, &Pool::new(), &anchors, &at).unwrap_err();
    assert_eq!(none.without_issuer, vec![certificate]);
}

#[test]
fn dates_are_looked_at_as_asked() {
    let (root, leaf) = (Party::new("root"), Party::new("leaf"));
    let short = root.certifies_for(&root, 1, &authority(), [b"200101000000Z", b"210101000000Z"]);
    let anchors = Anchors::from_certificates([short]);
    let certificate = root.certifies(&leaf, 1, &[]);
    let at = Parameters::at(now());
    assert!(find(&certificate, &Pool::new(), &anchors, &at).is_ok(), "an anchor's dates do not count");
    let strict = at.clone().anchor_validity(Validity::Checked);
    let refused = find(&certificate, &Pool::new(), &anchors, &strict).unwrap_err();
    assert!(matches!(refused.refused[0].refusal.reason, Reason::AnchorValidity { .. }));

    // Both ends are inclusive, and a fraction of the last second still counts.
    let end = Time::from_civil(2030, 1, 1, 0, 0, 0).unwrap();
    let last = end.with_nanos(999_999_999).unwrap();
    assert!(find(&certificate, &Pool::new(), &anchors, &Parameters::at(last)).is_ok());
    let after = Parameters::at(Time::from_unix(end.unix_seconds() + 1));
    assert!(find(&certificate, &Pool::new(), &anchors, &after).is_err());
    assert!(find(&certificate, &Pool::new(), &anchors, &after.leaf_validity(Validity::Ignored)).is_ok());
}

#[test]
fn an_anchor_needs_no_path() {
    let root = Party::new("root");
    let certificate = root.certifies(&root, 1, &authority());
    let anchors = Anchors::from_certificates([certificate.clone()]);
    let found = find_all(&certificate, &Pool::new(), &anchors, &Parameters::at(now()), 8);
    assert_eq!(found.paths.len(), 1);
    assert!(found.paths[0].is_anchor_itself());
    let path = &found.paths[0];
    assert_eq!(path.policies(), &PolicySet::These(Vec::new()));
    assert!(check(&[], anchors.iter().next().unwrap(), &Parameters::at(now())).is_ok());
}

/// The holder of a trusted key makes himself a certificate with other dates and purposes, or lets nobody sign it at all.
#[test]
fn another_certificate_of_an_anchors_name_and_key_is_not_the_anchor() {
    let (unit, issuer) = (Party::new("unit"), Party::new("issuer"));
    let trusted = issuer.certifies_for(&unit, 1, &[], [b"200101000000Z", b"210101000000Z"]);
    let anchors = Anchors::from_certificates([trusted.clone()]);
    let at = Parameters::at(now());
    let longer = unit.certifies(&unit, 2, &authority());
    let refused = find(&longer, &Pool::new(), &anchors, &at).unwrap_err();
    assert_eq!(refused.refused[0].refusal.reason, Reason::NotAnAuthority);
    assert_eq!((&refused.refused[0].refusal.certificate, refused.refused[0].refusal.position), (&trusted, 1));

    let mut unsigned = issuer.certifies(&unit, 3, &[]).as_der().to_vec();
    *unsigned.last_mut().unwrap() ^= 1;
    let unsigned = Certificate::from_der(&unsigned).unwrap();
    assert!(find(&unsigned, &Pool::new(), &anchors, &at).is_err());
    assert!(check(&[unsigned], anchors.iter().next().unwrap(), &at).is_err());

    // Of a root, renewed with the same key, the new certificate is one that the anchor issued; two given are two anchors.
    let root = Party::new("root");
    let [old, new] = [1, 2].map(|serial| root.certifies(&root, serial, &authority()));
    let one = Anchors::from_certificates([old.clone()]);
    assert!(!find(&new, &Pool::new(), &one, &at).unwrap().is_anchor_itself());
    let both = Anchors::from_certificates([old.clone(), new.clone(), old]);
    assert_eq!(both.len(), 2);
    assert!(find(&new, &Pool::new(), &both, &at).unwrap().is_anchor_itself());
    let by_key = Anchors::from_iter([Anchor::new(new.subject().clone(), new.spki_der().to_vec())]);
    assert!(find(&new, &Pool::new(), &by_key, &at).unwrap().is_anchor_itself());
}

/// A seal or a time-stamp unit that is trusted by itself issues nothing.
#[test]
fn an_anchor_of_an_end_entity_issues_nothing() {
    let (issuer, signer, leaf) = (Party::new("issuer"), Party::new("signer"), Party::new("leaf"));
    let certificate = signer.certifies(&leaf, 1, &[]);
    let at = Parameters::at(now());
    let reason = |extensions: &[Vec<u8>]| {
        let anchors = Anchors::from_certificates([issuer.certifies(&signer, 1, extensions)]);
        find(&certificate, &Pool::new(), &anchors, &at).map_err(|none| none.refused[0].refusal.reason.clone())
    };
    let signing = extension(oids::KEY_USAGE, true, &[3, 2, 6, 0x40]);
    assert_eq!(reason(&[]).unwrap_err(), Reason::NotAnAuthority);
    assert_eq!(
        reason(&[extension(oids::BASIC_CONSTRAINTS, true, &[0x30, 0])]).unwrap_err(),
        Reason::NotAnAuthority
    );
    assert_eq!(reason(&[authority().remove(0), signing]).unwrap_err(), Reason::KeyUsage);
    assert!(reason(&authority()).is_ok());
    // Old roots leave basicConstraints out.
    let anchors = Anchors::from_certificates([signer.certifies(&signer, 1, &[])]);
    assert!(find(&certificate, &Pool::new(), &anchors, &at).is_ok());
}

/// Thousands of strangers under the name of an authority that is looked for again and again.
#[test]
fn many_certificates_of_one_name_end_at_a_limit() {
    let (one, two, leaf) = (Party::new("one"), Party::new("two"), Party::new("leaf"));
    let certificate = one.certifies(&leaf, 1, &[]);
    let genuine = two.certifies(&one, 1, &authority());
    let text = genuine.as_der();
    let pool: Pool = (0..6_000_u16)
        .map(|number| {
            let mut der = text.to_vec();
            let end = der.len();
            der[end - 2..].copy_from_slice(&number.to_be_bytes());
            Certificate::from_der(&der).unwrap()
        })
        .collect();
    let begun = Instant::now();
    let none = find(&certificate, &pool, &Anchors::new(), &Parameters::at(now())).unwrap_err();
    assert_eq!(none.exhausted, Some(Exhausted::Candidates));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

/// A hundred thousand names of one form against as many constraints of another.
#[test]
fn constraints_of_other_forms_cost_the_budget_too() {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let subtrees = tlv(0x30, &[&[0x81, 1, b'a']]).repeat(10_000);
    let constraints = tlv(0x30, &[&tlv(0xa0, &[&subtrees])]);
    let names = tlv(0x30, &[&[0x82, 1, b'a'].repeat(12_000)]);
    let mut above = authority();
    above.push(extension(oids::NAME_CONSTRAINTS, true, &constraints));
    let above = root.certifies(&middle, 1, &above);
    let certificate = middle.certifies(&leaf, 1, &[extension(oids::SUBJECT_ALT_NAME, false, &names)]);
    let anchors = Anchors::from_certificates([root.certifies(&root, 1, &authority())]);
    let pool = Pool::from_certificates([above]);
    let refused = find(&certificate, &pool, &anchors, &Parameters::at(now())).unwrap_err();
    assert_eq!(refused.exhausted, Some(Exhausted::NameComparisons));
}

/// Layers of certificates of a hundred kilobytes each, whose names are prepared for comparison on every step.
#[test]
fn large_certificates_count_for_more() {
    const NAMES: [&str; 6] = ["0", "1", "2", "3", "4", "5"];
    let layers: Vec<Party> = NAMES.into_iter().map(Party::new).collect();
    let leaf = layers[1].certifies(&layers[0], 1, &[]);
    let mut large = authority();
    let names = [0x82, 1, b'a'].repeat(50_000);
    large.push(extension(oids::AUTHORITY_KEY_IDENTIFIER, false, &tlv(0x30, &[&tlv(0xa1, &[&names])])));
    let mut pool = Pool::new();
    for pair in layers[1..].windows(2) {
        for serial in 1..=6 {
            pool.add(pair[1].certifies(&pair[0], serial, &large));
        }
    }
    let begun = Instant::now();
    let none = find(&leaf, &pool, &Anchors::new(), &Parameters::at(now())).unwrap_err();
    assert_eq!(none.exhausted, Some(Exhausted::Candidates));
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

/// A key whose parameters nobody above has, and below it a signature that was never made.
#[test]
fn parameters_nobody_has_are_no_parameters() {
    let dates: [&[u8; 13]; 2] = [b"200101000000Z", b"300101000000Z"];
    let root = Party::new("root");
    let id_dsa = tlv(0x30, &[&tlv(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]])]);
    let bare = tlv(0x30, &[&id_dsa, &tlv(3, &[&[0], &tlv(2, &[&[2]])])]);
    let top = root.certifies_key("middle", &bare, 1, &authority(), dates);
    let below = Party::new("middle").certifies_key("lower", &bare, 2, &authority(), dates);
    let leaf = Party::new("lower").certifies(&Party::new("leaf"), 3, &[]);
    let anchors = Anchors::from_certificates([root.certifies(&root, 1, &authority())]);
    let pool = Pool::from_certificates([top.clone(), below.clone()]);
    let refused = find(&leaf, &pool, &anchors, &Parameters::at(now())).unwrap_err().refused;
    let refusal = &refused[0].refusal;
    assert!(matches!(refusal.reason, Reason::IssuerKey(PublicKeyError::ParametersMissing(_))), "{refusal}");
    assert_eq!((&refusal.certificate, refusal.position), (&below, 1));
    // Nor is an anchor one that leaves them out.
    let by_itself = Anchors::from_iter([Anchor::new(top.subject().clone(), bare)]);
    let refused = find(&below, &Pool::new(), &by_itself, &Parameters::at(now())).unwrap_err().refused;
    let reason = &refused[0].refusal.reason;
    assert!(matches!(reason, Reason::IssuerKey(PublicKeyError::ParametersMissing(_))), "{reason}");
}

/// Forms of names without a rule for what lies below what: under a constraint of their form they are refused, else they pass.
#[test]
fn names_that_cannot_be_compared_are_refused_under_a_constraint() {
    let (root, middle, holder) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let anchors = Anchors::from_certificates([root.certifies(&root, 1, &authority())]);
    let other = |last: u8| tlv(0xa0, &[&tlv(6, &[&[0x2a, 3, last]]), &tlv(0xa0, &[&[0x0c, 1, b'a']])]);
    let reason = |form: &[u8], base: &[u8], part: u8| {
        let constraints = tlv(0x30, &[&tlv(part, &[&tlv(0x30, &[base])])]);
        let mut above = authority();
        above.push(extension(oids::NAME_CONSTRAINTS, true, &constraints));
        let names = extension(oids::SUBJECT_ALT_NAME, false, &tlv(0x30, &[form]));
        let pool = Pool::from_certificates([root.certifies(&middle, 1, &above)]);
        let outcome = find(&middle.certifies(&holder, 1, &[names]), &pool, &anchors, &Parameters::at(now()));
        outcome.map_err(|none| none.refused[0].refusal.reason.clone())
    };
    let forms = [
        (other(4), other(4), other(5)),
        (vec![0xa3, 0], vec![0xa3, 0], vec![0x82, 1, b'a']),
        (vec![0xa5, 0], vec![0xa5, 0], vec![0x81, 1, b'a']),
        (vec![0x88, 1, 0x2a], vec![0x88, 1, 0x2a], vec![0x86, 1, b'a']),
        (b"\x86\x05urn:x".to_vec(), b"\x86\x01a".to_vec(), vec![0x87, 8, 1, 2, 3, 4, 255, 255, 255, 255]),
        (b"\x87\x03abc".to_vec(), vec![0x87, 8, 1, 2, 3, 4, 255, 255, 255, 255], vec![0x81, 1, b'a']),
    ];
    for (form, same, different) in forms {
        for part in [0xa0, 0xa1] {
            let refused = reason(&form, &same, part).unwrap_err();
            assert!(matches!(refused, Reason::NameConstraintUnsupported { .. }), "{refused}");
            assert!(reason(&form, &different, part).is_ok(), "{form:02x?}");
        }
    }
}
