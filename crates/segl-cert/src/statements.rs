use der::asn1::ObjectIdentifier;

use crate::{
    asn1::{IA5_STRING, Item, PRINTABLE_STRING, SEQUENCE, items, oid, only, tlv},
    oid::*,
};

/// The qcStatements extension (RFC 3739 3.2.6, EN 319 412-5) as typed statements.
///
/// Reading is lenient, because real certificates are: several QcTypes, language and address swapped, a NULL where
/// nothing belongs. A statement that cannot be read at all becomes [`Statement::Unreadable`]; only an extension that
/// is no SEQUENCE OF statements is an error. Whether the statements are right is not judged here.
///
/// ```
/// use segl_cert::{QcStatements, QcType, Statement};
///
/// let written = QcStatements(vec![Statement::Compliance, Statement::Type(vec![QcType::Seal])]).to_der();
/// let read = QcStatements::from_der(&written)?;
/// assert!(read.is_qualified() && read.types().eq([QcType::Seal]));
/// # Ok::<(), segl_cert::StatementsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QcStatements(pub Vec<Statement>);

/// One QCStatement.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// QcCompliance: issued as an EU qualified certificate.
    Compliance,
    /// QcSSCD: the private key is in a qualified (or, earlier, secure) device.
    QualifiedDevice,
    /// QcLimitValue: a transaction limit of `amount * 10^exponent`.
    LimitValue {
        /// ISO 4217 code, three letters or a number.
        currency: String,
        /// The amount before the exponent.
        amount: i64,
        /// Power of ten.
        exponent: i64,
    },
    /// QcRetentionPeriod: years that the issuer keeps its records after the certificate has expired.
    RetentionPeriod(i64),
    /// QcPDS: where the PKI disclosure statements are.
    DisclosureStatements(Vec<PdsLocation>),
    /// QcType. The standard allows one; older certificates have more.
    Type(Vec<QcType>),
    /// QcCClegislation: qualified under the law of these countries, which are not the EU.
    CountryLegislation(Vec<String>),
    /// QcIdentMethod: how the subject was identified (Regulation 910/2014, Article 24).
    IdentificationMethod(Vec<ObjectIdentifier>),
    /// QcQSCDlegislation: countries outside the EU under whose law the device is qualified.
    DeviceLegislation(Vec<String>),
    /// id-qcs-pkixQCSyntax-v1 or -v2: what the subject's name attributes mean.
    Semantics(Semantics),
    /// The PSD2 statement of TS 119 495.
    Psd2 {
        /// Object identifier and name of each role.
        roles: Vec<(ObjectIdentifier, String)>,
        /// Name of the national competent authority.
        authority_name: String,
        /// Identifier of the national competent authority.
        authority_id: String,
    },
    /// A statement this crate does not know.
    Unknown {
        /// Its statementId.
        id: ObjectIdentifier,
        /// Its statementInfo, DER, when there is one.
        info: Option<Vec<u8>>,
    },
    /// A known statement whose statementInfo does not have its syntax.
    Unreadable {
        /// Its statementId.
        id: ObjectIdentifier,
        /// Its statementInfo, DER, when there is one.
        info: Option<Vec<u8>>,
    },
}

/// What a qualified certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the three types of EN 319 412-5, and any other")]
pub enum QcType {
    /// Electronic signature, `esign`.
    Signature,
    /// Electronic seal, `eseal`.
    Seal,
    /// Website authentication, `web`.
    Website,
    /// A type this crate does not know.
    Other(ObjectIdentifier),
}

impl QcType {
    /// The type with this object identifier.
    pub fn from_oid(oid: ObjectIdentifier) -> Self {
        match oid {
            QCT_ESIGN => Self::Signature,
            QCT_ESEAL => Self::Seal,
            QCT_WEB => Self::Website,
            other => Self::Other(other),
        }
    }

    /// Its object identifier.
    pub fn oid(&self) -> ObjectIdentifier {
        match self {
            Self::Signature => QCT_ESIGN,
            Self::Seal => QCT_ESEAL,
            Self::Website => QCT_WEB,
            Self::Other(oid) => *oid,
        }
    }
}

/// Where a PKI disclosure statement is, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdsLocation {
    /// Its address; `https` in a certificate of ours.
    pub url: String,
    /// ISO 639-1, two lower-case letters in a certificate of ours.
    pub language: String,
}

