//! Receives UDP datagrams on a port that senders know, and prints their text.
//!
//! Tutorial: article 004, §6.4, binding a UDP port.
//!
//! New here: the socket is bound to a port of our choice, so that a sender can find it, and
//! receives. Every datagram comes whole and with its sender's address.
//!
//! Unlike the Python: the buffer holds the largest datagram there is. The script's `recvfrom(1024)`
//! cuts off the rest of a longer one without a word. Bytes that are no GBK text are shown as U+FFFD
//! where `decode("gbk")` would raise. One datagram ends the program, as it ends the script, but
//! `--count` asks for more.
//!
//! ```console
//! $ cargo run -p udp-bound-receiver
//! Listening on 0.0.0.0:7788
//! 你好
//! ```

use std::io::{self, Write};
use std::net::UdpSocket;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, builder::PossibleValuesParser};
use netcommon::{GBK, Report, UTF_8, decode, safe};

/// Lesson 8: a UDP receiver: a bound port, and text in GBK.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p udp-sender")]
struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(value_name = "HOST:PORT", default_value = "0.0.0.0:7788", value_parser = host_port)]
    address: String,
    /// End after N datagrams; 0 is for ever
    #[arg(long, value_name = "N", default_value = "1")]
    count: u64,
    /// Of the text [gbk, utf-8]
    #[arg(long, value_name = "NAME", default_value = "gbk", hide_possible_values = true, value_parser = PossibleValuesParser::new(["gbk", "utf-8"]))]
    encoding: String,
}

fn main() -> Result<(), Report> {
    let Args { address, count, encoding } = Args::parse();
    let encoding = if encoding == "gbk" { GBK } else { UTF_8 };
    let socket = UdpSocket::bind(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    writeln!(io::stderr(), "Listening on {}", socket.local_addr()?)?;

    // 64 KiB: the length field of a UDP header has 16 bits (RFC 768).
    let mut buffer = vec![0; 65_536];
    let mut received = 0;
    while received < count || count == 0 {
        let (length, _sender) =
            socket.recv_from(&mut buffer).context("cannot receive a datagram")?;
        print(&decode(&buffer[..length], encoding))?;
        received += 1;
    }
    Ok(())
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
