//! Which names can stand in a certificate: what a reader can see, and cannot take for something else.

use crate::HolderError;

/// What is wrong with a name.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing in it but blanks.
    #[error("is empty")]
    Empty,
    /// A control character, one that changes the direction of writing or is invisible, a blank that is not the space, or an accent
    /// without a letter below it or with two others.
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
    /// A word of letters from two scripts that look alike (EN 319 412-2 NAT-4.2.4-19 asks for one script in all names).
    #[error(
        "has {first} and {second} letters in one word, the latter at position {position}, which look alike"
    )]
    MixedScripts {
        /// The script the word begins in.
        first: &'static str,
        /// The other one.
        second: &'static str,
        /// Where it appears, counted in characters from zero.
        position: usize,
    },
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
    let fault = if name.trim().is_empty() {
        NameFault::Empty
    } else if let Some((position, character)) = hidden(name) {
        NameFault::Character { character, position }
    } else if name.trim() != name || name.contains("  ") {
        NameFault::Blanks
    } else if chars > MAX_NAME_CHARS {
        NameFault::TooLong { chars }
    } else if let Some(fault) = mixed_scripts(name) {
        fault
    } else {
        return Ok(());
    };
    Err(HolderError::Name { field, fault })
}

/// How many accents a letter may carry. Vietnamese has two.
const MAX_MARKS: usize = 2;

/// The first character that no reader sees as what it is, and its position.
fn hidden(name: &str) -> Option<(usize, char)> {
    // Before the first letter an accent has nothing to stand on.
    let mut marks = MAX_MARKS;
    name.chars().enumerate().find(|(_, character)| {
        marks = match *character {
            mark if is_mark(mark) => marks.saturating_add(1),
            blank if blank.is_whitespace() => MAX_MARKS,
            _ => 0,
        };
        let odd_blank = character.is_whitespace() && *character != ' ';
        !is_showable(*character) || odd_blank || marks > MAX_MARKS
    })
}

/// Accents that are characters of their own.
pub(crate) fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// The first word in two scripts that look alike.
fn mixed_scripts(name: &str) -> Option<NameFault> {
    let mut word: Option<&'static str> = None;
    for (position, character) in name.chars().enumerate() {
        if !character.is_alphanumeric() && !is_mark(character) {
            word = None;
        } else if let Some(second) = script(character) {
            let first = *word.get_or_insert(second);
            if first != second {
                return Some(NameFault::MixedScripts { first, second, position });
            }
        }
    }
    None
}

/// The script of a letter, where it is one of those that have letters in common for the eye. Latin beside Chinese or Japanese is no
/// riddle to anybody and is not told apart here.
fn script(letter: char) -> Option<&'static str> {
    match letter {
        'A'..='Z' | 'a'..='z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{2af}' => Some("Latin"),
        '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' => Some("Latin"),
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => Some("Latin"),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' | '\u{2126}' => Some("Greek"),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => Some("Cyrillic"),
        '\u{531}'..='\u{588}' => Some("Armenian"),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some("Cherokee"),
        _ => None,
    }
}

/// False for control characters and for those that are invisible or turn the direction of writing (Unicode categories
/// Cc, Cf, Co, Zl, Zp and what is ignorable by default, as far as they matter in a name).
pub(crate) fn is_showable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str) -> Option<NameFault> {
        match check_name("commonName", name) {
            Ok(()) => None,
            Err(HolderError::Name { fault, .. }) => Some(fault),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_no_reader_sees_is_refused() {
        for character in [
            '\0',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1680}',
            '\u{17b5}',
            '\u{180e}',
            '\u{2003}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202a}',
            '\u{202e}',
            '\u{202f}',
            '\u{2066}',
            '\u{2069}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{e000}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fffd}',
            '\u{e0041}',
            '\u{10fffd}',
        ] {
            let name = format!("ab{character}c");
            assert_eq!(fault(&name), Some(NameFault::Character { character, position: 2 }), "{name:?}");
        }
    }

    #[test]
    fn accents_stand_on_letters() {
        for good in ["Re\u{301}ne\u{301}e", "Nguye\u{302}\u{303}n", "Å"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, position) in [("\u{301}a", 0), ("a \u{301}b", 2), ("a\u{300}\u{301}\u{302}", 3)] {
            let character = bad.chars().nth(position).unwrap();
            assert_eq!(fault(bad), Some(NameFault::Character { character, position }), "{bad}");
        }
    }

    #[test]
    fn a_word_is_of_one_script() {
        for good in [
            "Кафе Copenhagen",
            "Καφενείο A/S",
            "ТЕСТ TEST",
            "αβγ-Pharma",
            "株式会社ABC",
            "Straße 3µ",
            "Ѐл Ωμέγα",
            "Łódź Ærø",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, first, second, position) in [
            ("Cоmpany", "Latin", "Cyrillic", 1),
            ("A Βank", "Greek", "Latin", 3),
            ("TEST Λpple", "Greek", "Latin", 6),
            ("Appl\u{301}е", "Latin", "Cyrillic", 5),
            ("Ꭺpple", "Cherokee", "Latin", 1),
            ("օne", "Armenian", "Latin", 1),
            ("Ｎоvо", "Latin", "Cyrillic", 1),
        ] {
            assert_eq!(fault(bad), Some(NameFault::MixedScripts { first, second, position }), "{bad}");
        }
    }
}
