//! The client of article 004 (§5.2): it prints what the server says first.
//!
//! ```console
//! $ cargo run --example gethostname-server
//! $ cargo run --example gethostname-client    # in a second terminal
//! ```

use std::io::{self, Read};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let host = hostname::get()?; // gethostname
    let own_address = format!("{}:9999", host.to_string_lossy());
    let address = std::env::args().nth(1).unwrap_or(own_address);
    let stream = TcpStream::connect(address)?; // socket and connect
    receive(stream)
}

fn receive(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?; // recv(1024)
    println!("{}", String::from_utf8_lossy(&buffer[..length]));
    Ok(())
} // the stream is closed where its variable ends
