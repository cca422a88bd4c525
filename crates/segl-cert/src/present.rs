//! From a profile to the content that is shown: what every qualified profile has in common.

use segl_crypto::KeyKind;
use segl_x509::{Certificate, KeyUsage};

use crate::{
    CertificateContent, IssuerFault, Lifetime, Presented, ProfileError, Terms,
    oid::*,
    profile::{IssuerFacts, Template},
    terms::Subject,
    writing::says_test,
};

/// How long a certificate lives.
///
/// ```
/// use segl_cert::{Lifetime, Validity};
///
/// assert_eq!(Validity::days(10), Validity::from(Lifetime::Days10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Validity(u64);

impl Validity {
    /// So many hours.
    pub fn hours(hours: u16) -> Self {
        Self(u64::from(hours) * 3600)
    }

    /// So many days of 24 hours.
    pub fn days(days: u16) -> Self {
        Self(u64::from(days) * 86_400)
    }

    /// In seconds, the first and the last one counted.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl From<Lifetime> for Validity {
    fn from(lifetime: Lifetime) -> Self {
        Self(lifetime.seconds())
    }
}

/// The subject's name, and the names in it that matter to lists and to TEST authorities.
pub(crate) struct Named<'a> {
    /// Name, DER.
    pub(crate) der: Vec<u8>,
    /// Those that must not be denied.
    pub(crate) names: &'a [&'a str],
    /// Those that must say TEST under a TEST authority.
    pub(crate) marked: &'a [&'a str],
}

pub(crate) fn present(
    terms: &Terms,
    subject: Subject<'_>,
    named: Named<'_>,
    key: KeyKind,
    issuer: &Certificate,
) -> Result<Presented, ProfileError> {
    if subject.seconds == 0 {
        return Err(ProfileError::Lifetime { seconds: 0 });
    }
    terms.check(&subject)?;
    if let Some(entry) = named.names.iter().find_map(|name| terms.denied().find_in(name)) {
        return Err(ProfileError::NameDenied { entry: entry.to_owned() });
    }
    let facts = check_issuer(issuer)?;
    if issuer.subject().find(ORGANIZATION_NAME).is_some_and(|name| says_test(&name))
        && let Some(name) = named.marked.iter().find(|name| !says_test(name))
    {
        return Err(ProfileError::NotMarkedTest { name: (*name).to_owned() });
    }
    let (seconds, device, algorithm) = (subject.seconds, subject.device, facts.key.default_algorithm());
    let template = Template {
        issuer: facts.name.clone(),
        subject: named.der,
        seconds,
        key,
        algorithm: algorithm.to_der(),
        extensions: terms.extensions(&facts, subject),
    };
    Ok(Presented::new(CertificateContent::from_template(template), Some(facts), Some(device), algorithm))
}

/// Keys that live long: EC of 256 bits and more, RSA as TS 119 312 recommends it.
pub(crate) fn check_lasting_key(key: KeyKind) -> Result<(), ProfileError> {
    match key {
        KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => Ok(()),
        KeyKind::Rsa { bits } if bits >= 3000 => Ok(()),
        other => Err(ProfileError::Key(other)),
    }
}

/// Annex III (b) and (g): the issuer is a certification authority whose name says which, in which state.
pub(crate) fn check_issuer(issuer: &Certificate) -> Result<IssuerFacts, ProfileError> {
    if !issuer.is_ca() {
        return Err(ProfileError::Issuer(IssuerFault::BasicConstraints));
    }
    if !issuer.key_usage().ok().flatten().is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN)) {
        return Err(ProfileError::Issuer(IssuerFault::KeyUsage));
    }
    let once = |oid| issuer.subject().find_all(oid).len() == 1;
    if ![COUNTRY_NAME, ORGANIZATION_NAME, ORGANIZATION_IDENTIFIER, COMMON_NAME].into_iter().all(once) {
        return Err(ProfileError::Issuer(IssuerFault::Name));
    }
    IssuerFacts::of(issuer).map_err(ProfileError::IssuerKey)
}
