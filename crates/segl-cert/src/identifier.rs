//! Identifiers of natural persons (EN 319 412-1 clause 5.1.3) and eIDAS identifiers (5.1.5).

use core::fmt;

use crate::{HolderError, IdentifierFault, lint::codes};

/// serialNumber of a natural person with the meaning of EN 319 412-1 5.1.3: three letters of the scheme, two of the
/// country, a hyphen, the number, such as `PASDK-P3000180` or `UI:DK-P:G:4711`.
///
/// The deprecated `TAX` is read, and not issued. A Danish personal number has ten digits that begin with a day and a month; its
/// check digit has not held since 2007 and is not looked at.
///
/// ```
/// use segl_cert::PersonIdentifier;
///
/// assert_eq!(PersonIdentifier::parse("IDCBE-590082394654")?.scheme(), "IDC");
/// assert!(PersonIdentifier::parse("NTRDK-12345674").is_err());
/// # Ok::<(), segl_cert::HolderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonIdentifier {
    text: String,
}

impl PersonIdentifier {
    /// Reads an identifier.
    pub fn parse(text: &str) -> Result<Self, HolderError> {
        match Self::fault(text) {
            None => Ok(Self { text: text.to_owned() }),
            Some(reason) => Err(HolderError::IdentifierSyntax { identifier: text.to_owned(), reason }),
        }
    }

    fn fault(text: &str) -> Option<IdentifierFault> {
        let parts = text.split_once('-').filter(|(head, _)| head.is_ascii() && head.len() == 5);
        let Some((head, number)) = parts else { return Some(IdentifierFault::Shape) };
        let (scheme, country) = head.split_at(3);
        if !["PAS", "IDC", "PNO", "TIN", "TAX", "EID"].contains(&scheme) && !is_local_scheme(scheme) {
            return Some(IdentifierFault::Shape);
        }
        // Greece names itself EL in matters of tax.
        if !codes::is_country(country) && (scheme, country) != ("TIN", "EL") {
            return Some(IdentifierFault::Country);
        }
        let fits = match (scheme, country) {
            ("PNO", "DK") => is_danish_personal_number(number),
            _ => !number.is_empty(),
        };
        (!fits || text.len() > MAX_SERIAL_CHARS || !is_printable(number) || number.contains(' '))
            .then_some(IdentifierFault::Number)
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The three characters of the scheme: `PAS`, `IDC`, `PNO`, `TIN`, `TAX`, `EID`, or a local one, `UI:`.
    pub fn scheme(&self) -> &str {
        self.text.get(..3).unwrap_or_default()
    }

    /// The two letters after the scheme.
    pub fn country(&self) -> &str {
        self.text.get(3..5).unwrap_or_default()
    }

    /// What follows the hyphen.
    pub fn number(&self) -> &str {
        self.text.split_once('-').map(|(_, number)| number).unwrap_or_default()
    }

    /// Whether the scheme is a local one, which only has a meaning beside the address of who registers its names.
    pub fn is_local(&self) -> bool {
        is_local_scheme(self.scheme())
    }
}

impl fmt::Display for PersonIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An eIDAS identifier (EN 319 412-1 5.1.5): the country that gave it, the country it was given for, the identifier,
/// such as `ES/AT/02635542Y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EidasIdentifier {
    text: String,
}

impl EidasIdentifier {
    /// Reads an identifier of up to 256 characters without blanks.
    pub fn parse(text: &str) -> Result<Self, HolderError> {
        let refused = |reason| Err(HolderError::IdentifierSyntax { identifier: text.to_owned(), reason });
        let mut parts = text.splitn(3, '/');
        let (Some(from), Some(to), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return refused(IdentifierFault::Shape);
        };
        if ![from, to].iter().all(|code| *code == "EL" || codes::is_country(code)) {
            return refused(IdentifierFault::Country);
        }
        if number.is_empty() || text.len() > 256 || !is_printable(number) || number.contains(' ') {
            return refused(IdentifierFault::Number);
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EidasIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// ub-serial-number (RFC 5280, appendix A).
pub(crate) const MAX_SERIAL_CHARS: usize = 64;

/// Two capital letters and a colon (EN 319 412-1 5.1.3, 5.1.4).
pub(crate) fn is_local_scheme(scheme: &str) -> bool {
    matches!(scheme.as_bytes(), [first, second, b':'] if first.is_ascii_uppercase() && second.is_ascii_uppercase())
}

/// Whether all characters are of PrintableString, the type of serialNumber.
pub(crate) fn is_printable(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character))
}

fn is_danish_personal_number(number: &str) -> bool {
    let two =
        |from: usize| number.get(from..from.saturating_add(2)).and_then(|digits| digits.parse::<u8>().ok());
    number.len() == 10
        && number.bytes().all(|octet| octet.is_ascii_digit())
        && two(0).is_some_and(|day| (1..=31).contains(&day))
        && two(2).is_some_and(|month| (1..=12).contains(&month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_persons() {
        for good in [
            "PNODK-3112991234",
            "IDCBE-590082394654",
            "PASSK-P3000180",
            "TINEL-123456789",
            "EIDDK-1",
            "TAXDK-1",
            "UI:DK-P:G:0b9bd8a5-6f5c-4f4e-8a4e-000000000000",
        ] {
            assert_eq!(PersonIdentifier::fault(good), None, "{good}");
        }
        for (bad, reason) in [
            ("", IdentifierFault::Shape),
            ("PNODK3112991234", IdentifierFault::Shape),
            ("NTRDK-12345674", IdentifierFault::Shape),
            ("TXADK-1", IdentifierFault::Shape),
            ("ui:DK-1", IdentifierFault::Shape),
            ("PASXX-1", IdentifierFault::Country),
            ("PASdk-1", IdentifierFault::Country),
            ("PNODK-3213991234", IdentifierFault::Number),
            ("PNODK-311299-1234", IdentifierFault::Number),
            ("PASDK-", IdentifierFault::Number),
            ("PASDK-1 2", IdentifierFault::Number),
            ("PASDK-ø", IdentifierFault::Number),
        ] {
            assert_eq!(PersonIdentifier::fault(bad), Some(reason), "{bad}");
        }
    }

    #[test]
    fn eidas_identifiers() {
        assert!(EidasIdentifier::parse("ES/AT/02635542Y").is_ok());
        assert!(EidasIdentifier::parse("DK/DE/a/b").is_ok());
        for bad in ["", "DK", "DK/DE", "DK/DE/", "XX/DK/1", "DK/de/1", "DK/DE/1 2"] {
            assert!(EidasIdentifier::parse(bad).is_err(), "{bad}");
        }
    }
}
