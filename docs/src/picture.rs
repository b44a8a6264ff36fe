//! A picture of what two programs do and what goes over the wire, as SVG, drawn from a recording.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::blocks::escape;
use crate::course::{Course, Lesson};
use crate::language::Language;

/// All recordings; `record-wire.py` makes them.
#[derive(Deserialize)]
struct Wire {
    exchange: Vec<Exchange>,
}

/// One recording: the server, the client, and what they did in the order of time.
#[derive(Deserialize)]
struct Exchange {
    programs: [String; 2],
    /// Who or where, and what: `client connect`, `right SYN`.
    rows: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A system call of the client, on the left.
    Client,
    /// A system call of the server, on the right.
    Server,
    /// A packet to the client.
    Left,
    /// A packet to the server.
    Right,
}

/// The places of both sides' lines, and the width of all.
const CLIENT: i32 = 120;
const SERVER: i32 = 400;
const WIDTH: i32 = 520;
const ROW: i32 = 27;
const TOP: i32 = 44;

pub(crate) fn of(course: &Course, lesson: &Lesson, language: Language) -> Result<Option<String>> {
    let wire: Wire =
        toml::from_str(&course.text("docs/src/wire.toml")?).context("docs/src/wire.toml")?;
    for exchange in &wire.exchange {
        // A recording of programs that no lesson shows any more would be a picture of nothing.
        let known = course.lessons.iter().any(|lesson| exchange.shows(lesson));
        ensure!(known, "docs/src/wire.toml: no lesson shows {:?}", exchange.programs);
    }
    let exchange = wire.exchange.iter().find(|exchange| exchange.shows(lesson));
    match exchange {
        Some(exchange) => exchange.draw(language).map(Some),
        None if lesson.about.terminals.len() == 2 => {
            bail!("docs/src/wire.toml has no recording of it: run docs/src/record-wire.py")
        }
        None => Ok(None),
    }
}

impl Exchange {
    fn shows(&self, lesson: &Lesson) -> bool {
        lesson.about.terminals.iter().map(|terminal| &terminal.run).eq(&self.programs)
    }

    fn draw(&self, language: Language) -> Result<String> {
        let rows = self.rows()?;
        let mut body = String::new();
        let (mut y, mut row): (i32, Vec<(Kind, &str)>) = (TOP, Vec::new());
        for &(kind, words) in &rows {
            // A call stands beside the packet that it sent or waited for.
            let beside = row.last().is_some_and(|&before| joins(before, (kind, words)));
            if !row.is_empty() && !beside {
                y += ROW;
                row.clear();
            }
            row.push((kind, words));
            one(&mut body, kind, words, y)?;
        }
        let bottom = y + 20;
        let [server, client] = &self.programs;
        let title = language.pick(
            format!("What {client} and {server} do, and what goes over the wire"),
            format!("{client} 和 {server} 的系统调用，以及线路上的数据"),
        );
        let caption = language.pick(
            "The system calls of both programs, and the packets between them, as recorded on Linux. \
             Time runs downwards. Acknowledgments of data are left out.",
            "两个程序的系统调用和它们之间的数据包，在 Linux 上实际记录。时间自上而下；对数据的确认（ACK）从略。",
        );
        let mut svg = format!(
            "<figure class=\"wire\">\n<svg viewBox=\"0 0 {WIDTH} {bottom}\" role=\"img\" \
             aria-label=\"{}\" fill=\"currentColor\" stroke=\"none\" font-size=\"13\">\n",
            escape(&title)
        );
        for (x, name) in [(CLIENT, client), (SERVER, server)] {
            let name = escape(name);
            writeln!(
                svg,
                "<text x=\"{x}\" y=\"16\" text-anchor=\"middle\" font-weight=\"600\">{name}</text>"
            )?;
            let line = "stroke=\"currentColor\" stroke-opacity=\".4\"";
            writeln!(svg, "<path d=\"M{x} 26V{bottom}\" fill=\"none\" {line}/>")?;
        }
        write!(svg, "{body}</svg>\n<figcaption>{caption}</figcaption>\n</figure>\n")?;
        Ok(svg)
    }

    /// Without the acknowledgments of data: those that open and close the connection stay.
    fn rows(&self) -> Result<Vec<(Kind, &str)>> {
        let (mut open, mut closing) = (false, false);
        let mut rows = Vec::new();
        for row in &self.rows {
            let (kind, words) = match row.split_once(' ') {
                Some(("client", words)) => (Kind::Client, words),
                Some(("server", words)) => (Kind::Server, words),
                Some(("left", words)) => (Kind::Left, words),
                Some(("right", words)) => (Kind::Right, words),
                _ => bail!("docs/src/wire.toml: {row:?}"),
            };
            closing |= words.contains("FIN") || words.contains("RST");
            if words == "ACK" {
                let shown = !open || closing;
                open = true;
                if !shown {
                    continue;
                }
            }
            rows.push((kind, words));
        }
        Ok(rows)
    }
}

/// Whether what comes next belongs to the same row: a packet to the call that sent it, or a call to
/// the packet that it waited for.
fn joins((before, first): (Kind, &str), (next, second): (Kind, &str)) -> bool {
    match (before, next) {
        (Kind::Client, Kind::Right) | (Kind::Server, Kind::Left) => !first.starts_with("recv"),
        (Kind::Right, Kind::Server) | (Kind::Left, Kind::Client) => match first {
            "ACK" => second == "accept",
            "FIN" => second == "recv = 0",
            "SYN" | "SYN, ACK" => false,
            _ => second.starts_with("recv") && second != "recv = 0",
        },
        _ => false,
    }
}

fn one(svg: &mut String, kind: Kind, words: &str, y: i32) -> Result<()> {
    let words = escape(words);
    let base = y + 4;
    match kind {
        Kind::Client => {
            let x = CLIENT - 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"end\">{words}</text>")?;
        }
        Kind::Server => {
            let x = SERVER + 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\">{words}</text>")?;
        }
        Kind::Left | Kind::Right => {
            let (from, to, back) =
                if kind == Kind::Right { (CLIENT, SERVER, -8) } else { (SERVER, CLIENT, 8) };
            let (middle, above, tail) = (CLIENT.midpoint(SERVER), y - 5, to + back);
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
