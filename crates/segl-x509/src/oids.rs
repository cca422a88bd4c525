//! The object identifiers this crate interprets, and those its neighbours look for in certificates.

use const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);)*
    };
}

// Extensions (RFC 5280, 4.2; RFC 6960; RFC 9608; EN 319 412-1 and -5).
oids! {
    /// subjectDirectoryAttributes.
    SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9";
    /// subjectKeyIdentifier.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// keyUsage.
    KEY_USAGE = "2.5.29.15";
    /// privateKeyUsagePeriod.
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    /// subjectAltName.
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// issuerAltName.
    ISSUER_ALT_NAME = "2.5.29.18";
    /// basicConstraints.
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// nameConstraints.
    NAME_CONSTRAINTS = "2.5.29.30";
    /// cRLDistributionPoints.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// certificatePolicies.
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// anyPolicy, a value inside certificatePolicies.
    ANY_POLICY = "2.5.29.32.0";
    /// policyMappings.
    POLICY_MAPPINGS = "2.5.29.33";
    /// authorityKeyIdentifier.
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// policyConstraints.
    POLICY_CONSTRAINTS = "2.5.29.36";
    /// extKeyUsage.
    EXT_KEY_USAGE = "2.5.29.37";
    /// freshestCRL.
    FRESHEST_CRL = "2.5.29.46";
    /// inhibitAnyPolicy.
    INHIBIT_ANY_POLICY = "2.5.29.54";
    /// noRevAvail (RFC 9608).
    NO_REV_AVAIL = "2.5.29.56";
    /// authorityInfoAccess.
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// qcStatements (RFC 3739, EN 319 412-5).
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
    /// subjectInfoAccess.
    SUBJECT_INFO_ACCESS = "1.3.6.1.5.5.7.1.11";
    /// ocsp-nocheck (RFC 6960, 4.2.2.2.1).
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// Validity assured, short term (EN 319 412-1, 5.2).
    VALIDITY_ASSURED = "0.4.0.194121.2.1";
}

// Purposes and access methods.
oids! {
    /// anyExtendedKeyUsage.
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// id-kp-timeStamping.
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// id-kp-OCSPSigning.
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    /// id-kp-documentSigning (RFC 9336).
    DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36";
    /// id-ad-ocsp.
    AD_OCSP = "1.3.6.1.5.5.7.48.1";
    /// id-ad-caIssuers.
    AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// id-qt-cps, a policy qualifier.
    QUALIFIER_CPS = "1.3.6.1.5.5.7.2.1";
    /// id-qt-unotice, a policy qualifier.
    QUALIFIER_USER_NOTICE = "1.3.6.1.5.5.7.2.2";
}

// Attributes of names (X.520, RFC 5280 appendix A, EN 319 412-1).
oids! {
    /// commonName.
    COMMON_NAME = "2.5.4.3";
    /// surname.
    SURNAME = "2.5.4.4";
    /// serialNumber of the subject.
    SERIAL_NUMBER = "2.5.4.5";
    /// countryName.
    COUNTRY_NAME = "2.5.4.6";
    /// localityName.
    LOCALITY_NAME = "2.5.4.7";
    /// stateOrProvinceName.
    STATE_OR_PROVINCE_NAME = "2.5.4.8";
    /// streetAddress.
    STREET_ADDRESS = "2.5.4.9";
    /// organizationName.
    ORGANIZATION_NAME = "2.5.4.10";
    /// organizationalUnitName.
    ORGANIZATIONAL_UNIT_NAME = "2.5.4.11";
    /// title.
    TITLE = "2.5.4.12";
    /// postalCode.
    POSTAL_CODE = "2.5.4.17";
    /// givenName.
    GIVEN_NAME = "2.5.4.42";
    /// initials.
    INITIALS = "2.5.4.43";
    /// generationQualifier.
    GENERATION_QUALIFIER = "2.5.4.44";
    /// dnQualifier.
    DN_QUALIFIER = "2.5.4.46";
    /// pseudonym.
    PSEUDONYM = "2.5.4.65";
    /// organizationIdentifier.
    ORGANIZATION_IDENTIFIER = "2.5.4.97";
    /// domainComponent.
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25";
    /// userId.
    USER_ID = "0.9.2342.19200300.100.1.1";
    /// emailAddress (PKCS #9).
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
}
