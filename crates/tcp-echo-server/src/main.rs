//! Sends back what a TCP client says, one client at a time.
//!
//! Tutorial: article 003, the server.
//!
//! New here: the life of a server's sockets. One listens; `accept` gives another one for each
//! client; a read of 0 bytes says that the client has closed its side.
//!
//! Unlike the Python: it goes on with the next client, where the script ends with the first. A
//! client that resets its connection costs one line of the log.
//!
//! ```console
//! $ cargo run -p tcp-echo-server
//! Starting up on localhost port 8888
//! Listening on 127.0.0.1:8888
//! Waiting for a connection...
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Report, blocking, safe};

/// Lesson 2: a TCP server that sends back what it receives, one client at a time.
#[derive(Parser)]
#[command(
    after_help = "In a second terminal: cargo run -p tcp-echo-client    (or: nc 127.0.0.1 8888)"
)]
struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(value_name = "HOST:PORT", default_value = "localhost:8888", value_parser = host_port)]
    address: String,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    let (host, port) = address.rsplit_once(':').unwrap_or_default();
    print(&format!("Starting up on {host} port {port}"))?;
    let listener = listen(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    print("Waiting for a connection...")?;
    loop {
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        print(&format!("Connection from {peer}"))?;
        serve(stream, peer);
        print("Waiting for a connection...")?;
    }
}

/// Listens on the first address of a name that can be had, on IPv4 before IPv6: the script's
/// `AF_INET`. Who knows the server as 127.0.0.1 finds it too.
fn listen(address: &str) -> io::Result<TcpListener> {
    let mut addresses: Vec<_> = address.to_socket_addrs()?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    TcpListener::bind(&*addresses)
}

/// Says that there is no free file descriptor, and gives others the time to end.
fn pause(error: &io::Error) {
    let _ = writeln!(io::stderr(), "cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Serves one client; the others wait in the backlog.
fn serve(stream: TcpStream, peer: SocketAddr) {
    if let Err(error) = talk(stream) {
        let _ = writeln!(io::stderr(), "lost {peer}: {error:#}");
    }
}

/// Sends back what one client says until it closes its side.
fn talk(mut stream: TcpStream) -> Result<()> {
    // A client may be silent as long as it likes, but not leave its answers unread.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024); 0 is the end of the stream
        print(&format!("Received b\"{}\"", buffer[..length].escape_ascii()))?;
        match &buffer[..length] {
            b"" => return Ok(()),
            message => blocking(|| stream.write_all(message))?,
        }
    }
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}
