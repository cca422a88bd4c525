mod words;

use core::fmt;
use std::sync::OnceLock;

use segl_crypto::{KeyKind, SignatureAlgorithm, sha256};
use segl_x509::{Certificate, Name, ObjectIdentifier};

use crate::{
    ContentError, QcStatements,
    asn1::{Item, only},
    oid::*,
    profile::Template,
    writing::is_showable,
};

pub(crate) use words::identification;
use words::{attribute_words, oid_words, period, statement_words, words};

/// What a certificate says, as it is presented to the person who approves it.
///
/// It is made of the same value that is encoded: everything but what comes with issuing (serial number, key, first
/// second of life). [`of`](Self::of) reads it back from a certificate, and two contents are equal exactly when nothing
/// that was shown has changed. `{}` prints it for one screen. Whether the content is right is not judged here.
#[derive(Clone, Debug)]
pub struct CertificateContent {
    template: Template,
    sha256: [u8; 32],
    /// Read from the template when somebody looks.
    shown: OnceLock<Box<Shown>>,
}

impl PartialEq for CertificateContent {
    fn eq(&self, other: &Self) -> bool {
        self.template == other.template
    }
}

impl Eq for CertificateContent {}

#[derive(Clone, Debug)]
struct Shown {
    issuer: Vec<NameEntry>,
    subject: Vec<NameEntry>,
    authority: Option<Authority>,
    key_usage: Vec<&'static str>,
    purposes: Vec<ObjectIdentifier>,
    policies: Vec<ObjectIdentifier>,
    statements: Option<QcStatements>,
    notices: Vec<String>,
    domains: Vec<String>,
    /// Whether the alternative names are domain names and nothing else.
    only_domains: bool,
    ocsp_urls: Vec<String>,
    ca_issuers_urls: Vec<String>,
    crl_urls: Vec<String>,
}

/// One attribute of a name, in the order of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameEntry {
    /// Which attribute.
    pub oid: ObjectIdentifier,
    /// Its text; hexadecimal when it is no text.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Authority {
    path_len: Option<i64>,
}

/// Key usages by bit number (RFC 5280 4.2.1.3); bit 1 is nonRepudiation under its present name.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "contentCommitment",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

impl CertificateContent {
    /// The content of a certificate, anybody's.
    pub fn of(certificate: &Certificate) -> Result<Self, ContentError> {
        Template::read(certificate).map(Self::from_template)
    }

    pub(crate) fn from_template(template: Template) -> Self {
        Self { sha256: sha256(&template.canonical()), template, shown: OnceLock::new() }
    }

    fn shown(&self) -> &Shown {
        self.shown.get_or_init(|| Box::new(Shown::of(&self.template)))
    }

    /// SHA-256 over the canonical form: the names, the length of life, the kind of key, the signature algorithm and every
    /// extension as it is encoded. An approval names this value.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The issuer's name, attribute by attribute.
    pub fn issuer(&self) -> &[NameEntry] {
        &self.shown().issuer
    }

    /// The subject's name, attribute by attribute.
    pub fn subject(&self) -> &[NameEntry] {
        &self.shown().subject
    }

    /// The first value of an attribute of the subject.
    pub fn subject_value(&self, oid: ObjectIdentifier) -> Option<&str> {
        value_of(&self.shown().subject, oid)
    }

    /// How long it lives, in seconds, the first and the last one counted.
    pub fn lifetime_seconds(&self) -> u64 {
        self.template.seconds
    }

    /// The kind of key.
    pub fn key(&self) -> KeyKind {
        self.template.key
    }

    /// Whether it may issue certificates (basicConstraints cA).
    pub fn is_authority(&self) -> bool {
        self.shown().authority.is_some()
    }

    /// keyUsage, by the names of X.509.
    pub fn key_usage(&self) -> &[&'static str] {
        &self.shown().key_usage
    }

    /// extKeyUsage.
    pub fn purposes(&self) -> &[ObjectIdentifier] {
        &self.shown().purposes
    }

    /// certificatePolicies.
    pub fn policies(&self) -> &[ObjectIdentifier] {
        &self.shown().policies
    }

