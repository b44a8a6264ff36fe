//! Shows what one TCP client says in GBK, and answers with a typed line.
//!
//! Beyond the tutorial's version: a message may come in pieces, and be longer than 1,024 bytes; a
//! client that never stops talking is cut off; the answer is not lost at the close; and no bytes
//! can steer the terminal.
//!
//! ```console
//! $ cargo run -p tcp-server-gbk
//! Listening on 0.0.0.0:8080
//! 接收到的数据: 你好
//! 服务器发送的数据:再见
//! ```

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use netcommon::{Address, GBK, Report, ask, decode, encode, eprintln, println, uninterrupted};

/// A pause of this length ends a message: TCP itself marks no end.
const PAUSE: Duration = Duration::from_millis(200);
/// A message that takes longer is cut off.
const MAX_TIME: Duration = Duration::from_secs(10);
/// A message with more bytes is cut off.
const MAX_LENGTH: usize = 65_536;

/// Lesson 11: a TCP server for one exchange of typed text, in GBK.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client-gbk -- 127.0.0.1:8080")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "0.0.0.0:8080")]
    address: Address,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    let (stream, peer) = listener.accept().context("cannot accept a connection")?;
    talk(stream).with_context(|| format!("the exchange with {peer} broke off"))?;
    Ok(())
}

/// Prints what one client says, and answers it.
fn talk(mut stream: TcpStream) -> Result<()> {
    // A client may take its time, but it has to read its answer.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    println!("接收到的数据: {}", receive(&mut stream)?);
    let text = ask("服务器发送的数据:")?;
    let answer = encode(&text, GBK)?;
    uninterrupted(|| stream.write_all(&answer))?; // send; a timeout says "timed out"
    stream.shutdown(Shutdown::Write)?; // a half-close: the client sees the end of the answer
    // A close with bytes unread is a reset, and the answer could be lost with it. So the rest is
    // read first, until the client closes or pauses (`receive` has set the read timeout).
    let start = Instant::now();
    while start.elapsed() < MAX_TIME {
        let Ok(1..) = stream.read(&mut [0; 1024]) else { break };
    }
    Ok(())
}

/// Receives one message: what comes until the sender pauses or closes its side.
fn receive(stream: &mut TcpStream) -> Result<String> {
    let mut buffer = [0; 1024];
    let mut message = Vec::new();
    let mut length = stream.read(&mut buffer)?; // recv(1024)
    ensure!(length > 0, "it closed the connection without a word");
    stream.set_read_timeout(Some(PAUSE))?;
    let start = Instant::now();
    while length > 0 {
        message.extend_from_slice(&buffer[..length]);
        if start.elapsed() > MAX_TIME || message.len() > MAX_LENGTH {
            eprintln!("the message goes on: only its first {} bytes are shown", message.len());
            break;
        }
        // A pause is an error here, "timed out". Like a close, it ends the message.
        length = uninterrupted(|| stream.read(&mut buffer)).unwrap_or(0);
    }
    Ok(decode(&message, GBK).into_owned())
}
