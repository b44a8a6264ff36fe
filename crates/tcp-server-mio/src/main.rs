//! Talks with many TCP clients at once, in one thread that waits for all of them together.
//!
//! In lessons 4 and 18 a thread waits in `read` for its client. Here no call waits: the system says
//! which sockets are ready, and each client has a state that says what to do next. The pause before
//! an answer is a deadline in a queue, since a `sleep` would hold up everyone.
//!
//! ```console
//! $ cargo run -p tcp-server-mio
//! Listening on 127.0.0.1:9999
//! Waiting for connection...
//! ```

mod connection;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::process;
use std::time::{Duration, Instant};

use clap::Parser;
use connection::{Connection, Next};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use netcommon::{Address, Report, eprintln, println, seconds, uninterrupted};
use socket2::SockRef;

/// How long clients may go on after Ctrl-C: enough for a few answers with their pauses.
const FINISH: Duration = Duration::from_secs(5);
/// What an event is about: the listener, Ctrl-C, or from 2 on a client.
const LISTENER: Token = Token(0);
const STOP: Token = Token(1);

/// Lesson 19: a TCP server with one thread for all clients, which asks who is ready.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client (or nc 127.0.0.1 9999)")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Seconds to pause before each answer
    #[arg(long, default_value = "1", value_parser = seconds)]
    delay: Duration,
    /// Connections at once; others wait
    #[arg(long, value_name = "N", default_value = "1000")]
    max_connections: NonZeroU16,
}

/// Everything that the one thread looks after.
struct Server {
    poll: Poll,
    /// Gone after Ctrl-C.
    listener: Option<TcpListener>,
    /// Whether no descriptor was free, a moment ago.
    pauses: bool,
    clients: HashMap<Token, Connection>,
    /// When to look at whom again, the next one first.
    deadlines: BTreeSet<(Instant, Token)>,
    /// The last client's token.
    last: Token,
    delay: Duration,
    max_connections: usize,
}

fn main() -> Result<(), Report> {
    let Args { address, delay, max_connections } = Args::parse();
    let listener = std::net::TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    SockRef::from(&listener).listen(4096)?; // listen(5), but for a burst of clients; std's is 128
    listener.set_nonblocking(true)?; // `accept` fails with WouldBlock where it would wait
    let mut listener = TcpListener::from_std(listener);
    let poll = Poll::new()?; // epoll on Linux, kqueue on macOS
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Waker::new(poll.registry(), STOP)?;
    let mut pressed = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut pressed, true) {
            process::exit(130); // as a shell says of a program that Ctrl-C ends
        }
        let _ = waker.wake();
    })?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    println!("Waiting for connection...");
    let (clients, deadlines) = (HashMap::new(), BTreeSet::new());
    let (listener, max_connections) = (Some(listener), max_connections.get().into());
    Server {
        poll,
        listener,
        pauses: false,
        clients,
        deadlines,
        last: STOP,
        delay,
        max_connections,
    }
    .serve()?;
    Ok(())
}

impl Server {
    /// Waits for events and deadlines, and goes on with whom they are about, until it is stopped.
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut finish: Option<Instant> = None;
        while finish.is_none_or(|at| Instant::now() < at && !self.clients.is_empty()) {
            let next = self.deadlines.first().map(|(at, _)| *at).into_iter().chain(finish).min();
            let timeout = next.map(|at| at.saturating_duration_since(Instant::now()));
            uninterrupted(|| self.poll.poll(&mut events, timeout))?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    STOP => {
                        self.listener = None; // new clients are refused
                        eprintln!("No new clients; those that talk have {FINISH:?} to finish");
                        finish = Some(Instant::now() + FINISH);
                    }
                    token => self.go_on(token, true),
                }
            }
            while let Some(&(at, token)) = self.deadlines.first()
                && at <= Instant::now()
            {
                self.deadlines.pop_first();
                if token == LISTENER {
                    self.pauses = false;
                    self.accept();
                }
                self.go_on(token, false);
            }
        }
        Ok(())
    }

    /// Accepts the clients that wait in the backlog, as many as there is room for.
    fn accept(&mut self) {
        while let Some(listener) = &self.listener
            && self.clients.len() < self.max_connections
            && !self.pauses
        {
            match listener.accept() {
                Ok((stream, peer)) => {
                    println!("Accept new connection from {peer}...");
                    self.last = Token(self.last.0 + 1);
                    match Connection::new(stream, peer, self.poll.registry(), self.last) {
                        Ok(client) => drop(self.clients.insert(self.last, client)),
                        Err(error) => eprintln!("lost {peer}: {error}"),
                    }
                    self.go_on(self.last, true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    eprintln!("cannot serve a client: {error}; going on in a moment");
                    let soon = Instant::now() + Duration::from_millis(200);
                    self.deadlines.insert((soon, LISTENER)); // a descriptor may come free
                    self.pauses = true;
                }
            }
        }
    }

    /// Goes on with a client; `ready` if the system has said so.
    fn go_on(&mut self, token: Token, ready: bool) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        let result = match client.go_on(ready, self.delay) {
            Ok(Next::Event) => return,
            Ok(Next::At(deadline)) => {
                self.deadlines.insert((deadline, token));
                return;
            }
            Ok(Next::End) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            eprintln!("lost {}: {error}", client.peer);
        }
        println!("Connection from {} closed.", client.peer);
        self.clients.remove(&token);
        self.accept(); // there is room again
    }
}
