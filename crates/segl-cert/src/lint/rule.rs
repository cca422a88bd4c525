//! What a rule is, and what it finds.

use core::fmt;

use crate::lint::{Profile, view::View};

/// How a finding weighs: the standard's verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "may, should, shall")]
pub enum Severity {
    /// Allowed, and worth knowing ("may").
    Notice,
    /// Against a recommendation ("should").
    Warning,
    /// Against a requirement ("shall").
    Error,
}

/// Where a requirement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Document {
    /// Regulation (EU) No 910/2014 as amended, Annexes I, III and IV.
    Regulation,
    /// Policy requirements for authorities.
    En319411Part1,
    /// General terms and semantics of names.
    En319412Part1,
    /// Certificates for natural persons, and what all share.
    En319412Part2,
    /// Certificates for legal persons.
    En319412Part3,
    /// Certificates for websites.
    En319412Part4,
    /// QCStatements.
    En319412Part5,
    /// Policy of time-stamping authorities.
    En319421,
    /// Time-stamp protocol and profiles.
    En319422,
    /// The terms of the Danish sealing solution, whose certificates serve one seal each.
    DanishSealTerms,
    /// ISO 17442, legal entity identifiers.
    Iso17442,
    /// Time-stamp protocol.
    Rfc3161,
    /// Qualified certificates.
    Rfc3739,
    /// X.509 on the Internet.
    Rfc5280,
    /// OCSP.
    Rfc6960,
    /// noRevAvail.
    Rfc9608,
    /// Cryptographic suites.
    Ts119312,
    /// Certificates for payment services.
    Ts119495,
    /// Trusted lists.
    Ts119612,
}

/// Whom a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Every certificate.
    Any,
    /// Certificates of authorities.
    Authority,
    /// Certificates for one seal under the Danish terms; only a caller knows which those are.
    DanishSeal,
    /// Certificates of persons and websites, whoever's rules they follow.
    EndEntity,
    /// EU qualified certificates.
    EuQualified,
    /// EU qualified certificates for websites.
    EuWebsite,
    /// Certificates for legal persons under EN 319 412-3.
    LegalPerson,
    /// Certificates for seals.
    Seal,
    /// Certificates for natural persons under EN 319 412-2.
    NaturalPerson,
    /// OCSP responders.
    OcspResponder,
    /// Certificates of none of the kinds.
    Other,
    /// Persons, and websites outside the rules for browsers (EN 319 412-2, clause 4).
    Profiled,
    /// Certificates for electronic signatures.
    Signature,
    /// Time-stamp units.
    TimeStampUnit,
    /// As [`Profiled`](Self::Profiled), and time-stamp units, whose profile builds on the same clauses.
    ProfiledOrUnit,
    /// Websites under the rules for browsers of the CA/Browser Forum.
    WebsiteForBrowsers,
    /// Websites outside the rules for browsers.
    WebsiteGeneral,
}

/// One requirement, and the check of it.
///
/// Its identifier is the requirement's own in the standard. Where the standard has none at hand, it is the clause, as in
/// `GEN-4.3.4` or `PKIX-4.1.2.2`.
#[derive(Clone, Copy)]
pub struct Rule {
    document: Document,
    clause: &'static str,
    id: &'static str,
    severity: Severity,
    scope: Scope,
    requirement: &'static str,
    annex: Option<&'static str>,
    check: Check,
}

pub(crate) type Check = fn(&View<'_>, &mut Findings);

impl Rule {
    #[allow(clippy::too_many_arguments, reason = "one row of a table")]
    pub(crate) const fn new(
        document: Document,
        clause: &'static str,
        id: &'static str,
        severity: Severity,
        scope: Scope,
        requirement: &'static str,
        check: Check,
    ) -> Self {
        Self { document, clause, id, severity, scope, requirement, annex: None, check }
    }

    /// The same rule, which also checks this letter of the annexes.
    pub(crate) const fn annex(mut self, letter: &'static str) -> Self {
        self.annex = Some(letter);
        self
    }

    /// The standard.
    pub fn document(&self) -> Document {
        self.document
    }

    /// The clause of the standard.
    pub fn clause(&self) -> &'static str {
        self.clause
    }

    /// The requirement's identifier.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// How its findings weigh.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Whom it is about.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What it demands, in our words.
    pub fn requirement(&self) -> &'static str {
        self.requirement
    }

    /// The letter of the annexes of Regulation 910/2014 that it checks; `None` where no annex demands it, so that
    /// qualification does not depend on it (Articles 28(2), 38(2) and 45).
    pub fn annex_letter(&self) -> Option<&'static str> {
        self.annex
    }

    /// What it finds in one certificate.
    pub(crate) fn run(&'static self, view: &View<'_>, found: &mut Vec<Finding>) {
        if self.scope.covers(&view.profile) {
            (self.check)(view, &mut Findings { rule: self, found, count: 0 });
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({} {} {:?})", self.document, self.id, self.severity)
    }
}

/// Something a rule holds against a certificate.
#[derive(Clone, Debug)]
pub struct Finding {
    rule: &'static Rule,
    place: Place,
    message: String,
}

