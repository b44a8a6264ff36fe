//! Talks with many TCP clients at once: one thread for each connection.
//!
//! Tutorial: article 001, the TCP server with a `tcplink` function for each client.
//!
//! New here: a thread for each connection, and a limit on how many there may be; a pause before
//! each answer, so that two clients can be seen to be served side by side.
//!
//! Unlike the Python: at most `--max-connections` threads run at once, where the script starts one
//! for whoever comes. The queue of waiting clients (the backlog) is 4,096 long and not 5, so that a
//! burst of clients is not turned away. A client that resets its connection costs one line of the
//! log, and not a traceback.
//!
//! ```console
//! $ cargo run -p tcp-server-threaded
//! Listening on 127.0.0.1:9999
//! Waiting for connection...
//! ```

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, value_parser};
use crossbeam_channel::{Sender, bounded};
use netcommon::{Report, blocking, safe};

/// Lesson 4: a TCP server that talks with many clients at once, one thread for each.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client    (or: nc 127.0.0.1 9999)")]
struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:9999", value_parser = host_port)]
    address: String,
    /// Pause before each answer; 0 is allowed
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    delay: Duration,
    /// Connections at once; others wait
    #[arg(long, value_name = "N", default_value = "1024", value_parser = value_parser!(u32).range(1..=1_000_000))]
    max_connections: u32,
}

fn main() -> Result<(), Report> {
    let Args { address, delay, max_connections } = Args::parse();
    let listener = TcpListener::bind(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    // The backlog: `listen(5)`. Linux cuts it down to net.core.somaxconn, which is 4,096 too.
    socket2::SockRef::from(&listener).listen(4096).context("cannot set the backlog")?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    print("Waiting for connection...")?;

    // The channel holds the free places: a connection takes one, and gives it back at its end.
    let (give_back, free_places) = bounded(max_connections as usize);
    (0..max_connections).try_for_each(|_| give_back.send(()))?;
    loop {
        free_places.recv()?;
        let place = Place(give_back.clone());
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        print(&format!("Accept new connection from {peer}..."))?;
        let thread = move || serve(stream, peer, delay, place);
        let _ = thread::Builder::new().spawn(thread).inspect_err(pause);
    }
}

/// Says that there is no free file descriptor or thread, and gives others the time to end.
fn pause(error: &io::Error) {
    let _ = writeln!(io::stderr(), "cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Serves one client, in a thread of its own.
fn serve(stream: TcpStream, peer: SocketAddr, delay: Duration, _place: Place) {
    if let Err(error) = talk(stream, delay) {
        let _ = writeln!(io::stderr(), "lost {peer}: {error}");
    }
    let _ = print(&format!("Connection from {peer} closed."));
}

/// Answers one client until it says `exit` or closes its side.
fn talk(mut stream: TcpStream, delay: Duration) -> io::Result<()> {
    // A client may be silent as long as it likes, but not leave its answers unread.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    socket2::SockRef::from(&stream).set_keepalive(true)?; // nor vanish: it is asked after two hours
    stream.write_all(b"Welcome!")?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024); 0 is the end of the stream
        thread::sleep(delay);
        match &buffer[..length] {
            b"" | b"exit" => return Ok(()),
            // One write: in three, the second would wait for the client's delayed ACK (RFC 896).
            name => blocking(|| stream.write_all(&[b"Hello, ", name, b"!"].concat()))?,
        }
    }
}

/// A connection's place; dropped with it, also when its thread panics.
struct Place(Sender<()>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

fn seconds(text: &str) -> Result<Duration> {
    Ok(Duration::try_from_secs_f64(text.parse()?)?)
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}

#[cfg(test)]
mod tests;
