//! From the attributes of a public key object to SubjectPublicKeyInfo.

use segl_crypto::KeyKind;

use crate::Curve;

/// A curve that keys in a device are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    P256,
    P384,
    P521,
    Ed25519,
}

impl From<Curve> for Group {
    fn from(curve: Curve) -> Self {
        match curve {
            Curve::P256 => Self::P256,
            Curve::P384 => Self::P384,
        }
    }
}

impl Group {
    /// The curve of a key of this kind; `None` for RSA.
    pub(super) const fn of(kind: KeyKind) -> Option<Self> {
        Some(match kind {
            KeyKind::EcP256 => Self::P256,
            KeyKind::EcP384 => Self::P384,
            KeyKind::EcP521 => Self::P521,
            KeyKind::Ed25519 => Self::Ed25519,
            _ => return None,
        })
    }

    /// The kind of key that is on it.
    pub(super) const fn kind(self) -> KeyKind {
        match self {
            Self::P256 => KeyKind::EcP256,
            Self::P384 => KeyKind::EcP384,
            Self::P521 => KeyKind::EcP521,
            Self::Ed25519 => KeyKind::Ed25519,
        }
    }

    /// The ways to name the curve in `CKA_EC_PARAMS`, the usual one first: DER of an OBJECT IDENTIFIER (RFC 5480, 2.1.1.1; RFC 8410, 3),
    /// and for Edwards curves also of a name or of an older identifier (PKCS#11 3.0, 2.3.10).
    pub(super) const fn parameters(self) -> &'static [&'static [u8]] {
        match self {
            Self::P256 => &[&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]],
            Self::P384 => &[&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]],
            Self::P521 => &[&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]],
            Self::Ed25519 => &[
                &[0x06, 0x03, 0x2b, 0x65, 0x70],
                b"\x13\x0cedwards25519",
                &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01],
            ],
        }
    }

    /// Octets of a coordinate, and of each half of a signature.
    pub(super) const fn field_len(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Octets of a public point: both coordinates uncompressed, or one and a sign on the Edwards curve.
    const fn point_len(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            _ => 2 * self.field_len() + 1,
        }
    }

    /// Everything of the SubjectPublicKeyInfo before the point (RFC 5480, 2; RFC 8410, 4).
    const fn spki_head(self) -> &'static [u8] {
        match self {
            Self::P256 => &[
                0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
                0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
            ],
            Self::P384 => &[
                0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
                0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
            ],
            Self::P521 => &[
                0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
            ],
            Self::Ed25519 => &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
        }
    }
}

/// The curve that `CKA_EC_PARAMS` names, if it is one of ours.
pub(super) fn group_of(params: &[u8]) -> Option<Group> {
    [Group::P256, Group::P384, Group::P521, Group::Ed25519]
        .into_iter()
        .find(|group| group.parameters().contains(&params))
}

/// The SubjectPublicKeyInfo of a public key from `CKA_EC_POINT` and, where the device fills it, `CKA_PUBLIC_KEY_INFO`.
///
/// `None` when there is neither, the point is not an uncompressed one of the curve's length, or the two differ. Whether the point
/// lies on the curve is not looked at here.
pub(super) fn spki(group: Group, point: Option<&[u8]>, info: Option<&[u8]>) -> Option<Vec<u8>> {
    let info = info.filter(|info| !info.is_empty());
    let Some(point) = point.filter(|point| !point.is_empty()) else { return info.map(<[u8]>::to_vec) };
    let spki = [group.spki_head(), bare(group, point)?].concat();
    info.is_none_or(|info| info == spki).then_some(spki)
}

/// The point without the OCTET STRING around it. PKCS#11 has wanted one since 2.30; some devices still give the point bare, which
/// can begin with the same octet, so that only the length tells them apart.
fn bare(group: Group, point: &[u8]) -> Option<&[u8]> {
    let len = group.point_len();
    let point = if point.len() == len {
        point
    } else {
        let (said, rest) = match point {
            [0x04, 0x81, long @ 0x80..=0xff, rest @ ..] => (long, rest),
            [0x04, short @ 0..=0x7f, rest @ ..] => (short, rest),
            _ => return None,
        };
        (usize::from(*said) == len && rest.len() == len).then_some(rest)?
    };
    (group == Group::Ed25519 || point.first() == Some(&0x04)).then_some(point)
}

