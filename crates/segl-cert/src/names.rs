use std::collections::BTreeSet;

use crate::writing::is_mark;

/// Names that must not stand in a certificate, such as trade marks of others.
///
/// A name is compared by the words it looks like: letters of other scripts, digits and accents that look like Latin
/// letters count as those (a capital by its own shape), and blanks and punctuation do not count, so that `Αрple` and `A-p.p l e` meet the entry
/// `apple`. The table covers Latin, Greek, Cyrillic and full-width letters, not all of Unicode's confusables.
///
/// ```
/// use segl_cert::DeniedNames;
///
/// let denied = DeniedNames::new(["Borger.dk"]);
/// assert_eq!(denied.find_in("TEST B0rger dk"), Some("Borger.dk"));
/// assert_eq!(denied.find_in("Borgerservice"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeniedNames {
    entries: BTreeSet<(String, String)>,
}

impl DeniedNames {
    /// A list of names as people write them. Empty ones are left out.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let entries = names.into_iter().map(Into::into).map(|name| (fold(&name).concat(), name));
        Self { entries: entries.filter(|(folded, _)| !folded.is_empty()).collect() }
    }

    /// The first entry that one or several whole words of `name` look like.
    pub fn find_in(&self, name: &str) -> Option<&str> {
        if self.entries.is_empty() {
            return None;
        }
        let words = fold(name);
        self.entries.iter().find(|(entry, _)| spells(&words, entry)).map(|(_, name)| name.as_str())
    }
}

/// Whether some run of whole words, written together, is the entry.
fn spells(words: &[String], entry: &str) -> bool {
    (0..words.len()).any(|start| {
        let mut rest = entry;
        for word in words.iter().skip(start) {
            match rest.strip_prefix(word.as_str()) {
                Some("") => return true,
                Some(after) => rest = after,
                None => return false,
            }
        }
        false
    })
}

/// The words of a name, each as the lower-case Latin letters it looks like.
fn fold(name: &str) -> Vec<String> {
    name.split(|character: char| !character.is_alphanumeric() && !is_mark(character) && character != '@')
        .map(|word| {
            let shapes = word.chars().filter(|character| !is_mark(*character)).map(capital);
            shapes.flat_map(char::to_lowercase).filter(|c| !is_mark(*c)).map(look_alike).collect()
        })
        .filter(|word: &String| !word.is_empty())
        .collect()
}

/// The Latin letter a capital looks like whose lower-case form looks like another, else itself.
fn capital(character: char) -> char {
    match character {
        'Β' | 'В' => 'B',
        'Ε' | 'Έ' | 'Е' | 'Ё' | 'Ѐ' => 'E',
        'Η' | 'Ή' | 'Н' => 'H',
        'Μ' | 'М' | 'Ϻ' => 'M',
        'Ν' => 'N',
        'Ρ' | 'Р' => 'P',
        'Τ' | 'Т' => 'T',
        'Υ' | 'Ύ' | 'Ϋ' | 'У' | 'Ү' => 'Y',
        'Χ' | 'Х' => 'X',
        'Ζ' => 'Z',
        'Ѵ' => 'V',
        'Ԝ' => 'W',
        other => other,
    }
}

/// The Latin letter a lower-case character looks like, else itself.
fn look_alike(character: char) -> char {
    match character {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'α' | 'ά' | 'а' | '@' => 'a',
        'ь' | 'ƅ' | 'β' | 'в' => 'b',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'с' | 'ϲ' => 'c',
        'ď' | 'đ' | 'ԁ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ε' | 'έ' | 'е' | 'ё' | '3' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' | 'һ' | 'н' => 'h',
        // One bar looks like the other in many typefaces.
        'ì'..='ï'
        | 'ĩ'
        | 'ī'
        | 'ĭ'
        | 'į'
        | 'ı'
        | 'ι'
        | 'ί'
        | 'і'
        | 'ї'
        | 'l'
        | 'ĺ'
        | 'ļ'
        | 'ľ'
        | 'ł'
        | '1'
        | 'ӏ' => 'i',
        'ĵ' | 'ј' => 'j',
        'ķ' | 'κ' | 'к' => 'k',
        'μ' | 'м' => 'm',
        'ñ' | 'ń' | 'ņ' | 'ň' | 'η' | 'п' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ο' | 'ό' | 'о' | 'σ' | '0' => 'o',
        'ρ' | 'р' => 'p',
        'ŕ' | 'ŗ' | 'ř' | 'г' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ѕ' | '5' => 's',
        'ţ' | 'ť' | 'ŧ' | 'τ' | 'т' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'υ' => 'u',
        'ν' => 'v',
        'ŵ' | 'ω' | 'ш' => 'w',
        'χ' | 'х' => 'x',
        'ý' | 'ÿ' | 'ŷ' | 'γ' | 'у' => 'y',
        'ź' | 'ż' | 'ž' | 'ζ' => 'z',
        // Full-width forms stand in the order of ASCII.
        '\u{ff41}'..='\u{ff5a}' => u32::from(character)
            .checked_sub(0xff41 - 0x61)
            .and_then(char::from_u32)
            .map_or(character, |ascii| if ascii == 'l' { 'i' } else { ascii }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_marks_and_capitals_count_by_their_shape() {
        let denied = DeniedNames::new(["apple", "bank", "Hyatt"]);
        let marked = ["App\u{1de7}le", "A\u{1ab0}p\u{20d0}p\u{fe20}le"];
        for name in ["TEST @pple", "ΒΑΝΚ", "TEST ΒΑΝΚ", "ВАNК", "ΗΥΑΤΤ", "b@nk A/S"].iter().chain(&marked)
        {
            assert!(denied.find_in(name).is_some(), "{name}");
        }
        let mail = DeniedNames::new(["m@il"]);
        assert_eq!(mail.find_in("TEST mail"), Some("m@il"));
    }

    #[test]
    fn look_alikes_meet_the_entry() {
        let denied = DeniedNames::new(["Apple", "Novo Nordisk", ""]);
        for name in [
            "APPLE",
            "Αррӏе",
            "Ａｐｐｌｅ A/S",
            "a-p-p-l-e",
            "Appl\u{65}\u{301}",
            "N0V0 NORD1SK",
            "novonordisk",
        ] {
            assert!(denied.find_in(name).is_some(), "{name}");
        }
        for name in ["Pineapple", "Applepie", "Novo", "Kommune", ""] {
            assert_eq!(denied.find_in(name), None, "{name}");
        }
    }
}
