//! nameConstraints (RFC 5280, 4.2.1.10).

use crate::bytes::Bytes;
use crate::error::SyntaxError;
use crate::extensions::sequence;
use crate::general_name::GeneralName;
use crate::reader::{SEQUENCE, Tlv, constructed, implicit, small_unsigned};

/// Which names the certificates below may carry. Reading only; the comparison is made in path validation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// permittedSubtrees; empty when absent.
    pub permitted: Vec<GeneralSubtree>,
    /// excludedSubtrees; empty when absent.
    pub excluded: Vec<GeneralSubtree>,
}

/// One subtree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneralSubtree {
    /// The top of the subtree; in an [`Ip`](GeneralName::Ip) an address and its mask.
    pub base: GeneralName,
    /// minimum; RFC 5280 demands 0.
    pub minimum: u32,
    /// maximum; RFC 5280 demands that it is absent.
    pub maximum: Option<u32>,
}

impl NameConstraints {
    /// Reads the value of the extension.
    pub fn from_der(der: &[u8]) -> Result<Self, SyntaxError> {
        Self::read(&Bytes::new(der))
    }

    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut fields = sequence(value)?;
        let permitted = fields.optional(constructed(0))?;
        let excluded = fields.optional(constructed(1))?;
        fields.finish()?;
        let list = |tlv: Option<Tlv<'_>>| tlv.map_or(Ok(Vec::new()), |tlv| subtrees(&tlv, value));
        Ok(Self { permitted: list(permitted)?, excluded: list(excluded)? })
    }
}

fn subtrees(list: &Tlv<'_>, bytes: &Bytes) -> Result<Vec<GeneralSubtree>, SyntaxError> {
    let mut reader = list.reader();
    let mut subtrees = Vec::new();
    while !reader.is_empty() {
        let mut fields = reader.expect(SEQUENCE)?.reader();
        let base = GeneralName::read(&fields.any()?, bytes)?;
        let minimum = fields.optional(implicit(0))?.as_ref().map(small_unsigned).transpose()?.unwrap_or(0);
        let maximum = fields.optional(implicit(1))?.as_ref().map(small_unsigned).transpose()?;
        fields.finish()?;
        subtrees.push(GeneralSubtree { base, minimum, maximum });
    }
    Ok(subtrees)
}
