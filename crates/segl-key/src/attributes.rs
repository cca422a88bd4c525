//! Protection attributes of a private key, and what they must be.

use core::fmt;
use std::collections::BTreeMap;

/// A protection attribute of a private key, with its name in PKCS#11 2.40, section 4.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyAttribute {
    /// `CKA_ALLOWED_MECHANISMS`: the list names the one mechanism. Not among [`KeyAttribute::ALL`], because it is a list.
    AllowedMechanisms,
    /// `CKA_ALWAYS_SENSITIVE`: was sensitive from the first moment.
    AlwaysSensitive,
    /// `CKA_DECRYPT`.
    Decrypt,
    /// `CKA_DERIVE`.
    Derive,
    /// `CKA_EXTRACTABLE`: may leave the device wrapped.
    Extractable,
    /// `CKA_LOCAL`: was made inside the device.
    Local,
    /// `CKA_NEVER_EXTRACTABLE`: was not extractable from the first moment.
    NeverExtractable,
    /// `CKA_PRIVATE`: is seen after login only.
    Private,
    /// `CKA_SENSITIVE`: its value cannot be read.
    Sensitive,
    /// `CKA_SIGN`.
    Sign,
    /// `CKA_SIGN_RECOVER`.
    SignRecover,
    /// `CKA_TOKEN`: outlives the session.
    Token,
    /// `CKA_UNWRAP`.
    Unwrap,
}

impl KeyAttribute {
    /// Every attribute that is a yes or a no.
    pub const ALL: [Self; 12] = [
        Self::AlwaysSensitive,
        Self::Decrypt,
        Self::Derive,
        Self::Extractable,
        Self::Local,
        Self::NeverExtractable,
        Self::Private,
        Self::Sensitive,
        Self::Sign,
        Self::SignRecover,
        Self::Token,
        Self::Unwrap,
    ];

    /// The name in PKCS#11.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowedMechanisms => "CKA_ALLOWED_MECHANISMS",
            Self::AlwaysSensitive => "CKA_ALWAYS_SENSITIVE",
            Self::Decrypt => "CKA_DECRYPT",
            Self::Derive => "CKA_DERIVE",
            Self::Extractable => "CKA_EXTRACTABLE",
            Self::Local => "CKA_LOCAL",
            Self::NeverExtractable => "CKA_NEVER_EXTRACTABLE",
            Self::Private => "CKA_PRIVATE",
            Self::Sensitive => "CKA_SENSITIVE",
            Self::Sign => "CKA_SIGN",
            Self::SignRecover => "CKA_SIGN_RECOVER",
            Self::Token => "CKA_TOKEN",
            Self::Unwrap => "CKA_UNWRAP",
        }
    }

    /// Whether this answer of the device is the one a one-shot key needs.
    ///
    /// A device that does not answer about a protection is taken not to give it; one that does not know a use is taken not to allow it.
    const fn obeyed(self, answer: Option<bool>) -> bool {
        match self {
            Self::AlwaysSensitive
            | Self::Local
            | Self::NeverExtractable
            | Self::Private
            | Self::Sensitive
            | Self::Sign => matches!(answer, Some(true)),
            Self::Extractable | Self::Token => matches!(answer, Some(false)),
            Self::Decrypt | Self::Derive | Self::SignRecover | Self::Unwrap => !matches!(answer, Some(true)),
            Self::AllowedMechanisms => true,
        }
    }
}

impl fmt::Display for KeyAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which mechanisms the device lets the key be used with (`CKA_ALLOWED_MECHANISMS`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanisms {
    /// ECDSA over a digest (`CKM_ECDSA`) and nothing else.
    OnlyEcdsa,
    /// Signing as keys of its kind do, and nothing else: EdDSA, or RSA by PKCS#1 and PSS over a digest.
    OnlySigning,
    /// Others too, although the list was asked for.
    Others,
    /// The device keeps no such list; the uses are limited by the attributes alone.
    #[default]
    Unlimited,
}

/// The protection attributes of one private key as the device gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAttributes {
    answers: BTreeMap<KeyAttribute, bool>,
    mechanisms: Mechanisms,
}