/// SemanticsInformation (RFC 3739 3.2.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semantics {
    /// Whether the statement was id-qcs-pkixQCSyntax-v1; ETSI uses -v2.
    pub version_1: bool,
    /// The semantics identifier, such as [`SEMANTICS_LEGAL`].
    pub identifier: Option<ObjectIdentifier>,
    /// nameRegistrationAuthorities, each a GeneralName in DER.
    pub name_registration_authorities: Vec<Vec<u8>>,
}

/// Why a value is no qcStatements extension.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementsError {
    /// The value is not one SEQUENCE of items.
    #[error("the qcStatements extension is not a SEQUENCE OF QCStatement")]
    NotASequence,
    /// An item is not a SEQUENCE that starts with an object identifier.
    #[error("QCStatement number {index} is not a SEQUENCE that starts with an object identifier")]
    NotAStatement {
        /// Which item, from zero.
        index: usize,
    },
}

impl QcStatements {
    /// Reads the value of the extension (inside the OCTET STRING).
    pub fn from_der(value: &[u8]) -> Result<Self, StatementsError> {
        let outer = only(value).filter(|item| item.tag == SEQUENCE);
        let found = outer.and_then(|item| item.items()).ok_or(StatementsError::NotASequence)?;
        let statements = found.iter().enumerate().map(|(index, item)| {
            let parts = (item.tag == SEQUENCE).then(|| item.items()).flatten();
            let parts = parts.ok_or(StatementsError::NotAStatement { index })?;
            let id = parts.first().and_then(Item::oid).ok_or(StatementsError::NotAStatement { index })?;
            Ok(Statement::read(id, parts.get(1)))
        });
        statements.collect::<Result<_, _>>().map(Self)
    }

    /// Writes the value of the extension, DER.
    pub fn to_der(&self) -> Vec<u8> {
        let statements: Vec<Vec<u8>> = self.0.iter().map(Statement::to_der).collect();
        tlv(SEQUENCE, &statements.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// Whether QcCompliance is there.
    pub fn is_qualified(&self) -> bool {
        self.0.contains(&Statement::Compliance)
    }

    /// Whether QcSSCD is there.
    pub fn claims_qualified_device(&self) -> bool {
        self.0.contains(&Statement::QualifiedDevice)
    }

    /// Every QcType, of every QcType statement.
    pub fn types(&self) -> impl Iterator<Item = QcType> + '_ {
        self.0
            .iter()
            .flat_map(|statement| match statement {
                Statement::Type(types) => types.as_slice(),
                _ => &[],
            })
            .copied()
    }

    /// Every disclosure statement.
    pub fn disclosure_statements(&self) -> impl Iterator<Item = &PdsLocation> + '_ {
        self.0.iter().flat_map(|statement| match statement {
            Statement::DisclosureStatements(locations) => locations.as_slice(),
            _ => &[],
        })
    }
}

impl Statement {
    /// Its statementId.
    pub fn id(&self) -> ObjectIdentifier {
        match self {
            Self::Compliance => QCS_COMPLIANCE,
            Self::QualifiedDevice => QCS_SSCD,
            Self::LimitValue { .. } => QCS_LIMIT_VALUE,
            Self::RetentionPeriod(_) => QCS_RETENTION_PERIOD,
            Self::DisclosureStatements(_) => QCS_PDS,
            Self::Type(_) => QCS_TYPE,
            Self::CountryLegislation(_) => QCS_COUNTRY_LEGISLATION,
            Self::IdentificationMethod(_) => QCS_IDENTIFICATION_METHOD,
            Self::DeviceLegislation(_) => QCS_QSCD_LEGISLATION,
            Self::Semantics(semantics) if semantics.version_1 => QCS_SYNTAX_V1,
            Self::Semantics(_) => QCS_SYNTAX_V2,
            Self::Psd2 { .. } => QCS_PSD2,
            Self::Unknown { id, .. } | Self::Unreadable { id, .. } => *id,
        }
    }

