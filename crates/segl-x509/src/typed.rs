//! The extensions of a certificate by name.

use const_oid::ObjectIdentifier;
use segl_crypto::sha1;

use crate::bytes::Bytes;
use crate::certificate::Certificate;
use crate::constraints::NameConstraints;
use crate::error::{ExtensionError, SyntaxError};
use crate::extension::find_unique;
use crate::extensions::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, DistributionPoint, KeyUsage,
    PrivateKeyUsagePeriod, QcStatement, octet_string, oid_list,
};
use crate::general_name::GeneralName;
use crate::oid::Oid;
use crate::oids;
use crate::policies::{PolicyConstraints, PolicyInformation, PolicyMapping, skip_certs};

/// What a typed accessor answers: `Ok(None)` when the extension is absent.
pub type ExtensionResult<T> = Result<Option<T>, ExtensionError>;

/// Extensions by name. Each is interpreted when it is asked for; one that is malformed or occurs twice is an
/// [`ExtensionError`], never silently absent.
impl Certificate {
    /// basicConstraints.
    pub fn basic_constraints(&self) -> ExtensionResult<BasicConstraints> {
        self.typed(oids::BASIC_CONSTRAINTS, BasicConstraints::read)
    }

    /// Whether basicConstraints is there, readable, and says cA.
    pub fn is_ca(&self) -> bool {
        matches!(self.basic_constraints(), Ok(Some(BasicConstraints { ca: true, .. })))
    }

    /// keyUsage.
    pub fn key_usage(&self) -> ExtensionResult<KeyUsage> {
        self.typed(oids::KEY_USAGE, KeyUsage::read)
    }

    /// extKeyUsage.
    pub fn ext_key_usage(&self) -> ExtensionResult<Vec<Oid>> {
        self.typed(oids::EXT_KEY_USAGE, oid_list)
    }

    /// subjectKeyIdentifier.
    pub fn subject_key_identifier(&self) -> ExtensionResult<Vec<u8>> {
        self.typed(oids::SUBJECT_KEY_IDENTIFIER, octet_string)
    }

    /// The key identifier of RFC 5280, 4.2.1.2 method 1: SHA-1 of the public key's bits, whatever the extension says.
    pub fn computed_key_identifier(&self) -> [u8; 20] {
        sha1(self.public_key_bits())
    }

