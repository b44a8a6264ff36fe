//! A picture of what two programs do and what goes over the wire, or of what one program asks the
//! kernel, as SVG, drawn from a recording.

// Helper WIRE is rewriting this file (since 10:19).
use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use course::{Course, Lesson};
use serde::Deserialize;

use crate::bits;
use crate::blocks::escape;
use crate::language::Language;

/// All recordings; `record-wire.py` makes them.
#[derive(Deserialize)]
struct Wire {
    exchange: Vec<Exchange>,
}

/// One recording: the server, the client, and what they did in the order of time. In the server's
/// place may be the kernel, or a web server that is no lesson's.
#[derive(Deserialize)]
struct Exchange {
    programs: [String; 2],
    /// Who or where, and what: `client connect`, `right SYN`, `call listen(3, 128) = 0`.
    rows: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A system call of the client, on the left.
    Client,
    /// A system call of the server, on the right, or the kernel's answer.
    Server,
    /// A packet to the client.
    Left,
    /// A packet to the server, or a call of the kernel.
    Right,
}

/// What stands side by side.
type Row<'a> = Vec<(Kind, &'a str)>;

/// The height of a row, of the states below it, and of the names above all.
const ROW: i32 = 27;
const STATES: i32 = 21;
const TOP: i32 = 44;
/// The width of a character, and the least one between the two lines.
const COLUMN: i32 = 8;
const BETWEEN: i32 = 256;
/// The least width of the kernel's answers, so that several pictures are of one size.
const ANSWER: i32 = 172;
/// Of a packet's data, as many characters are shown.
const DATA: usize = 27;

/// The place of each side's line, and the width of all.
struct Places {
    client: i32,
    server: i32,
    width: i32,
}

pub(crate) fn of(course: &Course, lesson: &Lesson, language: Language) -> Result<String> {
    let wire: Wire = toml::from_str(include_str!("../wire.toml")).context("wire.toml")?;
    for exchange in &wire.exchange {
        // A recording of programs that no lesson shows any more would be a picture of nothing.
        let known = course.lessons.iter().any(|lesson| exchange.shows(lesson));
        ensure!(known, "wire.toml: no lesson shows {:?}", exchange.programs);
    }
    let mut svg = String::new();
    for exchange in wire.exchange.iter().filter(|exchange| exchange.shows(lesson)) {
        svg.push_str(&exchange.draw(language)?);
    }
    let caption = match lesson.name.as_str() {
        "ip-addresses" => {
            svg = bits::draw(course, lesson, language)?;
            language.pick(
                "The bits that the program prints. The AND keeps those of the network's part and makes the others 0. In the framed bits the two networks differ.",
                "程序输出的各个位。与（AND）运算保留网络部分，把其余各位变成 0。加框的位是两个网络不同之处。",
            )
        }
        "socket-tour" => language.pick(
            "Some stops: the calls of the program and the kernel's answers, as recorded on Linux. Time runs downwards. Calls that only prepare are left out, and those of listen(1) and listen(5), which do the same.",
            "其中几站：程序的系统调用和内核的回答，在 Linux 上实际记录。时间自上而下；只作准备的调用，以及做法相同的 listen(1) 和 listen(5)，从略。",
        ),
        "open-ports" => language.pick(
            "What the program asks while tcp-server-threaded runs, as recorded on Linux; of all processes, only the one that it finds. In the table, 0100007F:270F is 127.0.0.1:9999 and 0A is LISTEN. The last number is the socket's: the process whose descriptor leads to it has the port.",
            "tcp-server-threaded 运行时程序向内核查询的内容，在 Linux 上实际记录；所有进程中只画出找到的那一个。表中 0100007F:270F 就是 127.0.0.1:9999，0A 就是 LISTEN。最后的数是套接字的编号（inode）：哪个进程的描述符指向它，端口就归哪个进程。",
        ),
        _ if svg.contains("class=\"state\"") => language.pick(
            "The system calls of both programs, and the packets between them, as recorded on Linux. Time runs downwards. In a frame: the state that this side's connection enters. Acknowledgments of data are left out.",
            "两个程序的系统调用和它们之间的数据包，在 Linux 上实际记录。时间自上而下；框内是这一侧的连接进入的状态；对数据的确认（ACK）从略。",
        ),
        _ => language.pick(
            "The system calls of both programs, and the packets between them, as recorded on Linux. Time runs downwards.",
            "两个程序的系统调用和它们之间的数据包，在 Linux 上实际记录。时间自上而下。",
        ),
    };
    ensure!(!svg.is_empty(), "wire.toml has no recording of it: run record-wire.py");
    Ok(format!("<figure class=\"wire\">\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"))
}

