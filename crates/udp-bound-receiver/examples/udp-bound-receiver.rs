//! The bound UDP port of article 004 (§6.4): it prints one datagram's text.
//!
//! ```console
//! $ cargo run --example udp-bound-receiver
//! $ cargo run --example udp-sender    # in a second terminal
//! ```

use std::io;
use std::net::UdpSocket;

use netcommon::{GBK, decode};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("0.0.0.0:7788".into());
    let socket = UdpSocket::bind(address)?; // socket and bind; no listen
    let mut buffer = [0; 1024];
    let (length, _sender) = socket.recv_from(&mut buffer)?; // recvfrom(1024)
    println!("{}", decode(&buffer[..length], GBK));
    Ok(())
}
