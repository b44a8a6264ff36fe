//! The load on a server of the Welcome!/Hello dialogue: lesson `tcp-server-threaded`.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use course::Lesson;
use course::run::Server;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::peers::{PATIENCE, Peer, Tools, memory};
use crate::report::{Bench, Numbers, Text};

const WELCOME: &[u8] = b"Welcome!";
const NAME: &[u8] = b"Michael";
const REPLY: &[u8] = b"Hello, Michael!";
/// How many clients open and close connections.
const CLIENTS: usize = 16;
/// How many clients connect at once, except in a burst.
const AT_ONCE: usize = 256;
/// Files that a process needs beside its connections.
const OTHER_FILES: usize = 64;

const TEXTS: [&str; 3] = [
    "dialogue",
    "tcp-server-threaded: the Welcome!/Hello dialogue, without a delay",
    "the kernel, and with one connection the time to wake the other side. The tool's own server has no thread for each connection: it shows what the load generator could still ask for.",
];
const REQUESTS: Text = ["connections: {}; requests/s", "{} 个连接：每秒请求数"];
const HALF: Text =
    ["connections: {}; half of the answers within µs", "{} 个连接：半数应答的耗时（微秒）"];
const MOST: Text = ["connections: {}; 99 % of them within µs", "{} 个连接：99% 应答的耗时（微秒）"];
const TURNOVER: Text =
    ["clients: {}; connections opened and closed/s", "{} 个客户端：每秒建立并关闭的连接数"];
const BURST: Text = [
    "{} connect at once; all welcomed within ms",
    "{} 个客户端同时连接：全部收到欢迎的耗时（毫秒）",
];
const RESIDENT: Text = ["idle: {}; KiB resident for each", "{} 个空闲连接：每个的常驻内存（KiB）"];
const TABLES: Text = ["idle: {}; KiB of page tables for each", "{} 个空闲连接：每个的页表（KiB）"];

/// How much is asked of a server.
struct Load {
    time: Duration,
    /// Connections that talk.
    talking: [usize; 3],
    /// Connections that are opened at once, and those that are then held.
    held: [usize; 2],
}

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &Lesson) -> Result<Bench<'a>> {
    let mut load =
        Load { time: Duration::from_millis(500), talking: [1, 64, 1000], held: [1000, 10_000] };
    if tools.quick {
        load = Load { time: Duration::from_millis(50), talking: [1, 8, 32], held: [50, 100] };
    }
    // The servers inherit this limit.
    let wanted = load.held[1] + OTHER_FILES;
    let files = rlimit::increase_nofile_limit(wanted as u64).context("no limit of open files")?;
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    if files < wanted {
        load.held[1] = files.saturating_sub(OTHER_FILES).max(load.held[0]);
        let held = load.held[1];
        tools.note(format!("the system allows {files} open files (ulimit -Hn): {held} are held"));
    }
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "20000"];
    let peers = [
        Some(tools.lesson(lesson, &arguments)?),
        tools.c("threaded"),
        tools.script("scripts/bench/peers/tcp-server-threaded.py"),
        Some(tools.own(&["respond"])),
    ];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| measure(peer, &load, numbers)))
}

const LADDER: [&str; 3] = [
    "ladder",
    "The same dialogue by threads, a pool, readiness and tasks, without a delay",
    "the kernel, and the one core that a server of one thread has.",
];

/// Lessons 4 and 18 to 20 beside each other, each with its yardstick in C: threads or epoll.
pub(crate) fn ladder<'a>(tools: &'a Tools, lessons: &[&Lesson]) -> Result<Bench<'a>> {
    let time = Duration::from_millis(if tools.quick { 50 } else { 500 });
    let talking = if tools.quick { [8, 32] } else { [64, 1000] };
    // So many threads as connections, that no client waits for one.
    let most = talking[1].to_string();
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", &most];
    let name = |lesson: &Lesson| match lesson.name.as_str() {
        "tcp-server-pool" => "pool",
        "tcp-server-mio" => "mio",
        "tcp-server-tokio" => "tokio",
        _ => "thread each",
    };
    let mut peers = Vec::new();
    for lesson in lessons {
        peers.push(Some(Peer { name: name(lesson), ..tools.lesson(lesson, &arguments)? }));
    }
    let c = |program, name| tools.c(program).map(|peer| Peer { name, ..peer });
    peers.extend([c("threaded", "C threads"), c("epoll", "C epoll")]);
    peers.push(tools.script("scripts/bench/peers/tcp-server-threaded.py"));
    let bench = Bench::new(LADDER, peers, move |peer, numbers| {
        let server = Server::start(peer.command(), None)?;
        for connections in talking {
            talk_at(&server, connections, time, numbers)?;
        }
        drop(server);
        // A new one, whose memory nothing has used before.
        let server = Server::start(peer.command(), None)?;
        let (before, held) = (memory(&server.child, "VmRSS")?, talking[1]);
        let _crowd = Crowd::welcomed(server.address, held)?;
        let used = memory(&server.child, "VmRSS")?.saturating_sub(before);
        numbers.less(RESIDENT, &held, used as f64 / held as f64);
        Ok(())
    });
    let pairs = [
        ("thread each", "C threads"),
        ("pool", "C threads"),
        ("mio", "C epoll"),
        ("tokio", "C epoll"),
    ];
    Ok(bench.compared(&pairs))
}

