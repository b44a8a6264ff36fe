//! The TCP client of article 001: a welcome, then a greeting for each name.
//!
//! ```console
//! $ cargo run --example tcp-server-threaded
//! $ cargo run --example tcp-client    # in a second terminal
//! ```

use std::io::{self, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9999".into());
    let stream = TcpStream::connect(address)?; // socket and connect
    talk(stream)
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    receive(&mut stream)?;
    for name in ["Michael", "Tracy", "Sarah"] {
        stream.write_all(name.as_bytes())?; // send
        receive(&mut stream)?;
    }
    stream.write_all(b"exit")
} // the stream is closed where its variable ends

fn receive(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?; // recv(1024)
    println!("{}", String::from_utf8_lossy(&buffer[..length]));
    Ok(())
}
