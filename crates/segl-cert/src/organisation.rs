use core::fmt;

use crate::{
    EidasIdentifier, MAX_NAME_CHARS, NameFault, SemanticsKind,
    identifier::is_local_scheme,
    lint::codes,
    writing::{check_name, is_showable, says_test},
};

/// The subscriber: the organisation in whose name is sealed (in the terms of the Danish solution the Certifikatindehaver).
///
/// It becomes countryName, organizationName and organizationIdentifier of the subject (EN 319 412-3 4.2.1). The same
/// three attributes describe the organisation that runs an authority. Whether they agree with the official register
/// is for whoever registered the organisation to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    country: String,
    name: String,
    identifier: OrganisationIdentifier,
}

/// The unit that gets the certificate (Certifikatholder): the name its administrator decided, which becomes commonName.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    name: String,
}

/// Subscriber and unit together: a seal certificate cannot be asked for without both.
///
/// The names come from the registration, never from the one who asks for a seal.
///
/// ```
/// use segl_cert::{Holder, Organisation, OrganisationIdentifier, Unit};
///
/// let identifier = OrganisationIdentifier::parse("NTRDK-12345674")?;
/// let organisation = Organisation::new("DK", "Eksempel Kommune", identifier)?;
/// let holder = Holder::new(organisation, Unit::new("Eksempel Kommune Digital Post")?);
/// assert_eq!(holder.unit().name(), "Eksempel Kommune Digital Post");
/// # Ok::<(), segl_cert::HolderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    organisation: Organisation,
    unit: Unit,
}

/// Why a holder cannot stand in a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// The check digit of the number is wrong, and the name does not say TEST.
    #[error(
        "the check digit of {identifier} is wrong; only an organisation whose name says TEST may have a made-up number"
    )]
    CheckDigits {
        /// The identifier as given.
        identifier: String,
    },
    /// The country is not one of ISO 3166-1, in two upper-case letters.
    #[error("{country:?} is no country of ISO 3166-1 in two upper-case letters")]
    Country {
        /// As given.
        country: String,
    },
    /// The identifier is of the trade register of another country.
    #[error("{identifier} is a number of the trade register of another country than {country}")]
    CountryMismatch {
        /// The country of the organisation.
        country: String,
        /// The identifier as given.
        identifier: String,
    },
    /// organizationIdentifier equals organizationName (LEG-4.2.1-6).
    #[error("the identifier {identifier} is also the name of the organisation")]
    IdentifierIsName {
        /// The identifier as given.
        identifier: String,
    },
    /// organizationIdentifier does not have the syntax of EN 319 412-1 clause 5.
    #[error("{identifier:?} is no organisation identifier: {reason}")]
    IdentifierSyntax {
        /// As given.
        identifier: String,
        /// What is wrong with it.
        reason: IdentifierFault,
    },
    /// A name is empty, too long, or holds characters that cannot be shown.
    #[error("{field} {fault}")]
    Name {
        /// Which name: `organizationName` or `commonName`.
        field: &'static str,
        /// What is wrong with it.
        fault: NameFault,
    },
}

impl Organisation {
    /// An organisation established in `country` (ISO 3166-1, two letters) with its full registered name.
    pub fn new(
        country: impl Into<String>,
        name: impl Into<String>,
        identifier: OrganisationIdentifier,
    ) -> Result<Self, HolderError> {
        let (country, name) = (country.into(), name.into());
        check_name("organizationName", &name)?;
        if !codes::is_country_or_union(&country) {
            return Err(HolderError::Country { country });
        }
        if identifier.as_str().eq_ignore_ascii_case(&name) {
            return Err(HolderError::IdentifierIsName { identifier: identifier.text });
        }
        if identifier.scheme() == "NTR" && identifier.country() != country {
            return Err(HolderError::CountryMismatch { country, identifier: identifier.text });
        }
        // A number made up for a test stands in no register, so it can have any last digit.
        if identifier.check_digits() == CheckDigits::Wrong && !says_test(&name) {
            return Err(HolderError::CheckDigits { identifier: identifier.text });
        }
        Ok(Self { country, name, identifier })
    }

