//! Fetches a web page as lesson 1 does, through TLS.
//!
//! The request and the answer are the same; they go through a stream that encrypts them. Before a
//! byte is sent, the server has to prove that it is who the URL says: its certificate must come
//! from someone we trust, be valid today, and name this host. Each check that fails says so.
//!
//! ```console
//! $ cargo run -p https-fetch -- https://www.sina.com.cn/
//! ```

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use http_fetch::{framing, page, progress::Progress, save, target::Target};
use netcommon::{Address, Report, UTF_8, decode, eprintln, timeout, uninterrupted};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// How much is read at once, in bytes: the tutorial's `recv(1024)`, made large for speed.
const BUFFER: usize = 512 * 1024;

/// Lesson 22: fetches a web page over TLS.
#[derive(Parser)]
#[command(after_help = "Without TLS: cargo run -p http-fetch -- http://127.0.0.1:8000/")]
struct Args {
    /// The page
    #[arg(default_value = "https://www.sina.com.cn/", value_parser = Target::https)]
    url: Target,
    /// File, - for stdout [default: by the host, sina.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Trust this PEM file's certificates, too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Seconds for connecting and each read
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { url, output, ca, timeout } = Args::parse();
    let path = output.unwrap_or_else(|| url.file_name());
    let cannot_write = || format!("cannot write to {}", save::name(&path));
    // First, so that a file that can't be written is an error before anything is sent.
    let mut file = save::Output::create(&path).with_context(cannot_write)?;

    let address = &url.address;
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let stream = address.try_each(connect).map_err(|error| {
        format!("cannot connect to {address}: {error}; are host and port right?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    let mut stream = secure(stream, address, ca.as_deref())?;
    let no_page = || format!("no page from {address}");
    let request = url.request(); // GET, Host, Connection: close
    stream.write_all(request.as_bytes()).with_context(no_page)?; // send

    let (head, mut body) = framing::read(stream).with_context(no_page)?;
    let header = decode(&head.bytes, UTF_8);
    for line in header.lines() {
        file.tell(line);
    }
    let mut progress = Progress::new(head.length());
    let mut start = Vec::new(); // the start of the page, where its title stands
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = body.read(&mut buffer).with_context(no_page)?;
        if length == 0 {
            break;
        }
        file.write_all(&buffer[..length]).with_context(cannot_write)?;
        start.extend_from_slice(&buffer[..length.min(page::START - start.len())]);
        progress.add(length);
    }
    drop(progress); // clears the bar
    if let Some(title) = page::title(&start, head.field("content-type")) {
        file.tell(&title);
    }
    file.finish().with_context(cannot_write)?;
    for remark in head.remarks(body.received()) {
        eprintln!("{remark}");
    }
    eprintln!("Wrote {} bytes to {}", body.received(), save::name(&path));
    Ok(())
}

/// The stream through which all that is sent is encrypted, once the server has proved who it is.
fn secure(
    mut stream: TcpStream,
    address: &Address,
    ca: Option<&Path>,
) -> Result<impl Read + Write> {
    let config = ClientConfig::builder().with_root_certificates(roots(ca)?);
    let config = Arc::new(config.with_no_client_auth());
    let name = ServerName::try_from(address.host().trim_matches(['[', ']']).to_owned())?;
    let mut session = ClientConnection::new(config, name)?;
    while session.is_handshaking() {
        uninterrupted(|| session.complete_io(&mut stream))
            .map_err(|error| explained(error, address))?;
    }
    Ok(Secured(StreamOwned::new(session, stream)))
}

/// Whom we trust: those whom the browsers trust, and the reader's own.
fn roots(ca: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca {
        let cannot_read = || format!("cannot read certificates from {}", save::name(file));
        let mut added = 0;
        for certificate in CertificateDer::pem_file_iter(file).with_context(cannot_read)? {
            roots.add(certificate.with_context(cannot_read)?).with_context(cannot_read)?;
            added += 1;
        }
        ensure!(added > 0, "{} has no certificates", save::name(file));
    }
    Ok(roots)
}

/// Which check failed, in a sentence.
fn explained(error: io::Error, address: &Address) -> anyhow::Error {
    use CertificateError as Bad;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    let why = match tls {
        Some(rustls::Error::InvalidCertificate(bad)) => match bad {
            Bad::UnknownIssuer => {
                "no one whom we trust has signed its certificate; --ca FILE adds one"
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is our clock right?"
            }
            _ => "its certificate is not valid",
        },
        Some(rustls::Error::InvalidMessage(_)) => {
            "it does not speak TLS; is this a port for http://?"
        }
        _ if error.kind() == ErrorKind::UnexpectedEof => {
            "it closed the connection during the handshake"
        }
        _ => "the handshake failed",
    };
    anyhow::Error::new(error).context(format!("no secure connection to {address}: {why}"))
}

/// The stream, with words for an end that anyone on the way could have made (RFC 9846 §6.1).
struct Secured(StreamOwned<ClientConnection, TcpStream>);

impl Read for Secured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.read(buffer)).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => io::Error::new(
                error.kind(),
                "it ended without TLS's close_notify; a part of the page may be missing",
            ),
            _ => error,
        })
    }
}

impl Write for Secured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
