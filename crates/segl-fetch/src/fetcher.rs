//! Asks the cache, then the network, and looks whether the answer is of the kind asked for.

use core::time::Duration;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use segl_crypto::Time;
use segl_revocation::{CrlView, MAX_CRL_SIZE, MAX_OCSP_SIZE, OcspRequest, OcspView, SingleStatus};
use segl_tsp::{MAX_RESPONSE, TimestampRequest};

use crate::ask::{Ask, Kind, Same};
use crate::body::{CRL_LABELS, der, read_certificates};
use crate::cache::{Cache, CacheError, Entry};
use crate::error::{Cause, FetchError};
use crate::flight::Flights;
use crate::transport::{Request, RequestBody, Transport};
use crate::url::Url;

/// The most failures remembered.
const MAX_FAILURES: usize = 1024;
/// Threads at most, whatever is asked for.
const MAX_THREADS: usize = 32;

/// The most octets an answer may have, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field, over the default")]
pub struct Sizes {
    /// A certificate, or a message with certificates. Default 1 MiB; a certificate has 1 to 4 KiB.
    pub certificates: usize,
    /// A CRL. Default [`MAX_CRL_SIZE`], which is what is read.
    pub crl: usize,
    /// An OCSP response. Default [`MAX_OCSP_SIZE`], which is what is read.
    pub ocsp: usize,
    /// A time-stamp response. Default [`MAX_RESPONSE`], which is what is read.
    pub timestamp: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { certificates: 1 << 20, crl: MAX_CRL_SIZE, ocsp: MAX_OCSP_SIZE, timestamp: MAX_RESPONSE }
    }
}

/// How long answers are kept at most. An answer is never kept beyond its nextUpdate, nor when its thisUpdate lies in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field, over the default")]
pub struct Keep {
    /// Certificates. Default 7 days.
    pub certificates: Duration,
    /// A CRL. Default 24 hours: lists may appear before the one at hand announces them (EN 319 411-1, CSS-6.3.9-07), and end-user lists
    /// appear daily (CSS-6.3.9-05).
    pub crl: Duration,
    /// A CRL without nextUpdate. Default one hour.
    pub crl_without_next_update: Duration,
    /// An OCSP response. Default one hour. Not kept is one without nextUpdate, for newer information is always there (RFC 6960, 4.2.2.1),
    /// and one that does not know the certificate.
    pub ocsp: Duration,
    /// A failure; longer, up to [`Self::longest_failure`], when the server asks for it with `Retry-After`. Default 30 seconds.
    pub failure: Duration,
    /// The longest a failure is remembered. Default 5 minutes.
    pub longest_failure: Duration,
    /// How far thisUpdate may lie in the future. Default 5 minutes.
    pub clock_skew: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            certificates: Duration::from_secs(7 * 24 * HOUR),
            crl: Duration::from_secs(24 * HOUR),
            crl_without_next_update: Duration::from_secs(HOUR),
            ocsp: Duration::from_secs(HOUR),
            failure: Duration::from_secs(30),
            longest_failure: Duration::from_secs(300),
            clock_skew: Duration::from_secs(300),
        }
    }
}

/// How OCSP is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcspMethod {
    /// GET, which caches on the way can answer; POST when the request has a nonce or is too long for an address (RFC 6960, A.1).
    Get,
    /// POST, which every responder knows.
    #[default]
    Post,
}

/// What to make of an OCSP response without a nonce when one was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingNonce {
    /// Take it: responses made in advance have none (RFC 9654, 2.1).
    #[default]
    Accept,
    /// Refuse it.
    Refuse,
}

/// An answer of the kind asked for: read, so that it is one, but not believed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fetched {
    /// CRL, OCSP response and time-stamp response in DER; certificates as they came, for [`read_certificates`].
    pub octets: Arc<[u8]>,
    /// Where it comes from.
    pub origin: Origin,
    /// thisUpdate, of a CRL or an OCSP response.
    pub this_update: Option<Time>,
    /// Why it could not be kept, when the cache failed.
    pub not_kept: Option<CacheError>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// From the cache, where it has been since then.
    Cache {
        /// When it was fetched.
        stored: Time,
    },
    /// From the network.
    Network,
}

/// Fetches over a [`Transport`], with a [`Cache`] in front (`()` for none).
///
/// All methods take the caller's time `now`; it should be the time of today even when something of long ago is judged. The same
/// thing asked for by several threads at the same time is fetched once.
#[derive(Debug)]
pub struct Fetcher<T, C = ()> {
    transport: T,
    cache: C,
    sizes: Sizes,
    keep: Keep,
    ocsp_method: OcspMethod,
    missing_nonce: MissingNonce,
    threads: NonZeroUsize,
    flights: Flights<Same, Result<Fetched, FetchError>>,
    failures: Mutex<HashMap<Same, (Time, Cause)>>,
}

