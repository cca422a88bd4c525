//! QCStatements as they lie in the certificate, with their places, and the rules of EN 319 412-5 about them.

use std::collections::BTreeSet;

use segl_x509::reader::{INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE, Tlv};
use segl_x509::{ObjectIdentifier, SyntaxError, SyntaxErrorKind, oids};

use crate::lint::{
    Claim, Document, Kind, Rule, Scope, Severity,
    codes::{is_country, is_currency, is_currency_number, is_european, is_language},
    oids::*,
    rule::{Findings, Place},
    view::{View, quoted},
};

const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

/// The statements of a certificate, not interpreted.
#[derive(Default)]
pub(crate) struct Statements<'a> {
    pub(crate) all: Vec<Statement<'a>>,
}

/// One statement: `SEQUENCE { statementId, statementInfo OPTIONAL }`.
pub(crate) struct Statement<'a> {
    /// `None` where it is too large for any statement that is known.
    pub(crate) id: Option<ObjectIdentifier>,
    pub(crate) whole: Tlv<'a>,
    pub(crate) info: Option<Tlv<'a>>,
}

impl<'a> Statements<'a> {
    /// What can be read; `note` is told of what cannot, which keeps nothing else from being read.
    pub(crate) fn read(value: &'a [u8], offset: usize, note: &mut impl FnMut(SyntaxError)) -> Self {
        let mut all = Vec::new();
        if let Err(error) = Self::read_all(value, offset, &mut all, note) {
            note(error);
        }
        Self { all }
    }

    fn read_all(
        value: &'a [u8],
        offset: usize,
        all: &mut Vec<Statement<'a>>,
        note: &mut impl FnMut(SyntaxError),
    ) -> Result<(), SyntaxError> {
        let mut list = Reader::only(value, offset, SEQUENCE)?.reader();
        while !list.is_empty() {
            let whole = list.any()?;
            if whole.tag != SEQUENCE {
                let kind = SyntaxErrorKind::UnexpectedTag { expected: SEQUENCE, found: whole.tag };
                note(whole.error(kind));
                continue;
            }
            match Statement::read(whole, note) {
                Ok(statement) => all.push(statement),
                Err(error) => note(error),
            }
        }
        Ok(())
    }

    pub(crate) fn has(&self, id: ObjectIdentifier) -> bool {
        self.all.iter().any(|statement| statement.id == Some(id))
    }

    pub(crate) fn of(&self, id: ObjectIdentifier) -> impl Iterator<Item = &Statement<'a>> {
        self.all.iter().filter(move |statement| statement.id == Some(id))
    }

    /// Every QcType that can be read.
    pub(crate) fn types(&self) -> impl Iterator<Item = Option<ObjectIdentifier>> {
        self.of(QCS_TYPE).filter_map(|statement| list(statement.info.as_ref()).ok()).flatten().map(|kind| {
            (kind.tag == OBJECT_IDENTIFIER).then(|| ObjectIdentifier::from_bytes(kind.content).ok())?
        })
    }

    /// Whether the names of the subject have this meaning.
    pub(crate) fn has_semantics(&self, id: ObjectIdentifier) -> bool {
        self.semantics().any(|semantics| semantics.id == Some(id))
    }

    /// Each SemanticsInformation that can be read.
    pub(crate) fn semantics(&self) -> impl Iterator<Item = SemanticsInformation<'a>> {
        let found = [QCS_SYNTAX_V1, QCS_SYNTAX_V2].into_iter().flat_map(|id| self.of(id));
        found.filter_map(|statement| semantics_information(statement.info.as_ref()?).ok())
    }
}

impl<'a> Statement<'a> {
    fn read(whole: Tlv<'a>, note: &mut impl FnMut(SyntaxError)) -> Result<Self, SyntaxError> {
        let mut fields = whole.reader();
        let id = ObjectIdentifier::from_bytes(fields.expect(OBJECT_IDENTIFIER)?.content).ok();
        let mut info = None;
        if !fields.is_empty() {
            match fields.any() {
                Ok(tlv) => info = Some(tlv),
                Err(error) => {
                    note(error);
                    return Ok(Self { id, whole, info });
                }
            }
        }
        if let Err(error) = fields.finish() {
            note(error);
        }
        Ok(Self { id, whole, info })
    }
}

