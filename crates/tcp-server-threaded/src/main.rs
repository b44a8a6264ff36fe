//! Talks with many TCP clients at once, each in a thread.
//!
//! Beyond the tutorial's version: a client that resets or vanishes costs one line and no thread; a
//! burst of clients is not turned away; the number of threads has a limit; and when the system has
//! no thread or no descriptor left, the server says so, waits and goes on.
//!
//! ```console
//! $ cargo run -p tcp-server-threaded
//! Listening on 127.0.0.1:9999
//! Waiting for connection...
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU16;
use std::thread;
use std::time::Duration;

use clap::Parser;
use crossbeam_channel::{Receiver, bounded};
use netcommon::{Address, Report, eprintln, println, seconds, uninterrupted};
use socket2::SockRef;

/// Lesson 4: a TCP server that talks with many clients at once, one thread for each.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client (or nc 127.0.0.1 9999)")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Seconds to pause before each answer
    #[arg(long, default_value = "1", value_parser = seconds)]
    delay: Duration,
    /// Connections at once; others wait
    #[arg(long, value_name = "N", default_value = "1000")]
    max_connections: NonZeroU16,
}

fn main() -> Result<(), Report> {
    let Args { address, delay, max_connections } = Args::parse();
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    SockRef::from(&listener).listen(4096)?; // listen(5), but for a burst of clients; std's is 128
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    println!("Waiting for connection...");
    // Each client has a token in this channel: while it is full, the next client has to wait.
    let (enter, leave) = bounded(max_connections.get().into());
    loop {
        enter.send(())?;
        let place = Place(leave.clone());
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        let builder = thread::Builder::new().stack_size(64 * 1024); // bytes; std's own is 2 MiB
        if let Err(error) = builder.spawn(move || serve(stream, peer, delay, place)) {
            pause(&error);
        }
    }
}

/// Says why no client can be served, and waits a little: a descriptor or thread may come free.
fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Serves one client, in its thread. It catches what `talk` returns, so that the end is always
/// printed; then it gives the place back.
fn serve(stream: TcpStream, peer: SocketAddr, delay: Duration, _place: Place) {
    println!("Accept new connection from {peer}...");
    if let Err(error) = talk(stream, delay) {
        eprintln!("lost {peer}: {error}");
    }
    println!("Connection from {peer} closed.");
}

/// Answers one client until it says `exit` or closes its side.
fn talk(mut stream: TcpStream, delay: Duration) -> io::Result<()> {
    // A client may be silent for as long as it likes, but it has to read its answers.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    // After two silent hours, the system asks whether the client is still there.
    SockRef::from(&stream).set_keepalive(true)?;
    stream.write_all(b"Welcome!")?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024); 0: the client will send no more
        thread::sleep(delay);
        match &buffer[..length] {
            b"" | b"exit" => return Ok(()),
            name => uninterrupted(|| stream.write_all(&[b"Hello, ", name, b"!"].concat()))?,
        }
    }
}

/// A client's place. It is free again when this is dropped, also if no thread could be started.
struct Place(Receiver<()>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}
