//! What the black-box tests share: starting a program, reading what it prints, playing its peer.
//!
//! A test knows a program by its command line, its streams and its sockets only. With the variable
//! `LESSON_COMMAND` set (one word a line; or, so that a word can be empty or have lines, U+001F behind
//! each), the same tests judge that program instead, in the folder `LESSON_FOLDER` if that is set. It
//! gets the arguments that the lesson would get. In `dialogue`, `LESSON_AT=HOST:PORT` is its fixed
//! address. With `LESSON_HALF=server` or `client` it is only that half of lesson 6.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test uses another part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod failure;
mod peers;
pub mod rules;
mod system;
pub mod versions;
pub mod welcome;

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub use peers::*;
pub use system::*;

/// Makes the test of a rule that lessons share: `rule!(listens_on_ipv6, at, exchange);` is a test of
/// that name, which calls `rules::listens_on_ipv6(at, exchange)`, and `rule!(welcome::NAME, …)` one
/// of the Welcome!/Hello dialogue. `#[cfg(unix)]` may stand before the name.
macro_rules! rule {
    ($(#[$attribute:meta])* $name:ident $(, $argument:expr)* $(,)?) => {
        rule!($(#[$attribute])* rules::$name $(, $argument)*);
    };
    ($(#[$attribute:meta])* $module:ident::$name:ident $(, $argument:expr)* $(,)?) => {
        $(#[$attribute])*
        #[test]
        fn $name() {
            crate::support::$module::$name($($argument),*);
        }
    };
}
pub(crate) use rule;

/// How long a test waits for what must come: a minute, or the seconds of the variable
/// `LESSON_PATIENCE`. No test passes or fails by how fast it came.
pub fn patience() -> Duration {
    let seconds = std::env::var("LESSON_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(60))
}

/// The command that runs the lesson: `command(env!("CARGO_BIN_EXE_tcp-client"), ["[::1]:9999"])`.
pub fn command<A: AsRef<OsStr>>(
    executable: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let other = std::env::var("LESSON_COMMAND").unwrap_or_default();
    let mut words: Vec<&str> = match other.strip_suffix('\u{1f}') {
        Some(words) => words.split('\u{1f}').collect(),
        None => other.split('\n').filter(|word| !word.is_empty()).collect(),
    };
    let mut arguments: Vec<OsString> =
        arguments.into_iter().map(|word| word.as_ref().to_owned()).collect();
    if let Some(half) = std::env::var_os("LESSON_HALF") {
        // The other half is the lesson's own.
        if arguments.first() == Some(&half) { drop(arguments.remove(0)) } else { words.clear() }
    }
    let folder = std::env::var_os("LESSON_FOLDER").filter(|_| !words.is_empty());
    if words.is_empty() {
        words.push(executable);
    }
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    command
}

/// Whether the tests judge this half of lesson 6, and not only the other one.
pub fn judges(half: &str) -> bool {
    std::env::var("LESSON_HALF").map_or(true, |judged| judged == half)
}

/// Starts the lesson's program.
pub fn start<A: AsRef<OsStr>>(executable: &str, arguments: impl IntoIterator<Item = A>) -> Program {
    Program::start(&mut command(executable, arguments))
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

/// Checks that what is harmless in a text that was made safe is still there.
#[track_caller]
pub fn check_keeps(text: &str, harmless: &[&str]) {
    for part in harmless {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Says that the running test was left out. (`eprintln!` would be kept back by the test harness.)
/// Where `LEAVE_NOTHING_OUT` is set, that is an error.
pub fn left_out(why: &str) {
    assert!(std::env::var_os("LEAVE_NOTHING_OUT").is_none(), "left out: {why}");
    let test = thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {test}: {why}");
}

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    pub stdout: Stream,
    pub stderr: Stream,
}

/// How a program ended, and what it had printed that no one had read yet.
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
        failure::explain();
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Stream::new(child.stdout.take());
        let stderr = Stream::new(child.stderr.take());
        failure::runs(&stderr);
        Self { stdin: child.stdin.take(), child, stdout, stderr }
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
        thread::spawn(move || {
            let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
            let address =
                lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
            drop(lines);
            let _ = send.send(address);
        });
        let address = receive.recv_timeout(patience()).ok().flatten();
        (program, address.expect("it says where it listens"))
    }

    /// The address behind `Listening on `. A server on every address is reached by way of loopback.
    #[track_caller]
    pub fn address(&self) -> String {
        loop {
            if let Some(address) = self.stderr.line().strip_prefix("Listening on ") {
                return address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
            }
        }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types `text` at the program's standard input.
    pub fn type_in(&mut self, text: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        failure::sent(text.as_ref());
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
        let children = self.children();
        let id = self.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
        // A terminal would signal them too.
        kill(name, &children);
    }

    /// What a reader's program has started: it can be a shell in front of the real one.
    #[cfg(unix)]
    fn children(&self) -> Vec<String> {
        let mut family = vec![self.id().to_string()];
        let mut known = 0;
        while std::env::var_os("LESSON_COMMAND").is_some() && known < family.len() {
            let children = Command::new("pgrep").args(["-P", &family[known]]).output();
            let children = children.map_or(Vec::new(), |output| output.stdout);
            let children = String::from_utf8_lossy(&children).into_owned();
            family.extend(children.split_whitespace().map(str::to_owned));
            known += 1;
        }
        family.split_off(1)
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
        self.limit(&format!("--nofile={most}:"))
    }

    /// Lets it map no more memory than it has now, as no new thread can do without.
    #[cfg(target_os = "linux")]
    pub fn allow_no_more_memory(&self) -> bool {
        self.limit(&format!("--as={}:", memory(self.id(), "VmSize:")))
    }

    #[cfg(target_os = "linux")]
    fn limit(&self, limit: &str) -> bool {
        let mut prlimit = Command::new("prlimit");
        let done = prlimit.args(["--pid", &self.id().to_string(), limit]).status();
        let done = done.is_ok_and(|status| status.success());
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
                    panic!("it does not end: {self:?}")
                }
            }
        };
        Ending { status, stdout: self.stdout.rest(), stderr: self.stderr.rest() }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\nstdout: {:?}\nstderr: {:?}", self.stdout, self.stderr)
    }
}

/// Sends a signal to processes, some of which may have ended.
#[cfg(unix)]
fn kill(name: &str, processes: &[String]) {
    if !processes.is_empty() {
        let _ = Command::new("kill").arg(name).args(processes).stderr(Stdio::null()).status();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.runs() {
            kill("-KILL", &self.children());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, stdout, stderr } = self;
        let [stdout, stderr] = [stdout, stderr].map(|text| shortened(text.as_bytes()));
        write!(f, "it ended with {status}\nstdout: {stdout}\nstderr: {stderr}")
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

    /// Checks that it ended with status 1 and without a word about it: at most it had said where it
    /// listens.
    #[track_caller]
    pub fn silence(self) {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        assert!(self.stderr.lines().all(|line| line.starts_with("Listening on ")), "{self:#?}");
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

/// A stream that does not keep the pipe open.
type Weak = std::sync::Weak<(Mutex<Gathered>, Condvar)>;

#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    ended: bool,
}

/// How much may be unread of what a program has printed. Then it has to wait.
const MOST_UNREAD: usize = 16 << 20;

/// The first and the last of what was printed: a message is read by people.
fn shortened(printed: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let (first, last) = (500, printed.len().saturating_sub(1_500));
    if last < first {
        return text(printed);
    }
    format!("{}\n…\n{}", text(&printed[..first]), text(&printed[last..]))
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
                let full = gathered.bytes.len() > MOST_UNREAD;
                shared.1.notify_all();
                if gathered.ended {
                    return;
                }
                drop(gathered);
                drop(shared);
                while full && writer.strong_count() > 0 {
                    thread::sleep(Duration::from_millis(50)); // with the pipe open
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
            let text = shortened(&gathered.bytes);
            assert!(!gathered.ended, "the stream ended before {wanted}:\n{text}");
            assert!(!left.is_zero(), "{wanted} does not come:\n{text}");
            gathered = self.0.1.wait_timeout(gathered, left).unwrap().0;
        }
    }

    /// Everything up to `end`, with it.
    #[track_caller]
    pub fn until(&self, end: &str) -> String {
        let bytes = self.wait(&format!("{end:?}"), |gathered| {
            let at =
                gathered.bytes.windows(end.len()).position(|window| window == end.as_bytes())?;
            Some(gathered.bytes.drain(..at + end.len()).collect::<Vec<_>>())
        });
        failure::came(&bytes);
        String::from_utf8(bytes).expect("a program prints UTF-8")
    }

    /// What the program has said by its end, or by now if it goes on.
    fn said(stream: &Weak) -> String {
        let Some(shared) = stream.upgrade() else { return String::new() };
        let Ok(gathered) = shared.0.try_lock() else { return String::new() }; // it is being judged
        let moment = Duration::from_millis(300);
        let waited = shared.1.wait_timeout_while(gathered, moment, |gathered| !gathered.ended);
        waited.map_or(String::new(), |(gathered, _)| shortened(&gathered.bytes))
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

    /// Reads lines up to one that contains `part`, and gives that.
    #[track_caller]
    pub fn line_with(&self, part: &str) -> String {
        failure::expects(Some(part.as_bytes()));
        loop {
            let line = self.line();
            if line.contains(part) {
                failure::expects(None);
                return line;
            }
        }
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
        f.write_str(&shortened(&self.0.0.lock().unwrap().bytes))
    }
}
