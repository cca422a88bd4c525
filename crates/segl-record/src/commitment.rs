use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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

    /// The salts of fields.
    pub(crate) fn salts(&self) -> Salts {
        Salts(hmac(&self.0).chain_update(b"segl-salt/v1\0"))
    }
}

/// One salt after the other.
pub(crate) struct Salts(Hmac<Sha256>);

impl Salts {
    /// The salt of a field.
    pub(crate) fn salt(&self, field: Field) -> [u8; 32] {
        self.0.clone().chain_update(field.name()).finalize().into_bytes().into()
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
    hmac(salt)
        .chain_update(b"segl-record/v1\0")
        .chain_update(name_length)
        .chain_update(name)
        .chain_update(value_length)
        .chain_update(value)
        .finalize()
        .into_bytes()
        .into()
}

/// HMAC-SHA-256 (RFC 2104) that has taken in its key.
fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the block is filled up with zeros (RFC 2104, 2).
    let mut block = [0; 64];
    let (octets, _) = block.split_at_mut(key.len());
    octets.copy_from_slice(key);
    Hmac::new(&block.into())
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
        let salts: std::collections::BTreeSet<_> =
            Field::all().map(|field| seed.salts().salt(field)).collect();
        assert_eq!(salts.len(), Field::all().count());
        assert_eq!(format!("{seed:?}"), "SaltSeed(redacted)");
    }
}
