use segl_crypto::KeyKind;
use segl_x509::{Certificate, ObjectIdentifier};

use crate::{
    AuthorityUrls, DeniedNames, Holder, PdsLocation, Presented, ProfileError, QcType, Terms, Validity,
    oid::*,
    present::{Named, check_lasting_key, present},
    profile,
    terms::Subject,
};

/// The profile of a seal certificate: Annex III of Regulation 910/2014, EN 319 412-3 and -5, for a key that signs once.
///
/// It is what the terms of the Danish sealing solution call an organisation certificate (organisationscertifikat), and the common
/// certificate policy a business certificate (virksomhedscertifikat): two names of one type.
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
    key: KeyKind,
    device: Device,
    policy_version: String,
    terms: Terms,
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

/// Whether the private key is in a qualified device.
///
/// Which devices are certified is for the operator to know. A one-shot key's receipt names the device; that it is hardware is only what
/// the device says of itself, and does not make it qualified.
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
            key: KeyKind::EcP256,
            device: Device::Other,
            policy_version: "8.0".to_owned(),
            terms: Terms::new(urls),
        }
    }

    /// Takes validity-assured-short-term with noRevAvail instead of pointers (EN 319 412-1 5.2, RFC 9608). Only for 12
    /// hours, and only by an issuer that really cannot revoke the certificate.
    #[must_use]
    pub fn validity_assured(mut self) -> Self {
        self.terms = self.terms.validity_assured();
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
        self.terms = self.terms.disclosure_statements(locations);
        self
    }

    /// Adds a policy of the issuer's own to that of EN 319 411-2.
    #[must_use]
    pub fn own_policy(mut self, policy: ObjectIdentifier) -> Self {
        self.terms = self.terms.own_policy(policy);
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
        self.terms = self.terms.denied_names(denied);
        self
    }

    /// Adds to the terms what only [`Terms`] says: limits, retention, how the holder was identified. The Danish terms set
    /// none of them.
    #[must_use]
    pub fn terms(mut self, change: impl FnOnce(Terms) -> Terms) -> Self {
        self.terms = change(self.terms);
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
        self.terms.is_validity_assured()
    }

    /// Checks the profile and makes the content that is shown before anything is reserved, generated or signed.
    pub fn present(&self, issuer: &Certificate) -> Result<Presented, ProfileError> {
        // Generating an RSA key takes seconds, too long for a key that signs once.
        if !matches!(self.key, KeyKind::EcP256 | KeyKind::EcP384) {
            return Err(ProfileError::Key(self.key));
        }
        present_seal(&self.holder, self.lifetime.into(), self.device, self.key, &self.terms, issuer)
    }
}

/// The profile of a seal certificate for a key that is kept: Annex III, EN 319 412-3 and -5.
///
/// It says what the certificate of a [`SealProfile`] says, for as long as its issuer lives and with limits and payment
/// services (TS 119 495) where they are wanted. The key is in a qualified device unless said otherwise.
///
/// ```
/// use segl_cert::{
///     AuthorityUrls, Holder, LastingSealProfile, Organisation, OrganisationIdentifier, PspRole, Terms, Unit, Validity,
/// };
///
/// let identifier = OrganisationIdentifier::parse("PSDDK-DFSA-1234")?;
/// let holder = Holder::new(Organisation::new("DK", "TEST Bank", identifier)?, Unit::new("TEST Bank Payments")?);
/// let terms = Terms::new(&AuthorityUrls::new("http://pki.example.com")?)
///     .payment_services(&[PspRole::AccountInformation], "Finanstilsynet", "DK-DFSA");
/// let profile = LastingSealProfile::new(holder, Validity::days(730), terms);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastingSealProfile {
    holder: Holder,
    validity: Validity,
    terms: Terms,
    key: KeyKind,
    device: Device,
}

impl LastingSealProfile {
    /// A profile with P-256 in a qualified device.
    pub fn new(holder: Holder, validity: Validity, terms: Terms) -> Self {
        Self { holder, validity, terms, key: KeyKind::EcP256, device: Device::Qualified }
    }

    /// Takes this kind of key: P-256, P-384, P-521, or RSA of at least 3000 bits.
    #[must_use]
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Says where the key is.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Checks the profile and makes the content that is shown.
    pub fn present(&self, issuer: &Certificate) -> Result<Presented, ProfileError> {
        check_lasting_key(self.key)?;
        present_seal(&self.holder, self.validity, self.device, self.key, &self.terms, issuer)
    }
}

fn present_seal(
    holder: &Holder,
    validity: Validity,
    device: Device,
    key: KeyKind,
    terms: &Terms,
    issuer: &Certificate,
) -> Result<Presented, ProfileError> {
    let organisation = holder.organisation();
    let names = [holder.unit().name(), organisation.name()];
    let subject = Subject {
        seconds: validity.seconds(),
        kind: QcType::Seal,
        device,
        // contentCommitment alone is type A of EN 319 412-2 4.3.2, the preferred one.
        key_usage: &[1],
        policies: vec![match device {
            Device::Qualified => POLICY_QCP_L_QSCD,
            Device::Other => POLICY_QCP_L,
        }],
        semantics: Some(organisation.identifier().semantics()),
        local_scheme: organisation.identifier().is_local(),
        legal: Some(organisation.identifier()),
        extensions: Vec::new(),
    };
    let der = profile::name(
        organisation.country(),
        organisation.name(),
        organisation.identifier().as_str(),
        holder.unit().name(),
    );
    present(terms, subject, Named { der, names: &names, marked: &[names[1], names[0]] }, key, issuer)
}
