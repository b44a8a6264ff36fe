//! The cheapest possible peers. Where they are no faster than the programs that are measured, it
//! is this tool, or the kernel, that sets the limit.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};
use netcommon::{GBK, decode};
use socket2::SockRef;

/// Is one of the peers.
pub(crate) fn run(peer: &str, words: &[String]) -> Result<()> {
    match (peer, words) {
        ("respond", []) => respond(),
        ("echo", [address]) => echo(address),
        ("drain", [address, path]) => drain(address, path),
        ("serve", [file]) => serve(file),
        ("receive", []) => receive(),
        ("decode", [from, to]) => Ok(fs::write(to, &*decode(&fs::read(from)?, GBK))?),
        ("copy", [from, to]) => Ok(fs::write(to, fs::read(from)?)?),
        ("nothing", _) => Ok(()),
        _ => bail!("there is no peer {peer:?}"),
    }
}

/// The dialogue's server without a thread for each connection: one for half of the cores.
fn respond() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    SockRef::from(&listener).listen(4096)?;
    listener.set_nonblocking(true)?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    for _ in 1..thread::available_parallelism()?.get() / 2 {
        let listener = listener.try_clone()?;
        thread::spawn(move || answer(listener));
    }
    answer(listener)
}

fn answer(listener: TcpListener) -> Result<()> {
    const LISTENER: Token = Token(usize::MAX);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut listener = mio::net::TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut streams, mut next) = (HashMap::new(), 0);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            while event.token() == LISTENER
                && let Ok((mut stream, _)) = listener.accept()
            {
                poll.registry().register(&mut stream, Token(next), Interest::READABLE)?;
                stream.write_all(b"Welcome!")?;
                streams.insert(next, stream);
                next += 1;
            }
            if let Some(stream) = streams.get_mut(&event.token().0) {
                let mut buffer = [0; 1024];
                let going_on = match stream.read(&mut buffer).map(|length| &buffer[..length]) {
                    Ok(b"" | b"exit") => false,
                    Ok(name) => stream.write_all(&[b"Hello, ", name, b"!"].concat()).is_ok(),
                    Err(error) => error.kind() == ErrorKind::WouldBlock,
                };
                if !going_on {
                    streams.remove(&event.token().0);
                }
            }
        }
    }
}

/// Sends back what one client says, and prints nothing.
fn echo(address: &str) -> Result<()> {
    let (mut stream, _) = TcpListener::bind(address)?.accept()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length])?,
        }
    }
}

/// Fetches a page and throws it away.
fn drain(address: &str, path: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut buffer = vec![0; 256 * 1024];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

/// A web server of one file, in each of HTTP's three framings.
fn serve(file: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let _ = send_page(&stream?, File::open(file)?); // a client that gives up is no error
    }
    Ok(())
}

fn send_page(mut stream: &TcpStream, mut file: File) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // All of it is read: closing with bytes unread would be a reset.
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let framing = match request.split(' ').nth(1) {
        Some("/close") => String::new(),
        Some("/chunked") => "Transfer-Encoding: chunked\r\n".into(),
        _ => format!("Content-Length: {}\r\n", file.metadata()?.len()),
    };
    write!(stream, "HTTP/1.1 200 OK\r\n{framing}Connection: close\r\n\r\n")?;
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        let piece = &buffer[..length];
        if framing.starts_with("Transfer") {
            let size = format!("{length:x}\r\n");
            stream.write_all(&[size.as_bytes(), piece, b"\r\n"].concat())?;
        } else {
            stream.write_all(piece)?;
        }
        if length == 0 {
            return Ok(());
        }
    }
}

/// Receives datagrams, and prints them when no more come.
fn receive() -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    writeln!(io::stderr(), "Listening on {}", socket.local_addr()?)?;
    let mut buffer = vec![0; 65_536];
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout());
    loop {
        match socket.recv(&mut buffer) {
            Ok(_) => out.write_all(b"\n")?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => out.flush().context("cannot print")?,
        }
    }
}
