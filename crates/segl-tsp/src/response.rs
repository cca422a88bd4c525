use core::fmt;

use segl_cms::ber::{Element, Reader, Rules, Tag};
use segl_cms::{BerError, BerErrorKind, encode};

/// The longest response read, in octets. Origin: tokens with a chain of RSA-4096 certificates and their status stay below 40 KiB.
pub const MAX_RESPONSE: usize = 1024 * 1024;

/// How many texts a status may carry.
const MAX_TEXTS: usize = 32;

/// `TimeStampResp` (RFC 3161, 2.4.2), its token not yet looked into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimestampResponse {
    status: PkiStatus,
    text: Vec<String>,
    failures: Option<Failures>,
    token: Option<Vec<u8>>,
}

impl TimestampResponse {
    /// Reads a response: strict DER around the token, whatever the token is.
    pub fn from_der(der: &[u8]) -> Result<Self, BerError> {
        if der.len() > MAX_RESPONSE {
            return Err(BerErrorKind::TooMany { limit: MAX_RESPONSE }.at(MAX_RESPONSE));
        }
        let mut outer = Reader::new(der, Rules::Der);
        let response = outer.expect(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut fields = response.reader()?;
        let mut info = fields.expect(Tag::SEQUENCE)?.reader()?;
        let status = PkiStatus::from_number(info.expect(Tag::INTEGER)?.small_integer()?);
        let text = info
            .optional(Tag::SEQUENCE)?
            .map(|element| read_texts(&element))
            .transpose()?
            .unwrap_or_default();
        let failures = info.optional(Tag::BIT_STRING)?.map(|element| Failures::read(&element)).transpose()?;
        info.finish()?;
        let token = fields.optional(Tag::SEQUENCE)?.map(|element| element.bytes().to_vec());
        fields.finish()?;
        Ok(Self { status, text, failures, token })
    }

    /// A response that carries a token.
    pub(crate) const fn granted(token: Vec<u8>) -> Self {
        Self { status: PkiStatus::Granted, text: Vec::new(), failures: None, token: Some(token) }
    }

    /// A response that declines.
    pub(crate) fn rejection(failure: FailureInfo, text: String) -> Self {
        Self {
            status: PkiStatus::Rejection,
            text: vec![text],
            failures: Some(Failures::one(failure)),
            token: None,
        }
    }

    /// The DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut info = vec![encode::unsigned_integer(&self.status.number().to_be_bytes())];
        if !self.text.is_empty() {
            let texts: Vec<Vec<u8>> =
                self.text.iter().map(|text| encode::element(0x0c, text.as_bytes())).collect();
            info.push(encode::sequence(&texts));
        }
        info.extend(self.failures.map(Failures::to_der));
        let mut fields = vec![encode::sequence(&info)];
        fields.extend(self.token.clone());
        encode::sequence(&fields)
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> PkiStatus {
        self.status
    }

    /// The authority's own words.
    #[must_use]
    pub fn text(&self) -> &[String] {
        &self.text
    }

    /// Why it failed, if the authority says so.
    #[must_use]
    pub const fn failures(&self) -> Option<Failures> {
        self.failures
    }

    /// The token as it came.
    #[must_use]
    pub fn token(&self) -> Option<&[u8]> {
        self.token.as_deref()
    }
}

fn read_texts(element: &Element<'_>) -> Result<Vec<String>, BerError> {
    let mut list = element.reader()?;
    let mut texts = Vec::new();
    while !list.is_empty() {
        if texts.len() >= MAX_TEXTS {
            return Err(BerErrorKind::TooMany { limit: MAX_TEXTS }.at(list.position()));
        }
        let text = list.expect(Tag::UTF8_STRING)?;
        let invalid = |_| BerErrorKind::InvalidValue.at(text.span().start);
        texts.push(core::str::from_utf8(text.content()).map_err(invalid)?.to_owned());
    }
    if texts.is_empty() {
        return Err(BerErrorKind::InvalidValue.at(element.span().start));
    }
    Ok(texts)
}

/// `PKIStatus` (RFC 3161, 2.4.2).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PkiStatus {
    /// 0: as asked.
    Granted,
    /// 1: issued with modifications.
    GrantedWithMods,
    /// 2: declined.
    Rejection,
    /// 3: accepted, not ready.
    Waiting,
    /// 4: the key is about to be revoked.
    RevocationWarning,
    /// 5: the key is revoked.
    RevocationNotification,
    /// A number that the standard does not have.
    Unknown(u32),
}

impl PkiStatus {
    const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Granted,
            1 => Self::GrantedWithMods,
            2 => Self::Rejection,
            3 => Self::Waiting,
            4 => Self::RevocationWarning,
            5 => Self::RevocationNotification,
            other => Self::Unknown(other),
        }
    }

    const fn number(self) -> u32 {
        match self {
            Self::Granted => 0,
            Self::GrantedWithMods => 1,
            Self::Rejection => 2,
            Self::Waiting => 3,
            Self::RevocationWarning => 4,
            Self::RevocationNotification => 5,
            Self::Unknown(number) => number,
        }
    }

    /// Whether a token must come along; with any other status it must not.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        matches!(self, Self::Granted | Self::GrantedWithMods)
    }
}

