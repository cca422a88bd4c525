//! What a format must be given before it can go on.

use segl_crypto::Digest;

/// Something that only the outside can give: a format that grows a signature asks for it and takes the answer as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// A time-stamp token over this imprint.
    Timestamp(Digest),
}
