use core::time::Duration;

use segl_crypto::Time;

use crate::codec::{self, DecodeError, Facts, Value as _, Values};
use crate::{Field, KeyReceipt, PresentedContent, Serial, SessionId};

/// How far a sealing has come (ENG-01). A step names what is *done*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the steps of a sealing; a journal must know each")]
pub enum Step {
    /// The holder is authenticated; the attempt exists.
    Authenticated,
    /// The certificate content was presented.
    Presented,
    /// The holder approved it. From here on a key may exist.
    Approved,
    /// The one-shot key is made.
    KeyMade,
    /// The certificate is issued. From here on a signature may exist.
    Certified,
    /// The key has signed.
    Signed,
    /// The key is destroyed, and the device confirmed it.
    KeyDestroyed,
    /// The seal carries its time-stamp, or was asked for without one (B-B).
    TimeStamped,
    /// The seal is complete and its record durable.
    Completed,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 9] = [
        Self::Authenticated,
        Self::Presented,
        Self::Approved,
        Self::KeyMade,
        Self::Certified,
        Self::Signed,
        Self::KeyDestroyed,
        Self::TimeStamped,
        Self::Completed,
    ];

    /// The step after this one; `None` after the last.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Authenticated => Some(Self::Presented),
            Self::Presented => Some(Self::Approved),
            Self::Approved => Some(Self::KeyMade),
            Self::KeyMade => Some(Self::Certified),
            Self::Certified => Some(Self::Signed),
            Self::Signed => Some(Self::KeyDestroyed),
            Self::KeyDestroyed => Some(Self::TimeStamped),
            Self::TimeStamped => Some(Self::Completed),
            Self::Completed => None,
        }
    }

    /// Whether a one-shot key may be in the device when this is the last step known to be done.
    #[must_use]
    pub const fn may_hold_key(self) -> bool {
        matches!(self, Self::Approved | Self::KeyMade | Self::Certified | Self::Signed)
    }

    /// The number of the step in stored bytes, 1 to 9.
    #[must_use]
    pub fn number(self) -> u8 {
        Self::ALL.iter().position(|&s| s == self).and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(u8::MAX)
    }

    /// The step with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The step in words, as logs and messages show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Presented => "presented",
            Self::Approved => "approved",
            Self::KeyMade => "key made",
            Self::Certified => "certified",
            Self::Signed => "signed",
            Self::KeyDestroyed => "key destroyed",
            Self::TimeStamped => "time-stamped",
            Self::Completed => "completed",
        }
    }
}

impl core::fmt::Display for Step {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// One step forward, with the facts the record keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advance {
    /// The certificate content was presented.
    Presented(PresentedContent),
    /// The holder approved it at this time.
    Approved(Time),
    /// The key is made; this is what is kept of its receipt.
    KeyMade(KeyReceipt),
    /// The certificate with this serial number was issued.
    Certified {
        /// The serial number.
        serial: Serial,
        /// When the issuer signed it, which is not the backdated start of its validity.
        issued: Time,
    },
    /// The key signed at this time.
    Signed(Time),
    /// The key is destroyed; this long after the signature was asked for.
    KeyDestroyed(Duration),
    /// The time-stamp says this time.
    TimeStamped(Time),
    /// A seal without a time-stamp was asked for (level B-B), so none is waited for.
    Unstamped,
}

impl Advance {
    /// The step this leads to.
    #[must_use]
    pub const fn to(&self) -> Step {
        match self {
            Self::Presented(_) => Step::Presented,
            Self::Approved(_) => Step::Approved,
            Self::KeyMade(_) => Step::KeyMade,
            Self::Certified { .. } => Step::Certified,
            Self::Signed(_) => Step::Signed,
            Self::KeyDestroyed(_) => Step::KeyDestroyed,
            Self::TimeStamped(_) | Self::Unstamped => Step::TimeStamped,
        }
    }
}

/// Why a step was not taken. The sealing is where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgressError {
    /// The key was made for another content than the one that was presented (S000-79).
    #[error("the key was made for another certificate content than the one presented")]
    ContentDiffers,
    /// The step does not follow the one that is done.
    #[error("`{to}` does not follow `{from}`")]
    OutOfOrder {
        /// The step that is done.
        from: Step,
        /// The step that was asked for.
        to: Step,
    },
    /// The key was made for another session.
    #[error("the key was made for another session")]
    SessionDiffers,
    /// Signing would come before issuing (S000-56).
    #[error("signed at {signed}, before the certificate was issued at {issued}")]
    SignedBeforeIssued {
        /// When the certificate was issued.
        issued: Time,
        /// When the key is said to have signed.
        signed: Time,
    },
}

