//! Serves a folder over HTTP/1.1, one request for each connection, each in a thread.
//!
//! A request is text that a stranger wrote. Its head has a limit of size and of time, a parser that
//! is tested by others takes it apart, and no path leads out of the folder.
//!
//! ```console
//! $ cargo run -p http-server
//! Listening on 127.0.0.1:8000
//! Waiting for connection...
//! ```

mod files;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use crossbeam_channel::{Receiver, bounded};
use files::Response;
use netcommon::{Address, Report, eprintln, println};
use socket2::SockRef;

/// The longest head of a request, in bytes, and how long it may take to arrive.
const LONGEST: usize = 8 * 1024;
const SLOWEST: Duration = Duration::from_secs(10);

/// The small page.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site");

/// Lesson 21: serves a folder over HTTP/1.1.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p http-fetch -- http://127.0.0.1:8000/")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:8000")]
    address: Address,
    /// The folder; without it, a small page in GBK
    #[arg(long, default_value = SITE, hide_default_value = true)]
    folder: PathBuf,
    /// Connections at once; others wait
    #[arg(long, value_name = "N", default_value = "1000")]
    max_connections: NonZeroU16,
}

fn main() -> Result<(), Report> {
    let Args { address, folder, max_connections } = Args::parse();
    // Without links and `..` in it, so that it can be compared with what a path leads to.
    let root: Arc<Path> = folder
        .canonicalize()
        .map_err(|error| format!("cannot serve {}: {error}", folder.display()))?
        .into();
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    SockRef::from(&listener).listen(4096)?; // listen(5), but for a burst of clients; std's is 128
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    println!("Waiting for connection...");
    // Each client has a token in this channel: while it is full, the next client has to wait.
    let (enter, leave) = bounded(max_connections.get().into());
    loop {
        enter.send(())?;
        let (place, root) = (Place(leave.clone()), Arc::clone(&root));
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        let builder = thread::Builder::new().stack_size(128 * 1024); // bytes; std's own is 2 MiB
        if let Err(error) = builder.spawn(move || serve(stream, peer, &root, place)) {
            pause(&error);
        }
    }
}

/// Says why no client can be served, and waits a little: a descriptor or thread may come free.
fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Serves one client, in its thread; then it gives the place back.
fn serve(stream: TcpStream, peer: SocketAddr, root: &Path, _place: Place) {
    match talk(stream, root) {
        Ok(Some(line)) => println!("{peer} {line}"),
        Ok(None) => {}
        Err(error) => eprintln!("lost {peer}: {error}"),
    }
}

/// Answers one request, and says in a line what was asked and answered; nothing if no one asked.
fn talk(mut stream: TcpStream, root: &Path) -> io::Result<Option<String>> {
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let (line, mut response) = match request(&mut stream)? {
        Ok(None) => return Ok(None),
        Ok(Some((method, path))) if method == "GET" || method == "HEAD" => {
            let mut response = files::respond(root, &path);
            if method == "HEAD" {
                response.body = Box::new(io::empty());
            }
            (format!("{method} {path}"), response)
        }
        Ok(Some((method, path))) => {
            let refused = Response::short("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
            (format!("{method} {path}"), refused)
        }
        Err(status) => ("-".into(), Response::short(status, "")),
    };
    let Response { status, kind, length, extra, .. } = &response;
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n{extra}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    io::copy(&mut response.body, &mut stream)?;
    // What the client still sends would make the system reset the connection, and the answer with
    // it (RFC 9112 §9.6): read on for a moment.
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let _ = io::copy(&mut stream.take(64 * 1024), &mut io::sink());
    Ok(Some(format!("{line}: {}", response.status)))
}

/// The method and the path of a request; nothing where the client closes without one; the status to
/// answer where it is no request (RFC 9112 §3, §5).
fn request(stream: &mut TcpStream) -> io::Result<Result<Option<(String, String)>, &'static str>> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    let end = Instant::now() + SLOWEST;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err("408 Request Timeout"));
        }
        stream.set_read_timeout(Some(left))?;
        let length = match stream.read(&mut buffer) {
            Ok(0) if head.is_empty() => return Ok(Ok(None)),
            Ok(0) => return Ok(Err("400 Bad Request")),
            Ok(length) => length,
            // The time is over, or a signal came: the next turn tells.
            Err(error) if is_again(&error) => continue,
            Err(error) => return Err(error),
        };
        head.extend_from_slice(&buffer[..length]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Partial) if head.len() < LONGEST => continue,
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Ok(Err("431 Request Header Fields Too Large"));
            }
            Err(httparse::Error::Version) => return Ok(Err("505 HTTP Version Not Supported")),
            Err(_) => return Ok(Err("400 Bad Request")),
            Ok(httparse::Status::Complete(_)) => {}
        }
        let named = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("host"));
        if request.version == Some(1) && !named {
            return Ok(Err("400 Bad Request")); // RFC 9112 §3.2
        }
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        return Ok(Ok(Some((word(request.method), word(request.path)))));
    }
}

fn is_again(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// A client's place. It is free again when this is dropped, also if no thread could be started.
struct Place(Receiver<()>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}
