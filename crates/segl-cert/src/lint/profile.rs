//! Which profile a certificate is held against.

use core::fmt;
use core::str::FromStr;

use segl_x509::oids;

use crate::lint::{oids::*, view::View};

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// It issues certificates.
    Authority,
    /// Of a legal person: seals, or anything but websites.
    LegalPerson,
    /// Of a natural person: signatures, or anything but websites.
    NaturalPerson,
    /// It signs OCSP responses.
    OcspResponder,
    /// None of the others: the signer of a trusted list, or self-signed without issuing.
    Other,
    /// It signs time-stamps.
    TimeStampUnit,
    /// Website authentication.
    Website,
}

/// Under whose law a certificate calls itself qualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the European Union's, another, none")]
pub enum Claim {
    /// Of another country, which QcCClegislation names.
    Elsewhere,
    /// Regulation (EU) 910/2014.
    Eu,
    /// It does not.
    None,
}

/// Which of its policies the CA/Browser Forum has for a website.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four there are")]
pub enum Browser {
    /// Domain validated.
    Domain,
    /// Extended validation.
    Extended,
    /// Individual validated.
    Individual,
    /// Organisation validated.
    Organisation,
}

/// The profile a certificate is held against: taken from its extensions and its subject, or named by the caller.
///
/// Names are those of the policies of EN 319 411-1 and -2: `ncp-legal-person`, `qcp-l-qscd-eidas`, `qncp-w-gen-natural-person-eidas`,
/// `qevcp-w-psd2-eidas`, `ca`, `tsu`, `ocsp-responder`, `other`. `danish-seal` and `danish-seal-qscd` are `qcp-l-eidas` and
/// `qcp-l-qscd-eidas` with the terms of the Danish sealing solution on top; they have to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    pub(crate) kind: Kind,
    pub(crate) claim: Claim,
    /// The subject is a natural person.
    pub(crate) natural: bool,
    pub(crate) browser: Option<Browser>,
    /// The key is said to be in a qualified device.
    pub(crate) device: bool,
    pub(crate) psd2: bool,
    /// It serves one seal under the Danish terms, which no certificate says of itself.
    pub(crate) danish_seal: bool,
}

/// No profile has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no certificate profile is called {name:?}; there are {}", names())]
pub struct UnknownProfile {
    name: String,
}

/// The names of all profiles.
fn names() -> String {
    Profile::all().iter().map(Profile::to_string).collect::<Vec<_>>().join(", ")
}

impl Profile {
    /// Before anything is known.
    pub(crate) const UNKNOWN: Self = Self {
        kind: Kind::Other,
        claim: Claim::None,
        natural: false,
        browser: None,
        device: false,
        psd2: false,
        danish_seal: false,
    };

    /// What the certificate is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Under whose law it calls itself qualified.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Whether its subject is a natural person.
    pub fn is_natural_person(&self) -> bool {
        self.natural
    }

    /// The browsers' policy of a website, when it has one.
    pub fn browser(&self) -> Option<Browser> {
        self.browser
    }

    /// Every profile that has a name.
    pub fn all() -> Vec<Self> {
        let plain = |kind| Self {
            kind,
            claim: Claim::None,
            natural: kind == Kind::NaturalPerson,
            browser: None,
            device: false,
            psd2: false,
            danish_seal: false,
        };
        let mut all = vec![
            plain(Kind::Authority),
            plain(Kind::TimeStampUnit),
            plain(Kind::OcspResponder),
            plain(Kind::Other),
        ];
        for claim in [Claim::None, Claim::Eu, Claim::Elsewhere] {
            for kind in [Kind::NaturalPerson, Kind::LegalPerson] {
                let devices: &[bool] = if claim == Claim::None { &[false] } else { &[false, true] };
                all.extend(devices.iter().map(|&device| Self { claim, device, ..plain(kind) }));
            }
            for browser in [Browser::Domain, Browser::Individual, Browser::Organisation, Browser::Extended] {
                if browser == Browser::Domain && claim != Claim::None {
                    continue;
                }
                let natural = browser == Browser::Individual;
                let browser = Some(browser);
                all.push(Self { claim, browser, natural, ..plain(Kind::Website) });
            }
            all.extend([true, false].map(|natural| Self { claim, natural, ..plain(Kind::Website) }));
        }
        let browser = Some(Browser::Extended);
        all.push(Self { claim: Claim::Eu, browser, psd2: true, ..plain(Kind::Website) });
        let seal = Self { claim: Claim::Eu, danish_seal: true, ..plain(Kind::LegalPerson) };
        all.extend([false, true].map(|device| Self { device, ..seal }));
        all
    }

