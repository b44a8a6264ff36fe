//! The UDP server that article 001 describes: it answers each datagram.
//!
//! ```console
//! $ cargo run --example udp-server
//! $ cargo run --example udp-client    # in a second terminal
//! ```

use std::io;
use std::net::UdpSocket;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9999".into());
    let socket = UdpSocket::bind(address)?; // socket and bind; no listen
    println!("Bind UDP on {}...", socket.local_addr()?.port());
    let mut buffer = [0; 1024];
    loop {
        let (length, sender) = socket.recv_from(&mut buffer)?; // recvfrom(1024)
        println!("Received from {sender}.");
        let name = &buffer[..length];
        socket.send_to(&[b"Hello, ", name, b"!"].concat(), sender)?; // sendto
    }
}
