use segl_x509::{ObjectIdentifier, Oid};

use crate::{
    AuthorityUrls, Currency, DeniedNames, Device, IdentificationMethod, OrganisationIdentifier, PdsLocation,
    ProfileError, Psd2Fault, PspRole, QcStatements, QcType, Semantics, SemanticsKind, Statement,
    asn1::{NULL, SEQUENCE, UTF8_STRING, oid, tlv},
    lint::{codes, policies::is_short_term},
    oid::*,
    profile::{Extension, IssuerFacts, slices},
    writing::is_showable,
};

/// What an issuer says in a qualified certificate beside who it is for: status, disclosure statements, limits, policies.
///
/// Every profile takes such terms. What EN 319 412-5 or the profile forbids is refused when the certificate's content is
/// made, before there is a key. QcCompliance, QcType, QcSSCD and the semantics of the name are not terms: they follow from
/// the profile. No limit is set unless asked for.
///
/// ```
/// use segl_cert::{AuthorityUrls, Currency, IdentificationMethod, Terms};
///
/// let terms = Terms::new(&AuthorityUrls::new("http://pki.example.com")?)
///     .limit(Currency::Alphabetic("DKK".to_owned()), 5, 6)
///     .retention_years(10)
///     .identified_by(IdentificationMethod::Eidas2B)
///     .purpose_limit("Only for invoices.");
/// # Ok::<(), segl_cert::BaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    urls: AuthorityUrls,
    status: StatusInformation,
    disclosure_statements: Vec<PdsLocation>,
    own_policy: Option<ObjectIdentifier>,
    denied: DeniedNames,
    purpose_limit: Option<String>,
    registration_authorities: Vec<String>,
    further: Vec<Statement>,
}

/// How a recipient learns that the certificate is not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum StatusInformation {
    /// The certificate says where OCSP and CRL are.
    Pointers,
    /// The certificate cannot be revoked: validity-assured-short-term and noRevAvail. There is no value for noRevAvail
    /// beside pointers (RFC 9608).
    Assured,
}

/// The longest explicitText (RFC 5280 4.2.1.4), in characters.
const MAX_NOTICE_CHARS: usize = 200;

impl Terms {
    /// Status by OCSP and CRL, disclosure statements in English and Danish, no limit.
    pub fn new(urls: &AuthorityUrls) -> Self {
        Self {
            status: StatusInformation::Pointers,
            disclosure_statements: urls.disclosure_statements(),
            urls: urls.clone(),
            own_policy: None,
            denied: DeniedNames::default(),
            purpose_limit: None,
            registration_authorities: Vec::new(),
            further: Vec::new(),
        }
    }

    /// Takes validity-assured-short-term with noRevAvail instead of pointers (EN 319 412-1 5.2, RFC 9608). Only for
    /// certificates that live shorter than 24 hours, and only by an issuer that really cannot revoke them.
    #[must_use]
    pub fn validity_assured(mut self) -> Self {
        self.status = StatusInformation::Assured;
        self
    }

    /// Replaces the disclosure statements (QcPDS); one must be in English.
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

    /// Refuses names that look like one of these.
    #[must_use]
    pub fn denied_names(mut self, denied: DeniedNames) -> Self {
        self.denied = denied;
        self
    }

    /// Limits what the certificate may be used for, in words of up to 200 characters: a notice in certificatePolicies, as
    /// the Danish act of 2000 (section 4(2) no. 6) asked for and the Regulation does not.
    #[must_use]
    pub fn purpose_limit(mut self, text: impl Into<String>) -> Self {
        self.purpose_limit = Some(text.into());
        self
    }

    /// Limits the amount of a transaction to `amount * 10^exponent` (QcLimitValue; the act of 2000, section 4(2) no. 7).
    #[must_use]
    pub fn limit(self, currency: Currency, amount: i64, exponent: i64) -> Self {
        self.statement(Statement::LimitValue { currency, amount, exponent })
    }

    /// Says how many years after its end the records about the certificate are kept (QcRetentionPeriod).
    #[must_use]
    pub fn retention_years(self, years: i64) -> Self {
        self.statement(Statement::RetentionPeriod(years))
    }

    /// Says how the subject was identified (QcIdentMethod).
    #[must_use]
    pub fn identified_by(self, method: IdentificationMethod) -> Self {
        self.statement(Statement::IdentificationMethod(vec![method]))
    }

    /// Names the countries outside the EU under whose law the qualified device is one (QcQSCDlegislation).
    #[must_use]
    pub fn device_legislation<C: Into<String>>(self, countries: impl IntoIterator<Item = C>) -> Self {
        self.statement(Statement::DeviceLegislation(countries.into_iter().map(Into::into).collect()))
    }

