//! The echo server of article 003: it sends back what one client says.
//!
//! ```console
//! $ cargo run --example tcp-echo-server
//! $ cargo run --example tcp-echo-client    # in a second terminal
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("localhost:8888".into());
    println!("Starting up on {}", address.replace(':', " port "));
    let listener = TcpListener::bind(&address)?; // socket, bind, listen(128)
    println!("Waiting for a connection...");
    let (stream, peer) = listener.accept()?; // waits; gives a new socket
    println!("Connection from {peer}");
    talk(stream)
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024)
        let message = &buffer[..length];
        println!("Received b\"{}\"", message.escape_ascii());
        if message.is_empty() {
            return Ok(()); // the client will send no more
        }
        stream.write_all(message)?; // sendall
    }
} // the stream is closed where its variable ends
