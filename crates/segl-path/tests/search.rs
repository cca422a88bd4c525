//! Which paths are found, in which order, and what an anchor may be trusted for.
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

use common::{
    Party, authority, authority_with, extension, key_above, now, own_key, permits, policies, tlv, usages,
};
use segl_crypto::Time;
use segl_path::{
    Anchor, AnchorConstraints, Anchors, AuthorityUsages, Exhausted, InitialPolicies, Limits, Model, NoPath,
    Parameters, Path, PolicySet, Pool, Purpose, Reason, SignatureMemo, Validity, find, find_all, paths,
    paths_with,
};
use segl_x509::{Certificate, ObjectIdentifier, Oid, oids};

fn reason(outcome: Result<Path, NoPath>) -> Reason {
    outcome.unwrap_err().refused[0].refusal.reason.clone()
}

fn anchor_of(certificate: &Certificate) -> Anchors {
    Anchors::from_certificates([certificate.clone()])
}

/// Every authority vouches for every other: some hundred million ways.
struct Mesh {
    authorities: Vec<Party>,
    cross: Vec<Certificate>,
    leaf: Certificate,
}

impl Mesh {
    fn new() -> Self {
        const NAMES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        let authorities: Vec<Party> = NAMES.into_iter().map(Party::new).collect();
        let mut cross = Vec::new();
        for issuer in &authorities {
            let others = authorities.iter().filter(|subject| subject.name != issuer.name);
            cross.extend(others.map(|subject| issuer.certifies(subject, 1, &authority())));
        }
        assert_eq!(cross.len(), 132);
        let leaf = authorities[0].certifies(&Party::new("leaf"), 1, &[]);
        Self { authorities, cross, leaf }
    }
}

#[test]
fn a_mesh_of_cross_certificates_ends_at_a_limit_or_a_short_path() {
    let mesh = Mesh::new();
    let root = Party::new("root");
    let entrance = root.certifies(&mesh.authorities[11], 1, &authority());
    let at = Parameters::at(now());
    let pool: Pool = mesh.cross.iter().cloned().collect();

    let begun = Instant::now();
    for anchors in [Anchors::new(), anchor_of(&root.certifies(&root, 1, &authority()))] {
        let none = find(&mesh.leaf, &pool, &anchors, &at).unwrap_err();
        assert!(none.exhausted.is_some(), "{none}");
        assert!(none.to_string().starts_with("the search for a path was given up"), "{none}");
    }
    // However many signatures are allowed, candidates have their own limit.
    let mut limits = Limits::default();
    limits.signatures = 1_000;
    let many = at.clone().limits(limits);
    let none = find(&mesh.leaf, &pool, &Anchors::new(), &many).unwrap_err();
    assert_eq!(none.exhausted, Some(Exhausted::Candidates));
    let mut memo = SignatureMemo::limited(20);
    let anchors = Anchors::new();
    let mut search = paths_with(&mesh.leaf, &pool, &anchors, &at, &mut memo);
    assert!(search.next().is_none());
    assert_eq!(search.refused().exhausted, Some(Exhausted::Signatures));
    println!("{:?}", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());

    let anchors = anchor_of(&root.certifies(&root, 1, &authority()));
    let with_entrance: Vec<Certificate> = mesh.cross.into_iter().chain([entrance.clone()]).collect();
    let pool: Pool = with_entrance.iter().cloned().collect();
    let reversed: Pool = with_entrance.into_iter().rev().collect();
    let path = find(&mesh.leaf, &pool, &anchors, &at).unwrap();
    assert_eq!((path.certificates().len(), &path.certificates()[2]), (3, &entrance));
    assert_eq!(find(&mesh.leaf, &reversed, &anchors, &at).unwrap(), path);
}

/// A root under two others, once each way: whoever cannot use the first path asks for the next.
#[test]
fn paths_come_one_at_a_time_in_an_order_of_their_own() {
    let (east, west, middle) = (Party::new("east"), Party::new("west"), Party::new("middle"));
    let roots = [&east, &west].map(|root| root.certifies(root, 1, &authority()));
    let leaf = middle.certifies(&Party::new("leaf"), 1, &[]);
    let dates = |year: &[u8; 13]| [*year, *b"300101000000Z"];
    let (older, younger) = (dates(b"200101000000Z"), dates(b"210101000000Z"));
    let cross = [(&east, older), (&west, younger), (&west, older)]
        .map(|(root, [from, to])| root.certifies_for(&middle, 1, &authority(), [&from, &to]));
    let at = Parameters::at(now());
    let anchors = Anchors::from_certificates(roots);
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];
    let all: Vec<Vec<Path>> = orders
        .into_iter()
        .map(|order| {
            let pool: Pool = order.into_iter().map(|number| cross[number].clone()).collect();
            paths(&leaf, &pool, &anchors, &at).collect()
        })
        .collect();
    assert_eq!(all[0].len(), 3);
    assert_eq!(all[0][0].certificates()[1], cross[1], "the younger first");
    assert!(all.iter().all(|other| *other == all[0]));

    let pool: Pool = cross.into_iter().collect();
    let mut memo = SignatureMemo::limited(2);
    let mut search = paths_with(&leaf, &pool, &anchors, &at, &mut memo);
    assert!(search.next().is_some(), "two signatures do for the first");
    assert_eq!(search.refused(), &NoPath::default());
    assert_eq!(find_all(&leaf, &pool, &anchors, &at, 2).paths, all[0][..2]);
}