impl Exchange {
    fn shows(&self, lesson: &Lesson) -> bool {
        let [server, client] = &self.programs;
        let own = ["kernel", "web server"].contains(&server.as_str());
        lesson.about.terminals.iter().map(|terminal| &terminal.run).eq(&self.programs)
            || own && client.split(' ').next() == Some(&lesson.name)
    }

    fn draw(&self, language: Language) -> Result<String> {
        let rows = self.rows()?;
        let [server, client] = self.programs.each_ref().map(String::as_str);
        let kernel = server == "kernel";
        let server = match server {
            "kernel" => language.pick("kernel", "内核"),
            "web server" => language.pick("web server", "网页服务器"),
            _ => server,
        };
        let places = Places::of(&rows, client, server, kernel);
        let (mut body, mut y) = (String::new(), TOP);
        let mut states = ["CLOSED"; 2];
        let mut bottom = 0;
        for row in &rows {
            let before = states;
            for &(kind, words) in row {
                one(&mut body, kind, words, y, &places)?;
                states = match kind {
                    Kind::Client => [after(states[0], true, words), states[1]],
                    Kind::Server => [states[0], after(states[1], true, words)],
                    Kind::Right => [after(states[0], true, words), after(states[1], false, words)],
                    Kind::Left => [after(states[0], false, words), after(states[1], true, words)],
                };
            }
            for (side, x) in [places.client, places.server].into_iter().enumerate() {
                if states[side] != before[side] {
                    badge(&mut body, states[side], x, y + 18)?;
                }
            }
            let entered = states != before;
            bottom = y + if entered { 36 } else { 20 };
            y += ROW + if entered { STATES } else { 0 };
        }
        let title = if kernel {
            language.pick(
                format!("What {client} asks the kernel, and what it answers"),
                format!("{client} 的系统调用，以及内核的回答"),
            )
        } else {
            language.pick(
                format!("What {client} and {server} do, and what goes over the wire"),
                format!("{client} 和 {server} 的系统调用，以及线路上的数据"),
            )
        };
        let mut svg = start(&title, places.width, bottom);
        for (x, name) in [(places.client, client), (places.server, server)] {
            let anchor = if kernel && name == client { "start" } else { "middle" };
            let name = escape(name);
            writeln!(
                svg,
                "<text x=\"{x}\" y=\"16\" text-anchor=\"{anchor}\" font-weight=\"600\">{name}</text>"
            )?;
            let line = "stroke=\"currentColor\" stroke-opacity=\".4\"";
            writeln!(svg, "<path d=\"M{x} 26V{bottom}\" fill=\"none\" {line}/>")?;
        }
        writeln!(svg, "{body}</svg>")?;
        Ok(svg)
    }

    fn rows(&self) -> Result<Vec<Row<'_>>> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        for row in &self.rows {
            let next = match row.split_once(' ') {
                Some(("client", words)) => (Kind::Client, words),
                Some(("server", words)) => (Kind::Server, words),
                Some(("left", words)) => (Kind::Left, words),
                Some(("right", words)) => (Kind::Right, words),
                Some(("answer", words)) => {
                    rows.push(vec![(Kind::Left, words)]);
                    continue;
                }
                Some(("call", words)) => {
                    let (call, answer) = words.split_once(" = ").context("no answer")?;
                    rows.push(vec![(Kind::Right, call), (Kind::Server, answer)]);
                    continue;
                }
                _ => bail!("scripts/book/wire.toml: {row:?}"),
            };
            // A call stands beside the packet that it sent or waited for.
            match rows.last_mut() {
                Some(row) if row.last().is_some_and(|&last| joins(last, next)) => row.push(next),
                _ => rows.push(vec![next]),
            }
        }
        Ok(rows)
    }
}

