//! NIST's PKITS beside the checkout, as its table of cases tells it.

use std::fs;
use std::path::PathBuf;

use crate::corpus;

/// When the cases are to be judged: 2022-01-01T00:00:00Z.
pub const TIME: segl_crypto::Time = segl_crypto::Time::from_unix(1_640_995_200);

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Pkits {
    folder: PathBuf,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Number.
    pub id: String,
    /// Name.
    pub name: String,
    /// File name of the certificate that the case is about.
    pub leaf: String,
    /// File names of the certificates between it and the anchor.
    pub others: Vec<String>,
    /// File names of CRLs.
    pub crls: Vec<String>,
    /// Whether status information is to be looked at.
    pub revocation: bool,
    /// What the path is to be validated with.
    pub policies: Policies,
    /// Whether the path is good.
    pub is_valid: bool,
    /// What is wrong otherwise: `path` where it is not about revocation.
    pub concern: String,
}

/// The inputs of RFC 5280, 6.1.1 about policies.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// user-initial-policy-set, dotted; `None` for any-policy.
    pub acceptable: Option<Vec<String>>,
    /// initial-explicit-policy.
    pub require_explicit: bool,
    /// initial-policy-mapping-inhibit.
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub inhibit_any: bool,
}

impl Pkits {
    /// The files, or `None` where they are not at hand; then it says so.
    pub fn find() -> Option<Self> {
        let folder = corpus::folder()?.join("pkits");
        folder.is_dir().then_some(Self { folder })
    }

    /// DER of a certificate.
    pub fn certificate(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join("certs").join(name)).unwrap()
    }

    /// DER of the anchor's certificate.
    pub fn anchor(&self) -> Vec<u8> {
        self.certificate("TrustAnchorRootCertificate.crt")
    }

    /// File names of all certificates, in their order.
    pub fn certificates(&self) -> Vec<String> {
        let files = corpus::files(&self.folder.join("certs"));
        files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    /// DER of a CRL.
    pub fn crl(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join("crls").join(name)).unwrap()
    }

    /// DER of the anchor's CRL.
    pub fn anchor_crl(&self) -> Vec<u8> {
        self.crl("TrustAnchorRootCRL.crl")
    }

    /// The cases, in the order of the table.
    pub fn cases(&self) -> Vec<Case> {
        let table = fs::read_to_string(self.folder.join("pkits-expected.tsv")).unwrap();
        table.lines().skip(1).map(Case::read).collect()
    }
}

impl Case {
    fn read(line: &str) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        let names = |list: &str| -> Vec<String> {
            list.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self {
            id: fields[0].to_owned(),
            name: fields[1].to_owned(),
            leaf: fields[2].to_owned(),
            others: names(fields[3]),
            crls: names(fields[4]),
            revocation: fields[6] != "no",
            policies: Policies::read(fields[7]),
            is_valid: fields[8] == "yes",
            concern: fields.get(9).copied().unwrap_or_default().to_owned(),
        }
    }
}

impl Policies {
    /// The few JSON shapes the table has.
    fn read(parameters: &str) -> Self {
        let has = |flag: &str| parameters.contains(&format!("\"{flag}\": true"));
        let acceptable = parameters.split_once('[').map(|(_, rest)| {
            let list = rest.split_once(']').unwrap().0;
            list.split(',').map(|oid| oid.trim().trim_matches('"').to_owned()).collect()
        });
        Self {
            acceptable,
            require_explicit: has("initial_explicit_policy"),
            inhibit_mapping: has("initial_policy_mapping_inhibit"),
            inhibit_any: has("initial_any_policy_inhibit"),
        }
    }
}
