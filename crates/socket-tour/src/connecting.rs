//! How a connection comes about, and the addresses at its two ends.

use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, Socket, Type};

use crate::said;

/// `("127.0.0.1", 0)`: this machine alone, and whatever port is free.
pub const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Two connected ends. Neither waits longer than two seconds for the other.
pub fn pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    }
    Ok((client, server))
}

/// A TCP socket that has an address and does not listen: its port answers "refused".
fn bound() -> Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&LOOPBACK.into())?;
    let address = socket.local_addr()?.as_socket().context("an address of IPv4")?;
    Ok((socket, address))
}

/// `socket.socket(AF_INET, SOCK_STREAM, 0)`: three numbers; protocol 0 is the usual one for the
/// type. Article 001's `family=2` is `AF_INET`; its fourth, `_sock`, is gone (see `dup`).
pub fn socket(out: &mut String) -> Result<()> {
    for (family, kind, protocol) in [
        (Domain::IPV4, Type::STREAM, 0),
        (Domain::IPV4, Type::DGRAM, 0),
        (Domain::IPV6, Type::STREAM, 0),
        (Domain::IPV4, Type::STREAM, Protocol::TCP.into()),
        (Domain::IPV4, Type::STREAM, Protocol::UDP.into()),
    ] {
        let numbers = format!(
            "family {family:?} = {}, type {kind:?} = {}, proto {protocol}",
            i32::from(family),
            i32::from(kind)
        );
        let made = Socket::new(family, kind, Some(protocol.into()));
        writeln!(out, "{numbers}: {}", said(made.map(|_| "a socket")))?;
    }
    Ok(())
}

/// `s.bind(("127.0.0.1", 0))`. In Rust, `TcpListener::bind` is `socket`, `bind` and `listen`.
pub fn bind(out: &mut String) -> Result<()> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let address = listener.local_addr()?;
    writeln!(out, "asked for {LOOPBACK}: bound to {address}")?;
    writeln!(out, "{address} once more: {}", said(TcpListener::bind(address).map(|_| "bound")))?;
    // A port of TCP and a port of UDP are two things, whatever their number.
    writeln!(out, "{address} for UDP: {}", said(UdpSocket::bind(address).map(|_| "bound")))?;
    // An address that is kept for documentation (RFC 5737), and so is no machine's.
    let foreign = "203.0.113.1:0";
    writeln!(out, "{foreign}, not ours: {}", said(TcpListener::bind(foreign).map(|_| "bound")))?;
    Ok(())
}

/// `s.listen(5)`: how many clients may wait for an `accept`; of those served it says nothing.
pub fn listen(out: &mut String) -> Result<()> {
    let (_silent, address) = bound()?;
    writeln!(out, "connect before listen: {}", said(TcpStream::connect(address).map(|_| "done")))?;
    for backlog in [0, 1, 5] {
        let (listener, address) = bound()?;
        listener.listen(backlog)?;
        listener.set_nonblocking(true)?; // if there is no one to accept, don't wait
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500));
        let mut waiting = Vec::new();
        let answer = loop {
            match connect() {
                Ok(stream) if waiting.len() < 50 => waiting.push(stream),
                result => break said(result.map(|_| "connected too")),
            }
        };
        let count = waiting.len();
        writeln!(out, "listen({backlog}): {count} connected without an accept; next: {answer}")?;
        let result = listener.accept().and_then(|_| connect()).map(|_| "connected");
        writeln!(out, "    after one accept: {}", said(result))?;
    }
    Ok(())
}

/// `stream, peer = s.accept()`: a pair. `stream` is a new socket; `s` goes on listening.
pub fn accept(out: &mut String) -> Result<()> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (stream, peer) = listener.accept()?;
    writeln!(out, "a new socket, and its peer: {peer}")?;
    writeln!(out, "the client's own address: {}", client.local_addr()?)?;
    writeln!(out, "the listener's address: {}", listener.local_addr()?)?;
    writeln!(out, "the new socket's address: {}", stream.local_addr()?)?;
    // It would wait for the next client now; without blocking, it says so.
    listener.set_nonblocking(true)?;
    writeln!(out, "accept with no client: {}", said(listener.accept().map(|(_, peer)| peer)))?;
    Ok(())
}

