use crate::Field;
use crate::person_number::find_person_number;
use crate::reference::is_invisible;

/// Why a text was refused for a field of the record. Offsets are in bytes of the text without the white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct TextError {
    /// The field it was meant for.
    pub field: Field,
    /// What is wrong with it.
    pub fault: TextFault,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// A character the field does not take: a control or invisible one, or one outside the field's alphabet.
    #[error("a character that is not allowed at byte {offset}")]
    Character {
        /// Where it stands.
        offset: usize,
    },
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// Not of the form `local@domain`.
    #[error("not an e-mail address")]
    NotAnAddress,
    /// A civil registration number (S003-04).
    #[error("a civil registration number at byte {offset}")]
    PersonNumber {
        /// Where it begins.
        offset: usize,
    },
    /// More characters than the field takes.
    #[error("{chars} characters, at most {limit} are kept")]
    TooLong {
        /// How many there are.
        chars: usize,
        /// The limit.
        limit: usize,
    },
}

type Alphabet = fn(char) -> bool;

/// Names of people and companies: anything that can be seen, and spaces.
const WRITTEN: Alphabet = |c| !c.is_control() && !is_invisible(c);
/// Identifiers and URIs: printable ASCII without the space.
const GRAPHIC: Alphabet = |c| c.is_ascii_graphic();
/// Labels we or an operator choose.
const LABEL: Alphabet = |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | ' ' | '+');

fn check(text: &str, field: Field, limit: usize, alphabet: Alphabet) -> Result<String, TextError> {
    let text = text.trim();
    let fail = |fault| Err(TextError { field, fault });
    let chars = text.chars().count();
    if chars == 0 {
        return fail(TextFault::Empty);
    }
    if chars > limit {
        return fail(TextFault::TooLong { chars, limit });
    }
    if let Some((offset, _)) = text.char_indices().find(|&(_, c)| !alphabet(c)) {
        return fail(TextFault::Character { offset });
    }
    if let Some(offset) = find_person_number(text) {
        return fail(TextFault::PersonNumber { offset });
    }
    if field == Field::HolderEmail {
        let shaped = text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if !shaped {
            return fail(TextFault::NotAnAddress);
        }
    }
    Ok(text.to_owned())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $field:ident, $limit:literal, $alphabet:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Its `Debug` form is redacted.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters kept.
            pub const MAX_CHARS: usize = $limit;

            /// Takes a text, white space around it left out.
            pub fn new(text: &str) -> Result<Self, TextError> {
                check(text, Field::$field, $limit, $alphabet).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )*};
}

texts! {
    /// The subscriber's company number as registered, such as `12345678` or `NTRDK-12345678`.
    OrganisationNumber = OrganisationNumber, 64, GRAPHIC;
    /// The subscriber's name as registered at the moment of sealing; a later change in the register does not touch it (S000-57).
    OrganisationName = OrganisationName, 256, WRITTEN;
    /// The holder's name.
    HolderName = HolderName, 256, WRITTEN;
    /// The holder's e-mail address. It is in the record and never in the certificate (S000-62).
    HolderEmail = HolderEmail, 254, WRITTEN;
    /// The identifier of the authentication assertion.
    AssertionId = AssertionId, 256, GRAPHIC;
    /// Who issued the assertion, an entity identifier or URI.
    AssertionIssuer = AssertionIssuer, 1024, GRAPHIC;
    /// The format of the assertion's subject identifier, a URI; never the identifier itself.
    SubjectFormat = SubjectFormat, 256, GRAPHIC;
    /// The authentication context class, a URI.
    ContextClass = ContextClass, 256, GRAPHIC;
    /// Version of the certificate policy under which the seal was asked for.
    PolicyVersion = PolicyVersion, 64, LABEL;
    /// Version of the terms that were accepted.
    TermsVersion = TermsVersion, 64, LABEL;
    /// The slot whose token makes keys. One name for one device, for as long as the log lives: alarms go by it.
    SlotName = Slot, 64, LABEL;
    /// The role that ran a purge or cleared an alarm. A role such as `records-officer`, not the name of a person: it is never erased.
    Operator = Operator, 64, LABEL;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(OrganisationName::new(" Ørsted & Søn ").unwrap().as_str(), "Ørsted & Søn");
        let long = OrganisationNumber::new(&"1".repeat(65)).unwrap_err();
        assert_eq!(long.fault, TextFault::TooLong { chars: 65, limit: 64 });
        assert_eq!(HolderName::new("  ").unwrap_err().fault, TextFault::Empty);
        assert_eq!(HolderName::new("a\u{0}b").unwrap_err().fault, TextFault::Character { offset: 1 });
        assert_eq!(AssertionId::new("a b").unwrap_err().fault, TextFault::Character { offset: 1 });
    }

    #[test]
    fn person_numbers_are_refused_everywhere() {
        assert_eq!(
            HolderName::new("A 010190-1234").unwrap_err().fault,
            TextFault::PersonNumber { offset: 2 }
        );
        assert_eq!(AssertionId::new("0101901234").unwrap_err().fault, TextFault::PersonNumber { offset: 0 });
        assert_eq!(HolderEmail::new("0101901234@example.com").unwrap_err().field, Field::HolderEmail);
    }

    #[test]
    fn an_address_has_two_parts() {
        assert!(HolderEmail::new("a@b").is_ok());
        for text in ["a", "@b", "a@", "a@b@c"] {
            assert_eq!(HolderEmail::new(text).unwrap_err().fault, TextFault::NotAnAddress);
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", HolderName::new("Test Person").unwrap()), "HolderName(redacted)");
    }
}
