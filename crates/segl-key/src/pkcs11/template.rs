//! What is asked of a device for a key, and how its answers are read.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Ulong;

use segl_crypto::{KeyKind, PublicKey};

use super::Pkcs11Error;
use super::point::{self, Group};
use crate::{Curve, KeyAttribute, KeyAttributes, Mechanisms};

/// Objects that a search finds at most; the largest devices keep some ten thousand. A device that always finds one more is not believed.
const MAX_OBJECTS: usize = 100_000;

/// How much is asked for. Some devices refuse a template with attributes they do not know; what then was not asked for is still
/// read back and judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// The mechanism list, no copies, no changes, no recovery.
    Everything,
    /// Only what every device must know.
    Essentials,
}

/// Whether the key outlives the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Session,
    Token,
}

/// The kind of key that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// On a curve, named so in `CKA_EC_PARAMS`.
    On(Group, &'static [u8]),
    /// RSA with a modulus of so many bits, and 65 537.
    Rsa(Ulong),
}

impl Wanted {
    pub(super) fn on(curve: Curve) -> Self {
        let group = Group::from(curve);
        Self::On(group, group.parameters().first().copied().unwrap_or_default())
    }

    const fn mechanism(self) -> Mechanism<'static> {
        match self {
            Self::On(Group::Ed25519, _) => Mechanism::EccEdwardsKeyPairGen,
            Self::On(..) => Mechanism::EccKeyPairGen,
            Self::Rsa(_) => Mechanism::RsaPkcsKeyPairGen,
        }
    }

    fn parameters(self) -> Vec<Attribute> {
        match self {
            Self::On(_, params) => vec![Attribute::EcParams(params.to_vec())],
            Self::Rsa(bits) => {
                vec![Attribute::ModulusBits(bits), Attribute::PublicExponent(vec![1, 0, 1])]
            }
        }
    }

    const fn signs_with(self) -> &'static [MechanismType] {
        match self {
            Self::On(Group::Ed25519, _) => &[MechanismType::EDDSA],
            Self::On(..) => &[MechanismType::ECDSA],
            Self::Rsa(_) => &[MechanismType::RSA_PKCS, MechanismType::RSA_PKCS_PSS],
        }
    }
}

/// What a key is called in the device.
pub(super) struct Called<'a> {
    pub(super) id: &'a [u8],
    pub(super) label: &'a str,
}

/// Makes a key pair; gives the handles of the public and the private object.
pub(super) fn generate(
    session: &Session,
    wanted: Wanted,
    called: &Called<'_>,
    life: Life,
    ask: Ask,
) -> Result<(ObjectHandle, ObjectHandle), Error> {
    let both = [
        Attribute::Token(life == Life::Token),
        Attribute::Id(called.id.to_vec()),
        Attribute::Label(called.label.as_bytes().to_vec()),
    ];
    let mut public = wanted.parameters();
    public.extend([Attribute::Private(false), Attribute::Verify(true)]);
    let mut private = vec![
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
    ];
    if ask == Ask::Everything {
        private.extend([
            Attribute::SignRecover(false),
            Attribute::Copyable(false),
            Attribute::Modifiable(false),
            Attribute::AllowedMechanisms(wanted.signs_with().to_vec()),
        ]);
    }
    public.extend(both.iter().cloned());
    private.extend(both);
    session.generate_key_pair(&wanted.mechanism(), &public, &private)
}

/// Whether the device refused the template rather than the key.
pub(super) const fn is_template_refused(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::AttributeReadOnly
                | RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::TemplateInconsistent,
            _
        )
    )
}

/// The protection attributes of a private key object, in one query.
pub(super) fn read_attributes(
    session: &Session,
    private: ObjectHandle,
) -> Result<KeyAttributes, Pkcs11Error> {
    const FLAGS: [AttributeType; 12] = [
        AttributeType::AlwaysSensitive,
        AttributeType::Decrypt,
        AttributeType::Derive,
        AttributeType::Extractable,
        AttributeType::Local,
        AttributeType::NeverExtractable,
        AttributeType::Private,
        AttributeType::Sensitive,
        AttributeType::Sign,
        AttributeType::SignRecover,
        AttributeType::Token,
        AttributeType::Unwrap,
    ];
    let with_list: Vec<AttributeType> = FLAGS.into_iter().chain([AttributeType::AllowedMechanisms]).collect();
    let (answers, unread) = match session.get_attributes(private, &with_list) {
        // A mechanism that has no name here is in any case another than the one asked for.
        Err(Error::NotSupported) => (session.get_attributes(private, &FLAGS), Mechanisms::Others),
        answers => (answers, Mechanisms::Unlimited),
    };
    let answers = answers.map_err(Pkcs11Error::of)?;
    let mechanisms = answers
        .iter()
        .find_map(|attribute| match attribute {
            Attribute::AllowedMechanisms(list) if list.is_empty() => Some(Mechanisms::Unlimited),
            Attribute::AllowedMechanisms(list) if list.iter().all(|m| *m == MechanismType::ECDSA) => {
                Some(Mechanisms::OnlyEcdsa)
            }
            Attribute::AllowedMechanisms(list)
                if list.iter().all(|m| *m == MechanismType::EDDSA)
                    || list
                        .iter()
                        .all(|m| matches!(*m, MechanismType::RSA_PKCS | MechanismType::RSA_PKCS_PSS)) =>
            {
                Some(Mechanisms::OnlySigning)
            }
            Attribute::AllowedMechanisms(_) => Some(Mechanisms::Others),
            _ => None,
        })
        .unwrap_or(unread);
    let mut attributes = KeyAttributes::new(mechanisms);
    for answer in &answers {
        if let Some((attribute, value)) = flag(answer) {
            attributes.set(attribute, value);
        }
    }
    Ok(attributes)
}