/// `s.connect((host, port))`: what is an exception in Python is a value here.
pub fn connect(out: &mut String) -> Result<()> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let address = listener.local_addr()?;
    let stream = TcpStream::connect(address)?;
    writeln!(out, "to {address}: connected, from {}", stream.local_addr()?)?;
    let (_silent, address) = bound()?;
    let result = TcpStream::connect(address).map(|_| "connected");
    writeln!(out, "to {address}, where no one listens: {}", said(result))?;
    Ok(())
}

/// `s.connect_ex((host, port))`: a number instead of an exception, 0 for success. Any `io::Error`
/// of the system has it.
pub fn connect_ex(out: &mut String) -> Result<()> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let address = listener.local_addr()?;
    let result = TcpStream::connect(address).map(drop);
    writeln!(out, "to a listener: {}", number(&result))?;
    result?; // if not even that can be done, no accept below would end
    let (_silent, refusing) = bound()?;
    let result = TcpStream::connect(refusing).map(drop);
    writeln!(out, "to no listener: {}", number(&result))?;
    // Without blocking, "in progress" is no failure: SO_ERROR tells how it went.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    writeln!(out, "without blocking: {}", number(&socket.connect(&address.into())))?;
    let _both = (listener.accept()?, listener.accept()?); // it is connected now
    let result = socket.take_error()?.map_or(Ok(()), Err);
    writeln!(out, "SO_ERROR after that: {}", number(&result))?;
    Ok(())
}

/// What `connect_ex` would return, and the name of that number.
fn number(result: &io::Result<()>) -> String {
    let Err(error) = result else { return "0".to_owned() };
    format!("{} {:?}", error.raw_os_error().unwrap_or(-1), error.kind())
}

/// `s.getpeername()`: the address at the other end, if there is one.
pub fn getpeername(out: &mut String) -> Result<()> {
    let (client, server) = pair()?;
    writeln!(out, "client: own {}, peer {}", client.local_addr()?, client.peer_addr()?)?;
    writeln!(out, "server: own {}, peer {}", server.local_addr()?, server.peer_addr()?)?;
    let (lonely, _) = bound()?;
    let result = lonely.peer_addr().map(|_| "a peer");
    writeln!(out, "not connected: {}", said(result))?;
    // For UDP, connect() sends nothing: it only says who the peer is to be.
    let socket = UdpSocket::bind(LOOPBACK)?;
    socket.connect(server.local_addr()?)?;
    writeln!(out, "UDP, after connect(): {}", socket.peer_addr()?)?;
    Ok(())
}

/// `s.getsockname()`: the socket's own address. The system fills in what the program left open.
pub fn getsockname(out: &mut String) -> Result<()> {
    let address = |socket: &Socket| {
        said(
            socket
                .local_addr()
                .map(|own| own.as_socket().map_or_else(String::new, |own| own.to_string())),
        )
    };
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    writeln!(out, "a new socket: {}", address(&socket))?;
    let receiver = UdpSocket::bind(LOOPBACK)?;
    socket.send_to(b"Hello", &receiver.local_addr()?.into())?;
    writeln!(out, "after its first sendto: {}", address(&socket))?;
    socket.connect(&receiver.local_addr()?.into())?;
    writeln!(out, "after connect: {}", address(&socket))?;
    // In Python this one is a tuple of four: host, port, flow label, scope.
    let six = UdpSocket::bind("[::1]:0").and_then(|socket| socket.local_addr());
    writeln!(out, "bound with IPv6: {}", said(six))?;
    Ok(())
}
