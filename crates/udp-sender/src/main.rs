//! Sends one line of text as one UDP datagram.
//!
//! Beyond the tutorial's version: text in GBK, so that lesson 8 can read it; IPv6, and each address
//! of a name; a text from the command line; an error that says what could not be sent, and where.
//!
//! ```console
//! $ cargo run -p udp-sender
//! 请输入要发送的数据:你好
//! ```

use std::io;
use std::net::{SocketAddr, UdpSocket};

use clap::Parser;
use netcommon::{Address, Encoding, Report, ask, encode, encoding};

/// Lesson 7: a UDP sender: one datagram, and no connection.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p udp-bound-receiver")]
struct Args {
    /// HOST:PORT of the receiver
    #[arg(default_value = "127.0.0.1:7788")]
    address: Address,
    /// The text; without it, the program asks
    #[arg(long)]
    message: Option<String>,
    /// The text's encoding: gbk or utf-8
    #[arg(long, default_value = "gbk", value_parser = encoding)]
    encoding: &'static Encoding,
}

fn main() -> Result<(), Report> {
    let Args { address, message, encoding } = Args::parse();
    let text = message.map_or_else(|| ask("请输入要发送的数据:"), Ok)?;
    let datagram =
        encode(&text, encoding).map_err(|error| format!("cannot send this text: {error}"))?;
    let length = datagram.len();
    // 65,535 less 20 for the IP header and 8 for the UDP header (RFC 791, RFC 768).
    let remedy =
        if length > 65_507 { "IPv4 takes 65,507 bytes at most" } else { "is the address right?" };
    let what = format!("cannot send {length} bytes to");
    let sent = address.try_each(|peer| send(&datagram, peer));
    sent.map_err(|error| address.explain(&what, &error, remedy))?;
    Ok(())
}

/// Sends the whole datagram or nothing, from any free port. The socket is made here and not first,
/// because it has to be IPv4 or IPv6, as the receiver is.
fn send(datagram: &[u8], peer: SocketAddr) -> io::Result<usize> {
    let socket = UdpSocket::bind(if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.send_to(datagram, peer)
}