/// `SEQUENCE { semanticsIdentifier OPTIONAL, nameRegistrationAuthorities OPTIONAL }` (RFC 3739, 3.2.6.1).
pub(crate) struct SemanticsInformation<'a> {
    pub(crate) id: Option<ObjectIdentifier>,
    pub(crate) whole: Tlv<'a>,
    pub(crate) authorities: Option<Vec<Tlv<'a>>>,
}

fn semantics_information<'a>(info: &Tlv<'a>) -> Result<SemanticsInformation<'a>, SyntaxError> {
    let mut fields = sequence(info)?;
    let id = fields.optional(OBJECT_IDENTIFIER)?;
    let authorities = match fields.optional(SEQUENCE)? {
        Some(names) => Some(elements(names.reader())?),
        None => None,
    };
    fields.finish()?;
    let id = id.and_then(|id| ObjectIdentifier::from_bytes(id.content).ok());
    Ok(SemanticsInformation { id, whole: *info, authorities })
}

/// The elements of the SEQUENCE that a statement's info is; an error also where there is no info.
pub(crate) fn list<'a>(info: Option<&Tlv<'a>>) -> Result<Vec<Tlv<'a>>, SyntaxError> {
    match info {
        Some(info) => elements(sequence(info)?),
        None => Reader::only(&[], 0, SEQUENCE).map(|_| Vec::new()),
    }
}

fn sequence<'a>(tlv: &Tlv<'a>) -> Result<Reader<'a>, SyntaxError> {
    Ok(Reader::new(tlv.whole, tlv.offset).expect(SEQUENCE)?.reader())
}

