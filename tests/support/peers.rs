//! A program's other half, played by the test: its server, its client, its datagrams.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::ops::Deref;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use socket2::{Domain, SockRef, Socket, Type};

use super::{Program, failure, patience};

/// A TCP connection of a test, which remembers what went through it.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    resets: bool,
}

impl Peer {
    fn new(stream: TcpStream, resets: bool) -> Self {
        stream.set_read_timeout(Some(patience())).unwrap();
        stream.set_write_timeout(Some(patience())).unwrap();
        Self { stream, resets }
    }
}

impl From<TcpStream> for Peer {
    fn from(stream: TcpStream) -> Self {
        Self::new(stream, false)
    }
}

impl Deref for Peer {
    type Target = TcpStream;
    fn deref(&self) -> &TcpStream {
        &self.stream
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.stream.read(buffer)?;
        failure::came(&buffer[..length]);
        Ok(length)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        failure::sent(bytes);
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if self.resets {
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

/// A test's own TCP server, and its address.
pub fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address").to_string();
    (listener, address)
}

/// An address where no one listens, nor can while its socket is kept.
pub fn deserted() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    (socket, address)
}

/// The next client of a test's server.
#[track_caller]
pub fn accept(listener: &TcpListener) -> Peer {
    Peer::new(accept_from(listener, None), false)
}

#[track_caller]
fn accept_from(listener: &TcpListener, mut client: Option<&mut Program>) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + patience();
    let stream = loop {
        let runs = client.as_mut().is_none_or(|client| client.runs());
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(runs, "it ended without a connection: {:?}", client.unwrap());
                assert!(Instant::now() < deadline, "no client comes");
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("accept: {error}"),
        }
    };
    stream.set_nonblocking(false).unwrap();
    stream
}

/// A test's own TCP client.
#[track_caller]
pub fn connect(address: &str) -> Peer {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    Peer::new(stream, false)
}

/// Reads exactly `expected` from `stream`.
#[track_caller]
pub fn expect(stream: &mut Peer, expected: &[u8]) {
    failure::expects(Some(expected));
    let mut got = Vec::new();
    let read = stream.take(expected.len() as u64).read_to_end(&mut got);
    failure::came(&got);
    read.expect("the peer answers");
    failure::compare(&got, expected);
}

/// Waits for the end of `stream`, which must be a close and not a reset, with nothing before it.
#[track_caller]
pub fn expect_end(stream: &mut Peer) {
    failure::expects(Some(b""));
    let mut got = [0; 1024];
    let read = loop {
        match stream.read(&mut got) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {} // a signal to the test
            read => break read,
        }
    };
    let length = read.expect("the peer closes in order");
    failure::compare(&got[..length], b"");
}

/// Ends a connection with a reset (RST) in place of a close (FIN).
pub fn reset(mut stream: Peer) {
    stream.resets = true;
}

/// A test's own UDP client of `address`.
#[track_caller]
pub fn datagrams(address: &str) -> UdpSocket {
    let any = if address.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let socket = UdpSocket::bind(any).unwrap();
    socket.connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    socket.set_read_timeout(Some(patience())).unwrap();
    socket
}

/// Sends one datagram to the address that `socket` is connected with.
#[track_caller]
pub fn send(socket: &UdpSocket, datagram: &[u8]) {
    failure::sent(datagram);
    socket.send(datagram).unwrap();
}

