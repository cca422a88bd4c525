//! What a list that is issued is for: issuingDistributionPoint (RFC 5280 5.2.5).

use crate::{
    IssueError, Reason,
    asn1::{SEQUENCE, tlv},
    entries::bit,
};

/// A part of the certificates of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlSubjects {
    /// Those of authorities (onlyContainsCACerts).
    Authorities,
    /// Those of end entities (onlyContainsUserCerts).
    Users,
}

/// What a list is for; by default everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partition {
    pub(crate) found_at: Vec<String>,
    pub(crate) subjects: Option<CrlSubjects>,
    /// ReasonFlags; the bits are those of [`bit`].
    pub(crate) reasons: Option<u16>,
}

/// The reasons that ReasonFlags has.
const FLAGS: u16 = 0b1_1111_1110;

impl Partition {
    pub(crate) fn flags(reasons: &[Reason]) -> Result<u16, IssueError> {
        let flags = reasons.iter().fold(0, |flags, reason| flags | bit(*reason));
        if flags == 0 || flags & !FLAGS != 0 { Err(IssueError::NoPartOfReasons) } else { Ok(flags) }
    }

    /// The extension's value; `None` for a list of everything, which has none.
    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        let mut fields = Vec::new();
        if !self.found_at.is_empty() {
            let names: Vec<u8> = self.found_at.iter().flat_map(|url| tlv(0x86, &[url.as_bytes()])).collect();
            fields.extend(tlv(0xa0, &[&tlv(0xa0, &[&names])]));
        }
        match self.subjects {
            Some(CrlSubjects::Users) => fields.extend(tlv(0x81, &[&[0xff]])),
            Some(CrlSubjects::Authorities) => fields.extend(tlv(0x82, &[&[0xff]])),
            None => {}
        }
        if let Some(flags) = self.reasons {
            fields.extend(tlv(0x83, &[&bits(flags)]));
        }
        (!fields.is_empty()).then(|| tlv(SEQUENCE, &[&fields]))
    }
}

/// A BIT STRING with named bits: none that is zero at the end (X.690 11.2.2).
fn bits(flags: u16) -> Vec<u8> {
    let [low, high] = flags.to_le_bytes().map(u8::reverse_bits);
    let unused = |octet: u8| u8::try_from(octet.trailing_zeros()).unwrap_or(0);
    if high == 0 { vec![unused(low), low] } else { vec![unused(high), low, high] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_end_where_the_last_one_is() {
        let flags = |reasons: &[Reason]| bits(Partition::flags(reasons).unwrap());
        assert_eq!(flags(&[Reason::KeyCompromise]), [6, 0x40]);
        assert_eq!(flags(&[Reason::PrivilegeWithdrawn, Reason::KeyCompromise]), [0, 0x41]);
        assert_eq!(flags(&[Reason::AaCompromise]), [7, 0, 0x80]);
        for reasons in [&[][..], &[Reason::Unspecified], &[Reason::KeyCompromise, Reason::RemoveFromCrl]] {
            assert_eq!(Partition::flags(reasons), Err(IssueError::NoPartOfReasons));
        }
        assert_eq!(Partition::default().to_der(), None);
    }
}
