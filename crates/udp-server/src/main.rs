//! Answers each UDP datagram, whoever sent it.
//!
//! Beyond the tutorial's version: a long datagram is not cut off, no error ends the server, and it
//! does not answer an answer.
//!
//! ```console
//! $ cargo run -p udp-server
//! Listening on 127.0.0.1:9999
//! Bind UDP on 9999...
//! Received from 127.0.0.1:54321.
//! ```

use std::io::{self, ErrorKind, Write};
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use clap::Parser;
use netcommon::{Address, Report, eprintln, println};

/// Lesson 9: a UDP server that answers each datagram.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p udp-client")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    let socket = UdpSocket::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", socket.local_addr()?)?;
    println!("Bind UDP on {}...", socket.local_addr()?.port());
    let mut buffer = vec![0; 65_536]; // a UDP header's length has 16 bits (RFC 768)
    loop {
        let received = socket.recv_from(&mut buffer).inspect_err(pause); // recvfrom(1024)
        let Ok((length, sender)) = received else { continue };
        println!("Received from {sender}.");
        let name = &buffer[..length];
        if name.starts_with(b"Hello, ") {
            continue; // or two such servers would answer each other for ever
        }
        if let Err(error) = socket.send_to(&[b"Hello, ", name, b"!"].concat(), sender) {
            eprintln!("cannot answer {sender}: {error}");
        }
    }
}

/// Says that nothing can be received, and waits a little: the system may recover.
fn pause(error: &io::Error) {
    if error.kind() == ErrorKind::ConnectionReset {
        return; // Windows: an answer met a client that has gone; the next datagram may be there
    }
    eprintln!("cannot receive a datagram: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}
