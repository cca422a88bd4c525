//! What the caller chooses.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use segl_x509::Certificate;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use super::guard::{Resolve, SystemResolver};
use crate::places::{Addresses, Hosts};

/// Choices of an [`HttpTransport`](super::HttpTransport), each with a default.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    pub(super) hosts: Hosts,
    pub(super) addresses: Addresses,
    pub(super) timeouts: Timeouts,
    pub(super) redirects: usize,
    pub(super) user_agent: String,
    pub(super) proxy: Option<Proxy>,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) roots: Vec<Certificate>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field, over the default")]
pub struct Timeouts {
    /// Resolving a name. Default 5 seconds.
    pub resolve: Duration,
    /// Connecting, to all addresses of a name together, TLS included. Default 10 seconds.
    pub connect: Duration,
    /// Between two reads or writes that bring something. Default 10 seconds.
    pub idle: Duration,
    /// The whole, redirects included. Default 60 seconds: the largest CRL needs 1 MiB a second.
    pub all: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(10),
            all: Duration::from_secs(60),
        }
    }
}

/// An HTTP proxy that is asked to connect to the host (CONNECT, RFC 9110, 9.3.6), for http as for https.
///
/// The proxy resolves names, so which address is connected to is for the proxy's own rules: [`Addresses`] only judges addresses that are
/// written out. The proxy itself may stand in the inner network.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    user: Option<(String, String)>,
}

/// Why there is no transport.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpSetupError {
    /// The proxy's host is not a name or an IP address.
    #[error("the host of the proxy is neither a name nor an IP address")]
    Proxy,
    /// None of the roots can be used for TLS.
    #[error("none of the certificates given can be a root of TLS")]
    Roots,
    /// What the client is to call itself cannot stand in a header.
    #[error("the name of the client holds a control character")]
    UserAgent,
    /// Roots were given, and feature `https` is off.
    #[error("roots of TLS were given, but feature `https` is off")]
    WithoutTls,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            hosts: Hosts::default(),
            addresses: Addresses::default(),
            timeouts: Timeouts::default(),
            redirects: 5,
            user_agent: concat!("segl/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            resolver: Arc::new(SystemResolver),
            roots: Vec::new(),
        }
    }
}

impl HttpOptions {
    /// The defaults: any host with a public address, no proxy, no TLS.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hosts that may be asked.
    #[must_use]
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = hosts;
        self
    }

    /// The addresses that may be connected to.
    #[must_use]
    pub fn addresses(mut self, addresses: Addresses) -> Self {
        self.addresses = addresses;
        self
    }

    /// Time limits.
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The most redirects followed; 5 by default.
    #[must_use]
    pub const fn redirects(mut self, redirects: usize) -> Self {
        self.redirects = redirects;
        self
    }

    /// What the client calls itself; `segl/` and the version by default.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Goes through a proxy. None is taken from the environment.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Resolves names otherwise than the system does. What it gives is held against [`Addresses`] like anything else.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// The certificates that servers of https must have their own from. Without any, https is refused. Needs feature `https`.
    #[must_use]
    pub fn tls_roots(mut self, roots: Vec<Certificate>) -> Self {
        self.roots = roots;
        self
    }
}

impl Proxy {
    /// A proxy at this host (a name or an IP address) and port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, user: None }
    }

    /// Logs in at the proxy (Basic, RFC 7617).
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((user.into(), password.into()));
        self
    }

    pub(super) fn to_ureq(&self) -> Result<ureq::Proxy, HttpSetupError> {
        let text = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let url = crate::Url::parse(&format!("http://{text}/")).map_err(|_| HttpSetupError::Proxy)?;
        if url.host() != self.host.to_ascii_lowercase() {
            return Err(HttpSetupError::Proxy);
        }
        let mut builder =
            ureq::Proxy::builder(ureq::ProxyProtocol::Http).host(&text).port(self.port).resolve_target(false);
        if let Some((user, password)) = &self.user {
            builder = builder.username(user).password(password);
        }
        builder.build().map_err(|_| HttpSetupError::Proxy)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// Adds TLS with these roots; whether there is any.
#[cfg(feature = "https")]
pub(super) fn with_tls(
    config: ConfigBuilder<AgentScope>,
    roots: &[Certificate],
) -> Result<(ConfigBuilder<AgentScope>, bool), HttpSetupError> {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

    if roots.is_empty() {
        return Ok((config, false));
    }
    let der = roots.iter().map(|root| CertificateDer::from(root.as_der()));
    if RootCertStore::empty().add_parsable_certificates(der).0 == 0 {
        return Err(HttpSetupError::Roots);
    }
    let der = roots.iter().map(|root| ureq::tls::Certificate::from_der(root.as_der()).to_owned());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(der))
        .build();
    Ok((config.tls_config(tls), true))
}

#[cfg(not(feature = "https"))]
pub(super) fn with_tls(
    config: ConfigBuilder<AgentScope>,
    roots: &[Certificate],
) -> Result<(ConfigBuilder<AgentScope>, bool), HttpSetupError> {
    if roots.is_empty() { Ok((config, false)) } else { Err(HttpSetupError::WithoutTls) }
}
