//! Answers each UDP datagram with a greeting.
//!
//! Tutorial: article 001, the UDP server.
//!
//! New here: the server answers. Where to is written on each datagram, so one socket is enough for
//! all clients, and there is nothing to accept or to close.
//!
//! Unlike the Python: an answer that can't be sent costs one line of the log. An answer is not
//! answered: else someone who forges its sender's address could set two such servers on each other.
//!
//! ```console
//! $ cargo run -p udp-server
//! Listening on 127.0.0.1:9999
//! Bind UDP on 9999...
//! ```

use std::io::{self, Write};
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Report, safe};

/// Lesson 9: a UDP server that answers each datagram.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p udp-client")]
struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:9999", value_parser = host_port)]
    address: String,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    let socket = UdpSocket::bind(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    writeln!(io::stderr(), "Listening on {}", socket.local_addr()?)?;
    print(&format!("Bind UDP on {}...", socket.local_addr()?.port()))?;

    // 64 KiB: the length field of a UDP header has 16 bits (RFC 768).
    let mut buffer = vec![0; 65_536];
    loop {
        let received = socket.recv_from(&mut buffer).inspect_err(pause);
        let Ok((length, sender)) = received else { continue };
        print(&format!("Received from {sender}."))?;
        let name = &buffer[..length];
        if !name.starts_with(b"Hello, ") {
            let answer = [b"Hello, ", name, b"!"].concat();
            if let Err(error) = socket.send_to(&answer, sender) {
                let _ = writeln!(io::stderr(), "cannot answer {sender}: {error}");
            }
        }
    }
}

/// Says that nothing can be received, and gives the system the time to recover.
fn pause(error: &io::Error) {
    let _ = writeln!(io::stderr(), "cannot receive a datagram: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

/// Prints a line in one write; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    let line = safe(line) + "\n";
    io::stdout().write_all(line.as_bytes()).context("cannot write to standard output")
}
