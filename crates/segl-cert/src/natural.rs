use segl_crypto::KeyKind;
use segl_x509::Certificate;

use crate::{
    Device, Organisation, Person, PersonName, PersonSerial, Presented, ProfileError, QcType, SemanticsKind,
    Terms, Validity,
    oid::*,
    present::{Named, check_lasting_key, present},
    profile::name_of,
    terms::Subject,
};

/// The profile of a signature certificate: Annex I of Regulation 910/2014, EN 319 412-2 and -5, for a natural person.
///
/// keyUsage is contentCommitment alone and there is no extKeyUsage. The policy is QCP-n, or QCP-n-qscd with QcSSCD when the
/// key is in a qualified device. The semantics identifier follows from the person's serial number.
///
/// ```
/// use segl_cert::{AuthorityUrls, Person, PersonName, SignatureProfile, Terms, Validity};
///
/// let person = Person::new("DK", PersonName::Pseudonym("TEST Bee".into()), "TEST Bee")?;
/// let terms = Terms::new(&AuthorityUrls::new("http://pki.example.com")?);
/// let profile = SignatureProfile::new(person, Validity::days(730), terms);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureProfile {
    person: Person,
    validity: Validity,
    terms: Terms,
    key: KeyKind,
    device: Device,
}

impl SignatureProfile {
    /// A profile with P-256 and no qualified device.
    pub fn new(person: Person, validity: Validity, terms: Terms) -> Self {
        Self { person, validity, terms, key: KeyKind::EcP256, device: Device::Other }
    }

    /// Takes this kind of key: P-256, P-384, P-521, or RSA of at least 3000 bits.
    #[must_use]
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Says where the key is. A qualified device brings QcSSCD and the policy QCP-n-qscd.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Checks the profile and makes the content that is shown. A TEST authority issues to persons whose common name and
    /// organisation say TEST.
    pub fn present(&self, issuer: &Certificate) -> Result<Presented, ProfileError> {
        check_lasting_key(self.key)?;
        let person = &self.person;
        let subject = Subject {
            seconds: self.validity.seconds(),
            kind: QcType::Signature,
            device: self.device,
            key_usage: &[1],
            policies: vec![match self.device {
                Device::Qualified => POLICY_QCP_N_QSCD,
                Device::Other => POLICY_QCP_N,
            }],
            semantics: semantics_of(person),
            local_scheme: is_local(person),
            legal: None,
            extensions: Vec::new(),
        };
        let mut attributes = vec![(COUNTRY_NAME, person.country())];
        attributes.extend(organisation_attributes(person.organisation()));
        attributes.extend(name_attributes(person));
        attributes.push((COMMON_NAME, person.common_name()));
        let mut marked = vec![person.common_name()];
        marked.extend(person.organisation().map(Organisation::name));
        let named = Named { der: name_of(&attributes), names: &person.names(), marked: &marked };
        present(&self.terms, subject, named, self.key, issuer)
    }
}

/// What the serial number means, when it says.
pub(crate) fn semantics_of(person: &Person) -> Option<SemanticsKind> {
    match person.serial()? {
        PersonSerial::Eidas(_) => Some(SemanticsKind::EidasNatural),
        PersonSerial::Identifier(_) => Some(SemanticsKind::Natural),
        PersonSerial::Opaque(_) => None,
    }
}

pub(crate) fn is_local(person: &Person) -> bool {
    matches!(person.serial(), Some(PersonSerial::Identifier(identifier)) if identifier.is_local())
}

pub(crate) fn organisation_attributes(
    organisation: Option<&Organisation>,
) -> impl Iterator<Item = (segl_x509::ObjectIdentifier, &str)> {
    organisation.into_iter().flat_map(|organisation| {
        [
            (ORGANIZATION_NAME, organisation.name()),
            (ORGANIZATION_IDENTIFIER, organisation.identifier().as_str()),
        ]
    })
}

pub(crate) fn name_attributes(person: &Person) -> Vec<(segl_x509::ObjectIdentifier, &str)> {
    let mut attributes = Vec::new();
    match person.name() {
        PersonName::Formal { given_name, surname } => {
            attributes.extend(surname.as_deref().map(|name| (SURNAME, name)));
            attributes.extend(given_name.as_deref().map(|name| (GIVEN_NAME, name)));
        }
        PersonName::Pseudonym(name) => attributes.push((PSEUDONYM, name.as_str())),
    }
    attributes.extend(person.serial().map(|serial| (SERIAL_NUMBER_ATTRIBUTE, serial.text())));
    attributes
}
