//! What the black-box tests share: starting a program, reading what it prints, playing its peer.
//!
//! A test knows a program by its command line, its streams and its sockets only. With the variable
//! `LESSON_COMMAND` set (a word a line, or with spaces: `python3 my_server.py`), the same tests
//! judge that program instead. It gets the arguments that the lesson would get; if a word is
//! `{address}`, it gets the address there, and need not say `Listening on`.

#![allow(dead_code, reason = "each test program uses another part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

pub mod rules;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

/// How long a test waits for what must come: a minute, or the seconds of the variable
/// `LESSON_PATIENCE`. No test passes or fails by how fast it came.
pub fn patience() -> Duration {
    let seconds = std::env::var("LESSON_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(60))
}

thread_local! {
    /// Where the program that is started next is told to listen, by way of `{address}`.
    static TOLD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The command that runs the lesson: `command(env!("CARGO_BIN_EXE_tcp-client"), ["[::1]:9999"])`.
pub fn command<A: AsRef<OsStr>>(
    executable: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let other = std::env::var("LESSON_COMMAND").unwrap_or_default();
    let space = if other.contains('\n') { '\n' } else { ' ' };
    let mut words: Vec<OsString> =
        other.split(space).filter(|word| !word.is_empty()).map(OsString::from).collect();
    let mut arguments: Vec<OsString> =
        arguments.into_iter().map(|word| word.as_ref().to_owned()).collect();
    if let Some(place) = words.iter().position(|word| word == "{address}") {
        let is_address = |word: &OsString| word.to_string_lossy().contains(':');
        match arguments.iter().position(is_address).map(|at| arguments.remove(at)) {
            Some(address) if address.to_str().is_none() => words[place] = address,
            Some(address) => words[place] = fixed_port(&address.to_string_lossy()).into(),
            None => drop(words.remove(place)),
        }
    }
    if words.is_empty() {
        words.push(executable.into());
    }
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(arguments);
    command
}

/// `address` with a free port in place of port 0, kept for the program that is started next.
fn fixed_port(address: &str) -> String {
    let free = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    let told = match (address.strip_suffix(":0"), free) {
        (Some(host), Ok(free)) => format!("{host}:{}", free.port()),
        _ => address.to_owned(),
    };
    TOLD.set(Some(told.clone()));
    told
}

/// Starts the lesson's program.
pub fn start<A: AsRef<OsStr>>(executable: &str, arguments: impl IntoIterator<Item = A>) -> Program {
    Program::start(&mut command(executable, arguments))
}

/// What Python 3 is called here, or nothing, said aloud, where there is none.
pub fn python() -> Option<&'static str> {
    let python = ["python3", "python"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version
            .is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"Python 3"))
    });
    if python.is_none() {
        left_out("there is no Python 3 here");
    }
    python
}

/// The lesson's Python twin, or nothing, said aloud, where there is no Python 3.
pub fn python_twin<A: AsRef<OsStr>>(
    lesson: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Option<Program> {
    let twin = format!("{}/../{lesson}/{lesson}.py", env!("CARGO_MANIFEST_DIR"));
    TOLD.take(); // it says itself where it listens
    let mut command = Command::new(python()?);
    command.arg(twin).args(arguments).env("PYTHONUTF8", "1");
    Some(Program::start(&mut command))
}

/// Runs `program --help` and checks that it fits on one screen of 24 lines and 80 columns, and
/// names `parts`: the lesson, its defaults, its other half.
#[track_caller]
pub fn check_help(program: Program, parts: &[&str]) {
    let help = program.finish().success();
    assert!(help.lines().count() <= 24, "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    for part in parts {
        assert!(help.contains(part), "{part}: {help}");
    }
}

/// Checks that `text` is `lines` lines with nothing in them that could steer a terminal (rule 4).
#[track_caller]
pub fn check_safe(text: &str, lines: usize) {
    assert_eq!(text.matches('\n').count(), lines, "{text:?}");
    let bidi = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let steers =
        |c: char| c.is_control() && c != '\n' || bidi(c) || matches!(c, '\u{2028}' | '\u{2029}');
    assert!(!text.contains(steers), "{text:?}");
}

/// Says that the running test was left out. (`eprintln!` would be kept back by the test harness.)
/// Where `LEAVE_NOTHING_OUT` is set, that is an error.
pub fn left_out(why: &str) {
    assert!(std::env::var_os("LEAVE_NOTHING_OUT").is_none(), "left out: {why}");
    let test = thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {test}: {why}");
}

/// Waits until Linux says that the process is in `state` (proc(5): T is stopped, S sleeps).
pub fn wait_for_state(id: u32, state: char) {
    let deadline = Instant::now() + patience();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
        if stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(state)) {
            return;
        }
        assert!(Instant::now() < deadline, "process {id} does not get into state {state}: {stat}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether this process ignores SIGINT, as then does each program that it starts (Linux, proc(5);
/// elsewhere no one asks).
#[cfg(unix)]
fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 0b10 != 0) // SIGINT is 2, and the lowest bit is 1
}

