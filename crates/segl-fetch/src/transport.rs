//! The seam to the network: one request, one answer.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use segl_crypto::Time;

use crate::error::Cause;
use crate::url::Url;

/// One request. It is made by a [`Fetcher`](crate::Fetcher) and carried out by a [`Transport`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// Where to.
    pub url: &'a Url,
    /// The responder's or authority's own address when `url` has the request in its path (RFC 6960, A.1); else the same.
    pub base: &'a Url,
    /// What is sent; a GET when it is `None`.
    pub body: Option<RequestBody<'a>>,
    /// The media type asked for. It is not looked at in the answer.
    pub accept: &'static str,
    /// The most octets the answer may have.
    pub limit: usize,
    /// The caller's time, for dates in `Retry-After`.
    pub now: Time,
}

impl<'a> Request<'a> {
    /// A GET. `accept` is the media type asked for, `limit` the most octets of the answer.
    pub const fn get(url: &'a Url, accept: &'static str, limit: usize, now: Time) -> Self {
        Self { url, base: url, body: None, accept, limit, now }
    }

    /// A POST of `octets`, whose media type is `content_type`.
    pub const fn post(
        url: &'a Url,
        (content_type, octets): (&'static str, &'a [u8]),
        accept: &'static str,
        limit: usize,
        now: Time,
    ) -> Self {
        Self { url, base: url, body: Some(RequestBody { octets, content_type }), accept, limit, now }
    }
}

/// What a POST sends.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestBody<'a> {
    /// The octets.
    pub octets: &'a [u8],
    /// Their media type.
    pub content_type: &'static str,
}

/// Carries requests out: over HTTP, from files, or in any way of the caller's.
pub trait Transport: Send + Sync {
    /// The body of the answer; as it came, nothing unpacked.
    ///
    /// # Errors
    /// [`Cause`]. More octets than [`Request::limit`] are [`Cause::TooLarge`], read no further than that; a failure that is none of the
    /// others is [`Cause::Transport`].
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        (**self).send(request)
    }
}

/// Answers from files: each address stands for one file, which is read anew at each request. What a POST sends is not looked at.
#[derive(Clone, Debug, Default)]
pub struct FileTransport {
    files: HashMap<Url, PathBuf>,
}

impl FileTransport {
    /// A transport without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a file answer for an address; of OCSP this is the responder's, whether it is asked by POST or by GET.
    #[must_use]
    pub fn file(mut self, url: Url, path: impl Into<PathBuf>) -> Self {
        self.files.insert(url, path.into());
        self
    }
}

impl Transport for FileTransport {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        let path =
            self.files.get(request.url).or_else(|| self.files.get(request.base)).ok_or(Cause::NotMapped)?;
        let file = File::open(path).map_err(|error| Cause::File(Arc::new(error)))?;
        read_limited(file, request.limit).map_err(|failure| match failure {
            ReadFailure::Limit => Cause::TooLarge { limit: request.limit, announced: None },
            ReadFailure::Io(error) => Cause::File(Arc::new(error)),
        })
    }
}

/// Why reading ended early.
pub(crate) enum ReadFailure {
    Limit,
    Io(std::io::Error),
}

/// Reads to the end, but no more than one octet beyond the limit.
pub(crate) fn read_limited(reader: impl Read, limit: usize) -> Result<Vec<u8>, ReadFailure> {
    let mut octets = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut octets).map_err(ReadFailure::Io)?;
    if octets.len() > limit { Err(ReadFailure::Limit) } else { Ok(octets) }
}
