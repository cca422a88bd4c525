use core::time::Duration;

use const_oid::ObjectIdentifier;
use segl_cms::ber::{Element, Reader, Rules, Tag};
use segl_cms::{BerError, BerErrorKind, encode};
use segl_crypto::Time;

use crate::imprint::{MessageImprint, TimestampExtension, optional_boolean};
use segl_x509::oids::QC_STATEMENTS;

use crate::oids;

/// `TSTInfo` (RFC 3161, 2.4.2): what a time-stamp token says.
///
/// Read, not believed; neither signature nor policy is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TstInfo {
    pub(crate) version: u32,
    pub(crate) policy: ObjectIdentifier,
    pub(crate) imprint: MessageImprint,
    pub(crate) serial: Vec<u8>,
    pub(crate) time: Time,
    pub(crate) accuracy: Option<Accuracy>,
    pub(crate) ordering: bool,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) tsa: Option<Vec<u8>>,
    pub(crate) extensions: Vec<TimestampExtension>,
}

/// `Accuracy`: how far the true time may lie from `genTime`, to either side. Missing parts count as zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Accuracy {
    seconds: Option<u32>,
    millis: Option<u16>,
    micros: Option<u16>,
}

impl Accuracy {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self { seconds: Some(seconds), millis: None, micros: None }
    }

    /// The parts of a duration down to microseconds, smaller ones cut off; `None` for nothing at all or over 2^32 seconds.
    #[must_use]
    pub fn from_duration(duration: Duration) -> Option<Self> {
        let part = |value: u32| u16::try_from(value).ok().filter(|value| *value != 0);
        let seconds = u32::try_from(duration.as_secs()).ok()?;
        let accuracy = Self {
            seconds: (seconds != 0).then_some(seconds),
            millis: part(duration.subsec_millis()),
            micros: part(duration.subsec_micros() % 1000),
        };
        (accuracy != Self::default()).then_some(accuracy)
    }

    /// The sum of the parts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(0).into())
            .saturating_add(Duration::from_millis(self.millis.unwrap_or(0).into()))
            .saturating_add(Duration::from_micros(self.micros.unwrap_or(0).into()))
    }

    fn read(element: &Element<'_>, strict: bool) -> Result<Self, BerError> {
        let mut fields = element.reader()?;
        let seconds = fields.optional(Tag::INTEGER)?.map(|element| element.small_integer()).transpose()?;
        let mut part = |tag| match fields.optional(tag)? {
            None => Ok(None),
            Some(element) => match u16::try_from(element.small_integer()?) {
                Ok(0) if !strict => Ok(None),
                Ok(value @ 1..=999) => Ok(Some(value)),
                _ => Err(BerErrorKind::InvalidValue.at(element.span().start)),
            },
        };
        let (millis, micros) = (part(Tag::context(0))?, part(Tag::context(1))?);
        fields.finish()?;
        Ok(Self { seconds, millis, micros })
    }

    fn to_der(self) -> Vec<u8> {
        let part = |identifier: u8, value: u16| {
            let mut der = encode::unsigned_integer(&value.to_be_bytes());
            if let Some(tag) = der.first_mut() {
                *tag = identifier;
            }
            der
        };
        let mut parts = Vec::new();
        parts.extend(self.seconds.map(|seconds| encode::unsigned_integer(&seconds.to_be_bytes())));
        parts.extend(self.millis.map(|millis| part(0x80, millis)));
        parts.extend(self.micros.map(|micros| part(0x81, micros)));
        encode::sequence(&parts)
    }
}

impl TstInfo {
    /// Reads strict DER: no default written out, no trailing zeros in `genTime`, millis and micros within 1..999.
    pub fn from_der(der: &[u8]) -> Result<Self, BerError> {
        Self::read(der, Rules::Der)
    }

    /// Reads what the tokens of this world hold: BER, defaults written out, zero fractions.
    pub fn from_ber(ber: &[u8]) -> Result<Self, BerError> {
        Self::read(ber, Rules::Ber)
    }

