//! What a device was certified as, and how long that holds.

use std::collections::BTreeMap;

use segl_crypto::{SignatureValue, Time, ToBeSigned, sha256};

use crate::{Curve, KeyId, ReadBack, SecureDevice, Swept, Token, TokenDescription, Trace};

/// A device as it was certified and as its operator runs it (Regulation 910/2014, Articles 29a(1)(c), 30 and 39).
///
/// It comes from the operator's configuration, never from the device. What the certification report makes a condition stands in it: what
/// PKCS#11 tells is compared ([`check`](Self::check)), the rest is kept as [`settings`](Self::settings) and hashed with it, so that the
/// receipt of every key tells under which configuration it was made (Article 3(22)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a missing part must not compile")]
pub struct DeviceProfile {
    /// Manufacturer, as the token says it.
    pub manufacturer: String,
    /// Model, as the token says it.
    pub model: String,
    /// Every firmware version the certification covers, as the token says it, such as `2.6`.
    pub firmware: Vec<String>,
    /// What else the certification report asks for, by name, such as `FIPS mode` = `on`. Not compared with the device.
    pub settings: BTreeMap<String, String>,
    /// The certification.
    pub certification: Certification,
}

/// A certification of a qualified device by a designated body (Article 30), or a notification under Article 31.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a missing part must not compile")]
pub struct Certification {
    /// The certificate's reference, such as the number on the Commission's list of certified devices. Not empty.
    pub reference: String,
    /// When it was certified.
    pub certified: Time,
    /// When its vulnerabilities were assessed last.
    pub assessed: Time,
    /// When the certification was cancelled.
    pub cancelled: Option<Time>,
}

/// How a certification stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "in force, with or without a warning; otherwise it is refused")]
pub enum Standing {
    /// In force.
    InForce,
    /// In force, and the assessment of vulnerabilities, every two years (Article 30(3a)), is overdue.
    AssessmentDue {
        /// Since when.
        since: Time,
    },
}

/// Why a token cannot be the certified device, or counts as certified no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceRefusal {
    /// The certification was cancelled (Article 30(3a)).
    #[error("the certification {reference} of the device was cancelled at {at}")]
    Cancelled {
        /// The certification.
        reference: String,
        /// When.
        at: Time,
    },
    /// The token says something else of itself than was certified.
    #[error("the certified device has the {what} `{certified}`, the token says `{}`", .found.escape_debug())]
    Differs {
        /// `manufacturer`, `model` or `firmware`.
        what: &'static str,
        /// What was certified; firmware versions divided by `, `.
        certified: String,
        /// What the token says.
        found: String,
    },
    /// A certification lasts five years at most (Article 30(3a)).
    #[error("the certification {reference} of the device ended at {at}")]
    Expired {
        /// The certification.
        reference: String,
        /// When.
        at: Time,
    },
    /// The certification is still to come: a clock or a date is wrong.
    #[error("the certification {reference} of the device begins at {at} only")]
    NotYet {
        /// The certification.
        reference: String,
        /// When.
        at: Time,
    },
    /// Keys in software are never in a qualified device.
    #[error("the token keeps its keys in software")]
    Software,
    /// The device is not named, or no certification is.
    #[error("the profile of the device does not say its {what}")]
    Unnamed {
        /// What is missing: `manufacturer`, `model`, `firmware` or `certification`.
        what: &'static str,
    },
}

/// How long a certification lasts, and how long an assessment of vulnerabilities does (Article 30(3a)), in years.
const CERTIFIED_YEARS: u16 = 5;
const ASSESSED_YEARS: u16 = 2;

