//! Programs: where cargo put them, a server that is started and ended, and the recording of an
//! exchange, on free ports of loopback.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{Course, Lesson};

/// No lesson's exchange takes longer, and no server to start.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server that listens may still say what belongs to its start.
const SOON: Duration = Duration::from_millis(100);
/// How long the first terminal may still print after the last one has ended.
const QUIET: Duration = Duration::from_millis(400);
/// The same for the tutorial's version, which sleeps a second before it looks at what came.
const TUTORIAL_QUIET: Duration = Duration::from_millis(1500);

/// A program that cargo has built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The name of its target.
    pub name: String,
    /// `bin`, `example`, `test`, `bench`.
    pub kind: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Runs `cargo build …` or `cargo test --no-run …`, and says where the programs are.
///
/// # Errors
/// With what the compiler said, if it is not satisfied.
pub fn build(cargo: &mut Command) -> Result<Vec<Built>> {
    cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]);
    let output = cargo.output().context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "it does not compile:\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let mut built = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line)?;
        if let Some(path) = message["executable"].as_str() {
            let target = |key: &Value| key.as_str().unwrap_or_default().to_owned();
            let (name, kind) = (&message["target"]["name"], &message["target"]["kind"][0]);
            built.push(Built { name: target(name), kind: target(kind), path: path.into() });
        }
    }
    Ok(built)
}

/// The program of that kind and name.
///
/// # Errors
/// If it was not built.
pub fn find<'a>(built: &'a [Built], kind: &str, name: &str) -> Result<&'a Path> {
    let found = built.iter().find(|program| program.kind == kind && program.name == name);
    Ok(&found.with_context(|| format!("cargo has built no {kind} {name}"))?.path)
}

/// Builds all lessons in both versions, so that no recording is held up by the compiler.
///
/// # Errors
/// If one does not compile.
pub fn programs(course: &Course) -> Result<Vec<Built>> {
    let packages = course.lessons.iter().flat_map(|lesson| ["--package", &lesson.name]);
    build(course.cargo().args(["build", "--bins", "--examples"]).args(packages))
}

/// A server; killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The program.
    pub child: Child,
}

impl Server {
    /// Starts a version to trust, and waits until it says `Listening on`. What it prints goes to
    /// `output`, or nowhere; so does what it says on stderr after that.
    ///
    /// # Errors
    /// If it does not start, or does not listen in time.
    pub fn start(mut command: Command, output: Option<fs::File>) -> Result<Self> {
        let (said, end) = io::pipe()?;
        let output = output.map_or_else(Stdio::null, Stdio::from);
        let child = command.stdin(Stdio::null()).stdout(output).stderr(end).spawn();
        let name = || format!("cannot run {}", command.get_program().to_string_lossy());
        let mut child = child.with_context(name)?;
        drop(command); // and with it our copy of the pipe's end
        let (heard, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let _ = heard.send(line); // read to the end, so that the server can go on
            }
        });
        let mut last = String::from("it said nothing");
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if let Some(address) = line.strip_prefix("Listening on ") {
                return Ok(Self { address: address.parse()?, child });
            }
            last = line;
        }
        child.kill()?;
        child.wait()?;
        bail!("it does not listen: {last}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What happened in a lesson's terminals.
#[derive(Debug)]
pub struct Exchange {
    /// What was run in each, with the port of this time.
    pub commands: Vec<String>,
    /// The port that the first terminal listened on.
    pub port: u16,
    /// When each was started, since the start of the first.
    pub started: Vec<Duration>,
    /// In the order of time.
    pub events: Vec<Event>,
}

/// What a terminal showed, a line or a prompt at a time.
#[derive(Debug)]
pub struct Event {
    /// Since the start.
    pub time: Duration,
    /// The number of the terminal, from 0.
    pub terminal: usize,
    /// With its line break.
    pub text: String,
}

impl Exchange {
    /// A line with the ports of this time replaced: the one that was listened on by `port`, the
    /// others by 54321 and the numbers after it.
    #[must_use]
    pub fn same_ports(&self, line: &str, port: u16) -> String {
        same_ports(line, (self.port, port), self.events.iter().map(|event| &*event.text))
    }
}

/// Replaces in `line` the first port of `listens` by the second, and the others that stand behind
/// `127.0.0.1:` in `all` by 54321 and the numbers after it.
pub fn same_ports<'a>(
    line: &str,
    listens: (u16, u16),
    all: impl Iterator<Item = &'a str>,
) -> String {
    let mut ports = vec![(listens.0.to_string(), listens.1.to_string())];
    for rest in all.flat_map(|text| text.split("127.0.0.1:").skip(1)) {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if end > 0 && !ports.iter().any(|(known, _)| *known == rest[..end]) {
            ports.push((rest[..end].to_owned(), (54_320 + ports.len()).to_string()));
        }
    }
    // All at once, so that no port that was just put there is replaced again.
    let mut same = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = &rest[start..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let port = ports.iter().find(|(from, _)| *from == digits[..end]);
        same = same + &rest[..start] + port.map_or(&digits[..end], |(_, to)| to);
        rest = &digits[end..];
    }
    same + rest
}