    fn read(bytes: &[u8], rules: Rules) -> Result<Self, BerError> {
        let strict = rules == Rules::Der;
        let mut outer = Reader::new(bytes, rules);
        let info = outer.expect(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut fields = info.reader()?;
        let version = fields.expect(Tag::INTEGER)?.small_integer()?;
        let policy = fields.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
        let imprint = MessageImprint::read(&mut fields)?;
        let serial = fields.expect(Tag::INTEGER)?.integer()?.to_vec();
        let time = read_time(&fields.expect(Tag::GENERALIZED_TIME)?, strict)?;
        let accuracy =
            fields.optional(Tag::SEQUENCE)?.map(|element| Accuracy::read(&element, strict)).transpose()?;
        let ordering = optional_boolean(&mut fields, strict)?;
        let nonce = fields
            .optional(Tag::INTEGER)?
            .map(|element| element.integer().map(<[u8]>::to_vec))
            .transpose()?;
        let tsa = match fields.optional(Tag::context(0))? {
            Some(element) => Some(element.explicit()?.bytes().to_vec()),
            None => None,
        };
        let extensions = TimestampExtension::read_all(&mut fields, Tag::context(1), strict)?;
        fields.finish()?;
        Ok(Self { version, policy, imprint, serial, time, accuracy, ordering, nonce, tsa, extensions })
    }

    /// The DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut fields = vec![
            encode::unsigned_integer(&self.version.to_be_bytes()),
            encode::object_identifier(&self.policy),
            self.imprint.to_der(),
            encode::element(0x02, &self.serial),
            encode::element(0x18, self.time.to_generalized_time().as_bytes()),
        ];
        fields.extend(self.accuracy.map(Accuracy::to_der));
        if self.ordering {
            fields.push(vec![1, 1, 0xff]);
        }
        fields.extend(self.nonce.as_ref().map(|nonce| encode::element(0x02, nonce)));
        fields.extend(self.tsa.as_ref().map(|name| encode::element(0xa0, name)));
        fields.extend(TimestampExtension::write_all(&self.extensions, 0xa1));
        encode::sequence(&fields)
    }

    /// The version; 1 is the only one there is.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The policy it was issued under.
    #[must_use]
    pub const fn policy(&self) -> ObjectIdentifier {
        self.policy
    }

    /// What was stamped.
    #[must_use]
    pub const fn imprint(&self) -> &MessageImprint {
        &self.imprint
    }

    /// The serial number: content octets of an INTEGER, up to 160 bits if the authority keeps to the standard.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// `genTime`.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.time
    }

    /// The accuracy; without it the policy says how exact the time is.
    #[must_use]
    pub const fn accuracy(&self) -> Option<Accuracy> {
        self.accuracy
    }

    /// Whether all tokens of this unit can be ordered by their times alone.
    #[must_use]
    pub const fn ordering(&self) -> bool {
        self.ordering
    }

    /// The nonce: content octets of an INTEGER.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// `tsa`: a `GeneralName` as it came. A hint; the ESS attribute says who signed.
    #[must_use]
    pub fn tsa(&self) -> Option<&[u8]> {
        self.tsa.as_deref()
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> &[TimestampExtension] {
        &self.extensions
    }

    /// Whether the token claims to be a qualified one (EN 319 422, 9.1). A claim: the trusted list decides.
    #[must_use]
    pub fn claims_qualified(&self) -> bool {
        self.extensions
            .iter()
            .filter(|extension| extension.oid == QC_STATEMENTS)
            .any(|extension| has_statement(&extension.value, oids::QUALIFIED_TIMESTAMP).unwrap_or(false))
    }
}

fn read_time(element: &Element<'_>, strict: bool) -> Result<Time, BerError> {
    let invalid = BerErrorKind::InvalidTime.at(element.span().start);
    let octets = element.octets()?;
    let time = Time::from_generalized_time(&octets).ok_or(invalid)?;
    if strict && time.to_generalized_time().as_bytes() != octets.as_ref() {
        return Err(invalid);
    }
    Ok(time)
}