impl DeviceProfile {
    /// Whether a token is this device, by what the token says of itself.
    ///
    /// # Errors
    /// [`DeviceRefusal`]: the profile is incomplete, the token says something else, or its keys are in software.
    pub fn check(&self, found: &TokenDescription) -> Result<(), DeviceRefusal> {
        let missing = [
            ("manufacturer", self.manufacturer.is_empty()),
            ("model", self.model.is_empty()),
            ("firmware", self.firmware.is_empty()),
            ("certification", self.certification.reference.trim().is_empty()),
        ];
        if let Some((what, _)) = missing.into_iter().find(|(_, is_missing)| *is_missing) {
            return Err(DeviceRefusal::Unnamed { what });
        }
        if found.device == SecureDevice::Software {
            return Err(DeviceRefusal::Software);
        }
        let differs = |what, certified: String, found: &str| {
            Err(DeviceRefusal::Differs { what, certified, found: found.to_owned() })
        };
        if self.manufacturer != found.manufacturer {
            return differs("manufacturer", self.manufacturer.clone(), &found.manufacturer);
        }
        if self.model != found.model {
            return differs("model", self.model.clone(), &found.model);
        }
        if !self.firmware.contains(&found.firmware) {
            return differs("firmware", self.firmware.join(", "), &found.firmware);
        }
        Ok(())
    }

    /// How the certification stands.
    ///
    /// # Errors
    /// [`DeviceRefusal`]: it is cancelled, over, or still to come.
    pub fn standing(&self, now: Time) -> Result<Standing, DeviceRefusal> {
        let Certification { reference, certified, assessed, cancelled } = &self.certification;
        let reference = || reference.clone();
        if let Some(at) = cancelled.filter(|at| *at <= now) {
            return Err(DeviceRefusal::Cancelled { reference: reference(), at });
        }
        if *certified > now {
            return Err(DeviceRefusal::NotYet { reference: reference(), at: *certified });
        }
        let end = years_after(*certified, CERTIFIED_YEARS);
        if end <= now {
            return Err(DeviceRefusal::Expired { reference: reference(), at: end });
        }
        let since = years_after(*assessed, ASSESSED_YEARS);
        Ok(if since <= now { Standing::AssessmentDue { since } } else { Standing::InForce })
    }

    /// SHA-256 of everything in it: the same for the same profile and for no other. Receipts name it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut out = b"segl device profile, version 1\n".to_vec();
        let mut fact = |name: &str, value: &str| {
            for part in [name, value] {
                let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
                out.extend(len.to_be_bytes());
                out.extend_from_slice(part.as_bytes());
            }
        };
        fact("manufacturer", &self.manufacturer);
        fact("model", &self.model);
        for version in &self.firmware {
            fact("firmware", version);
        }
        for (name, value) in &self.settings {
            fact("setting", name);
            fact("is", value);
        }
        let Certification { reference, certified, assessed, cancelled } = &self.certification;
        fact("certification", reference);
        fact("certified", &certified.to_string());
        fact("assessed", &assessed.to_string());
        if let Some(at) = cancelled {
            fact("cancelled", &at.to_string());
        }
        sha256(&out)
    }
}

/// The same day and hour so many years later; of a 29th of February, the 28th where there is none.
fn years_after(time: Time, years: u16) -> Time {
    let civil = time.civil();
    let on = |day| {
        let year = civil.year.saturating_add(years);
        Time::from_civil(year, civil.month, day, civil.hour, civil.minute, civil.second)
    };
    // Beyond the last year there is, nothing ends later than it began: the profile counts as over.
    on(civil.day).or_else(|| on(28)).unwrap_or(time)
}

/// A token that is the device its profile names. Only keys made through it are in a qualified device.
#[derive(Clone, Debug)]
pub struct CertifiedDevice<T> {
    token: T,
    profile: DeviceProfile,
}

impl<T: Token> CertifiedDevice<T> {
    /// Holds the token against the profile. How the certification stands is asked whenever a key is made, because that changes with time.
    ///
    /// # Errors
    /// [`DeviceProfile::check`]
    pub fn new(token: T, profile: DeviceProfile) -> Result<Self, DeviceRefusal> {
        profile.check(token.description())?;
        Ok(Self { token, profile })
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &T {
        &self.token
    }
}

impl<T: Token> Token for CertifiedDevice<T> {
    type Key = T::Key;
    type Error = T::Error;

