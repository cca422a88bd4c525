//! Who seals: organisation, unit and person, from a TOML file or as TEST values.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use segl::cert::{self, HolderError, OrganisationIdentifier};
use segl::crypto::Time;
use segl::record::{
    AssertionId, AssertionIssuer, Authentication, ContextClass, HolderEmail, HolderId, HolderName,
    LevelOfAssurance, OrganisationName, OrganisationNumber, Purpose, SessionId, SubjectFormat, TextError,
};
use serde::Deserialize;
use uuid::Uuid;

/// Why there is no holder to seal for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HolderFileError {
    #[error("{}: the certificate cannot name this holder: {source}", path.display())]
    Certificate { path: PathBuf, source: HolderError },
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: the record cannot hold this: {source}", path.display())]
    Record { path: PathBuf, source: TextError },
    #[error("{}: line {line}: {what}", path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    #[error("{}: {field} is not a UUID", path.display())]
    Uuid { path: PathBuf, field: &'static str },
}

/// The TOML file of `--holder`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolderFile {
    organisation: OrganisationTable,
    person: PersonTable,
    #[serde(default)]
    authentication: Option<AuthenticationTable>,
}

/// The subscriber and the name its administrator chose for the certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationTable {
    country: String,
    name: String,
    number: String,
    /// The holder name in the certificate.
    unit: String,
}

/// The person who acts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonTable {
    name: String,
    uuid: String,
    email: String,
}

/// What the caller's own identity provider asserted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthenticationTable {
    session: String,
    assurance: Assurance,
    assertion: String,
    issuer: String,
    subject_format: String,
    context: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Assurance {
    Low,
    Substantial,
    High,
}

/// Who seals, in the words of the certificate and of the record.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) certificate: cert::Holder,
    pub(crate) organisation: segl::record::Organisation,
    pub(crate) person: segl::record::Holder,
    pub(crate) assurance: LevelOfAssurance,
    pub(crate) authentication: Authentication,
    pub(crate) session: SessionId,
    /// True when the authentication is of built-in TEST values.
    pub(crate) is_test: bool,
}

impl Who {
    /// Reads the file, or takes the TEST values; `fresh` gives the identifiers of a TEST authentication.
    pub(crate) fn load(
        path: Option<&Path>,
        now: Time,
        mut fresh: impl FnMut() -> Uuid,
    ) -> Result<Self, HolderFileError> {
        let (file, path) = match path {
            Some(path) => (read(path)?, path.to_owned()),
            None => (test_values(&mut fresh), PathBuf::from("the built-in TEST holder")),
        };
        let is_test = file.authentication.is_none();
        let certificate = |source| HolderFileError::Certificate { path: path.clone(), source };
        let record = |source| HolderFileError::Record { path: path.clone(), source };
        let uuid = |text: &str, field| {
            Uuid::parse_str(text).map_err(|_| HolderFileError::Uuid { path: path.clone(), field })
        };
        let authentication = file.authentication.unwrap_or_else(|| AuthenticationTable {
            session: fresh().to_string(),
            assurance: Assurance::Substantial,
            assertion: format!("_TEST-{}", fresh()),
            issuer: "https://TEST.invalid/command-line".to_owned(),
            subject_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            context: "TEST".to_owned(),
        });
        let organisation = file.organisation;
        let identifier = OrganisationIdentifier::parse(&organisation.number).map_err(certificate)?;
        let subscriber = cert::Organisation::new(&organisation.country, &organisation.name, identifier)
            .map_err(certificate)?;
        let unit = cert::Unit::new(&organisation.unit).map_err(certificate)?;
        let missing = |field| HolderFileError::Uuid { path: path.clone(), field };
        let session = uuid(&authentication.session, "authentication.session")?;
        Ok(Self {
            certificate: cert::Holder::new(subscriber, unit),
            organisation: segl::record::Organisation {
                number: OrganisationNumber::new(&organisation.number).map_err(record)?,
                name: OrganisationName::new(&organisation.name).map_err(record)?,
            },
            person: segl::record::Holder {
                name: HolderName::new(&file.person.name).map_err(record)?,
                id: HolderId::new(uuid(&file.person.uuid, "person.uuid")?)
                    .ok_or_else(|| missing("person.uuid"))?,
                email: HolderEmail::new(&file.person.email).map_err(record)?,
            },
            assurance: match authentication.assurance {
                Assurance::Low => LevelOfAssurance::Low,
                Assurance::Substantial => LevelOfAssurance::Substantial,
                Assurance::High => LevelOfAssurance::High,
            },
            authentication: Authentication {
                assertion: AssertionId::new(&authentication.assertion).map_err(record)?,
                issuer: AssertionIssuer::new(&authentication.issuer).map_err(record)?,
                subject_format: SubjectFormat::new(&authentication.subject_format).map_err(record)?,
                context: ContextClass::new(&authentication.context).map_err(record)?,
                at: now,
                purpose: Purpose::Sealing,
            },
            session: SessionId::new(session).ok_or_else(|| missing("authentication.session"))?,
            is_test,
        })
    }
}

fn read(path: &Path) -> Result<HolderFile, HolderFileError> {
    let text =
        fs::read_to_string(path).map_err(|source| HolderFileError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        HolderFileError::Syntax { path: path.to_owned(), line, what: error.message().to_owned() }
    })
}

fn test_values(fresh: &mut impl FnMut() -> Uuid) -> HolderFile {
    HolderFile {
        organisation: OrganisationTable {
            country: "DK".to_owned(),
            name: "TEST Organisation".to_owned(),
            number: "NTRDK-00000000".to_owned(),
            unit: "TEST Organisation Seal".to_owned(),
        },
        person: PersonTable {
            name: "TEST Holder".to_owned(),
            uuid: fresh().to_string(),
            email: "holder@test.invalid".to_owned(),
        },
        authentication: None,
    }
}
