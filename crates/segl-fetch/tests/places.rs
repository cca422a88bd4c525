//! Who may be asked, and where a connection may go.
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

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use segl_fetch::{
    Addresses, Cause, Hosts, HttpOptions, HttpSetupError, HttpTransport, Proxy, Request, Resolve, Step,
    Transport as _, Url,
};

use crate::common::{Server, Then, answer, client, noon, options, raw, read_request, short, within};

const SOON: Duration = Duration::from_millis(3500);

fn get(client: &HttpTransport, url: &str) -> Result<Vec<u8>, Cause> {
    let url = Url::parse(url).unwrap();
    within(SOON, || client.send(&Request::get(&url, "*/*", 1000, noon())))
}

fn refused_address(result: Result<Vec<u8>, Cause>) -> IpAddr {
    match result {
        Err(Cause::AddressNotAllowed { address, .. }) => address,
        other => panic!("{other:?}"),
    }
}

fn hello() -> Server {
    Server::start(|_, stream| answer(stream, "200 OK", &["Connection: close"], b"hello"))
}

/// Gives what the test says, one answer after the other, the last one for ever.
#[derive(Debug)]
struct Names {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&[SocketAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!((host, port), ("pki.example.com", 80));
        let nth = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[nth].clone())
    }
}

const NAME: &str = "http://pki.example.com/ca.crl";

#[test]
fn the_inner_network_is_refused_by_default() {
    let server = hello();
    let client = HttpTransport::new(HttpOptions::new().timeouts(short())).unwrap();
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"] {
        let result = get(&client, &format!("http://{host}:{port}/"));
        assert!(matches!(result, Err(Cause::AddressNotAllowed { .. })), "{host}: {result:?}");
    }
    for host in [
        "169.254.169.254",
        "10.0.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::a9fe:a9fe]",
    ] {
        let result = get(&client, &format!("http://{host}/latest/meta-data/"));
        assert!(matches!(result, Err(Cause::AddressNotAllowed { .. })), "{host}: {result:?}");
    }
    assert_eq!(server.connections(), 0);
    let any = HttpTransport::new(HttpOptions::new().timeouts(short()).addresses(Addresses::any())).unwrap();
    assert_eq!(get(&any, &server.url("/")).unwrap(), b"hello");
}

#[test]
fn a_redirect_does_not_lead_into_the_inner_network() {
    let inner = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_, stream| {
        answer(stream, "200 OK", &[], b"secret")
    });
    let target = inner.url("/");
    let server =
        Server::start(move |_, stream| answer(stream, "302 Found", &[&format!("Location: {target}")], b""));
    assert_eq!(refused_address(get(&client(), &server.url("/"))), Ipv4Addr::new(127, 0, 0, 2));
    let metadata = Server::start(|_, stream| {
        answer(stream, "307 Moved", &["Location: http://169.254.169.254/latest/meta-data/"], b"")
    });
    assert_eq!(refused_address(get(&client(), &metadata.url("/"))), Ipv4Addr::new(169, 254, 169, 254));
    assert_eq!(inner.connections(), 0);
}

/// A name is resolved once for a connection, and what was judged is what is connected to.
#[test]
fn a_name_that_changes_its_address_gains_nothing() {
    let allowed = hello();
    let inner = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_, stream| {
        answer(stream, "200 OK", &[], b"secret")
    });
    let names = Names::new(&[&[allowed.address], &[inner.address]]);
    let client = HttpTransport::new(options().resolver(names.clone())).unwrap();
    assert_eq!(get(&client, NAME).unwrap(), b"hello");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "a second look-up could have been answered otherwise");
    assert_eq!(refused_address(get(&client, NAME)), inner.address.ip());
    assert_eq!(names.asked.load(Ordering::SeqCst), 2);
    assert_eq!(inner.connections(), 0);
}

#[test]
fn of_several_addresses_only_those_allowed_are_tried() {
    let allowed = hello();
    let inner = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_, stream| {
        answer(stream, "200 OK", &[], b"secret")
    });
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let names = Names::new(&[&[inner.address, nobody, allowed.address]]);
    let client = HttpTransport::new(options().resolver(names)).unwrap();
    assert_eq!(get(&client, NAME).unwrap(), b"hello");
    assert_eq!(inner.connections(), 0);
    let none = HttpTransport::new(options().resolver(Names::new(&[&[]]))).unwrap();
    assert!(matches!(get(&none, NAME), Err(Cause::Resolve { .. })));
}