    /// The profile a certificate seems to be made for.
    pub(crate) fn of(view: &View<'_>) -> Self {
        let policy = |oid| view.policies().any(|policy| *policy == oid);
        let purpose = |oid| view.purposes().any(|purpose| *purpose == oid);
        let kind_of_statement = |oid| view.statements.types().any(|found| found == Some(oid));
        let named = |oids: &[_]| oids.iter().any(|oid| view.subject_has(*oid));
        let browser = [
            (CABF_EV, Browser::Extended),
            (CABF_OV, Browser::Organisation),
            (CABF_IV, Browser::Individual),
            (CABF_DV, Browser::Domain),
        ];
        let browser = browser.into_iter().find(|(oid, _)| policy(*oid)).map(|(_, browser)| browser);
        let psd2 = view.statements.has(QCS_PSD2);
        let device = view.statements.has(QCS_SSCD);
        let claim = if view.statements.has(QCS_COMPLIANCE) {
            if view.statements.has(QCS_COUNTRY_LEGISLATION) { Claim::Elsewhere } else { Claim::Eu }
        } else if QUALIFIED.into_iter().any(policy) {
            Claim::Eu
        } else {
            Claim::None
        };
        let web_policy = [EVCP, DVCP, OVCP, IVCP, QEVCP_W, QNCP_W, QNCP_W_GEN, QCP_W_PSD2];
        let website = browser.is_some()
            || purpose(SERVER_AUTH)
            || kind_of_statement(QCT_WEB)
            || web_policy.into_iter().any(policy);
        let natural = if website && browser.is_some() {
            browser == Some(Browser::Individual)
        } else {
            named(&[oids::GIVEN_NAME, oids::SURNAME, oids::PSEUDONYM])
                || !named(&[oids::ORGANIZATION_IDENTIFIER])
                    && (kind_of_statement(QCT_ESIGN) || policy(QCP_N) || policy(QCP_N_QSCD))
        };
        let kind = if view.certificate.is_ca() {
            Kind::Authority
        } else if website {
            Kind::Website
        } else if purpose(oids::TIME_STAMPING) && claim == Claim::None {
            Kind::TimeStampUnit
        } else if purpose(oids::OCSP_SIGNING) || view.has(oids::OCSP_NOCHECK) {
            Kind::OcspResponder
        } else if purpose(TSL_SIGNING) || view.certificate.is_self_issued() {
            Kind::Other
        } else if natural {
            Kind::NaturalPerson
        } else {
            Kind::LegalPerson
        };
        match kind {
            Kind::Website => Self { kind, claim, natural, browser, psd2, ..Self::UNKNOWN },
            Kind::NaturalPerson | Kind::LegalPerson => {
                let device = device && claim != Claim::None;
                Self { kind, claim, natural, device, ..Self::UNKNOWN }
            }
            _ => Self { kind, ..Self::UNKNOWN },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let person = if self.natural { "natural-person" } else { "legal-person" };
        let law = match self.claim {
            Claim::Eu => "-eidas",
            Claim::Elsewhere => "-non-eidas",
            Claim::None => "",
        };
        let device = if self.device { "-qscd" } else { "" };
        match (self.kind, self.claim, self.browser) {
            (Kind::Authority, ..) => f.write_str("ca"),
            (Kind::TimeStampUnit, ..) => f.write_str("tsu"),
            (Kind::OcspResponder, ..) => f.write_str("ocsp-responder"),
            (Kind::Other, ..) => f.write_str("other"),
            (Kind::NaturalPerson | Kind::LegalPerson, Claim::None, _) => write!(f, "ncp-{person}"),
            (Kind::NaturalPerson, ..) => write!(f, "qcp-n{device}{law}"),
            (Kind::LegalPerson, ..) if self.danish_seal => write!(f, "danish-seal{device}"),
            (Kind::LegalPerson, ..) => write!(f, "qcp-l{device}{law}"),
            (Kind::Website, Claim::None, None) => write!(f, "ncp-w-{person}"),
            (Kind::Website, _, None) => write!(f, "qncp-w-gen-{person}{law}"),
            (Kind::Website, Claim::None, Some(browser)) => f.write_str(match browser {
                Browser::Domain => "dvcp",
                Browser::Extended => "evcp",
                Browser::Individual => "ivcp",
                Browser::Organisation => "ovcp",
            }),
            (Kind::Website, _, Some(Browser::Extended)) if self.psd2 => write!(f, "qevcp-w-psd2{law}"),
            (Kind::Website, _, Some(Browser::Extended)) => write!(f, "qevcp-w{law}"),
            (Kind::Website, _, Some(Browser::Individual)) => write!(f, "qncp-w-iv{law}"),
            (Kind::Website, _, Some(_)) => write!(f, "qncp-w-ov{law}"),
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    /// Reads a name, with `_` for `-` too; a trailing `-pre-certificate`, `-final-certificate` or `-certificate` changes nothing.
    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let given = name.to_ascii_lowercase().replace('_', "-");
        let mut short = given.strip_suffix("-certificate").unwrap_or(&given);
        for suffix in ["-pre", "-final", "-non-browser"] {
            short = short.strip_suffix(suffix).unwrap_or(short);
        }
        let found = Self::all().into_iter().find(|profile| profile.to_string() == short);
        found.ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_a_name_of_its_own_that_reads_back() {
        let all = Profile::all();
        for profile in &all {
            assert_eq!(profile.to_string().parse(), Ok(*profile));
        }
        let with_suffix = "qevcp_w_psd2_eidas_non_browser_pre_certificate".parse::<Profile>().unwrap();
        assert_eq!(with_suffix.to_string(), "qevcp-w-psd2-eidas");
        let unknown = "qcp-x".parse::<Profile>().unwrap_err().to_string();
        assert!(
            unknown.starts_with("no certificate profile is called \"qcp-x\"; there are ca, "),
            "{unknown}"
        );
        assert!(all.iter().all(|profile| unknown.contains(&profile.to_string())), "{unknown}");
    }
}
