//! EU DSS, the reference implementation for eIDAS signatures, with its default policy and no network.

use std::{io, path::Path, process::Command, sync::OnceLock};

use serde::{Deserialize, Deserializer};

use super::{
    Skipped,
    lines::{AboutCertificate, LineJudge, Question},
    prepared,
};

/// DSS in one long-running Java machine (`tests/peers/dss/Judge.java`).
#[derive(Debug)]
pub struct Dss {
    judge: LineJudge,
}

/// What DSS says about one file.
#[derive(Clone, Debug, Deserialize)]
pub struct DssReport {
    /// Why DSS refused the file altogether; then there are no signatures.
    pub error: Option<String>,
    /// The signatures, in the order of DSS.
    #[serde(default)]
    pub signatures: Vec<DssSignature>,
    /// Every time-stamp of the file.
    #[serde(default)]
    pub timestamps: Vec<DssTimestamp>,
}

/// What DSS says about one signature. Indications are spelled as in EN 319 102-1 with underscores.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DssSignature {
    /// DSS's identifier of the signature.
    pub id: String,
    /// Format and level that is there and usable, for example `PAdES-BASELINE-LT`.
    pub format: String,
    /// `TOTAL_PASSED`, `INDETERMINATE` or `TOTAL_FAILED`.
    pub indication: String,
    /// Why not passed.
    pub sub_indication: Option<String>,
    /// The signature value verifies.
    pub signature_intact: bool,
    /// What the signature refers to was found and has the digest it says.
    pub references_intact: bool,
    /// The signer's name as DSS shows it.
    pub signed_by: Option<String>,
    /// The time the signer claims, RFC 3339.
    pub claimed_signing_time: Option<String>,
    /// The earliest proof that the signature existed, RFC 3339.
    pub best_signature_time: Option<String>,
    /// Identifiers of the time-stamps over this signature.
    #[serde(default)]
    pub timestamps: Vec<String>,
    /// Names of the PDF fields that hold this signature; a field without a name is left out.
    #[serde(default, deserialize_with = "named")]
    pub pdf_fields: Vec<String>,
    /// The byte range is two segments around exactly the contents.
    pub byte_range_valid: Option<bool>,
    /// Objects changed after signing that DSS has no class for: shadow attacks show here and in nothing else.
    pub undefined_changes: Option<u32>,
    /// `KEY: text` of each failed check.
    pub errors: Vec<String>,
    /// `KEY: text` of each check that only warns.
    pub warnings: Vec<String>,
}

/// What DSS says about one time-stamp.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DssTimestamp {
    /// DSS's identifier of the time-stamp.
    pub id: String,
    /// `SIGNATURE_TIMESTAMP`, `DOCUMENT_TIMESTAMP` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// `genTime`, RFC 3339.
    pub time: String,
    /// `PASSED`, `INDETERMINATE` or `FAILED`.
    pub indication: String,
    /// Why not passed.
    pub sub_indication: Option<String>,
    /// The token's signature value verifies.
    pub signature_intact: bool,
    /// The token is over the bytes it should be over.
    pub imprint_intact: bool,
    /// `KEY: text` of each failed check.
    pub errors: Vec<String>,
    /// `KEY: text` of each check that only warns.
    pub warnings: Vec<String>,
}

/// What DSS reads in a certificate. Object identifiers are in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::exhaustive_structs, reason = "a test builds what it expects")]
pub struct DssCertificate {
    /// Names of the bits, as `nonRepudiation`.
    pub key_usage: Vec<String>,
    /// extKeyUsage.
    pub purposes: Vec<String>,
    /// certificatePolicies.
    pub policies: Vec<String>,
    /// cRLDistributionPoints.
    pub crl_urls: Vec<String>,
    /// Responders of authorityInfoAccess.
    pub ocsp_urls: Vec<String>,
    /// Issuers' certificates of authorityInfoAccess.
    pub ca_issuers_urls: Vec<String>,
    /// ocsp-nocheck is there.
    pub ocsp_no_check: bool,
    /// validity-assured-short-term is there.
    pub validity_assured: bool,
    /// noRevAvail is there.
    pub no_rev_avail: bool,
    /// qcStatements, when there are any.
    pub statements: Option<DssStatements>,
}