    /// Country of establishment, two letters.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Full registered name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Registration number.
    pub fn identifier(&self) -> &OrganisationIdentifier {
        &self.identifier
    }
}

impl Unit {
    /// A unit with the name that its administrator decided.
    pub fn new(name: impl Into<String>) -> Result<Self, HolderError> {
        let name = name.into();
        check_name("commonName", &name)?;
        Ok(Self { name })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Holder {
    /// Puts the two together.
    pub fn new(organisation: Organisation, unit: Unit) -> Self {
        Self { organisation, unit }
    }

    /// The subscriber.
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The unit.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// The same holder with `TEST ` before both names where they do not say TEST already, for a TEST authority.
    ///
    /// # Errors
    /// [`HolderError::Name`] when a name becomes too long.
    pub fn marked_test(&self) -> Result<Self, HolderError> {
        let mark = |name: &str| if says_test(name) { name.to_owned() } else { format!("TEST {name}") };
        let Organisation { country, name, identifier } = &self.organisation;
        let organisation = Organisation::new(country, mark(name), identifier.clone())?;
        Ok(Self::new(organisation, Unit::new(mark(&self.unit.name))?))
    }
}

/// organizationIdentifier of a legal person: three letters of the scheme, two of the country, a hyphen, the number
/// (EN 319 412-1 clause 5.1.4), such as `NTRDK-12345674`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationIdentifier {
    text: String,
    eidas: bool,
}

/// What is wrong with an organisation identifier.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierFault {
    /// The third to fifth letter are no country code of the scheme.
    #[error("its country code does not fit the scheme")]
    Country,
    /// The scheme `TAX` is deprecated and no longer issued.
    #[error("its scheme is deprecated")]
    Deprecated,
    /// The number has not the form its scheme asks for.
    #[error("the part after the hyphen has not the form of its scheme")]
    Number,
    /// It does not start with three letters of a scheme, two of a country and a hyphen.
    #[error("it is not scheme, country, hyphen, number, as in NTRDK-12345674")]
    Shape,
}

/// What the check digits of an identifier say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "right, wrong or none")]
pub enum CheckDigits {
    /// They are right.
    Right,
    /// They are wrong.
    Wrong,
    /// The scheme has none that are known here.
    None,
}

impl OrganisationIdentifier {
    /// Reads an identifier. Danish company numbers (`NTRDK-`, `VATDK-`) have eight digits; check digits are not part of
    /// the syntax, see [`check_digits`](Self::check_digits).
    pub fn parse(text: &str) -> Result<Self, HolderError> {
        match Self::fault(text) {
            None => Ok(Self { text: text.to_owned(), eidas: false }),
            Some(reason) => Err(HolderError::IdentifierSyntax { identifier: text.to_owned(), reason }),
        }
    }

    /// Takes an eIDAS identifier instead, which the certificate says with its semantics identifier (EN 319 412-1 5.1.6).
    pub fn eidas(identifier: &EidasIdentifier) -> Self {
        Self { text: identifier.as_str().to_owned(), eidas: true }
    }