fn elements(mut reader: Reader<'_>) -> Result<Vec<Tlv<'_>>, SyntaxError> {
    let mut all = Vec::new();
    while !reader.is_empty() {
        all.push(reader.any()?);
    }
    Ok(all)
}

/// The text of a string of one octet a character; others are no text here.
pub(crate) fn text(tlv: &Tlv<'_>) -> String {
    String::from_utf8_lossy(tlv.content).into_owned()
}

/// An INTEGER, cut to the ends of 64 bits.
fn integer(tlv: &Tlv<'_>) -> Option<i64> {
    let (first, _) = tlv.content.split_first()?;
    if tlv.tag != INTEGER {
        return None;
    }
    let negative = *first >= 0x80;
    if tlv.content.len() > 8 {
        return Some(if negative { i64::MIN } else { i64::MAX });
    }
    let sign = if negative { -1_i64 } else { 0 };
    Some(tlv.content.iter().fold(sign, |value, octet| (value << 8) | i64::from(*octet)))
}

const PART_5: Document = Document::En319412Part5;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_5,
        "4.1",
        "QCS-4.1-02",
        Severity::Error,
        Scope::EndEntity,
        "qcStatements is not critical",
        |view, found| {
            if view.is_critical(oids::QC_STATEMENTS) {
                found.add(view.extension(oids::QC_STATEMENTS), "it is critical");
            }
        },
    ),
    Rule::new(
        Document::Rfc3739,
        "3.2.6",
        "QC-3.2.6",
        Severity::Error,
        Scope::Any,
        "each QCStatement that is known has the syntax its standard gives it",
        syntax,
    ),
    Rule::new(
        Document::Rfc3739,
        "3.2.6",
        "QC-3.2.6",
        Severity::Warning,
        Scope::Any,
        "no QCStatement stands twice",
        repeated,
    ),
    Rule::new(
        PART_5,
        "4.2.1",
        "GEN-4.2.1",
        Severity::Warning,
        Scope::Any,
        "QcCompliance and QcSSCD have no statementInfo",
        |view, found| {
            for id in [QCS_COMPLIANCE, QCS_SSCD] {
                for statement in view.statements.of(id) {
                    if let Some(info) = &statement.info {
                        found.add(view.tlv(path(id), info), "it has a statementInfo");
                    }
                }
            }
        },
    ),
    Rule::new(
        PART_5,
        "4.2.2",
        "GEN-4.2.2",
        Severity::Warning,
        Scope::Any,
        "QcSSCD stands beside QcCompliance",
        |view, found| {
            let alone = !view.statements.has(QCS_COMPLIANCE);
            if let Some(statement) = view.statements.of(QCS_SSCD).next().filter(|_| alone) {
                found.add(view.tlv(path(QCS_SSCD), &statement.whole), "QcSSCD without QcCompliance");
            }
        },
    ),
    Rule::new(
        PART_5,
        "4.2.3",
        "GEN-4.2.3",
        Severity::Error,
        Scope::EndEntity,
        "QcType is the purpose of the certificate: esign for a natural person, eseal for a legal one, web for a website",
        qc_type,
    )
    .annex("I, III, IV (a)"),
    Rule::new(
        PART_5,
        "4.2.4",
        "GEN-4.2.4",
        Severity::Error,
        Scope::EndEntity,
        "QcCClegislation names at least one country, by ISO 3166-1",
        |view, found| legislation(view, QCS_COUNTRY_LEGISLATION, found),
    ),
    Rule::new(
        PART_5,
        "4.2.5",
        "QCS-4.2.5-01",
        Severity::Error,
        Scope::EndEntity,
        "QcQSCDlegislation names countries outside the European Economic Area",
        |view, found| legislation(view, QCS_QSCD_LEGISLATION, found),
    ),
    Rule::new(
        PART_5,
        "4.3.2",
        "GEN-4.3.2",
        Severity::Error,
        Scope::EndEntity,
        "QcLimitValue has a currency of ISO 4217, an amount and an exponent that are not negative",
        limit_value,
    ),
    Rule::new(
        PART_5,
        "4.3.2",
        "GEN-4.3.2",
        Severity::Warning,
        Scope::EndEntity,
        "the currency of QcLimitValue is written in letters",
        |view, found| {
            for statement in view.statements.of(QCS_LIMIT_VALUE) {
                let fields = list(statement.info.as_ref()).unwrap_or_default();
                if let Some(currency) = fields.first().filter(|currency| currency.tag == INTEGER) {
                    let place = view.tlv(format!("{}.currency", path(QCS_LIMIT_VALUE)), currency);
                    found.add(place, "the currency is a number");
                }
            }
        },
    ),
    Rule::new(
        PART_5,
        "4.3.3",
        "GEN-4.3.3",
        Severity::Error,
        Scope::EndEntity,
        "QcRetentionPeriod is a positive number of years",
        |view, found| {
            for statement in view.statements.of(QCS_RETENTION_PERIOD) {
                if let Some((info, years)) =
                    statement.info.as_ref().and_then(|info| Some((info, integer(info)?)))
                    && years <= 0
                {
                    found.add(view.tlv(path(QCS_RETENTION_PERIOD), info), format!("{years} years"));
                }
            }
        },
    ),
    Rule::new(
        PART_5,
        "4.3.4",
        "GEN-4.3.4",
        Severity::Error,
        Scope::EndEntity,
        "each QcPDS has an https address and a language of ISO 639-1; one is English, and no language stands twice",
        disclosure,
    ),
    Rule::new(
        Document::En319412Part2,
        "5.1",
        "QCS-5.1-1",
        Severity::Error,
        Scope::EuQualified,
        "an EU qualified certificate has qcStatements",
        |view, found| {
            if !view.has(oids::QC_STATEMENTS) {
                let what = "there is no qcStatements, though the policy is one of EU qualified certificates";
                found.add(view.extension(oids::CERTIFICATE_POLICIES), what);
            }
        },
    )
    .annex("I, III, IV (a)"),
    Rule::new(
        PART_5,
        "5",
        "QCS-5.01",
        Severity::Error,
        Scope::EndEntity,
        "the QCStatements of an EU qualified certificate are those of table 2: QcCompliance always, QcCClegislation never, QcType for \
         seals and websites, QcSSCD with a key in a qualified device and never for websites; one qualified under another law has \
         QcCompliance and QcCClegislation",
        |view, found| match view.profile.claim {
            Claim::Eu => table_2(view, found),
            Claim::Elsewhere => elsewhere(view, found),
            Claim::None => {}
        },
    )
    .annex("I, III, IV (a), (j)"),
];

