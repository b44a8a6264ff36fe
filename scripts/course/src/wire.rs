//! What went over the wire in a recorded run, step by step, each step with the line of each program
//! that it comes from. `record-wire.py` records, into `wire.toml`; `wire-questions.toml` has what is
//! asked before a step, and lines that the rules here do not find.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{Course, File, Lesson, Words};

mod first;
mod words;

pub use first::{FIRST, first};

#[derive(Deserialize)]
struct Recorded {
    exchange: Vec<Exchange>,
}

/// One recording: the server, the client, and what they did in the order of time. In the server's
/// place may be the kernel.
#[derive(Debug, Deserialize)]
pub struct Exchange {
    /// The server, and the client.
    pub programs: [String; 2],
    rows: Vec<String>,
}

/// Who does something, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A system call of the client, on the left.
    Client,
    /// A system call of the server, on the right, or the kernel's answer.
    Server,
    /// A packet to the client.
    Left,
    /// A packet to the server, or a call of the kernel.
    Right,
}

/// What stands side by side: a call, the packet that it sent, the call that waited for the packet.
#[derive(Debug)]
pub struct Step {
    /// Who or where, and what: `connect`, `SYN`.
    pub row: Vec<(Kind, String)>,
    /// The states of the client's and the server's connection that it leads to.
    pub states: [&'static str; 2],
    /// What happens, in a sentence or two.
    pub text: Words,
    /// The lines that act: none if the system does all.
    pub lines: Vec<Line>,
    /// What is asked before it.
    pub question: Option<Question>,
    /// What the programs print just before, and then.
    prints: [Vec<(Kind, String)>; 2],
}

/// A line of a program, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Whether it is the server's.
    pub server: bool,
    /// Whether it waits until something comes.
    pub waits: bool,
    /// Its number in the Rust program without its header, from 0.
    pub rust: usize,
    /// The same in Python, if there is one.
    pub python: Option<usize>,
}

/// A program that the steps point into, without the comment at its top.
#[derive(Debug)]
pub struct Program {
    /// `tcp-client`, `gethostname-server`.
    pub name: String,
    /// In Rust: the tutorial's version, or else all files of the only one.
    pub rust: String,
    /// In Python.
    pub python: Option<String>,
}

/// Asked before a step, and answered by it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    programs: [String; 2],
    /// The lesson on whose page it is asked; without one, each that has the picture.
    lesson: Option<String>,
    /// The first step with exactly this in its row: `client close`.
    before: String,
    /// What is asked.
    pub question: Words,
    /// What is said once the step is shown.
    pub answer: Words,
}

/// A line that the rules do not find.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    program: String,
    language: String,
    call: String,
    /// Which of these calls, from 1; without one, all that have no exception of their own.
    time: Option<usize>,
    /// Stands once in the program, and ends in the line.
    piece: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    #[serde(rename = "ask")]
    asks: Vec<Question>,
    #[serde(rename = "line")]
    lines: Vec<Exception>,
}

/// The recordings that a lesson's page shows.
///
/// # Errors
/// If one shows programs that no lesson has.
pub fn exchanges(course: &Course, lesson: &Lesson) -> Result<Vec<Exchange>> {
    let all: Recorded = toml::from_str(include_str!("../wire.toml")).context("wire.toml")?;
    for exchange in &all.exchange {
        // A recording of programs that no lesson shows any more would be a picture of nothing.
        let known = course.lessons.iter().any(|lesson| exchange.shows(lesson));
        ensure!(known, "wire.toml: no lesson shows {:?}", exchange.programs);
    }
    for programs in by_hand()?.asks.iter().map(|ask| &ask.programs) {
        let known = all.exchange.iter().any(|exchange| exchange.programs == *programs);
        ensure!(known, "wire-questions.toml: there is no recording of {programs:?}");
    }
    Ok(all.exchange.into_iter().filter(|exchange| exchange.shows(lesson)).collect())
}

fn by_hand() -> Result<ByHand> {
    toml::from_str(include_str!("../wire-questions.toml")).context("wire-questions.toml")
}

/// The steps as a list, for the README, with the questions before them; nothing without a recording.
///
/// # Errors
/// If a step has no line.
pub fn markdown(course: &Course, lesson: &Lesson, chinese: bool) -> Result<Option<String>> {
    let exchanges = exchanges(course, lesson)?;
    if exchanges.is_empty() {
        return Ok(None);
    }
    let pick = |words: &Words| if chinese { words.zh.clone() } else { words.en.clone() };
    let summary = if chinese { "逐步列出" } else { "The steps as a list" };
    let mut list = format!("\n<details><summary>{summary}</summary>\n");
    for exchange in &exchanges {
        if exchanges.len() > 1 {
            write!(list, "\n`{}`\n", exchange.programs[1])?;
        }
        writeln!(list)?;
        for (number, step) in (1..).zip(exchange.steps(course, lesson)?) {
            write!(list, "{number}. ")?;
            if let Some(Question { question, answer, .. }) = &step.question {
                let blank = if chinese { "" } else { " " };
                write!(list, "*{}* {}{blank}", pick(question), pick(answer))?;
            }
            writeln!(list, "{}", pick(&step.text))?;
        }
    }
    Ok(Some(list + "\n</details>\n\n"))
}