/// Requests a second and the times of the answers, with so many connections.
fn talk_at(
    server: &Server,
    connections: usize,
    time: Duration,
    numbers: &mut Numbers<'_>,
) -> Result<()> {
    let times = talk(server.address, connections, time)?;
    let at = |percent: usize| times.get(times.len() * percent / 100).map(Duration::as_secs_f64);
    let (half, most) = at(50).zip(at(99)).context("no answer at all")?;
    numbers.more(REQUESTS, &connections, times.len() as f64 / time.as_secs_f64());
    numbers.less(HALF, &connections, half * 1e6);
    numbers.less(MOST, &connections, most * 1e6);
    Ok(())
}

fn measure(peer: &Peer, load: &Load, numbers: &mut Numbers<'_>) -> Result<()> {
    let server = Server::start(peer.command(), None)?;
    for connections in load.talking {
        talk_at(&server, connections, load.time, numbers)?;
    }
    let crowd = |share| Crowd::welcomed(server.address, share);
    let dialogues = on_all_threads(CLIENTS, crowd, |crowd| crowd.turn_over(load.time))?;
    let dialogues: usize = dialogues.into_iter().sum();
    numbers.more(TURNOVER, &CLIENTS, dialogues as f64 / load.time.as_secs_f64());
    drop(server);
    hold(&Server::start(peer.command(), None)?, load, numbers)
}

/// A burst of connects, and what the connections cost while they are idle.
fn hold(server: &Server, load: &Load, numbers: &mut Numbers<'_>) -> Result<()> {
    let memory =
        || Ok::<_, Error>([memory(&server.child, "VmRSS")?, memory(&server.child, "VmPTE")?]);
    let before = memory();
    let mut crowd = Crowd::new(server.address)?;
    let (start, burst) = (Instant::now(), load.held[0]);
    let time = crowd.grow(burst, burst).map(|()| start.elapsed().as_secs_f64() * 1e3);
    numbers.put(false, BURST, &burst, time);
    for held in load.held {
        let each = crowd.grow(held, AT_ONCE).and_then(|()| {
            let (before, after) =
                (before.as_ref().map_err(|error| anyhow!("{error:#}"))?, memory()?);
            Ok([0, 1].map(|line| after[line].saturating_sub(before[line]) as f64 / held as f64))
        });
        match each {
            Ok([resident, tables]) => {
                numbers.less(RESIDENT, &held, resident);
                numbers.less(TABLES, &held, tables);
            }
            Err(error) => numbers.put(false, RESIDENT, &held, Err(error)),
        }
    }
    Ok(())
}

/// Lets `connections` clients ask and ask again, and returns how long each answer took, sorted.
fn talk(address: SocketAddr, connections: usize, time: Duration) -> Result<Vec<Duration>> {
    let crowd = |share| Crowd::welcomed(address, share);
    let times = on_all_threads(connections, crowd, |crowd| crowd.talk(time))?;
    let mut times = times.concat();
    times.sort_unstable();
    Ok(times)
}

/// Shares `connections` among half of the cores: the other half is for the server.
fn on_all_threads<T: Send>(
    connections: usize,
    make: impl Fn(usize) -> Result<Crowd>,
    work: impl Fn(&mut Crowd) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / 2).clamp(1, connections);
    let share =
        |thread: usize| connections * (thread + 1) / threads - connections * thread / threads;
    let mut crowds = (0..threads).map(|thread| make(share(thread))).collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            crowds.iter_mut().map(|crowd| scope.spawn(move || work(crowd))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<T>>| {
            thread.join().map_err(|_| anyhow!("a thread panicked"))?
        };
        running.into_iter().map(join).collect()
    })
}

