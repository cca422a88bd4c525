use segl_crypto::sha256;

use crate::Field;

/// The random octets from which the salts of one log entry are drawn: 32 octets, used for one entry and then gone.
///
/// Every field gets a salt of its own, so that showing one field opens no other. The octets themselves are not stored anywhere: once
/// the salts are erased, nothing can bring them back. The caller answers for their quality.
#[derive(Clone)]
pub struct SaltSeed([u8; 32]);

impl SaltSeed {
    /// Takes 32 fresh random octets.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The salt of a field.
    pub(crate) fn salt(&self, field: Field) -> [u8; 32] {
        hmac(&self.0, &[b"segl-salt/v1\0", field.name().as_bytes()])
    }
}

impl core::fmt::Debug for SaltSeed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SaltSeed(redacted)")
    }
}

/// The commitment to one value: HMAC-SHA-256 under the field's salt over `segl-record/v1\0`, the length of the field's name (u16), the
/// name, the length of the value (u32) and the value.
///
/// HMAC and lengths, so that no value can be extended and no two splits of name and value look alike. While the salt exists the
/// commitment can be opened; without it, it is noise.
#[must_use]
pub fn commit(salt: &[u8; 32], field: Field, value: &[u8]) -> [u8; 32] {
    let name = field.name().as_bytes();
    // Names have a fixed few characters and values are bounded far below 2^32.
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes();
    let value_length = u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes();
    hmac(salt, &[b"segl-record/v1\0", &name_length, name, &value_length, value])
}

/// HMAC-SHA-256 (RFC 2104) with a key of 32 octets.
fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |pad: u8| [key.map(|b| b ^ pad), [pad; 32]];
    let message: usize = parts.iter().map(|part| part.len()).sum();
    let mut inner = Vec::with_capacity(message.saturating_add(64));
    inner.extend_from_slice(padded(0x36).as_flattened());
    for part in parts {
        inner.extend_from_slice(part);
    }
    let [key, pad] = padded(0x5c);
    sha256([key, pad, sha256(&inner)].as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    #[test]
    fn a_commitment_is_what_another_hmac_makes_of_it() {
        // Computed with Python's hmac module.
        let salt: [u8; 32] = core::array::from_fn(|i| i as u8);
        assert_eq!(
            hex(&commit(&salt, Field::HolderName, b"Test Person")),
            "d74132a75bc25c3067521994ea852f11c381496a1576fb6a7b80797eb1f58b05"
        );
    }

    #[test]
    fn names_and_values_do_not_run_into_each_other() {
        let salt = [7; 32];
        let all: std::collections::BTreeSet<_> = Field::all()
            .flat_map(|field| [&b""[..], b"a", b"ab", b"\0"].map(|value| commit(&salt, field, value)))
            .collect();
        assert_eq!(all.len(), Field::all().count() * 4);
    }

    #[test]
    fn every_field_has_a_salt_of_its_own() {
        let seed = SaltSeed::new([3; 32]);
        let salts: std::collections::BTreeSet<_> = Field::all().map(|field| seed.salt(field)).collect();
        assert_eq!(salts.len(), Field::all().count());
        assert_eq!(format!("{seed:?}"), "SaltSeed(redacted)");
    }
}
