//! Receives UDP datagrams on a bound port, and prints their text.
//!
//! Beyond the tutorial's version: a long datagram is not cut off, and no bytes end the program or
//! steer the terminal.
//!
//! ```console
//! $ cargo run -p udp-bound-receiver
//! Listening on 0.0.0.0:7788
//! 你好
//! ```

use std::io::{self, Write};
use std::net::UdpSocket;

use anyhow::Context;
use clap::Parser;
use netcommon::{Address, Encoding, Report, decode, encoding, println};

/// Lesson 8: a UDP receiver: a bound port, and text in GBK.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p udp-sender")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "0.0.0.0:7788")]
    address: Address,
    /// End after this many (0: never)
    #[arg(long, default_value = "1")]
    count: u64,
    /// The text's encoding: gbk or utf-8
    #[arg(long, default_value = "gbk", value_parser = encoding)]
    encoding: &'static Encoding,
}

fn main() -> Result<(), Report> {
    let Args { address, count, encoding } = Args::parse();
    let socket = UdpSocket::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", socket.local_addr()?)?;
    let mut buffer = vec![0; 65_536]; // a UDP header's length has 16 bits (RFC 768)
    let count = if count == 0 { u64::MAX } else { count }; // in effect, no end
    for _ in 0..count {
        let received = socket.recv_from(&mut buffer); // recvfrom(1024)
        let (length, _sender) = received.context("cannot receive a datagram")?;
        println!("{}", decode(&buffer[..length], encoding));
    }
    Ok(())
}
