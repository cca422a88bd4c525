//! What can go wrong on the way.

use core::time::Duration;
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use segl_crypto::Time;
use segl_revocation::{CrlError, OcspError};
use segl_x509::CertificateError;

use crate::url::{Url, UrlError, shown};

/// Something could not be fetched.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{url} was not fetched: {cause}")]
#[non_exhaustive]
pub struct FetchError {
    /// What was asked for, without user information and query.
    pub url: String,
    /// Why there is no answer.
    #[source]
    pub cause: Cause,
}

impl FetchError {
    pub(crate) fn new(url: &str, cause: Cause) -> Self {
        Self { url: shown(url), cause }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Another thread asked for the same and did not come back.
    #[error("the request was abandoned")]
    Abandoned,
    /// The name resolves only to addresses that may not be connected to.
    #[error("{host} has the address {address}, which may not be connected to")]
    AddressNotAllowed {
        /// The host.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// The body is neither a certificate nor a message with certificates.
    #[error("the answer holds no certificate: {0}")]
    Certificate(#[source] CertificateError),
    /// The connection ended or failed.
    #[error("the connection failed: {0}")]
    Connection(#[source] Arc<io::Error>),
    /// The body is not a CRL.
    #[error("the answer is not a CRL: {0}")]
    Crl(#[source] CrlError),
    /// The body is empty.
    #[error("the answer is empty")]
    Empty,
    /// The body is compressed, which nobody asked for; it is not unpacked.
    #[error("the answer is compressed ({coding}), which was not asked for")]
    Encoded {
        /// The coding as the server calls it.
        coding: String,
    },
    /// A file of a [`FileTransport`](crate::FileTransport) could not be read.
    #[error("the file for this address could not be read: {0}")]
    File(#[source] Arc<io::Error>),
    /// The head of the response is larger than allowed.
    #[error("the head of the answer is larger than {limit} octets")]
    HeadTooLarge {
        /// The limit in octets.
        limit: usize,
    },
    /// The host is not among those that may be asked.
    #[error("{host} is not among the hosts that may be asked")]
    HostNotAllowed {
        /// The host.
        host: String,
    },
    /// The message holds more certificates than are read.
    #[error("the answer holds more than {limit} certificates")]
    ManyCertificates {
        /// The limit.
        limit: usize,
    },
    /// The response answers another request: its nonce is not the one sent (RFC 9654).
    #[error("the response does not have the nonce of the request")]
    Nonce,
    /// What came does not begin as DER.
    #[error("the answer is not DER: it begins with the octet {first:#04x}")]
    NotDer {
        /// The first octet.
        first: u8,
    },
    /// A [`FileTransport`](crate::FileTransport) has no file for this address.
    #[error("no file stands for this address")]
    NotMapped,
    /// Not an OCSP response, or one that says that there is none.
    #[error("the answer is no OCSP response that says anything: {0}")]
    Ocsp(#[source] OcspError),
    /// The OCSP response is about other certificates.
    #[error("the response is not about the certificate in question")]
    OtherCertificate,
    /// A page for people stands where the answer should be, with status 200.
    #[error("the answer is a page of HTML or XML")]
    Page,
    /// The PEM text is malformed or holds nothing of this kind.
    #[error("the answer is PEM text that holds nothing of this kind")]
    Pem,
    /// What the server says is not HTTP.
    #[error("the server does not keep to HTTP: {what}")]
    Protocol {
        /// What the HTTP library found.
        what: String,
    },
    /// The proxy did not let it pass.
    #[error("the proxy refused: {what}")]
    Proxy {
        /// What the HTTP library found.
        what: String,
    },
    /// It failed a moment ago, and is not asked again yet.
    #[error("it failed shortly before and is not asked again until {until}: {cause}")]
    RecentlyFailed {
        /// When it may be asked again.
        until: Time,
        /// Why it failed.
        #[source]
        cause: Box<Self>,
    },
    /// A redirect leads from https to http.
    #[error("the redirect to {target} leads from https to http")]
    RedirectDowngrade {
        /// Where to.
        target: Url,
    },
    /// A redirect leads to where the request has been already.
    #[error("the redirect to {target} goes in a circle")]
    RedirectLoop {
        /// Where to.
        target: Url,
    },
    /// A redirect answers a request with a body by asking to drop the body.
    #[error("the redirect with status {status} would drop the request")]
    RedirectOfRequest {
        /// The status.
        status: u16,
    },
    /// A redirect leads to no address that can be fetched.
    #[error("the redirect leads nowhere: {0}")]
    RedirectTarget(#[source] UrlError),
    /// A redirect without `Location`.
    #[error("the redirect with status {status} does not say where to")]
    RedirectWithoutTarget {
        /// The status.
        status: u16,
    },
    /// The name was not resolved.
    #[error("{host} was not resolved: {error}")]
    Resolve {
        /// The host.
        host: String,
        /// Why.
        #[source]
        error: Arc<io::Error>,
    },
    /// Another status than 200.
    #[error("the server answers with status {status}")]
    Status {
        /// The status.
        status: u16,
        /// How long the server wishes to be left alone.
        retry_after: Option<Duration>,
    },
    /// It took too long.
    #[error("no answer in time: {step} took longer than allowed")]
    Timeout {
        /// What took too long.
        step: Step,
    },
    /// The body is larger than allowed for its kind.
    #[error("the answer is larger than {limit} octets")]
    TooLarge {
        /// The limit in octets.
        limit: usize,
        /// The size the server announced, when it was this that was too large.
        announced: Option<u64>,
    },
    /// More redirects than allowed.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// The limit.
        limit: usize,
    },
    /// TLS failed: the server's certificate, most often.
    #[error("TLS failed: {what}")]
    Tls {
        /// What the TLS library found.
        what: String,
    },
    /// There is more in the body than one value in DER.
    #[error("{octets} octets follow the answer")]
    Trailing {
        /// How many octets.
        octets: usize,
    },
    /// The body ends before the value in DER does.
    #[error("the answer was cut off: {found} octets of {expected}")]
    Truncated {
        /// How many octets there are.
        found: usize,
        /// How many the value says it has.
        expected: u64,
    },
    /// What was asked for is no address that can be fetched.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The address is https, and there is no TLS: the feature is off, or there are no roots to trust.
    #[error("there is no TLS here: feature `https` and roots to trust are needed")]
    WithoutTls,
    /// A transport of the caller's failed.
    #[error("the transport failed: {0}")]
    Transport(#[source] Arc<dyn Error + Send + Sync>),
}

/// A step of a request that has a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The whole, redirects included.
    All,
    /// Connecting, TLS included.
    Connect,
    /// Waiting for the next octets.
    Read,
    /// Resolving the name.
    Resolve,
    /// Sending the request.
    Send,
}

impl core::fmt::Display for Step {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::All => "the request",
            Self::Connect => "connecting",
            Self::Read => "waiting for the next octets",
            Self::Resolve => "resolving the name",
            Self::Send => "sending",
        })
    }
}

impl Cause {
    /// Whether it is the network's or the server's doing, so that a later try may succeed.
    pub const fn may_pass(&self) -> bool {
        !matches!(
            self,
            Self::AddressNotAllowed { .. }
                | Self::HostNotAllowed { .. }
                | Self::NotMapped
                | Self::RecentlyFailed { .. }
                | Self::Url(_)
                | Self::WithoutTls
        )
    }
}