/// RFC 4210, 4.4: a new key of the same name, and certificates of each key by the other.
#[test]
fn keys_roll_over() {
    let (old, new, middle) = (Party::new("root"), Party::new("root"), Party::new("middle"));
    let new_with_old = old.certifies(&new, 2, &authority());
    let old_with_new = new.certifies(&old, 3, &authority());
    let [old_root, new_root] = [&old, &new].map(|root| root.certifies(root, 1, &authority()));
    let at = Parameters::at(now());
    let pool = Pool::from_certificates([
        new_with_old.clone(),
        old_with_new.clone(),
        old_root.clone(),
        new_root.clone(),
    ]);
    let holder = Party::new("leaf");
    for (signer, known, cross) in [(&new, &old_root, &new_with_old), (&old, &new_root, &old_with_new)] {
        let leaf = signer.certifies(&holder, 1, &[]);
        let path = find(&leaf, &pool, &anchor_of(known), &at).unwrap();
        assert_eq!(path.certificates(), [leaf.clone(), cross.clone()]);
        let both = Anchors::from_certificates([old_root.clone(), new_root.clone()]);
        assert_eq!(find(&leaf, &pool, &both, &at).unwrap().certificates().len(), 1);
    }

    // The certificate of the new key is self-issued: no limit on the length of the path counts it.
    let closed =
        [extension(oids::BASIC_CONSTRAINTS, true, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]), authority().remove(1)];
    let rolled = Party::new("middle");
    let pool = Pool::from_certificates([
        old.certifies(&middle, 4, &closed),
        middle.certifies(&rolled, 5, &authority()),
        rolled.certifies(&Party::new("below"), 6, &authority()),
    ]);
    let leaf = rolled.certifies(&holder, 7, &[]);
    assert_eq!(find(&leaf, &pool, &anchor_of(&old_root), &at).unwrap().certificates().len(), 3);
}

#[test]
fn key_identifiers_are_hints() {
    let (root, one, two) = (Party::new("root"), Party::new("middle"), Party::new("middle"));
    let anchors = anchor_of(&root.certifies(&root, 1, &authority()));
    let at = Parameters::at(now());
    let leaf = one.certifies(&Party::new("leaf"), 1, &[key_above(b"two")]);
    let [first, second] = [(&one, b"one", 1), (&two, b"two", 2)]
        .map(|(party, key, serial)| root.certifies(party, serial, &authority_with(&[own_key(key)])));
    // A wrong identifier refuses nothing.
    let path = find(&leaf, &Pool::from_certificates([first.clone()]), &anchors, &at).unwrap();
    assert_eq!(path.certificates()[1], first);
    // It says where to look first.
    let found = find_all(&leaf, &Pool::from_certificates([first.clone(), second.clone()]), &anchors, &at, 1);
    assert_eq!(found.paths[0].certificates()[1], first);
    assert_eq!(found.not.refused[0].certificates[1], second);
    let right = one.certifies(&Party::new("leaf"), 1, &[key_above(b"one")]);
    let found = find_all(&right, &Pool::from_certificates([second, first]), &anchors, &at, 1);
    assert!(found.not.refused.is_empty());
}

/// Below an anchor as the caller trusts it.
fn below(constraints: AnchorConstraints, parameters: &Parameters) -> Result<Path, NoPath> {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let own = root.certifies(&root, 1, &authority_with(&[permits(&[0x82, 1, b'x']), policies(&["1.2.9"])]));
    let above = root.certifies(&middle, 1, &authority_with(&[policies(&["1.2.3", "1.2.4"])]));
    let names = extension(oids::SUBJECT_ALT_NAME, false, &tlv(0x30, &[&tlv(0x82, &[b"a.example"])]));
    let leaf = middle.certifies(&leaf, 1, &[names, policies(&["1.2.3", "1.2.4"])]);
    let anchors = Anchors::from_iter([Anchor::from_certificate(own).constrained(constraints)]);
    find(&leaf, &Pool::from_certificates([above]), &anchors, parameters)
}