    fn fault(text: &str) -> Option<IdentifierFault> {
        let parts = text.split_once('-').filter(|(head, _)| head.is_ascii() && head.len() >= 5);
        let Some((head, number)) = parts else { return Some(IdentifierFault::Shape) };
        let (scheme, place) = head.split_at(3);
        let (country, subdivision) = place.split_at(2);
        if !["VAT", "NTR", "PSD", "LEI", "EOR", "EXC"].contains(&scheme) && !is_local_scheme(scheme) {
            return Some(IdentifierFault::Shape);
        }
        let known = match scheme {
            "LEI" => country == "XG",
            // Prefixes of VAT numbers that are no countries of ISO 3166-1: Greece, Northern Ireland.
            "VAT" if ["EL", "XI"].contains(&country) => true,
            _ => codes::is_country_or_union(country),
        };
        if !known {
            return Some(IdentifierFault::Country);
        }
        let region = subdivision.strip_prefix('+').unwrap_or_default();
        let region_fits =
            (1..=3).contains(&region.len()) && region.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if !(subdivision.is_empty() || scheme == "NTR" && region_fits) {
            return Some(IdentifierFault::Shape);
        }
        let digits = |length| number.len() == length && number.bytes().all(|octet| octet.is_ascii_digit());
        let fits = match (scheme, country) {
            ("NTR" | "VAT", "DK") => digits(8),
            ("LEI", _) => {
                number.len() == 20
                    && number.bytes().all(|octet| octet.is_ascii_digit() || octet.is_ascii_uppercase())
            }
            ("PSD", _) => number.split_once('-').is_some_and(|(authority, id)| {
                (2..=8).contains(&authority.len())
                    && authority.bytes().all(|octet| octet.is_ascii_uppercase())
                    && !id.is_empty()
            }),
            _ => true,
        };
        let printable = !number.is_empty()
            && number.chars().count() <= MAX_NAME_CHARS
            && number.chars().all(|character| is_showable(character) && !character.is_whitespace());
        (!fits || !printable).then_some(IdentifierFault::Number)
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is a local one, which only has a meaning beside the address of who registers its names.
    pub fn is_local(&self) -> bool {
        is_local_scheme(self.scheme())
    }

    /// What the certificate says of it.
    pub(crate) fn semantics(&self) -> SemanticsKind {
        if self.eidas { SemanticsKind::EidasLegal } else { SemanticsKind::Legal }
    }

    /// Whether it is an eIDAS identifier, `ES/AT/02635542Y`.
    pub fn is_eidas(&self) -> bool {
        self.eidas
    }

    /// The three characters of the scheme: `NTR`, `VAT`, `PSD`, `LEI`, `EOR`, `EXC`, or a local one, `EI:`; nothing for an
    /// eIDAS identifier.
    pub fn scheme(&self) -> &str {
        if self.eidas { "" } else { self.text.get(..3).unwrap_or_default() }
    }

    /// The two letters after the scheme; for an eIDAS identifier the country that gave it.
    pub fn country(&self) -> &str {
        self.text.get(if self.eidas { 0..2 } else { 3..5 }).unwrap_or_default()
    }

    /// What follows the hyphen, or the second slash of an eIDAS identifier.
    pub fn number(&self) -> &str {
        if self.eidas {
            return self.text.splitn(3, '/').last().unwrap_or_default();
        }
        self.text.split_once('-').map(|(_, number)| number).unwrap_or_default()
    }

    /// Checks the check digits where the scheme has them: modulus 11 of Danish company numbers (weights 2 7 6 5 4 3 2 1),
    /// modulus 97-10 of legal entity identifiers (ISO 17442).
    pub fn check_digits(&self) -> CheckDigits {
        let right = match (self.scheme(), self.country()) {
            ("NTR" | "VAT", "DK") => {
                let weighted = self.number().bytes().zip([2_u32, 7, 6, 5, 4, 3, 2, 1]);
                weighted.map(|(octet, weight)| u32::from(octet.wrapping_sub(b'0')) * weight).sum::<u32>() % 11
                    == 0
            }
            ("LEI", _) => {
                self.number()
                    .chars()
                    .filter_map(|character| character.to_digit(36))
                    .fold(0, |rest, value| (rest * if value < 10 { 10 } else { 100 } + value) % 97)
                    == 1
            }
            _ => return CheckDigits::None,
        };
        if right { CheckDigits::Right } else { CheckDigits::Wrong }
    }
}

impl fmt::Display for OrganisationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<IdentifierFault> {
        OrganisationIdentifier::fault(text)
    }