    /// qcStatements, when they are there and can be read.
    pub fn statements(&self) -> Option<&QcStatements> {
        self.shown().statements.as_ref()
    }

    /// The notices to whoever relies on it, such as limits of its purpose: explicitText of any policy.
    pub fn notices(&self) -> &[String] {
        &self.shown().notices
    }

    /// The domain names of a website.
    pub fn domains(&self) -> &[String] {
        &self.shown().domains
    }

    /// Where its status is answered.
    pub fn ocsp_urls(&self) -> &[String] {
        &self.shown().ocsp_urls
    }

    /// Where the issuer's certificate is.
    pub fn ca_issuers_urls(&self) -> &[String] {
        &self.shown().ca_issuers_urls
    }

    /// Where the issuer's list of revoked certificates is.
    pub fn crl_urls(&self) -> &[String] {
        &self.shown().crl_urls
    }

    /// Whether the issuer assures its validity for the whole of its short life (EN 319 412-1 5.2).
    pub fn is_validity_assured(&self) -> bool {
        self.has(VALIDITY_ASSURED_SHORT_TERM)
    }

    /// Whether the extension is there, critical or not.
    pub fn has(&self, extension: ObjectIdentifier) -> bool {
        self.template.extensions.iter().any(|found| found.oid == extension)
    }

    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    fn title(&self) -> &'static str {
        let types = self.shown().statements.iter().flat_map(QcStatements::types);
        let known = types.filter_map(|kind| match kind {
            crate::QcType::Seal => Some("Certificate for an electronic seal"),
            crate::QcType::Signature => Some("Certificate for electronic signatures"),
            crate::QcType::Website => Some("Certificate for website authentication"),
            crate::QcType::Other(_) => None,
        });
        if let Some(title) = known.last() {
            return title;
        }
        match self.shown().purposes.as_slice() {
            _ if self.is_authority() => "Certificate of a certification authority",
            [PURPOSE_TIME_STAMPING] => "Certificate of a time-stamp unit",
            [PURPOSE_OCSP_SIGNING] => "Certificate of an OCSP responder",
            _ => "Certificate",
        }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let subject = &self.shown().subject;
        // A natural person has a country without an organisation.
        if value_of(subject, ORGANIZATION_NAME).is_some() || value_of(subject, COUNTRY_NAME).is_none() {
            lines.push(("Organisation", organisation(subject)));
        } else {
            lines.push(("Country", value_of(subject, COUNTRY_NAME).unwrap_or("none").to_owned()));
        }
        // A website may have no common name; its domain names follow.
        if value_of(subject, COMMON_NAME).is_some() || self.shown().domains.is_empty() {
            lines.push(("Holder", value_of(subject, COMMON_NAME).unwrap_or("none").to_owned()));
        }
        let known = [COUNTRY_NAME, ORGANIZATION_NAME, ORGANIZATION_IDENTIFIER, COMMON_NAME];
        let more = self.shown().subject.iter().filter(|entry| !known.contains(&entry.oid));
        lines.extend(more.map(|entry| match attribute_words(entry.oid) {
            Some(label) => (label, entry.text.clone()),
            None => ("Also named", format!("{}: {}", entry.oid, entry.text)),
        }));
        if !self.shown().domains.is_empty() {
            lines.push(("Domain names", words(self.shown().domains.iter().cloned())));
        }
        lines.push((
            "Issued by",
            format!(
                "{}, {}",
                value_of(&self.shown().issuer, COMMON_NAME).unwrap_or("none"),
                organisation(&self.shown().issuer)
            ),
        ));
        lines.push(("Valid for", format!("{} from issue", period(self.template.seconds))));
        let algorithm = SignatureAlgorithm::from_der(&self.template.algorithm, None);
        let algorithm = algorithm.map_or_else(|_| "unknown".to_owned(), |algorithm| algorithm.to_string());
        lines.push(("Key", format!("{}; issuer's signature {algorithm}", self.template.key)));
        lines.push(("Use", self.shown().key_usage.join(", ")));
        if !self.shown().purposes.is_empty() {
            lines.push(("Purposes", words(self.shown().purposes.iter().map(|oid| oid_words(*oid)))));
        }
        if let Some(Authority { path_len: Some(path_len) }) = self.shown().authority {
            lines.push(("Authorities below", path_len.to_string()));
        }
        lines.push(("Policy", words(self.shown().policies.iter().map(|oid| oid_words(*oid)))));
        lines.extend(self.shown().notices.iter().map(|notice| ("Purpose limit", notice.clone())));
        if let Some(statements) = &self.shown().statements {
            let (terms, rest): (Vec<_>, Vec<_>) = statements
                .0
                .iter()
                .partition(|statement| matches!(statement, crate::Statement::DisclosureStatements(_)));
            lines.push(("Statements", words(rest.into_iter().map(statement_words))));
            lines.push((
                "Qualified device",
                if statements.claims_qualified_device() { "yes" } else { "no" }.to_owned(),
            ));
            lines.push(("Terms", words(terms.into_iter().map(statement_words))));
        }
        lines.push(("Status", self.status_words()));
        lines.push(("Issuer's certificate", words(self.shown().ca_issuers_urls.iter().cloned())));
        let shown = [
            BASIC_CONSTRAINTS,
            KEY_USAGE,
            EXT_KEY_USAGE,
            CERTIFICATE_POLICIES,
            AUTHORITY_INFO_ACCESS,
            CRL_DISTRIBUTION_POINTS,
            AUTHORITY_KEY_IDENTIFIER,
            SUBJECT_KEY_IDENTIFIER,
            VALIDITY_ASSURED_SHORT_TERM,
            NO_REV_AVAIL,
            OCSP_NOCHECK,
        ];
        for extension in &self.template.extensions {
            let read = shown.contains(&extension.oid)
                || extension.oid == SUBJECT_ALT_NAME && self.shown().only_domains
                || extension.oid == QC_STATEMENTS && self.shown().statements.is_some();
            if let crate::profile::Value::KeyUsagePeriod(seconds) = extension.value {
                lines.push(("Key used for", period(seconds)));
            } else if !read {
                let critical = if extension.critical { ", critical" } else { "" };
                let name = crate::vocabulary::known_extension(extension.oid)
                    .map_or_else(|| extension.oid.to_string(), |name| format!("{name} ({})", extension.oid));
                lines.push(("Also holds", format!("extension {name}{critical}")));
            }
        }
        lines
    }

    fn status_words(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.shown().ocsp_urls.iter().map(|url| format!("OCSP {url}")));
        words.extend(self.shown().crl_urls.iter().map(|url| format!("CRL {url}")));
        for (extension, meaning) in [
            (VALIDITY_ASSURED_SHORT_TERM, "validity assured, short term"),
            (NO_REV_AVAIL, "no revocation information"),
            (OCSP_NOCHECK, "not to be checked (OCSP responder)"),
        ] {
            words.extend(self.has(extension).then(|| meaning.to_owned()));
        }
        self::words(words.into_iter())
    }
}

