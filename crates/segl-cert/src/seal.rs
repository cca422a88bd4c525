use segl_crypto::KeyKind;
use segl_x509::{Certificate, KeyUsage, ObjectIdentifier};

use crate::{
    AuthorityUrls, CertificateContent, DeniedNames, Holder, IssuerFault, PdsLocation, Presented,
    ProfileError, QcStatements, QcType, Semantics, Statement,
    asn1::NULL,
    oid::*,
    organisation::says_test,
    profile::{self, Extension, IssuerFacts, Template},
};

/// The profile of a seal certificate: Annex III of Regulation 910/2014, EN 319 412-3 and -5, for a key that signs once.
///
/// keyUsage is contentCommitment alone, there is no extKeyUsage, no limit and no alternative name: the certificate
/// cannot serve e-mail, encryption, authentication or the issuing of certificates. It carries the places where its
/// status is answered unless it is [`validity_assured`](Self::validity_assured).
///
/// ```
/// use segl_cert::{AuthorityUrls, Holder, Lifetime, Organisation, OrganisationIdentifier, SealProfile, Unit};
///
/// let identifier = OrganisationIdentifier::parse("NTRDK-12345674")?;
/// let holder = Holder::new(Organisation::new("DK", "TEST Kommune", identifier)?, Unit::new("TEST Kommune Post")?);
/// let profile = SealProfile::new(holder, Lifetime::Hours12, &AuthorityUrls::new("http://pki.example.com")?);
/// assert_eq!(profile.lifetime().seconds(), 43_200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealProfile {
    holder: Holder,
    lifetime: Lifetime,
    urls: AuthorityUrls,
    status: StatusInformation,
    key: KeyKind,
    device: Device,
    disclosure_statements: Vec<PdsLocation>,
    own_policy: Option<ObjectIdentifier>,
    policy_version: String,
    denied: DeniedNames,
}

/// How long a seal certificate lives: these two and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "these two and no other")]
pub enum Lifetime {
    /// Twelve hours.
    Hours12,
    /// Ten days.
    Days10,
}

impl Lifetime {
    /// In seconds, the first and the last one counted: notAfter is `notBefore + seconds - 1`, because the end of a
    /// validity is inclusive (RFC 5280 4.1.2.5).
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Hours12 => 43_200,
            Self::Days10 => 864_000,
        }
    }

    /// The lifetime of exactly so many seconds.
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        match seconds {
            43_200 => Some(Self::Hours12),
            864_000 => Some(Self::Days10),
            _ => None,
        }
    }
}

/// How a recipient learns that the certificate is not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum StatusInformation {
    /// The certificate says where OCSP and CRL are.
    Pointers,
    /// The certificate cannot be revoked: validity-assured-short-term and noRevAvail.
    Assured,
}

/// Where the private key is, as the key's receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "qualified or not")]
pub enum Device {
    /// Anything that is not a qualified device, such as a software token.
    Other,
    /// A qualified electronic seal creation device (Regulation 910/2014, Article 39).
    Qualified,
}

impl SealProfile {
    /// A profile with what it cannot do without: P-256, status by OCSP and CRL, no qualified device, disclosure
    /// statements in English and Danish, the policy of EN 319 411-2 alone, in the version 8.0 of the common policy.
    pub fn new(holder: Holder, lifetime: Lifetime, urls: &AuthorityUrls) -> Self {
        Self {
            holder,
            lifetime,
            status: StatusInformation::Pointers,
            key: KeyKind::EcP256,
            device: Device::Other,
            disclosure_statements: urls.disclosure_statements(),
            urls: urls.clone(),
            own_policy: None,
            policy_version: "8.0".to_owned(),
            denied: DeniedNames::default(),
        }
    }

    /// Takes validity-assured-short-term with noRevAvail instead of pointers (EN 319 412-1 5.2, RFC 9608). Only for 12
    /// hours, and only by an issuer that really cannot revoke the certificate.
    #[must_use]
    pub fn validity_assured(mut self) -> Self {
        self.status = StatusInformation::Assured;
        self
    }

    /// Takes this kind of key; EC P-256 and P-384 fit.
    #[must_use]
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Says where the key will be. A qualified device brings QcSSCD and the policy QCP-l-qscd, and the key's receipt
    /// must say the same when the certificate is prepared.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Replaces the disclosure statements; one must be in English.
    #[must_use]
    pub fn disclosure_statements(mut self, locations: Vec<PdsLocation>) -> Self {
        self.disclosure_statements = locations;
        self
    }

    /// Adds a policy of the issuer's own to that of EN 319 411-2.
    #[must_use]
    pub fn own_policy(mut self, policy: ObjectIdentifier) -> Self {
        self.own_policy = Some(policy);
        self
    }

    /// Names the version of the certificate policy in force, which the record of each seal keeps. No certificate
    /// carries it.
    #[must_use]
    pub fn policy_version(mut self, version: impl Into<String>) -> Self {
        self.policy_version = version.into();
        self
    }

    /// Refuses names that look like one of these.
    #[must_use]
    pub fn denied_names(mut self, denied: DeniedNames) -> Self {
        self.denied = denied;
        self
    }