impl Exchange {
    fn shows(&self, lesson: &Lesson) -> bool {
        let [server, client] = &self.programs;
        let own = server == "kernel";
        let run = lesson.about.terminals.iter().map(|terminal| terminal.run.split(" http:").next());
        run.eq(self.programs.iter().map(|program| Some(&**program)))
            || own && client.split(' ').next() == Some(&lesson.name)
    }

    /// Whether it shows one program and the kernel.
    #[must_use]
    pub fn kernel(&self) -> bool {
        self.programs[0] == "kernel"
    }

    /// The programs that the steps point into, the server's first; nothing for a web server or for the
    /// kernel. A lesson with one version has no Python.
    ///
    /// # Errors
    /// If a lesson has no such half.
    pub fn programs(&self, course: &Course) -> Result<[Option<Program>; 2]> {
        let mut programs = [None, None];
        for (program, name) in programs.iter_mut().zip(&self.programs) {
            let (name, half) = name.split_once(' ').unwrap_or((name, ""));
            let Ok(lesson) = course.find(name) else { continue };
            if self.kernel() {
                continue;
            }
            let find = |files: &[File]| {
                let own = files.len() > 1;
                let file = files.iter().find(|file| !own || file.stem().ends_with(half));
                file.map(|file| (file.stem().to_owned(), file.code().to_owned()))
            };
            let one = || {
                let files = lesson.to_trust().iter().map(File::code);
                (name.to_owned(), files.collect::<Vec<_>>().join("\n"))
            };
            let (name, rust) = find(lesson.tutorial()).unwrap_or_else(one);
            let python = find(lesson.python()).map(|(_, code)| code);
            *program = Some(Program { name, rust, python });
        }
        Ok(programs)
    }

    /// The steps, in the order of time, with the questions of that lesson's page.
    ///
    /// # Errors
    /// If a call of a lesson's program has not exactly one line, or a question no step.
    pub fn steps(&self, course: &Course, lesson: &Lesson) -> Result<Vec<Step>> {
        let (by_hand, programs) = (by_hand()?, self.programs(course)?);
        let mut steps = self.rows()?;
        let (mut states, mut calls) = (["CLOSED"; 2], Vec::new());
        for step in &mut steps {
            for (at, (kind, words)) in step.row.iter().enumerate() {
                states = entered(states, *kind, words);
                let server = match kind {
                    Kind::Client => false,
                    Kind::Server => true,
                    Kind::Left | Kind::Right => continue,
                };
                let Some(program) = &programs[usize::from(!server)] else { continue };
                let call = words.split(" = ").next().unwrap_or(words);
                calls.push((server, call.to_owned()));
                let time = calls.iter().filter(|made| **made == (server, call.to_owned())).count();
                let data = step.row.get(at + 1).map_or("", |(_, words)| words);
                let name = &self.programs[usize::from(!server)];
                let line = |language: &str, code: &str| {
                    let is_it = |own: &&Exception| {
                        (&own.program, &*own.language, &*own.call) == (name, language, call)
                    };
                    let mut own = by_hand.lines.iter().filter(is_it);
                    let always = own.clone().find(|own| own.time.is_none());
                    let own = own.find(|own| own.time == Some(time)).or(always);
                    line(language, code, call, data, own.map(|own| &*own.piece))
                        .with_context(|| format!("{name} in {language}: {call}, time {time}"))
                };
                let waits = call == "accept" || call.starts_with("recv");
                let rust = line("rust", &program.rust);
                let python = program.python.as_ref().map(|code| line("python", code));
                // A tutorial's version is short enough for each call to be found.
                if let (Err(_), None) = (&rust, &python) {
                    continue;
                }
                let (rust, python) = (rust?, python.transpose()?);
                step.lines.push(Line { server, waits, rust, python });
            }
            step.states = states;
            step.text = words::of(self, step);
        }
        for ask in by_hand.asks.into_iter().filter(|ask| ask.programs == self.programs) {
            let is_it = |step: &&mut Step| {
                step.row.iter().any(|(kind, words)| {
                    let who = ["client", "server", "left", "right"][*kind as usize];
                    format!("{who} {words}") == ask.before
                })
            };
            let step = steps.iter_mut().find(is_it);
            let step = step.with_context(|| format!("no step has {:?}", ask.before))?;
            if ask.lesson.as_ref().is_none_or(|name| *name == lesson.name) {
                step.question = Some(ask);
            }
        }
        Ok(steps)
    }