impl Shown {
    fn of(template: &Template) -> Self {
        let item = |oid| template.fixed(oid).and_then(only);
        let constraints = item(BASIC_CONSTRAINTS).and_then(|item| item.items()).unwrap_or_default();
        let authority = matches!(constraints.first(), Some(Item { tag: 0x01, value: [1..=0xff], .. }))
            .then(|| Authority { path_len: constraints.get(1).and_then(Item::integer) });
        let oids = |oid, nested: bool| {
            let found = item(oid).and_then(|item| item.items()).unwrap_or_default();
            let read = |item: &Item<'_>| if nested { item.items()?.first()?.oid() } else { item.oid() };
            found.iter().filter_map(read).collect()
        };
        let names = item(SUBJECT_ALT_NAME).and_then(|item| item.items()).unwrap_or_default();
        let domain =
            |name: &Item<'_>| (name.tag == 0x82).then(|| String::from_utf8_lossy(name.value).into_owned());
        let domains: Vec<String> = names.iter().filter_map(domain).collect();
        let access = |method| urls_of(item(AUTHORITY_INFO_ACCESS), Some(method));
        Self {
            issuer: entries(&template.issuer),
            subject: entries(&template.subject),
            authority,
            key_usage: item(KEY_USAGE).map(|item| bits(item.value)).unwrap_or_default(),
            purposes: oids(EXT_KEY_USAGE, false),
            policies: oids(CERTIFICATE_POLICIES, true),
            statements: template.fixed(QC_STATEMENTS).and_then(|value| QcStatements::from_der(value).ok()),
            notices: notices(item(CERTIFICATE_POLICIES)),
            only_domains: domains.len() == names.len(),
            domains,
            ocsp_urls: access(ACCESS_OCSP),
            ca_issuers_urls: access(ACCESS_CA_ISSUERS),
            crl_urls: urls_of(item(CRL_DISTRIBUTION_POINTS), None),
        }
    }
}

