use segl_crypto::KeyKind;
use segl_x509::{Certificate, ObjectIdentifier};

use crate::{
    Device, HolderError, Organisation, OrganisationIdentifier, Person, Presented, ProfileError, QcType,
    Terms, Validity,
    asn1::{PRINTABLE_STRING, SEQUENCE, UTF8_STRING, oid, tlv},
    natural::{is_local, name_attributes, organisation_attributes, semantics_of},
    oid::*,
    present::{Named, check_lasting_key, present},
    profile::{Extension, name_of, slices},
    terms::Subject,
    urls::is_public_host,
    writing::check_name,
};

/// The profile of a website certificate: Annex IV of Regulation 910/2014, EN 319 412-4 and -5, TS 119 495.
///
/// keyUsage is digitalSignature alone, extKeyUsage serverAuth alone; the domain names stand in subjectAltName; for
/// [`WebsiteValidation::General`] the first of them is the common name, browsers have no use for one. There is no qualified device (Annex IV has none) and there are no certificate-transparency
/// time-stamps, which browsers ask for.
///
/// ```
/// use segl_cert::{
///     Address, AuthorityUrls, Organisation, OrganisationIdentifier, Terms, Validity, WebsiteProfile, WebsiteSubject,
///     WebsiteValidation,
/// };
///
/// let identifier = OrganisationIdentifier::parse("NTRDK-12345674")?;
/// let subject = WebsiteSubject::Organisation(Organisation::new("DK", "TEST Kommune", identifier)?);
/// let terms = Terms::new(&AuthorityUrls::new("http://pki.example.com")?);
/// let profile = WebsiteProfile::new(subject, Address::new("Aarhus", "Region Midtjylland")?, Validity::days(90), terms)
///     .domain("www.example.com")
///     .validation(WebsiteValidation::Organisation);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebsiteProfile {
    subject: WebsiteSubject,
    address: Address,
    domains: Vec<String>,
    validation: WebsiteValidation,
    validity: Validity,
    terms: Terms,
    key: KeyKind,
}

/// Whose website it is (Annex IV (c), (ca)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "natural or legal")]
pub enum WebsiteSubject {
    /// A legal person.
    Organisation(Organisation),
    /// A natural person.
    Person(Person),
}

/// Where it is established: at least city and state (Annex IV (d)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    locality: String,
    state: String,
    street: Option<String>,
    postal_code: Option<String>,
}

impl Address {
    /// A city and the state, province or region it is in.
    pub fn new(locality: impl Into<String>, state: impl Into<String>) -> Result<Self, HolderError> {
        let (locality, state) = (locality.into(), state.into());
        check_name("localityName", &locality)?;
        check_name("stateOrProvinceName", &state)?;
        Ok(Self { locality, state, street: None, postal_code: None })
    }

    /// Adds street and postal code.
    pub fn street(
        mut self,
        street: impl Into<String>,
        postal_code: impl Into<String>,
    ) -> Result<Self, HolderError> {
        let (street, postal_code) = (street.into(), postal_code.into());
        check_name("streetAddress", &street)?;
        check_name("postalCode", &postal_code)?;
        (self.street, self.postal_code) = (Some(street), Some(postal_code));
        Ok(self)
    }
}

/// After which rules the subject and its domain names were validated, which decides the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the three policies of EN 319 411-2")]
pub enum WebsiteValidation {
    /// QEVCP-w and the policy for extended validation of the CA/Browser Forum: organisations only.
    Extended(BusinessCategory),
    /// QNCP-w-gen alone, not for browsers.
    General,
    /// QNCP-w and the policy for organisation or individual validation of the CA/Browser Forum.
    Organisation,
}

/// What kind of organisation extended validation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four of the extended validation guidelines")]
pub enum BusinessCategory {
    /// A company.
    PrivateOrganization,
    /// A public body.
    GovernmentEntity,
    /// Any other business.
    BusinessEntity,
    /// An international or non-profit body.
    NonCommercialEntity,
}

