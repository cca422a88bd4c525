//! The path validation of RFC 5280, 6.1.

use std::borrow::Cow;

use segl_crypto::with_inherited_parameters;
use segl_x509::{Certificate, Extension, KeyUsage, ObjectIdentifier, Oid, oids};

use crate::anchor::Anchor;
use crate::budget::Budget;
use crate::constraints::AnchorConstraints;
use crate::error::{Reason, Refusal};
use crate::names::NameState;
use crate::parameters::{AuthorityUsages, Model, Parameters, Purpose, Validity};
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
/// at all is a path of the anchor with itself, of which nothing is checked.
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
    let is_anchor_itself = matches!(certificates, [only] if anchor.is(only));
    let mut state = State::new(certificates.len(), parameters);
    if !is_anchor_itself {
        state.constrain(anchor.constraints());
    }
    let mut inherited: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut working = Cow::Borrowed(anchor.spki_der());
    let mut holder = anchor.certificate();
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
                anchor_times(anchor, certificate, parameters)?;
            }
            if !is_anchor_itself {
                if !certificate.issuer().matches(above.map_or(anchor.name(), Certificate::subject)) {
                    return Err(Reason::IssuerName);
                }
                signatures.verify(certificate, &working, holder, budget)?;
            }
            if let Some(oid) = certificate.duplicate_extensions().first() {
                return Err(Reason::DuplicateExtension { oid: (*oid).clone() });
            }
            state.certificate(certificate, above, position == 0, parameters, budget)?;
            if position > 0 {
                state.prepare_for_next(certificate)?;
                authority_purpose(certificate, parameters)?;
            }
            critical_extensions(certificate.extensions(), parameters)
        };
        step().map_err(refuse(position, certificate))?;
        let key = with_inherited_parameters(certificate.spki_der(), &working);
        if let Cow::Owned(completed) = &key {
            inherited.push((position, completed.clone()));
        }
        working = key.into_owned().into();
        holder = Some(certificate);
    }
    let Some(leaf) = certificates.first() else {
        return Ok(state.finish(certificates, anchor, inherited));
    };
    state.wrap_up(leaf).map_err(refuse(0, leaf))?;
    purpose(leaf, parameters.purpose).map_err(refuse(0, leaf))?;
    Ok(state.finish(certificates, anchor, inherited))
}

/// What one certificate must be to issue others, whatever stands above and below (6.1.4 (k) and (n)).
pub(crate) fn may_issue(certificate: &Certificate) -> Result<(), Reason> {
    match certificate.basic_constraints()? {
        Some(constraints) if constraints.ca && certificate.version() == 3 => {}
        _ => return Err(Reason::NotAnAuthority),
    }
    match certificate.key_usage()? {
        Some(usage) if !usage.contains(KeyUsage::KEY_CERT_SIGN) => Err(Reason::KeyUsage),
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
    /// user-initial-policy-set, `None` for any-policy.
    acceptable: Option<Vec<Oid>>,
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
            acceptable: policies.acceptable.clone(),
        }
    }

    /// What the anchor is trusted for narrows the inputs (RFC 5937, 3).
    fn constrain(&mut self, constraints: &AnchorConstraints) {
        self.names.add(constraints.names.clone());
        lower(&mut self.explicit_policy, constraints.require_explicit_policy);
        lower(&mut self.policy_mapping, constraints.inhibit_policy_mapping);
        lower(&mut self.inhibit_any_policy, constraints.inhibit_any_policy);
        lower(&mut self.max_path_length, constraints.path_len);
        self.acceptable = constraints.acceptable(self.acceptable.as_deref());
    }

    /// 6.1.3 (a)(2) and (b) to (f).
    fn certificate(
        &mut self,
        certificate: &Certificate,
        above: Option<&Certificate>,
        is_leaf: bool,
        parameters: &Parameters,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        validity(certificate, above, is_leaf, parameters)?;
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
    fn wrap_up(&mut self, leaf: &Certificate) -> Result<(), Reason> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        let required = leaf.policy_constraints()?.and_then(|constraints| constraints.require_explicit_policy);
        if required == Some(0) {
            self.explicit_policy = 0;
        }
        let left = self.graph.intersect(self.acceptable.as_deref());
        if self.explicit_policy > 0 || !left.is_nothing() { Ok(()) } else { Err(Reason::Policy) }
    }

    fn finish(self, certificates: &[Certificate], anchor: &Anchor, inherited: Vec<(usize, Vec<u8>)>) -> Path {
        Path {
            certificates: certificates.to_vec(),
            anchor: anchor.clone(),
            policies: self.graph.intersect(self.acceptable.as_deref()),
            inherited,
        }
    }
}

