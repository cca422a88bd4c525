//! DSA (FIPS 186-4), for signatures of the past: nothing here signs with it.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Encode, Tag, Tagged};
use dsa::{BoxedUint, Components, VerifyingKey};
use signature::hazmat::PrehashVerifier as _;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

/// id-dsa (RFC 3279, 2.3.2): a key, or bare in a SignerInfo a signature.
pub(crate) const ID_DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");

/// Bits of p and q that FIPS 186-4, 4.2 allows. Any other pair is refused before a number is computed with: one exponentiation with a
/// modulus of some hundred thousand bits, which a certificate has room for, takes minutes.
const SIZES: [(usize, usize); 4] = [(1_024, 160), (2_048, 224), (2_048, 256), (3_072, 256)];

/// The SubjectPublicKeyInfo `spki` with the domain parameters of the authority's key `above`, where it is a DSA key that leaves its own
/// out (RFC 3279, 2.3.2; RFC 5280, 6.1.4 (d) and (e)); any other comes back as it is.
///
/// `above` must itself be complete, and is not checked to be a key. What comes back with parameters is a SubjectPublicKeyInfo of the
/// same key, but no longer the bytes of its certificate.
#[must_use]
pub fn with_inherited_parameters<'a>(spki: &'a [u8], above: &[u8]) -> Cow<'a, [u8]> {
    complete(spki, above).map_or(Cow::Borrowed(spki), Cow::Owned)
}

/// Whether the SubjectPublicKeyInfo is of a DSA key that leaves its domain parameters to the authority above.
#[must_use]
pub fn lacks_parameters(spki: &[u8]) -> bool {
    read(spki).is_some_and(|info| info.algorithm.oid == ID_DSA && parameters(&info).is_none())
}

fn complete(spki: &[u8], above: &[u8]) -> Option<Vec<u8>> {
    let info = read(spki).filter(|info| info.algorithm.oid == ID_DSA && parameters(info).is_none())?;
    let above = read(above).filter(|above| above.algorithm.oid == ID_DSA)?;
    let algorithm = AlgorithmIdentifierRef { oid: ID_DSA, parameters: Some(parameters(&above)?) };
    SubjectPublicKeyInfoRef { algorithm, subject_public_key: info.subject_public_key }.to_der().ok()
}

fn read(spki: &[u8]) -> Option<SubjectPublicKeyInfoRef<'_>> {
    SubjectPublicKeyInfoRef::from_der(spki).ok()
}

/// NULL is as good as absent (RFC 5280, 6.1.4 (e)).
pub(crate) fn parameters<'a>(info: &SubjectPublicKeyInfoRef<'a>) -> Option<AnyRef<'a>> {
    info.algorithm.parameters.filter(|parameters| parameters.tag() != Tag::Null)
}

/// Reads Dss-Parms and DSAPublicKey: the bits of p, and the key.
pub(crate) fn key(parameters: AnyRef<'_>, public: &[u8]) -> Option<(usize, VerifyingKey)> {
    let [p, q, g] = parameters
        .sequence(|reader| {
            Ok::<_, der::Error>([
                UintRef::decode(reader)?,
                UintRef::decode(reader)?,
                UintRef::decode(reader)?,
            ])
        })
        .ok()?;
    let y = UintRef::from_der(public).ok()?;
    let sizes = (bits(p)?, bits(q)?);
    if !SIZES.contains(&sizes) || q.as_bytes().last()? % 2 == 0 {
        return None;
    }
    // The arithmetic wants all that is computed modulo p in the length of p.
    let modulo_p =
        |number: UintRef<'_>| BoxedUint::from_be_slice(number.as_bytes(), u32::try_from(sizes.0).ok()?).ok();
    let (p, g, y) = (modulo_p(p)?, modulo_p(g)?, modulo_p(y)?);
    if y >= p {
        return None;
    }
    let q = BoxedUint::from_be_slice_vartime(q.as_bytes());
    let components = Components::from_components(p, q, g.clone()).ok()?;
    // Both g and y must be of order q; with others one value could verify over any message.
    if VerifyingKey::from_components(components.clone(), g).is_err() {
        return None;
    }
    Some((sizes.0, VerifyingKey::from_components(components, y).ok()?))
}

/// Verifies r and s, each of the same number of octets, over a digest.
pub(crate) fn verifies(key: &VerifyingKey, digest: &[u8], raw: &[u8]) -> bool {
    let (r, s) = raw.split_at(raw.len() / 2);
    let number = BoxedUint::from_be_slice_vartime;
    dsa::Signature::from_components(number(r), number(s))
        .is_some_and(|value| key.verify_prehash(digest, &value).is_ok())
}

fn bits(number: UintRef<'_>) -> Option<usize> {
    let octets = number.as_bytes();
    let leading = usize::try_from(octets.first()?.leading_zeros()).ok()?;
    octets.len().checked_mul(8)?.checked_sub(leading)
}
