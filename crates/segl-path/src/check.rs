//! The path validation of RFC 5280, 6.1.

use segl_x509::{Certificate, Extension, ObjectIdentifier, Oid, oids};

use crate::anchor::Anchor;
use crate::budget::Budget;
use crate::error::{Reason, Refusal};
use crate::names::NameState;
use crate::parameters::{Parameters, Purpose, Validity};
use crate::path::Path;
use crate::policy_graph::PolicyGraph;
use crate::signatures::SignatureMemo;

/// Critical extensions that are processed here, or that only say where to find something.
const PROCESSED: [ObjectIdentifier; 14] = [
    oids::KEY_USAGE,
    oids::SUBJECT_ALT_NAME,
    oids::ISSUER_ALT_NAME,
    oids::BASIC_CONSTRAINTS,
    oids::NAME_CONSTRAINTS,
    oids::CRL_DISTRIBUTION_POINTS,
    oids::CERTIFICATE_POLICIES,
    oids::POLICY_MAPPINGS,
    oids::POLICY_CONSTRAINTS,
    oids::EXT_KEY_USAGE,
    oids::INHIBIT_ANY_POLICY,
    oids::SUBJECT_KEY_IDENTIFIER,
    oids::AUTHORITY_KEY_IDENTIFIER,
    oids::QC_STATEMENTS,
];

/// Validates one given path (RFC 5280, 6.1) without revocation.
///
/// `certificates` go from the leaf to the one the anchor issued. If the leaf itself is the anchor, give it alone. No certificate
/// at all is a path of the anchor with itself.
///
/// # Errors
/// The first [`Refusal`] met on the way from the anchor down.
pub fn check(
    certificates: &[Certificate],
    anchor: &Anchor,
    parameters: &Parameters,
) -> Result<Path, Refusal> {
    let mut budget = Budget::new(parameters.limits);
    check_with(certificates, anchor, parameters, &mut budget, &mut SignatureMemo::default())
}

pub(crate) fn check_with(
    certificates: &[Certificate],
    anchor: &Anchor,
    parameters: &Parameters,
    budget: &mut Budget,
    signatures: &mut SignatureMemo,
) -> Result<Path, Refusal> {
    let mut state = State::new(certificates.len(), parameters);
    let is_anchor_itself = matches!(certificates, [only] if anchor.is(only));
    let refuse = |position: usize, certificate: &Certificate| {
        let certificate = certificate.clone();
        move |reason| Refusal { certificate, position, reason }
    };
    if let Some(own) = anchor.certificate().filter(|_| !is_anchor_itself && !certificates.is_empty()) {
        anchor.may_issue().map_err(refuse(certificates.len(), own))?;
    }
    for (position, certificate) in certificates.iter().enumerate().rev() {
        let above = certificates.get(position.saturating_add(1));
        let mut step = || -> Result<(), Reason> {
            if above.is_none() {
                anchor_validity(anchor, parameters)?;
            }
            if !is_anchor_itself {
                let (name, spki) = above
                    .map_or((anchor.name(), anchor.spki_der()), |above| (above.subject(), above.spki_der()));
                if !certificate.issuer().matches(name) {
                    return Err(Reason::IssuerName);
                }
                signatures.verify(certificate, spki, budget)?;
            }
            if let Some(oid) = certificate.duplicate_extensions().first() {
                return Err(Reason::DuplicateExtension { oid: (*oid).clone() });
            }
            state.certificate(certificate, position == 0, parameters, budget)?;
            if position > 0 {
                state.prepare_for_next(certificate)?;
            }
            critical_extensions(certificate.extensions(), parameters)
        };
        step().map_err(refuse(position, certificate))?;
    }
    let Some(leaf) = certificates.first() else {
        return Ok(state.finish(certificates, anchor, parameters));
    };
    state.wrap_up(leaf, parameters).map_err(refuse(0, leaf))?;
    purpose(leaf, parameters.purpose).map_err(refuse(0, leaf))?;
    Ok(state.finish(certificates, anchor, parameters))
}

/// What one certificate must be to issue others, whatever stands above and below (6.1.4 (k) and (n)).
pub(crate) fn may_issue(certificate: &Certificate) -> Result<(), Reason> {
    match certificate.basic_constraints()? {
        Some(constraints) if constraints.ca && certificate.version() == 3 => {}
        _ => return Err(Reason::NotAnAuthority),
    }
    match certificate.key_usage()? {
        Some(usage) if !usage.contains(segl_x509::KeyUsage::KEY_CERT_SIGN) => Err(Reason::KeyUsage),
        _ => Ok(()),
    }
}

/// The state variables of 6.1.2.
struct State {
    graph: PolicyGraph,
    explicit_policy: usize,
    policy_mapping: usize,
    inhibit_any_policy: usize,
    max_path_length: usize,
    names: NameState,
}

impl State {
    fn new(n: usize, parameters: &Parameters) -> Self {
        let policies = &parameters.policies;
        let counter = |at_once: bool| if at_once { 0 } else { n.saturating_add(1) };
        let mut names = NameState::default();
        names.add(parameters.names.clone());
        Self {
            graph: PolicyGraph::new(),
            explicit_policy: counter(policies.require_explicit),
            policy_mapping: counter(policies.inhibit_mapping),
            inhibit_any_policy: counter(policies.inhibit_any),
            max_path_length: n,
            names,
        }
    }

