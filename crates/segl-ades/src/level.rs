//! Formats and baseline levels.

use core::fmt;
use core::str::FromStr;

/// A baseline level, from the signature alone to one that can be proved for as long as its newest time-stamp lasts.
///
/// The order is that of the standards: each level contains the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four baseline levels; readers and writers must know each")]
pub enum Level {
    /// B-B: the signature with its signed properties and certificates.
    B,
    /// B-T: and a trusted time of the signature value.
    T,
    /// B-LT: and the certificates and status information needed to validate it later.
    Lt,
    /// B-LTA: and a time-stamp over all of that.
    Lta,
}

/// The text is none of `b`, `t`, `lt`, `lta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError;

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a level: b, t, lt or lta")
    }
}

impl core::error::Error for ParseLevelError {}

impl Level {
    /// The suffix of the standards' names: `B`, `T`, `LT`, `LTA`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::T => "T",
            Self::Lt => "LT",
            Self::Lta => "LTA",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "B-{}", self.suffix())
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        match text.to_ascii_lowercase().as_str() {
            "b" | "b-b" => Ok(Self::B),
            "t" | "b-t" => Ok(Self::T),
            "lt" | "b-lt" => Ok(Self::Lt),
            "lta" | "b-lta" => Ok(Self::Lta),
            _ => Err(ParseLevelError),
        }
    }
}

/// A family of signature formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// EN 319 122-1.
    Cades,
    /// TS 119 182-1.
    Jades,
    /// EN 319 142-1.
    Pades,
    /// EN 319 132-1.
    Xades,
}

impl Family {
    /// The name in the standards' spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cades => "CAdES",
            Self::Jades => "JAdES",
            Self::Pades => "PAdES",
            Self::Xades => "XAdES",
        }
    }
}

/// What a signature's format is, as far as its reader can tell from its shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The shape of a baseline level; whether the evidence inside suffices is judged later.
    Baseline {
        /// The family.
        family: Family,
        /// The highest level whose parts are all there.
        level: Level,
    },
    /// A signature that is no AdES baseline signature, with the name it is known by: `PKCS7-T`, `PAdES-BES`, `PDF-NOT-ETSI`.
    Other {
        /// That name.
        name: String,
    },
}

impl Format {
    /// A baseline signature.
    #[must_use]
    pub const fn baseline(family: Family, level: Level) -> Self {
        Self::Baseline { family, level }
    }

    /// A signature that is no baseline signature.
    #[must_use]
    pub fn other(name: impl Into<String>) -> Self {
        Self::Other { name: name.into() }
    }

    /// The level, where it is a baseline signature.
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        match self {
            Self::Baseline { level, .. } => Some(*level),
            Self::Other { .. } => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline { family, level } => write!(f, "{}-BASELINE-{}", family.name(), level.suffix()),
            Self::Other { name } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_named() {
        let levels = [Level::B, Level::T, Level::Lt, Level::Lta];
        assert!(levels.is_sorted());
        for level in levels {
            assert_eq!(level.suffix().parse(), Ok(level));
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!("ltv".parse::<Level>(), Err(ParseLevelError));
    }
}