impl fmt::Display for CertificateContent {
    /// Plain text, one fact a line; characters that cannot be shown safely are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        for (label, text) in self.lines() {
            let safe: String = text
                .chars()
                .map(|character| if is_showable(character) { character } else { char::REPLACEMENT_CHARACTER })
                .collect();
            writeln!(f, "  {label:<21}{safe}")?;
        }
        write!(f, "  {:<21}", "SHA-256 of this")?;
        self.sha256.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

fn entries(name: &[u8]) -> Vec<NameEntry> {
    let Ok(name) = Name::from_der(name) else { return Vec::new() };
    name.attributes()
        .filter_map(|attribute| {
            let hex = || attribute.value().iter().map(|octet| format!("{octet:02x}")).collect();
            let text = attribute.text().map_or_else(hex, |text| text.into_owned());
            Some(NameEntry { oid: attribute.oid()?, text })
        })
        .collect()
}

fn value_of(name: &[NameEntry], oid: ObjectIdentifier) -> Option<&str> {
    name.iter().find(|entry| entry.oid == oid).map(|entry| entry.text.as_str())
}

fn organisation(name: &[NameEntry]) -> String {
    let value = |oid| value_of(name, oid).unwrap_or("none");
    format!("{} ({}, {})", value(ORGANIZATION_NAME), value(ORGANIZATION_IDENTIFIER), value(COUNTRY_NAME))
}

fn bits(value: &[u8]) -> Vec<&'static str> {
    let octets = value.get(1..).unwrap_or_default();
    let set = octets.iter().flat_map(|octet| (0..8).map(move |bit| octet & (0x80 >> bit) != 0));
    KEY_USAGES.iter().zip(set).filter(|(_, set)| *set).map(|(name, _)| *name).collect()
}

/// explicitText of every userNotice among the qualifiers of every policy (RFC 5280 4.2.1.4).
fn notices(policies: Option<Item<'_>>) -> Vec<String> {
    fn parts<'a>(item: &Item<'a>) -> Vec<Item<'a>> {
        item.items().unwrap_or_default()
    }
    let policies = policies.as_ref().map(parts).unwrap_or_default();
    let qualifiers = policies.iter().flat_map(|policy| parts(policy).get(1).map(parts).unwrap_or_default());
    qualifiers
        .filter_map(|qualifier| match parts(&qualifier).as_slice() {
            [id, notice] if id.oid() == Some(QUALIFIER_USER_NOTICE) => {
                parts(notice).iter().find_map(Item::text)
            }
            _ => None,
        })
        .collect()
}

/// The URIs anywhere inside a value, or only those of one access method. GeneralName gives a URI the tag `[6]`.
fn urls_of(item: Option<Item<'_>>, method: Option<ObjectIdentifier>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in item.and_then(|item| item.items()).unwrap_or_default() {
        let parts = entry.items().unwrap_or_default();
        match method {
            Some(method) if parts.first().and_then(Item::oid) != Some(method) => {}
            _ => collect_uris(&parts, 4, &mut found),
        }
    }
    found
}

fn collect_uris(parts: &[Item<'_>], depth: u8, found: &mut Vec<String>) {
    for part in parts {
        match (part.tag, depth.checked_sub(1)) {
            (0x86, _) => found.push(String::from_utf8_lossy(part.value).into_owned()),
            (tag, Some(depth)) if tag & 0x20 != 0 => {
                collect_uris(&part.items().unwrap_or_default(), depth, found)
            }
            _ => {}
        }
    }
}