/// Which of a lesson's two versions is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `examples/LESSON.rs`. A lesson without one runs its only version.
    Tutorial,
    /// `src/main.rs`.
    ToTrust,
}

/// Runs the terminals of `lesson` until the last one ends. `built` is what [`programs`] gave.
///
/// # Errors
/// If a program cannot be started, fails, or says nothing more.
pub fn record(
    course: &Course,
    lesson: &Lesson,
    built: &[Built],
    version: Version,
) -> Result<Exchange> {
    let terminals = &lesson.about.terminals;
    ensure!(!terminals.is_empty(), "{} has no terminals in its manifest", lesson.name);
    let folder = course.target()?.join("tour");
    fs::create_dir_all(&folder)?;
    let port = free_port()?;
    let with_port = |text: &str| text.replace("{port}", &port.to_string());
    let (mut commands, mut programs) = (Vec::new(), Vec::new());
    for terminal in terminals {
        let words = with_port(&format!("{} {}", terminal.run, terminal.args));
        let (name, mut arguments) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let of = course.find(name)?;
        let tutorial = version == Version::Tutorial && !of.tutorial().is_empty();
        let path = if tutorial {
            // The half of lesson 6 is an example of its own; an address is all that it takes.
            let (half, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
            let example = of.tutorial().iter().find(|file| file.stem().ends_with(half));
            let own = of.tutorial().len() > 1;
            arguments = if own { rest } else { arguments };
            let example = example.filter(|_| own).unwrap_or(&of.tutorial()[0]);
            arguments = arguments.split(' ').next().unwrap_or_default();
            arguments = arguments.trim_start_matches("http://").trim_end_matches('/');
            commands.push(format!("cargo run --example {} -- {arguments}", example.stem()));
            find(built, "example", example.stem())?
        } else {
            commands.push(format!("cargo run -p {name} -- {arguments}"));
            find(built, "bin", name)?
        };
        let mut command = Command::new(path);
        command.args(arguments.split_whitespace()).current_dir(&folder);
        let types = terminal.types.iter().map(|line| with_port(line)).collect();
        programs.push(Program { command, types, opens: tutorial.then_some(port) });
    }
    let (events, started) = exchange(programs)?;
    Ok(Exchange { commands, port, started, events })
}

/// A program of an exchange, before its start.
pub struct Program {
    /// What is run.
    pub command: Command,
    /// The lines to type, each when the program asks.
    pub types: Vec<String>,
    /// The next program starts when this port is taken; without one, when this program says
    /// `Listening on`.
    pub opens: Option<u16>,
}

/// When, from the terminal of which number, and what; nothing at its end.
type Piece = (Instant, usize, Vec<u8>);

/// Runs programs beside each other until the last one ends, each next one as soon as the one before
/// it listens. Gives what happened, and when each was started.
///
/// # Errors
/// If a program cannot be started, the last one fails, or nothing more is said.
pub fn exchange(programs: Vec<Program>) -> Result<(Vec<Event>, Vec<Duration>)> {
    let (pieces, heard) = channel();
    let mut recording = Recording { start: Instant::now(), events: Vec::new(), heard };
    let (mut running, mut started) = (Vec::new(), Vec::new());
    let last = programs.len().saturating_sub(1);
    let tutorial = programs.iter().any(|program| program.opens.is_some());
    for (number, mut program) in programs.into_iter().enumerate() {
        program.types.reverse();
        started.push(recording.start.elapsed());
        running.push(Running::start(&mut program.command, program.types, number, &pieces)?);
        match program.opens {
            _ if number == last => {}
            Some(port) => recording.wait_for_port(port)?,
            None => recording.wait_for("Listening on ")?,
        }
    }
    recording.follow(&mut running, if tutorial { TUTORIAL_QUIET } else { QUIET })?;
    recording.events.sort_by_key(|event| event.time);
    if let Some(mut last) = running.pop() {
        let status = last.child.wait()?;
        let said = recording.events.last().map_or("", |event| event.text.trim_end());
        ensure!(status.success(), "{status}: {said}");
    }
    Ok((recording.events, started))
}

struct Recording {
    start: Instant,
    events: Vec<Event>,
    heard: Receiver<Piece>,
}

impl Recording {
    /// Notes what comes until there is a whole line that begins with `start`.
    fn wait_for(&mut self, start: &str) -> Result<()> {
        let is_it = |event: &Event| event.text.starts_with(start) && event.text.ends_with('\n');
        while !self.events.iter().any(is_it) {
            match self.heard.recv_timeout(PATIENCE) {
                Ok((time, number, bytes)) if !bytes.is_empty() => self.note(time, number, &bytes),
                _ => bail!("no terminal says {start:?}"),
            }
        }
        // What it says right after that belongs to its start, too.
        while let Ok((time, number, bytes)) = self.heard.recv_timeout(SOON) {
            self.note(time, number, &bytes);
        }
        Ok(())
    }

    /// Notes what comes until some program has the port, and what that program says of it. The kernel's
    /// table tells; a try to connect would be a client, and a try to bind could be in the way.
    fn wait_for_port(&mut self, port: u16) -> Result<()> {
        let local = format!(":{port:04X} ");
        let taken = || {
            let tables = ["tcp", "udp", "tcp6", "udp6"].map(|kind| format!("/proc/net/{kind}"));
            tables.iter().any(|table| {
                fs::read_to_string(table)
                    .unwrap_or_default()
                    .lines()
                    .any(|row| row.contains(&local))
            })
        };
        let deadline = Instant::now() + PATIENCE;
        let mut rest = 5;
        while rest > 0 {
            ensure!(Instant::now() < deadline, "no program listens on port {port}");
            rest -= u32::from(taken());
            if let Ok((time, number, bytes)) = self.heard.recv_timeout(Duration::from_millis(50)) {
                self.note(time, number, &bytes);
            }
        }
        Ok(())
    }

    /// Notes what comes, and types what is to be typed, until the last terminal has ended and the
    /// others are quiet.
    fn follow(&mut self, running: &mut [Running], quiet: Duration) -> Result<()> {
        let last = running.len() - 1;
        let mut ended = false;
        loop {
            match self.heard.recv_timeout(if ended { quiet } else { PATIENCE }) {
                Ok((_, terminal, bytes)) if bytes.is_empty() => ended |= terminal == last,
                Ok((time, terminal, bytes)) => {
                    self.note(time, terminal, &bytes);
                    // A piece without an end of line is a prompt.
                    let typed =
                        if bytes.ends_with(b"\n") { None } else { running[terminal].types.pop() };
                    if let Some(line) = typed {
                        self.note(Instant::now(), terminal, format!("{line}\n").as_bytes());
                        writeln!(running[terminal].stdin, "{line}")?;
                    }
                }
                Err(RecvTimeoutError::Timeout) if ended => return Ok(()),
                Err(error) => bail!("nothing more happens: {error}"),
            }
        }
    }

    /// Splits what a terminal printed into lines; one that goes on where a prompt ended joins it.
    fn note(&mut self, time: Instant, terminal: usize, bytes: &[u8]) {
        let time = time.duration_since(self.start);
        for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            let open = self.events.iter_mut().rev().find(|event| event.terminal == terminal);
            match open.filter(|event| !event.text.ends_with('\n')) {
                Some(event) => event.text.push_str(line),
                None => self.events.push(Event { time, terminal, text: line.to_owned() }),
            }
        }
    }
}