    /// Says in which roles the legal person is authorised for payment services, and by whom (TS 119 495).
    #[must_use]
    pub fn payment_services(
        self,
        roles: &[PspRole],
        authority_name: impl Into<String>,
        authority_id: impl Into<String>,
    ) -> Self {
        self.statement(Statement::Psd2 {
            roles: roles.iter().map(|role| (role.oid().into(), role.name().to_owned())).collect(),
            authority_name: authority_name.into(),
            authority_id: authority_id.into(),
        })
    }

    /// Names who registers the identifiers of a local scheme (nameRegistrationAuthorities), by address.
    #[must_use]
    pub fn registration_authorities<U: Into<String>>(mut self, urls: impl IntoIterator<Item = U>) -> Self {
        self.registration_authorities = urls.into_iter().map(Into::into).collect();
        self
    }

    /// Adds any statement that is not decided by the profile, also one this crate does not know.
    #[must_use]
    pub fn statement(mut self, statement: Statement) -> Self {
        self.further.push(statement);
        self
    }

    pub(crate) fn is_validity_assured(&self) -> bool {
        self.status == StatusInformation::Assured
    }

    pub(crate) fn denied(&self) -> &DeniedNames {
        &self.denied
    }

    pub(crate) fn check(&self, subject: &Subject<'_>) -> Result<(), ProfileError> {
        if self.is_validity_assured() && !is_short_term(subject.seconds) {
            return Err(ProfileError::AssuredTooLong);
        }
        if let Some(policy) = self.own_policy {
            let decided = policy == ANY_POLICY
                || policy.parent().is_some_and(|arc| {
                    [POLICY_QCP_L, POLICY_NCP_PLUS, POLICY_QCP_W_PSD2]
                        .iter()
                        .any(|of| of.parent() == Some(arc))
                });
            if decided {
                return Err(ProfileError::Policy(policy));
            }
        }
        self.check_disclosure_statements()?;
        if let Some(text) = &self.purpose_limit
            && (text.trim().is_empty()
                || text.chars().count() > MAX_NOTICE_CHARS
                || !text.chars().all(is_showable))
        {
            return Err(ProfileError::PurposeLimit);
        }
        for url in &self.registration_authorities {
            let (_, rest) = url.split_once("://").unwrap_or_default();
            if rest.is_empty() || !url.bytes().all(|octet| octet.is_ascii_graphic()) {
                return Err(ProfileError::RegistrationAuthority { url: url.clone() });
            }
        }
        if subject.local_scheme && self.registration_authorities.is_empty() {
            return Err(ProfileError::RegistrationAuthorityMissing);
        }
        if !self.registration_authorities.is_empty() && subject.semantics.is_none() {
            return Err(ProfileError::SemanticsWithoutIdentifier);
        }
        for (index, statement) in self.further.iter().enumerate() {
            if self.further.iter().take(index).any(|before| before.id() == statement.id()) {
                return Err(ProfileError::StatementTwice(statement.id()));
            }
            check_statement(statement, subject)?;
        }
        Ok(())
    }

    fn check_disclosure_statements(&self) -> Result<(), ProfileError> {
        for (index, location) in self.disclosure_statements.iter().enumerate() {
            let language = &location.language;
            let language_fits =
                language.bytes().all(|octet| octet.is_ascii_lowercase()) && codes::is_language(language);
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

    /// Everything but the subject, in the order of the golden profile.
    pub(crate) fn extensions(&self, issuer: &IssuerFacts, subject: Subject<'_>) -> Vec<Extension> {
        let mut extensions = vec![
            Extension::authority_key_identifier(&issuer.key_identifier),
            Extension::subject_key_identifier(),
            Extension::key_usage(subject.key_usage),
        ];
        let statements = self.statements(&subject);
        extensions.extend(subject.extensions);
        extensions
            .extend([self.policies(&subject.policies), Extension::plain(QC_STATEMENTS, statements.to_der())]);
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

    /// The policies of the profile, the issuer's own, and the purpose limit as a notice on the first.
    fn policies(&self, decided: &[ObjectIdentifier]) -> Extension {
        let mut notice = self.purpose_limit.as_ref().map(|text| {
            let notice = tlv(SEQUENCE, &[&tlv(UTF8_STRING, &[text.as_bytes()])]);
            tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&oid(&QUALIFIER_USER_NOTICE), &notice])])
        });
        let each: Vec<Vec<u8>> = decided
            .iter()
            .chain(&self.own_policy)
            .map(|policy| tlv(SEQUENCE, &[&oid(policy), &notice.take().unwrap_or_default()]))
            .collect();
        Extension::plain(CERTIFICATE_POLICIES, tlv(SEQUENCE, &slices(&each)))
    }

    fn statements(&self, subject: &Subject<'_>) -> QcStatements {
        let mut statements = vec![Statement::Compliance];
        if subject.device == Device::Qualified {
            statements.push(Statement::QualifiedDevice);
        }
        statements.extend([
            Statement::Type(vec![subject.kind.clone()]),
            Statement::DisclosureStatements(self.disclosure_statements.clone()),
        ]);
        statements.extend(subject.semantics.as_ref().map(|semantics| {
            let uri = |url: &String| tlv(0x86, &[url.as_bytes()]);
            Statement::Semantics(Semantics {
                version_1: false,
                identifier: Some(semantics.oid()),
                name_registration_authorities: self.registration_authorities.iter().map(uri).collect(),
            })
        }));
        statements.extend(self.further.iter().cloned());
        QcStatements(statements)
    }
}