/// What a sealing has behind it: the last step done and the facts of every step up to it.
///
/// It only moves forward one step at a time, so whoever holds one knows that no step was left out. It never holds a digest, a name or
/// a size of what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    session: SessionId,
    step: Step,
    content: Option<PresentedContent>,
    approved: Option<Time>,
    receipt: Option<KeyReceipt>,
    serial: Option<Serial>,
    issued: Option<Time>,
    signed: Option<Time>,
    sign_to_destroy: Option<Duration>,
    time_stamped: Option<Time>,
}

pub(crate) const FIELDS: [Field; 9] = [
    Field::PresentedContent,
    Field::ApprovedAt,
    Field::Receipt,
    Field::CertificateSerial,
    Field::IssuedAt,
    Field::SignedAt,
    Field::SignToDestroy,
    Field::TimeStampedAt,
    Field::Step,
];

impl Progress {
    /// A sealing of this session whose holder is authenticated, and nothing more.
    #[must_use]
    pub const fn authenticated(session: SessionId) -> Self {
        Self {
            session,
            step: Step::Authenticated,
            content: None,
            approved: None,
            receipt: None,
            serial: None,
            issued: None,
            signed: None,
            sign_to_destroy: None,
            time_stamped: None,
        }
    }

    /// Takes one step. When it is refused nothing has changed.
    pub fn advance(&mut self, advance: Advance) -> Result<(), ProgressError> {
        let to = advance.to();
        if self.step.next() != Some(to) {
            return Err(ProgressError::OutOfOrder { from: self.step, to });
        }
        match advance {
            Advance::Presented(content) => self.content = Some(content),
            Advance::Approved(at) => self.approved = Some(at),
            Advance::KeyMade(receipt) => {
                if !receipt.is_for_session(self.session) {
                    return Err(ProgressError::SessionDiffers);
                }
                if !self.content.is_some_and(|content| receipt.is_for_content(content)) {
                    return Err(ProgressError::ContentDiffers);
                }
                self.receipt = Some(receipt);
            }
            Advance::Certified { serial, issued } => {
                self.serial = Some(serial);
                self.issued = Some(issued);
            }
            Advance::Signed(signed) => {
                if let Some(issued) = self.issued.filter(|&issued| signed < issued) {
                    return Err(ProgressError::SignedBeforeIssued { issued, signed });
                }
                self.signed = Some(signed);
            }
            Advance::KeyDestroyed(after) => self.sign_to_destroy = Some(after),
            Advance::TimeStamped(at) => self.time_stamped = Some(at),
            Advance::Unstamped => {}
        }
        self.step = to;
        Ok(())
    }

    /// The bytes a journal keeps while the sealing runs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::write(&self.facts(self.step))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote for this session.
    pub fn from_bytes(bytes: &[u8], session: SessionId) -> Result<Self, DecodeError> {
        Self::from_facts(&codec::read(bytes, &FIELDS)?, session)
    }

    /// The last step done.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// The session the sealing belongs to.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Digest of the content presented.
    #[must_use]
    pub const fn content(&self) -> Option<PresentedContent> {
        self.content
    }

    /// When the content was approved.
    #[must_use]
    pub const fn approved(&self) -> Option<Time> {
        self.approved
    }

    /// What is kept of the key's receipt.
    #[must_use]
    pub const fn receipt(&self) -> Option<KeyReceipt> {
        self.receipt
    }

