//! Servers that misbehave: each is survived in bounded time and named.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use segl_fetch::{Cause, HttpTransport, Request, Step, Transport as _, Url};

use crate::common::{Asked, Server, Then, answer, client, endless, noon, options, raw, within};

const LIMIT: usize = 100_000;
/// Everything here ends in this time; the client's own limit for a whole request is two seconds.
const SOON: Duration = Duration::from_millis(3500);

fn get_with(client: &HttpTransport, url: &str) -> Result<Vec<u8>, Cause> {
    let url = Url::parse(url).unwrap();
    within(SOON, || client.send(&Request::get(&url, "application/pkix-crl", LIMIT, noon())))
}

fn get(server: &Server) -> Result<Vec<u8>, Cause> {
    get_with(&client(), &server.url("/x"))
}

/// One server for one behaviour.
fn met<R>(behaviour: impl Fn(&mut TcpStream) -> R + Send + Sync + 'static) -> Result<Vec<u8>, Cause> {
    get(&Server::start(move |_, stream| {
        behaviour(stream);
        Then::Close
    }))
}

fn connection_error(result: Result<Vec<u8>, Cause>) -> ErrorKind {
    match result {
        Err(Cause::Connection(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_honest_server_is_understood() {
    let server = Server::start(|asked, stream| {
        assert_eq!(asked.method, "GET");
        answer(stream, "200 OK", &["Content-Type: text/html"], b"octets")
    });
    assert_eq!(get(&server).unwrap(), b"octets");
    let asked = &server.asked()[0];
    assert_eq!(asked.target, "/x");
    assert_eq!(asked.header("accept"), Some("application/pkix-crl"));
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
    assert_eq!(asked.header("user-agent"), Some(concat!("segl/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(asked.header("host"), Some(server.address.to_string().as_str()));
    assert!(asked.header("cookie").is_none() && asked.header("authorization").is_none());
}

#[test]
fn other_ways_to_end_a_body() {
    let until_closed = met(|stream| raw(stream, b"HTTP/1.0 200 OK\r\n\r\nocte"));
    assert_eq!(until_closed.unwrap(), b"octe");
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\noct\r\n3;x=y\r\nets\r\n0\r\n\r\n";
    assert_eq!(met(|stream| raw(stream, chunked)).unwrap(), b"octets");
    let continued = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert!(met(|stream| raw(stream, continued)).is_ok());
}

#[test]
fn a_connection_is_used_again_and_a_dropped_one_is_not() {
    let server = Server::start(|asked, stream| {
        let then = answer(stream, "200 OK", &[], asked.target.as_bytes());
        if asked.target == "/2" { Then::Close } else { then }
    });
    let client = client();
    for (path, connection) in [("/1", 0), ("/2", 0), ("/3", 1), ("/4", 1)] {
        assert_eq!(get_with(&client, &server.url(path)).unwrap(), path.as_bytes());
        assert_eq!(server.asked().last().unwrap().connection, connection, "{path}");
        // The end of the connection must have arrived.
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn slow_loris() {
    let head = met(|stream| {
        for octet in b"HTTP/1.1 200 OK\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*octet]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(matches!(head, Err(Cause::Timeout { step: Step::All })), "{head:?}");
    let body = met(|stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(matches!(body, Err(Cause::Timeout { step: Step::All })), "{body:?}");
}

#[test]
fn silence() {
    let pause = Duration::from_secs(4);
    let from_the_start = met(move |_| thread::sleep(pause));
    assert!(matches!(from_the_start, Err(Cause::Timeout { step: Step::Read })), "{from_the_start:?}");
    let after_the_head = met(move |stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx");
        thread::sleep(pause);
    });
    assert!(matches!(after_the_head, Err(Cause::Timeout { step: Step::Read })), "{after_the_head:?}");
}

#[test]
fn endless_bodies() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: junk\r\n\r\n",
    ] {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let result = met(move |stream| {
            raw(stream, head.as_bytes());
            let is_chunked = head.ends_with("chunked\r\n\r\n");
            let piece = if is_chunked {
                [b"1000\r\n".as_slice(), &[7; 4096], b"\r\n"].concat()
            } else {
                vec![7; 4096]
            };
            counter.fetch_add(endless(stream, &piece), Ordering::SeqCst);
        });
        match result {
            Err(Cause::TooLarge { limit: LIMIT, announced: None }) => {}
            // Whether a length that is no number counts as none or as an error is for the library.
            Err(Cause::Protocol { .. }) if head.contains("junk") => {}
            other => panic!("{head}: {other:?}"),
        }
        thread::sleep(Duration::from_millis(100));
        let taken = taken.load(Ordering::SeqCst);
        // What the sockets of both ends hold is the system's.
        assert!(taken < 16 << 20, "{taken} octets were taken");
    }
}

#[test]
fn a_body_as_large_as_allowed_and_one_octet_more() {
    let exact = Server::start(|_, stream| answer(stream, "200 OK", &[], &vec![1; LIMIT]));
    assert_eq!(get(&exact).unwrap().len(), LIMIT);
    let more = Server::start(|_, stream| answer(stream, "200 OK", &[], &vec![1; LIMIT + 1]));
    let announced = Some(LIMIT as u64 + 1);
    assert!(matches!(get(&more), Err(Cause::TooLarge { limit: LIMIT, announced: at }) if at == announced));
    let huge = met(|stream| raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nx"));
    assert!(matches!(huge, Err(Cause::TooLarge { announced: Some(u64::MAX), .. })), "{huge:?}");
}

#[test]
fn huge_heads() {
    let one_header = met(|stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\nX: ");
        endless(stream, &[b'x'; 4096]);
    });
    assert!(matches!(one_header, Err(Cause::HeadTooLarge { limit: 16_384 })), "{one_header:?}");
    let many_headers = met(|stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\n");
        endless(stream, b"X: y\r\n");
    });
    assert!(
        matches!(many_headers, Err(Cause::HeadTooLarge { .. } | Cause::Protocol { .. })),
        "{many_headers:?}"
    );
    let hints = met(|stream| endless(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    assert!(matches!(hints, Err(Cause::HeadTooLarge { .. })), "{hints:?}");
}

#[test]
fn wrong_lengths() {
    let too_short = met(|stream| raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nocte"));
    assert_eq!(connection_error(too_short), ErrorKind::UnexpectedEof);
    let cut_chunk =
        met(|stream| raw(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nocte"));
    assert_eq!(connection_error(cut_chunk), ErrorKind::UnexpectedEof);
}

/// What follows an answer on the same connection is not the answer to the next question.
#[test]
fn octets_behind_an_answer_are_not_the_next_answer() {
    let server = Server::start(|asked, stream| {
        let mut octets = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n".to_vec();
        octets.extend_from_slice(&asked.target.as_bytes()[..2]);
        octets.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        raw(stream, &octets)
    });
    let client = client();
    assert_eq!(get_with(&client, &server.url("/1")).unwrap(), b"/1");
    thread::sleep(Duration::from_millis(50));
    assert_eq!(get_with(&client, &server.url("/2")).unwrap(), b"/2");
}

#[test]
fn chunks_that_lie() {
    for (chunks, what) in [
        (b"ffffffffffffffffff\r\n".as_slice(), "a length beyond 64 bits"),
        (b"-1\r\nx", "a negative length"),
        (b"xyz\r\nabc\r\n", "no length"),
        (b"3\r\nabcdef\r\n0\r\n\r\n", "a chunk longer than it says"),
    ] {
        let result = met(move |stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            raw(stream, chunks);
        });
        assert!(matches!(result, Err(Cause::Protocol { .. } | Cause::Connection(_))), "{what}: {result:?}");
    }
    let extension = met(|stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;");
        endless(stream, &[b'x'; 4096]);
    });
    assert!(extension.is_err(), "{extension:?}");
    let trailer = met(|stream| {
        raw(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        endless(stream, b"X: y\r\n");
    });
    assert!(trailer.as_ref().is_ok_and(Vec::is_empty) || trailer.is_err(), "{trailer:?}");
}

#[test]
fn nothing_is_unpacked() {
    for coding in ["gzip", "br", "deflate, gzip", "\u{1b}x"] {
        let header = format!("Content-Encoding: {coding}");
        let server = Server::start(move |_, stream| answer(stream, "200 OK", &[&header], b"\x1f\x8b\x08\0"));
        match get(&server) {
            Err(Cause::Encoded { coding: named }) => assert_eq!(named, coding),
            Err(Cause::Protocol { .. }) if coding.starts_with('\u{1b}') => {}
            other => panic!("{coding}: {other:?}"),
        }
    }
    let identity = Server::start(|_, stream| answer(stream, "200 OK", &["Content-Encoding: Identity"], b"x"));
    assert_eq!(get(&identity).unwrap(), b"x");
}

#[test]
fn statuses() {
    for (status, headers, code, wait) in [
        ("404 Not Found", "X: y", 404, None),
        ("503 Unavailable", "Retry-After: 120", 503, Some(120)),
        ("429 Slow", "Retry-After: Wed, 25 Nov 2026 12:00:30 GMT", 429, Some(30)),
        ("503 Unavailable", "Retry-After: soon", 503, None),
        ("204 No Content", "X: y", 204, None),
        ("206 Partial Content", "X: y", 206, None),
        ("300 Multiple Choices", "Location: /", 300, None),
        ("304 Not Modified", "X: y", 304, None),
        ("401 Unauthorized", "WWW-Authenticate: Basic", 401, None),
        ("500 Oops", "X: y", 500, None),
    ] {
        let server = Server::start(move |_, stream| answer(stream, status, &[headers], b""));
        match get(&server) {
            Err(Cause::Status { status, retry_after }) => {
                assert_eq!((status, retry_after), (code, wait.map(Duration::from_secs)));
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn no_http_at_all() {
    for octets in [
        b"SSH-2.0-x\r\n".as_slice(),
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"0\x82\x01\x00",
    ] {
        let result = met(move |stream| raw(stream, octets));
        assert!(
            matches!(result, Err(Cause::Protocol { .. } | Cause::Connection(_))),
            "{octets:?}: {result:?}"
        );
    }
    assert_eq!(connection_error(met(|_| {})), ErrorKind::UnexpectedEof);
    let mid_head = met(|stream| raw(stream, b"HTTP/1.1 200 OK\r\nConte"));
    assert_eq!(connection_error(mid_head), ErrorKind::UnexpectedEof);
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    assert_eq!(connection_error(get_with(&client(), &nobody)), ErrorKind::ConnectionRefused);
}

fn redirecting(to: impl Fn(&Asked) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::start(move |asked, stream| match to(asked) {
        Some(target) => answer(stream, "302 Found", &[&format!("Location: {target}")], b"moved"),
        None => answer(stream, "200 OK", &[], b"there"),
    })
}

#[test]
fn redirects_are_followed() {
    let server = redirecting(|asked| match asked.target.as_str() {
        "/x" => Some("a/b?c".to_owned()),
        "/a/b?c" => Some("../d".to_owned()),
        "/d" => Some(format!("//{}/e", asked.header("host").unwrap())),
        _ => None,
    });
    assert_eq!(get(&server).unwrap(), b"there");
    assert_eq!(server.targets(), ["/x", "/a/b?c", "/d", "/e"]);
}

#[test]
fn redirects_are_bounded() {
    let around = redirecting(|asked| Some(if asked.target == "/x" { "/y" } else { "/x" }.to_owned()));
    assert!(matches!(get(&around), Err(Cause::RedirectLoop { .. })));
    assert_eq!(around.targets(), ["/x", "/y"]);
    let itself = redirecting(|asked| Some(asked.target.clone()));
    assert!(matches!(get(&itself), Err(Cause::RedirectLoop { .. })));
    let on_and_on = redirecting(|asked| Some(format!("{}x", asked.target)));
    assert!(matches!(get(&on_and_on), Err(Cause::TooManyRedirects { limit: 5 })));
    assert_eq!(on_and_on.asked().len(), 6);
    let none = HttpTransport::new(options().redirects(0)).unwrap();
    assert!(matches!(get_with(&none, &on_and_on.url("/")), Err(Cause::TooManyRedirects { limit: 0 })));
    let slow = Server::start(|asked, stream| {
        thread::sleep(Duration::from_millis(550));
        answer(stream, "302 Found", &[&format!("Location: {}x", asked.target)], b"")
    });
    assert!(
        matches!(get(&slow), Err(Cause::Timeout { step: Step::All })),
        "the limit is for all hops together"
    );
    let endless_body = Server::start(|asked, stream| {
        if asked.target == "/x" {
            raw(stream, b"HTTP/1.1 302 Found\r\nLocation: /y\r\n\r\n");
            endless(stream, &[b'x'; 4096]);
            return Then::Close;
        }
        answer(stream, "200 OK", &[], b"there")
    });
    assert_eq!(get(&endless_body).unwrap(), b"there");
}

#[test]
fn redirects_that_lead_nowhere() {
    for target in [
        "file:///etc/passwd",
        "ldap://h/x",
        "http://u:p@127.0.0.1/",
        "http://127.1/",
        "http://h:0/",
        "gopher:x",
    ] {
        let server = redirecting(move |_| Some(target.to_owned()));
        assert!(matches!(get(&server), Err(Cause::RedirectTarget(_))), "{target}");
    }
    let without = Server::start(|_, stream| answer(stream, "301 Moved", &[], b""));
    assert!(matches!(get(&without), Err(Cause::RedirectWithoutTarget { status: 301 })));
}

#[test]
fn a_request_with_a_body_is_not_turned_into_one_without() {
    for status in ["301 Moved", "302 Found", "303 See Other"] {
        let server = Server::start(move |_, stream| answer(stream, status, &["Location: /y"], b""));
        let url = Url::parse(&server.url("/x")).unwrap();
        let request = Request::post(&url, ("text/plain", b"question"), "*/*", LIMIT, noon());
        assert!(matches!(client().send(&request), Err(Cause::RedirectOfRequest { .. })), "{status}");
    }
    let server = Server::start(|asked, stream| match asked.target.as_str() {
        "/x" => answer(stream, "307 Temporary Redirect", &["Location: /y"], b""),
        "/y" => answer(stream, "308 Permanent Redirect", &["Location: /z"], b""),
        _ => answer(stream, "200 OK", &[], &asked.body),
    });
    let url = Url::parse(&server.url("/x")).unwrap();
    let request = Request::post(&url, ("text/plain", b"question"), "*/*", LIMIT, noon());
    assert_eq!(client().send(&request).unwrap(), b"question");
    assert!(server.asked().iter().all(|asked| asked.method == "POST" && asked.body == b"question"));
    assert!(server.asked().iter().all(|asked| asked.header("content-type") == Some("text/plain")));
}
