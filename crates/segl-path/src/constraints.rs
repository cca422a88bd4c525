//! What an anchor is trusted for, beside its name and key.

use segl_x509::{Certificate, ExtensionError, NameConstraints, Oid, oids};

/// Constraints on the paths below an anchor (RFC 5914, CertPathControls), applied as RFC 5937 tells: each narrows what the
/// [`Parameters`](crate::Parameters) allow, none widens it. The default constrains nothing.
///
/// They are values of whoever trusts the anchor. What its certificate says of itself counts only where the caller takes it over with
/// [`from_certificate`](Self::from_certificate).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnchorConstraints {
    /// Names that certificates below may carry.
    pub names: NameConstraints,
    /// How many authorities may stand between the anchor and the leaf, those that are self-issued not counted.
    pub path_len: Option<u32>,
    /// Policies a path may be valid for; `None` for any.
    pub policies: Option<Vec<Oid>>,
    /// After how many certificates a policy must be left; 0 for at once.
    pub require_explicit_policy: Option<u32>,
    /// After how many certificates policies are mapped no more; 0 for at once.
    pub inhibit_policy_mapping: Option<u32>,
    /// After how many certificates anyPolicy counts no more; 0 for at once.
    pub inhibit_any_policy: Option<u32>,
}

impl AnchorConstraints {
    /// What the certificate says of itself: nameConstraints, the path length in basicConstraints, certificatePolicies,
    /// policyConstraints, inhibitAnyPolicy (RFC 5937, 3). Its dates and usages are not among it.
    ///
    /// # Errors
    /// [`ExtensionError`] for one of these extensions that cannot be read.
    pub fn from_certificate(certificate: &Certificate) -> Result<Self, ExtensionError> {
        let policies = certificate
            .policies()?
            .map(|list| -> Vec<Oid> { list.into_iter().map(|information| information.policy).collect() });
        let on_policies = certificate.policy_constraints()?;
        Ok(Self {
            names: certificate.name_constraints()?.unwrap_or_default(),
            path_len: certificate.basic_constraints()?.and_then(|constraints| constraints.path_len),
            policies: policies.filter(|list| !is_any(list)),
            require_explicit_policy: on_policies.as_ref().and_then(|one| one.require_explicit_policy),
            inhibit_policy_mapping: on_policies.as_ref().and_then(|one| one.inhibit_policy_mapping),
            inhibit_any_policy: certificate.inhibit_any_policy()?,
        })
    }

    /// user-initial-policy-set cut down to what the anchor is trusted for.
    pub(crate) fn acceptable(&self, asked: Option<&[Oid]>) -> Option<Vec<Oid>> {
        let own = self.policies.as_deref().filter(|list| !is_any(list));
        let asked = asked.filter(|list| !is_any(list));
        match (own, asked) {
            (Some(own), Some(asked)) => {
                Some(asked.iter().filter(|policy| own.contains(policy)).cloned().collect())
            }
            (one, other) => one.or(other).map(<[Oid]>::to_vec),
        }
    }
}

fn is_any(policies: &[Oid]) -> bool {
    policies.iter().any(|policy| *policy == oids::ANY_POLICY)
}
