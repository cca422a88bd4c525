//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use segl::ades::Level;
use segl::cert::lint::Profile;
use segl::crypto::Time;

use crate::crl::CrlVerb;
use crate::init::BASE_URL;
use crate::ocsp::OcspVerb;
use crate::verify::CertVerifyArgs;

/// Seal documents so that they can be proved for years, and judge what others sealed.
#[derive(Debug, Parser)]
#[command(name = "segl", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Folder of the embedded authority: its keys, certificates and records [default: where the platform keeps state].
    #[arg(long, global = true, env = "SEGL_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make the embedded TEST authority: root, issuing authority, time-stamp unit, OCSP responder and record store.
    #[command(after_help = "Example:\n  segl init --base-url http://pki.example.com")]
    Init(InitArgs),
    /// Seal PDF files with a one-shot key, a time-stamp and the evidence inside: all of it, or nothing.
    #[command(
        after_help = "Examples:\n  segl seal contract.pdf\n  segl seal contract.pdf --level lt --profile seal-10d -o sealed.pdf\n  \
                      segl seal contract.pdf --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token seals --pin-file pin.txt"
    )]
    Seal(SealArgs),
    /// Validate the signatures and seals in PDF files (EN 319 102-1).
    ///
    /// Exit status: 0 when every signature is TOTAL_PASSED, 1 when one is not, 2 when something could not be read or run.
    #[command(
        after_help = "Examples:\n  segl validate contract.sealed.pdf\n  segl validate contract.sealed.pdf --trust root.cer --at 2036-01-01T00:00:00Z --report json"
    )]
    Validate(ValidateArgs),
    /// Read certificates to a person, hold them against the profiles of EN 319 412, or verify them up to an anchor.
    #[command(subcommand, after_help = "Examples:\n  segl cert show seal.cer\n  segl cert lint seal.cer")]
    Cert(CertVerb),
    /// Read certificate revocation lists to a person.
    #[command(subcommand, after_help = "Example:\n  segl crl show issuing-ca.crl")]
    Crl(CrlVerb),
    /// Read OCSP responses to a person.
    #[command(subcommand, after_help = "Example:\n  segl ocsp show response.ors")]
    Ocsp(OcspVerb),
    /// Read the records of the sealings that were made or tried.
    #[command(subcommand, after_help = "Example:\n  segl records list")]
    Records(RecordsVerb),
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where certificates, lists and responders will be found; written into every certificate. A public-looking name, not `localhost`.
    #[arg(long, default_value = BASE_URL, value_name = "URL")]
    pub(crate) base_url: String,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// PDF files to seal.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where to write the sealed file (one FILE only) [default: NAME.sealed.pdf beside it].
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite an output file that is there already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Format of the seal.
    #[arg(long, default_value = "pades", value_enum)]
    pub(crate) format: SealFormat,
    /// Baseline level: b, t, lt or lta.
    #[arg(long, default_value = "lta", value_name = "LEVEL", value_parser = parse_level)]
    pub(crate) level: Level,
    /// Life of the seal certificate.
    #[arg(long, default_value = "seal-12h", value_enum)]
    pub(crate) profile: ProfileName,
    /// Curve of the one-shot key.
    #[arg(long, default_value = "p256", value_enum)]
    pub(crate) key: CurveName,
    /// Organisation and holder, as a TOML file [default: a TEST organisation].
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) holder: Option<PathBuf>,
    /// Reference text for the record: the caller's own, never about the document's content.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
    /// Approve the certificate content without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// PKCS#11 module of the device that makes the one-shot key.
    #[arg(long, value_name = "MODULE", requires_all = ["token", "pin_file"])]
    pub(crate) pkcs11: Option<PathBuf>,
    /// Label of the token in that device.
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    pub(crate) token: Option<String>,
    /// File that holds the token's user PIN and nothing else, open to its owner alone.
    #[arg(long, value_name = "FILE", requires = "pkcs11")]
    pub(crate) pin_file: Option<PathBuf>,
    /// Reason, as a reader shows it; in clear in the sealed file.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Place, as a reader shows it; in clear in the sealed file.
    #[arg(long, value_name = "TEXT")]
    pub(crate) location: Option<String>,
    /// Signature field to fill; made under this name when the document has no such field [default: a new one].
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SealFormat {
    /// A seal inside a PDF (EN 319 142-1).
    Pades,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// 12 hours, with CRL and OCSP pointers.
    #[value(name = "seal-12h")]
    Hours12,
    /// 10 days, with CRL and OCSP pointers.
    #[value(name = "seal-10d")]
    Days10,
    /// 12 hours, validity assured: no status is ever needed.
    #[value(name = "seal-12h-assured")]
    Hours12Assured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CurveName {
    P256,
    P384,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Files to validate.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Trust anchors: files with certificates (DER, or PEM with one or several), or folders of them [default: root.cer of the home].
    #[arg(long, value_name = "FILE_OR_DIR")]
    pub(crate) trust: Vec<PathBuf>,
    /// Take every self-signed certificate inside the file as an anchor (`tops`: also the highest of each chain): for examining, never for trusting.
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "roots", value_enum)]
    pub(crate) trust_embedded: Option<Embedded>,
    /// Time of validation, RFC 3339 in UTC [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Time>,
    /// CRLs (*.crl) and OCSP responses (any other name) that came another way than inside the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Vec<PathBuf>,
    /// How to report.
    #[arg(long, default_value = "text", value_enum)]
    pub(crate) report: ReportKind,
    /// Write the report to this file instead of standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Embedded {
    Roots,
    Tops,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportKind {
    Text,
    /// One JSON object a file (a certificate), a line each.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertVerb {
    /// Say what is in certificates: names, life, key, fingerprints, every extension in words.
    ///
    /// An extension with `!` behind its name is critical: who does not know it must refuse the certificate.
    ///
    /// Exit status: 0, or 2 when something could not be read.
    #[command(
        after_help = "Examples:\n  segl cert show seal.cer chain.pem\n  segl cert show contract.sealed.pdf"
    )]
    Show(CertShowArgs),
    /// Hold certificates against the rules of EN 319 412-1 to -5, EN 319 411-1, TS 119 495 and RFC 5280.
    ///
    /// An error is against a "shall" of the standard, a warning against a "should". For qualification only what an annex of
    /// Regulation 910/2014 demands counts: such rules say so. No signature is verified.
    ///
    /// Exit status: 0 without a finding of error level, 1 with one, 2 when something could not be read.
    #[command(
        after_help = "Examples:\n  segl cert lint seal.cer\n  segl cert lint chain.pem --report json | jq '.findings[].rule'\n  \
                      segl cert lint site.cer --profile qncp-w-gen-legal-person-eidas\n  segl cert lint --rules"
    )]
    Lint(CertLintArgs),
    /// Say whether a certificate is good at a time: a path to an anchor (RFC 5280), and the status of each certificate of it.
    ///
    /// Nothing is fetched: status comes from the CRLs and OCSP responses that are given. One counts when it is from the time asked about or
    /// before, and newer information was not due then; a revocation also when it was published later. What the certificate is made for is not asked.
    ///
    /// Exit status: 0 when it is good, 1 when it is not or nothing at hand says so, 2 when something could not be read.
    #[command(
        after_help = "Examples:\n  segl cert verify issuing-ca.cer --trust root.cer --crl root.crl\n  \
                      segl cert verify seal.cer --chain issuing-ca.cer --trust root.cer --crl root.crl --ocsp seal.ors --at 2026-12-01T12:00:00Z"
    )]
    Verify(CertVerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CertShowArgs {
    /// Files with certificates, DER or PEM, one or several each, or signed PDF files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CertLintArgs {
    /// Files with certificates, DER or PEM, one or several each, or signed PDF files; `-` is standard input.
    #[arg(required_unless_present = "rules", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Profile to hold them against, as in qcp-l-qscd-eidas, danish-seal, ncp-natural-person, ca [default: what each seems to be made for].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<Profile>,
    /// How to report.
    #[arg(long, default_value = "text", value_enum)]
    pub(crate) report: ReportKind,
    /// The same as `--report json`: one JSON object a certificate, a line each.
    #[arg(long, conflicts_with = "report")]
    pub(crate) json: bool,
    /// List the rules instead.
    #[arg(long, conflicts_with_all = ["files", "profile"])]
    pub(crate) rules: bool,
}

impl CertLintArgs {
    pub(crate) fn kind(&self) -> ReportKind {
        if self.json { ReportKind::Json } else { self.report }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsVerb {
    /// Let sealing on a slot go on after an alarm, once somebody has looked at the device.
    #[command(after_help = "Example:\n  segl records clear pkcs11:seals --operator key-custodian")]
    Clear(ClearArgs),
    /// List the records, oldest first.
    #[command(
        after_help = "Examples:\n  segl records list\n  segl records list --json | jq 'select(.outcome == \"completed\")'"
    )]
    List(ListArgs),
    /// Verify the hash chain of the records.
    #[command(after_help = "Example:\n  segl records verify")]
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// One JSON object a record, a line each, instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ClearArgs {
    /// The slot, as `segl records list` names it in the alarm.
    #[arg(value_name = "SLOT")]
    pub(crate) slot: String,
    /// The role of whoever looked at the device; not a person's name.
    #[arg(long, value_name = "ROLE")]
    pub(crate) operator: String,
}

fn parse_level(text: &str) -> Result<Level, String> {
    text.parse().map_err(|e: segl::ades::ParseLevelError| e.to_string())
}