/// What a program holds of the system (Linux, proc(5)).
#[derive(Debug)]
pub struct Resources {
    pub descriptors: usize,
    pub threads: usize,
    /// Resident memory, in bytes.
    pub resident: usize,
}

/// What process `id` holds now.
pub fn resources(id: u32) -> Resources {
    let count =
        |folder| std::fs::read_dir(format!("/proc/{id}/{folder}")).expect("it runs").count();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    let resident = 1024 * kilobytes.expect("proc(5) tells the resident memory");
    Resources { descriptors: count("fd"), threads: count("task"), resident }
}

/// Waits until process `id` holds no more than that.
pub fn wait_for_resources(id: u32, enough: impl Fn(&Resources) -> bool) -> Resources {
    let deadline = Instant::now() + patience();
    loop {
        let now = resources(id);
        if enough(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "it still holds {now:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// The address that stands in its command in place of `{address}`.
    told: Option<String>,
    pub stdout: Stream,
    pub stderr: Stream,
}

/// How a program ended, and what it had printed that no one had read yet.
#[derive(Debug)]
pub struct Ending {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// Starts `command` with pipes for all three streams.
    pub fn start(command: &mut Command) -> Self {
        Self::start_with_stdout(command, Stdio::piped())
    }

    /// Starts `command` with a standard output of the test's choice.
    pub fn start_with_stdout(command: &mut Command, stdout: impl Into<Stdio>) -> Self {
        Self::start_with(command, stdout, Stdio::piped())
    }

    /// Starts `command` with a standard output and a standard error of the test's choice.
    pub fn start_with(
        command: &mut Command,
        stdout: impl Into<Stdio>,
        stderr: impl Into<Stdio>,
    ) -> Self {
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Stream::new(child.stdout.take());
        let stderr = Stream::new(child.stderr.take());
        Self { stdin: child.stdin.take(), child, told: TOLD.take(), stdout, stderr }
    }

    /// Starts a server, and gives its address; its standard error is closed from then on, as after
    /// the end of a terminal.
    #[cfg(unix)]
    pub fn start_and_close_stderr(mut command: Command) -> (Self, String) {
        use std::io::{BufRead, BufReader};
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        let program = Self::start_with(&mut command, Stdio::piped(), writer);
        drop(command); // with its copy of the writer
        let (send, receive) = std::sync::mpsc::channel();
        let told = program.told.is_some();
        thread::spawn(move || {
            let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
            let address = lines.find_map(|line| {
                line.strip_prefix("Listening on ").map(str::to_owned).or(told.then_some(line))
            });
            drop(lines);
            let _ = send.send(address);
        });
        if told {
            let address = program.address();
            return (program, address);
        }
        let address = receive.recv_timeout(patience()).ok().flatten();
        (program, address.expect("it says where it listens"))
    }

    /// The address behind `Listening on `, or else that of `{address}`.
    pub fn address(&self) -> String {
        let deadline = Instant::now() + patience();
        let mut found = 0;
        loop {
            let Some(told) = self.told.as_ref().filter(|_| !self.stderr.has_line()) else {
                let line = self.stderr.line();
                let Some(address) = line.strip_prefix("Listening on ") else { continue };
                // A server on every address is reached by way of loopback.
                return address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
            };
            // It listens when no one else can; for a moment more it may yet say so.
            found += i32::from(TcpListener::bind(told).is_err() || UdpSocket::bind(told).is_err());
            if found > 10 {
                return told.replace("localhost:", "127.0.0.1:");
            }
            assert!(Instant::now() < deadline, "it does not listen on {told}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The port of its command line, where tests ask for port 0.
    pub fn port(&self) -> &str {
        self.told.as_deref().and_then(|told| told.rsplit(':').next()).unwrap_or("0")
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types `text` at the program's standard input.
    pub fn type_in(&mut self, text: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_ref()).expect("the program reads its input");
        stdin.flush().expect("the program reads its input");
    }

    /// Ends the program's standard input (Ctrl-D).
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Sends it a signal by kill(1): `-STOP`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Stops it, as Ctrl-Z does, while it waits (Linux).
    #[cfg(target_os = "linux")]
    pub fn stop(&self) {
        wait_for_state(self.id(), 'S');
        self.signal("-STOP");
        wait_for_state(self.id(), 'T');
    }

    /// Stops and continues it, as Ctrl-Z and `fg` do, while it waits (Linux).
    #[cfg(target_os = "linux")]
    pub fn stop_and_continue(&self) {
        self.stop();
        self.signal("-CONT");
        wait_for_state(self.id(), 'S');
    }

    /// Lets it have that many descriptors from now on, or gives false, said aloud, where there is
    /// no prlimit(1).
    #[cfg(target_os = "linux")]
    pub fn allow_descriptors(&self, most: usize) -> bool {
        let mut prlimit = Command::new("prlimit");
        prlimit.args(["--pid", &self.id().to_string(), &format!("--nofile={most}:")]);
        let done = prlimit.status().is_ok_and(|status| status.success());
        if !done {
            left_out("a limit for a running program needs prlimit");
        }
        done
    }

    /// Sends it SIGINT, as Ctrl-C does, or SIGTERM, and checks that it ends by that, without a
    /// word: killed by the signal, or with the status that a shell makes of that (128 and its
    /// number).
    #[cfg(unix)]
    #[track_caller]
    pub fn check_ends_by(self, signal: &str) {
        use std::os::unix::process::ExitStatusExt;
        if signal == "-INT" && ignores_interrupts() {
            return left_out("SIGINT is ignored here, as behind a script's `&`");
        }
        self.signal(signal);
        let ending = self.finish();
        let status = ending.status.code().or(ending.status.signal().map(|number| 128 + number));
        assert_eq!(status, Some(if signal == "-INT" { 130 } else { 143 }), "{ending:#?}");
        assert_eq!(ending.stderr, "");
    }

    /// Ends its input and waits for it to end by itself.
    pub fn finish(mut self) -> Ending {
        self.end_input();
        let deadline = Instant::now() + patience();
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
                None => {
                    panic!("it does not end; stdout {:?}, stderr {:?}", self.stdout, self.stderr)
                }
            }
        };
        Ending { status, stdout: self.stdout.rest(), stderr: self.stderr.rest() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ending {
    /// Checks that it ended well, with nothing on stderr, and gives what it printed.
    #[track_caller]
    pub fn success(self) -> String {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:#?}");
        self.stdout
    }

    /// Checks that it ended with status 1 and one line `Error: …`, and gives that line.
    #[track_caller]
    pub fn error(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        let line = self.stderr.trim_end_matches(['\r', '\n']);
        let (before, error) = line.rsplit_once('\n').unwrap_or(("", line));
        assert!(error.starts_with("Error: ") && !before.contains("Error: "), "{self:#?}");
        self.check_no_dump();
        error.to_owned()
    }

    /// Checks that the command line was refused: status 2 and a usage line, nothing done.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.status.code(), Some(2), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        self.check_no_dump();
        self.stderr
    }

    #[track_caller]
    fn check_no_dump(&self) {
        for dump in ["panicked", "stack backtrace", "Os {", "Traceback", "Custom {"] {
            assert!(!self.stderr.contains(dump), "{dump}: {self:#?}");
        }
    }
}

/// What comes out of a program's pipe, gathered in the background.
pub struct Stream(Arc<(Mutex<Gathered>, Condvar)>);

#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn new(pipe: Option<impl Read + Send + 'static>) -> Self {
        let shared = Arc::new((Mutex::new(Gathered::default()), Condvar::new()));
        let writer = Arc::downgrade(&shared);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut pipe = pipe;
            loop {
                let length = pipe.as_mut().map_or(0, |pipe| pipe.read(&mut buffer).unwrap_or(0));
                // Whoever no longer reads has closed this end: the program must see that.
                let Some(shared) = writer.upgrade() else { return };
                let mut gathered = shared.0.lock().unwrap();
                for &byte in &buffer[..length] {
                    // Python ends a line with CR LF there.
                    if cfg!(windows) && byte == b'\n' && gathered.bytes.ends_with(b"\r") {
                        gathered.bytes.pop();
                    }
                    gathered.bytes.push(byte);
                }
                gathered.ended = length == 0;
                shared.1.notify_all();
                if gathered.ended {
                    return;
                }
            }
        });
        Self(shared)
    }

    /// Waits until `take` finds something to take, or the stream has ended.
    #[track_caller]
    fn wait<T>(&self, wanted: &str, take: impl Fn(&mut Gathered) -> Option<T>) -> T {
        let deadline = Instant::now() + patience();
        let mut gathered = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = take(&mut gathered) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let text = String::from_utf8_lossy(&gathered.bytes);
            assert!(!gathered.ended, "the stream ended before {wanted}: {text:?}");
            assert!(!left.is_zero(), "{wanted} does not come: {text:?}");
            gathered = self.0.1.wait_timeout(gathered, left).unwrap().0;
        }
    }

    /// Everything up to `end`, with it.
    #[track_caller]
    pub fn until(&self, end: &str) -> String {
        let bytes = self.wait(&format!("{end:?}"), |gathered| {
            let at =
                gathered.bytes.windows(end.len()).position(|window| window == end.as_bytes())?;
            Some(gathered.bytes.drain(..at + end.len()).collect())
        });
        String::from_utf8(bytes).expect("a program prints UTF-8")
    }

    /// Whether there is a whole line, at this moment.
    pub fn has_line(&self) -> bool {
        self.0.0.lock().unwrap().bytes.contains(&b'\n')
    }

    /// The next line, without its end.
    #[track_caller]
    pub fn line(&self) -> String {
        self.until("\n").trim_end_matches(['\r', '\n']).to_owned()
    }

    /// What is still to come, up to the end of the stream.
    #[track_caller]
    pub fn rest(&self) -> String {
        let bytes = self.wait("its end", |gathered| {
            gathered.ended.then(|| std::mem::take(&mut gathered.bytes))
        });
        String::from_utf8(bytes).expect("a program prints UTF-8")
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0.0.lock().unwrap().bytes))
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
pub fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + patience();
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(Instant::now() < deadline, "no client comes");
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("accept: {error}"),
        }
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(patience())).unwrap();
    stream.set_write_timeout(Some(patience())).unwrap();
    stream
}

