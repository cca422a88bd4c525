//! Policy processing as a graph with one node per policy and level.
//!
//! RFC 9618 replaced the tree of RFC 5280, whose size is exponential in the length of the path, by this graph. The outcome
//! is the same.

use std::collections::{BTreeMap, BTreeSet};

use segl_x509::{Oid, PolicyInformation, PolicyMapping, oids};

use crate::path::PolicySet;

#[derive(Debug, Clone, Default)]
struct Node {
    expected: BTreeSet<Oid>,
    parents: BTreeSet<Oid>,
}

type Level = BTreeMap<Oid, Node>;

/// valid_policy_graph; `levels` is empty when the graph is NULL.
#[derive(Debug, Clone)]
pub(crate) struct PolicyGraph {
    levels: Vec<Level>,
    any: Oid,
}

impl PolicyGraph {
    pub(crate) fn new() -> Self {
        let any = Oid::from(oids::ANY_POLICY);
        let root = Node { expected: BTreeSet::from([any.clone()]), parents: BTreeSet::new() };
        Self { levels: vec![BTreeMap::from([(any.clone(), root)])], any }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.levels.is_empty()
    }

    /// 6.1.3 (d) and (e). `any_counts` says whether anyPolicy in this certificate still means something.
    pub(crate) fn add_certificate(&mut self, policies: Option<&[PolicyInformation]>, any_counts: bool) {
        let (Some(policies), Some(above)) = (policies, self.levels.last()) else {
            self.levels.clear();
            return;
        };
        let mut expecting: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (policy, node) in above {
            for expected in &node.expected {
                expecting.entry(expected).or_default().insert(policy.clone());
            }
        }
        let mut level = Level::new();
        let leaf_node = |policy: &Oid, parents: BTreeSet<Oid>| Node {
            expected: BTreeSet::from([policy.clone()]),
            parents,
        };
        for policy in policies.iter().map(|information| &information.policy) {
            if *policy == self.any {
                continue;
            }
            if let Some(parents) = expecting.get(policy) {
                level.insert(policy.clone(), leaf_node(policy, parents.clone()));
            } else if above.contains_key(&self.any) {
                level.insert(policy.clone(), leaf_node(policy, BTreeSet::from([self.any.clone()])));
            }
        }
        let names_any = policies.iter().any(|information| information.policy == self.any);
        if names_any && any_counts {
            for (expected, parents) in &expecting {
                level.entry((*expected).clone()).or_insert_with(|| leaf_node(expected, parents.clone()));
            }
        }
        self.push(level);
    }

    /// 6.1.4 (b). `allowed` is whether policy_mapping is still above zero.
    pub(crate) fn map(&mut self, mappings: &[PolicyMapping], allowed: bool) {
        let Some(mut level) = self.levels.pop() else { return };
        let mut grouped: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for mapping in mappings {
            grouped.entry(&mapping.issuer_domain).or_default().insert(mapping.subject_domain.clone());
        }
        for (policy, expected) in grouped {
            if !allowed {
                level.remove(policy);
            } else if let Some(node) = level.get_mut(policy) {
                node.expected = expected;
            } else if level.contains_key(&self.any) {
                level.insert(policy.clone(), Node { expected, parents: BTreeSet::from([self.any.clone()]) });
            }
        }
        self.push(level);
    }

    fn push(&mut self, level: Level) {
        // Nodes without children need no pruning: nothing looks at a level but the last, and the end walks upwards.
        if level.is_empty() { self.levels.clear() } else { self.levels.push(level) }
    }

    /// 6.1.5 (g): what is left of the user's policies.
    pub(crate) fn intersect(&self, acceptable: Option<&[Oid]>) -> PolicySet {
        let mut authority = BTreeSet::new();
        let mut reached: BTreeSet<Oid> =
            self.levels.last().map(|level| level.keys().cloned().collect()).unwrap_or_default();
        let ends_in_any = reached.contains(&self.any);
        for level in self.levels.iter().rev() {
            let mut above = BTreeSet::new();
            for (policy, node) in level.iter().filter(|(policy, _)| reached.contains(*policy)) {
                if *policy != self.any && node.parents.contains(&self.any) {
                    authority.insert(policy.clone());
                }
                above.extend(node.parents.iter().cloned());
            }
            reached = above;
        }
        let acceptable = acceptable.filter(|policies| !policies.contains(&self.any));
        match acceptable {
            None if ends_in_any => PolicySet::Any,
            None => PolicySet::These(authority.into_iter().collect()),
            Some(policies) => PolicySet::These(
                policies
                    .iter()
                    .filter(|policy| ends_in_any || authority.contains(*policy))
                    .cloned()
                    .collect(),
            ),
        }
    }
}

impl PolicySet {
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::These(policies) if policies.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segl_x509::ObjectIdentifier;

    fn policy(text: &str) -> Oid {
        Oid::from(ObjectIdentifier::new_unwrap(text))
    }

    fn information(texts: &[&str]) -> Vec<PolicyInformation> {
        texts.iter().map(|text| PolicyInformation { policy: policy(text), qualifiers: Vec::new() }).collect()
    }

    fn mapping(from: &str, to: &str) -> PolicyMapping {
        PolicyMapping { issuer_domain: policy(from), subject_domain: policy(to) }
    }

    const ANY: &str = "2.5.29.32.0";

    #[test]
    fn policies_go_through_mappings() {
        let mut graph = PolicyGraph::new();
        graph.add_certificate(Some(&information(&["1.2.3", "1.2.4"])), true);
        graph.map(&[mapping("1.2.3", "1.9.1")], true);
        graph.add_certificate(Some(&information(&["1.9.1"])), true);
        assert_eq!(graph.intersect(None), PolicySet::These(vec![policy("1.2.3")]));
        assert!(graph.intersect(Some(&[policy("1.9.1")])).is_nothing());

        let mut inhibited = PolicyGraph::new();
        inhibited.add_certificate(Some(&information(&["1.2.3"])), true);
        inhibited.map(&[mapping("1.2.3", "1.9.1")], false);
        assert!(inhibited.is_null());
    }

    #[test]
    fn any_policy_expands_until_inhibited() {
        let mut graph = PolicyGraph::new();
        graph.add_certificate(Some(&information(&[ANY])), true);
        assert_eq!(graph.intersect(None), PolicySet::Any);
        assert_eq!(graph.intersect(Some(&[policy("1.2.3")])), PolicySet::These(vec![policy("1.2.3")]));
        graph.map(&[mapping("1.2.3", "1.9.1")], true);
        graph.add_certificate(Some(&information(&["1.9.1"])), true);
        assert_eq!(graph.intersect(None), PolicySet::These(vec![policy("1.2.3")]));
        let mut inhibited = PolicyGraph::new();
        inhibited.add_certificate(Some(&information(&[ANY])), false);
        assert!(inhibited.is_null());
    }

    #[test]
    fn many_mappings_stay_small() {
        // The tree of RFC 5280 would have 64^16 nodes here.
        let names: Vec<String> = (0..64).map(|number| format!("1.2.{number}")).collect();
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        let mappings: Vec<PolicyMapping> =
            names.iter().flat_map(|from| names.iter().map(|to| mapping(from, to))).collect();
        let mut graph = PolicyGraph::new();
        for _ in 0..16 {
            graph.add_certificate(Some(&information(&texts)), true);
            graph.map(&mappings, true);
        }
        graph.add_certificate(Some(&information(&texts)), true);
        assert!(matches!(graph.intersect(None), PolicySet::These(policies) if policies.len() == 64));
    }
}