#[test]
fn an_anchor_is_trusted_for_what_its_constraints_leave() {
    let policy = |text: &str| Oid::from(text.parse::<ObjectIdentifier>().unwrap());
    let at = Parameters::at(now());
    let none = AnchorConstraints::default();
    let path = below(none.clone(), &at).unwrap();
    assert_eq!(path.policies(), &PolicySet::These(vec![policy("1.2.3"), policy("1.2.4")]));

    let mut short = none.clone();
    short.path_len = Some(0);
    assert_eq!(reason(below(short.clone(), &at)), Reason::PathLength);
    short.path_len = Some(1);
    assert!(below(short, &at).is_ok());

    let root = Party::new("root");
    let of_certificate = |more: &[Vec<u8>]| {
        AnchorConstraints::from_certificate(&root.certifies(&root, 1, &authority_with(more))).unwrap()
    };
    assert_eq!(of_certificate(&[policies(&["1.2.9", "2.5.29.32.0"])]), none);
    let named = of_certificate(&[permits(&[0x82, 9, b'b', b'.', b'e', b'x', b'a', b'm', b'p', b'l', b'e'])]);
    assert!(matches!(reason(below(named, &at)), Reason::NameNotPermitted { .. }));
    assert!(below(of_certificate(&[permits(b"\x82\x07example")]), &at).is_ok());

    let mut one = of_certificate(&[policies(&["1.2.4", "1.2.5"])]);
    let path = below(one.clone(), &at).unwrap();
    assert_eq!(path.policies(), &PolicySet::These(vec![policy("1.2.4")]));
    one.require_explicit_policy = Some(0);
    assert!(below(one.clone(), &at).is_ok());
    let asks = |acceptable: &str| {
        let acceptable = Some(vec![policy(acceptable)]);
        at.clone().policies(InitialPolicies { acceptable, ..InitialPolicies::default() })
    };
    assert!(below(one.clone(), &asks("1.2.4")).is_ok());
    assert_eq!(reason(below(one.clone(), &asks("1.2.3"))), Reason::Policy, "the anchor is not for it");
    one.policies = Some(vec![policy("1.2.9")]);
    assert_eq!(reason(below(one, &at)), Reason::Policy);
}

#[test]
fn an_anchor_sets() {
    let (root, other, leaf) = (Party::new("root"), Party::new("other"), Party::new("leaf"));
    let own = root.certifies(&root, 1, &authority());
    let certificate = root.certifies(&leaf, 1, &[]);
    let sunset = Time::from_civil(2025, 6, 1, 0, 0, 0).unwrap();
    let before = Time::from_unix(sunset.unix_seconds() - 1).with_nanos(999_999_999).unwrap();
    let setting = Anchor::from_certificate(own.clone()).until(sunset);
    let anchors = Anchors::from_iter([setting.clone()]);
    let (none, at) = (Pool::new(), Parameters::at);
    assert!(find(&certificate, &none, &anchors, &at(before)).is_ok());
    for time in [sunset, now()] {
        let told = Reason::AnchorSunset { sunset, time };
        assert_eq!(reason(find(&certificate, &none, &anchors, &at(time))), told);
        assert_eq!(reason(find(&own, &none, &anchors, &at(time))), told, "the anchor itself too");
        let path = find(&certificate, &none, &anchors, &at(time).anchor_sunset(Validity::Ignored)).unwrap();
        assert!(!path.anchor().is_trusted_at(time) && path.anchor().sunset() == Some(sunset));
    }

    // Another anchor vouches for it still, or the same does without end.
    let cross = other.certifies(&root, 1, &authority());
    let pool = Pool::from_certificates([own.clone(), cross]);
    let top = Anchor::from_certificate(other.certifies(&other, 1, &authority()));
    let anchors = Anchors::from_iter([setting.clone(), top]);
    assert_eq!(find(&certificate, &pool, &anchors, &at(before)).unwrap().certificates().len(), 1);
    let found = find_all(&certificate, &pool, &anchors, &at(now()), 8);
    assert_eq!((found.paths.len(), found.not.refused.len()), (1, 1));
    assert_eq!(found.paths[0].certificates().len(), 2);
    let twice = Anchors::from_iter([setting.clone(), Anchor::from_certificate(own.clone()), setting]);
    assert_eq!(twice.len(), 2);
    assert!(find(&certificate, &none, &twice, &at(now())).is_ok());
    assert!(find(&own, &none, &twice, &at(now())).unwrap().is_anchor_itself());
}