/// Calls again what a signal interrupted: the end of another test's child can do that.
fn uninterrupted<T>(mut call: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Waits for the next datagram, which must be `expected`, and gives its sender.
#[track_caller]
pub fn expect_datagram(socket: &UdpSocket, expected: &[u8]) -> SocketAddr {
    failure::expects(Some(expected));
    let mut buffer = vec![0; 65_536];
    let received = uninterrupted(|| socket.recv_from(&mut buffer));
    let (length, sender) = received.expect("a datagram comes");
    failure::compare(&buffer[..length], expected);
    sender
}

/// The meeting of a program with the test, as `dialogue` has it: the program gets the address as
/// its only argument and prints no `Listening on`. With the variable `LESSON_AT` the address is
/// fixed, and the program gets no argument. Nothing here knocks to see whether the program is there:
/// what reaches it first is the conversation itself, since a program may take only one.
pub struct Meeting {
    pub program: Program,
    pub address: String,
    listener: Option<TcpListener>,
    socket: Option<UdpSocket>,
    turn: Option<MutexGuard<'static, ()>>,
}

impl Meeting {
    /// Starts a server at a free port, or at `LESSON_AT`.
    #[track_caller]
    pub fn server(command: impl FnOnce(&[&str]) -> Command) -> Self {
        let (fixed, turn) = fixed_address();
        let address = fixed.clone().unwrap_or_else(free_address);
        let program = start(command, fixed.is_none().then_some(&*address));
        Self { program, address, listener: None, socket: None, turn }
    }

    /// Starts a TCP client of the test's listener.
    #[track_caller]
    pub fn client(command: impl FnOnce(&[&str]) -> Command) -> Self {
        let (fixed, turn) = fixed_address();
        let at = fixed.as_deref().unwrap_or("127.0.0.1:0");
        let listener = TcpListener::bind(at).unwrap_or_else(|error| panic!("{at}: {error}"));
        let address = listener.local_addr().unwrap().to_string();
        let program = start(command, fixed.is_none().then_some(&*address));
        Self { program, address, listener: Some(listener), socket: None, turn }
    }

    /// Starts a UDP client of the test's socket.
    #[track_caller]
    pub fn sender(command: impl FnOnce(&[&str]) -> Command) -> Self {
        let (fixed, turn) = fixed_address();
        let at = fixed.as_deref().unwrap_or("127.0.0.1:0");
        let socket = UdpSocket::bind(at).unwrap_or_else(|error| panic!("{at}: {error}"));
        socket.set_read_timeout(Some(patience())).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let program = start(command, fixed.is_none().then_some(&*address));
        Self { program, address, listener: None, socket: Some(socket), turn }
    }

    /// A connection to the server, as soon as it listens. It ends with a reset when it is dropped,
    /// so that no TIME-WAIT keeps the port from the next program.
    #[track_caller]
    pub fn connect(&mut self) -> Peer {
        let deadline = Instant::now() + patience();
        loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => return Peer::new(stream, true),
                Err(error) => self.wait_for_more(&error, deadline),
            }
        }
    }

    /// The program's connection to the test's listener.
    #[track_caller]
    pub fn accept(&mut self) -> Peer {
        let Self { program, listener, .. } = self;
        let listener = listener.as_ref().expect("the program is a client");
        Peer::new(accept_from(listener, Some(program)), true)
    }

    /// Ends what the test says to a TCP client. At a fixed address, a client that closes by itself
    /// goes first: else TIME-WAIT would keep the port from a server without SO_REUSEADDR.
    #[track_caller]
    pub fn close(&self, stream: &Peer) {
        if self.turn.is_some() {
            stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let _ = stream.peek(&mut [0]); // its close, or no more than a second
            stream.set_read_timeout(Some(patience())).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The socket that a UDP client sends to.
    pub fn socket(&self) -> &UdpSocket {
        self.socket.as_ref().expect("the program sends datagrams")
    }

    /// Sends a datagram to the server, again while there is no one who takes it, and gives the
    /// answer: nothing if none comes within `limit`.
    #[track_caller]
    fn deliver(&mut self, socket: &UdpSocket, datagram: &[u8], limit: Duration) -> Option<Vec<u8>> {
        let deadline = Instant::now() + patience();
        socket.set_read_timeout(Some(limit)).unwrap();
        let mut buffer = vec![0; 65_536];
        failure::sent(datagram);
        loop {
            // The refusal of a datagram (ICMP) comes as an error of this call or of the next one.
            let answer =
                socket.send(datagram).and_then(|_| uninterrupted(|| socket.recv(&mut buffer)));
            match answer {
                Ok(length) => return Some(buffer[..length].to_vec()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return None;
                }
                Err(error) => self.wait_for_more(&error, deadline),
            }
        }
    }

    /// Sends a datagram to a server that gives no answer.
    #[track_caller]
    pub fn send(&mut self, socket: &UdpSocket, datagram: &[u8]) {
        self.deliver(socket, datagram, Duration::from_millis(100));
    }

    /// Sends a datagram to the server and checks its answer.
    #[track_caller]
    pub fn ask(&mut self, socket: &UdpSocket, datagram: &[u8], expected: &[u8]) {
        failure::expects(Some(expected));
        let answer = self.deliver(socket, datagram, patience());
        failure::compare(&answer.expect("the server answers"), expected);
    }

    #[track_caller]
    fn wait_for_more(&mut self, error: &std::io::Error, deadline: Instant) {
        assert!(self.program.runs(), "it ended: {error:?} {:?}", self.program);
        assert!(Instant::now() < deadline, "no one is at {}: {error}", self.address);
        thread::sleep(Duration::from_millis(10));
    }
}

/// A program of `dialogue`. Python prints at once here, as it does in a terminal.
#[track_caller]
fn start(command: impl FnOnce(&[&str]) -> Command, address: Option<&str>) -> Program {
    Program::start(unbuffered(&mut command(address.as_slice())))
}

/// Lets a Python program print at once and in UTF-8, also into a pipe.
pub fn unbuffered(command: &mut Command) -> &mut Command {
    command.env("PYTHONUNBUFFERED", "1").env("PYTHONUTF8", "1")
}

/// The address of `LESSON_AT`, and the turn of the test that uses it.
fn fixed_address() -> (Option<String>, Option<MutexGuard<'static, ()>>) {
    static TURN: Mutex<()> = Mutex::new(());
    let Ok(at) = std::env::var("LESSON_AT") else { return (None, None) };
    let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let at = at.replace("0.0.0.0:", "127.0.0.1:");
    let mut addresses = at.to_socket_addrs().unwrap_or_else(|error| panic!("{at}: {error}"));
    let address = addresses.clone().find(SocketAddr::is_ipv4).or(addresses.next());
    (Some(address.expect("a name has an address").to_string()), Some(turn))
}

/// A free address of 127.0.0.1 for a program that cannot say which port it got. Its port is below
/// those that the system gives away by itself, and another one each time.
pub fn free_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_micros());
    loop {
        let number = now ^ std::process::id().wrapping_mul(7919);
        let number = number.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(20_000 + number % 12_000).unwrap();
        // Kept up to the end of this process, so that another test program passes this port over.
        match TcpListener::bind(("127.0.0.2", port)) {
            Ok(kept) => std::mem::forget(kept),
            Err(_) if cfg!(target_os = "linux") => continue,
            Err(_) => {} // other systems have 127.0.0.1 alone
        }
        // A socket that only binds, with SO_REUSEADDR, is in no server's way, even if a program that
        // another test starts right now inherits it for a moment.
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        if socket.bind(&address.into()).is_ok() {
            return address.to_string();
        }
    }
}
