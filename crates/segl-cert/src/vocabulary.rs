//! Object identifiers in words: extensions, policies, purposes.

use segl_x509::{ObjectIdentifier, oids};

/// The name of an extension; `extension` for one that is not known.
pub(crate) fn extension_name(oid: ObjectIdentifier) -> &'static str {
    known_extension(oid).unwrap_or("extension")
}

/// The name of an extension that is known.
pub(crate) fn known_extension(oid: ObjectIdentifier) -> Option<&'static str> {
    Some(match oid {
        oids::SUBJECT_DIRECTORY_ATTRIBUTES => "subjectDirectoryAttributes",
        oids::SUBJECT_KEY_IDENTIFIER => "subjectKeyIdentifier",
        oids::KEY_USAGE => "keyUsage",
        oids::PRIVATE_KEY_USAGE_PERIOD => "privateKeyUsagePeriod",
        oids::SUBJECT_ALT_NAME => "subjectAltName",
        oids::ISSUER_ALT_NAME => "issuerAltName",
        oids::BASIC_CONSTRAINTS => "basicConstraints",
        oids::NAME_CONSTRAINTS => "nameConstraints",
        oids::CRL_DISTRIBUTION_POINTS => "cRLDistributionPoints",
        oids::CERTIFICATE_POLICIES => "certificatePolicies",
        oids::POLICY_MAPPINGS => "policyMappings",
        oids::AUTHORITY_KEY_IDENTIFIER => "authorityKeyIdentifier",
        oids::POLICY_CONSTRAINTS => "policyConstraints",
        oids::EXT_KEY_USAGE => "extKeyUsage",
        oids::FRESHEST_CRL => "freshestCRL",
        oids::INHIBIT_ANY_POLICY => "inhibitAnyPolicy",
        oids::NO_REV_AVAIL => "noRevAvail",
        oids::AUTHORITY_INFO_ACCESS => "authorityInfoAccess",
        oids::QC_STATEMENTS => "qcStatements",
        oids::SUBJECT_INFO_ACCESS => "subjectInfoAccess",
        oids::OCSP_NOCHECK => "ocsp-nocheck",
        oids::VALIDITY_ASSURED => "validityAssuredShortTerm",
        _ => return OTHERS.iter().find(|(other, _)| *other == oid).map(|(_, name)| *name),
    })
}

/// Extensions that are recognised and not interpreted.
const OTHERS: [(ObjectIdentifier, &str); 14] = [
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.2"), "biometricInfo"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.12"), "logotype"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24"), "tlsFeature"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2"), "signedCertificateTimestamps"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.3"), "certificateTransparencyPoison"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2"), "Microsoft certificateTemplateName"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.1"), "Microsoft caVersion"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.7"), "Microsoft certificateTemplate"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.10"), "Microsoft applicationCertPolicies"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.1"), "Netscape certType"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.13"), "Netscape comment"),
    (ObjectIdentifier::new_unwrap("1.2.840.113533.7.65.0"), "Entrust version"),
    (ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.9.1"), "Adobe timeStamp"),
    (ObjectIdentifier::new_unwrap("2.23.140.3.1"), "cabfOrganizationIdentifier"),
];

/// The name of a policy that is known.
pub(crate) fn policy_name(oid: ObjectIdentifier) -> Option<&'static str> {
    const POLICIES: [(ObjectIdentifier, &str); 24] = [
        (oids::ANY_POLICY, "any policy"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.1"), "NCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.2"), "NCP+"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.3"), "LCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.4"), "EVCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.6"), "DVCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.7"), "OVCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.2042.1.8"), "IVCP"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.0"), "QCP-n"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.1"), "QCP-l"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.2"), "QCP-n-qscd"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.3"), "QCP-l-qscd"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.4"), "QEVCP-w"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.5"), "QNCP-w"),
        (ObjectIdentifier::new_unwrap("0.4.0.194112.1.6"), "QNCP-w-gen"),
        (ObjectIdentifier::new_unwrap("0.4.0.1456.1.1"), "QCP+ of 1999"),
        (ObjectIdentifier::new_unwrap("0.4.0.1456.1.2"), "QCP of 1999"),
        (ObjectIdentifier::new_unwrap("0.4.0.19495.3.1"), "QCP-w-psd2"),
        (ObjectIdentifier::new_unwrap("0.4.0.2023.1.1"), "BTSP"),
        (ObjectIdentifier::new_unwrap("2.23.140.1.1"), "extended validation"),
        (ObjectIdentifier::new_unwrap("2.23.140.1.2.1"), "domain validated"),
        (ObjectIdentifier::new_unwrap("2.23.140.1.2.2"), "organisation validated"),
        (ObjectIdentifier::new_unwrap("2.23.140.1.2.3"), "individual validated"),
        (ObjectIdentifier::new_unwrap("2.23.140.1.3"), "extended validation of code"),
    ];
    POLICIES.iter().find(|(policy, _)| *policy == oid).map(|(_, name)| *name)
}

/// The name of a purpose that is known.
pub(crate) fn purpose_name(oid: ObjectIdentifier) -> Option<&'static str> {
    const PURPOSES: [(ObjectIdentifier, &str); 14] = [
        (oids::ANY_EXTENDED_KEY_USAGE, "any purpose"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), "websites (TLS server)"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"), "TLS client"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"), "code signing"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"), "e-mail"),
        (oids::TIME_STAMPING, "time-stamping"),
        (oids::OCSP_SIGNING, "OCSP signing"),
        (oids::DOCUMENT_SIGNING, "document signing"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"), "document signing (Microsoft)"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.2"), "smart card logon (Microsoft)"),
        (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.4"), "encrypting files (Microsoft)"),
        (ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.5"), "authentic documents (Adobe)"),
        (ObjectIdentifier::new_unwrap("0.4.0.2231.3.0"), "signing of trusted lists"),
        (ObjectIdentifier::new_unwrap("0.4.0.194115.1.0"), "TLS certificate binding"),
    ];
    PURPOSES.iter().find(|(purpose, _)| *purpose == oid).map(|(_, name)| *name)
}