fn lower(counter: &mut usize, limit: Option<u32>) {
    if let Some(limit) = limit {
        *counter = (*counter).min(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

/// The dates, by the model that was asked for.
fn validity(
    certificate: &Certificate,
    above: Option<&Certificate>,
    is_leaf: bool,
    parameters: &Parameters,
) -> Result<(), Reason> {
    let is_chain = parameters.model == Model::Chain;
    if is_chain
        && parameters.authority_validity == Validity::Checked
        && let Some(above) = above.filter(|above| !above.is_valid_at(certificate.not_before()))
    {
        return Err(Reason::IssuedOutsideValidity {
            issued: certificate.not_before(),
            not_before: above.not_before(),
            not_after: above.not_after(),
        });
    }
    let dates = if is_leaf { parameters.leaf_validity } else { parameters.authority_validity };
    let time = parameters.time;
    if dates == Validity::Ignored || (is_chain && !is_leaf) || certificate.is_valid_at(time) {
        Ok(())
    } else if time < certificate.not_before() {
        Err(Reason::NotYetValid { not_before: certificate.not_before(), time })
    } else {
        Err(Reason::Expired { not_after: certificate.not_after(), time })
    }
}

/// The sunset, and the dates of the anchor's own certificate, where they count. `topmost` is what the anchor issued.
fn anchor_times(anchor: &Anchor, topmost: &Certificate, parameters: &Parameters) -> Result<(), Reason> {
    let time = parameters.time;
    if let Some(sunset) = anchor.sunset().filter(|_| parameters.anchor_sunset == Validity::Checked)
        && !anchor.is_trusted_at(time)
    {
        return Err(Reason::AnchorSunset { sunset, time });
    }
    let own = anchor.certificate().filter(|_| parameters.anchor_validity == Validity::Checked);
    let time = match parameters.model {
        Model::Chain if !anchor.is(topmost) => topmost.not_before(),
        _ => time,
    };
    match own {
        Some(own) if !own.is_valid_at(time) => {
            Err(Reason::AnchorValidity { not_before: own.not_before(), not_after: own.not_after(), time })
        }
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
    let fits = match purpose {
        Purpose::Any => true,
        Purpose::CrlSigning => leaf.key_usage()?.is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN)),
        Purpose::Extended(oid) => usages
            .as_deref()
            .is_none_or(|usages| names(usages, oid) || names(usages, oids::ANY_EXTENDED_KEY_USAGE)),
        Purpose::OcspSigning => usages.is_some_and(|usages| names(&usages, oids::OCSP_SIGNING)),
        Purpose::TimeStamping => usages.is_some_and(|usages| names(&usages, oids::TIME_STAMPING)),
    };
    if fits { Ok(()) } else { Err(Reason::Purpose { purpose }) }
}

/// Whether an authority's own extended key usages leave room for the purpose of the leaf, where that was asked for.
fn authority_purpose(authority: &Certificate, parameters: &Parameters) -> Result<(), Reason> {
    let purpose = parameters.purpose;
    let wanted = match (parameters.authority_usages, purpose) {
        (AuthorityUsages::Ignored, _) | (_, Purpose::Any | Purpose::CrlSigning) => return Ok(()),
        (AuthorityUsages::Limiting, Purpose::Extended(oid)) => oid,
        (AuthorityUsages::Limiting, Purpose::OcspSigning) => oids::OCSP_SIGNING,
        (AuthorityUsages::Limiting, Purpose::TimeStamping) => oids::TIME_STAMPING,
    };
    match authority.ext_key_usage()? {
        Some(usages) if !names(&usages, wanted) && !names(&usages, oids::ANY_EXTENDED_KEY_USAGE) => {
            Err(Reason::AuthorityPurpose { purpose })
        }
        _ => Ok(()),
    }
}

fn names(usages: &[Oid], wanted: ObjectIdentifier) -> bool {
    usages.iter().any(|usage| *usage == wanted)
}