/// The path of a statement.
pub(crate) fn path(id: ObjectIdentifier) -> String {
    format!("extensions.qcStatements.{}", statement_name(id).unwrap_or("statement"))
}

/// The name of a statement that is known.
pub(crate) fn statement_name(id: ObjectIdentifier) -> Option<&'static str> {
    Some(match id {
        QCS_SYNTAX_V1 => "pkixQCSyntax-v1",
        QCS_SYNTAX_V2 => "pkixQCSyntax-v2",
        QCS_COMPLIANCE => "QcCompliance",
        QCS_LIMIT_VALUE => "QcLimitValue",
        QCS_RETENTION_PERIOD => "QcRetentionPeriod",
        QCS_SSCD => "QcSSCD",
        QCS_PDS => "QcPDS",
        QCS_TYPE => "QcType",
        QCS_COUNTRY_LEGISLATION => "QcCClegislation",
        QCS_IDENTIFICATION_METHOD => "QcIdentMethod",
        QCS_QSCD_LEGISLATION => "QcQSCDlegislation",
        QCS_PSD2 => "PSD2",
        _ => return None,
    })
}

fn syntax(view: &View<'_>, found: &mut Findings) {
    for statement in &view.statements.all {
        let Some(id) = statement.id else { continue };
        if let Err((offset, what)) = well_formed(id, statement) {
            found.add(Place::starting(path(id), offset), what);
        }
    }
}

/// Where and how the statementInfo departs from its ASN.1.
fn well_formed(id: ObjectIdentifier, statement: &Statement<'_>) -> Result<(), (usize, String)> {
    let tags_are = |elements: &[Tlv<'_>], allowed: &[u8], what: &str| {
        let other = elements.iter().find(|element| !allowed.contains(&element.tag));
        other.map_or(Ok(()), |other| {
            Err((other.offset, format!("tag {:#04x} where {what} belongs", other.tag)))
        })
    };
    let parts = || {
        let missing = statement.info.is_none();
        list(statement.info.as_ref()).map_err(|error| match missing {
            true => (statement.whole.offset, "it has no statementInfo".to_owned()),
            false => (error.offset, error.kind.to_string()),
        })
    };
    match id {
        QCS_TYPE | QCS_IDENTIFICATION_METHOD => {
            let parts = parts()?;
            tags_are(&parts, &[OBJECT_IDENTIFIER], "an OBJECT IDENTIFIER")?;
            // SEQUENCE SIZE (1), since EN 319 412-5 V2.2.1; older certificates have more.
            let fault = || (statement.whole.offset, format!("{} values where one belongs", parts.len()));
            if parts.len() == 1 { Ok(()) } else { Err(fault()) }
        }
        QCS_COUNTRY_LEGISLATION | QCS_QSCD_LEGISLATION => {
            tags_are(&parts()?, &[PRINTABLE_STRING], "a PrintableString")
        }
        QCS_LIMIT_VALUE => {
            let parts = parts()?;
            let [currency, amount, exponent] = parts.as_slice() else {
                return Err((statement.whole.offset, "it is not currency, amount and exponent".to_owned()));
            };
            tags_are(&[*currency], &[PRINTABLE_STRING, INTEGER], "a currency")?;
            tags_are(&[*amount, *exponent], &[INTEGER], "an INTEGER")
        }
        QCS_RETENTION_PERIOD => match &statement.info {
            Some(info) => tags_are(&[*info], &[INTEGER], "an INTEGER"),
            None => Err((statement.whole.offset, "it has no statementInfo".to_owned())),
        },
        QCS_PDS => {
            let locations = parts()?;
            tags_are(&locations, &[SEQUENCE], "a PdsLocation")?;
            if locations.is_empty() {
                return Err((statement.whole.offset, "it names no statement".to_owned()));
            }
            for location in &locations {
                let fields = elements(location.reader()).map_err(|e| (e.offset, e.kind.to_string()))?;
                let [url, language] = fields.as_slice() else {
                    return Err((location.offset, "it is not an address and a language".to_owned()));
                };
                tags_are(&[*url], &[IA5_STRING], "an IA5String")?;
                tags_are(&[*language], &[PRINTABLE_STRING], "a PrintableString")?;
            }
            Ok(())
        }
        QCS_SYNTAX_V1 | QCS_SYNTAX_V2 => match &statement.info {
            Some(info) => {
                let semantics = semantics_information(info).map_err(|e| (e.offset, e.kind.to_string()))?;
                let says_nothing = info.content.is_empty();
                let no_authority = semantics.authorities.as_ref().is_some_and(Vec::is_empty);
                if says_nothing || no_authority {
                    return Err((info.offset, "it says nothing".to_owned()));
                }
                Ok(())
            }
            None => Ok(()),
        },
        QCS_PSD2 => crate::lint::psd2::Psd2::read(statement).map(|_| ()),
        _ => Ok(()),
    }
}