    /// What stands side by side, and what is printed then.
    fn rows(&self) -> Result<Vec<Step>> {
        let (mut steps, mut printed): (Vec<Step>, Vec<(Kind, String)>) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let (who, words) = row.split_once(' ').unwrap_or_default();
            let kind = match who {
                "client" => Kind::Client,
                "server" => Kind::Server,
                "left" => Kind::Left,
                "right" => Kind::Right,
                "answer" => {
                    steps.push(Step::new(vec![(Kind::Left, words.to_owned())]));
                    continue;
                }
                "call" => {
                    let (call, answer) = words.split_once(" = ").context("no answer")?;
                    let row = [(Kind::Right, call.to_owned()), (Kind::Server, answer.to_owned())];
                    steps.push(Step::new(row.to_vec()));
                    continue;
                }
                _ => bail!("wire.toml: {row:?}"),
            };
            let acts = |step: &&mut Step| step.row.iter().any(|(other, _)| *other == kind);
            if let Some(text) = words.strip_prefix("print ") {
                // It belongs to what the program has just done, or else to what it does next.
                match steps.last_mut().filter(acts) {
                    Some(step) => step.prints[1].push((kind, text.to_owned())),
                    None => printed.push((kind, text.to_owned())),
                }
                continue;
            }
            match steps.last_mut() {
                Some(step) if step.row.last().is_some_and(|last| joins(last, kind, words)) => {
                    step.row.push((kind, words.to_owned()));
                }
                _ => steps.push(Step::new(vec![(kind, words.to_owned())])),
            }
            if let Some(step) = steps.last_mut() {
                step.prints[0].extend(printed.extract_if(.., |(other, _)| *other == kind));
            }
        }
        if let Some(step) = steps.last_mut() {
            step.prints[1].append(&mut printed);
        }
        Ok(steps)
    }
}

impl Step {
    fn new(row: Vec<(Kind, String)>) -> Self {
        let text = Words { en: String::new(), zh: String::new() };
        let (lines, prints) = (Vec::new(), [Vec::new(), Vec::new()]);
        Self { row, states: ["CLOSED"; 2], text, lines, question: None, prints }
    }
}

/// Whether what comes next belongs to the same row: a packet to the call that sent it, or a call to
/// the packet that it waited for.
fn joins((before, first): &(Kind, String), next: Kind, second: &str) -> bool {
    match (before, next) {
        (Kind::Client, Kind::Right) | (Kind::Server, Kind::Left) => !first.starts_with("recv"),
        (Kind::Right, Kind::Server) | (Kind::Left, Kind::Client) => match &**first {
            "ACK" => second == "accept",
            "FIN" | "FIN, ACK" => second == "recv = 0",
            "SYN" | "SYN, ACK" => false,
            _ => second.starts_with("recv") && second != "recv = 0",
        },
        _ => false,
    }
}

