//! Holds a dialogue over TCP: a welcome, then a greeting for each name.
//!
//! Tutorial: article 001, the client for the TCP server.
//!
//! New here: several messages over one connection, each followed by its answer.
//!
//! Unlike the Python: a server that is silent for `--timeout` seconds, or that closes too early, is
//! an error. A character that is split over two reads is printed whole.
//!
//! ```console
//! $ cargo run -p tcp-client
//! Welcome!
//! Hello, Michael!
//! Hello, Tracy!
//! Hello, Sarah!
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Parser, builder::NonEmptyStringValueParser};
use netcommon::{Report, StreamDecoder, UTF_8, blocking, safe};

/// Lesson 5: a TCP client that holds a dialogue with the server of lesson 4.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-server-threaded")]
struct Args {
    /// The server
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:9999", value_parser = host_port)]
    address: String,
    /// Names to send, one after the other
    #[arg(value_name = "NAME", default_values = ["Michael", "Tracy", "Sarah"], value_parser = NonEmptyStringValueParser::new())]
    names: Vec<String>,
    /// Limit for connecting, and for each read
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, names, timeout } = Args::parse();
    let mut stream = connect(&address, timeout).map_err(|error| {
        anyhow!("cannot connect to {address}: {error}; is tcp-server-threaded running?")
    })?;
    talk(&mut stream, &names).with_context(|| format!("the dialogue with {address} broke off"))?;
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

/// Prints the welcome, then the answer to each name.
fn talk(stream: &mut TcpStream, names: &[String]) -> Result<()> {
    let mut decoder = StreamDecoder::new(UTF_8);
    print(&decoder.decode(&receive(stream)?))?;
    for name in names {
        blocking(|| stream.write_all(name.as_bytes()))?;
        print(&decoder.decode(&receive(stream)?))?;
    }
    blocking(|| stream.write_all(b"exit"))?;
    match decoder.finish() {
        rest if rest.is_empty() => Ok(()),
        rest => print(&rest), // half a character, and no more of it
    }
}

/// One message, which is one `recv(1024)` here, as in the tutorial; TCP itself knows no messages.
fn receive(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut buffer = [0; 1024];
    let length = blocking(|| stream.read(&mut buffer))?;
    ensure!(length > 0, "it closed the connection without an answer");
    Ok(buffer[..length].to_vec())
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