impl Places {
    fn of(rows: &[Row<'_>], client: &str, server: &str, kernel: bool) -> Self {
        let widest = |kind| {
            let words = rows.iter().flatten().filter(|row| row.0 == kind).map(|row| cut(row.1));
            words.map(|words| width(&words)).max().unwrap_or(0)
        };
        let side = |kind, name| (widest(kind) + 20).max(width(name) / 2);
        let left = if kernel { 8 } else { side(Kind::Client, client) };
        let between = BETWEEN.max(widest(Kind::Left).max(widest(Kind::Right)) + 16);
        let right = side(Kind::Server, server).max(if kernel { ANSWER } else { 0 });
        Self { client: left, server: left + between, width: left + between + right }
    }
}

/// About as wide as it is drawn: a Chinese character counts twice.
fn width(words: &str) -> i32 {
    words.chars().map(|c| if c >= '\u{2e80}' { 2 * COLUMN } else { COLUMN }).sum()
}

/// What begins a picture. Its size is that of a text, and on a narrow screen the screen's.
pub(crate) fn start(title: &str, width: i32, height: i32) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{}\" role=\"img\" aria-label=\"{}\" \
         fill=\"currentColor\" stroke=\"none\" font-size=\"13\">\n",
        width * 6 / 5,
        escape(title)
    )
}

/// The state of a TCP connection after a packet that was sent or received, or after `listen`
/// (RFC 9293 §3.3.2, without `TIME-WAIT`'s end, which no one waits for).
pub(crate) fn after(state: &'static str, sent: bool, words: &str) -> &'static str {
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

/// A state, in a frame on its side's line.
fn badge(svg: &mut String, state: &str, x: i32, y: i32) -> Result<()> {
    let width = width(state) + 4;
    let (left, top, base) = (x - width / 2, y - 9, y + 4);
    writeln!(
        svg,
        "<g class=\"state\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"17\" rx=\"4\" \
         stroke=\"currentColor\"/><text x=\"{x}\" y=\"{base}\" text-anchor=\"middle\" \
         font-size=\"12\" font-weight=\"600\">{state}</text></g>"
    )?;
    Ok(())
}

/// Long data without their end, the flags after them whole.
fn cut(words: &str) -> String {
    let (data, flags) = words.split_at(words.rfind('"').map_or(0, |end| end + 1));
    match data.char_indices().nth(DATA) {
        Some((end, _)) => format!("{}…\"{flags}", data[..end].trim_end_matches('\\')),
        None => words.to_owned(),
    }
}

/// Whether what comes next belongs to the same row: a packet to the call that sent it, or a call to
/// the packet that it waited for.
fn joins((before, first): (Kind, &str), (next, second): (Kind, &str)) -> bool {
    match (before, next) {
        (Kind::Client, Kind::Right) | (Kind::Server, Kind::Left) => !first.starts_with("recv"),
        (Kind::Right, Kind::Server) | (Kind::Left, Kind::Client) => match first {
            "ACK" => second == "accept",
            "FIN" | "FIN, ACK" => second == "recv = 0",
            "SYN" | "SYN, ACK" => false,
            _ => second.starts_with("recv") && second != "recv = 0",
        },
        _ => false,
    }
}

fn one(svg: &mut String, kind: Kind, words: &str, y: i32, places: &Places) -> Result<()> {
    let words = escape(&cut(words));
    let &Places { client, server, .. } = places;
    let base = y + 4;
    match kind {
        Kind::Client => {
            let x = client - 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"end\">{words}</text>")?;
        }
        Kind::Server => {
            let x = server + 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\">{words}</text>")?;
        }
        Kind::Left | Kind::Right => {
            let (from, to, back) =
                if kind == Kind::Right { (client, server, -8) } else { (server, client, 8) };
            let (middle, above, tail) = (client.midpoint(server), y - 5, to + back);
            let (up, down) = (y - 4, y + 4);
            writeln!(
                svg,
                "<g class=\"packet\"><path d=\"M{from} {y}H{tail}\" fill=\"none\" stroke=\"currentColor\"/>\
                 <path d=\"M{to} {y}L{tail} {up}V{down}Z\"/>\
                 <text x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{words}</text></g>"
            )?;
        }
    }
    Ok(())
}