/// What DSS reads in qcStatements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::exhaustive_structs, reason = "a test builds what it expects")]
pub struct DssStatements {
    /// QcCompliance.
    pub compliance: bool,
    /// QcSSCD.
    pub qualified_device: bool,
    /// QcType.
    pub types: Vec<String>,
    /// QcPDS: language and address.
    pub disclosure_statements: Vec<(String, String)>,
    /// QcLimitValue.
    pub limit: Option<DssLimit>,
    /// QcRetentionPeriod.
    pub retention_years: Option<i64>,
    /// QcCClegislation.
    pub legislation: Vec<String>,
    /// QcQSCDlegislation.
    pub device_legislation: Vec<String>,
    /// semanticsIdentifier.
    pub semantics: Option<String>,
    /// QcIdentMethod.
    pub identification: Option<String>,
    /// The statement of TS 119 495.
    pub payment_services: Option<DssPaymentServices>,
    /// Statements that DSS has no name for.
    pub other: Vec<String>,
}

/// QcLimitValue as DSS reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "a test builds what it expects")]
pub struct DssLimit {
    /// The letters of the currency, or its number.
    pub currency: String,
    /// The amount before the exponent.
    pub amount: i64,
    /// Power of ten.
    pub exponent: i64,
}

/// Roles and authority of a payment service provider as DSS reads them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::exhaustive_structs, reason = "a test builds what it expects")]
pub struct DssPaymentServices {
    /// Object identifier and name of each role.
    pub roles: Vec<(String, String)>,
    /// Name of the competent authority.
    pub authority_name: String,
    /// Its identifier.
    pub authority_id: String,
}

#[derive(Deserialize)]
struct CertificateAnswer {
    error: Option<String>,
    certificate: Option<DssCertificate>,
}

fn named<'de, D: Deserializer<'de>>(names: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Option<String>>::deserialize(names)?.into_iter().flatten().collect())
}

impl Dss {
    /// The one DSS of this test process. A start costs seconds, so everyone shares it.
    ///
    /// # Errors
    /// It was not set up.
    pub fn shared() -> Result<&'static Self, Skipped> {
        static SHARED: OnceLock<Result<Dss, Skipped>> = OnceLock::new();
        SHARED.get_or_init(Self::new).as_ref().map_err(Clone::clone)
    }

    fn new() -> Result<Self, Skipped> {
        let folder = prepared("dss", "SEGL_PEER_DSS")?;
        let mut class_path = folder.join("classes").into_os_string();
        class_path.push(if cfg!(windows) { ";" } else { ":" });
        class_path.push(folder.join("lib").join("*"));
        let mut program = Command::new("java");
        // For a few dozen files the fast compiler costs less than the good one saves, and one round of primality tests on
        // RSA moduli is enough for certificates of our own making.
        program.args(["-XX:TieredStopAtLevel=1", "-Xmx1g", "-Dorg.bouncycastle.rsa.max_mr_tests=1", "-cp"]);
        program.arg(class_path).arg("Judge");
        Ok(Self { judge: LineJudge::new(program) })
    }

    /// Validates one file under DSS's default policy.
    ///
    /// # Errors
    /// Java cannot be started, or ended without an answer. A file that DSS refuses is an answer, see [`DssReport::error`].
    pub fn judge(&self, question: &Question) -> io::Result<DssReport> {
        self.judge.ask(question)
    }

    /// Reads a certificate (DER or PEM). Nothing is judged.
    ///
    /// # Errors
    /// As [`Dss::judge`], and `InvalidData` for what DSS does not take for a certificate.
    pub fn certificate(&self, file: &Path) -> io::Result<DssCertificate> {
        let answer: CertificateAnswer = self.judge.ask(&AboutCertificate { file, certificate: true })?;
        answer
            .certificate
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, answer.error.unwrap_or_default()))
    }
}
