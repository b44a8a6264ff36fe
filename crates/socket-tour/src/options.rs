//! How a socket's calls behave: its options, and how long they wait.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::Result;
use socket2::{Domain, SockRef, Socket, Type};

use crate::connecting::{LOOPBACK, pair};
use crate::{said, show};

/// `s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)`: a level, an option, a value.
pub fn setsockopt(out: &mut String) -> Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let before = socket.reuse_address()?;
    socket.set_reuse_address(true)?;
    let after = socket.reuse_address()?;
    writeln!(out, "SO_REUSEADDR: {} -> {}", u8::from(before), u8::from(after))?;
    let before = socket.tcp_nodelay()?;
    socket.set_tcp_nodelay(true)?;
    let after = socket.tcp_nodelay()?;
    writeln!(out, "TCP_NODELAY: {} -> {}", u8::from(before), u8::from(after))?;

    // The broadcast address of loopback: it reaches no other machine. The port is our own.
    let socket = UdpSocket::bind(LOOPBACK)?;
    let everyone = SocketAddr::from(([127, 255, 255, 255], socket.local_addr()?.port()));
    for on in [false, true] {
        socket.set_broadcast(on)?;
        let result = socket.send_to(b"Hello", everyone).map(|length| format!("{length} sent"));
        let value = u8::from(socket.broadcast()?);
        writeln!(out, "SO_BROADCAST {value}: sendto {everyone}: {}", said(result))?;
    }
    Ok(())
}

/// `s.getsockopt(SOL_SOCKET, SO_RCVBUF)`: what is set, which may differ from what was asked for.
pub fn getsockopt(out: &mut String) -> Result<()> {
    let listener = TcpListener::bind(LOOPBACK)?;
    let socket = SockRef::from(&listener);
    // Set already: on Unix by std itself, so that a server can be restarted at once.
    writeln!(out, "SO_REUSEADDR of a std listener: {}", u8::from(socket.reuse_address()?))?;
    writeln!(out, "SO_RCVBUF: {}", socket.recv_buffer_size()?)?;
    socket.set_recv_buffer_size(10_000)?;
    writeln!(out, "SO_RCVBUF, asked for 10000: {}", socket.recv_buffer_size()?)?;
    // Python's third argument, buflen, is for a structure such as this: on or off, and seconds.
    let linger = |time: Option<Duration>| time.map_or((0, 0), |time| (1, time.as_secs()));
    writeln!(out, "SO_LINGER: {:?}", linger(socket.linger()?))?;
    socket.set_linger(Some(Duration::from_secs(5)))?;
    writeln!(out, "SO_LINGER, asked for 5 seconds: {:?}", linger(socket.linger()?))?;
    Ok(())
}

/// `s.settimeout(0.2)`: reading and writing have one each in Rust, and `connect_timeout` is a call.
pub fn settimeout(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let start = Instant::now();
    let result = stream.read(&mut [0; 1024]);
    let time = start.elapsed().as_secs_f64();
    // Windows calls it TimedOut, Unix WouldBlock: the number of a call that never waits at all.
    let timed_out = result
        .as_ref()
        .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    let answer = if timed_out { "timed out" } else { "came back" };
    writeln!(out, "recv from a silent peer: {answer} after {time:.1} s: {}", said(result))?;
    peer.write_all(b"Hello")?;
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?;
    writeln!(out, "the connection lives: {}", show(&buffer[..length]))?;
    let result = stream.set_read_timeout(Some(Duration::ZERO)).map(|()| "done");
    writeln!(out, "a timeout of 0: {}", said(result))?;
    Ok(())
}

/// `s.gettimeout()`: none at first. The system keeps it in units of its own, and may round it up.
pub fn gettimeout(out: &mut String) -> Result<()> {
    let socket = UdpSocket::bind(LOOPBACK)?;
    let seconds = || Ok::<_, io::Error>(socket.read_timeout()?.map(|time| time.as_secs_f64()));
    writeln!(out, "at first: {:?}", seconds()?)?;
    socket.set_read_timeout(Some(Duration::from_millis(201)))?;
    writeln!(out, "after settimeout(0.201): {:?}", seconds()?)?;
    socket.set_read_timeout(None)?;
    writeln!(out, "after settimeout(None): {:?}", seconds()?)?;
    Ok(())
}

/// `s.setblocking(False)`: no call waits; one that would have to is an error.
pub fn setblocking(out: &mut String) -> Result<()> {
    let (mut stream, mut peer) = pair()?;
    let mut buffer = [0; 1024];
    stream.set_nonblocking(true)?;
    let result = stream.read(&mut buffer).map(|length| format!("{length} bytes"));
    writeln!(out, "setblocking(False), recv: {}", said(result))?;
    peer.write_all(b"Hello")?;
    stream.set_nonblocking(false)?;
    let length = stream.read(&mut buffer)?;
    writeln!(out, "setblocking(True), recv: {}", show(&buffer[..length]))?;
    Ok(())
}