/// Clients that one thread serves.
struct Crowd {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
}

struct Client {
    stream: TcpStream,
    awaits: Awaits,
    /// What is still to come of it, in bytes.
    missing: usize,
    since: Instant,
}

#[derive(Clone, Copy, PartialEq)]
enum Awaits {
    Welcome,
    Reply,
    /// The server's close, after `exit`.
    End,
}

impl Crowd {
    fn new(address: SocketAddr) -> Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
        Ok(Self { address, poll, events, clients: Vec::new() })
    }

    fn welcomed(address: SocketAddr, count: usize) -> Result<Self> {
        let mut crowd = Self::new(address)?;
        crowd.grow(count, AT_ONCE)?;
        Ok(crowd)
    }

    /// Connects more clients, until there are `count` and all have been welcomed. At most
    /// `at_once` of them are on their way at a time.
    fn grow(&mut self, count: usize, at_once: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut welcomed = self.clients.iter().filter(|client| client.missing == 0).count();
        loop {
            while self.clients.len() < count.min(welcomed + at_once) {
                let token = Token(self.clients.len());
                self.clients.push(Client::connect(self.address, token, self.poll.registry())?);
            }
            if welcomed == count {
                return Ok(());
            }
            let on = self.turn(deadline, |_, _, _| {
                welcomed += 1;
                Ok(())
            });
            ensure!(on?, "only {welcomed} of {count} welcomed in {PATIENCE:?}");
        }
    }

    /// Each client sends its name, and again after each answer. Returns how long each took.
    fn talk(&mut self, time: Duration) -> Result<Vec<Duration>> {
        let deadline = Instant::now() + time;
        let mut times = Vec::new();
        for client in &mut self.clients {
            client.send(NAME, Awaits::Reply, REPLY.len())?;
        }
        let mut again = |client: &mut Client, _, _: &_| {
            times.push(client.since.elapsed());
            client.send(NAME, Awaits::Reply, REPLY.len())
        };
        while self.turn(deadline, &mut again)? {}
        Ok(times)
    }

    /// Each client says `exit`, and connects anew when the server has closed. Returns how often.
    fn turn_over(&mut self, time: Duration) -> Result<usize> {
        let (deadline, address) = (Instant::now() + time, self.address);
        let mut count = 0;
        for client in &mut self.clients {
            client.send(b"exit", Awaits::End, 1)?;
        }
        let mut next = |client: &mut Client, token, registry: &Registry| {
            if client.awaits == Awaits::Welcome {
                return client.send(b"exit", Awaits::End, 1);
            }
            count += 1;
            *client = Client::connect(address, token, registry)?;
            Ok(())
        };
        while self.turn(deadline, &mut next)? {}
        Ok(count)
    }

    /// Waits, and calls `whole` for each client whose message has come whole by now. False after
    /// the deadline.
    fn turn(
        &mut self,
        deadline: Instant,
        mut whole: impl FnMut(&mut Client, Token, &Registry) -> Result<()>,
    ) -> Result<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(left)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            result => result?,
        }
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            if client.read()? {
                whole(client, event.token(), self.poll.registry())?;
            }
        }
        Ok(!left.is_zero())
    }
}

impl Client {
    fn connect(address: SocketAddr, token: Token, registry: &Registry) -> Result<Self> {
        let mut stream = TcpStream::connect(address).context("cannot connect")?;
        registry.register(&mut stream, token, Interest::READABLE)?;
        let missing = WELCOME.len();
        Ok(Self { stream, awaits: Awaits::Welcome, missing, since: Instant::now() })
    }

    fn send(&mut self, bytes: &[u8], awaits: Awaits, missing: usize) -> Result<()> {
        (self.awaits, self.missing, self.since) = (awaits, missing, Instant::now());
        let sent = self.stream.write(bytes).context("the server takes no more")?;
        ensure!(sent == bytes.len(), "the server takes no more");
        Ok(())
    }

    /// Reads what there is. True when all that was missing has come.
    fn read(&mut self) -> Result<bool> {
        let mut buffer = [0; 64];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) if self.awaits == Awaits::End => return Ok(true),
                Ok(0) => bail!("the server closed a connection"),
                Ok(length) => {
                    let over = "the server sent more than its answer";
                    self.missing = self.missing.checked_sub(length).context(over)?;
                    if self.missing == 0 {
                        return Ok(true);
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::NotConnected => return Ok(false),
                    ErrorKind::Interrupted => {}
                    _ => return Err(error).context("a connection was lost"),
                },
            }
        }
    }
}