impl KeyAttributes {
    /// No answers yet.
    #[must_use]
    pub fn new(mechanisms: Mechanisms) -> Self {
        Self { answers: BTreeMap::new(), mechanisms }
    }

    /// The attributes of a key that never leaves its token, signs only and is gone with the session.
    #[must_use]
    pub fn obedient(mechanisms: Mechanisms) -> Self {
        let mut attributes = Self::new(mechanisms);
        for attribute in KeyAttribute::ALL {
            attributes.set(attribute, attribute.obeyed(Some(true)));
        }
        attributes
    }

    /// Notes an answer; [`KeyAttribute::AllowedMechanisms`] is not one of them and is ignored.
    pub fn set(&mut self, attribute: KeyAttribute, answer: bool) {
        if attribute != KeyAttribute::AllowedMechanisms {
            self.answers.insert(attribute, answer);
        }
    }

    /// The device's answer, or `None` when it gave none.
    #[must_use]
    pub fn get(&self, attribute: KeyAttribute) -> Option<bool> {
        self.answers.get(&attribute).copied()
    }

    /// The mechanisms the key is limited to.
    #[must_use]
    pub const fn mechanisms(&self) -> Mechanisms {
        self.mechanisms
    }

    /// Those attributes in which the device did not do what a one-shot key needs; empty when it obeyed.
    #[must_use]
    pub fn disobeyed(&self) -> Vec<KeyAttribute> {
        let mechanisms = matches!(self.mechanisms, Mechanisms::OnlySigning | Mechanisms::Others)
            .then_some(KeyAttribute::AllowedMechanisms);
        let flags = KeyAttribute::ALL.into_iter().filter(|attribute| !attribute.obeyed(self.get(*attribute)));
        mechanisms.into_iter().chain(flags).collect()
    }

    /// The same for a long-lived key, which is to outlive its session.
    #[must_use]
    pub fn disobeyed_long_lived(&self) -> Vec<KeyAttribute> {
        let mut disobeyed = self.disobeyed();
        disobeyed.retain(|attribute| match attribute {
            KeyAttribute::AllowedMechanisms => self.mechanisms == Mechanisms::Others,
            attribute => *attribute != KeyAttribute::Token,
        });
        if self.get(KeyAttribute::Token) != Some(true) {
            disobeyed.push(KeyAttribute::Token);
        }
        disobeyed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obedient_attributes_are_obeyed() {
        let attributes = KeyAttributes::obedient(Mechanisms::OnlyEcdsa);
        assert_eq!(attributes.disobeyed(), []);
        assert_eq!(attributes.get(KeyAttribute::Extractable), Some(false));
        assert_eq!(attributes.get(KeyAttribute::Local), Some(true));
        assert_eq!(attributes.disobeyed_long_lived(), [KeyAttribute::Token]);
    }

    #[test]
    fn each_wrong_answer_is_named() {
        for attribute in KeyAttribute::ALL {
            let mut attributes = KeyAttributes::obedient(Mechanisms::Unlimited);
            attributes.set(attribute, !attributes.get(attribute).unwrap());
            assert_eq!(attributes.disobeyed(), [attribute]);
        }
        assert_eq!(
            KeyAttributes::obedient(Mechanisms::OnlySigning).disobeyed(),
            [KeyAttribute::AllowedMechanisms],
            "a one-shot key signs ECDSA"
        );
        let mut long_lived = KeyAttributes::obedient(Mechanisms::OnlySigning);
        long_lived.set(KeyAttribute::Token, true);
        assert_eq!(long_lived.disobeyed_long_lived(), []);
        assert_eq!(
            KeyAttributes::obedient(Mechanisms::Others).disobeyed(),
            [KeyAttribute::AllowedMechanisms]
        );
    }

    #[test]
    fn silence_is_no_protection_but_also_no_use() {
        let disobeyed = KeyAttributes::new(Mechanisms::Unlimited).disobeyed();
        assert!(disobeyed.contains(&KeyAttribute::Sensitive));
        assert!(disobeyed.contains(&KeyAttribute::Token));
        assert!(!disobeyed.contains(&KeyAttribute::Decrypt));
    }
}
