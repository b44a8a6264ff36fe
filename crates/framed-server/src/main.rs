//! Answers many TCP clients at once, in messages that have an end.
//!
//! TCP carries a stream of bytes, so in lesson 4 one `read` is one message by luck. Here each
//! message is a frame: its length in four bytes, the largest first, and then that many bytes of
//! UTF-8. A frame that is too long, cut short or no text ends its conversation.
//!
//! ```console
//! $ cargo run -p framed-server
//! Listening on 127.0.0.1:9998
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

/// The longest text of a frame, in bytes: a client can make the server hold so much, and no more.
const LONGEST: usize = 64 * 1024;

/// Lesson 16: a TCP server whose messages have an end: a length, then the text.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p framed-client")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9998")]
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
    write_frame(&mut stream, "Welcome!")?;
    loop {
        let message = read_frame(&mut stream)?;
        thread::sleep(delay);
        match message.as_deref() {
            None | Some("exit") => return Ok(()),
            Some(name) => write_frame(&mut stream, &format!("Hello, {name}!"))?,
        }
    }
}

/// Reads a whole frame, however many pieces it comes in; nothing where the stream ends before one.
fn read_frame(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut length = [0; 4];
    let begun = stream.read(&mut length)?;
    if begun == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[begun..]).map_err(cut_short)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        let error = format!("a frame of {length} bytes, where {LONGEST} is the limit");
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text).map_err(cut_short)?;
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "a frame that is not UTF-8");
    String::from_utf8(text).map(Some).map_err(invalid)
}

/// Gives the end of the stream in the middle of a frame its name.
fn cut_short(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "the stream ends in the middle of a frame")
        }
        _ => error,
    }
}

/// Sends a frame, in one piece: the length by itself would wait for its acknowledgment.
fn write_frame(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    uninterrupted(|| stream.write_all(&[&length.to_be_bytes(), text.as_bytes()].concat()))
}

/// A client's place. It is free again when this is dropped, also if no thread could be started.
struct Place(Receiver<()>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}
