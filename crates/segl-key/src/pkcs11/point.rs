//! From the attributes of a public key object to SubjectPublicKeyInfo.

use crate::Curve;

/// DER of the named curve's OBJECT IDENTIFIER, as `CKA_EC_PARAMS` wants it (RFC 5480, 2.1.1.1).
pub(super) const fn parameters(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
    }
}

/// The curve that `CKA_EC_PARAMS` names, if it is one of ours.
pub(super) fn curve_of(params: &[u8]) -> Option<Curve> {
    [Curve::P256, Curve::P384].into_iter().find(|curve| parameters(*curve) == params)
}

/// Octets of a coordinate, and of each half of a signature.
pub(super) const fn field_len(curve: Curve) -> usize {
    match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
    }
}

/// Everything of the SubjectPublicKeyInfo before the point (RFC 5480, 2).
const fn spki_head(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ],
        Curve::P384 => &[
            0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
            0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
        ],
    }
}

/// The SubjectPublicKeyInfo of a public key from `CKA_EC_POINT` and, where the device fills it, `CKA_PUBLIC_KEY_INFO`.
///
/// `None` when there is neither, the point is not an uncompressed one of the curve's length, or the two differ. Whether the point
/// lies on the curve is not looked at here.
pub(super) fn spki(curve: Curve, point: Option<&[u8]>, info: Option<&[u8]>) -> Option<Vec<u8>> {
    let info = info.filter(|info| !info.is_empty());
    let Some(point) = point.filter(|point| !point.is_empty()) else { return info.map(<[u8]>::to_vec) };
    let spki = [spki_head(curve), bare(curve, point)?].concat();
    info.is_none_or(|info| info == spki).then_some(spki)
}

/// The point without the OCTET STRING around it. PKCS#11 has wanted one since 2.30; some devices still give the point bare, which
/// begins with the same octet, so that only the length tells them apart.
fn bare(curve: Curve, point: &[u8]) -> Option<&[u8]> {
    let len = 2 * field_len(curve) + 1;
    let point = if point.len() == len {
        point
    } else {
        let [0x04, short, rest @ ..] = point else { return None };
        (usize::from(*short) == len && rest.len() == len).then_some(rest)?
    };
    (point.first() == Some(&0x04)).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(curve: Curve) -> Vec<u8> {
        let mut point = vec![7; 2 * field_len(curve) + 1];
        point[0] = 4;
        point
    }

    #[test]
    fn wrapped_and_bare_points_give_the_same() {
        for curve in [Curve::P256, Curve::P384] {
            let bare = point(curve);
            let mut wrapped = vec![4, u8::try_from(bare.len()).unwrap()];
            wrapped.extend(&bare);
            let from_bare = spki(curve, Some(&bare), None).unwrap();
            assert_eq!(spki(curve, Some(&wrapped), None), Some(from_bare.clone()));
            assert_eq!(spki(curve, Some(&wrapped), Some(&[])), Some(from_bare.clone()));
            assert_eq!(spki(curve, Some(&wrapped), Some(&from_bare)), Some(from_bare.clone()));
            assert_eq!(spki(curve, None, Some(&from_bare)), Some(from_bare.clone()));
            assert_eq!(from_bare.len(), usize::from(from_bare[1]) + 2);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bare = point(Curve::P256);
        assert_eq!(spki(Curve::P384, Some(&bare), None), None);
        assert_eq!(spki(Curve::P256, Some(&bare[1..]), None), None);
        assert_eq!(spki(Curve::P256, Some(&bare), Some(b"something else")), None);
        assert_eq!(spki(Curve::P256, None, None), None);
        assert_eq!(spki(Curve::P256, Some(&[]), Some(&[])), None);
        let mut compressed = bare.clone();
        compressed[0] = 2;
        assert_eq!(spki(Curve::P256, Some(&compressed), None), None);
        assert_eq!(curve_of(&[6, 1, 1]), None);
    }
}
