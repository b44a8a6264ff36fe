//! Holds a dialogue in messages that have an end.
//!
//! The client of lesson 5 has to know what it waits for. Here each message is a frame, which says
//! how long it is: what comes in pieces or together comes out as the messages that were sent.
//!
//! ```console
//! $ cargo run -p framed-client
//! Welcome!
//! Hello, Michael!
//! Hello, Tracy!
//! Hello, Sarah!
//! ```

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, builder::NonEmptyStringValueParser};
use netcommon::{Address, Report, UTF_8, decode, println, timeout, uninterrupted};

/// The longest text of a frame, in bytes; more than the server takes, since it adds a greeting.
const LONGEST: usize = 128 * 1024;

/// Lesson 17: a TCP client whose messages have an end: a length, then the text.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p framed-server")]
struct Args {
    /// HOST:PORT of the server
    #[arg(default_value = "127.0.0.1:9998")]
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
        address.explain("cannot connect to", &error, "is framed-server running?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    talk(stream, &names).with_context(|| format!("the dialogue with {address} broke off"))?;
    Ok(())
}

/// Prints the welcome, then the answer to each name.
fn talk(mut stream: TcpStream, names: &[String]) -> Result<()> {
    receive(&mut stream)?;
    for name in names {
        write_frame(&mut stream, name)?;
        receive(&mut stream)?;
    }
    write_frame(&mut stream, "exit")
}

/// Prints one message, however many pieces it comes in.
fn receive(stream: &mut TcpStream) -> Result<()> {
    let mut length = [0; 4];
    read_exact(stream, &mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    ensure!(length <= LONGEST, "a frame of {length} bytes, where {LONGEST} is the limit");
    let mut text = vec![0; length];
    read_exact(stream, &mut text)?;
    println!("{}", decode(&text, UTF_8));
    Ok(())
}

/// Fills the buffer, or says that the server has closed before.
fn read_exact(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    match uninterrupted(|| stream.read_exact(buffer)) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            bail!("it closed the connection in the middle of a message")
        }
        result => Ok(result?),
    }
}

/// Sends a frame, in one piece: the length by itself would wait for its acknowledgment.
fn write_frame(stream: &mut TcpStream, text: &str) -> Result<()> {
    let length = u32::try_from(text.len())?;
    stream.write_all(&[&length.to_be_bytes(), text.as_bytes()].concat())?;
    Ok(())
}
