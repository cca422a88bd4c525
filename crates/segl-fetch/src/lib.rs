#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "a test may stop at the first surprise"
    )
)]

mod ask;
mod body;
mod cache;
#[cfg(feature = "http")]
mod date;
mod error;
mod fetcher;
mod flight;
mod gather;
#[cfg(feature = "http")]
mod http;
mod places;
mod transport;
mod url;

pub use crate::ask::Ask;
pub use crate::body::{MAX_CERTIFICATES, read_certificates};
pub use crate::cache::{Cache, CacheError, CacheKey, Entry, FileCache, MemoryCache};
pub use crate::error::{Cause, FetchError, Step};
pub use crate::fetcher::{Fetched, Fetcher, Keep, MissingNonce, OcspMethod, Origin, Sizes};
pub use crate::gather::{Budget, Tried, Unanswered, gather};
#[cfg(feature = "http")]
pub use crate::http::{HttpOptions, HttpSetupError, HttpTransport, Proxy, Resolve, SystemResolver, Timeouts};
pub use crate::places::{Addresses, Hosts, Network, NetworkParseError, is_inner};
pub use crate::transport::{FileTransport, Request, RequestBody, Transport};
pub use crate::url::{MAX_URL, Scheme, Url, UrlError};