    fn read(id: ObjectIdentifier, info: Option<&Item<'_>>) -> Self {
        let raw = || info.map(|info| info.whole.to_vec());
        let read = match id {
            QCS_COMPLIANCE => Some(Self::Compliance),
            QCS_SSCD => Some(Self::QualifiedDevice),
            QCS_LIMIT_VALUE => info.and_then(limit_value),
            QCS_RETENTION_PERIOD => info.and_then(Item::integer).map(Self::RetentionPeriod),
            QCS_PDS => list(info, pds_location).map(Self::DisclosureStatements),
            QCS_TYPE => {
                list(info, Item::oid).map(|oids| Self::Type(oids.into_iter().map(QcType::from_oid).collect()))
            }
            QCS_COUNTRY_LEGISLATION => list(info, Item::text).map(Self::CountryLegislation),
            QCS_IDENTIFICATION_METHOD => list(info, Item::oid).map(Self::IdentificationMethod),
            QCS_QSCD_LEGISLATION => list(info, Item::text).map(Self::DeviceLegislation),
            QCS_SYNTAX_V1 => semantics(info, true).map(Self::Semantics),
            QCS_SYNTAX_V2 => semantics(info, false).map(Self::Semantics),
            QCS_PSD2 => info.and_then(psd2),
            _ => return Self::Unknown { id, info: raw() },
        };
        read.unwrap_or_else(|| Self::Unreadable { id, info: raw() })
    }

    fn to_der(&self) -> Vec<u8> {
        let id = oid(&self.id());
        let info = match self {
            Self::Compliance | Self::QualifiedDevice => Vec::new(),
            Self::LimitValue { currency, amount, exponent } => {
                let currency = match currency.parse::<i64>() {
                    Ok(number) => signed(number),
                    Err(_) => tlv(PRINTABLE_STRING, &[currency.as_bytes()]),
                };
                tlv(SEQUENCE, &[&currency, &signed(*amount), &signed(*exponent)])
            }
            Self::RetentionPeriod(years) => signed(*years),
            Self::DisclosureStatements(locations) => sequence_of(locations, |location| {
                let url = tlv(IA5_STRING, &[location.url.as_bytes()]);
                tlv(SEQUENCE, &[&url, &tlv(PRINTABLE_STRING, &[location.language.as_bytes()])])
            }),
            Self::Type(types) => sequence_of(types, |kind| oid(&kind.oid())),
            Self::CountryLegislation(countries) | Self::DeviceLegislation(countries) => {
                sequence_of(countries, |country| tlv(PRINTABLE_STRING, &[country.as_bytes()]))
            }
            Self::IdentificationMethod(methods) => sequence_of(methods, oid),
            Self::Semantics(semantics)
                if semantics.identifier.is_none() && semantics.name_registration_authorities.is_empty() =>
            {
                Vec::new()
            }
            Self::Semantics(semantics) => {
                let identifier = semantics.identifier.as_ref().map(oid).unwrap_or_default();
                let names = match semantics.name_registration_authorities.as_slice() {
                    [] => Vec::new(),
                    names => sequence_of(names, Clone::clone),
                };
                tlv(SEQUENCE, &[&identifier, &names])
            }
            Self::Psd2 { roles, authority_name, authority_id } => {
                let utf8 = |text: &str| tlv(crate::asn1::UTF8_STRING, &[text.as_bytes()]);
                let roles = sequence_of(roles, |(role, name)| tlv(SEQUENCE, &[&oid(role), &utf8(name)]));
                tlv(SEQUENCE, &[&roles, &utf8(authority_name), &utf8(authority_id)])
            }
            Self::Unknown { info, .. } | Self::Unreadable { info, .. } => info.clone().unwrap_or_default(),
        };
        tlv(SEQUENCE, &[&id, &info])
    }
}

fn signed(value: i64) -> Vec<u8> {
    der::Encode::to_der(&value).unwrap_or_default()
}