fn repeated(view: &View<'_>, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for statement in &view.statements.all {
        // A natural person of an organisation has semantics for both.
        if let Some(id) = statement.id
            && ![QCS_SYNTAX_V1, QCS_SYNTAX_V2].contains(&id)
            && !seen.insert(id)
        {
            found.add(view.tlv(path(id), &statement.whole), "the statement stands twice");
        }
    }
}

fn qc_type(view: &View<'_>, found: &mut Findings) {
    let (expected, name) = match view.profile.kind {
        Kind::Website => (QCT_WEB, "web"),
        Kind::NaturalPerson => (QCT_ESIGN, "esign"),
        _ => (QCT_ESEAL, "eseal"),
    };
    for statement in view.statements.of(QCS_TYPE) {
        let Ok(types) = list(statement.info.as_ref()) else { continue };
        let place = || view.tlv(path(QCS_TYPE), &statement.whole);
        // Not qualified, it may be for anything.
        let known = [QCT_ESIGN, QCT_ESEAL, QCT_WEB];
        let as_claimed = view.profile.claim != Claim::None || view.profile.kind == Kind::Website;
        // Of several, which older certificates have, one will do: that there are several is a fault of syntax.
        if types.iter().any(|kind| kind.content == expected.as_bytes()) {
            continue;
        }
        // A type that nobody knows is none, and only for signatures may it be missing.
        let is_known = |kind: &Tlv<'_>| known.iter().any(|known| known.as_bytes() == kind.content);
        let must = view.profile.claim == Claim::Eu && view.profile.kind != Kind::NaturalPerson;
        if must && !types.is_empty() && !types.iter().any(is_known) {
            found.add(place(), format!("none that is known where {name} belongs"));
        }
        for kind in types.iter().filter(|_| as_claimed) {
            if let Some(kind) = known.iter().find(|known| known.as_bytes() == kind.content) {
                let what = if *kind == QCT_ESIGN {
                    "esign"
                } else if *kind == QCT_WEB {
                    "web"
                } else {
                    "eseal"
                };
                found.add(place(), format!("{what} where {name} belongs"));
            }
        }
    }
}

fn legislation(view: &View<'_>, id: ObjectIdentifier, found: &mut Findings) {
    for statement in view.statements.of(id) {
        let Ok(countries) = list(statement.info.as_ref()) else { continue };
        if countries.is_empty() {
            found.add(view.tlv(path(id), &statement.whole), "it names no country");
        }
        for country in &countries {
            let code = text(country);
            if id == QCS_QSCD_LEGISLATION && is_european(&code) {
                let what = format!("{} is in the European Economic Area", quoted(&code));
                found.add(view.tlv(path(id), country), what);
            } else if !is_country(&code) {
                found.add(view.tlv(path(id), country), format!("{} is no country", quoted(&code)));
            }
        }
    }
}

