use crate::{
    EidasIdentifier, HolderError, IdentifierFault, NameFault, Organisation, PersonIdentifier,
    identifier::{MAX_SERIAL_CHARS, is_printable},
    lint::codes,
    writing::check_name,
};

/// A natural person as the subject of a certificate (EN 319 412-2 4.2.4).
///
/// ```
/// use segl_cert::{Person, PersonIdentifier, PersonName, PersonSerial};
///
/// let name = PersonName::Formal { given_name: Some("Karen".into()), surname: Some("Jespersen".into()) };
/// let person = Person::new("DK", name, "Karen Jespersen")?
///     .serial_number(PersonSerial::Identifier(PersonIdentifier::parse("PASDK-P3000180")?))?;
/// assert_eq!(person.common_name(), "Karen Jespersen");
/// # Ok::<(), segl_cert::HolderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    country: String,
    name: PersonName,
    common_name: String,
    serial: Option<PersonSerial>,
    organisation: Option<Organisation>,
}

/// Who the person is: the formal name or a pseudonym, never both (NAT-4.2.4-1, -4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the two of EN 319 412-2")]
pub enum PersonName {
    /// The formal names, at least one of them.
    Formal {
        /// givenName.
        given_name: Option<String>,
        /// surname.
        surname: Option<String>,
    },
    /// A pseudonym, which is marked as such by its attribute.
    Pseudonym(String),
}

/// What makes the person unique within the issuer (NAT-4.2.4-2, -9).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the two semantics of EN 319 412-1, and none")]
pub enum PersonSerial {
    /// An eIDAS identifier; the certificate says so with its semantics identifier.
    Eidas(EidasIdentifier),
    /// An identifier of EN 319 412-1 5.1.3; the certificate says so with its semantics identifier.
    Identifier(PersonIdentifier),
    /// Anything that only the issuer understands.
    Opaque(String),
}

impl PersonSerial {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Eidas(identifier) => identifier.as_str(),
            Self::Identifier(identifier) => identifier.as_str(),
            Self::Opaque(text) => text,
        }
    }
}

impl Person {
    /// A person in the context of a country (ISO 3166-1; not necessarily the nationality), with the name by which it is
    /// commonly known.
    pub fn new(
        country: impl Into<String>,
        name: PersonName,
        common_name: impl Into<String>,
    ) -> Result<Self, HolderError> {
        let (country, common_name) = (country.into(), common_name.into());
        if !codes::is_country(&country) {
            return Err(HolderError::Country { country });
        }
        match &name {
            PersonName::Formal { given_name: None, surname: None } => {
                return Err(HolderError::Name { field: "surname", fault: NameFault::Empty });
            }
            PersonName::Formal { given_name, surname } => {
                given_name.iter().try_for_each(|name| check_name("givenName", name))?;
                surname.iter().try_for_each(|name| check_name("surname", name))?;
            }
            PersonName::Pseudonym(name) => check_name("pseudonym", name)?,
        }
        check_name("commonName", &common_name)?;
        Ok(Self { country, name, common_name, serial: None, organisation: None })
    }

    /// Adds serialNumber.
    pub fn serial_number(mut self, serial: PersonSerial) -> Result<Self, HolderError> {
        if let PersonSerial::Opaque(text) = &serial {
            check_name("serialNumber", text)?;
            if text.len() > MAX_SERIAL_CHARS {
                return Err(HolderError::Name {
                    field: "serialNumber",
                    fault: NameFault::TooLong { chars: text.chars().count() },
                });
            }
            // The attribute is a PrintableString.
            let odd = text.chars().enumerate().find(|(_, odd)| !is_printable(odd.encode_utf8(&mut [0; 4])));
            if let Some((position, character)) = odd {
                let fault = NameFault::Character { character, position };
                return Err(HolderError::Name { field: "serialNumber", fault });
            }
        }
        if let PersonSerial::Identifier(identifier) = &serial
            && identifier.scheme() == "TAX"
        {
            let identifier = identifier.as_str().to_owned();
            return Err(HolderError::IdentifierSyntax { identifier, reason: IdentifierFault::Deprecated });
        }
        self.serial = Some(serial);
        Ok(self)
    }

    /// Names an organisation the person belongs to (NAT-4.2.4-6).
    #[must_use]
    pub fn of_organisation(mut self, organisation: Organisation) -> Self {
        self.organisation = Some(organisation);
        self
    }

    /// The country.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The formal name or the pseudonym.
    pub fn name(&self) -> &PersonName {
        &self.name
    }

    /// The name by which the person is commonly known.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The serial number of the name.
    pub fn serial(&self) -> Option<&PersonSerial> {
        self.serial.as_ref()
    }

    /// The organisation the person belongs to.
    pub fn organisation(&self) -> Option<&Organisation> {
        self.organisation.as_ref()
    }

    /// Every name, for lists of denied ones.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = vec![self.common_name.as_str()];
        match &self.name {
            PersonName::Formal { given_name, surname } => {
                names.extend(given_name.as_deref());
                names.extend(surname.as_deref());
            }
            PersonName::Pseudonym(name) => names.push(name),
        }
        names.extend(self.organisation.as_ref().map(Organisation::name));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_have_a_name_that_can_be_shown() {
        let formal = |surname: &str| PersonName::Formal { given_name: None, surname: Some(surname.into()) };
        assert!(Person::new("DK", formal("Jespersen"), "Karen").is_ok());
        assert!(Person::new("DK", PersonName::Pseudonym("K".into()), "K").is_ok());
        let unnamed = PersonName::Formal { given_name: None, surname: None };
        assert!(matches!(Person::new("DK", unnamed, "K"), Err(HolderError::Name { field: "surname", .. })));
        assert!(matches!(Person::new("XX", formal("J"), "K"), Err(HolderError::Country { .. })));
        for (surname, common_name) in [("a\nb", "K"), ("J", "a\u{202e}b"), ("", "K")] {
            assert!(matches!(Person::new("DK", formal(surname), common_name), Err(HolderError::Name { .. })));
        }
        let long = "æ".repeat(257);
        assert!(Person::new("DK", formal(&long), "K").is_err());
        let person = || Person::new("DK", formal("J"), "K").unwrap();
        for bad in ["", "ø", "a_b", &"1".repeat(65)] {
            assert!(person().serial_number(PersonSerial::Opaque(bad.into())).is_err(), "{bad}");
        }
        assert!(person().serial_number(PersonSerial::Opaque("4711".into())).is_ok());
        let deprecated = PersonSerial::Identifier(PersonIdentifier::parse("TAXDK-1").unwrap());
        assert!(person().serial_number(deprecated).is_err());
    }
}
