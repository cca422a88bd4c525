//! Which names can stand in a certificate: what a reader can see, and cannot take for something else.

use crate::HolderError;

/// What is wrong with a name.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing in it but blanks.
    #[error("is empty")]
    Empty,
    /// A control character, or one that changes the direction of writing or is invisible.
    #[error("holds the character U+{:04X} at position {position}, which cannot be shown", u32::from(*character))]
    Character {
        /// The character.
        character: char,
        /// Its position, counted in characters from zero.
        position: usize,
    },
    /// Blanks at an end or two in a row, which RFC 5280 7.1 would compare away.
    #[error("has blanks at an end or two in a row")]
    Blanks,
    /// More than [`MAX_NAME_CHARS`] characters.
    #[error("is {chars} characters long, more than 256")]
    TooLong {
        /// How many.
        chars: usize,
    },
}

/// The longest name that goes into a certificate, in characters. EN 319 412-3 (LEG-4.2.1-9) lifts the 64 of RFC 5280;
/// this one keeps the content presented on one screen.
pub const MAX_NAME_CHARS: usize = 256;

/// Whether a name says TEST, as a word of its own in capitals.
pub(crate) fn says_test(name: &str) -> bool {
    name.split(|character: char| !character.is_alphanumeric()).any(|word| word == "TEST")
}

pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), HolderError> {
    let chars = name.chars().count();
    let hidden = name.chars().enumerate().find(|(_, character)| !is_showable(*character));
    let fault = if name.trim().is_empty() {
        NameFault::Empty
    } else if let Some((position, character)) = hidden {
        NameFault::Character { character, position }
    } else if name.trim() != name || name.contains("  ") {
        NameFault::Blanks
    } else if chars > MAX_NAME_CHARS {
        NameFault::TooLong { chars }
    } else {
        return Ok(());
    };
    Err(HolderError::Name { field, fault })
}

/// False for control characters and for those that are invisible or turn the direction of writing (Unicode categories
/// Cc, Cf, Co, Zl, Zp as far as they matter in a name).
pub(crate) fn is_showable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffd}' | '\u{e0000}'..='\u{10ffff}')
}
