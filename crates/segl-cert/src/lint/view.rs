//! A certificate taken apart once for all rules, with the places of its parts.

use std::borrow::Cow;

use segl_crypto::Time;
use segl_x509::reader::{INTEGER, Reader, SEQUENCE, Tlv};
use segl_x509::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, Certificate, DistributionPoint, Extension,
    ExtensionError, ExtensionResult, GeneralName, KeyUsage, ObjectIdentifier, Oid, PolicyInformation,
    SyntaxError, oids,
};

use crate::lint::{Profile, oids::CT_POISON, rule::Place, statements::Statements};
use crate::vocabulary::extension_name;

/// Everything the rules look at. An extension that cannot be read is there ([`has`](Self::has)) and has no value; the rule of
/// syntax tells why.
pub(crate) struct View<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) profile: Profile,
    pub(crate) fields: Option<Fields<'a>>,
    pub(crate) subject: Vec<Entry<'a>>,
    pub(crate) issuer: Vec<Entry<'a>>,
    pub(crate) statements: Statements<'a>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) ext_key_usage: Option<Vec<Oid>>,
    pub(crate) policies: Option<Vec<PolicyInformation>>,
    pub(crate) alternative_names: Option<Vec<GeneralName>>,
    pub(crate) access: Option<Vec<AccessDescription>>,
    pub(crate) distribution_points: Option<Vec<DistributionPoint>>,
    pub(crate) authority_key: Option<AuthorityKeyIdentifier>,
    pub(crate) malformed: Vec<(Oid, SyntaxError)>,
}

/// The parts of the signed part that have no accessor with a place.
pub(crate) struct Fields<'a> {
    pub(crate) version: Option<Tlv<'a>>,
    pub(crate) serial: Tlv<'a>,
    pub(crate) algorithm: Tlv<'a>,
    pub(crate) issuer: Tlv<'a>,
    pub(crate) not_before: Tlv<'a>,
    pub(crate) not_after: Tlv<'a>,
    pub(crate) subject: Tlv<'a>,
    pub(crate) spki: Tlv<'a>,
}

/// One attribute of a name.
pub(crate) struct Entry<'a> {
    pub(crate) oid: Option<ObjectIdentifier>,
    pub(crate) value: &'a [u8],
    pub(crate) text: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn read(der: &'a [u8]) -> Result<Self, SyntaxError> {
        let mut tbs = Reader::new(der, 0).expect(SEQUENCE)?.reader().expect(SEQUENCE)?.reader();
        let version = tbs.optional(0xa0)?;
        let serial = tbs.expect(INTEGER)?;
        let algorithm = tbs.expect(SEQUENCE)?;
        let issuer = tbs.any()?;
        let mut validity = tbs.expect(SEQUENCE)?.reader();
        let (not_before, not_after) = (validity.any()?, validity.any()?);
        let subject = tbs.any()?;
        let spki = tbs.expect(SEQUENCE)?;
        Ok(Self { version, serial, algorithm, issuer, not_before, not_after, subject, spki })
    }
}