/// A program of an exchange; killed when it is dropped.
struct Running {
    child: Child,
    stdin: ChildStdin,
    /// The lines to type, the next one last.
    types: Vec<String>,
}

impl Running {
    fn start(
        command: &mut Command,
        types: Vec<String>,
        number: usize,
        pieces: &Sender<Piece>,
    ) -> Result<Self> {
        // One pipe for both streams, so that their lines keep their order.
        let (mut pipe, end) = io::pipe()?;
        let child = command.stdin(Stdio::piped()).stdout(end.try_clone()?).stderr(end).spawn();
        command.stdout(Stdio::null()).stderr(Stdio::null()); // which closes our copies of its end
        let name = || format!("cannot run {}", command.get_program().to_string_lossy());
        let mut child = child.with_context(name)?;
        let pieces = pieces.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let length = pipe.read(&mut buffer).unwrap_or(0);
                let piece = (Instant::now(), number, buffer[..length].to_vec());
                if pieces.send(piece).is_err() || length == 0 {
                    return;
                }
            }
        });
        let stdin = child.stdin.take().context("there is no pipe")?;
        Ok(Self { child, stdin, types })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nothing listens on, in TCP or UDP, at this moment.
///
/// # Errors
/// If the system has none.
pub fn free_port() -> Result<u16> {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}