    #[test]
    fn identifiers_of_every_scheme_are_read() {
        for good in [
            "NTRDK-12345674",
            "VATDK-12345674",
            "VATEL-123456789",
            "NTRDE+HE-123456",
            "PSDDK-DFSA-1234",
            "LEIXG-529900T8BM49AURSDO55",
            "EORDK-DK12345678",
            "EXCDK-1",
            "VATXI-123456789",
            "EI:SE-5567971433",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn what_the_syntax_forbids_is_refused() {
        for (bad, reason) in [
            ("", IdentifierFault::Shape),
            ("12345678", IdentifierFault::Shape),
            ("NTRDK12345678", IdentifierFault::Shape),
            ("CVRDK-12345678", IdentifierFault::Shape),
            ("VATDE+HE-1", IdentifierFault::Shape),
            ("NTRdk-12345678", IdentifierFault::Country),
            ("LEIDK-529900T8BM49AURSDO55", IdentifierFault::Country),
            ("NTRXG-1", IdentifierFault::Country),
            ("NTRDK-1234567", IdentifierFault::Number),
            ("NTRDK-1234567x", IdentifierFault::Number),
            ("NTRSE-", IdentifierFault::Number),
            ("NTRSE-1 2", IdentifierFault::Number),
            ("PSDDK-dfsa-1", IdentifierFault::Number),
            ("E1:SE-5567971433", IdentifierFault::Shape),
            ("NTRXX-1", IdentifierFault::Country),
            ("NTREL-1", IdentifierFault::Country),
        ] {
            assert_eq!(fault(bad), Some(reason), "{bad}");
        }
    }

    #[test]
    fn check_digits_count_where_the_scheme_has_them() {
        let of = |text| OrganisationIdentifier::parse(text).unwrap().check_digits();
        assert_eq!(of("NTRDK-12345674"), CheckDigits::Right);
        assert_eq!(of("NTRDK-34051178"), CheckDigits::Right, "the operator of the Danish trusted list");
        assert_eq!(of("NTRDK-12345678"), CheckDigits::Wrong);
        assert_eq!(of("LEIXG-529900T8BM49AURSDO55"), CheckDigits::Right);
        assert_eq!(of("LEIXG-529900T8BM49AURSDO56"), CheckDigits::Wrong);
        assert_eq!(of("NTRSE-5567971433"), CheckDigits::None);
    }

    #[test]
    fn a_made_up_number_needs_a_name_that_says_test() {
        let number = OrganisationIdentifier::parse("NTRDK-12345678").unwrap();
        assert!(matches!(
            Organisation::new("DK", "Kommunen", number.clone()),
            Err(HolderError::CheckDigits { .. })
        ));
        assert!(matches!(
            Organisation::new("DK", "TESTER A/S", number.clone()),
            Err(HolderError::CheckDigits { .. })
        ));
        assert!(Organisation::new("DK", "TEST Kommunen", number).is_ok());
    }

    #[test]
    fn organisations_keep_to_the_rules_of_the_profile() {
        let number = || OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
        assert!(matches!(Organisation::new("dk", "A", number()), Err(HolderError::Country { .. })));
        assert!(matches!(Organisation::new("SE", "A", number()), Err(HolderError::CountryMismatch { .. })));
        assert!(matches!(
            Organisation::new("DK", "ntrdk-12345674", number()),
            Err(HolderError::IdentifierIsName { .. })
        ));
        for (name, fault) in [
            (" ", NameFault::Empty),
            ("a\u{202e}b", NameFault::Character { character: '\u{202e}', position: 1 }),
            ("a\nb", NameFault::Character { character: '\n', position: 1 }),
            (" a", NameFault::Blanks),
            ("a  b", NameFault::Blanks),
        ] {
            assert_eq!(Unit::new(name), Err(HolderError::Name { field: "commonName", fault }));
        }
        assert!(Unit::new("æ".repeat(256)).is_ok());
        assert!(Unit::new("æ".repeat(257)).is_err());
    }

    #[test]
    fn test_marks_are_put_once() {
        let organisation =
            Organisation::new("DK", "A", OrganisationIdentifier::parse("NTRDK-12345674").unwrap()).unwrap();
        let marked = Holder::new(organisation, Unit::new("TEST unit").unwrap()).marked_test().unwrap();
        assert_eq!((marked.organisation().name(), marked.unit().name()), ("TEST A", "TEST unit"));
        assert_eq!(marked.marked_test().unwrap(), marked);
    }
}
