//! Sends one message over TCP, and checks that it comes back.
//!
//! Tutorial: article 003, the client.
//!
//! New here: the life of a client's socket: connect, send, receive, close.
//!
//! Unlike the Python: it reads until the whole message is back, where one `recv(1024)` may get a
//! part of it, and compares. A server that is silent for `--timeout` seconds is an error.
//!
//! ```console
//! $ cargo run -p tcp-echo-client
//! Connecting to localhost port 8888
//! Received b"This is a test message"
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Parser, builder::NonEmptyStringValueParser};
use netcommon::{Report, blocking, safe};

/// Lesson 3: a TCP client that sends one message and checks its echo.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-echo-server")]
struct Args {
    /// The server
    #[arg(value_name = "HOST:PORT", default_value = "localhost:8888", value_parser = host_port)]
    address: String,
    /// What to send
    #[arg(long, value_name = "TEXT", default_value = "This is a test message", value_parser = NonEmptyStringValueParser::new())]
    message: String,
    /// Limit for connecting, and for each read
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, message, timeout } = Args::parse();
    let (host, port) = address.rsplit_once(':').unwrap_or_default();
    print(&format!("Connecting to {host} port {port}"))?;
    let mut stream = connect(&address, timeout).map_err(|error| {
        anyhow!("cannot connect to {address}: {error}; is tcp-echo-server running?")
    })?;
    talk(&mut stream, &message).with_context(|| format!("no echo from {address}"))?;
    Ok(())
}

/// Connects to the first address of a name that answers, be it IPv4 or IPv6, and sets the limits.
fn connect(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, timeout);
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

/// Sends the message and prints its echo.
fn talk(stream: &mut TcpStream, message: &str) -> Result<()> {
    blocking(|| stream.write_all(message.as_bytes()))?;
    // As many bytes as were sent, or fewer if the server closes: however many reads that takes.
    let mut echo = Vec::new();
    blocking(|| stream.take(message.len() as u64).read_to_end(&mut echo))?;
    ensure!(echo == message.as_bytes(), "it sent back b\"{}\"", echo.escape_ascii());
    print(&format!("Received b\"{}\"", echo.escape_ascii()))
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
