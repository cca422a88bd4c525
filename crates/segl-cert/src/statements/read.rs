//! Reading qcStatements of anybody: everything that can be understood, and what was odd about it.

use core::{fmt, ops::RangeInclusive};

use segl_x509::Oid;

use super::{Currency, IdentificationMethod, PdsLocation, QcStatements, QcType, Semantics, Statement};
use crate::{
    asn1::{IA5_STRING, Item, PRINTABLE_STRING, SEQUENCE, UTF8_STRING, items, only},
    oid::*,
};

/// Statements as they were read, with what departs from the syntax of EN 319 412-5, TS 119 495 and RFC 3739.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementsReading {
    /// The statements.
    pub statements: QcStatements,
    /// What was odd, in the order of the certificate.
    pub oddities: Vec<Oddity>,
}

/// One departure from the syntax that did not keep a statement from being read, or kept only this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Which statement of the extension, from zero.
    pub statement: usize,
    /// Its statementId.
    pub id: Oid,
    /// Where, in octets from the start of the extension's value.
    pub offset: usize,
    /// What.
    pub kind: OddityKind,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {} ({}) {} at octet {}", self.statement, self.id, self.kind, self.offset)
    }
}

/// What is odd about a statement.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OddityKind {
    /// A string holds characters that its type does not have.
    #[error("holds characters that its string type does not have")]
    Characters,
    /// QcType or QcIdentMethod does not hold exactly one value, or a list holds none.
    #[error("holds {count} values")]
    Count {
        /// How many.
        count: usize,
    },
    /// QcCompliance or QcSSCD carries a NULL, as old encoders wrote it.
    #[error("carries a NULL where nothing belongs")]
    Null,
    /// Something follows where the statement ends, or stands where nothing belongs.
    #[error("carries a value where nothing belongs")]
    Superfluous,
    /// A statement with this identifier came before.
    #[error("came before")]
    Repeated,
    /// A currency number outside 1 to 999.
    #[error("has a number that no currency has")]
    Currency,
    /// A string is longer or shorter than its type allows.
    #[error("holds a string of {chars} characters")]
    Length {
        /// How many characters.
        chars: usize,
    },
    /// A string of another type than the module says.
    #[error("holds a string of the tag {tag:#04x}")]
    StringType {
        /// The tag found.
        tag: u8,
    },
    /// Language and address of a disclosure statement have changed places.
    #[error("has address and language the wrong way round")]
    Swapped,
    /// The statementInfo does not have the syntax of its statement.
    #[error("cannot be read")]
    Unreadable,
}

/// Why a value is no qcStatements extension.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementsError {
    /// The value is not one SEQUENCE of items, or one of more than 256.
    #[error("the qcStatements extension is not a SEQUENCE OF QCStatement")]
    NotASequence,
    /// An item is not a SEQUENCE that starts with an object identifier.
    #[error(
        "QCStatement number {index} at octet {offset} is not a SEQUENCE that starts with an object identifier"
    )]
    NotAStatement {
        /// Which item, from zero.
        index: usize,
        /// Where, in octets from the start of the extension's value.
        offset: usize,
    },
}

impl StatementsError {
    /// Where, in octets from the start of the extension's value; the start itself when the value as a whole is not what it must be.
    pub fn offset(&self) -> usize {
        match self {
            Self::NotASequence => 0,
            Self::NotAStatement { offset, .. } => *offset,
        }
    }
}

impl QcStatements {
    /// Reads the value of the extension and notes what is odd about it.
    ///
    /// ```
    /// use segl_cert::{OddityKind, QcStatements, Statement};
    ///
    /// // QcCompliance with the NULL of an old encoder.
    /// let value = [0x30, 12, 0x30, 10, 6, 6, 4, 0, 0x8e, 0x46, 1, 1, 5, 0];
    /// let reading = QcStatements::read(&value)?;
    /// assert_eq!(reading.statements.0, [Statement::Compliance]);
    /// assert_eq!((reading.oddities[0].kind, reading.oddities[0].offset), (OddityKind::Null, 12));
    /// # Ok::<(), segl_cert::StatementsError>(())
    /// ```
    pub fn read(value: &[u8]) -> Result<StatementsReading, StatementsError> {
        let outer = only(value).filter(|item| item.tag == SEQUENCE);
        let found = outer.and_then(|item| item.items()).ok_or(StatementsError::NotASequence)?;
        let mut statements: Vec<Statement> = Vec::with_capacity(found.len());
        let mut oddities = Vec::new();
        for (index, item) in found.iter().enumerate() {
            let refused = || StatementsError::NotAStatement { index, offset: item.offset_in(value) };
            let parts = (item.tag == SEQUENCE).then(|| item.items()).flatten().ok_or_else(refused)?;
            let id = parts.first().and_then(Item::any_oid).ok_or_else(refused)?;
            let mut notes = Notes { value, statement: index, id, found: oddities };
            if statements.iter().any(|before| before.id() == notes.id) {
                notes.note(item, OddityKind::Repeated);
            }
            let statement = notes.statement(item, parts.get(1));
            if let Some(after) = parts.get(2) {
                notes.note(after, OddityKind::Superfluous);
            }
            statements.push(statement);
            oddities = notes.found;
        }
        Ok(StatementsReading { statements: Self(statements), oddities })
    }
}