impl Finding {
    /// The rule.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// How it weighs.
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// Where in the certificate.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong there, with what was found. Words of the certificate in it are cut short and without control characters.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Finding {
    /// `error EN 319 412-3 LEG-4.2.1-2 at subject (byte 93, 54 bytes): no commonName`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, place, message } = self;
        write!(f, "{} {} {} at {place}: {message}", rule.severity, rule.document, rule.id)
    }
}

/// A place in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    field: String,
    offset: Option<usize>,
    length: Option<usize>,
}

impl Place {
    pub(crate) fn new(field: impl Into<String>, range: Option<(usize, usize)>) -> Self {
        Self { field: field.into(), offset: range.map(|range| range.0), length: range.map(|range| range.1) }
    }

    /// A place of which only the start is known.
    pub(crate) fn starting(field: impl Into<String>, offset: usize) -> Self {
        Self { field: field.into(), offset: Some(offset), length: None }
    }

    /// The path of the field, such as `extensions.qcStatements.QcPDS[0].language`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Where it starts, in bytes from the start of the certificate.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// How long it is, in bytes.
    pub fn length(&self) -> Option<usize> {
        self.length
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        match (self.offset, self.length) {
            (Some(offset), Some(length)) => write!(f, " (byte {offset}, {length} bytes)"),
            (Some(offset), None) => write!(f, " (byte {offset})"),
            _ => Ok(()),
        }
    }
}

/// How many findings of one rule are kept: what a hostile certificate of a megabyte repeats a hundred thousand times is
/// told often enough.
pub(crate) const MAX_FINDINGS_OF_A_RULE: usize = 16;

/// What one rule has found so far.
pub(crate) struct Findings<'f> {
    rule: &'static Rule,
    found: &'f mut Vec<Finding>,
    count: usize,
}

impl Findings<'_> {
    pub(crate) fn add(&mut self, place: Place, message: impl Into<String>) {
        if self.count < MAX_FINDINGS_OF_A_RULE {
            self.found.push(Finding { rule: self.rule, place, message: message.into() });
        }
        self.count = self.count.saturating_add(1);
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regulation => "Regulation (EU) 910/2014",
            Self::En319411Part1 => "EN 319 411-1",
            Self::En319412Part1 => "EN 319 412-1",
            Self::En319412Part2 => "EN 319 412-2",
            Self::En319412Part3 => "EN 319 412-3",
            Self::En319412Part4 => "EN 319 412-4",
            Self::En319412Part5 => "EN 319 412-5",
            Self::En319421 => "EN 319 421",
            Self::En319422 => "EN 319 422",
            Self::DanishSealTerms => "Danish seal terms",
            Self::Iso17442 => "ISO 17442",
            Self::Rfc3161 => "RFC 3161",
            Self::Rfc3739 => "RFC 3739",
            Self::Rfc5280 => "RFC 5280",
            Self::Rfc6960 => "RFC 6960",
            Self::Rfc9608 => "RFC 9608",
            Self::Ts119312 => "TS 119 312",
            Self::Ts119495 => "TS 119 495",
            Self::Ts119612 => "TS 119 612",
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any certificate",
            Self::Authority => "authorities",
            Self::DanishSeal => "seals under the Danish terms",
            Self::EndEntity => "persons and websites",
            Self::EuQualified => "EU qualified",
            Self::EuWebsite => "EU qualified websites",
            Self::LegalPerson => "legal persons",
            Self::Seal => "seals",
            Self::NaturalPerson => "natural persons",
            Self::OcspResponder => "OCSP responders",
            Self::Other => "others",
            Self::Profiled => "persons and websites not for browsers",
            Self::Signature => "signatures",
            Self::TimeStampUnit => "time-stamp units",
            Self::ProfiledOrUnit => "persons, websites not for browsers, time-stamp units",
            Self::WebsiteForBrowsers => "websites for browsers",
            Self::WebsiteGeneral => "websites not for browsers",
        })
    }
}

impl Scope {
    /// Whether rules of this scope are held against certificates of this profile.
    pub fn covers(self, profile: &Profile) -> bool {
        use crate::lint::{Claim, Kind};
        let person = matches!(profile.kind, Kind::NaturalPerson | Kind::LegalPerson);
        let website = profile.kind == Kind::Website;
        let browser = profile.browser.is_some();
        let profiled = person || website && !browser;
        match self {
            Self::Any => true,
            Self::Authority => profile.kind == Kind::Authority,
            Self::DanishSeal => profile.danish_seal,
            Self::EndEntity => person || website,
            Self::EuQualified => (person || website) && profile.claim == Claim::Eu,
            Self::EuWebsite => website && profile.claim == Claim::Eu,
            Self::LegalPerson => profiled && !profile.natural,
            Self::NaturalPerson => profiled && profile.natural,
            Self::OcspResponder => profile.kind == Kind::OcspResponder,
            Self::Other => profile.kind == Kind::Other,
            Self::Profiled => profiled,
            Self::ProfiledOrUnit => profiled || profile.kind == Kind::TimeStampUnit,
            Self::Seal => profile.kind == Kind::LegalPerson && profile.claim != Claim::None,
            Self::Signature => profile.kind == Kind::NaturalPerson && profile.claim != Claim::None,
            Self::TimeStampUnit => profile.kind == Kind::TimeStampUnit,
            Self::WebsiteForBrowsers => website && browser,
            Self::WebsiteGeneral => website && !browser,
        }
    }
}