#[test]
fn a_resolver_that_hangs_is_left_behind() {
    #[derive(Debug)]
    struct Hangs;
    impl Resolve for Hangs {
        fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
            thread::sleep(Duration::from_secs(5));
            Ok(Vec::new())
        }
    }
    let client = HttpTransport::new(options().resolver(Arc::new(Hangs))).unwrap();
    let result = within(Duration::from_secs(2), || get(&client, NAME));
    assert!(matches!(result, Err(Cause::Timeout { step: Step::Resolve })), "{result:?}");
    // Those that hang are counted, and no more are begun than may.
    thread::scope(|scope| {
        for _ in 0..63 {
            scope.spawn(|| get(&client, NAME).unwrap_err());
        }
    });
    let result = get(&client, NAME);
    assert!(
        matches!(&result, Err(Cause::Resolve { error, .. }) if error.kind() == io::ErrorKind::WouldBlock),
        "{result:?}"
    );
}

#[test]
fn names_that_do_not_exist() {
    let result = get(&client(), "http://does-not-exist.invalid/");
    assert!(
        matches!(result, Err(Cause::Resolve { .. } | Cause::Timeout { step: Step::Resolve })),
        "{result:?}"
    );
}

#[test]
fn hosts_are_checked_at_every_hop() {
    let server = Server::start(|asked, stream| match asked.target.as_str() {
        "/away" => answer(stream, "302 Found", &["Location: http://elsewhere.example.com/"], b""),
        _ => answer(stream, "200 OK", &[], b"hello"),
    });
    let client = HttpTransport::new(options().hosts(Hosts::only(["127.0.0.1"]))).unwrap();
    assert_eq!(get(&client, &server.url("/")).unwrap(), b"hello");
    let away = get(&client, &server.url("/away"));
    assert!(matches!(away, Err(Cause::HostNotAllowed { host }) if host == "elsewhere.example.com"));
    let localhost = format!("http://localhost:{}/", server.address.port());
    assert!(matches!(get(&client, &localhost), Err(Cause::HostNotAllowed { .. })));
    assert_eq!(server.asked().len(), 2);
}

/// A proxy that answers itself what it is asked to connect to.
fn proxy(asked: Arc<Mutex<Vec<String>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let connect = read_request(&mut stream, 0).unwrap();
            asked.lock().unwrap().push(format!("{} {}", connect.method, connect.target));
            if connect.target.starts_with("refused.") {
                raw(&mut stream, b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            raw(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
            if read_request(&mut stream, 0).is_some() {
                answer(&mut stream, "200 OK", &["Connection: close"], b"through the proxy");
            }
        }
    });
    address
}

#[test]
fn through_a_proxy() {
    let asked = Arc::default();
    let address = proxy(Arc::clone(&asked));
    let chosen = Proxy::new("127.0.0.1", address.port()).login("user", "secret");
    assert!(!format!("{chosen:?}").contains("secret"));
    // The proxy may stand in the inner network; what it is asked for may not, as far as can be seen from here.
    let options = HttpOptions::new().timeouts(short()).proxy(chosen).hosts(Hosts::only([
        "*.example.com",
        "10.0.0.1",
        "127.0.0.1",
    ]));
    let client = HttpTransport::new(options).unwrap();
    assert_eq!(get(&client, NAME).unwrap(), b"through the proxy");
    assert_eq!(*asked.lock().unwrap(), ["CONNECT pki.example.com:80"]);
    assert!(matches!(get(&client, "http://refused.example.com/"), Err(Cause::Proxy { .. })));
    assert!(matches!(get(&client, "http://elsewhere.example.org/"), Err(Cause::HostNotAllowed { .. })));
    for inner in ["http://10.0.0.1/".to_owned(), format!("http://{address}/")] {
        assert!(matches!(get(&client, &inner), Err(Cause::AddressNotAllowed { .. })));
    }
    assert_eq!(asked.lock().unwrap().len(), 2);
    for host in ["", "a b", "h/x", "u@h", "h:1"] {
        let result = HttpTransport::new(HttpOptions::new().proxy(Proxy::new(host, 1)));
        assert_eq!(result.unwrap_err(), HttpSetupError::Proxy, "{host:?}");
    }
}

#[test]
fn a_name_of_the_client_that_cannot_be_sent() {
    let result = HttpTransport::new(HttpOptions::new().user_agent("a\r\nHost: b"));
    assert_eq!(result.unwrap_err(), HttpSetupError::UserAgent);
}

/// The environment is given to a child, for a test may not change its own.
#[test]
fn no_proxy_is_taken_from_the_environment() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fetches_directly", "--ignored"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, "http://127.0.0.1:9/");
    }
    let output = child.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by no_proxy_is_taken_from_the_environment"]
fn fetches_directly() {
    assert_eq!(get(&client(), &hello().url("/")).unwrap(), b"hello");
}