/// One statement being read.
struct Notes<'v> {
    value: &'v [u8],
    statement: usize,
    id: Oid,
    found: Vec<Oddity>,
}

impl Notes<'_> {
    fn note(&mut self, item: &Item<'_>, kind: OddityKind) {
        let offset = item.offset_in(self.value);
        self.found.push(Oddity { statement: self.statement, id: self.id.clone(), offset, kind });
    }

    fn statement(&mut self, whole: &Item<'_>, info: Option<&Item<'_>>) -> Statement {
        let id = self.id.clone();
        let raw = || info.map(|info| info.whole.to_vec());
        let Some(known) = id.to_const() else { return Statement::Unknown { id, info: raw() } };
        let read = match known {
            QCS_COMPLIANCE => Some(self.bare(info, Statement::Compliance)),
            QCS_SSCD => Some(self.bare(info, Statement::QualifiedDevice)),
            QCS_LIMIT_VALUE => self.limit_value(info),
            QCS_RETENTION_PERIOD => info.and_then(Item::integer).map(Statement::RetentionPeriod),
            QCS_PDS => self.list(info, Self::pds_location).map(Statement::DisclosureStatements),
            QCS_TYPE => self
                .single(info)
                .map(|oids| Statement::Type(oids.into_iter().map(QcType::from_oid).collect())),
            QCS_COUNTRY_LEGISLATION => self.list(info, Self::country).map(Statement::CountryLegislation),
            QCS_IDENTIFICATION_METHOD => self.single(info).map(|oids| {
                Statement::IdentificationMethod(
                    oids.into_iter().map(IdentificationMethod::from_oid).collect(),
                )
            }),
            QCS_QSCD_LEGISLATION => self.list(info, Self::country).map(Statement::DeviceLegislation),
            QCS_SYNTAX_V1 => self.semantics(info, true).map(Statement::Semantics),
            QCS_SYNTAX_V2 => self.semantics(info, false).map(Statement::Semantics),
            QCS_PSD2 => self.psd2(info),
            _ => return Statement::Unknown { id, info: raw() },
        };
        read.unwrap_or_else(|| {
            self.note(info.unwrap_or(whole), OddityKind::Unreadable);
            Statement::Unreadable { id, info: raw() }
        })
    }

    fn bare(&mut self, info: Option<&Item<'_>>, statement: Statement) -> Statement {
        if let Some(info) = info {
            let null = info.whole == crate::asn1::NULL;
            self.note(info, if null { OddityKind::Null } else { OddityKind::Superfluous });
        }
        statement
    }

    /// A list of object identifiers that should hold one.
    fn single(&mut self, info: Option<&Item<'_>>) -> Option<Vec<Oid>> {
        let oids = info?.items()?.iter().map(Item::any_oid).collect::<Option<Vec<_>>>()?;
        if let (Some(info), count @ (0 | 2..)) = (info, oids.len()) {
            self.note(info, OddityKind::Count { count });
        }
        Some(oids)
    }

    fn list<T>(
        &mut self,
        info: Option<&Item<'_>>,
        read: fn(&mut Self, &Item<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let info = info?;
        let items = info.items()?;
        if items.is_empty() {
            self.note(info, OddityKind::Count { count: 0 });
        }
        items.iter().map(|item| read(self, item)).collect()
    }

    fn string(&mut self, item: &Item<'_>, tag: u8, size: RangeInclusive<usize>) -> Option<String> {
        let text = item.text()?;
        if item.tag != tag {
            self.note(item, OddityKind::StringType { tag: item.tag });
        }
        let fits = match item.tag {
            PRINTABLE_STRING => text.chars().all(|c| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c)),
            IA5_STRING => text.is_ascii(),
            UTF8_STRING => core::str::from_utf8(item.value).is_ok(),
            _ => true,
        };
        if !fits {
            self.note(item, OddityKind::Characters);
        }
        let chars = text.chars().count();
        if !size.contains(&chars) {
            self.note(item, OddityKind::Length { chars });
        }
        Some(text)
    }

    fn country(&mut self, item: &Item<'_>) -> Option<String> {
        self.string(item, PRINTABLE_STRING, 2..=2)
    }

    fn pds_location(&mut self, item: &Item<'_>) -> Option<PdsLocation> {
        let parts = item.items()?;
        let [first, second] = parts.as_slice() else { return None };
        let is_address = |item: &Item<'_>| item.text().map(|text| text.contains("://"));
        // Some encoders have the two the wrong way round.
        let swapped = is_address(second)? && !is_address(first)?;
        if swapped {
            self.note(item, OddityKind::Swapped);
        }
        let (url, language) = if swapped { (second, first) } else { (first, second) };
        Some(PdsLocation {
            url: self.string(url, IA5_STRING, 1..=usize::MAX)?,
            language: self.string(language, PRINTABLE_STRING, 2..=2)?,
        })
    }

    fn limit_value(&mut self, info: Option<&Item<'_>>) -> Option<Statement> {
        let parts = info?.items()?;
        let [currency, amount, exponent] = parts.as_slice() else { return None };
        let (amount, exponent) = (amount.integer()?, exponent.integer()?);
        let currency = match currency.integer() {
            Some(number) => {
                if !(1..=999).contains(&number) {
                    self.note(currency, OddityKind::Currency);
                }
                Currency::Numeric(number)
            }
            None => Currency::Alphabetic(self.string(currency, PRINTABLE_STRING, 3..=3)?),
        };
        Some(Statement::LimitValue { currency, amount, exponent })
    }

    fn semantics(&mut self, info: Option<&Item<'_>>, version_1: bool) -> Option<Semantics> {
        let mut read = Semantics { version_1, identifier: None, name_registration_authorities: Vec::new() };
        let Some(info) = info else { return Some(read) };
        for part in info.items()? {
            match part.tag {
                SEQUENCE => {
                    let names = items(part.value)?;
                    if names.is_empty() {
                        self.note(&part, OddityKind::Count { count: 0 });
                    }
                    read.name_registration_authorities =
                        names.iter().map(|name| name.whole.to_vec()).collect();
                }
                _ => read.identifier = Some(part.any_oid()?),
            }
        }
        if read.identifier.is_none() && read.name_registration_authorities.is_empty() {
            self.note(info, OddityKind::Count { count: 0 });
        }
        Some(read)
    }

    fn psd2(&mut self, info: Option<&Item<'_>>) -> Option<Statement> {
        let parts = info?.items()?;
        let [roles, name, id] = parts.as_slice() else { return None };
        let roles = self.list(Some(roles), |notes, role| {
            let parts = role.items()?;
            let [oid, name] = parts.as_slice() else { return None };
            Some((oid.any_oid()?, notes.string(name, UTF8_STRING, 1..=256)?))
        })?;
        Some(Statement::Psd2 {
            roles,
            authority_name: self.string(name, UTF8_STRING, 1..=256)?,
            authority_id: self.string(id, UTF8_STRING, 1..=256)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::{INTEGER, oid, tlv};

    fn read(statements: &[Vec<u8>]) -> StatementsReading {
        let parts: Vec<&[u8]> = statements.iter().map(Vec::as_slice).collect();
        QcStatements::read(&tlv(SEQUENCE, &parts)).unwrap()
    }

    fn statement(id: der::asn1::ObjectIdentifier, info: &[&[u8]]) -> Vec<u8> {
        tlv(SEQUENCE, &[&oid(&id), &info.concat()])
    }

    fn kinds(reading: &StatementsReading) -> Vec<(usize, OddityKind)> {
        reading.oddities.iter().map(|oddity| (oddity.statement, oddity.kind)).collect()
    }

    #[test]
    fn every_oddity_is_read_and_told() {
        let utf8 = |text: &str| tlv(UTF8_STRING, &[text.as_bytes()]);
        let swapped = tlv(SEQUENCE, &[&utf8("eng"), &tlv(IA5_STRING, &[b"http://b.dk"])]);
        let limit = [tlv(INTEGER, &[&[0]]), tlv(INTEGER, &[&[1]]), tlv(INTEGER, &[&[0xff]])];
        let reading = read(&[
            statement(QCS_COMPLIANCE, &[&[5, 0]]),
            statement(QCS_TYPE, &[&tlv(SEQUENCE, &[&oid(&QCT_ESIGN), &oid(&QCT_ESEAL)])]),
            statement(QCS_PDS, &[&tlv(SEQUENCE, &[&swapped])]),
            statement(QCS_LIMIT_VALUE, &[&tlv(SEQUENCE, &[&limit.concat()])]),
            statement(QCS_COUNTRY_LEGISLATION, &[&tlv(SEQUENCE, &[&tlv(PRINTABLE_STRING, &[b"C_"])])]),
            statement(QCS_RETENTION_PERIOD, &[&utf8("ten")]),
            statement(QCS_SSCD, &[&[0x30, 0], &[5, 0]]),
            statement(QCS_COMPLIANCE, &[]),
            statement(QCS_SYNTAX_V2, &[&[0x30, 0]]),
        ]);
        assert_eq!(
            kinds(&reading),
            [
                (0, OddityKind::Null),
                (1, OddityKind::Count { count: 2 }),
                (2, OddityKind::Swapped),
                (2, OddityKind::StringType { tag: UTF8_STRING }),
                (2, OddityKind::Length { chars: 3 }),
                (3, OddityKind::Currency),
                (4, OddityKind::Characters),
                (5, OddityKind::Unreadable),
                (6, OddityKind::Superfluous),
                (6, OddityKind::Superfluous),
                (7, OddityKind::Repeated),
                (8, OddityKind::Count { count: 0 }),
            ]
        );
        assert!(reading.statements.is_qualified() && reading.statements.claims_qualified_device());
        assert_eq!(reading.statements.types().count(), 2);
        let location = reading.statements.disclosure_statements().next().unwrap();
        assert_eq!((location.url.as_str(), location.language.as_str()), ("http://b.dk", "eng"));
        let negative = Statement::LimitValue { currency: Currency::Numeric(0), amount: 1, exponent: -1 };
        assert!(reading.statements.0.contains(&negative));
        assert_eq!(
            reading.oddities[1].to_string(),
            "statement 1 (0.4.0.1862.1.6) holds 2 values at octet 25"
        );
    }

    #[test]
    fn identifiers_of_any_size_are_read() {
        // 2.25 and the largest UUID.
        let uuid = [&[0x69, 0x83][..], &[0xff; 17], &[0x7f]].concat();
        let large = tlv(crate::asn1::OID, &[&uuid]);
        let id = Oid::from_octets(&uuid).unwrap();
        let value = tlv(
            SEQUENCE,
            &[
                &tlv(SEQUENCE, &[&large, &[5, 0]]),
                &statement(QCS_COMPLIANCE, &[]),
                &statement(QCS_TYPE, &[&tlv(SEQUENCE, &[&large])]),
                &statement(QCS_IDENTIFICATION_METHOD, &[&tlv(SEQUENCE, &[&large])]),
                &statement(QCS_SYNTAX_V2, &[&tlv(SEQUENCE, &[&large])]),
                &tlv(SEQUENCE, &[&large]),
            ],
        );
        let reading = QcStatements::read(&value).unwrap();
        assert_eq!(kinds(&reading), [(5, OddityKind::Repeated)]);
        assert!(reading.statements.is_qualified());
        assert!(reading.statements.types().eq([QcType::Other(id.clone())]));
        assert_eq!(reading.statements.0[0], Statement::Unknown { id: id.clone(), info: Some(vec![5, 0]) });
        let method = IdentificationMethod::Other(id);
        assert_eq!(reading.statements.0[3], Statement::IdentificationMethod(vec![method]));
        assert_eq!(reading.statements.to_der(), value);
    }

    #[test]
    fn an_error_says_where() {
        let value = [0x30, 4, 0x30, 0, 5, 0];
        assert_eq!(QcStatements::read(&value), Err(StatementsError::NotAStatement { index: 0, offset: 2 }));
    }
}