/// The states of the client's and the server's connection after one thing more.
fn entered([client, server]: [&'static str; 2], kind: Kind, words: &str) -> [&'static str; 2] {
    match kind {
        Kind::Client => [after(client, true, words), server],
        Kind::Server => [client, after(server, true, words)],
        Kind::Right => [after(client, true, words), after(server, false, words)],
        Kind::Left => [after(client, false, words), after(server, true, words)],
    }
}

/// The state of a TCP connection after a packet that was sent or received, or after `listen`
/// (RFC 9293 §3.3.2, without `TIME-WAIT`'s end, which no one waits for).
#[must_use]
pub fn after(state: &'static str, sent: bool, words: &str) -> &'static str {
    let flags = words.rsplit('"').next().unwrap_or(words);
    let has = |name| flags.split(", ").any(|flag| flag == name);
    match (state, sent) {
        ("CLOSED", true) if words == "listen" => "LISTEN",
        ("CLOSED" | "LISTEN", true) if has("SYN") => "SYN-SENT",
        ("LISTEN", false) if has("RST") => "LISTEN",
        (_, _) if has("RST") => "CLOSED",
        ("SYN-SENT", false) if has("SYN") && has("ACK") => "ESTABLISHED",
        ("LISTEN" | "SYN-SENT", false) if has("SYN") => "SYN-RECEIVED",
        ("SYN-RECEIVED", false) if has("ACK") => "ESTABLISHED",
        ("SYN-RECEIVED" | "ESTABLISHED", true) if has("FIN") => "FIN-WAIT-1",
        ("ESTABLISHED", false) if has("FIN") => "CLOSE-WAIT",
        ("FIN-WAIT-1", false) if has("FIN") && has("ACK") => "TIME-WAIT",
        ("FIN-WAIT-1", false) if has("FIN") => "CLOSING",
        ("FIN-WAIT-1", false) if has("ACK") => "FIN-WAIT-2",
        ("FIN-WAIT-2", false) if has("FIN") => "TIME-WAIT",
        ("CLOSING", false) if has("ACK") => "TIME-WAIT",
        ("CLOSE-WAIT", true) if has("FIN") => "LAST-ACK",
        ("LAST-ACK", false) if has("ACK") => "CLOSED",
        (same, _) => same,
    }
}

/// What a call looks like in each language: pieces of the lines that make it, the first that is there.
fn pieces(language: &str, call: &str) -> &'static [&'static str] {
    match (language, call) {
        ("rust", "bind" | "listen") => &["TcpListener::bind(", "UdpSocket::bind("],
        ("rust", "connect") => &["TcpStream::connect("],
        ("rust", "send") => &[".write_all("],
        ("rust", "recv") => &[".read(", "read_until_close(", ".recv("],
        ("rust", "sendto") => &[".send_to("],
        ("rust", "recvfrom") => &[".recv_from("],
        // A UDP socket that sends first gets its port then.
        ("python", "bind") => &[".bind(", ".sendto("],
        ("rust", "listen again") | ("python", "listen") => &[".listen("],
        ("python", "connect") => &[".connect("],
        ("python", "send") => &[".send(", ".sendall("],
        ("python", "recv") => &[".recv("],
        ("python", "sendto") => &[".sendto("],
        ("python", "recvfrom") => &[".recvfrom("],
        ("python", "close") => &["stream.close()", "udp_socket.close()"],
        ("python", "close listener") => &["listener.close()"],
        (_, "accept") => &[".accept()"],
        _ => &[],
    }
}

/// The line of a program that makes a call; `data` is what it sends. `own` is a piece that ends in it.
fn line(language: &str, code: &str, call: &str, data: &str, own: Option<&str>) -> Result<usize> {
    let lines: Vec<_> = code.lines().collect();
    let with = |piece: &str| -> Vec<usize> {
        (0..lines.len()).filter(|&at| lines[at].contains(piece)).collect()
    };
    let end_of = |function: &str| {
        let start = with(function).first().copied();
        start.and_then(|of| (of..lines.len()).find(|&at| lines[at].starts_with('}')))
    };
    let mut found = match own {
        Some(piece) => code
            .match_indices(piece)
            .map(|(place, _)| code[..place + piece.len()].matches('\n').count())
            .collect(),
        // Rust closes a socket where the function that owns it ends.
        None if language == "rust" && call.starts_with("close") => {
            let owners = ["fn talk(mut ", "fn receive(mut ", "fn main("];
            let owners = if call == "close" { &owners[..] } else { &owners[2..] };
            owners.iter().find_map(|name| end_of(name)).into_iter().collect()
        }
        None => {
            let pieces = pieces(language, call).iter();
            pieces.map(|piece| with(piece)).find(|found| !found.is_empty()).unwrap_or_default()
        }
    };
    if found.is_empty() && call == "close listener" {
        found.push(lines.len() - 1); // the program ends
    }
    if found.len() > 1 && own.is_none() {
        // The one whose text in quotes was sent, or the one that sends a variable.
        let sent = |at: &usize| {
            let literals = lines[*at].split('"').skip(1).step_by(2);
            let pieces = literals.flat_map(|it| it.split("%s")).filter(|it| !it.is_empty());
            let all = pieces.clone().all(|it| data.contains(it));
            (all && !data.is_empty()).then(|| pieces.map(str::len).sum::<usize>())
        };
        let most = found.iter().filter_map(sent).max();
        found.retain(|at| most.is_some() && sent(at) == most);
    }
    ensure!(found.len() == 1, "{} lines make this call", found.len());
    Ok(found[0])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_call_has_one_line_and_every_question_a_step() {
        let course = Course::read().unwrap();
        for lesson in &course.lessons {
            let list = markdown(&course, lesson, true).unwrap().unwrap_or_default();
            let questions = list.matches("？* ").count();
            let own = (1..=12).contains(&lesson.about.number);
            assert!(!own || (1..=2).contains(&questions), "{}: {list}", lesson.name);
        }
    }

    #[test]
    fn a_line_is_found_by_what_it_calls_and_sends() {
        let course = Course::read().unwrap();
        let python = course.find("tcp-client").unwrap().python()[0].code();
        let text = |at: usize| python.lines().nth(at).unwrap().trim();
        let found = |data| line("python", python, "send", data, None).map(text);
        assert_eq!(found("\"exit\"").unwrap(), "stream.send(b\"exit\")");
        assert_eq!(found("\"Tracy\"").unwrap(), "stream.send(name.encode())");
        assert!(line("python", python, "recv", "", None).is_err(), "two lines read");
        assert!(line("python", python, "accept", "", None).is_err(), "no line accepts");
    }
}
