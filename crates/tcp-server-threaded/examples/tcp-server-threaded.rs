//! The TCP server of article 001: it talks with many clients at once, each in a
//! thread.
//!
//! ```console
//! $ cargo run --example tcp-server-threaded
//! $ cargo run --example tcp-client    # in a second terminal, and in a third
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9999".into());
    let listener = TcpListener::bind(&address)?; // socket, bind, listen(128)
    println!("Waiting for connection...");
    loop {
        let (stream, peer) = listener.accept()?; // waits for a client
        thread::spawn(move || talk(stream, peer)); // Thread; errors are lost
    }
}

fn talk(mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    println!("Accept new connection from {peer}...");
    stream.write_all(b"Welcome!")?; // send
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024); 0 is the end
        thread::sleep(Duration::from_secs(1)); // time.sleep(1)
        match &buffer[..length] {
            b"" | b"exit" => break,
            name => stream.write_all(&[b"Hello, ", name, b"!"].concat())?,
        }
    }
    println!("Connection from {peer} closed.");
    Ok(())
} // the stream is closed where its variable ends
