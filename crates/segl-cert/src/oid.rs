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
    /// id-at-surname.
    SURNAME = "2.5.4.4";
    /// id-at-localityName.
    LOCALITY_NAME = "2.5.4.7";
    /// id-at-stateOrProvinceName.
    STATE_OR_PROVINCE_NAME = "2.5.4.8";
    /// id-at-streetAddress.
    STREET_ADDRESS = "2.5.4.9";
    /// id-at-title.
    TITLE = "2.5.4.12";
    /// id-at-businessCategory.
    BUSINESS_CATEGORY = "2.5.4.15";
    /// id-at-postalCode.
    POSTAL_CODE = "2.5.4.17";
    /// id-at-givenName.
    GIVEN_NAME = "2.5.4.42";
    /// id-at-pseudonym.
    PSEUDONYM = "2.5.4.65";
    /// Country of incorporation in certificates of the CA/Browser Forum's extended validation.
    JURISDICTION_COUNTRY = "1.3.6.1.4.1.311.60.2.1.3";
    /// id-at-organizationIdentifier (X.520; EN 319 412-1 clause 5).
    ORGANIZATION_IDENTIFIER = "2.5.4.97";

    /// SubjectKeyIdentifier (RFC 5280 4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// KeyUsage (RFC 5280 4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// PrivateKeyUsagePeriod (X.509; EN 319 422 clause 6 for time-stamp units).
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    /// SubjectAltName (RFC 5280 4.2.1.6).
    SUBJECT_ALT_NAME = "2.5.29.17";
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
    /// cabfOrganizationIdentifier (extended validation guidelines, 9.8.2).
    CABF_ORGANIZATION_IDENTIFIER = "2.23.140.3.1";
    /// ext-etsi-valassured-ST-certs: validity assured, short term (EN 319 412-1 clause 5.2).
    VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";

    /// id-kp-serverAuth.
    PURPOSE_SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    PURPOSE_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
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
    /// QCP-n: EU qualified certificate for a natural person (EN 319 411-2).
    POLICY_QCP_N = "0.4.0.194112.1.0";
    /// QCP-n-qscd: the same with the key in a qualified device (EN 319 411-2).
    POLICY_QCP_N_QSCD = "0.4.0.194112.1.2";
    /// QEVCP-w: EU qualified website certificate after the extended validation of the CA/Browser Forum (EN 319 411-2).
    POLICY_QEVCP_W = "0.4.0.194112.1.4";
    /// QNCP-w: the same after its organisation or individual validation (EN 319 411-2).
    POLICY_QNCP_W = "0.4.0.194112.1.5";
    /// QNCP-w-gen: the same without the rules for browsers (EN 319 411-2).
    POLICY_QNCP_W_GEN = "0.4.0.194112.1.6";
    /// QCP-w-psd2 (TS 119 495).
    POLICY_QCP_W_PSD2 = "0.4.0.19495.3.1";
    /// Extended validation of the CA/Browser Forum.
    POLICY_CABF_EV = "2.23.140.1.1";
    /// Organisation validation of the CA/Browser Forum.
    POLICY_CABF_OV = "2.23.140.1.2.2";
    /// Individual validation of the CA/Browser Forum.
    POLICY_CABF_IV = "2.23.140.1.2.3";
    /// Policy qualifier: the address of a certification practice statement (RFC 5280 4.2.1.4).
    QUALIFIER_CPS = "1.3.6.1.5.5.7.2.1";
    /// Policy qualifier: a notice to whoever relies on the certificate (RFC 5280 4.2.1.4).
    QUALIFIER_USER_NOTICE = "1.3.6.1.5.5.7.2.2";

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
    /// id-etsi-qct-eIDAS1_ab: identified after Article 24(1) (a) or (b), as it was to 2024.
    QCI_EIDAS1_AB = "0.4.0.1862.1.8.1";
    /// id-etsi-qct-eIDAS1_cd: identified after Article 24(1) (c) or (d), as it was to 2024.
    QCI_EIDAS1_CD = "0.4.0.1862.1.8.2";
    /// id-etsi-qct-eIDAS2_acd: identified after Article 24(1a) (a), (c) or (d).
    QCI_EIDAS2_ACD = "0.4.0.1862.1.8.3";
    /// id-etsi-qct-eIDAS2_b: identified after Article 24(1a) (b).
    QCI_EIDAS2_B = "0.4.0.1862.1.8.4";
    /// QcQSCDlegislation (EN 319 412-5 4.2.5).
    QCS_QSCD_LEGISLATION = "0.4.0.1862.1.9";
    /// PSD2 QCStatement (TS 119 495).
    QCS_PSD2 = "0.4.0.19495.2";
    /// Payment service provider, role not said (TS 119 495).
    PSP_UNSPECIFIED = "0.4.0.19495.1.0";
    /// Account servicing (TS 119 495).
    PSP_AS = "0.4.0.19495.1.1";
    /// Payment initiation (TS 119 495).
    PSP_PI = "0.4.0.19495.1.2";
    /// Account information (TS 119 495).
    PSP_AI = "0.4.0.19495.1.3";
    /// Issuing of card-based payment instruments (TS 119 495).
    PSP_IC = "0.4.0.19495.1.4";

    /// SEMANTICS_ID_NATURAL (EN 319 412-1 5.1).
    SEMANTICS_NATURAL = "0.4.0.194121.1.1";
    /// SEMANTICS_ID_LEGAL (EN 319 412-1 5.1).
    SEMANTICS_LEGAL = "0.4.0.194121.1.2";
    /// SEMANTICS_ID_EIDAS_NATURAL (EN 319 412-1 5.1).
    SEMANTICS_EIDAS_NATURAL = "0.4.0.194121.1.3";
    /// SEMANTICS_ID_EIDAS_LEGAL (EN 319 412-1 5.1).
    SEMANTICS_EIDAS_LEGAL = "0.4.0.194121.1.4";
}
