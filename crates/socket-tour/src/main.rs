//! Makes every call of the tutorial's table of socket methods, and shows what the system says.
//!
//! Tutorial: article 004, the table at the end of §6 ("Socket 对象(内建)方法") row by row; §5.2 and
//! article 001 for `socket()` with its family, type and protocol, and for `_sock=s`.
//!
//! New here: the calls that no other lesson needs. Each stop plays both sides, on loopback and on
//! free ports. `connecting.rs` is how a connection comes about, `data.rs` what goes over it,
//! `options.rs` how its calls behave, `handles.rs` what a socket is to its process.
//!
//! `std::net` has no call for `socket()` and `listen(5)` alone, nor for most options; the crate
//! `socket2` has them, under the names of the C library. `recv` gives bytes, and an error is a
//! value with a number. The table lacks `shutdown`; it is the last stop.
//!
//! ```console
//! $ cargo run -p socket-tour
//! $ cargo run -p socket-tour listen
//! ```

mod connecting;
mod data;
mod handles;
mod options;

use std::fmt::Display;
use std::io;

use anyhow::{Context, Result};
use clap::{Parser, builder::PossibleValuesParser};
use netcommon::{Report, println};

/// Lesson 13: a tour of Python's socket methods, each made for real on loopback.
#[derive(Parser)]
#[command(after_help = format!("Stops:\n{}\nEach stop plays both sides.", names()))]
struct Args {
    /// Make this one stop, by its Python name; without it, make all
    #[arg(hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(STOPS.map(|stop| stop.0)))]
    name: Option<String>,
}

/// A call's name in Python, its name in Rust, and the stop: it makes the call and writes what it
/// saw, line by line.
type Stop = (&'static str, &'static str, fn(&mut String) -> Result<()>);

const STOPS: [Stop; 23] = [
    ("socket", "Socket::new", connecting::socket),
    ("bind", "TcpListener::bind", connecting::bind),
    ("listen", "Socket::listen", connecting::listen),
    ("accept", "TcpListener::accept", connecting::accept),
    ("connect", "TcpStream::connect", connecting::connect),
    ("connect_ex", "io::Error::raw_os_error", connecting::connect_ex),
    ("recv", "TcpStream::read", data::recv),
    ("send", "TcpStream::write", data::send),
    ("sendall", "TcpStream::write_all", data::sendall),
    ("recvfrom", "UdpSocket::recv_from", data::recvfrom),
    ("sendto", "UdpSocket::send_to", data::sendto),
    ("close", "drop", handles::close),
    ("getpeername", "TcpStream::peer_addr", connecting::getpeername),
    ("getsockname", "TcpStream::local_addr", connecting::getsockname),
    ("setsockopt", "Socket::set_reuse_address and others", options::setsockopt),
    ("getsockopt", "Socket::recv_buffer_size and others", options::getsockopt),
    ("settimeout", "TcpStream::set_read_timeout", options::settimeout),
    ("gettimeout", "TcpStream::read_timeout", options::gettimeout),
    ("fileno", "AsRawFd::as_raw_fd (Windows: AsRawSocket)", handles::fileno),
    ("setblocking", "TcpStream::set_nonblocking", options::setblocking),
    ("makefile", "BufReader::new", data::makefile),
    ("dup", "TcpStream::try_clone", handles::dup),
    ("shutdown", "TcpStream::shutdown", handles::shutdown),
];

fn main() -> Result<(), Report> {
    let Args { name } = Args::parse();
    for (python, rust, stop) in STOPS {
        if name.as_deref().is_some_and(|name| name != python) {
            continue;
        }
        println!("{python}()  ·  {rust}");
        let mut seen = String::new();
        let result = stop(&mut seen).with_context(|| format!("cannot show {python}()"));
        for line in seen.lines() {
            println!("    {line}");
        }
        match result {
            // A whole tour goes on where this system lacks a call.
            Err(error) if name.is_none() => println!("    {error:#}; on to the next"),
            result => result?,
        }
    }
    Ok(())
}

/// The names of all stops, in lines of six.
fn names() -> String {
    let line = |stops: &[Stop]| stops.iter().map(|stop| "  ".to_owned() + stop.0).collect();
    STOPS.chunks(6).map(line).collect::<Vec<String>>().join("\n")
}

/// What the system said to a call: a value, or an error with its kind and its number.
fn said<T: Display>(result: io::Result<T>) -> String {
    result.map_or_else(|error| format!("{:?}: {error}", error.kind()), |value| value.to_string())
}

/// Bytes as they are written in source: a part of a character is no text.
fn show(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}