    /// Serial number of the certificate.
    #[must_use]
    pub const fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }

    /// When the certificate was issued.
    #[must_use]
    pub const fn issued(&self) -> Option<Time> {
        self.issued
    }

    /// When the key signed.
    #[must_use]
    pub const fn signed(&self) -> Option<Time> {
        self.signed
    }

    /// How long after signing the key was confirmed destroyed.
    #[must_use]
    pub const fn sign_to_destroy(&self) -> Option<Duration> {
        self.sign_to_destroy
    }

    /// The time in the time-stamp.
    #[must_use]
    pub const fn time_stamped(&self) -> Option<Time> {
        self.time_stamped
    }

    /// The facts, with the step a record says: a completed sealing has one more behind it than its progress.
    pub(crate) fn facts(&self, step: Step) -> Facts {
        vec![
            (Field::PresentedContent, self.content.map(|c| *c.as_bytes()).encode()),
            (Field::ApprovedAt, self.approved.encode()),
            (Field::Receipt, self.receipt.map(|r| *r.digest()).encode()),
            (Field::CertificateSerial, self.serial.as_ref().map(|s| s.as_bytes().to_vec()).encode()),
            (Field::IssuedAt, self.issued.encode()),
            (Field::SignedAt, self.signed.encode()),
            (Field::SignToDestroy, self.sign_to_destroy.encode()),
            (Field::TimeStampedAt, self.time_stamped.encode()),
            (Field::Step, step.number().encode()),
        ]
    }

    /// Walks the stored facts through the same steps again: what could not have happened is not read.
    pub(crate) fn from_facts(facts: &Facts, session: SessionId) -> Result<Self, DecodeError> {
        let v = Values(facts);
        let content: Option<[u8; 32]> = v.get(Field::PresentedContent)?;
        let content = content.map(PresentedContent::from_sha256);
        let receipt: Option<[u8; 32]> = v.get(Field::Receipt)?;
        let serial = v.with(Field::CertificateSerial, |octets: Option<Vec<u8>>| match octets {
            None => Some(None),
            Some(octets) => Serial::new(&octets).map(Some),
        })?;
        let issued: Option<Time> = v.get(Field::IssuedAt)?;
        let approved: Option<Time> = v.get(Field::ApprovedAt)?;
        let signed: Option<Time> = v.get(Field::SignedAt)?;
        let destroyed: Option<Duration> = v.get(Field::SignToDestroy)?;
        let time_stamped: Option<Time> = v.get(Field::TimeStampedAt)?;
        let steps = [
            content.map(Advance::Presented),
            approved.map(Advance::Approved),
            receipt.zip(content).map(|(r, c)| Advance::KeyMade(KeyReceipt::from_stored(r, session, c))),
            serial.zip(issued).map(|(serial, issued)| Advance::Certified { serial, issued }),
            signed.map(Advance::Signed),
            destroyed.map(Advance::KeyDestroyed),
            time_stamped.map(Advance::TimeStamped),
        ];
        let mut progress = Self::authenticated(session);
        for step in steps.into_iter().flatten() {
            progress.advance(step).map_err(|_| DecodeError::Value { field: Field::Step })?;
        }
        let step = v.with(Field::Step, Step::from_number)?;
        if step >= Step::TimeStamped && progress.step == Step::KeyDestroyed {
            progress.advance(Advance::Unstamped).map_err(|_| DecodeError::Value { field: Field::Step })?;
        }
        let same = progress.facts(step) == *facts;
        let completed = step == Step::Completed && progress.step == Step::TimeStamped;
        if same && (step == progress.step || completed) {
            Ok(progress)
        } else {
            Err(DecodeError::Value { field: Field::Step })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn only_the_next_step_is_taken() {
        for done in 0..=7 {
            for asked in 0..7 {
                let mut progress = testing::progress(1, done);
                let before = progress.clone();
                let advance = testing::advances(1)[asked].clone();
                let taken = progress.advance(advance);
                assert_eq!(taken.is_ok(), asked == done, "{done} {asked}");
                assert_eq!(progress == before, taken.is_err());
            }
        }
    }

    #[test]
    fn bytes_come_back_at_every_step() {
        for done in 0..=7 {
            let progress = testing::progress(1, done);
            assert_eq!(Progress::from_bytes(&progress.to_bytes(), progress.session()), Ok(progress));
        }
    }

    #[test]
    fn a_seal_without_a_time_stamp_comes_back_as_one() {
        let mut progress = testing::progress(1, 6);
        progress.advance(Advance::Unstamped).unwrap();
        assert_eq!((progress.step(), progress.time_stamped()), (Step::TimeStamped, None));
        assert_eq!(Progress::from_bytes(&progress.to_bytes(), progress.session()), Ok(progress));
    }

    #[test]
    fn a_stored_step_without_its_facts_is_refused() {
        let progress = testing::progress(1, 4);
        let mut facts = progress.facts(Step::Signed);
        assert!(Progress::from_facts(&facts, progress.session()).is_err());
        facts = progress.facts(Step::Completed);
        assert!(Progress::from_facts(&facts, progress.session()).is_err());
        facts = progress.facts(progress.step());
        facts[1].1 = vec![0];
        assert!(Progress::from_facts(&facts, progress.session()).is_err());
    }

    #[test]
    fn a_key_for_something_else_is_refused() {
        let (content, session) = (testing::content(), testing::opening(1).session);
        let mut progress = testing::progress(1, 2);
        let other = KeyReceipt::for_test(testing::opening(2).session, content);
        assert_eq!(progress.advance(Advance::KeyMade(other)), Err(ProgressError::SessionDiffers));
        let other = KeyReceipt::for_test(session, PresentedContent::from_sha256([9; 32]));
        assert_eq!(progress.advance(Advance::KeyMade(other)), Err(ProgressError::ContentDiffers));
    }

    #[test]
    fn signing_is_not_before_issuing() {
        let mut progress = testing::progress(1, 4);
        let signed = Time::from_unix(0);
        let refused = progress.advance(Advance::Signed(signed));
        assert!(matches!(refused, Err(ProgressError::SignedBeforeIssued { .. })));
        assert_eq!(progress.advance(Advance::Signed(progress.issued().unwrap())), Ok(()));
    }

    #[test]
    fn numbers_of_steps_come_back() {
        for step in Step::ALL {
            assert_eq!(Step::from_number(step.number()), Some(step));
        }
        assert_eq!((Step::from_number(0), Step::from_number(10)), (None, None));
    }
}
