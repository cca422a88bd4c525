//! What was called, a line for each call.

use std::collections::BTreeMap;
use std::fmt;

/// A call as the record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The number of the call, from one.
    pub number: u64,
    /// The function, such as `C_Sign`.
    pub function: String,
    /// What it was about: `session`, `object`, `mechanism` and the like, each with its value.
    pub facts: BTreeMap<String, String>,
    /// What the real library answered; `None` when it was not asked.
    pub inner: Option<u64>,
    /// What the caller was answered.
    pub answer: u64,
}

impl Call {
    /// Whether the real library did what was asked.
    #[must_use]
    pub const fn was_done(&self) -> bool {
        matches!(self.inner, Some(0))
    }

    /// Whether the caller was told something else than the truth.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.inner != Some(self.answer)
    }

    /// A fact, or nothing.
    #[must_use]
    pub fn fact(&self, name: &str) -> &str {
        self.facts.get(name).map_or("", String::as_str)
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let number = words.next()?.parse().ok()?;
        let function = words.next()?.to_owned();
        let mut facts: BTreeMap<String, String> = BTreeMap::new();
        for word in words {
            let (name, value) = word.split_once('=')?;
            facts.insert(name.to_owned(), value.to_owned());
        }
        let inner = facts.remove("inner")?;
        let inner = if inner == "-" { None } else { Some(code(&inner)?) };
        let answer = code(&facts.remove("answer")?)?;
        Some(Self { number, function, facts, inner, answer })
    }
}

/// As it stands in the record.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.function)?;
        for (name, value) in &self.facts {
            write!(f, " {name}={value}")?;
        }
        match self.inner {
            Some(inner) => write!(f, " inner={inner:#x}")?,
            None => f.write_str(" inner=-")?,
        }
        write!(f, " answer={:#x}", self.answer)
    }
}

fn code(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let facts =
            BTreeMap::from([("session".to_owned(), "1".to_owned()), ("key".to_owned(), String::new())]);
        let call = Call { number: 7, function: "C_Sign".to_owned(), facts, inner: Some(0), answer: 0x30 };
        for call in [Call { inner: None, ..call.clone() }, call] {
            assert_eq!(Call::from_line(&call.to_string()), Some(call));
        }
        for line in ["", "1", "x C_Sign inner=- answer=0x0", "1 C_Sign inner=-", "1 C_Sign what answer=0x0"] {
            assert_eq!(Call::from_line(line), None, "{line}");
        }
    }
}