#[test]
fn in_the_chain_model_authorities_count_when_they_issued() {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let anchors =
        anchor_of(&root.certifies_for(&root, 1, &authority(), [b"100101000000Z", b"180101000000Z"]));
    let above = root.certifies_for(&middle, 1, &authority(), [b"150101000000Z", b"210101000000Z"]);
    let pool = Pool::from_certificates([above]);
    let issued = |from: &[u8; 13]| middle.certifies_for(&leaf, 1, &[], [from, b"300101000000Z"]);
    let (in_time, late) = (issued(b"201231235959Z"), issued(b"210101000001Z"));
    let shell = Parameters::at(now());
    let chain = shell.clone().model(Model::Chain);
    assert!(matches!(reason(find(&in_time, &pool, &anchors, &shell)), Reason::Expired { .. }));
    assert!(find(&in_time, &pool, &anchors, &chain).is_ok());
    let none = find(&late, &pool, &anchors, &chain).unwrap_err();
    let refusal = &none.refused[0].refusal;
    assert!(matches!(refusal.reason, Reason::IssuedOutsideValidity { .. }));
    assert_eq!((&refusal.certificate, refusal.position), (&late, 0));
    // What the caller does not want to know of dates holds in this model as well.
    assert!(find(&late, &pool, &anchors, &chain.clone().authority_validity(Validity::Ignored)).is_ok());
    assert!(find(&in_time, &pool, &anchors, &chain.clone().anchor_validity(Validity::Checked)).is_ok());
    let young = anchor_of(&root.certifies_for(&root, 1, &authority(), [b"160101000000Z", b"180101000000Z"]));
    let checked = chain.clone().anchor_validity(Validity::Checked);
    assert!(matches!(reason(find(&in_time, &pool, &young, &checked)), Reason::AnchorValidity { .. }));
    let early = Parameters::at(Time::from_civil(2019, 1, 1, 0, 0, 0).unwrap()).model(Model::Chain);
    assert!(matches!(reason(find(&in_time, &pool, &anchors, &early)), Reason::NotYetValid { .. }));
}

#[test]
fn usages_of_authorities_limit_where_asked() {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let anchors = anchor_of(&root.certifies(&root, 1, &authority_with(&[usages(&[oids::OCSP_SIGNING])])));
    let leaf = middle.certifies(&leaf, 1, &[usages(&[oids::TIME_STAMPING])]);
    let asked = Parameters::at(now()).purpose(Purpose::TimeStamping);
    let limiting = asked.clone().authority_usages(AuthorityUsages::Limiting);
    let with = |more: &[Vec<u8>], parameters: &Parameters| {
        let above = root.certifies(&middle, 1, &authority_with(more));
        find(&leaf, &Pool::from_certificates([above]), &anchors, parameters)
    };
    let other = [usages(&[oids::OCSP_SIGNING])];
    assert!(with(&other, &asked).is_ok());
    let none = with(&other, &limiting).unwrap_err();
    assert_eq!(none.refused[0].refusal.position, 1);
    assert_eq!(reason(Err(none)), Reason::AuthorityPurpose { purpose: Purpose::TimeStamping });
    assert!(with(&other, &limiting.clone().purpose(Purpose::Any)).is_ok());
    for right in [vec![], vec![usages(&[oids::TIME_STAMPING])], vec![usages(&[oids::ANY_EXTENDED_KEY_USAGE])]]
    {
        assert!(with(&right, &limiting).is_ok());
    }
}

/// A mailbox in another form is no way around a constraint on mailboxes.
#[test]
fn international_mailboxes_are_constrained() {
    let (root, middle, leaf) = (Party::new("root"), Party::new("middle"), Party::new("leaf"));
    let anchors = anchor_of(&root.certifies(&root, 1, &authority()));
    let above = root.certifies(&middle, 1, &authority_with(&[permits(b"\x81\x05b.com")]));
    let pool = Pool::from_certificates([above]);
    let outcome = |text: &str| {
        let kind = tlv(6, &[ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9").as_bytes()]);
        let value = tlv(0xa0, &[&tlv(0x0c, &[text.as_bytes()])]);
        let names = tlv(0x30, &[&tlv(0xa0, &[&kind, &value])]);
        let leaf = middle.certifies(&leaf, 1, &[extension(oids::SUBJECT_ALT_NAME, false, &names)]);
        find(&leaf, &pool, &anchors, &Parameters::at(now()))
    };
    assert!(outcome("ø@b.com").is_ok());
    assert!(matches!(reason(outcome("ø@c.com")), Reason::NameNotPermitted { .. }));
    assert!(matches!(reason(outcome("x@bø.com")), Reason::NameConstraintUnsupported { .. }));
}
