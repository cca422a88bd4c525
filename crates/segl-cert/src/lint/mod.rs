//! Holds certificates against the profiles: EN 319 412-1 to -5, EN 319 411-1, TS 119 495, and what they rest on.
//!
//! Each [`Rule`] has the identifier of its requirement, and a severity that is the standard's verb: *shall* is an error, *should* a
//! warning, *may* a notice. That is about conformance, **not about qualification**: Regulation 910/2014 forbids demands beyond its
//! annexes (Articles 28(2), 38(2), 45), so a certificate qualifies or not by the rules that have an
//! [`annex_letter`](Rule::annex_letter), and an error of any other rule costs it nothing there. [`Report::offends_annex`] asks for those.
//!
//! The [`Profile`] is taken from the certificate, or named with [`lint_as`]: of a certificate that calls itself qualified for
//! websites, say, only its issuer knows that it was meant for a legal person in general.
//!
//! What stands in one certificate is all that is looked at: no signature is verified, no issuer asked, no clock read. Requirements
//! that cannot be seen there (whether a name is the registered one, a serial number unique) have no rule.
//!
//! ```
//! use segl_cert::lint::{Severity, lint, rules};
//! # use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
//! # use segl_crypto::{SoftKind, SoftwareKey, Time};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = SoftwareKey::generate(SoftKind::EcP384, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
//! # let urls = AuthorityUrls::new("http://pki.example.com")?;
//! # let root = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test()?, &urls)
//! #     .prepare(None, &key.public_key_spki()?, &SerialNumber::from_random([1; 15]), Time::from_unix(1_795_000_000))?;
//! # let signature = key.sign(root.to_be_signed())?;
//! # let certificate = root.assemble_verified(&signature)?;
//! let report = lint(&certificate);
//! assert_eq!(report.profile().to_string(), "ca");
//! assert_eq!(report.at_least(Severity::Warning).count(), 0);
//! assert!(rules().any(|rule| rule.id() == "NAT-4.3.2-1"));
//! # Ok(())
//! # }
//! ```

mod algorithms;
mod authorities;
pub(crate) mod codes;
mod danish;
mod extensions;
mod identifiers;
mod names;
mod oids;
mod pkix;
pub(crate) mod policies;
mod profile;
mod psd2;
mod rule;
mod statements;
mod view;
mod websites;

use segl_x509::Certificate;

use crate::lint::view::View;

pub use crate::lint::profile::{Browser, Claim, Kind, Profile, UnknownProfile};
pub use crate::lint::rule::{Document, Finding, Place, Rule, Scope, Severity};

/// What the rules hold against one certificate.
#[derive(Clone, Debug)]
pub struct Report {
    profile: Profile,
    precertificate: bool,
    findings: Vec<Finding>,
}

impl Report {
    /// The profile it was held against.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether it is a pre-certificate of Certificate Transparency (RFC 6962), which no validator takes.
    pub fn is_precertificate(&self) -> bool {
        self.precertificate
    }

    /// Every finding, in the order of the rules; of one rule at most sixteen.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Findings of this severity or a worse one.
    pub fn at_least(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity() >= severity)
    }

    /// Whether there is an error of a rule that checks what an annex of Regulation 910/2014 demands.
    pub fn offends_annex(&self) -> bool {
        self.at_least(Severity::Error).any(|finding| finding.rule().annex_letter().is_some())
    }
}

/// Every rule: first those of RFC 5280, then by standard.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let groups = [
        pkix::RULES,
        algorithms::RULES,
        names::RULES,
        identifiers::RULES,
        extensions::RULES,
        policies::RULES,
        statements::RULES,
        psd2::RULES,
        websites::RULES,
        authorities::RULES,
        danish::RULES,
    ];
    groups.into_iter().flatten()
}

/// The profile a certificate seems to be made for. No rule runs.
pub fn profile_of(certificate: &Certificate) -> Profile {
    View::new(certificate, None).profile
}

/// Holds a certificate against the profile it seems to be made for.
pub fn lint(certificate: &Certificate) -> Report {
    run(&View::new(certificate, None))
}

/// Holds a certificate against this profile.
pub fn lint_as(certificate: &Certificate, profile: Profile) -> Report {
    run(&View::new(certificate, Some(profile)))
}

fn run(view: &View<'_>) -> Report {
    let mut findings = Vec::new();
    for rule in rules() {
        rule.run(view, &mut findings);
    }
    Report { profile: view.profile, precertificate: view.is_precertificate(), findings }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_stands_once_for_a_severity() {
        let mut seen = BTreeSet::new();
        for rule in rules() {
            assert!(seen.insert((rule.document(), rule.id(), rule.severity())), "{rule:?}");
            assert!(!rule.requirement().is_empty() && !rule.clause().is_empty(), "{rule:?}");
        }
    }
}
