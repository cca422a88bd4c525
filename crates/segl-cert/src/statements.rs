mod read;

use core::fmt;

use der::asn1::ObjectIdentifier;
use segl_x509::{Certificate, GeneralName, Oid, oids};

use crate::{
    asn1::{IA5_STRING, PRINTABLE_STRING, SEQUENCE, UTF8_STRING, any_oid, tlv},
    oid::*,
};

pub use read::{Oddity, OddityKind, StatementsError, StatementsReading};

/// The qcStatements extension (RFC 3739 3.2.6, EN 319 412-5) as typed statements.
///
/// Reading is lenient, because real certificates are: several QcTypes, language and address swapped, a NULL where
/// nothing belongs. A statement that cannot be read at all becomes [`Statement::Unreadable`]; only an extension that
/// is no SEQUENCE OF statements is an error. [`read`](Self::read) tells besides what was odd, and where. Whether the
/// statements are right is not judged here.
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
        /// In which currency.
        currency: Currency,
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
    IdentificationMethod(Vec<IdentificationMethod>),
    /// QcQSCDlegislation: countries outside the EU under whose law the device is qualified.
    DeviceLegislation(Vec<String>),
    /// id-qcs-pkixQCSyntax-v1 or -v2: what the subject's name attributes mean.
    Semantics(Semantics),
    /// The PSD2 statement of TS 119 495.
    Psd2 {
        /// Object identifier and name of each role; [`PspRole::named`] tells whether the two agree.
        roles: Vec<(Oid, String)>,
        /// Name of the national competent authority.
        authority_name: String,
        /// Identifier of the national competent authority.
        authority_id: String,
    },
    /// A statement this crate does not know.
    Unknown {
        /// Its statementId.
        id: Oid,
        /// Its statementInfo, DER, when there is one.
        info: Option<Vec<u8>>,
    },
    /// A known statement whose statementInfo does not have its syntax.
    Unreadable {
        /// Its statementId.
        id: Oid,
        /// Its statementInfo, DER, when there is one.
        info: Option<Vec<u8>>,
    },
}

/// What a qualified certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the three types of EN 319 412-5, and any other")]
pub enum QcType {
    /// Electronic signature, `esign`.
    Signature,
    /// Electronic seal, `eseal`.
    Seal,
    /// Website authentication, `web`.
    Website,
    /// A type this crate does not know.
    Other(Oid),
}

impl QcType {
    /// The type with this object identifier.
    pub fn from_oid(oid: impl Into<Oid>) -> Self {
        let oid = oid.into();
        let Some(known) = oid.to_const() else { return Self::Other(oid) };
        match known {
            QCT_ESIGN => Self::Signature,
            QCT_ESEAL => Self::Seal,
            QCT_WEB => Self::Website,
            _ => Self::Other(oid),
        }
    }

    /// Its object identifier.
    pub fn oid(&self) -> Oid {
        let known = match self {
            Self::Signature => QCT_ESIGN,
            Self::Seal => QCT_ESEAL,
            Self::Website => QCT_WEB,
            Self::Other(oid) => return oid.clone(),
        };
        known.into()
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

/// The currency of a limit (ISO 4217).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the CHOICE of EN 319 412-5")]
pub enum Currency {
    /// Three letters, `DKK`.
    Alphabetic(String),
    /// The number of the currency, 208 for the Danish krone.
    Numeric(i64),
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alphabetic(letters) => f.write_str(letters),
            Self::Numeric(number) => write!(f, "{number:03}"),
        }
    }
}

/// How the subject was identified (EN 319 412-5, QcIdentMethod; Regulation 910/2014, Article 24).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four methods of EN 319 412-5, and any other")]
pub enum IdentificationMethod {
    /// Article 24(1) as it was to 2024, (a) or (b): in person, or by an electronic means issued in person.
    Eidas1Ab,
    /// Article 24(1) as it was to 2024, (c) or (d): by a certificate, or in another recognised way.
    Eidas1Cd,
    /// Article 24(1a) as amended in 2024, (a), (c) or (d).
    Eidas2Acd,
    /// Article 24(1a) as amended in 2024, (b): by a certificate.
    Eidas2B,
    /// A method this crate does not know.
    Other(Oid),
}

impl IdentificationMethod {
    /// The method with this object identifier.
    pub fn from_oid(oid: impl Into<Oid>) -> Self {
        let oid = oid.into();
        let Some(known) = oid.to_const() else { return Self::Other(oid) };
        match known {
            QCI_EIDAS1_AB => Self::Eidas1Ab,
            QCI_EIDAS1_CD => Self::Eidas1Cd,
            QCI_EIDAS2_ACD => Self::Eidas2Acd,
            QCI_EIDAS2_B => Self::Eidas2B,
            _ => Self::Other(oid),
        }
    }

    /// Its object identifier.
    pub fn oid(&self) -> Oid {
        let known = match self {
            Self::Eidas1Ab => QCI_EIDAS1_AB,
            Self::Eidas1Cd => QCI_EIDAS1_CD,
            Self::Eidas2Acd => QCI_EIDAS2_ACD,
            Self::Eidas2B => QCI_EIDAS2_B,
            Self::Other(oid) => return oid.clone(),
        };
        known.into()
    }
}

