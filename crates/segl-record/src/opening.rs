use segl_crypto::Time;

use crate::codec::{self, DecodeError, Facts, Value as _, Values};
use crate::{
    AssertionId, AssertionIssuer, ContextClass, Field, HolderEmail, HolderId, HolderName, LevelOfAssurance,
    OrganisationName, OrganisationNumber, PolicyVersion, Purpose, ReferenceText, RequestId, SessionId,
    SlotName, SubjectFormat, TermsVersion, TextError,
};

/// What is known when a sealing begins: who asks, for whom, how they were authenticated, under which terms.
///
/// Every part is there or the value does not exist; a level of assurance cannot be left out (S000-58). It is a snapshot: nothing is
/// looked up again later (S003-17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The request for this one seal.
    pub request: RequestId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The subscriber.
    pub organisation: Organisation,
    /// The person who acts for the subscriber.
    pub holder: Holder,
    /// The level at which the holder was authenticated.
    pub assurance: LevelOfAssurance,
    /// The technical facts of that authentication.
    pub authentication: Authentication,
    /// The caller's own note, screened; `None` when there is none.
    pub reference: Option<ReferenceText>,
    /// Version of the certificate policy.
    pub policy: PolicyVersion,
    /// Version of the terms.
    pub terms: TermsVersion,
    /// The slot whose token will make the key.
    pub slot: SlotName,
    /// When the seal was asked for.
    pub requested: Time,
}

/// The subscriber's company data as registered at the moment of sealing (S000-57).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// The registered number.
    pub number: OrganisationNumber,
    /// The registered name.
    pub name: OrganisationName,
}

/// The holder (S000-62).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name.
    pub name: HolderName,
    /// The UUID.
    pub id: HolderId,
    /// The e-mail address.
    pub email: HolderEmail,
}

/// What is kept of an authentication assertion whose signature was verified (S000-61).
///
/// There is no slot for the assertion itself, for birth date, address, document numbers, pictures or risk data (S003-02 to -08).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Identifier of the assertion. Together with the issuer it seals once (S003-10).
    pub assertion: AssertionId,
    /// Who issued it.
    pub issuer: AssertionIssuer,
    /// Format of its subject identifier.
    pub subject_format: SubjectFormat,
    /// Context class.
    pub context: ContextClass,
    /// When the holder was authenticated.
    pub at: Time,
    /// What the data are processed for.
    pub purpose: Purpose,
}

pub(crate) const FIELDS: [Field; 20] = [
    Field::Request,
    Field::Session,
    Field::OrganisationNumber,
    Field::OrganisationName,
    Field::HolderName,
    Field::HolderId,
    Field::HolderEmail,
    Field::Assurance,
    Field::AssertionId,
    Field::AssertionIssuer,
    Field::SubjectFormat,
    Field::ContextClass,
    Field::AuthenticatedAt,
    Field::Purpose,
    Field::Reference,
    Field::ReferenceOverride,
    Field::PolicyVersion,
    Field::TermsVersion,
    Field::Slot,
    Field::RequestedAt,
];