    fn description(&self) -> &TokenDescription {
        self.token.description()
    }
    fn profile(&self) -> Option<&DeviceProfile> {
        Some(&self.profile)
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error> {
        self.token.generate(curve, id)
    }
    fn read_back(&self, key: &Self::Key) -> Result<ReadBack, Self::Error> {
        self.token.read_back(key)
    }
    fn sign(&self, key: &mut Self::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error> {
        self.token.sign(key, tbs)
    }
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error> {
        self.token.destroy(key)
    }
    fn look_up(&self, key: &mut Self::Key) -> Result<Trace, Self::Error> {
        self.token.look_up(key)
    }
    fn sweep(&self) -> Result<Swept, Self::Error> {
        self.token.sweep()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u16) -> Time {
        Time::from_civil(year, 3, 1, 12, 0, 0).unwrap()
    }

    fn profile() -> DeviceProfile {
        DeviceProfile {
            manufacturer: "Maker".into(),
            model: "Box".into(),
            firmware: vec!["2.6".into(), "2.7".into()],
            settings: BTreeMap::from([("FIPS mode".into(), "on".into())]),
            certification: Certification {
                reference: "TEST-1".into(),
                certified: at(2024),
                assessed: at(2025),
                cancelled: None,
            },
        }
    }

    fn token() -> TokenDescription {
        TokenDescription {
            label: "any".into(),
            manufacturer: "Maker".into(),
            model: "Box".into(),
            serial: "any".into(),
            firmware: "2.7".into(),
            device: SecureDevice::Hardware,
        }
    }

    #[test]
    fn a_token_is_the_device_or_it_is_not() {
        assert_eq!(profile().check(&token()), Ok(()));
        let refused = |change: fn(&mut TokenDescription)| {
            let mut token = token();
            change(&mut token);
            profile().check(&token).unwrap_err()
        };
        assert_eq!(refused(|token| token.device = SecureDevice::Software), DeviceRefusal::Software);
        for (what, change) in [
            ("manufacturer", (|token| token.manufacturer.push(' ')) as fn(&mut TokenDescription)),
            ("model", |token| token.model = "box".into()),
            ("firmware", |token| token.firmware = "2.8".into()),
        ] {
            assert!(matches!(refused(change), DeviceRefusal::Differs { what: found, .. } if found == what));
        }
        let mut unnamed = profile();
        unnamed.certification.reference = " ".into();
        assert_eq!(unnamed.check(&token()), Err(DeviceRefusal::Unnamed { what: "certification" }));
    }

    #[test]
    fn a_certification_lasts_five_years_and_an_assessment_two() {
        let second = core::time::Duration::from_secs(1);
        assert_eq!(profile().standing(at(2027) - second), Ok(Standing::InForce));
        assert_eq!(profile().standing(at(2027)), Ok(Standing::AssessmentDue { since: at(2027) }));
        assert!(profile().standing(at(2029) - second).is_ok());
        let over = DeviceRefusal::Expired { reference: "TEST-1".into(), at: at(2029) };
        assert_eq!(profile().standing(at(2029)), Err(over));
        assert!(matches!(profile().standing(at(2024) - second), Err(DeviceRefusal::NotYet { .. })));
        let mut cancelled = profile();
        cancelled.certification.cancelled = Some(at(2026));
        assert_eq!(cancelled.standing(at(2026) - second), Ok(Standing::InForce));
        assert!(matches!(cancelled.standing(at(2026)), Err(DeviceRefusal::Cancelled { .. })));
        let leap = Time::from_civil(2024, 2, 29, 0, 0, 0).unwrap();
        assert_eq!(years_after(leap, 5), Time::from_civil(2029, 2, 28, 0, 0, 0).unwrap());
    }

    #[test]
    fn every_fact_changes_the_digest() {
        let mut others = vec![profile(); 7];
        others[0].manufacturer.push('x');
        others[1].model.push('x');
        others[2].firmware.pop();
        others[3].settings.clear();
        others[4].certification.reference.push('x');
        others[5].certification.assessed = at(2026);
        others[6].certification.cancelled = Some(at(2026));
        for other in others {
            assert_ne!(profile().digest(), other.digest(), "{other:?}");
        }
        assert_eq!(profile().digest(), profile().digest());
    }
}