/// A role of a payment service provider (TS 119 495).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the five roles of TS 119 495")]
pub enum PspRole {
    /// Account servicing, `PSP_AS`.
    AccountServicing,
    /// Payment initiation, `PSP_PI`.
    PaymentInitiation,
    /// Account information, `PSP_AI`.
    AccountInformation,
    /// Issuing of card-based payment instruments, `PSP_IC`.
    CardIssuing,
    /// Not said, `Unspecified`.
    Unspecified,
}

impl PspRole {
    const ALL: [Self; 5] = [
        Self::AccountServicing,
        Self::PaymentInitiation,
        Self::AccountInformation,
        Self::CardIssuing,
        Self::Unspecified,
    ];

    /// Its object identifier.
    pub fn oid(&self) -> ObjectIdentifier {
        match self {
            Self::AccountServicing => PSP_AS,
            Self::PaymentInitiation => PSP_PI,
            Self::AccountInformation => PSP_AI,
            Self::CardIssuing => PSP_IC,
            Self::Unspecified => PSP_UNSPECIFIED,
        }
    }

    /// Its name, exactly as the statement must have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountServicing => "PSP_AS",
            Self::PaymentInitiation => "PSP_PI",
            Self::AccountInformation => "PSP_AI",
            Self::CardIssuing => "PSP_IC",
            Self::Unspecified => "Unspecified",
        }
    }

    /// The role with this object identifier.
    pub fn from_oid(oid: impl Into<Oid>) -> Option<Self> {
        let oid = oid.into();
        Self::ALL.into_iter().find(|role| oid == role.oid())
    }

    /// The role with this object identifier and this name; `None` when one is unknown or they are of two roles.
    pub fn named(oid: impl Into<Oid>, name: &str) -> Option<Self> {
        Self::from_oid(oid).filter(|role| role.name() == name)
    }
}

/// What a semantics identifier says of the subject's identifier (EN 319 412-1 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four of EN 319 412-1, and any other")]
pub enum SemanticsKind {
    /// serialNumber has the form of 5.1.3: `PNODK-…`.
    Natural,
    /// organizationIdentifier has the form of 5.1.4: `NTRDK-…`.
    Legal,
    /// serialNumber is an eIDAS identifier, `DK/DE/…` (5.1.5).
    EidasNatural,
    /// organizationIdentifier is an eIDAS identifier (5.1.6).
    EidasLegal,
    /// Semantics this crate does not know.
    Other(Oid),
}

impl SemanticsKind {
    /// The semantics with this identifier.
    pub fn from_oid(oid: impl Into<Oid>) -> Self {
        let oid = oid.into();
        let Some(known) = oid.to_const() else { return Self::Other(oid) };
        match known {
            SEMANTICS_NATURAL => Self::Natural,
            SEMANTICS_LEGAL => Self::Legal,
            SEMANTICS_EIDAS_NATURAL => Self::EidasNatural,
            SEMANTICS_EIDAS_LEGAL => Self::EidasLegal,
            _ => Self::Other(oid),
        }
    }

    /// Its identifier.
    pub fn oid(&self) -> Oid {
        let known = match self {
            Self::Natural => SEMANTICS_NATURAL,
            Self::Legal => SEMANTICS_LEGAL,
            Self::EidasNatural => SEMANTICS_EIDAS_NATURAL,
            Self::EidasLegal => SEMANTICS_EIDAS_LEGAL,
            Self::Other(oid) => return oid.clone(),
        };
        known.into()
    }
}

/// SemanticsInformation (RFC 3739 3.2.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semantics {
    /// Whether the statement was id-qcs-pkixQCSyntax-v1; ETSI uses -v2.
    pub version_1: bool,
    /// The semantics identifier, such as [`SEMANTICS_LEGAL`].
    pub identifier: Option<Oid>,
    /// nameRegistrationAuthorities, each a GeneralName in DER.
    pub name_registration_authorities: Vec<Vec<u8>>,
}

impl Semantics {
    /// Which semantics, when it says.
    pub fn kind(&self) -> Option<SemanticsKind> {
        self.identifier.clone().map(SemanticsKind::from_oid)
    }

    /// The name registration authorities that can be read as GeneralNames.
    pub fn authorities(&self) -> impl Iterator<Item = GeneralName> + '_ {
        self.name_registration_authorities.iter().filter_map(|name| GeneralName::from_der(name).ok())
    }
}

impl QcStatements {
    /// The statements of a certificate, with what is odd about them; `None` when it has none.
    ///
    /// # Errors
    /// When its qcStatements extension is no SEQUENCE OF statements.
    pub fn of(certificate: &Certificate) -> Result<Option<StatementsReading>, StatementsError> {
        let extension = certificate.extension(oids::QC_STATEMENTS);
        extension.map(|extension| Self::read(extension.value())).transpose()
    }