impl BusinessCategory {
    fn name(self) -> &'static str {
        match self {
            Self::PrivateOrganization => "Private Organization",
            Self::GovernmentEntity => "Government Entity",
            Self::BusinessEntity => "Business Entity",
            Self::NonCommercialEntity => "Non-Commercial Entity",
        }
    }
}

/// The longest life that browsers have accepted, in days. What they accept today is shorter and for the issuer to know.
const MAX_DAYS: u16 = 398;

impl WebsiteProfile {
    /// A profile with P-256 after QNCP-w, without a domain name yet.
    pub fn new(subject: WebsiteSubject, address: Address, validity: Validity, terms: Terms) -> Self {
        Self {
            subject,
            address,
            domains: Vec::new(),
            validation: WebsiteValidation::Organisation,
            validity,
            terms,
            key: KeyKind::EcP256,
        }
    }

    /// Adds a domain name in lower-case ASCII, `xn--` for others, `*.` before it for all names below.
    #[must_use]
    pub fn domain(mut self, name: impl Into<String>) -> Self {
        self.domains.push(name.into());
        self
    }

    /// Says after which rules was validated.
    #[must_use]
    pub fn validation(mut self, validation: WebsiteValidation) -> Self {
        self.validation = validation;
        self
    }

    /// Takes this kind of key: P-256, P-384, P-521, or RSA of at least 3000 bits.
    #[must_use]
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Checks the profile and makes the content that is shown. A TEST authority issues to organisations and persons whose
    /// names say TEST.
    pub fn present(&self, issuer: &Certificate) -> Result<Presented, ProfileError> {
        check_lasting_key(self.key)?;
        if self.validity > Validity::days(MAX_DAYS) {
            return Err(ProfileError::Lifetime { seconds: self.validity.seconds() });
        }
        self.check_domains()?;
        let (organisation, person) = match &self.subject {
            WebsiteSubject::Organisation(organisation) => (Some(organisation), None),
            WebsiteSubject::Person(person) => (person.organisation(), Some(person)),
        };
        let legal = person.is_none().then_some(organisation).flatten().map(Organisation::identifier);
        let subject = Subject {
            seconds: self.validity.seconds(),
            kind: QcType::Website,
            device: Device::Other,
            key_usage: &[0],
            policies: self.policies(legal)?,
            semantics: person.map_or_else(|| legal.map(OrganisationIdentifier::semantics), semantics_of),
            local_scheme: person
                .map_or_else(|| legal.is_some_and(OrganisationIdentifier::is_local), is_local),
            legal,
            extensions: self.extensions(legal),
        };
        let mut names: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        let mut marked = Vec::new();
        match &self.subject {
            WebsiteSubject::Organisation(organisation) => marked.push(organisation.name()),
            WebsiteSubject::Person(person) => {
                names.extend(person.names());
                marked.push(person.common_name());
            }
        }
        names.extend(organisation.map(Organisation::name));
        let named = Named { der: self.name(organisation, person, legal), names: &names, marked: &marked };
        present(&self.terms, subject, named, self.key, issuer)
    }

    fn is_for_browsers(&self) -> bool {
        self.validation != WebsiteValidation::General
    }

    fn check_domains(&self) -> Result<(), ProfileError> {
        if self.domains.is_empty() {
            return Err(ProfileError::Domain { domain: String::new() });
        }
        for (index, domain) in self.domains.iter().enumerate() {
            let host = domain.strip_prefix("*.").unwrap_or(domain);
            let plain = |octet: u8| {
                octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'.'
            };
            let fits = domain.len() <= 253
                && host.bytes().all(plain)
                && host.split('.').all(|label| label.len() <= 63)
                && is_public_host(host);
            if !fits || self.domains.iter().take(index).any(|other| other == domain) {
                return Err(ProfileError::Domain { domain: domain.clone() });
            }
        }
        Ok(())
    }