impl<T: Transport, C: Cache> Fetcher<T, C> {
    /// A fetcher with the default limits.
    pub fn new(transport: T, cache: C) -> Self {
        Self {
            transport,
            cache,
            sizes: Sizes::default(),
            keep: Keep::default(),
            ocsp_method: OcspMethod::default(),
            missing_nonce: MissingNonce::default(),
            threads: NonZeroUsize::MIN.saturating_add(3),
            flights: Flights::default(),
            failures: Mutex::default(),
        }
    }

    /// Other limits of size.
    #[must_use]
    pub const fn sizes(mut self, sizes: Sizes) -> Self {
        self.sizes = sizes;
        self
    }

    /// Other times of keeping.
    #[must_use]
    pub const fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// GET or POST.
    #[must_use]
    pub const fn ocsp_method(mut self, method: OcspMethod) -> Self {
        self.ocsp_method = method;
        self
    }

    /// What becomes of a response without the nonce that was sent.
    #[must_use]
    pub const fn missing_nonce(mut self, missing: MissingNonce) -> Self {
        self.missing_nonce = missing;
        self
    }

    /// How many are fetched at the same time by [`Self::fetch_all`]; 4 by default, 32 at most.
    #[must_use]
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Fetches one thing.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn fetch(&self, ask: &Ask, now: Time) -> Result<Fetched, FetchError> {
        if let Some(hit) = self.cached(ask, now) {
            return Ok(hit);
        }
        let result = self.flights.once(ask.same(), || {
            // Another thread may have landed between the look into the cache and here.
            self.cached(ask, now).map_or_else(|| self.ask_network(ask, now), Ok)
        });
        result.unwrap_or_else(|| Err(FetchError::new(&ask.url, Cause::Abandoned)))
    }