    /// Reads the value of the extension (inside the OCTET STRING).
    pub fn from_der(value: &[u8]) -> Result<Self, StatementsError> {
        Self::read(value).map(|reading| reading.statements)
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
            .cloned()
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
    pub fn id(&self) -> Oid {
        let known = match self {
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
            Self::Unknown { id, .. } | Self::Unreadable { id, .. } => return id.clone(),
        };
        known.into()
    }

    fn to_der(&self) -> Vec<u8> {
        let id = any_oid(&self.id());
        let info = match self {
            Self::Compliance | Self::QualifiedDevice => Vec::new(),
            Self::LimitValue { currency, amount, exponent } => {
                let currency = match currency {
                    Currency::Numeric(number) => signed(*number),
                    Currency::Alphabetic(letters) => tlv(PRINTABLE_STRING, &[letters.as_bytes()]),
                };
                tlv(SEQUENCE, &[&currency, &signed(*amount), &signed(*exponent)])
            }
            Self::RetentionPeriod(years) => signed(*years),
            Self::DisclosureStatements(locations) => sequence_of(locations, |location| {
                let url = tlv(IA5_STRING, &[location.url.as_bytes()]);
                tlv(SEQUENCE, &[&url, &tlv(PRINTABLE_STRING, &[location.language.as_bytes()])])
            }),
            Self::Type(types) => sequence_of(types, |kind| any_oid(&kind.oid())),
            Self::CountryLegislation(countries) | Self::DeviceLegislation(countries) => {
                sequence_of(countries, |country| tlv(PRINTABLE_STRING, &[country.as_bytes()]))
            }
            Self::IdentificationMethod(methods) => sequence_of(methods, |method| any_oid(&method.oid())),
            Self::Semantics(semantics)
                if semantics.identifier.is_none() && semantics.name_registration_authorities.is_empty() =>
            {
                Vec::new()
            }
            Self::Semantics(semantics) => {
                let identifier = semantics.identifier.as_ref().map(any_oid).unwrap_or_default();
                let names = match semantics.name_registration_authorities.as_slice() {
                    [] => Vec::new(),
                    names => sequence_of(names, Clone::clone),
                };
                tlv(SEQUENCE, &[&identifier, &names])
            }
            Self::Psd2 { roles, authority_name, authority_id } => {
                let utf8 = |text: &str| tlv(UTF8_STRING, &[text.as_bytes()]);
                let roles = sequence_of(roles, |(role, name)| tlv(SEQUENCE, &[&any_oid(role), &utf8(name)]));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> QcStatements {
        QcStatements(vec![
            Statement::Compliance,
            Statement::QualifiedDevice,
            Statement::LimitValue { currency: Currency::Alphabetic("DKK".into()), amount: 1, exponent: -2 },
            Statement::LimitValue { currency: Currency::Numeric(208), amount: 100_000, exponent: 0 },
            Statement::RetentionPeriod(10),
            Statement::DisclosureStatements(vec![PdsLocation {
                url: "https://a.dk/".into(),
                language: "da".into(),
            }]),
            Statement::Type(vec![QcType::Seal, QcType::Other(ANY_POLICY.into())]),
            Statement::CountryLegislation(vec!["CH".into()]),
            Statement::IdentificationMethod(vec![IdentificationMethod::Eidas2Acd]),
            Statement::DeviceLegislation(vec!["CH".into()]),
            Statement::Semantics(Semantics {
                version_1: false,
                identifier: Some(SEMANTICS_LEGAL.into()),
                name_registration_authorities: vec![vec![0x86, 1, b'x']],
            }),
            Statement::Semantics(Semantics {
                version_1: true,
                identifier: None,
                name_registration_authorities: vec![],
            }),
            Statement::Psd2 {
                roles: vec![(ObjectIdentifier::new_unwrap("0.4.0.19495.1.1").into(), "PSP_AS".into())],
                authority_name: "Finanstilsynet".into(),
                authority_id: "DK-DFSA".into(),
            },
            Statement::Unknown { id: ANY_POLICY.into(), info: Some(vec![5, 0]) },
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
            Statement::Unreadable { id: QCS_PDS.into(), info: Some(vec![5, 0]) },
            Statement::Unreadable { id: QCS_TYPE.into(), info: None },
            Statement::Compliance,
        ]);
        assert_eq!(QcStatements::from_der(&odd.to_der()).unwrap(), odd);
    }

    #[test]
    fn a_null_after_compliance_and_a_swapped_address_are_read() {
        let compliance = tlv(SEQUENCE, &[&any_oid(&QCS_COMPLIANCE.into()), &[5, 0]]);
        let location = tlv(SEQUENCE, &[&[0x0c, 2, b'e', b'n'], &tlv(0x0c, &[b"https://b.dk"])]);
        let pds = tlv(SEQUENCE, &[&any_oid(&QCS_PDS.into()), &tlv(SEQUENCE, &[&location])]);
        let read = QcStatements::from_der(&tlv(SEQUENCE, &[&compliance, &pds])).unwrap();
        assert!(read.is_qualified());
        let expected = PdsLocation { url: "https://b.dk".into(), language: "en".into() };
        assert!(read.disclosure_statements().eq([&expected]));
    }
}
