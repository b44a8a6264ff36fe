//! Sends names as UDP datagrams, and waits for the answer to each.
//!
//! Tutorial: article 001, the UDP client; article 004, §6.3, the second UDP program.
//!
//! New here: an answer, and so the question of how long to wait for one. UDP loses datagrams, and
//! tells no one.
//!
//! Unlike the Python: the socket is connected, so that the system takes no datagram from anyone but
//! the server that was asked, and tells when no one listens there. A lost answer is an error after
//! `--timeout` seconds, where the script waits for ever.
//!
//! ```console
//! $ cargo run -p udp-client
//! Hello, Michael!
//! Hello, Tracy!
//! Hello, Sarah!
//! ```

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Report, UTF_8, blocking, decode, safe};

/// Lesson 10: a UDP client that waits for its answers.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p udp-server")]
struct Args {
    /// The server
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:9999", value_parser = host_port)]
    address: String,
    /// Names to send, one after the other
    #[arg(value_name = "NAME", default_values = ["Michael", "Tracy", "Sarah"])]
    names: Vec<String>,
    /// Limit for each answer
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, names, timeout } = Args::parse();
    let no_answer =
        |error| anyhow!("no answer from {address}: {error}; is udp-server running there?");
    let (first, others) = names.split_first().context("there is no name to send")?;
    let (socket, answer) = connect(&address, timeout, first).map_err(no_answer)?;
    print(&answer)?;
    for name in others {
        print(&ask(&socket, name).map_err(no_answer)?)?;
    }
    Ok(())
}

/// Connects to the first address of a name that answers. To connect a datagram socket sends
/// nothing, so this takes the first question.
fn connect(address: &str, timeout: Duration, first: &str) -> io::Result<(UdpSocket, String)> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        result = open(address, timeout).and_then(|socket| {
            let answer = ask(&socket, first)?;
            Ok((socket, answer))
        });
        if result.is_ok() {
            break;
        }
    }
    result
}

/// A socket that talks with no one but `address`.
fn open(address: SocketAddr, timeout: Duration) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(timeout))?;
    Ok(socket)
}

/// Sends a name and waits for one datagram.
fn ask(socket: &UdpSocket, name: &str) -> io::Result<String> {
    socket.send(name.as_bytes())?; // all of it or an error: a datagram is never cut
    let mut buffer = vec![0; 65_536];
    let length = blocking(|| socket.recv(&mut buffer))?;
    Ok(decode(&buffer[..length], UTF_8).into_owned())
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

fn seconds(text: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(text.parse()?).ok().filter(|t| !t.is_zero()).context("not over 0")
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}
