//! What goes over a connection, or without one: bytes, never text.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use socket2::SockRef;

use crate::connecting::{LOOPBACK, pair};
use crate::{said, show};

/// `s.recv(8)`: up to 8 bytes of the stream, wherever the sends began and ended; 0 at its end.
pub fn recv(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    peer.write_all(b"Hello, ")?;
    peer.write_all("张三".as_bytes())?;
    peer.shutdown(Shutdown::Write)?;
    writeln!(out, "the peer sent twice: 7 bytes, then 6")?;
    let mut buffer = [0; 8];
    loop {
        let length = stream.read(&mut buffer)?;
        writeln!(out, "recv(8): {length} bytes {}", show(&buffer[..length]))?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// `count = s.send(data)`: how much the kernel took, maybe not all; it says nothing of arrival.
pub fn send(out: &mut String) -> Result<()> {
    let (mut stream, peer) = pair()?;
    // Small buffers are full sooner. The peer never reads.
    SockRef::from(&stream).set_send_buffer_size(65_536)?;
    SockRef::from(&peer).set_recv_buffer_size(65_536)?;
    stream.set_nonblocking(true)?;
    let megabyte = vec![b'x'; 1_048_576];
    let mut rest = &megabyte[..];
    loop {
        let result = stream.write(rest);
        let taken = *result.as_ref().unwrap_or(&0);
        let answer = said(result.map(|length| format!("took {length}")));
        writeln!(out, "send of {} bytes: {answer}", rest.len())?;
        rest = &rest[taken..];
        if taken == 0 || rest.is_empty() {
            return Ok(());
        }
    }
}

/// `s.sendall(data)`: `send` again and again, until the kernel has taken all.
pub fn sendall(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    let reader = thread::Builder::new().spawn(move || io::copy(&mut peer, &mut io::sink()))?;
    let megabyte = vec![b'x'; 1_048_576];
    let result = stream.write_all(&megabyte).map(|()| "all handed over");
    writeln!(out, "sendall of {} bytes: {}", megabyte.len(), said(result))?;
    drop(stream);
    let length = reader.join().map_err(|_| anyhow!("the reading thread broke off"))?;
    writeln!(out, "the peer, in a thread, read: {} bytes", said(length))?;
    Ok(())
}

/// `data, peer = s.recvfrom(8)`: one datagram and its sender; what does not fit is lost.
pub fn recvfrom(out: &mut String) -> Result<()> {
    let (socket, sender) = (UdpSocket::bind(LOOPBACK)?, UdpSocket::bind(LOOPBACK)?);
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let address = socket.local_addr()?;
    writeln!(out, "the sender's own address: {}", sender.local_addr()?)?;
    for datagram in ["first", "the second is longer", "third", ""] {
        sender.send_to(datagram.as_bytes(), address)?;
    }
    for _ in 0..4 {
        let mut buffer = [0; 8];
        let result = socket.recv_from(&mut buffer);
        let seen = result.map(|(length, peer)| format!("{} from {peer}", show(&buffer[..length])));
        writeln!(out, "recvfrom(8): {}", said(seen))?;
    }
    Ok(())
}

/// `s.sendto(data, (host, port))`: one datagram, all of it or none. Whether anyone gets it, no one
/// says.
pub fn sendto(out: &mut String) -> Result<()> {
    let (socket, receiver) = (UdpSocket::bind(LOOPBACK)?, UdpSocket::bind(LOOPBACK)?);
    receiver.set_read_timeout(Some(Duration::from_secs(2)))?;
    let address = receiver.local_addr()?;
    // 65,535 bytes of an IPv4 packet, less 20 for its header and 8 for UDP's.
    for length in [5, 0, 65_507, 65_508] {
        let sent = socket.send_to(&vec![b'x'; length], address);
        let result = sent.and_then(|_| receiver.recv(&mut vec![0; 65_536]));
        let answer = said(result.map(|length| format!("{length} arrived")));
        writeln!(out, "sendto of {length} bytes: {answer}")?;
    }
    drop(receiver);
    let result = socket.send_to(b"Hello", address).map(|length| format!("{length} sent"));
    writeln!(out, "sendto where no one receives: {}", said(result))?;
    Ok(())
}

/// `s.makefile()`: the stream as a file, for what has lines.
pub fn makefile(out: &mut String) -> Result<()> {
    let (mut stream, peer) = pair()?;
    let sends = ["one\ntw", "o\nth", "ree"];
    for text in sends {
        stream.write_all(text.as_bytes())?;
    }
    drop(stream);
    writeln!(out, "the peer sent {sends:?}, and closed")?;
    // take: a line has no limit, and memory has.
    for line in BufReader::new(peer.take(1024)).lines() {
        writeln!(out, "line {:?}", line?)?;
    }
    Ok(())
}