impl Opening {
    /// The bytes a journal keeps while the sealing runs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::write(&self.facts())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_facts(&codec::read(bytes, &FIELDS)?)
    }

    pub(crate) fn facts(&self) -> Facts {
        let text = |text: &str| text.as_bytes().to_vec();
        let a = &self.authentication;
        vec![
            (Field::Request, self.request.uuid().encode()),
            (Field::Session, self.session.uuid().encode()),
            (Field::OrganisationNumber, text(self.organisation.number.as_str())),
            (Field::OrganisationName, text(self.organisation.name.as_str())),
            (Field::HolderName, text(self.holder.name.as_str())),
            (Field::HolderId, self.holder.id.uuid().encode()),
            (Field::HolderEmail, text(self.holder.email.as_str())),
            (Field::Assurance, level_code(self.assurance).encode()),
            (Field::AssertionId, text(a.assertion.as_str())),
            (Field::AssertionIssuer, text(a.issuer.as_str())),
            (Field::SubjectFormat, text(a.subject_format.as_str())),
            (Field::ContextClass, text(a.context.as_str())),
            (Field::AuthenticatedAt, a.at.encode()),
            (Field::Purpose, purpose_code(a.purpose).encode()),
            (Field::Reference, self.reference.as_ref().map(|r| r.as_str().to_owned()).encode()),
            (Field::ReferenceOverride, u8::from(self.is_overridden()).encode()),
            (Field::PolicyVersion, text(self.policy.as_str())),
            (Field::TermsVersion, text(self.terms.as_str())),
            (Field::Slot, text(self.slot.as_str())),
            (Field::RequestedAt, self.requested.encode()),
        ]
    }

    pub(crate) fn from_facts(facts: &Facts) -> Result<Self, DecodeError> {
        let v = Values(facts);
        let overridden = v.with(Field::ReferenceOverride, |code: u8| match code {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        })?;
        let opening = Self {
            request: v.with(Field::Request, RequestId::new)?,
            session: v.with(Field::Session, SessionId::new)?,
            organisation: Organisation {
                number: v.with(Field::OrganisationNumber, text(OrganisationNumber::new))?,
                name: v.with(Field::OrganisationName, text(OrganisationName::new))?,
            },
            holder: Holder {
                name: v.with(Field::HolderName, text(HolderName::new))?,
                id: v.with(Field::HolderId, HolderId::new)?,
                email: v.with(Field::HolderEmail, text(HolderEmail::new))?,
            },
            assurance: v.with(Field::Assurance, level_from)?,
            authentication: Authentication {
                assertion: v.with(Field::AssertionId, text(AssertionId::new))?,
                issuer: v.with(Field::AssertionIssuer, text(AssertionIssuer::new))?,
                subject_format: v.with(Field::SubjectFormat, text(SubjectFormat::new))?,
                context: v.with(Field::ContextClass, text(ContextClass::new))?,
                at: v.get(Field::AuthenticatedAt)?,
                purpose: v.with(Field::Purpose, |code: u8| (code == 1).then_some(Purpose::Sealing))?,
            },
            reference: v.with(Field::Reference, |stored: Option<String>| match stored {
                None => Some(None),
                Some(text) => ReferenceText::from_stored(&text, overridden).map(Some),
            })?,
            policy: v.with(Field::PolicyVersion, text(PolicyVersion::new))?,
            terms: v.with(Field::TermsVersion, text(TermsVersion::new))?,
            slot: v.with(Field::Slot, text(SlotName::new))?,
            requested: v.get(Field::RequestedAt)?,
        };
        // A trimmed text would not be the one that was committed to.
        if opening.facts() == *facts {
            Ok(opening)
        } else {
            Err(DecodeError::Value { field: Field::Reference })
        }
    }

    fn is_overridden(&self) -> bool {
        self.reference.as_ref().is_some_and(ReferenceText::is_overridden)
    }
}

/// Reads a stored text through the constructor that checked it first.
pub(crate) fn text<T>(new: fn(&str) -> Result<T, TextError>) -> impl FnOnce(String) -> Option<T> {
    move |stored| new(&stored).ok()
}

const fn level_code(level: LevelOfAssurance) -> u8 {
    match level {
        LevelOfAssurance::Low => 1,
        LevelOfAssurance::Substantial => 2,
        LevelOfAssurance::High => 3,
    }
}

const fn level_from(code: u8) -> Option<LevelOfAssurance> {
    match code {
        1 => Some(LevelOfAssurance::Low),
        2 => Some(LevelOfAssurance::Substantial),
        3 => Some(LevelOfAssurance::High),
        _ => None,
    }
}

const fn purpose_code(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Sealing => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn bytes_come_back() {
        let opening = testing::opening(1);
        assert_eq!(Opening::from_bytes(&opening.to_bytes()), Ok(opening.clone()));
        let without = Opening { reference: None, ..opening };
        assert_eq!(Opening::from_bytes(&without.to_bytes()), Ok(without));
    }

    #[test]
    fn any_changed_byte_is_another_opening_or_none() {
        let opening = testing::opening(1);
        let bytes = opening.to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            if let Ok(read) = Opening::from_bytes(&changed) {
                assert_ne!(read, opening);
                assert_eq!(read.to_bytes(), changed);
            }
        }
    }
}
