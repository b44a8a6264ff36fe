//! Sends one message to a TCP server and checks its echo.
//!
//! Beyond the tutorial's version: the echo may come in pieces; a server that is silent, closes too
//! early or sends something else is an error; and nothing that it sends can steer the terminal.
//!
//! ```console
//! $ cargo run -p tcp-echo-client
//! Connecting to localhost port 8888
//! Received b"This is a test message"
//! ```

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, builder::NonEmptyStringValueParser};
use netcommon::{Address, Report, println, timeout, uninterrupted};

/// Lesson 3: a TCP client that sends one message and checks its echo.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-echo-server")]
struct Args {
    /// HOST:PORT of the server
    #[arg(default_value = "localhost:8888")]
    address: Address,
    /// What to send
    #[arg(long, default_value = "This is a test message")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    message: String,
    /// Seconds for connecting and each read
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, message, timeout } = Args::parse();
    println!("Connecting to {} port {}", address.host(), address.port());
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let stream = address.try_each(connect).map_err(|error| {
        address.explain("cannot connect to", &error, "is tcp-echo-server running?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    talk(stream, &message).with_context(|| format!("no echo from {address}"))?;
    Ok(())
}

/// Sends the message and prints its echo. TCP has no message boundaries, so this reads on until as
/// many bytes are back as were sent.
fn talk(mut stream: TcpStream, message: &str) -> Result<()> {
    stream.write_all(message.as_bytes())?; // sendall
    let mut buffer = [0; 1024];
    let mut echo = Vec::new();
    while echo.len() < message.len() {
        let length = uninterrupted(|| stream.read(&mut buffer))?; // recv(1024)
        if length == 0 {
            break; // the server will send no more
        }
        echo.extend_from_slice(&buffer[..length]);
    }
    ensure!(echo == message.as_bytes(), "it sent back b\"{}\"", echo.escape_ascii());
    println!("Received b\"{}\"", echo.escape_ascii());
    Ok(())
}