/// Whether `QCStatements` (RFC 3739, 3.2.6) holds a statement.
fn has_statement(value: &[u8], wanted: ObjectIdentifier) -> Result<bool, BerError> {
    let mut list = Reader::new(value, Rules::Ber).expect(Tag::SEQUENCE)?.reader()?;
    while !list.is_empty() {
        let statement = list.expect(Tag::SEQUENCE)?.reader()?.expect(Tag::OBJECT_IDENTIFIER)?;
        if statement.content() == wanted.as_bytes() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The `qcStatements` extension with `esi4-qtstStatement-1`, not critical (EN 319 422, 9.1).
pub(crate) fn qualified_statement() -> TimestampExtension {
    let statement = encode::sequence(&[encode::object_identifier(&oids::QUALIFIED_TIMESTAMP)]);
    TimestampExtension { oid: QC_STATEMENTS, critical: false, value: encode::sequence(&[statement]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segl_crypto::{DigestAlgorithm, digest};

    fn info() -> TstInfo {
        TstInfo {
            version: 1,
            policy: oids::BEST_PRACTICES_POLICY,
            imprint: MessageImprint::new(&digest(DigestAlgorithm::Sha256, b"x").unwrap()),
            serial: vec![0x7f; 20],
            time: Time::from_civil(2050, 1, 2, 3, 4, 5).unwrap().with_nanos(120_000_000).unwrap(),
            accuracy: Accuracy::from_duration(Duration::from_micros(1_500_250)),
            ordering: true,
            nonce: Some(vec![0x80]),
            tsa: Some(vec![0x82, 1, b'a']),
            extensions: vec![qualified_statement()],
        }
    }

    #[test]
    fn the_round_trip_is_exact() {
        let info = info();
        let der = info.to_der();
        assert_eq!(TstInfo::from_der(&der).unwrap(), info);
        assert_eq!(TstInfo::from_ber(&der).unwrap().to_der(), der);
        assert!(info.claims_qualified());
        assert_eq!(info.accuracy.unwrap().duration(), Duration::from_micros(1_500_250));
        for end in 0..der.len() {
            assert!(TstInfo::from_ber(&der[..end]).is_err());
        }
    }

    #[test]
    fn the_statement_is_the_one_of_the_standard() {
        assert_eq!(
            qualified_statement().value(),
            [0x30, 0x0b, 0x30, 0x09, 0x06, 0x07, 0x04, 0x00, 0x81, 0x97, 0x5e, 0x01, 0x01]
        );
        let arc = encode::sequence(&[encode::sequence(&[encode::object_identifier(
            &ObjectIdentifier::new_unwrap("0.4.0.19422.1"),
        )])]);
        assert_eq!(has_statement(&arc, oids::QUALIFIED_TIMESTAMP), Ok(false));
    }

    #[test]
    fn times_are_read_strictly_where_der_is_demanded() {
        let time = |text: &str, strict| {
            let der = encode::element(0x18, text.as_bytes());
            let element = Reader::new(&der, Rules::Der).read().unwrap();
            read_time(&element, strict)
        };
        for good in ["20260101120000Z", "20260101120000.5Z", "20500101000000.123456789Z"] {
            assert!(time(good, true).is_ok(), "{good}");
        }
        for loose in ["20260101120000.50Z", "20260101120000.0Z"] {
            assert!(time(loose, true).is_err() && time(loose, false).is_ok(), "{loose}");
        }
        for bad in [
            "20260101120000+0100",
            "202601011200Z",
            "20260101120000,5Z",
            "20260101120000.Z",
            "20260101120060Z",
        ] {
            assert!(time(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn accuracy_is_held_to_its_range() {
        let read = |der: &[u8], strict| Accuracy::read(&Reader::new(der, Rules::Der).read().unwrap(), strict);
        assert_eq!(read(&[0x30, 0], true), Ok(Accuracy::default()));
        assert!(read(&[0x30, 3, 0x80, 1, 0], true).is_err());
        assert!(read(&[0x30, 3, 0x80, 1, 0], false).is_ok());
        assert!(read(&[0x30, 4, 0x80, 2, 0x03, 0xe8], false).is_err());
        assert_eq!(
            read(&[0x30, 4, 0x81, 2, 0x03, 0xe7], true).unwrap().duration(),
            Duration::from_micros(999)
        );
        assert_eq!(Accuracy::from_duration(Duration::ZERO), None);
    }
}
