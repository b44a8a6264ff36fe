//! Holds a dialogue over TCP: a welcome, then a greeting for each name.
//!
//! Beyond the tutorial's version: an answer in pieces is one answer; a server that is silent, or
//! that closes too early, is an error; and nothing that it sends can steer the terminal.
//!
//! ```console
//! $ cargo run -p tcp-client
//! Welcome!
//! Hello, Michael!
//! Hello, Tracy!
//! Hello, Sarah!
//! ```

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, builder::NonEmptyStringValueParser};
use netcommon::{Address, Report, UTF_8, decode, println, timeout, uninterrupted};

/// Lesson 5: a TCP client that holds a dialogue with the server of lesson 4.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-server-threaded")]
struct Args {
    /// HOST:PORT of the server
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Names to send, one after the other
    #[arg(default_values = ["Michael", "Tracy", "Sarah"])]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    names: Vec<String>,
    /// Seconds for connecting and each read
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, names, timeout } = Args::parse();
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let stream = address.try_each(connect).map_err(|error| {
        address.explain("cannot connect to", &error, "is tcp-server-threaded running?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    talk(stream, &names).with_context(|| format!("the dialogue with {address} broke off"))?;
    Ok(())
}

/// Prints the welcome, then the answer to each name.
fn talk(mut stream: TcpStream, names: &[String]) -> Result<()> {
    receive(&mut stream, "Welcome!")?;
    for name in names {
        stream.write_all(name.as_bytes())?; // send
        receive(&mut stream, &format!("Hello, {name}!"))?;
    }
    stream.write_all(b"exit")?;
    Ok(())
}

/// Prints one answer. TCP has no message boundaries, so an answer may come in pieces: while what
/// has come is only the beginning of what is expected, this reads on.
fn receive(stream: &mut TcpStream, expected: &str) -> Result<()> {
    let mut buffer = [0; 1024];
    let mut answer = Vec::new();
    let last_read = loop {
        let read = uninterrupted(|| stream.read(&mut buffer)); // recv(1024)
        let Ok(length @ 1..) = read else { break read }; // an error, or 0: the server has closed
        answer.extend_from_slice(&buffer[..length]);
        if answer.len() >= expected.len() || !expected.as_bytes().starts_with(&answer) {
            break read;
        }
    };
    if !answer.is_empty() {
        println!("{}", decode(&answer, UTF_8));
    }
    ensure!(last_read? > 0, "it closed the connection before its answer was complete");
    Ok(())
}