    /// authorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> ExtensionResult<AuthorityKeyIdentifier> {
        self.typed(oids::AUTHORITY_KEY_IDENTIFIER, AuthorityKeyIdentifier::read)
    }

    /// subjectAltName.
    pub fn subject_alt_names(&self) -> ExtensionResult<Vec<GeneralName>> {
        self.typed(oids::SUBJECT_ALT_NAME, general_names)
    }

    /// issuerAltName.
    pub fn issuer_alt_names(&self) -> ExtensionResult<Vec<GeneralName>> {
        self.typed(oids::ISSUER_ALT_NAME, general_names)
    }

    /// certificatePolicies.
    pub fn policies(&self) -> ExtensionResult<Vec<PolicyInformation>> {
        self.typed(oids::CERTIFICATE_POLICIES, PolicyInformation::list)
    }

    /// policyMappings.
    pub fn policy_mappings(&self) -> ExtensionResult<Vec<PolicyMapping>> {
        self.typed(oids::POLICY_MAPPINGS, PolicyMapping::list)
    }

    /// policyConstraints.
    pub fn policy_constraints(&self) -> ExtensionResult<PolicyConstraints> {
        self.typed(oids::POLICY_CONSTRAINTS, PolicyConstraints::read)
    }

    /// inhibitAnyPolicy: the number of certificates after which anyPolicy counts no more.
    pub fn inhibit_any_policy(&self) -> ExtensionResult<u32> {
        self.typed(oids::INHIBIT_ANY_POLICY, skip_certs)
    }

    /// nameConstraints.
    pub fn name_constraints(&self) -> ExtensionResult<NameConstraints> {
        self.typed(oids::NAME_CONSTRAINTS, NameConstraints::read)
    }

    /// cRLDistributionPoints.
    pub fn crl_distribution_points(&self) -> ExtensionResult<Vec<DistributionPoint>> {
        self.typed(oids::CRL_DISTRIBUTION_POINTS, DistributionPoint::list)
    }

    /// freshestCRL: where delta CRLs are.
    pub fn freshest_crl(&self) -> ExtensionResult<Vec<DistributionPoint>> {
        self.typed(oids::FRESHEST_CRL, DistributionPoint::list)
    }

    /// authorityInfoAccess.
    pub fn authority_info_access(&self) -> ExtensionResult<Vec<AccessDescription>> {
        self.typed(oids::AUTHORITY_INFO_ACCESS, AccessDescription::list)
    }

    /// privateKeyUsagePeriod.
    pub fn private_key_usage_period(&self) -> ExtensionResult<PrivateKeyUsagePeriod> {
        self.typed(oids::PRIVATE_KEY_USAGE_PERIOD, PrivateKeyUsagePeriod::read)
    }

    /// qcStatements, not interpreted.
    pub fn qc_statements(&self) -> ExtensionResult<Vec<QcStatement>> {
        self.typed(oids::QC_STATEMENTS, QcStatement::list)
    }

    /// Addresses of OCSP responders; empty also when the extension cannot be read.
    pub fn ocsp_urls(&self) -> Vec<String> {
        self.access_urls(oids::AD_OCSP)
    }

    /// Addresses of the issuer's certificate; empty also when the extension cannot be read.
    pub fn ca_issuers_urls(&self) -> Vec<String> {
        self.access_urls(oids::AD_CA_ISSUERS)
    }

    /// Addresses of CRLs; empty also when the extension cannot be read.
    pub fn crl_urls(&self) -> Vec<String> {
        let points = self.crl_distribution_points().ok().flatten().unwrap_or_default();
        points.iter().flat_map(DistributionPoint::uris).map(str::to_owned).collect()
    }

    /// Whether the certificate is a responder's whose status is not to be asked for (RFC 6960, 4.2.2.2.1).
    pub fn has_ocsp_nocheck(&self) -> bool {
        self.has_extension(oids::OCSP_NOCHECK)
    }

    /// Whether its issuer vouches that it lives too briefly to be revoked (EN 319 412-1, 5.2).
    pub fn is_validity_assured(&self) -> bool {
        self.has_extension(oids::VALIDITY_ASSURED)
    }

    /// Whether its issuer says that no revocation information will ever exist (RFC 9608, 4): not where the same certificate
    /// says where that information is, nor in an authority's.
    pub fn has_no_revocation_available(&self) -> bool {
        self.has_extension(oids::NO_REV_AVAIL) && self.contradictions_of_no_revocation_available().is_empty()
    }

    /// What a certificate with noRevAvail must not have beside it and has, in words (RFC 9608, 4); empty without noRevAvail.
    pub fn contradictions_of_no_revocation_available(&self) -> Vec<&'static str> {
        if !self.has_extension(oids::NO_REV_AVAIL) {
            return Vec::new();
        }
        [
            (self.is_ca(), "cA"),
            (self.has_extension(oids::CRL_DISTRIBUTION_POINTS), "CRL distribution points"),
            (self.has_extension(oids::FRESHEST_CRL), "freshest CRL"),
            (!self.ocsp_urls().is_empty(), "an OCSP responder"),
        ]
        .into_iter()
        .filter_map(|(is_there, what)| is_there.then_some(what))
        .collect()
    }

    fn access_urls(&self, method: ObjectIdentifier) -> Vec<String> {
        let descriptions = self.authority_info_access().ok().flatten().unwrap_or_default();
        descriptions
            .iter()
            .filter(|description| description.method == method)
            .filter_map(|description| description.location.as_uri().map(str::to_owned))
            .collect()
    }

    fn typed<T>(
        &self,
        oid: ObjectIdentifier,
        read: fn(&Bytes) -> Result<T, SyntaxError>,
    ) -> ExtensionResult<T> {
        match find_unique(self.extensions(), oid)? {
            Some(extension) => read(extension.bytes()).map(Some).map_err(|error| extension.refuse(error)),
            None => Ok(None),
        }
    }
}

fn general_names(value: &Bytes) -> Result<Vec<GeneralName>, SyntaxError> {
    let mut reader = crate::reader::Reader::over(value);
    let list = reader.expect(crate::reader::SEQUENCE)?;
    reader.finish()?;
    GeneralName::list(&list, value)
}