impl<'a> View<'a> {
    pub(crate) fn new(certificate: &'a Certificate, profile: Option<Profile>) -> Self {
        let mut malformed = Vec::new();
        let mut note = |error: ExtensionError| {
            if let ExtensionError::Syntax { oid, error } = error {
                malformed.push((oid, error));
            }
        };
        fn value<T>(result: ExtensionResult<T>, note: &mut impl FnMut(ExtensionError)) -> Option<T> {
            result.unwrap_or_else(|error| {
                note(error);
                None
            })
        }
        let statements = certificate.extension(oids::QC_STATEMENTS).map(|extension| {
            let offset = offset_in(certificate.as_der(), extension.value()).unwrap_or(0);
            let mut odd = |error| note(ExtensionError::Syntax { oid: Oid::from(oids::QC_STATEMENTS), error });
            Statements::read(extension.value(), offset, &mut odd)
        });
        let statements = statements.unwrap_or_default();
        // Read for their syntax alone.
        value(certificate.subject_key_identifier(), &mut note);
        value(certificate.issuer_alt_names(), &mut note);
        value(certificate.policy_mappings(), &mut note);
        value(certificate.policy_constraints(), &mut note);
        value(certificate.inhibit_any_policy(), &mut note);
        value(certificate.name_constraints(), &mut note);
        value(certificate.freshest_crl(), &mut note);
        value(certificate.private_key_usage_period(), &mut note);
        let entries = |name: &'a segl_x509::Name| {
            name.attributes()
                .map(|attribute| Entry {
                    oid: attribute.oid(),
                    value: attribute.value(),
                    text: attribute.text(),
                })
                .collect()
        };
        let mut view = Self {
            certificate,
            profile: Profile::UNKNOWN,
            // What was read as a certificate has them.
            fields: Fields::read(certificate.as_der()).ok(),
            subject: entries(certificate.subject()),
            issuer: entries(certificate.issuer()),
            statements,
            basic_constraints: value(certificate.basic_constraints(), &mut note),
            key_usage: value(certificate.key_usage(), &mut note),
            ext_key_usage: value(certificate.ext_key_usage(), &mut note),
            policies: value(certificate.policies(), &mut note),
            alternative_names: value(certificate.subject_alt_names(), &mut note),
            access: value(certificate.authority_info_access(), &mut note),
            distribution_points: value(certificate.crl_distribution_points(), &mut note),
            authority_key: value(certificate.authority_key_identifier(), &mut note),
            malformed,
        };
        view.profile = profile.unwrap_or_else(|| Profile::of(&view));
        view
    }

    pub(crate) fn extensions(&self) -> &'a [Extension] {
        self.certificate.extensions()
    }

    pub(crate) fn has(&self, oid: ObjectIdentifier) -> bool {
        self.certificate.has_extension(oid)
    }

    /// Whether it is there and critical.
    pub(crate) fn is_critical(&self, oid: ObjectIdentifier) -> bool {
        self.certificate.extension(oid).is_some_and(Extension::is_critical)
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = &Oid> {
        self.policies.iter().flatten().map(|policy| &policy.policy)
    }

    pub(crate) fn has_policy(&self, oid: ObjectIdentifier) -> bool {
        self.policies().any(|policy| *policy == oid)
    }

    pub(crate) fn purposes(&self) -> impl Iterator<Item = &Oid> {
        self.ext_key_usage.iter().flatten()
    }

    pub(crate) fn has_purpose(&self, oid: ObjectIdentifier) -> bool {
        self.purposes().any(|purpose| *purpose == oid)
    }

    pub(crate) fn subject_has(&self, oid: ObjectIdentifier) -> bool {
        self.subject.iter().any(|entry| entry.oid == Some(oid))
    }

    /// Locations of an access method.
    pub(crate) fn locations(&self, method: ObjectIdentifier) -> impl Iterator<Item = &GeneralName> {
        let all = self.access.iter().flatten();
        all.filter(move |entry| entry.method == method).map(|entry| &entry.location)
    }

    /// A pre-certificate of Certificate Transparency (RFC 6962), which is no certificate yet.
    pub(crate) fn is_precertificate(&self) -> bool {
        self.has(CT_POISON)
    }

    /// How long it lives, in seconds, both ends counted; `None` when it ends before it starts.
    pub(crate) fn seconds(&self) -> Option<u64> {
        let (from, to): (Time, Time) = (self.certificate.not_before(), self.certificate.not_after());
        Some(to.checked_duration_since(from)?.as_secs().saturating_add(1))
    }

    /// The place of bytes that are a part of the certificate.
    pub(crate) fn place(&self, field: impl Into<String>, part: &[u8]) -> Place {
        let offset = offset_in(self.certificate.as_der(), part);
        Place::new(field, offset.map(|offset| (offset, part.len())))
    }

    /// The place of a whole element.
    pub(crate) fn tlv(&self, field: impl Into<String>, tlv: &Tlv<'_>) -> Place {
        Place::new(field, Some((tlv.offset, tlv.whole.len())))
    }

    /// The place of the value of an extension; of the extensions where it is not there.
    pub(crate) fn extension(&self, oid: ObjectIdentifier) -> Place {
        match self.certificate.extension(oid) {
            Some(extension) => self.place(format!("extensions.{}", extension_name(oid)), extension.value()),
            None => Place::new("extensions", None),
        }
    }

    pub(crate) fn subject_place(&self) -> Place {
        self.fields
            .as_ref()
            .map_or_else(|| Place::new("subject", None), |all| self.tlv("subject", &all.subject))
    }

    pub(crate) fn issuer_place(&self) -> Place {
        self.fields.as_ref().map_or_else(|| Place::new("issuer", None), |all| self.tlv("issuer", &all.issuer))
    }

    pub(crate) fn validity_place(&self) -> Place {
        let whole = |all: &Fields<'_>| {
            let end = all.not_after.offset.saturating_add(all.not_after.whole.len());
            (all.not_before.offset, end.saturating_sub(all.not_before.offset))
        };
        Place::new("validity", self.fields.as_ref().map(whole))
    }
}

/// Where `part` starts in `whole`, when it is a slice of it: the certificate and its views share one buffer.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset.checked_add(part.len())? <= whole.len()).then_some(offset)
}

/// Words of a certificate, for a message: one line, at most 80 characters, nothing that moves a cursor.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = text
        .chars()
        .take(MOST)
        .map(
            |character| {
                if crate::writing::is_showable(character) { character } else { char::REPLACEMENT_CHARACTER }
            },
        )
        .collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    format!("“{short}”")
}
