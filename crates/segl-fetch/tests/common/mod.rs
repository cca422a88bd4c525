//! A server on loopback that does what the test says, and a client that may go there.
#![allow(dead_code, reason = "each test uses its part")]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use segl_crypto::Time;
#[cfg(feature = "http")]
use segl_fetch::{Addresses, HttpOptions, HttpTransport, Timeouts};

/// When the tests play.
pub(crate) fn noon() -> Time {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// What a client sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Which connection of the server it came over, from 0 on.
    pub(crate) connection: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    Keep,
}

type Handler = dyn Fn(&Asked, &mut TcpStream) -> Then + Send + Sync;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// A server on 127.0.0.1.
    pub(crate) fn start(handler: impl Fn(&Asked, &mut TcpStream) -> Then + Send + Sync + 'static) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), handler)
    }

    pub(crate) fn start_at(
        address: IpAddr,
        handler: impl Fn(&Asked, &mut TcpStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            connections: Arc::default(),
            is_over: Arc::default(),
        };
        let (asked, connections, is_over) =
            (Arc::clone(&server.asked), Arc::clone(&server.connections), Arc::clone(&server.is_over));
        let handler: Arc<Handler> = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                let (asked, handler) = (Arc::clone(&asked), Arc::clone(&handler));
                thread::spawn(move || serve(stream, connection, &asked, &*handler));
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.target).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener; when it does not listen any more, all the better.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, connection: usize, asked: &Mutex<Vec<Asked>>, handler: &Handler) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    while let Some(request) = read_request(&mut stream, connection) {
        asked.lock().unwrap().push(request.clone());
        if handler(&request, &mut stream) == Then::Close {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

pub(crate) fn read_request(stream: &mut impl Read, connection: usize) -> Option<Asked> {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet).ok()?;
        head.push(octet[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut line = head.lines().next()?.split(' ');
    let (method, target) = (line.next()?.to_owned(), line.next()?.to_owned());
    let mut asked = Asked { method, target, head, body: Vec::new(), connection };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

/// An answer with a right Content-Length.
pub(crate) fn answer(stream: &mut impl Write, status: &str, headers: &[&str], body: &[u8]) -> Then {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    raw(stream, &[head.as_bytes(), body].concat())
}

/// These octets and nothing else. A client that is gone is no failure of the server.
pub(crate) fn raw(stream: &mut impl Write, octets: &[u8]) -> Then {
    match stream.write_all(octets).and_then(|()| stream.flush()) {
        Ok(()) => Then::Keep,
        Err(_) => Then::Close,
    }
}

/// Writes again and again until the client has had enough; the number of octets that were taken.
pub(crate) fn endless(stream: &mut impl Write, octets: &[u8]) -> usize {
    let mut taken = 0;
    while stream.write_all(octets).is_ok() {
        taken += octets.len();
    }
    taken
}

/// Runs, and fails when it takes longer than it may.
pub(crate) fn within<R>(limit: Duration, run: impl FnOnce() -> R) -> R {
    let started = Instant::now();
    let result = run();
    let took = started.elapsed();
    assert!(took <= limit, "took {took:?}, more than {limit:?}");
    result
}

/// Limits short enough for a test.
#[cfg(feature = "http")]
pub(crate) fn short() -> Timeouts {
    Timeouts {
        resolve: Duration::from_millis(700),
        connect: Duration::from_secs(2),
        idle: Duration::from_millis(700),
        all: Duration::from_secs(2),
    }
}

/// May go to 127.0.0.1, and to no other address of the machine.
#[cfg(feature = "http")]
pub(crate) fn options() -> HttpOptions {
    HttpOptions::new().timeouts(short()).addresses(Addresses::public().and("127.0.0.1".parse().unwrap()))
}

#[cfg(feature = "http")]
pub(crate) fn client() -> HttpTransport {
    HttpTransport::new(options()).unwrap()
}