#[test]
fn https_without_roots_is_refused() {
    assert!(matches!(get(&client(), "https://pki.example.com/"), Err(Cause::WithoutTls)));
    let server = Server::start(|_, stream| {
        answer(stream, "302 Found", &["Location: https://pki.example.com/"], b"");
        Then::Close
    });
    assert!(matches!(get(&client(), &server.url("/")), Err(Cause::WithoutTls)));
}

#[cfg(feature = "https")]
mod tls {
    use std::sync::mpsc;

    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use segl_crypto::{SoftKind, Time};
    use segl_fetch::{Cause, HttpSetupError, HttpTransport};
    use segl_testkit::pki::{Party, ca_extensions, extension, issue, key_usage};
    use segl_x509::Certificate;

    use super::*;

    fn life() -> (Time, Time) {
        let now = std::time::SystemTime::now();
        (Time::from(now - Duration::from_secs(86_400)), Time::from(now + Duration::from_secs(86_400)))
    }

    fn new_root() -> Party {
        issue("TEST TLS root", SoftKind::EcP256, None, life(), &ca_extensions())
    }

    /// A server of https with a certificate for `localhost`, for so many connections as there are answers.
    fn serve(root: &Party, answers: Vec<&'static [u8]>) -> (SocketAddr, mpsc::Receiver<String>) {
        let names = [[0x30, 11, 0x82, 9].as_slice(), b"localhost"].concat();
        let extensions = [key_usage(0x80, 7), extension("2.5.29.17", false, &names)];
        let party = issue("TEST server", SoftKind::EcP256, Some(root), life(), &extensions);
        let chain = vec![CertificateDer::from(party.certificate.as_der().to_vec())];
        let key = party.key.to_pkcs8_der().unwrap().to_vec();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)))
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            for octets in answers {
                let (stream, _) = listener.accept().unwrap();
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                let Some(asked) = read_request(&mut stream, 0) else { continue };
                send.send(asked.target).unwrap();
                raw(&mut stream, octets);
                stream.conn.send_close_notify();
                let _ = stream.conn.complete_io(&mut stream.sock);
            }
        });
        (address, receive)
    }

    fn client(roots: &[Certificate]) -> HttpTransport {
        HttpTransport::new(options().tls_roots(roots.to_vec())).unwrap()
    }

    const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    #[test]
    fn the_roots_given_are_trusted_and_no_others() {
        let root = new_root();
        let trusting = client(std::slice::from_ref(&root.certificate));
        let (address, asked) = serve(&root, vec![HELLO, HELLO, HELLO]);
        assert_eq!(get(&trusting, &format!("https://localhost:{}/x", address.port())).unwrap(), b"hello");
        assert_eq!(asked.recv().unwrap(), "/x");
        let by_address = get(&trusting, &format!("https://127.0.0.1:{}/", address.port()));
        assert!(matches!(&by_address, Err(Cause::Tls { .. })), "{by_address:?}");
        let other = client(&[new_root().certificate]);
        let untrusted = get(&other, &format!("https://localhost:{}/", address.port()));
        assert!(matches!(&untrusted, Err(Cause::Tls { .. })), "{untrusted:?}");
        assert!(asked.try_recv().is_err(), "nothing is asked over a connection that is not trusted");
    }

    #[test]
    fn a_redirect_does_not_leave_tls() {
        let root = new_root();
        let (address, _asked) = serve(
            &root,
            vec![b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
        );
        let result = get(&client(&[root.certificate]), &format!("https://localhost:{}/", address.port()));
        assert!(matches!(result, Err(Cause::RedirectDowngrade { .. })), "{result:?}");
    }

    #[test]
    fn plain_http_where_tls_should_be() {
        let server = hello();
        let result =
            get(&client(&[new_root().certificate]), &format!("https://localhost:{}/", server.address.port()));
        assert!(
            matches!(result, Err(Cause::Tls { .. } | Cause::Connection(_) | Cause::Timeout { .. })),
            "{result:?}"
        );
    }

    #[test]
    fn a_server_that_is_silent_where_tls_should_be() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let result = get(&client(&[new_root().certificate]), &url);
        assert!(matches!(result, Err(Cause::Timeout { .. })), "{result:?}");
    }

    #[test]
    fn roots_must_be_usable() {
        // X.509 version 2, which TLS does not know.
        let mut odd = new_root().certificate.as_der().to_vec();
        let version = odd.windows(5).position(|five| five == [0xa0, 3, 2, 1, 2]).unwrap();
        odd[version + 4] = 1;
        let odd = Certificate::from_der(&odd).unwrap();
        let only_odd = HttpTransport::new(options().tls_roots(vec![odd.clone()]));
        assert_eq!(only_odd.unwrap_err(), HttpSetupError::Roots);
        assert!(HttpTransport::new(options().tls_roots(vec![odd, new_root().certificate])).is_ok());
    }
}
