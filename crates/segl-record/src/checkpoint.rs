use core::fmt;
use core::str::FromStr;

use segl_crypto::{Time, sha256};
use uuid::Uuid;

use crate::{Head, LogId};

/// The end of a log at one moment, as text to be sealed, time-stamped and kept where the operator of the log cannot reach it (ENG-24).
///
/// A chain alone does not show that its end was cut off or that all of it was written anew. A later
/// [`Verifier`](crate::Verifier) that is given the checkpoint does. The text names nobody, so it may be handed to anyone.
///
/// ```
/// # use segl_record::{Checkpoint, Head, LogId};
/// let log = LogId::new(uuid::Uuid::from_u128(1)).ok_or("nil")?;
/// let first = Checkpoint::new(log, Head::empty(log), "2026-11-25T12:00:00Z".parse()?, None);
/// assert_eq!(first.to_string().parse::<Checkpoint>()?, first);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    log: LogId,
    head: Head,
    at: Time,
    previous: Option<[u8; 32]>,
}

/// The text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: line {line} is not what it has to be")]
pub struct CheckpointParseError {
    /// The first line that is not right, from 1.
    pub line: usize,
}

const FIRST_LINE: &str = "segl checkpoint, version 1";

impl Checkpoint {
    /// The checkpoint of a log that ends so at that time. `previous` is the checkpoint before it, if there is one.
    #[must_use]
    pub fn new(log: LogId, head: Head, at: Time, previous: Option<&Self>) -> Self {
        Self { log, head, at, previous: previous.map(Self::digest) }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// The end of the log at that time.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The time, by the clock of whoever made it.
    #[must_use]
    pub const fn at(&self) -> Time {
        self.at
    }

    /// SHA-256 of the text of the checkpoint before this one.
    #[must_use]
    pub const fn previous(&self) -> Option<&[u8; 32]> {
        self.previous.as_ref()
    }

    /// SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(self.to_string().as_bytes())
    }
}

impl fmt::Display for Checkpoint {
    /// Six lines, each ended by a line feed: version, log, entries, link, at, previous.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nlog {}\nentries {}", self.log, self.head.sequence())?;
        writeln!(f, "link {}\nat {}", Hex(self.head.link()), self.at)?;
        match &self.previous {
            Some(previous) => writeln!(f, "previous {}", Hex(previous)),
            None => writeln!(f, "previous none"),
        }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointParseError;

    /// Reads the one way of writing it; anything else is refused.
    fn from_str(text: &str) -> Result<Self, CheckpointParseError> {
        let mut lines = text.split_terminator('\n');
        let mut line = 0;
        let mut next = |name: &str| {
            line += 1;
            let found = lines.next().and_then(|found| found.strip_prefix(name));
            found.ok_or(CheckpointParseError { line })
        };
        let at_line = |line| CheckpointParseError { line };
        if !next(FIRST_LINE)?.is_empty() {
            return Err(at_line(1));
        }
        let log = next("log ")?.parse::<Uuid>().ok().and_then(LogId::new).ok_or(at_line(2))?;
        let sequence = next("entries ")?.parse().map_err(|_| at_line(3))?;
        let link = unhex(next("link ")?).ok_or(at_line(4))?;
        let at = next("at ")?.parse().map_err(|_| at_line(5))?;
        let previous = match next("previous ")? {
            "none" => None,
            hex => Some(unhex(hex).ok_or(at_line(6))?),
        };
        let read = Self { log, head: Head::from_parts(sequence, link), at, previous };
        // Everything that could be written in two ways is caught here.
        let written = read.to_string();
        match written == text {
            true => Ok(read),
            false => {
                let differs = written.split('\n').zip(text.split('\n')).position(|(one, other)| one != other);
                Err(at_line(differs.map_or(7, |at| at + 1)))
            }
        }
    }
}

struct Hex<'a>(&'a [u8; 32]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn checkpoint() -> Checkpoint {
        let log = testing::log(1);
        let first = Checkpoint::new(log, Head::empty(log), testing::T0, None);
        Checkpoint::new(log, Head::from_parts(7, [0xab; 32]), testing::T0, Some(&first))
    }

    #[test]
    fn the_text_comes_back() {
        let text = checkpoint().to_string();
        assert_eq!(text.lines().count(), 6);
        assert_eq!(text.parse(), Ok(checkpoint()));
        assert_eq!(Some(*checkpoint().previous().unwrap()), checkpoint().previous);
    }

    #[test]
    fn one_way_of_writing_is_read() {
        let text = checkpoint().to_string();
        for (change, line) in [
            (text.replace("version 1", "version 2"), 1),
            (text.replace("log 0000", "log {0000"), 2),
            (text.replace("entries 7", "entries 07"), 3),
            (text.replace("entries 7", "entries +7"), 3),
            (text.replace("abab", "ABab"), 4),
            (text.replace("link ab", "link "), 4),
            (text.replace("at ", "at  "), 5),
            (text.replace('\n', "\r\n"), 1),
            (text.trim_end().to_owned(), 7),
            (format!("{text}\n"), 7),
            (format!("{text}more"), 7),
        ] {
            assert_eq!(change.parse::<Checkpoint>(), Err(CheckpointParseError { line }), "{change}");
        }
        assert_eq!("".parse::<Checkpoint>(), Err(CheckpointParseError { line: 1 }));
    }
}
