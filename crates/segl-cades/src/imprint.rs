use segl_crypto::{Digest, DigestAlgorithm, digest};

/// The imprint of a signature time-stamp: the digest of the octets of `SignerInfo.signature`, without tag and length
/// (EN 319 122-1, 5.3). `None` for an algorithm that cannot be computed.
#[must_use]
pub fn signature_timestamp_imprint(signature: &[u8], algorithm: DigestAlgorithm) -> Option<Digest> {
    digest(algorithm, signature)
}
