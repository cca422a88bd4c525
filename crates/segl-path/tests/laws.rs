//! What holds whoever vouches for whom.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::sync::OnceLock;

use common::{Party, authority, now};
use proptest::prelude::*;
use segl_path::{Anchors, Parameters, Path, Pool, check, find_all, paths};
use segl_x509::Certificate;

const NAMES: [&str; 6] = ["0", "1", "2", "3", "4", "5"];

/// Each authority's certificate of each, itself among them, and a leaf under each.
struct World {
    cross: Vec<Vec<Certificate>>,
    leaves: Vec<Certificate>,
    /// Each name once more, with another key.
    strangers: Vec<Certificate>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authorities = NAMES.map(Party::new);
        let (holder, extensions) = (Party::new("leaf"), authority());
        let certify = |issuer: &Party| {
            authorities.iter().map(|subject| issuer.certifies(subject, 1, &extensions)).collect()
        };
        World {
            cross: authorities.iter().map(certify).collect(),
            strangers: NAMES.map(Party::new).iter().map(|one| one.certifies(one, 1, &extensions)).collect(),
            leaves: authorities.iter().map(|issuer| issuer.certifies(&holder, 1, &[])).collect(),
        }
    })
}

/// Whether `to` can be reached from `from` at all, going from issued to issuer.
fn is_reachable(from: usize, to: usize, edges: &[(usize, usize)]) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(&at) = reached.get(next) {
        let issuers = edges.iter().filter(|(_, subject)| *subject == at).map(|(issuer, _)| *issuer);
        let new: Vec<usize> = issuers.filter(|issuer| !reached.contains(issuer)).collect();
        reached.extend(new);
        next += 1;
    }
    reached.contains(&to)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A path is found exactly when there is one; each satisfies the check by itself, none comes twice, and the order of the pool
    /// plays no part.
    #[test]
    fn what_can_be_reached_is_found_in_one_order(
        edges in prop::collection::vec((0..NAMES.len(), 0..NAMES.len()), 0..14),
        issuer in 0..NAMES.len(),
        top in 0..NAMES.len(),
    ) {
        let world = world();
        let parameters = Parameters::at(now());
        let anchors = Anchors::from_certificates([world.cross[top][top].clone()]);
        let given: Vec<Certificate> =
            edges.iter().map(|(issuer, subject)| world.cross[*issuer][*subject].clone()).collect();
        let leaf = &world.leaves[issuer];
        let pool: Pool = given.iter().cloned().collect();
        let found = find_all(leaf, &pool, &anchors, &parameters, usize::MAX);
        prop_assert_eq!(found.not.exhausted, None);
        prop_assert_eq!(!found.paths.is_empty(), is_reachable(issuer, top, &edges));
        for (number, path) in found.paths.iter().enumerate() {
            let checked = check(path.certificates(), path.anchor(), &parameters);
            prop_assert_eq!(checked.as_ref(), Ok(path));
            prop_assert!(!found.paths[..number].contains(path));
        }
        let reversed: Pool = given.into_iter().rev().collect();
        let again: Vec<Path> = paths(leaf, &reversed, &anchors, &parameters).collect();
        prop_assert_eq!(again, found.paths);

        // Of an anchor that has the name and not the key, every way is refused, in one order too.
        let strangers = Anchors::from_certificates([world.strangers[top].clone()]);
        let refused = [&pool, &reversed].map(|pool| find_all(leaf, pool, &strangers, &parameters, usize::MAX));
        prop_assert!(refused.iter().all(|found| found.paths.is_empty()));
        prop_assert_eq!(&refused[0].not, &refused[1].not);
        prop_assert_eq!(!refused[0].not.refused.is_empty(), is_reachable(issuer, top, &edges));
    }
}