/// What a profile decides.
pub(crate) struct Subject<'a> {
    pub(crate) seconds: u64,
    pub(crate) kind: QcType,
    pub(crate) device: Device,
    pub(crate) key_usage: &'a [u8],
    pub(crate) policies: Vec<ObjectIdentifier>,
    pub(crate) semantics: Option<SemanticsKind>,
    pub(crate) local_scheme: bool,
    /// organizationIdentifier of a legal person.
    pub(crate) legal: Option<&'a OrganisationIdentifier>,
    pub(crate) extensions: Vec<Extension>,
}

fn check_statement(statement: &Statement, subject: &Subject<'_>) -> Result<(), ProfileError> {
    match statement {
        Statement::LimitValue { currency, amount, exponent } => {
            let known = match currency {
                Currency::Alphabetic(letters) => codes::is_currency(letters),
                Currency::Numeric(number) => codes::is_currency_number(*number),
            };
            if !known || *amount < 0 || *exponent < 0 {
                return Err(ProfileError::Limit {
                    currency: currency.clone(),
                    amount: *amount,
                    exponent: *exponent,
                });
            }
        }
        Statement::RetentionPeriod(years) if *years <= 0 => return Err(ProfileError::Retention(*years)),
        Statement::IdentificationMethod(methods) if methods.len() != 1 => {
            return Err(ProfileError::IdentificationMethod { count: methods.len() });
        }
        Statement::RetentionPeriod(_) | Statement::IdentificationMethod(_) => {}
        Statement::DeviceLegislation(countries) => {
            if subject.device != Device::Qualified {
                return Err(ProfileError::DeviceLegislationWithoutDevice);
            }
            let foreign = |country: &&String| codes::is_country(country) && !codes::is_european(country);
            if let Some(country) = countries.iter().find(|country| !foreign(country)) {
                return Err(ProfileError::DeviceLegislation { country: country.clone() });
            }
            if countries.is_empty() {
                return Err(ProfileError::DeviceLegislation { country: String::new() });
            }
        }
        Statement::CountryLegislation(_) => return Err(ProfileError::CountryLegislation),
        Statement::Semantics(_) => return Err(ProfileError::SemanticsWithoutIdentifier),
        Statement::Psd2 { roles, authority_name, authority_id } => {
            check_psd2(roles, authority_name, authority_id, subject.legal).map_err(ProfileError::Psd2)?;
        }
        Statement::Unknown { .. } => {}
        decided => return Err(ProfileError::StatementDecided(decided.id())),
    }
    Ok(())
}

fn check_psd2(
    roles: &[(Oid, String)],
    authority_name: &str,
    authority_id: &str,
    legal: Option<&OrganisationIdentifier>,
) -> Result<(), Psd2Fault> {
    let Some(identifier) = legal else { return Err(Psd2Fault::NoLegalPerson) };
    let twice = |index: usize, role: &Oid| roles.iter().take(index).any(|(before, _)| before == role);
    if roles.is_empty()
        || roles
            .iter()
            .enumerate()
            .any(|(index, (role, name))| PspRole::named(role.clone(), name).is_none() || twice(index, role))
    {
        return Err(Psd2Fault::Roles);
    }
    if authority_name.trim().is_empty()
        || authority_name.chars().count() > 256
        || !authority_name.chars().all(is_showable)
        || !authority_name.is_ascii()
    {
        return Err(Psd2Fault::AuthorityName);
    }
    let (country, letters) = authority_id.split_once('-').unwrap_or_default();
    if !codes::is_country(country)
        || !(2..=8).contains(&letters.len())
        || !letters.bytes().all(|octet| octet.is_ascii_uppercase())
    {
        return Err(Psd2Fault::AuthorityIdentifier);
    }
    // The identifier repeats the authority: PSD, authority, hyphen, number.
    let same = |rest: &str| rest.strip_prefix(authority_id).is_some_and(|rest| rest.starts_with('-'));
    if identifier.as_str().strip_prefix("PSD").is_some_and(|rest| !same(rest)) {
        return Err(Psd2Fault::OtherAuthority);
    }
    Ok(())
}