const fn flag(answer: &Attribute) -> Option<(KeyAttribute, bool)> {
    Some(match answer {
        Attribute::AlwaysSensitive(value) => (KeyAttribute::AlwaysSensitive, *value),
        Attribute::Decrypt(value) => (KeyAttribute::Decrypt, *value),
        Attribute::Derive(value) => (KeyAttribute::Derive, *value),
        Attribute::Extractable(value) => (KeyAttribute::Extractable, *value),
        Attribute::Local(value) => (KeyAttribute::Local, *value),
        Attribute::NeverExtractable(value) => (KeyAttribute::NeverExtractable, *value),
        Attribute::Private(value) => (KeyAttribute::Private, *value),
        Attribute::Sensitive(value) => (KeyAttribute::Sensitive, *value),
        Attribute::Sign(value) => (KeyAttribute::Sign, *value),
        Attribute::SignRecover(value) => (KeyAttribute::SignRecover, *value),
        Attribute::Token(value) => (KeyAttribute::Token, *value),
        Attribute::Unwrap(value) => (KeyAttribute::Unwrap, *value),
        _ => return None,
    })
}

/// The SubjectPublicKeyInfo of a public key object that was asked for on this curve: by the point alone where the device gives one.
/// Whether the point is on the curve, the caller has yet to see.
pub(super) fn read_public_key_on(
    curve: Curve,
    session: &Session,
    public: ObjectHandle,
) -> Result<Vec<u8>, Pkcs11Error> {
    let answers = session.get_attributes(public, &[AttributeType::EcPoint]).map_err(Pkcs11Error::of)?;
    if let Some(Attribute::EcPoint(point)) = answers.first()
        && let Some(spki) = point::spki(curve.into(), Some(point), None)
    {
        return Ok(spki);
    }
    let (found, spki) = read_public_key(session, public)?;
    if Group::of(found) == Some(curve.into()) { Ok(spki) } else { Err(Pkcs11Error::PublicKey) }
}

/// Kind and SubjectPublicKeyInfo of a public key object of which nothing is known; a sound key, as far as its numbers tell.
pub(super) fn read_public_key(
    session: &Session,
    public: ObjectHandle,
) -> Result<(KeyKind, Vec<u8>), Pkcs11Error> {
    let asked = [
        AttributeType::EcParams,
        AttributeType::EcPoint,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::PublicKeyInfo,
    ];
    let answers = session.get_attributes(public, &asked).map_err(Pkcs11Error::of)?;
    let [mut params, mut point, mut modulus, mut exponent, mut info] = [None; 5];
    for answer in &answers {
        match answer {
            Attribute::EcParams(octets) => params = Some(octets.as_slice()),
            Attribute::EcPoint(octets) => point = Some(octets.as_slice()),
            Attribute::Modulus(octets) => modulus = Some(octets.as_slice()),
            Attribute::PublicExponent(octets) => exponent = Some(octets.as_slice()),
            Attribute::PublicKeyInfo(octets) => info = Some(octets.as_slice()),
            _ => {}
        }
    }
    let spki = match (params, modulus, exponent) {
        (Some(params), None, None) => {
            point::group_of(params).and_then(|group| point::spki(group, point, info))
        }
        (None, Some(modulus), Some(exponent)) => point::rsa_spki(modulus, exponent)
            .filter(|spki| info.is_none_or(|info| info.is_empty() || info == spki)),
        _ => None,
    };
    let spki = spki.ok_or(Pkcs11Error::PublicKey)?;
    let kind = PublicKey::from_spki_der(&spki).map_err(|_| Pkcs11Error::PublicKey)?.kind();
    Ok((kind, spki))
}

/// Handles of the private keys with this identifier.
pub(super) fn private_keys(session: &Session, id: &[u8]) -> Result<Vec<ObjectHandle>, Pkcs11Error> {
    find(session, &[Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(id.to_vec())])
}

/// Handles of the objects that fit, of which there are not to be more than a device can have.
pub(super) fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>, Pkcs11Error> {
    let mut found = Vec::new();
    for object in session.iter_objects(template).map_err(Pkcs11Error::of)? {
        if found.len() == MAX_OBJECTS {
            return Err(Pkcs11Error::TooManyObjects { most: MAX_OBJECTS });
        }
        found.push(object.map_err(Pkcs11Error::of)?);
    }
    Ok(found)
}
