//! Values of the extensions about policies (RFC 5280, 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14).

use crate::bytes::Bytes;
use crate::error::SyntaxError;
use crate::extensions::sequence;
use crate::oid::Oid;
use crate::reader::{INTEGER, Reader, SEQUENCE, implicit, small_unsigned};

/// One policy of certificatePolicies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInformation {
    /// Which policy.
    pub policy: Oid,
    /// Its qualifiers, as they stand.
    pub qualifiers: Vec<PolicyQualifier>,
}

/// A policy qualifier, not interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyQualifier {
    /// policyQualifierId.
    pub id: Oid,
    /// The qualifier element with its tag and length; empty when there is none.
    pub value: Vec<u8>,
}

impl PolicyInformation {
    pub(crate) fn list(value: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = sequence(value)?;
        let mut policies = Vec::new();
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let policy = Oid::next(&mut fields, value)?;
            let mut qualifiers = Vec::new();
            if let Some(list) = fields.optional(SEQUENCE)? {
                let mut list = list.reader();
                while !list.is_empty() {
                    let mut qualifier = list.expect(SEQUENCE)?.reader();
                    let id = Oid::next(&mut qualifier, value)?;
                    let value =
                        if qualifier.is_empty() { Vec::new() } else { qualifier.any()?.whole.to_vec() };
                    qualifier.finish()?;
                    qualifiers.push(PolicyQualifier { id, value });
                }
            }
            fields.finish()?;
            policies.push(Self { policy, qualifiers });
        }
        Ok(policies)
    }
}

/// One pair of policyMappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyMapping {
    /// issuerDomainPolicy.
    pub issuer_domain: Oid,
    /// subjectDomainPolicy.
    pub subject_domain: Oid,
}

impl PolicyMapping {
    pub(crate) fn list(value: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = sequence(value)?;
        let mut mappings = Vec::new();
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let issuer_domain = Oid::next(&mut fields, value)?;
            let subject_domain = Oid::next(&mut fields, value)?;
            fields.finish()?;
            mappings.push(Self { issuer_domain, subject_domain });
        }
        Ok(mappings)
    }
}

/// policyConstraints: after how many certificates a rule sets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyConstraints {
    /// requireExplicitPolicy.
    pub require_explicit_policy: Option<u32>,
    /// inhibitPolicyMapping.
    pub inhibit_policy_mapping: Option<u32>,
}

impl PolicyConstraints {
    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut fields = sequence(value)?;
        let mut next = |tag| fields.optional(tag)?.as_ref().map(small_unsigned).transpose();
        let (require_explicit_policy, inhibit_policy_mapping) = (next(implicit(0))?, next(implicit(1))?);
        fields.finish()?;
        Ok(Self { require_explicit_policy, inhibit_policy_mapping })
    }
}

/// The one INTEGER of inhibitAnyPolicy.
pub(crate) fn skip_certs(value: &Bytes) -> Result<u32, SyntaxError> {
    let mut reader = Reader::over(value);
    let tlv = reader.expect(INTEGER)?;
    reader.finish()?;
    small_unsigned(&tlv)
}
