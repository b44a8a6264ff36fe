//! One client: what it has to do next, and how far it has come.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::SockRef;

/// A client has to read its answers; it may be silent for as long as it likes.
const TO_READ: Duration = Duration::from_secs(30);

/// A client and its state. Where the threaded server waits in a call, this is what is remembered.
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    stream: TcpStream,
    /// Whether bytes may be there: an event says so, and a `read` that gets less than it could
    /// take says no.
    ready: bool,
    state: State,
}

enum State {
    /// Waits for a name.
    Reads,
    /// Waits before it answers what came.
    Pauses(Instant, Vec<u8>),
    /// Sends what is left of an answer, until that time.
    Writes(Instant, Vec<u8>),
}

/// When to go on with a client: at the next event, at that time at the latest, or never.
pub(crate) enum Next {
    Event,
    At(Instant),
    End,
}

impl Connection {
    /// A client that is to be welcomed, and that the system will tell of.
    pub(crate) fn new(
        mut stream: TcpStream,
        peer: SocketAddr,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        // After two silent hours, the system asks whether the client is still there.
        SockRef::from(&stream).set_keepalive(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let state = State::Writes(Instant::now() + TO_READ, b"Welcome!".to_vec());
        Ok(Self { peer, stream, ready: true, state })
    }

    /// Does all that can be done without waiting.
    pub(crate) fn go_on(&mut self, ready: bool, delay: Duration) -> io::Result<Next> {
        self.ready |= ready;
        loop {
            match &mut self.state {
                State::Reads if !self.ready => return Ok(Next::Event),
                State::Reads => {
                    let mut buffer = [0; 1024];
                    match self.stream.read(&mut buffer) {
                        Ok(length) => {
                            // Epoll and kqueue tell of bytes that come later; Windows tells only
                            // after WouldBlock.
                            self.ready = length == buffer.len() || cfg!(windows);
                            let until = Instant::now() + delay;
                            self.state = State::Pauses(until, buffer[..length].to_vec());
                            if !delay.is_zero() {
                                return Ok(Next::At(until));
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => self.ready = false,
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                State::Pauses(until, _) if Instant::now() < *until => return Ok(Next::Event),
                State::Pauses(_, message) => match &message[..] {
                    b"" | b"exit" => return Ok(Next::End),
                    name => {
                        let answer = [b"Hello, ", name, b"!"].concat();
                        self.state = State::Writes(Instant::now() + TO_READ, answer);
                    }
                },
                State::Writes(_, answer) if answer.is_empty() => self.state = State::Reads,
                State::Writes(until, answer) => match self.stream.write(answer) {
                    Ok(length) => drop(answer.drain(..length)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        if Instant::now() < *until {
                            return Ok(Next::At(*until));
                        }
                        return Err(io::Error::new(ErrorKind::TimedOut, "timed out"));
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }
}