impl fmt::Display for PkiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Granted => "granted",
            Self::GrantedWithMods => "grantedWithMods",
            Self::Rejection => "rejection",
            Self::Waiting => "waiting",
            Self::RevocationWarning => "revocationWarning",
            Self::RevocationNotification => "revocationNotification",
            Self::Unknown(number) => return write!(f, "status {number}"),
        })
    }
}

/// One reason of `PKIFailureInfo` (RFC 3161, 2.4.2).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FailureInfo {
    /// Bit 0: unknown or unsupported algorithm.
    BadAlg,
    /// Bit 2: transaction not permitted or supported.
    BadRequest,
    /// Bit 5: the data has the wrong format.
    BadDataFormat,
    /// Bit 14: no trustworthy time at hand.
    TimeNotAvailable,
    /// Bit 15: the policy is not supported.
    UnacceptedPolicy,
    /// Bit 16: an extension is not supported.
    UnacceptedExtension,
    /// Bit 17: additional information not understood or not available.
    AddInfoNotAvailable,
    /// Bit 25: something inside the authority.
    SystemFailure,
}

impl FailureInfo {
    const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    const fn bit(self) -> u8 {
        match self {
            Self::BadAlg => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::AddInfoNotAvailable => 17,
            Self::SystemFailure => 25,
        }
    }

    /// The name of the standard.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadAlg => "badAlg",
            Self::BadRequest => "badRequest",
            Self::BadDataFormat => "badDataFormat",
            Self::TimeNotAvailable => "timeNotAvailable",
            Self::UnacceptedPolicy => "unacceptedPolicy",
            Self::UnacceptedExtension => "unacceptedExtension",
            Self::AddInfoNotAvailable => "addInfoNotAvailable",
            Self::SystemFailure => "systemFailure",
        }
    }
}

impl fmt::Display for FailureInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `PKIFailureInfo`: the bits as they came, up to bit 63.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures(u64);

impl Failures {
    const fn mask(bit: u8) -> u64 {
        1 << (63 - (bit & 63))
    }

    const fn one(failure: FailureInfo) -> Self {
        Self(Self::mask(failure.bit()))
    }

    /// The reasons that the standard has.
    pub fn known(self) -> impl Iterator<Item = FailureInfo> {
        FailureInfo::ALL.into_iter().filter(move |failure| self.0 & Self::mask(failure.bit()) != 0)
    }

    /// Whether a bit is set that the standard has not; a client must treat that as an error.
    #[must_use]
    pub fn has_unknown(self) -> bool {
        FailureInfo::ALL.iter().fold(self.0, |rest, failure| rest & !Self::mask(failure.bit())) != 0
    }

    fn read(element: &Element<'_>) -> Result<Self, BerError> {
        let invalid = BerErrorKind::InvalidValue.at(element.span().start);
        let (unused, octets) = element.content().split_first().ok_or(invalid)?;
        let mut bits = [0u8; 8];
        bits.get_mut(..octets.len()).ok_or(invalid)?.copy_from_slice(octets);
        let failures = Self(u64::from_be_bytes(bits));
        // A named bit string has no trailing zero bits in DER (X.690, 11.2.2): the octets follow from the bits.
        if failures.bits() == (*unused, octets.to_vec()) { Ok(failures) } else { Err(invalid) }
    }

    fn bits(self) -> (u8, Vec<u8>) {
        let mut octets = self.0.to_be_bytes().to_vec();
        while octets.last() == Some(&0) {
            octets.pop();
        }
        let unused = octets.last().map_or(0, |last| last.trailing_zeros());
        (u8::try_from(unused).unwrap_or(0), octets)
    }

    fn to_der(self) -> Vec<u8> {
        let (unused, octets) = self.bits();
        encode::element(0x03, &[vec![unused], octets].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_written_as_the_standard_has_it() {
        let rejection = TimestampResponse::rejection(FailureInfo::SystemFailure, "no".to_owned());
        let der = rejection.to_der();
        assert_eq!(
            der,
            [0x30, 18, 0x30, 16, 2, 1, 2, 0x30, 4, 0x0c, 2, b'n', b'o', 3, 5, 6, 0, 0, 0, 0x40][..]
        );
        assert_eq!(TimestampResponse::from_der(&der).unwrap(), rejection);
        assert_eq!(rejection.failures().unwrap().known().collect::<Vec<_>>(), [FailureInfo::SystemFailure]);
    }

    #[test]
    fn bits_are_read_strictly() {
        let read = |der: &[u8]| Failures::read(&Reader::new(der, Rules::Der).read().unwrap());
        assert!(!read(&[3, 2, 7, 0x80]).unwrap().has_unknown());
        assert!(read(&[3, 2, 6, 0x40]).unwrap().has_unknown());
        for bad in [
            &[3, 0][..],
            &[3, 2, 0, 0x80],
            &[3, 3, 7, 0x80, 0],
            &[3, 2, 9, 0x80],
            &[3, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts_must_be_utf8_and_there() {
        let response =
            |info: &[u8]| TimestampResponse::from_der(&encode::sequence(&[encode::sequence(&[info])]));
        assert!(response(&[2, 1, 2, 0x30, 3, 0x0c, 1, 0xff]).is_err());
        assert!(response(&[2, 1, 2, 0x30, 0]).is_err());
        assert_eq!(response(&[2, 1, 6]).unwrap().status(), PkiStatus::Unknown(6));
    }
}
