//! Lesson 22, `https-fetch`, seen from outside: with a server of its own, and certificates that are
//! made here.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{Ending, Program, rule};
use tempfile::TempDir;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_https-fetch");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

const PAGE: &str = "<title>A page</title>";

/// A response whose end its length tells.
fn whole() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len())
}

/// A response that ends with the connection.
fn until_close() -> String {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{PAGE}")
}

/// An authority, and a certificate that it has signed.
struct Identity {
    ca: String,
    config: Arc<ServerConfig>,
}

impl Identity {
    /// For `name`, with such changes.
    fn new(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority, key);
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateDer::from(params.signed_by(&key, &issuer).unwrap());
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.into_owned()], key.into()).unwrap();
        Self { ca, config: Arc::new(config) }
    }
}

/// What a server does after the request.
#[derive(Clone, Copy)]
enum End {
    /// Closes as TLS wants it.
    Notified,
    /// Just closes.
    Cut,
}

/// Fetches from a server with this identity, which answers so; the page, if it was written.
#[track_caller]
fn fetch(identity: &Identity, trusts: bool, answer: String, end: End) -> (Ending, Option<String>) {
    let config = Arc::clone(&identity.config);
    let ca = if trusts { identity.ca.as_str() } else { "" };
    with_server(ca, move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        let mut request = [0; 1024];
        if stream.read(&mut request).is_err() {
            return; // the client does not trust us
        }
        assert!(request.starts_with(b"GET / HTTP/1.1\r\nHost: localhost:"));
        stream.write_all(answer.as_bytes()).unwrap();
        if matches!(end, End::Notified) {
            stream.conn.send_close_notify();
        }
        let _ = stream.flush();
    })
}

/// Fetches from `localhost`, where `serve` gets the connection; trusts `ca` if it is not empty.
#[track_caller]
fn with_server(
    ca: &str,
    serve: impl FnOnce(TcpStream) + Send + 'static,
) -> (Ending, Option<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    let folder = TempDir::new().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(path("ca.pem"), ca).unwrap();
    let (page, authority) = (path("page.html"), path("ca.pem"));
    let url = format!("https://localhost:{port}/");
    let mut arguments = vec![&*url, "-o", page.to_str().unwrap()];
    if !ca.is_empty() {
        arguments.extend(["--ca", authority.to_str().unwrap()]);
    }
    let ending = Program::start(&mut command(&arguments)).finish();
    server.join().unwrap();
    (ending, fs::read_to_string(page).ok())
}

fn good() -> Identity {
    Identity::new("localhost", |_| ())
}

/// The error of a fetch from a server that is not to be trusted, which must write nothing.
#[track_caller]
fn refused(identity: &Identity, trusts: bool) -> String {
    let (ending, page) = fetch(identity, trusts, whole(), End::Notified);
    assert_eq!(page, None);
    ending.error()
}

mod dialogue {
    use super::*;

    #[test]
    fn fetches_a_page_from_a_server_that_it_trusts() {
        let (ending, page) = fetch(&good(), true, whole(), End::Notified);
        assert_eq!(ending.status.code(), Some(0), "{ending:?}");
        assert!(ending.stdout.starts_with("HTTP/1.1 200 OK\n"), "{ending:?}");
        assert!(ending.stdout.contains("A page"), "{ending:?}");
        assert_eq!(page.as_deref(), Some(PAGE));
    }

    #[test]
    fn takes_a_page_that_ends_with_the_connection() {
        let (_, page) = fetch(&good(), true, until_close(), End::Notified);
        assert_eq!(page.as_deref(), Some(PAGE));
    }

    #[test]
    fn refuses_a_server_that_nobody_it_trusts_has_signed() {
        let error = refused(&good(), false);
        assert!(error.contains("no one whom we trust has signed its certificate"), "{error}");
        assert!(error.contains("--ca FILE"), "{error}");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn refuses_a_certificate_for_another_name() {
        let error = refused(&Identity::new("other.example", |_| ()), true);
        assert!(error.contains("its certificate is for another name"), "{error}");
        assert!(error.contains("other.example"), "{error}");
    }

    #[test]
    fn refuses_a_certificate_that_has_expired_or_is_not_valid_yet() {
        let expired = Identity::new("localhost", |params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        });
        let error = refused(&expired, true);
        assert!(error.contains("its certificate has expired"), "{error}");
        let early = Identity::new("localhost", |params| {
            params.not_before = date_time_ymd(2990, 1, 1);
            params.not_after = date_time_ymd(2999, 1, 1);
        });
        let error = refused(&early, true);
        assert!(error.contains("its certificate is not valid yet"), "{error}");
    }

    #[test]
    fn says_that_a_server_does_not_speak_tls() {
        let plain = |mut stream: TcpStream| {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        };
        let (ending, page) = with_server("", plain);
        let error = ending.error();
        assert!(error.contains("it does not speak TLS; is this a port for http://?"), "{error}");
        assert_eq!(page, None);
    }

    #[test]
    fn says_that_a_server_closed_during_the_handshake() {
        let (ending, _) = with_server("", |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
        });
        let error = ending.error();
        assert!(error.contains("it closed the connection during the handshake"), "{error}");
    }

    #[test]
    fn an_end_without_close_notify_is_an_error_unless_the_page_is_whole() {
        let (ending, page) = fetch(&good(), true, until_close(), End::Cut);
        let error = ending.error();
        assert!(error.contains("it ended without TLS's close_notify"), "{error}");
        assert_eq!(page, None);
        let (ending, page) = fetch(&good(), true, whole(), End::Cut);
        assert_eq!(ending.status.code(), Some(0), "{ending:?}");
        assert_eq!(page.as_deref(), Some(PAGE));
    }

    rule!(does_not_wait_forever_on_a_silent_server, |address: &str| {
        command(&[&format!("https://{address}/"), "-o", "-", "--timeout", "0.5"])
    });
}

mod polish {
    use super::*;

    #[test]
    fn a_ca_file_without_certificates_is_an_error() {
        for (file, words) in
            [("no-such-file", "cannot read"), ("Cargo.toml", "has no certificates")]
        {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("https://{}/", listener.local_addr().unwrap());
            let error = Program::start(&mut command(&[&url, "-o", "-", "--ca", file]));
            let error = error.finish().error();
            assert!(error.contains(file) && error.contains(words), "{error}");
        }
    }

    #[test]
    fn takes_https_and_nothing_else() {
        for (url, words) in
            [("http://127.0.0.1/", "http:// is not https://"), ("https:/a", "both slashes")]
        {
            let error = Program::start(&mut command(&[url])).finish().refused();
            assert!(error.contains(words), "{error}");
        }
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 22", "https://www.sina.com.cn/", "--ca", "cargo run -p http-fetch"]
    );
}
