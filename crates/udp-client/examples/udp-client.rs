//! The UDP client that article 001 describes: it sends names, prints answers.
//!
//! ```console
//! $ cargo run --example udp-server
//! $ cargo run --example udp-client    # in a second terminal
//! ```

use std::io;
use std::net::UdpSocket;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9999".into());
    let socket = UdpSocket::bind("0.0.0.0:0")?; // socket; any free port
    let mut buffer = [0; 1024];
    for name in ["Michael", "Tracy", "Sarah"] {
        socket.send_to(name.as_bytes(), &address)?; // sendto
        let length = socket.recv(&mut buffer)?; // recv(1024)
        println!("{}", String::from_utf8_lossy(&buffer[..length]));
    }
    Ok(())
}
