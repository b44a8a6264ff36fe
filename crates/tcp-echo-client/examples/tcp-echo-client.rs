//! The client of article 003: it sends one message and prints what comes back.
//!
//! ```console
//! $ cargo run --example tcp-echo-server
//! $ cargo run --example tcp-echo-client    # in a second terminal
//! ```

use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("localhost:8888".into());
    println!("Connecting to {}", address.replace(':', " port "));
    let stream = TcpStream::connect(address)?; // socket and connect
    talk(stream)
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"This is a test message")?; // sendall
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?; // recv(1024)
    let echo = &buffer[..length];
    println!("Received b\"{}\"", echo.escape_ascii());
    Ok(())
} // the stream is closed where its variable ends
