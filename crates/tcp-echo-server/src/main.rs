//! Sends back what a TCP client says, one client at a time.
//!
//! Beyond the tutorial's version: it goes on with the next client, whatever happened to the last;
//! it waits when there is no free descriptor; and it gives up a client that leaves its echo unread.
//!
//! ```console
//! $ cargo run -p tcp-echo-server
//! Starting up on localhost port 8888
//! Listening on 127.0.0.1:8888
//! Waiting for a connection...
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use clap::Parser;
use netcommon::{Address, Report, eprintln, println, uninterrupted};

/// Lesson 2: a TCP server that sends back what it receives, one client at a time.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-echo-client (or nc 127.0.0.1 8888)")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "localhost:8888")]
    address: Address,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    println!("Starting up on {} port {}", address.host(), address.port());
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    loop {
        println!("Waiting for a connection...");
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        println!("Connection from {peer}");
        if let Err(error) = talk(stream) {
            eprintln!("lost {peer}: {error}");
        }
    }
}

/// Says why no client can be served, and waits a little: a descriptor may come free.
fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Sends back what one client says until it closes its side. The others wait in the backlog.
fn talk(mut stream: TcpStream) -> io::Result<()> {
    // A client may be silent as long as it likes, but not leave its echo unread.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024)
        let message = &buffer[..length];
        println!("Received b\"{}\"", message.escape_ascii());
        if message.is_empty() {
            return Ok(()); // the client will send no more
        }
        uninterrupted(|| stream.write_all(message))?; // sendall; a timeout says "timed out"
    }
}