    /// Fetches several things at the same time, each different one once; the results are in the order of the asks.
    pub fn fetch_all(&self, asks: &[Ask], now: Time) -> Vec<Result<Fetched, FetchError>> {
        // Of several that can share an answer the one that wants the youngest is asked.
        let mut order: Vec<Same> = Vec::new();
        let mut different: HashMap<Same, &Ask> = HashMap::new();
        for ask in asks {
            let same = ask.same();
            match different.get(&same) {
                Some(other) if other.this_update_from >= ask.this_update_from => {}
                Some(_) => drop(different.insert(same, ask)),
                None => {
                    order.push(same.clone());
                    different.insert(same, ask);
                }
            }
        }
        let (send, receive) = mpsc::channel();
        let queue = Mutex::new(order.iter());
        let work = || {
            loop {
                let Some(same) = lock(&queue).next() else { break };
                let Some(ask) = different.get(same) else { continue };
                // The receiver outlives all senders.
                let _ = send.send((same, self.fetch(ask, now)));
            }
        };
        thread::scope(|scope| {
            let threads = self.threads.get().min(MAX_THREADS).min(order.len());
            for _ in 1..threads {
                // Where there is no further thread to be had, this one does the work.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let results: HashMap<&Same, Result<Fetched, FetchError>> = receive.try_iter().collect();
        asks.iter()
            .map(|ask| {
                let result = results.get(&ask.same()).cloned();
                result.unwrap_or_else(|| Err(FetchError::new(&ask.url, Cause::Abandoned)))
            })
            .collect()
    }

    /// Asks a time-stamp authority (RFC 3161, 3.4). The answer is for [`segl_tsp::check_response`]; nothing is kept.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn timestamp(&self, url: &str, request: &TimestampRequest, now: Time) -> Result<Vec<u8>, FetchError> {
        let octets = request.to_der();
        let exchange = || {
            let url = Url::parse(url)?;
            let body = self.transport.send(&Request::post(
                &url,
                ("application/timestamp-query", &octets),
                "application/timestamp-reply",
                self.sizes.timestamp,
                now,
            ))?;
            der(body, &[])
        };
        exchange().map_err(|cause| FetchError::new(url, cause))
    }

    /// Forgets what is kept of an answer, because it turned out to prove nothing.
    pub fn forget(&self, ask: &Ask) {
        self.cache.remove(&ask.cache_key());
    }

    fn cached(&self, ask: &Ask, now: Time) -> Option<Fetched> {
        if ask.past_cache || ask.has_nonce() {
            return None;
        }
        let entry = self.cache.get(&ask.cache_key(), now).filter(|entry| entry.is_fresh(now))?;
        let is_young = ask.this_update_from.is_none_or(|from| entry.this_update.is_some_and(|at| at >= from));
        is_young.then_some(Fetched {
            octets: entry.octets,
            origin: Origin::Cache { stored: entry.stored },
            this_update: entry.this_update,
            not_kept: None,
        })
    }

    fn ask_network(&self, ask: &Ask, now: Time) -> Result<Fetched, FetchError> {
        let same = ask.same();
        let exchange = || {
            if let Some((until, cause)) = lock(&self.failures).get(&same).filter(|(until, _)| now < *until) {
                return Err(Cause::RecentlyFailed { until: *until, cause: Box::new(cause.clone()) });
            }
            self.exchange(ask, now)
        };
        match exchange() {
            Ok(Answer { octets, this_update, fresh_until }) => {
                let octets: Arc<[u8]> = octets.into();
                let entry = fresh_until
                    .filter(|until| now < *until)
                    .map(|until| Entry::new(Arc::clone(&octets), now, this_update, until));
                let kept = entry.map_or(Ok(()), |entry| self.cache.put(&same.key, &entry, now));
                Ok(Fetched { octets, origin: Origin::Network, this_update, not_kept: kept.err() })
            }
            Err(cause) => {
                // A nonce makes each request another one; remembering them would only fill the memory.
                if cause.may_pass() && !ask.has_nonce() {
                    self.remember_failure(same, &cause, now);
                }
                Err(FetchError::new(&ask.url, cause))
            }
        }
    }

    fn exchange(&self, ask: &Ask, now: Time) -> Result<Answer, Cause> {
        let url = Url::parse(&ask.url)?;
        let get = |accept, limit| self.transport.send(&Request::get(&url, accept, limit, now));
        match &ask.kind {
            Kind::Certificates => {
                let octets = get("application/pkix-cert, application/pkcs7-mime", self.sizes.certificates)?;
                read_certificates(&octets)?;
                let fresh_until = Some(now + self.keep.certificates);
                Ok(Answer { octets, this_update: None, fresh_until })
            }
            Kind::Crl => {
                let octets = der(get("application/pkix-crl", self.sizes.crl)?, &CRL_LABELS)?;
                let crl = CrlView::from_der(&octets).map_err(Cause::Crl)?;
                let age = match crl.next_update() {
                    Some(_) => self.keep.crl,
                    None => self.keep.crl_without_next_update,
                };
                let this_update = crl.this_update();
                let fresh_until = self.fresh_until(this_update, crl.next_update(), age, now);
                Ok(Answer { octets, this_update: Some(this_update), fresh_until })
            }
            Kind::Ocsp { certificate, issuer, request } => {
                let octets = self.ask_responder(&url, request, now)?;
                let response = OcspView::from_der(&octets).map_err(Cause::Ocsp)?;
                let is_about =
                    |one: &&segl_revocation::SingleResponse| one.certificate.is_about(certificate, issuer);
                let single = response.responses().iter().find(is_about).ok_or(Cause::OtherCertificate)?;
                let (this_update, next_update) = (single.this_update, single.next_update);
                match (&request.nonce, response.nonce()) {
                    (Some(sent), Some(got)) if *sent != got => return Err(Cause::Nonce),
                    (Some(_), None) if self.missing_nonce == MissingNonce::Refuse => {
                        return Err(Cause::Nonce);
                    }
                    _ => {}
                }
                // That a responder does not know a certificate may change with the next one that is issued.
                let may_keep = next_update.is_some() && !matches!(single.status, SingleStatus::Unknown);
                let fresh_until = may_keep
                    .then(|| self.fresh_until(this_update, next_update, self.keep.ocsp, now))
                    .flatten();
                Ok(Answer { octets, this_update: Some(this_update), fresh_until })
            }
        }
    }

    fn ask_responder(&self, url: &Url, request: &OcspRequest, now: Time) -> Result<Vec<u8>, Cause> {
        let octets = request.to_der();
        let may_get = self.ocsp_method == OcspMethod::Get && request.nonce.is_none();
        let path = may_get.then(|| request.to_get_path()).flatten();
        let as_get = path.and_then(|path| url.with_segment(&path));
        let body = match &as_get {
            Some(_) => None,
            None => Some(RequestBody { octets: &octets, content_type: "application/ocsp-request" }),
        };
        let body = self.transport.send(&Request {
            url: as_get.as_ref().unwrap_or(url),
            base: url,
            body,
            accept: "application/ocsp-response",
            limit: self.sizes.ocsp,
            now,
        })?;
        der(body, &[])
    }

    /// Until when status may be kept; `None` when it must not be.
    fn fresh_until(
        &self,
        this_update: Time,
        next_update: Option<Time>,
        age: Duration,
        now: Time,
    ) -> Option<Time> {
        let until = now + age;
        let until = next_update.map_or(until, |next| until.min(next));
        (this_update <= now + self.keep.clock_skew).then_some(until)
    }

    fn remember_failure(&self, same: Same, cause: &Cause, now: Time) {
        let asked = match cause {
            Cause::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let until = now + asked.max(self.keep.failure).min(self.keep.longest_failure);
        let mut failures = lock(&self.failures);
        failures.retain(|_, (until, _)| now < *until);
        if failures.len() < MAX_FAILURES {
            failures.insert(same, (until, cause.clone()));
        }
    }
}

/// An answer that was read, and until when it may be kept.
struct Answer {
    octets: Vec<u8>,
    this_update: Option<Time>,
    fresh_until: Option<Time>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