    fn policies(
        &self,
        legal: Option<&OrganisationIdentifier>,
    ) -> Result<Vec<ObjectIdentifier>, ProfileError> {
        let wildcard = self.domains.iter().any(|domain| domain.starts_with("*."));
        // The CA/Browser Forum asks for its own policy to stand first.
        Ok(match self.validation {
            // Extended validation repeats the scheme of the identifier, which an eIDAS identifier has none of.
            WebsiteValidation::Extended(_)
                if wildcard || legal.is_none_or(|identifier| identifier.is_eidas()) =>
            {
                return Err(ProfileError::ExtendedValidation);
            }
            WebsiteValidation::Extended(_) => vec![POLICY_CABF_EV, POLICY_QEVCP_W],
            WebsiteValidation::General => vec![POLICY_QNCP_W_GEN],
            WebsiteValidation::Organisation if legal.is_none() => vec![POLICY_CABF_IV, POLICY_QNCP_W],
            WebsiteValidation::Organisation => vec![POLICY_CABF_OV, POLICY_QNCP_W],
        })
    }

    fn extensions(&self, legal: Option<&OrganisationIdentifier>) -> Vec<Extension> {
        let names: Vec<Vec<u8>> = self.domains.iter().map(|name| tlv(0x82, &[name.as_bytes()])).collect();
        let mut extensions = vec![
            Extension::plain(EXT_KEY_USAGE, tlv(SEQUENCE, &[&oid(&PURPOSE_SERVER_AUTH)])),
            Extension::plain(SUBJECT_ALT_NAME, tlv(SEQUENCE, &slices(&names))),
        ];
        // Extended validation repeats the identifier in parts.
        if let (WebsiteValidation::Extended(_), Some(identifier)) = (self.validation, legal) {
            let printable = |text: &str| tlv(PRINTABLE_STRING, &[text.as_bytes()]);
            let number = tlv(UTF8_STRING, &[identifier.number().as_bytes()]);
            let parts = [printable(identifier.scheme()), printable(identifier.country()), number];
            extensions.push(Extension::plain(CABF_ORGANIZATION_IDENTIFIER, tlv(SEQUENCE, &slices(&parts))));
        }
        extensions
    }

    /// The attributes in the order of the CA/Browser Forum's baseline requirements, 7.1.4.2.
    fn name(
        &self,
        organisation: Option<&Organisation>,
        person: Option<&Person>,
        legal: Option<&OrganisationIdentifier>,
    ) -> Vec<u8> {
        let country = person
            .map(Person::country)
            .or_else(|| organisation.map(Organisation::country))
            .unwrap_or_default();
        let mut attributes = Vec::new();
        if let (WebsiteValidation::Extended(category), Some(identifier)) = (self.validation, legal) {
            attributes.extend([
                (BUSINESS_CATEGORY, category.name()),
                (JURISDICTION_COUNTRY, country),
                (SERIAL_NUMBER_ATTRIBUTE, identifier.number()),
            ]);
        }
        attributes.extend([
            (COUNTRY_NAME, country),
            (STATE_OR_PROVINCE_NAME, self.address.state.as_str()),
            (LOCALITY_NAME, self.address.locality.as_str()),
        ]);
        attributes.extend(self.address.postal_code.as_deref().map(|code| (POSTAL_CODE, code)));
        attributes.extend(self.address.street.as_deref().map(|street| (STREET_ADDRESS, street)));
        attributes.extend(organisation_attributes(organisation));
        attributes.extend(person.map(name_attributes).unwrap_or_default());
        // EN 319 412-3 wants a common name; the CA/Browser Forum would rather have none.
        if !self.is_for_browsers() {
            attributes.extend(self.domains.first().map(|domain| (COMMON_NAME, domain.as_str())));
        }
        name_of(&attributes)
    }
}
