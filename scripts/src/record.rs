//! Runs a lesson for real, both halves, on free ports of loopback, and writes down who said what.

use std::io::{self, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::lessons::{Course, Lesson};

/// No lesson's exchange takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the first terminal may still print after the last one has ended.
const QUIET: Duration = Duration::from_millis(400);

/// What a terminal showed, a line or a prompt at a time.
pub(crate) struct Event {
    pub(crate) time: Duration,
    pub(crate) terminal: usize,
    pub(crate) text: String,
}

/// When, from the terminal of which number, and what; nothing at its end.
type Piece = (Instant, usize, Vec<u8>);

/// Builds the programs of the lessons, so that a recording is not held up by the compiler.
pub(crate) fn build(course: &Course) -> Result<()> {
    let packages = course.lessons.iter().flat_map(|lesson| ["--package", &lesson.name]);
    let status = Command::new("cargo").args(["build", "--quiet"]).args(packages).status()?;
    ensure!(status.success(), "the lessons do not compile");
    Ok(())
}

/// What happened in a lesson's terminals.
pub(crate) struct Exchange {
    /// What was run in each, with the port of this time.
    pub(crate) commands: Vec<String>,
    /// The port that the first terminal listened on.
    pub(crate) port: u16,
    pub(crate) events: Vec<Event>,
}

/// Runs the terminals of `lesson` until the last one ends.
pub(crate) fn record(course: &Course, lesson: &Lesson) -> Result<Exchange> {
    let terminals = &lesson.about.terminals;
    ensure!(!terminals.is_empty(), "{} has no terminals in its manifest", lesson.name);
    let folder = course.target.join("tour");
    std::fs::create_dir_all(&folder)?;
    let (pieces, heard) = channel();
    let mut recording = Recording { start: Instant::now(), events: Vec::new(), heard };
    let port = if lesson.about.page { serve_page()? } else { free_port()? };
    let (mut running, mut commands) = (Vec::new(), Vec::new());
    for (number, terminal) in terminals.iter().enumerate() {
        let words =
            format!("{} {}", terminal.run, terminal.args).replace("{port}", &port.to_string());
        let (name, arguments) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let executable = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let executable = course.target.join("debug").join(executable);
        let mut command = Command::new(&executable);
        command.args(arguments.split_whitespace()).current_dir(&folder);
        let mut program = Running::start(&mut command, number, &pieces)
            .with_context(|| format!("cannot run {}", executable.display()))?;
        let types = terminal.types.iter().rev();
        program.types = types.map(|line| line.replace("{port}", &port.to_string())).collect();
        running.push(program);
        commands.push(format!("cargo run -p {name} -- {arguments}"));
        if number + 1 < terminals.len() {
            recording.wait_for("Listening on ")?;
        }
    }
    recording.follow(&mut running)?;
    recording.events.sort_by_key(|event| event.time);
    if let Some(mut last) = running.pop() {
        let status = last.child.wait()?;
        let said = recording.events.last().map_or("", |event| event.text.trim_end());
        ensure!(status.success(), "{}: {status}: {said}", commands.join(" and "));
    }
    Ok(Exchange { commands, port, events: recording.events })
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
        Ok(())
    }

    /// Notes what comes, and types what is to be typed, until the last terminal has ended and the
    /// others are quiet.
    fn follow(&mut self, running: &mut [Running]) -> Result<()> {
        let last = running.len() - 1;
        let mut ended = false;
        loop {
            match self.heard.recv_timeout(if ended { QUIET } else { PATIENCE }) {
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

/// A program of a tour; killed when it is dropped.
struct Running {
    child: Child,
    stdin: ChildStdin,
    /// The lines to type, the next one last.
    types: Vec<String>,
}

impl Running {
    fn start(command: &mut Command, number: usize, pieces: &Sender<Piece>) -> Result<Self> {
        // One pipe for both streams, so that their lines keep their order.
        let (mut pipe, end) = io::pipe()?;
        let mut child =
            command.stdin(Stdio::piped()).stdout(end.try_clone()?).stderr(end).spawn()?;
        command.stdout(Stdio::null()).stderr(Stdio::null()); // which closes our copies of its end
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
        Ok(Self { child, stdin, types: Vec::new() })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nothing listens on, in TCP or UDP, at this moment.
fn free_port() -> Result<u16> {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}

/// Serves one page in GBK, for `http-fetch`, and says at which port.
fn serve_page() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let html = "<html><head><meta charset=\"gbk\"><title>网络编程测试</title></head></html>\n";
    let page = netcommon::encode(html, netcommon::GBK)?.into_owned();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let _ = stream.read(&mut [0; 4096])?;
        let length = page.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(&page)
    });
    Ok(port)
}
