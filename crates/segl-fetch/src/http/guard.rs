//! Names become addresses here, and only addresses that may be connected to leave.

use core::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

use crate::error::Cause;
use crate::places::{Addresses, Hosts};

/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;
/// The most names that are being resolved at the same time: a resolver that hangs holds one thread each.
const MAX_RESOLVING: usize = 64;

/// Resolves names to addresses.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// The addresses of a host, with the port to connect to. It may block; the caller does not wait longer than its time limit.
    ///
    /// # Errors
    /// Any error of I/O.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's own resolver.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "there is nothing in it")]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        (host, port).to_socket_addrs().map(Iterator::collect)
    }
}

/// What may be asked and connected to.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) hosts: Hosts,
    pub(super) addresses: Addresses,
    /// The caller chose the proxy, so it may stand anywhere.
    pub(super) proxy: Option<Uri>,
}

impl Rules {
    pub(super) fn check(&self, host: &str, address: IpAddr) -> Result<(), Cause> {
        if self.addresses.allow(address) {
            Ok(())
        } else {
            Err(Cause::AddressNotAllowed { host: host.to_owned(), address })
        }
    }

    fn is_proxy(&self, uri: &Uri) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.authority() == uri.authority())
    }
}

/// The resolver of the agent: what passes is connected to as it is, without a second look-up, so an answer that changes in between
/// (DNS rebinding) changes nothing.
#[derive(Debug)]
pub(super) struct Guard {
    rules: Arc<Rules>,
    resolver: Arc<dyn Resolve>,
    resolving: Arc<AtomicUsize>,
}

impl Guard {
    pub(super) fn new(rules: Arc<Rules>, resolver: Arc<dyn Resolve>) -> Self {
        Self { rules, resolver, resolving: Arc::default() }
    }

    fn addresses(&self, host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let failed = |error| other(Cause::Resolve { host: host.to_owned(), error: Arc::new(error) });
        let under_way = UnderWay::begin(&self.resolving).ok_or_else(|| failed(too_many()))?;
        let (send, receive) = mpsc::sync_channel(1);
        let (resolver, name) = (Arc::clone(&self.resolver), host.to_owned());
        // The system's resolver takes no time limit, so it is left behind in a thread of its own.
        let work = move || {
            let addresses = resolver.resolve(&name, port);
            drop(under_way);
            // Nobody may be waiting any more.
            let _ = send.send(addresses);
        };
        thread::Builder::new().name("resolve".to_owned()).spawn(work).map_err(failed)?;
        match receive.recv_timeout(*timeout.after) {
            Ok(addresses) => addresses.map_err(failed),
            Err(RecvTimeoutError::Timeout) => Err(Error::Timeout(timeout.reason)),
            Err(RecvTimeoutError::Disconnected) => Err(other(Cause::Abandoned)),
        }
    }
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let found = self.addresses(host, uri.port_u16().unwrap_or(default), timeout)?;
        let mut passed = self.empty();
        let mut refused = None;
        for address in found {
            match self.rules.check(host, address.ip()) {
                Err(cause) if !self.rules.is_proxy(uri) => drop(refused.get_or_insert(cause).clone()),
                _ if passed.len() < MAX_ADDRESSES => passed.push(address),
                _ => break,
            }
        }
        match refused {
            _ if !passed.is_empty() => Ok(passed),
            Some(cause) => Err(other(cause)),
            None => {
                let error = Arc::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
                Err(other(Cause::Resolve { host: host.to_owned(), error }))
            }
        }
    }
}

/// Looks once more at what is about to be connected to, whoever resolved it.
#[derive(Debug)]
pub(super) struct Gate(pub(super) Arc<Rules>);

impl<In: Transport> Connector<In> for Gate {
    type Out = In;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<In>, Error> {
        if !self.0.is_proxy(details.uri) {
            let host = details.uri.host().unwrap_or_default();
            for address in details.addrs.iter() {
                self.0.check(host, address.ip()).map_err(other)?;
            }
        }
        Ok(chained)
    }
}

/// Counts one name that is being resolved.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn begin(count: &Arc<AtomicUsize>) -> Option<Self> {
        let one = Self(Arc::clone(count));
        (count.fetch_add(1, Ordering::SeqCst) < MAX_RESOLVING).then_some(one)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn too_many() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "too many names are being resolved")
}

fn other(cause: Cause) -> Error {
    Error::Other(Box::new(cause))
}