fn sequence_of<T>(values: &[T], write: impl Fn(&T) -> Vec<u8>) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = values.iter().map(write).collect();
    tlv(SEQUENCE, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn list<'a, T>(info: Option<&Item<'a>>, read: impl Fn(&Item<'a>) -> Option<T>) -> Option<Vec<T>> {
    info?.items()?.iter().map(read).collect()
}

fn pds_location(item: &Item<'_>) -> Option<PdsLocation> {
    let texts: Vec<String> = item.items()?.iter().map(Item::text).collect::<Option<_>>()?;
    let [first, second] = <[String; 2]>::try_from(texts).ok()?;
    // Some encoders have the two the wrong way round.
    let (url, language) =
        if second.contains("://") && !first.contains("://") { (second, first) } else { (first, second) };
    Some(PdsLocation { url, language })
}

fn limit_value(info: &Item<'_>) -> Option<Statement> {
    let parts = info.items()?;
    let [currency, amount, exponent] = parts.as_slice() else { return None };
    let currency = currency.text().or_else(|| Some(currency.integer()?.to_string()))?;
    Some(Statement::LimitValue { currency, amount: amount.integer()?, exponent: exponent.integer()? })
}

fn semantics(info: Option<&Item<'_>>, version_1: bool) -> Option<Semantics> {
    let mut read = Semantics { version_1, identifier: None, name_registration_authorities: Vec::new() };
    let Some(info) = info else { return Some(read) };
    for part in info.items()? {
        match part.tag {
            SEQUENCE => {
                read.name_registration_authorities =
                    items(part.value)?.iter().map(|name| name.whole.to_vec()).collect();
            }
            _ => read.identifier = Some(part.oid()?),
        }
    }
    Some(read)
}

fn psd2(info: &Item<'_>) -> Option<Statement> {
    let parts = info.items()?;
    let [roles, name, id] = parts.as_slice() else { return None };
    let roles = roles.items()?.into_iter().map(|role| {
        let parts = role.items()?;
        let [oid, name] = parts.as_slice() else { return None };
        Some((oid.oid()?, name.text()?))
    });
    Some(Statement::Psd2 {
        roles: roles.collect::<Option<_>>()?,
        authority_name: name.text()?,
        authority_id: id.text()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> QcStatements {
        QcStatements(vec![
            Statement::Compliance,
            Statement::QualifiedDevice,
            Statement::LimitValue { currency: "DKK".into(), amount: 1, exponent: -2 },
            Statement::LimitValue { currency: "208".into(), amount: 100_000, exponent: 0 },
            Statement::RetentionPeriod(10),
            Statement::DisclosureStatements(vec![PdsLocation {
                url: "https://a.dk/".into(),
                language: "da".into(),
            }]),
            Statement::Type(vec![QcType::Seal, QcType::Other(ANY_POLICY)]),
            Statement::CountryLegislation(vec!["CH".into()]),
            Statement::IdentificationMethod(vec![ObjectIdentifier::new_unwrap("0.4.0.1862.1.8.3")]),
            Statement::DeviceLegislation(vec!["CH".into()]),
            Statement::Semantics(Semantics {
                version_1: false,
                identifier: Some(SEMANTICS_LEGAL),
                name_registration_authorities: vec![vec![0x86, 1, b'x']],
            }),
            Statement::Semantics(Semantics {
                version_1: true,
                identifier: None,
                name_registration_authorities: vec![],
            }),
            Statement::Psd2 {
                roles: vec![(ObjectIdentifier::new_unwrap("0.4.0.19495.1.1"), "PSP_AS".into())],
                authority_name: "Finanstilsynet".into(),
                authority_id: "DK-DFSA".into(),
            },
            Statement::Unknown { id: ANY_POLICY, info: Some(vec![5, 0]) },
        ])
    }

    #[test]
    fn every_statement_comes_back_as_it_was_written() {
        let der = all().to_der();
        assert_eq!(QcStatements::from_der(&der).unwrap(), all());
        for cut in 0..der.len() {
            assert!(QcStatements::from_der(&der[..cut]).is_err());
        }
    }

    #[test]
    fn what_is_wrong_inside_a_statement_does_not_hide_the_others() {
        let odd = QcStatements(vec![
            Statement::Unreadable { id: QCS_PDS, info: Some(vec![5, 0]) },
            Statement::Unreadable { id: QCS_TYPE, info: None },
            Statement::Compliance,
        ]);
        assert_eq!(QcStatements::from_der(&odd.to_der()).unwrap(), odd);
    }

    #[test]
    fn a_null_after_compliance_and_a_swapped_address_are_read() {
        let compliance = tlv(SEQUENCE, &[&oid(&QCS_COMPLIANCE), &[5, 0]]);
        let location = tlv(SEQUENCE, &[&[0x0c, 2, b'e', b'n'], &tlv(0x0c, &[b"https://b.dk"])]);
        let pds = tlv(SEQUENCE, &[&oid(&QCS_PDS), &tlv(SEQUENCE, &[&location])]);
        let read = QcStatements::from_der(&tlv(SEQUENCE, &[&compliance, &pds])).unwrap();
        assert!(read.is_qualified());
        let expected = PdsLocation { url: "https://b.dk".into(), language: "en".into() };
        assert!(read.disclosure_statements().eq([&expected]));
    }
}
