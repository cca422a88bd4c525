//! The object identifiers the rules look for, beyond those of segl-x509.

use segl_x509::ObjectIdentifier;

macro_rules! oids {
    ($($name:ident = $value:literal;)*) => {
        $(pub(crate) const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($value);)*
    };
}

// Statements and their values (RFC 3739, EN 319 412-5, TS 119 495).
oids! {
    QCS_SYNTAX_V1 = "1.3.6.1.5.5.7.11.1";
    QCS_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
    QCS_COMPLIANCE = "0.4.0.1862.1.1";
    QCS_LIMIT_VALUE = "0.4.0.1862.1.2";
    QCS_RETENTION_PERIOD = "0.4.0.1862.1.3";
    QCS_SSCD = "0.4.0.1862.1.4";
    QCS_PDS = "0.4.0.1862.1.5";
    QCS_TYPE = "0.4.0.1862.1.6";
    QCS_COUNTRY_LEGISLATION = "0.4.0.1862.1.7";
    QCS_IDENTIFICATION_METHOD = "0.4.0.1862.1.8";
    QCS_QSCD_LEGISLATION = "0.4.0.1862.1.9";
    QCS_PSD2 = "0.4.0.19495.2";
    QCT_ESIGN = "0.4.0.1862.1.6.1";
    QCT_ESEAL = "0.4.0.1862.1.6.2";
    QCT_WEB = "0.4.0.1862.1.6.3";
    SEMANTICS_NATURAL = "0.4.0.194121.1.1";
    SEMANTICS_LEGAL = "0.4.0.194121.1.2";
    SEMANTICS_EIDAS_NATURAL = "0.4.0.194121.1.3";
    SEMANTICS_EIDAS_LEGAL = "0.4.0.194121.1.4";
}

// Policies (EN 319 411-1, EN 319 411-2, TS 119 495, CA/Browser Forum).
oids! {
    NCP_PLUS = "0.4.0.2042.1.2";
    EVCP = "0.4.0.2042.1.4";
    DVCP = "0.4.0.2042.1.6";
    OVCP = "0.4.0.2042.1.7";
    IVCP = "0.4.0.2042.1.8";
    QCP_N = "0.4.0.194112.1.0";
    QCP_L = "0.4.0.194112.1.1";
    QCP_N_QSCD = "0.4.0.194112.1.2";
    QCP_L_QSCD = "0.4.0.194112.1.3";
    QEVCP_W = "0.4.0.194112.1.4";
    QNCP_W = "0.4.0.194112.1.5";
    QNCP_W_GEN = "0.4.0.194112.1.6";
    QCP_W_PSD2 = "0.4.0.19495.3.1";
    CABF_EV = "2.23.140.1.1";
    CABF_DV = "2.23.140.1.2.1";
    CABF_OV = "2.23.140.1.2.2";
    CABF_IV = "2.23.140.1.2.3";
}

/// NCP, NCP+, LCP and the policies for websites of EN 319 411-1.
pub(crate) const RESERVED_411_1: [ObjectIdentifier; 7] = [
    ObjectIdentifier::new_unwrap("0.4.0.2042.1.1"),
    NCP_PLUS,
    ObjectIdentifier::new_unwrap("0.4.0.2042.1.3"),
    EVCP,
    DVCP,
    OVCP,
    IVCP,
];

/// The policies for EU qualified certificates of EN 319 411-2, clause 5.3.
pub(crate) const QUALIFIED: [ObjectIdentifier; 7] =
    [QCP_N, QCP_L, QCP_N_QSCD, QCP_L_QSCD, QEVCP_W, QNCP_W, QNCP_W_GEN];

// Purposes.
oids! {
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    SMART_CARD_LOGON = "1.3.6.1.4.1.311.20.2.2";
    ANY_PURPOSE = "2.5.29.37.0";
    TSL_SIGNING = "0.4.0.2231.3.0";
}

// Keys (RFC 3279, RFC 5480, RFC 5639, ANSSI).
oids! {
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
}

/// P-256, P-384, P-521, brainpoolP256r1, -384r1, -512r1 and FRP256v1 (TS 119 312).
pub(crate) const CURVES: [ObjectIdentifier; 7] = [
    ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
    ObjectIdentifier::new_unwrap("1.3.132.0.34"),
    ObjectIdentifier::new_unwrap("1.3.132.0.35"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.11"),
    ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.13"),
    ObjectIdentifier::new_unwrap("1.2.250.1.223.101.256.1"),
];

// Extensions of others that many certificates have.
oids! {
    CT_POISON = "1.3.6.1.4.1.11129.2.4.3";
    CT_TIMESTAMPS = "1.3.6.1.4.1.11129.2.4.2";
}
