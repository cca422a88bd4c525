//! The object identifiers of the profiles, by the names the standards give them.

use der::asn1::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($value);)*
    };
}

oids! {
    /// id-at-commonName.
    COMMON_NAME = "2.5.4.3";
    /// id-at-serialNumber.
    SERIAL_NUMBER_ATTRIBUTE = "2.5.4.5";
    /// id-at-countryName.
    COUNTRY_NAME = "2.5.4.6";
    /// id-at-organizationName.
    ORGANIZATION_NAME = "2.5.4.10";
    /// id-at-organizationIdentifier (X.520; EN 319 412-1 clause 5).
    ORGANIZATION_IDENTIFIER = "2.5.4.97";

    /// SubjectKeyIdentifier (RFC 5280 4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// KeyUsage (RFC 5280 4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// PrivateKeyUsagePeriod (X.509; EN 319 422 clause 6 for time-stamp units).
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    /// BasicConstraints (RFC 5280 4.2.1.9).
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// CRLDistributionPoints (RFC 5280 4.2.1.13).
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// CertificatePolicies (RFC 5280 4.2.1.4).
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// anyPolicy (RFC 5280 4.2.1.4).
    ANY_POLICY = "2.5.29.32.0";
    /// AuthorityKeyIdentifier (RFC 5280 4.2.1.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// ExtKeyUsage (RFC 5280 4.2.1.12).
    EXT_KEY_USAGE = "2.5.29.37";
    /// noRevAvail (RFC 9608).
    NO_REV_AVAIL = "2.5.29.56";
    /// AuthorityInfoAccess (RFC 5280 4.2.2.1).
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// qcStatements (RFC 3739 3.2.6).
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
    /// id-ad-ocsp.
    ACCESS_OCSP = "1.3.6.1.5.5.7.48.1";
    /// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// id-ad-caIssuers.
    ACCESS_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// ext-etsi-valassured-ST-certs: validity assured, short term (EN 319 412-1 clause 5.2).
    VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";

    /// id-kp-timeStamping.
    PURPOSE_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// id-kp-OCSPSigning.
    PURPOSE_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";

    /// NCP+ (EN 319 411-1).
    POLICY_NCP_PLUS = "0.4.0.2042.1.2";
    /// QCP-l: EU qualified certificate for a legal person (EN 319 411-2).
    POLICY_QCP_L = "0.4.0.194112.1.1";
    /// QCP-l-qscd: the same with the key in a qualified device (EN 319 411-2).
    POLICY_QCP_L_QSCD = "0.4.0.194112.1.3";

    /// id-qcs-pkixQCSyntax-v1 (RFC 3739).
    QCS_SYNTAX_V1 = "1.3.6.1.5.5.7.11.1";
    /// id-qcs-pkixQCSyntax-v2 (RFC 3739).
    QCS_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
    /// esi4-qcStatement-1, QcCompliance (EN 319 412-5 4.2.1).
    QCS_COMPLIANCE = "0.4.0.1862.1.1";
    /// QcLimitValue (EN 319 412-5 4.3.2).
    QCS_LIMIT_VALUE = "0.4.0.1862.1.2";
    /// QcRetentionPeriod (EN 319 412-5 4.3.3).
    QCS_RETENTION_PERIOD = "0.4.0.1862.1.3";
    /// QcSSCD (EN 319 412-5 4.2.2).
    QCS_SSCD = "0.4.0.1862.1.4";
    /// QcPDS (EN 319 412-5 4.3.4).
    QCS_PDS = "0.4.0.1862.1.5";
    /// QcType (EN 319 412-5 4.2.3).
    QCS_TYPE = "0.4.0.1862.1.6";
    /// id-etsi-qct-esign.
    QCT_ESIGN = "0.4.0.1862.1.6.1";
    /// id-etsi-qct-eseal.
    QCT_ESEAL = "0.4.0.1862.1.6.2";
    /// id-etsi-qct-web.
    QCT_WEB = "0.4.0.1862.1.6.3";
    /// QcCClegislation (EN 319 412-5 4.2.4).
    QCS_COUNTRY_LEGISLATION = "0.4.0.1862.1.7";
    /// QcIdentMethod (EN 319 412-5).
    QCS_IDENTIFICATION_METHOD = "0.4.0.1862.1.8";
    /// QcQSCDlegislation (EN 319 412-5 4.2.5).
    QCS_QSCD_LEGISLATION = "0.4.0.1862.1.9";
    /// PSD2 QCStatement (TS 119 495).
    QCS_PSD2 = "0.4.0.19495.2";

    /// SEMANTICS_ID_NATURAL (EN 319 412-1 5.1).
    SEMANTICS_NATURAL = "0.4.0.194121.1.1";
    /// SEMANTICS_ID_LEGAL (EN 319 412-1 5.1).
    SEMANTICS_LEGAL = "0.4.0.194121.1.2";
    /// SEMANTICS_ID_EIDAS_NATURAL (EN 319 412-1 5.1).
    SEMANTICS_EIDAS_NATURAL = "0.4.0.194121.1.3";
    /// SEMANTICS_ID_EIDAS_LEGAL (EN 319 412-1 5.1).
    SEMANTICS_EIDAS_LEGAL = "0.4.0.194121.1.4";
}
