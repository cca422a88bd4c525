//! HTTP by ureq, kept on a short lead.

mod guard;
mod options;

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use ureq::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use ureq::unversioned::transport::{Connector as _, DefaultConnector};
use ureq::{Agent, Body, Timeout};

use self::guard::{Gate, Guard, Rules};
pub use self::guard::{Resolve, SystemResolver};
pub use self::options::{HttpOptions, HttpSetupError, Proxy, Timeouts};
use crate::date::retry_after;
use crate::error::{Cause, Step};
use crate::transport::{ReadFailure, Request, Transport, read_limited};
use crate::url::{Scheme, Url};

/// The largest head of a response: status line and headers; servers in use stay below 2 KiB.
const MAX_HEAD: usize = 16 << 10;
/// The most characters that are shown of what a server says.
const MAX_SHOWN: usize = 200;

/// HTTP/1.1, and HTTPS with feature `https`.
///
/// Everything is checked for every hop: scheme, host, and the address that is connected to. Nothing is unpacked, no cookies are kept, no
/// user information is sent, the environment is not read.
pub struct HttpTransport {
    agent: Agent,
    rules: Arc<Rules>,
    timeouts: Timeouts,
    redirects: usize,
    has_tls: bool,
}

impl core::fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpTransport").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport with these options. It opens no connection yet.
    ///
    /// # Errors
    /// [`HttpSetupError`].
    pub fn new(options: HttpOptions) -> Result<Self, HttpSetupError> {
        let HttpOptions { hosts, addresses, timeouts, redirects, user_agent, proxy, resolver, roots } =
            options;
        let proxy = proxy.map(|proxy| proxy.to_ureq()).transpose()?;
        // The library takes for granted that it can be sent.
        HeaderValue::from_str(&user_agent).map_err(|_| HttpSetupError::UserAgent)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Redirects are followed here, where each hop is checked.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MAX_HEAD)
            .timeout_resolve(Some(timeouts.resolve))
            .timeout_connect(Some(timeouts.connect))
            .timeout_per_read(Some(timeouts.idle))
            .timeout_per_write(Some(timeouts.idle))
            .user_agent(user_agent.as_str())
            .proxy(proxy.clone());
        let (config, has_tls) = options::with_tls(config, &roots)?;
        let rules = Arc::new(Rules { hosts, addresses, proxy: proxy.map(|proxy| proxy.uri().clone()) });
        let connector = ().chain(Gate(Arc::clone(&rules))).chain(DefaultConnector::new());
        let guard = Guard::new(Arc::clone(&rules), resolver);
        let agent = Agent::with_parts(config.build(), connector, guard);
        Ok(Self { agent, rules, timeouts, redirects, has_tls })
    }

    fn check(&self, url: &Url) -> Result<(), Cause> {
        if url.scheme() == Scheme::Https && !self.has_tls {
            return Err(Cause::WithoutTls);
        }
        if !self.rules.hosts.allow(url.host()) {
            return Err(Cause::HostNotAllowed { host: url.host().to_owned() });
        }
        // With a proxy nobody here resolves names; an address that is written out is judged all the same.
        url.ip().map_or(Ok(()), |address| self.rules.check(url.host(), address))
    }

    fn once(&self, url: &Url, request: &Request<'_>, time: Duration) -> Result<Response<Body>, Cause> {
        let answer = match request.body {
            None => self
                .agent
                .get(url.as_str())
                .config()
                .timeout_global(Some(time))
                .build()
                .header(header::ACCEPT, request.accept)
                .header(header::ACCEPT_ENCODING, "identity")
                .call(),
            Some(body) => self
                .agent
                .post(url.as_str())
                .config()
                .timeout_global(Some(time))
                .build()
                .header(header::ACCEPT, request.accept)
                .header(header::ACCEPT_ENCODING, "identity")
                .content_type(body.content_type)
                .send(body.octets),
        };
        answer.map_err(cause_of)
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Cause> {
        let started = Instant::now();
        let mut url = request.url.clone();
        let mut visited = Vec::new();
        loop {
            self.check(&url)?;
            let left = self.timeouts.all.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(Cause::Timeout { step: Step::All });
            }
            let response = self.once(&url, request, left)?;
            let status = response.status();
            if status == StatusCode::OK {
                return body(response, request.limit);
            }
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                let wait = text(response.headers(), &header::RETRY_AFTER);
                let retry_after = wait.and_then(|wait| retry_after(wait, request.now));
                return Err(Cause::Status { status: status.as_u16(), retry_after });
            }
            if request.body.is_some() && !matches!(status.as_u16(), 307 | 308) {
                return Err(Cause::RedirectOfRequest { status: status.as_u16() });
            }
            let target = text(response.headers(), &header::LOCATION)
                .ok_or(Cause::RedirectWithoutTarget { status: status.as_u16() })?;
            let target = url.join(target).map_err(Cause::RedirectTarget)?;
            if url.scheme() == Scheme::Https && target.scheme() == Scheme::Http {
                return Err(Cause::RedirectDowngrade { target });
            }
            visited.push(url);
            if visited.contains(&target) {
                return Err(Cause::RedirectLoop { target });
            }
            if visited.len() > self.redirects {
                return Err(Cause::TooManyRedirects { limit: self.redirects });
            }
            url = target;
        }
    }
}