/// A test's own TCP client.
#[track_caller]
pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(patience())).unwrap();
    stream.set_write_timeout(Some(patience())).unwrap();
    stream
}

/// Reads exactly `expected` from `stream`.
#[track_caller]
pub fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = Vec::new();
    stream.take(expected.len() as u64).read_to_end(&mut got).expect("the peer answers");
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

/// Reads to the end of `stream`, which must be a close and not a reset.
#[track_caller]
pub fn expect_end(stream: &mut TcpStream) {
    let mut got = Vec::new();
    // An endless peer fails here as well, and does not fill the memory.
    stream.take(1 << 16).read_to_end(&mut got).expect("the peer closes in order");
    assert_eq!(got.escape_ascii().to_string(), "");
}

/// Ends a connection with a reset (RST) in place of a close (FIN).
pub fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// A pipe that no one reads, as a program's standard output has behind `| head` after a while.
pub fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().expect("there are pipes").1
}

/// A device that is always full, where the system has one (Linux).
pub fn full_device() -> Option<std::fs::File> {
    std::fs::File::options().write(true).open("/dev/full").ok()
}

/// Runs `command` where `/etc/hosts` says `hosts`, in a mount namespace of its own (Linux, root);
/// elsewhere nothing, said aloud.
pub fn with_hosts(command: &Command, hosts: &str) -> Option<Command> {
    let may = Command::new("unshare").args(["--mount", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        left_out("a hosts file of its own needs Linux and root");
        return None;
    }
    let script = "mount -t tmpfs tmpfs /mnt && printf %s \"$0\" >/mnt/hosts && mount --bind /mnt/hosts /etc/hosts && exec \"$@\"";
    let mut outer = Command::new("unshare");
    outer
        .args(["--mount", "sh", "-c", script, hosts])
        .arg(command.get_program())
        .args(command.get_args());
    Some(outer)
}

/// Runs `command` after the shell's `redirections`: `>&-` takes its standard output away.
pub fn with_streams(command: &Command, redirections: &str) -> Command {
    let mut outer = Command::new("sh");
    outer.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]);
    outer.arg(command.get_program()).args(command.get_args());
    outer
}

/// Runs `command` in a network of its own, which `setup` (a line for `sh`) makes what it is: at
/// first it has a loopback that is down (Linux, root). Elsewhere nothing, said aloud.
pub fn with_network(command: &Command, setup: &str) -> Option<Command> {
    let may = Command::new("unshare").args(["--net", "ip", "link"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        left_out("a network of its own needs Linux and root");
        return None;
    }
    let mut outer = Command::new("unshare");
    outer.args(["--net", "sh", "-c", &format!("{setup}\nexec \"$0\" \"$@\"")]);
    outer.arg(command.get_program()).args(command.get_args());
    Some(outer)
}

/// A [`with_network`] that has loopback, but no IPv6, as on a machine where that is switched off.
pub const NO_IPV6: &str =
    "ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || exit 99";

/// Runs `command` under a limit of the shell's `ulimit`: `["-n", "32"]`.
pub fn with_limit(command: &Command, limit: [&str; 2]) -> Command {
    let script = format!("ulimit {} {} && exec \"$0\" \"$@\"", limit[0], limit[1]);
    let mut outer = Command::new("sh");
    outer.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    outer
}
