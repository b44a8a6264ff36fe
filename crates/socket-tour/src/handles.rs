//! What a socket is to its process: a number, which can be copied and closed.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::AsRawFd;
#[cfg(windows)]
use std::os::windows::io::AsRawSocket;

use anyhow::Result;

use crate::connecting::{LOOPBACK, pair};
use crate::{said, show};

/// `s.close()`: no call in Rust, but the end of the variable's life; `drop` ends it sooner.
pub fn close(out: &mut String) -> Result<()> {
    let (stream, mut peer) = pair()?;
    drop(stream);
    let mut buffer = [0; 1024];
    let length = peer.read(&mut buffer)?;
    writeln!(out, "after the close, the peer's recv: {length} bytes {}", show(&buffer[..length]))?;

    let (stream, mut peer) = pair()?;
    peer.write_all(b"Hello")?;
    stream.peek(&mut buffer)?; // it has arrived, and stays unread
    drop(stream);
    let result = peer.read(&mut buffer).map(|length| format!("{length} bytes"));
    writeln!(out, "after a close with 5 bytes unread: {}", said(result))?;
    Ok(())
}

/// `s.fileno()`: the system's number for the socket; to be looked at, not to be kept.
pub fn fileno(out: &mut String) -> Result<()> {
    let (first, second) = (UdpSocket::bind(LOOPBACK)?, UdpSocket::bind(LOOPBACK)?);
    writeln!(out, "two sockets: {} and {}", number(&first), number(&second))?;
    // Unix gives the lowest free number: the old one may soon mean another socket.
    drop(first);
    let third = UdpSocket::bind(LOOPBACK)?;
    writeln!(out, "the first closed, and a third made: {}", number(&third))?;
    Ok(())
}

/// On Unix a file descriptor, like that of a file.
#[cfg(unix)]
fn number(socket: &UdpSocket) -> std::os::fd::RawFd {
    socket.as_raw_fd()
}

/// On Windows a `SOCKET`, which is no file descriptor: `read` and `close` don't take it.
#[cfg(windows)]
fn number(socket: &UdpSocket) -> std::os::windows::io::RawSocket {
    socket.as_raw_socket()
}

/// `s.dup()`, in article 001 `socket(_sock=s)`: a second handle of the same socket.
pub fn dup(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    let mut copy = stream.try_clone()?;
    peer.write_all(b"Hello, world")?;
    let mut buffer = [0; 5];
    stream.read_exact(&mut buffer)?;
    writeln!(out, "one reads {}", show(&buffer))?;
    let mut buffer = [0; 7];
    copy.read_exact(&mut buffer)?;
    writeln!(out, "its copy goes on with {}", show(&buffer))?;
    stream.set_nonblocking(true)?;
    let result = copy.read(&mut buffer).map(|length| format!("{length} bytes"));
    writeln!(out, "one does not block, nor does its copy: {}", said(result))?;
    drop(stream);
    copy.write_all(b"still here")?;
    let mut buffer = [0; 10];
    peer.read_exact(&mut buffer)?;
    writeln!(out, "one is closed; from its copy the peer has {}", show(&buffer))?;
    Ok(())
}

/// `s.shutdown(SHUT_WR)`: ends one direction, whatever copies there are; the other goes on.
pub fn shutdown(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    let _copy = stream.try_clone()?; // after a close alone, it would keep the peer waiting
    stream.write_all(b"question")?;
    stream.shutdown(Shutdown::Write)?;
    writeln!(out, "the peer reads up to the end: {}", show(&read_all(&mut peer)?))?;
    peer.write_all(b"answer")?;
    drop(peer);
    writeln!(out, "and its answer still comes: {}", show(&read_all(&mut stream)?))?;
    let result = stream.write(b"more").map(|length| format!("took {length}"));
    writeln!(out, "send after the shutdown: {}", said(result))?;
    Ok(())
}

/// Reads to the end of the stream, but not for ever.
fn read_all(stream: &mut TcpStream) -> Result<Vec<u8>> {
    Ok(netcommon::read_until_close(stream, 1024)?)
}
