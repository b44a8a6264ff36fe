//! Sends one line of text as one UDP datagram.
//!
//! Tutorial: article 004, §6.3, the first UDP program.
//!
//! New here: a datagram socket. There is no connection: each datagram carries its address, and
//! nothing tells the sender whether anyone was there to receive it.
//!
//! Unlike the Python: the default address and encoding are those of the receiver in §6.4 (lesson
//! 8), so that the two can talk; the script's own are `192.168.1.104:8234 --encoding utf-8`. Text
//! that the encoding can't express is an error, and nothing is sent.
//!
//! ```console
//! $ cargo run -p udp-sender
//! 请输入要发送的数据:你好
//! ```

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Parser, builder::PossibleValuesParser};
use netcommon::{GBK, Report, UTF_8, encode};

/// Lesson 7: a UDP sender: one datagram, and no connection.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p udp-bound-receiver")]
struct Args {
    /// The receiver
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:7788", value_parser = host_port)]
    address: String,
    /// The text; without it, the program asks
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Of the text [gbk, utf-8]
    #[arg(long, value_name = "NAME", default_value = "gbk", hide_possible_values = true, value_parser = PossibleValuesParser::new(["gbk", "utf-8"]))]
    encoding: String,
}

fn main() -> Result<(), Report> {
    let Args { address, message, encoding } = Args::parse();
    let encoding = if encoding == "gbk" { GBK } else { UTF_8 };
    let message = message.map_or_else(|| ask("请输入要发送的数据:"), Ok)?;
    let datagram = encode(&message, encoding).context("cannot send this text")?;
    let length = datagram.len();
    let remedy = if length > 65_507 { "; IPv4 takes 65,507 at most" } else { "" };
    send(&datagram, &address)
        .map_err(|error| anyhow!("cannot send {length} bytes to {address}: {error}{remedy}"))?;
    Ok(())
}

/// Sends to the first address of a name that takes the datagram, be it IPv4 or IPv6.
fn send(datagram: &[u8], address: &str) -> io::Result<()> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        result = send_to(datagram, address);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// `sendto`. The socket's own port is any free one: the receiver may answer it, but need not know it.
fn send_to(datagram: &[u8], address: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.send_to(datagram, address)?; // all of it or an error: a datagram is never cut
    Ok(())
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

/// Asks for one line, as Python's `input` does.
fn ask(prompt: &str) -> Result<String> {
    let asked = write!(io::stdout(), "{prompt}").and_then(|()| io::stdout().flush());
    asked.context("cannot write to standard output")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("cannot read a line of text from standard input")?;
    ensure!(!line.is_empty(), "standard input ended before there was a line; type one");
    Ok(line.lines().next().unwrap_or_default().to_owned())
}