fn limit_value(view: &View<'_>, found: &mut Findings) {
    for statement in view.statements.of(QCS_LIMIT_VALUE) {
        let fields = list(statement.info.as_ref()).unwrap_or_default();
        let [currency, amount, exponent] = fields.as_slice() else { continue };
        let at = |field: &str, tlv: &Tlv<'_>| view.tlv(format!("{}.{field}", path(QCS_LIMIT_VALUE)), tlv);
        let known = match integer(currency) {
            Some(number) => is_currency_number(number),
            None => is_currency(&text(currency)),
        };
        if !known {
            let code = integer(currency).map_or_else(|| quoted(&text(currency)), |number| number.to_string());
            found.add(at("currency", currency), format!("{code} is no currency"));
        }
        for (field, tlv) in [("amount", amount), ("exponent", exponent)] {
            if let Some(value) = integer(tlv).filter(|value| *value < 0) {
                found.add(at(field, tlv), format!("the {field} is {value}"));
            }
        }
    }
}

fn disclosure(view: &View<'_>, found: &mut Findings) {
    for statement in view.statements.of(QCS_PDS) {
        let Ok(locations) = list(statement.info.as_ref()) else { continue };
        let mut languages = BTreeSet::new();
        for (index, location) in locations.iter().enumerate() {
            let fields = elements(location.reader()).unwrap_or_default();
            let [url, language] = fields.as_slice() else { continue };
            let at =
                |field: &str, tlv: &Tlv<'_>| view.tlv(format!("{}[{index}].{field}", path(QCS_PDS)), tlv);
            let code = text(language).to_ascii_lowercase();
            if !is_language(&code) {
                found.add(at("language", language), format!("{} is no language", quoted(&code)));
            }
            if !has_scheme(&text(url), "https://") {
                found.add(at("url", url), format!("{} is no https address", quoted(&text(url))));
            }
            if !languages.insert(code.clone()) {
                found.add(at("language", language), format!("a second one in {}", quoted(&code)));
            }
        }
        if !languages.is_empty() && !languages.contains("en") {
            found.add(view.tlv(path(QCS_PDS), &statement.whole), "none is in English");
        }
    }
}

/// Whether an address starts with this scheme, in any case, and goes on.
pub(crate) fn has_scheme(url: &str, scheme: &str) -> bool {
    url.len() > scheme.len()
        && url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn elsewhere(view: &View<'_>, found: &mut Findings) {
    for (id, name) in [(QCS_COMPLIANCE, "QcCompliance"), (QCS_COUNTRY_LEGISLATION, "QcCClegislation")] {
        if view.has(oids::QC_STATEMENTS) && !view.statements.has(id) {
            found.add(view.extension(oids::QC_STATEMENTS), format!("no {name}"));
        }
    }
}

fn table_2(view: &View<'_>, found: &mut Findings) {
    if !view.has(oids::QC_STATEMENTS) {
        return;
    }
    let has = |id| view.statements.has(id);
    let mut lacks =
        |name: &str, why: &str| found.add(view.extension(oids::QC_STATEMENTS), format!("no {name}{why}"));
    if !has(QCS_COMPLIANCE) {
        lacks("QcCompliance", "");
    }
    let qscd_policy = view.has_policy(QCP_N_QSCD) || view.has_policy(QCP_L_QSCD);
    if !has(QCS_SSCD) && view.profile.kind != Kind::Website && (qscd_policy || view.profile.device) {
        lacks("QcSSCD", ", though the policy says that the key is in a qualified device");
    }
    if !has(QCS_TYPE) && matches!(view.profile.kind, Kind::Website | Kind::LegalPerson) {
        lacks("QcType", "");
    }
    let forbidden = [
        (QCS_COUNTRY_LEGISLATION, true, "QcCClegislation in an EU qualified certificate"),
        (QCS_SSCD, view.profile.kind == Kind::Website, "QcSSCD in the certificate of a website"),
    ];
    for (id, is_forbidden, what) in forbidden {
        if let Some(statement) = view.statements.of(id).next().filter(|_| is_forbidden) {
            found.add(view.tlv(path(id), &statement.whole), what);
        }
    }
}