fn body(response: Response<Body>, limit: usize) -> Result<Vec<u8>, Cause> {
    let coding = text(response.headers(), &header::CONTENT_ENCODING).unwrap_or("identity").trim();
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        return Err(Cause::Encoded { coding: tame(coding) });
    }
    let announced: Option<u64> =
        text(response.headers(), &header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let is_too_large = |announced: &u64| usize::try_from(*announced).map_or(true, |octets| octets > limit);
    if let Some(announced) = announced.filter(is_too_large) {
        return Err(Cause::TooLarge { limit, announced: Some(announced) });
    }
    read_limited(response.into_body().into_reader(), limit).map_err(|failure| match failure {
        ReadFailure::Limit => Cause::TooLarge { limit, announced: None },
        ReadFailure::Io(error) => cause_of_io(error),
    })
}

/// What comes from a server, or from a library that quotes one, fit to be shown: short, and without control characters.
fn tame(text: impl ToString) -> String {
    text.to_string().chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// ureq wraps its own errors into those of I/O while a body is read, and so does TLS.
fn cause_of_io(error: io::Error) -> Cause {
    match error.downcast::<ureq::Error>() {
        Ok(error) => cause_of(error),
        Err(error) => tls_cause(error),
    }
}

#[cfg(feature = "https")]
fn tls_cause(error: io::Error) -> Cause {
    match error.downcast::<rustls::Error>() {
        Ok(error) => Cause::Tls { what: tame(error) },
        Err(error) => Cause::Connection(Arc::new(error)),
    }
}

#[cfg(not(feature = "https"))]
fn tls_cause(error: io::Error) -> Cause {
    Cause::Connection(Arc::new(error))
}

fn cause_of(error: ureq::Error) -> Cause {
    use ureq::Error;
    match error {
        Error::Io(error) => match error.get_ref() {
            Some(inner) if inner.is::<Error>() => cause_of_io(error),
            _ => tls_cause(error),
        },
        Error::Timeout(timeout) => Cause::Timeout {
            step: match timeout {
                Timeout::Resolve => Step::Resolve,
                Timeout::Connect => Step::Connect,
                Timeout::PerWrite | Timeout::SendRequest | Timeout::SendBody => Step::Send,
                Timeout::PerRead | Timeout::RecvResponse | Timeout::RecvBody => Step::Read,
                _ => Step::All,
            },
        },
        Error::LargeResponseHeader(_, limit) => Cause::HeadTooLarge { limit },
        Error::ConnectProxyFailed(what) => Cause::Proxy { what: tame(what) },
        Error::Other(error) => match error.downcast::<Cause>() {
            Ok(cause) => *cause,
            Err(error) => Cause::Transport(Arc::from(error)),
        },
        Error::Tls(what) => Cause::Tls { what: what.to_owned() },
        Error::TlsRequired => Cause::WithoutTls,
        #[cfg(feature = "https")]
        Error::Rustls(error) => Cause::Tls { what: tame(error) },
        other => Cause::Protocol { what: tame(other) },
    }
}