/// The SubjectPublicKeyInfo of an RSA key (RFC 3279, 2.3.1) from `CKA_MODULUS` and `CKA_PUBLIC_EXPONENT`, both big-endian.
///
/// `None` when one of them is zero, or longer than 4 096 octets.
pub(super) fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    const ALGORITHM: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let numbers = [unsigned(modulus)?, unsigned(exponent)?].concat();
    let key = [vec![0], tlv(0x30, &numbers)?].concat();
    tlv(0x30, &[ALGORITHM.to_vec(), tlv(0x03, &key)?].concat())
}

fn unsigned(octets: &[u8]) -> Option<Vec<u8>> {
    let digits = octets.get(octets.iter().position(|octet| *octet != 0)?..)?;
    if digits.len() > 4096 {
        return None;
    }
    let pad: &[u8] = if digits.first()? & 0x80 == 0 { &[] } else { &[0] };
    tlv(0x02, &[pad, digits].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let head = match (high, low) {
        (0, ..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    Some([head.as_slice(), content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(group: Group) -> Vec<u8> {
        let mut point = vec![7; group.point_len()];
        point[0] = 4;
        point
    }

    #[test]
    fn wrapped_and_bare_points_give_the_same() {
        for group in [Group::P256, Group::P384, Group::P521, Group::Ed25519] {
            let bare = point(group);
            let wrapped = tlv(4, &bare).unwrap();
            let from_bare = spki(group, Some(&bare), None).unwrap();
            assert_eq!(spki(group, Some(&wrapped), None), Some(from_bare.clone()));
            assert_eq!(spki(group, Some(&wrapped), Some(&[])), Some(from_bare.clone()));
            assert_eq!(spki(group, Some(&wrapped), Some(&from_bare)), Some(from_bare.clone()));
            assert_eq!(spki(group, None, Some(&from_bare)), Some(from_bare.clone()));
            let content = if group == Group::P521 { 3 } else { 2 };
            assert_eq!(from_bare.len(), usize::from(from_bare[content - 1]) + content);
            for params in group.parameters() {
                assert_eq!(group_of(params), Some(group));
                assert_eq!(params.len(), usize::from(params[1]) + 2);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bare = point(Group::P256);
        assert_eq!(spki(Group::P384, Some(&bare), None), None);
        assert_eq!(spki(Group::P256, Some(&bare[1..]), None), None);
        assert_eq!(spki(Group::P256, Some(&bare), Some(b"something else")), None);
        assert_eq!(spki(Group::P256, None, None), None);
        assert_eq!(spki(Group::P256, Some(&[]), Some(&[])), None);
        let mut compressed = bare.clone();
        compressed[0] = 2;
        assert_eq!(spki(Group::P256, Some(&compressed), None), None);
        assert_eq!(group_of(&[6, 1, 1]), None);
    }

    #[test]
    fn rsa_numbers_are_minimal_and_positive() {
        let modulus = [vec![0, 0, 0xc1], vec![0x35; 255]].concat();
        let spki = rsa_spki(&modulus, &[1, 0, 1]).unwrap();
        assert_eq!(spki, rsa_spki(&modulus[2..], &[0, 1, 0, 1]).unwrap());
        assert_eq!(spki.len(), 294);
        let key = segl_crypto::PublicKey::from_spki_der(&spki).unwrap();
        assert_eq!(key.kind(), KeyKind::Rsa { bits: 2048 });
        assert_eq!(rsa_spki(&[0, 0], &[3]), None);
        assert_eq!(rsa_spki(&[], &[3]), None);
        assert_eq!(rsa_spki(&[1; 4097], &[3]), None);
    }
}
