//! The receipt for a key: what the device said of it before anything was certified or signed.

use segl_crypto::sha256;

use crate::{Curve, KeyAttribute, KeyAttributes, KeyId, Mechanisms, TokenDescription};

/// What is asked for: one key, for one session, and if it is known already, for one content that was shown and approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The curve.
    pub curve: Curve,
    /// Identifier of the key, never used before.
    pub id: KeyId,
    /// Identifier of the sealing session the key is made for (16 octets, such as a UUID).
    pub session: [u8; 16],
    /// SHA-256 of the certificate content that was shown to the subscriber.
    pub content: Option<[u8; 32]>,
}

impl KeyRequest {
    /// Asks for a key for a session.
    #[must_use]
    pub const fn new(curve: Curve, id: KeyId, session: [u8; 16]) -> Self {
        Self { curve, id, session, content: None }
    }

    /// Binds the key to the certificate content shown, by the content's SHA-256.
    #[must_use]
    pub const fn for_content(self, sha256: [u8; 32]) -> Self {
        Self { content: Some(sha256), ..self }
    }
}

/// What was read back from the device about one key, for whom it was made, and which device it was.
///
/// It stands in for a proof of possession: a certification request would be a second signature, and the key has only one. It holds
/// nothing about the document. Its [`digest`](Self::digest) is what an approval or a record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    request: KeyRequest,
    spki: Vec<u8>,
    attributes: KeyAttributes,
    token: TokenDescription,
    profile: Option<[u8; 32]>,
}

impl Receipt {
    pub(crate) const fn new(
        request: KeyRequest,
        spki: Vec<u8>,
        attributes: KeyAttributes,
        token: TokenDescription,
        profile: Option<[u8; 32]>,
    ) -> Self {
        Self { request, spki, attributes, token, profile }
    }

    /// The curve, and with it the algorithm.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.request.curve
    }

    /// Identifier of the key.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.request.id
    }

    /// Label of the key in the device.
    #[must_use]
    pub fn label(&self) -> String {
        self.request.id.label()
    }

    /// The session the key was made for.
    #[must_use]
    pub const fn session(&self) -> [u8; 16] {
        self.request.session
    }

    /// SHA-256 of the certificate content shown, when the key was asked for with one.
    #[must_use]
    pub const fn content(&self) -> Option<[u8; 32]> {
        self.request.content
    }

    /// The public key: SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The protection attributes.
    #[must_use]
    pub const fn attributes(&self) -> &KeyAttributes {
        &self.attributes
    }

    /// The token as it describes itself.
    #[must_use]
    pub const fn token(&self) -> &TokenDescription {
        &self.token
    }

    /// [`DeviceProfile::digest`](crate::DeviceProfile::digest) of the certified device the token was found to be, if it was.
    #[must_use]
    pub const fn profile(&self) -> Option<[u8; 32]> {
        self.profile
    }

    /// SHA-256 of [`canonical`](Self::canonical).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.canonical())
    }

    /// The receipt as octets, the same for the same receipt and for no other: a first line, then each fact as a name and a value,
    /// both with their length before them (32 bits, big-endian).
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = b"segl one-shot key receipt, version 1\n".to_vec();
        let mut fact = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), value] {
                // What comes from a device is short; a part that is not would only make its digest collide with itself cut off.
                let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
                out.extend(len.to_be_bytes());
                out.extend_from_slice(part);
            }
        };
        fact("use", b"single");
        fact("curve", self.request.curve.name().as_bytes());
        fact("key", &self.request.id.0);
        fact("session", &self.request.session);
        if let Some(content) = &self.request.content {
            fact("content", content);
        }
        fact("spki", &self.spki);
        for attribute in KeyAttribute::ALL {
            let answer: &[u8] = match self.attributes.get(attribute) {
                Some(true) => b"yes",
                Some(false) => b"no",
                None => b"unknown",
            };
            fact(attribute.name(), answer);
        }
        let mechanisms: &[u8] = match self.attributes.mechanisms() {
            Mechanisms::OnlyEcdsa => b"only ECDSA",
            Mechanisms::OnlySigning => b"only signing",
            Mechanisms::Others => b"others",
            Mechanisms::Unlimited => b"unlimited",
        };
        fact(KeyAttribute::AllowedMechanisms.name(), mechanisms);
        fact("device", self.token.device.name().as_bytes());
        fact("token label", self.token.label.as_bytes());
        fact("manufacturer", self.token.manufacturer.as_bytes());
        fact("model", self.token.model.as_bytes());
        fact("serial", self.token.serial.as_bytes());
        fact("firmware", self.token.firmware.as_bytes());
        if let Some(profile) = &self.profile {
            fact("device profile", profile);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecureDevice;

    fn receipt() -> Receipt {
        Receipt::new(
            KeyRequest::new(Curve::P256, KeyId([1; 16]), [2; 16]).for_content([3; 32]),
            vec![0x30, 0x00],
            KeyAttributes::obedient(Mechanisms::OnlyEcdsa),
            TokenDescription {
                label: "a".into(),
                manufacturer: "b".into(),
                model: "c".into(),
                serial: "d".into(),
                firmware: "1.0".into(),
                device: SecureDevice::Software,
            },
            None,
        )
    }

    #[test]
    fn every_fact_changes_the_digest() {
        let first = receipt();
        assert_eq!(first.digest(), receipt().digest());
        let mut others = vec![receipt(); 11];
        others[0].request.session = [9; 16];
        others[1].request.id = KeyId([9; 16]);
        others[2].request.content = None;
        others[3].request.curve = Curve::P384;
        others[4].spki.push(0);
        others[5].attributes.set(KeyAttribute::Decrypt, true);
        others[6].attributes = KeyAttributes::obedient(Mechanisms::Unlimited);
        others[7].token.serial = "e".into();
        others[8].token.device = SecureDevice::Hardware;
        // The same characters, one of them moved to the next field.
        others[9].token.label = "ab".into();
        others[9].token.manufacturer = String::new();
        others[10].profile = Some([4; 32]);
        for other in others {
            assert_ne!(first.digest(), other.digest(), "{other:?}");
        }
    }
}