    /// 6.1.3 (a)(2) and (b) to (f).
    fn certificate(
        &mut self,
        certificate: &Certificate,
        is_leaf: bool,
        parameters: &Parameters,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let dates = if is_leaf { parameters.leaf_validity } else { parameters.authority_validity };
        if dates == Validity::Checked {
            validity(certificate, parameters)?;
        }
        let is_self_issued = certificate.is_self_issued();
        if is_leaf || !is_self_issued {
            self.names.check(certificate, budget)?;
        }
        let policies = certificate.policies()?;
        let any_counts = self.inhibit_any_policy > 0 || (!is_leaf && is_self_issued);
        self.graph.add_certificate(policies.as_deref(), any_counts);
        self.policy_is_left()
    }

    fn policy_is_left(&self) -> Result<(), Reason> {
        if self.explicit_policy > 0 || !self.graph.is_null() { Ok(()) } else { Err(Reason::Policy) }
    }

    /// 6.1.4.
    fn prepare_for_next(&mut self, certificate: &Certificate) -> Result<(), Reason> {
        if let Some(mappings) = certificate.policy_mappings()? {
            let any = Oid::from(oids::ANY_POLICY);
            if mappings.iter().any(|mapping| mapping.issuer_domain == any || mapping.subject_domain == any) {
                return Err(Reason::PolicyMapping);
            }
            self.graph.map(&mappings, self.policy_mapping > 0);
        }
        if let Some(constraints) = certificate.name_constraints()? {
            self.names.add(constraints);
        }
        may_issue(certificate)?;
        if !certificate.is_self_issued() {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any_policy = self.inhibit_any_policy.saturating_sub(1);
            self.max_path_length = self.max_path_length.checked_sub(1).ok_or(Reason::PathLength)?;
        }
        if let Some(constraints) = certificate.policy_constraints()? {
            lower(&mut self.explicit_policy, constraints.require_explicit_policy);
            lower(&mut self.policy_mapping, constraints.inhibit_policy_mapping);
        }
        lower(&mut self.inhibit_any_policy, certificate.inhibit_any_policy()?);
        let limit = certificate.basic_constraints()?.and_then(|constraints| constraints.path_len);
        lower(&mut self.max_path_length, limit);
        Ok(())
    }

    /// 6.1.5 (a), (b) and (g).
    fn wrap_up(&mut self, leaf: &Certificate, parameters: &Parameters) -> Result<(), Reason> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        let required = leaf.policy_constraints()?.and_then(|constraints| constraints.require_explicit_policy);
        if required == Some(0) {
            self.explicit_policy = 0;
        }
        let left = self.graph.intersect(parameters.policies.acceptable.as_deref());
        if self.explicit_policy > 0 || !left.is_nothing() { Ok(()) } else { Err(Reason::Policy) }
    }

    fn finish(self, certificates: &[Certificate], anchor: &Anchor, parameters: &Parameters) -> Path {
        Path {
            certificates: certificates.to_vec(),
            anchor: anchor.clone(),
            policies: self.graph.intersect(parameters.policies.acceptable.as_deref()),
        }
    }
}

fn lower(counter: &mut usize, limit: Option<u32>) {
    if let Some(limit) = limit {
        *counter = (*counter).min(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

fn validity(certificate: &Certificate, parameters: &Parameters) -> Result<(), Reason> {
    let time = parameters.time;
    if certificate.is_valid_at(time) {
        Ok(())
    } else if time < certificate.not_before() {
        Err(Reason::NotYetValid { not_before: certificate.not_before(), time })
    } else {
        Err(Reason::Expired { not_after: certificate.not_after(), time })
    }
}

fn anchor_validity(anchor: &Anchor, parameters: &Parameters) -> Result<(), Reason> {
    let certificate = anchor.certificate().filter(|_| parameters.anchor_validity == Validity::Checked);
    match certificate {
        Some(certificate) if !certificate.is_valid_at(parameters.time) => Err(Reason::AnchorValidity {
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            time: parameters.time,
        }),
        _ => Ok(()),
    }
}

fn critical_extensions(extensions: &[Extension], parameters: &Parameters) -> Result<(), Reason> {
    let known = |extension: &&Extension| {
        PROCESSED.iter().chain(&parameters.known_critical).any(|oid| *extension.oid() == *oid)
    };
    match extensions.iter().filter(|extension| extension.is_critical()).find(|extension| !known(extension)) {
        Some(unknown) => Err(Reason::CriticalExtension { oid: unknown.oid().clone() }),
        None => Ok(()),
    }
}

fn purpose(leaf: &Certificate, purpose: Purpose) -> Result<(), Reason> {
    let usages = leaf.ext_key_usage()?;
    let names =
        |oid: ObjectIdentifier| usages.as_ref().is_some_and(|list| list.iter().any(|usage| *usage == oid));
    let fits = match purpose {
        Purpose::Any => true,
        Purpose::CrlSigning => {
            leaf.key_usage()?.is_none_or(|usage| usage.contains(segl_x509::KeyUsage::CRL_SIGN))
        }
        Purpose::Extended(oid) => usages.is_none() || names(oid) || names(oids::ANY_EXTENDED_KEY_USAGE),
        Purpose::OcspSigning => names(oids::OCSP_SIGNING),
        Purpose::TimeStamping => names(oids::TIME_STAMPING),
    };
    if fits { Ok(()) } else { Err(Reason::Purpose { purpose }) }
}