    /// The holder.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The lifetime.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// The version of the certificate policy in force.
    pub fn policy_in_force(&self) -> &str {
        &self.policy_version
    }

    /// Whether the certificate will be validity-assured instead of saying where its status is.
    pub fn is_validity_assured(&self) -> bool {
        self.status == StatusInformation::Assured
    }

    /// Checks the profile and makes the content that is shown before anything is reserved, generated or signed.
    pub fn present(&self, issuer: &Certificate) -> Result<Presented, ProfileError> {
        self.check()?;
        let facts = check_issuer(issuer)?;
        if issuer.subject().find(ORGANIZATION_NAME).is_some_and(|name| says_test(&name)) {
            let names = [self.holder.organisation().name(), self.holder.unit().name()];
            if let Some(name) = names.into_iter().find(|name| !says_test(name)) {
                return Err(ProfileError::NotMarkedTest { name: name.to_owned() });
            }
        }
        let organisation = self.holder.organisation();
        let template = Template {
            issuer: facts.name.clone(),
            subject: profile::name(
                organisation.country(),
                organisation.name(),
                organisation.identifier().as_str(),
                self.holder.unit().name(),
            ),
            seconds: self.lifetime.seconds(),
            key: self.key,
            algorithm: facts.key.default_algorithm().to_der(),
            extensions: self.extensions(&facts),
        };
        Ok(Presented::new(CertificateContent::from_template(template), Some(facts), Some(self.device)))
    }

    fn check(&self) -> Result<(), ProfileError> {
        if self.is_validity_assured() && self.lifetime != Lifetime::Hours12 {
            return Err(ProfileError::AssuredTooLong);
        }
        // Generating an RSA key takes seconds, too long for a key that signs once.
        if !matches!(self.key, KeyKind::EcP256 | KeyKind::EcP384) {
            return Err(ProfileError::Key(self.key));
        }
        if let Some(entry) = self.denied.find_in_holder(&self.holder) {
            return Err(ProfileError::NameDenied { entry: entry.to_owned() });
        }
        if let Some(policy) = self.own_policy {
            let decided = policy == ANY_POLICY
                || policy.parent().is_some_and(|arc| {
                    [POLICY_QCP_L, POLICY_NCP_PLUS].iter().any(|of| of.parent() == Some(arc))
                });
            if decided {
                return Err(ProfileError::Policy(policy));
            }
        }
        for (index, location) in self.disclosure_statements.iter().enumerate() {
            let language = &location.language;
            let language_fits =
                language.len() == 2 && language.bytes().all(|octet| octet.is_ascii_lowercase());
            let url_fits = location.url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                && location.url.bytes().all(|octet| octet.is_ascii_graphic());
            let twice =
                self.disclosure_statements.iter().take(index).any(|other| other.language == *language);
            if !language_fits || !url_fits || twice {
                return Err(ProfileError::DisclosureStatement {
                    url: location.url.clone(),
                    language: language.clone(),
                });
            }
        }
        if !self.disclosure_statements.iter().any(|location| location.language == "en") {
            return Err(ProfileError::DisclosureStatementMissing);
        }
        Ok(())
    }

    fn extensions(&self, issuer: &IssuerFacts) -> Vec<Extension> {
        let policy = match self.device {
            Device::Qualified => POLICY_QCP_L_QSCD,
            Device::Other => POLICY_QCP_L,
        };
        let policies: Vec<_> = [policy].into_iter().chain(self.own_policy).collect();
        let mut extensions = vec![
            Extension::authority_key_identifier(&issuer.key_identifier),
            Extension::subject_key_identifier(),
            // contentCommitment alone is type A of EN 319 412-2 4.3.2, the preferred one.
            Extension::key_usage(&[1]),
            Extension::policies(&policies),
            Extension::plain(QC_STATEMENTS, self.statements().to_der()),
        ];
        let ca = (ACCESS_CA_ISSUERS, self.urls.ca_certificate());
        match self.status {
            StatusInformation::Pointers => extensions.extend([
                Extension::access(&[(ACCESS_OCSP, self.urls.ocsp()), ca]),
                Extension::crl_distribution_point(&self.urls.ca_crl()),
            ]),
            StatusInformation::Assured => extensions.extend([
                Extension::access(&[ca]),
                Extension::plain(VALIDITY_ASSURED_SHORT_TERM, NULL.to_vec()),
                Extension::plain(NO_REV_AVAIL, NULL.to_vec()),
            ]),
        }
        extensions
    }

    fn statements(&self) -> QcStatements {
        let mut statements = vec![Statement::Compliance];
        if self.device == Device::Qualified {
            statements.push(Statement::QualifiedDevice);
        }
        statements.extend([
            Statement::Type(vec![QcType::Seal]),
            Statement::DisclosureStatements(self.disclosure_statements.clone()),
            Statement::Semantics(Semantics {
                version_1: false,
                identifier: Some(SEMANTICS_LEGAL),
                name_registration_authorities: Vec::new(),
            }),
        ]);
        QcStatements(statements)
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
