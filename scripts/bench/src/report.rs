//! Numbers: their medians, and their tables in two languages.

use std::fs;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result};
use comfy_table::{ContentArrangement, Table, TableStyle, presets};
use console::Term;
use course::{Course, pages};
use serde_json::{Value, json};

use crate::peers::{Peer, Role};

/// In English and in Chinese; `{}` stands for a number or a name.
pub(crate) type Text = [&'static str; 2];

const LEGEND: &str = "Medians (least–most). ↑: more is better, ↓: less is. A ratio over 1 says that Rust is the better one, in either case.";

type Measure<'a> = Box<dyn Fn(&Peer, &mut Numbers<'_>) -> Result<()> + 'a>;

/// One load, the programs that bear it, and their numbers.
pub(crate) struct Bench<'a> {
    /// The name of its mark in the pages. Neighbours of one key share a table.
    pub(crate) key: &'static str,
    title: &'static str,
    /// What keeps the numbers from being higher.
    limit: &'static str,
    pub(crate) peers: Vec<Peer>,
    measure: Measure<'a>,
    rows: Vec<Row>,
    /// Why a peer could not be measured.
    failures: Vec<Option<String>>,
    /// The columns of ratios: which peer is how many times as good as which other.
    pairs: Vec<(usize, usize)>,
}

struct Row {
    name: Text,
    /// What stands for `{}` in the name.
    of: String,
    more_is_better: bool,
    /// One for each peer.
    cells: Vec<Cell>,
}

#[derive(Clone, Default)]
struct Cell {
    numbers: Vec<f64>,
    failure: Option<String>,
}

/// Where the numbers of one peer go.
pub(crate) struct Numbers<'a> {
    rows: &'a mut Vec<Row>,
    peer: usize,
    peers: usize,
}

impl Numbers<'_> {
    /// Notes a number of which more is better.
    pub(crate) fn more(&mut self, name: Text, of: &impl ToString, number: f64) {
        self.put(true, name, of, Ok(number));
    }

    /// Notes a number of which less is better.
    pub(crate) fn less(&mut self, name: Text, of: &impl ToString, number: f64) {
        self.put(false, name, of, Ok(number));
    }

    /// Notes a number, or why there is none.
    pub(crate) fn put(&mut self, more: bool, name: Text, of: &impl ToString, number: Result<f64>) {
        let of = of.to_string();
        let known = self.rows.iter().position(|row| row.name == name && row.of == of);
        if known.is_none() {
            let cells = vec![Cell::default(); self.peers];
            self.rows.push(Row { name, of, more_is_better: more, cells });
        }
        let row = known.unwrap_or(self.rows.len() - 1);
        let cell = &mut self.rows[row].cells[self.peer];
        match number {
            Ok(number) => cell.numbers.push(number),
            Err(error) => cell.failure = Some(one_line(&error)),
        }
    }
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        [key, title, limit]: [&'static str; 3],
        peers: impl IntoIterator<Item = Option<Peer>>,
        measure: impl Fn(&Peer, &mut Numbers<'_>) -> Result<()> + 'a,
    ) -> Self {
        let peers: Vec<_> = peers.into_iter().flatten().collect();
        let failures = vec![None; peers.len()];
        let is = |role| {
            let roles = peers.iter().enumerate().filter(move |(_, peer)| peer.role == role);
            roles.map(|(at, _)| at)
        };
        let ours = is(Role::Ours).next();
        let pairs = ours.map_or(Vec::new(), |ours| is(Role::Other).map(|it| (ours, it)).collect());
        let (measure, rows) = (Box::new(measure) as Measure<'a>, Vec::new());
        Self { key, title, limit, peers, measure, rows, failures, pairs }
    }

    /// With these columns of ratios, by the names of the peers, in place of the usual ones.
    pub(crate) fn compared(mut self, pairs: &[(&str, &str)]) -> Self {
        let find = |name: &str| self.peers.iter().position(|peer| peer.name == name);
        self.pairs = pairs.iter().filter_map(|(one, other)| find(one).zip(find(other))).collect();
        self
    }

    /// Measures one peer. One that failed as a whole is not asked again.
    pub(crate) fn measure(&mut self, peer: usize) {
        if self.failures[peer].is_none() {
            let peers = self.peers.len();
            let mut numbers = Numbers { rows: &mut self.rows, peer, peers };
            let outcome = (self.measure)(&self.peers[peer], &mut numbers);
            self.failures[peer] = outcome.err().as_ref().map(one_line);
        }
    }

    /// Forgets the numbers so far: they were the warm-up's.
    pub(crate) fn forget(&mut self) {
        let cells = self.rows.iter_mut().flat_map(|row| &mut row.cells);
        cells.for_each(|cell| cell.numbers.clear());
    }

    /// How many times as good the one is as the other; over 1 is better, whatever is measured.
    fn ratio(row: &Row, (one, other): (usize, usize)) -> Option<f64> {
        let (ours, other) = (row.cells[one].median()?, row.cells[other].median()?);
        let (better, worse) = if row.more_is_better { (ours, other) } else { (other, ours) };
        let ratio = if ours.total_cmp(&other).is_eq() { 1.0 } else { better / worse };
        Some(ratio).filter(|ratio| ratio.is_finite())
    }

    fn headings(&self, language: usize) -> Vec<String> {
        let mut headings = vec![String::new()];
        headings.extend(self.peers.iter().map(|peer| match (peer.role, language) {
            (Role::Limit, 1) => "本工具的上限".into(),
            _ => peer.name.into(),
        }));
        let pair = |&(one, other): &(usize, usize)| {
            format!("{} : {}", self.peers[one].name, self.peers[other].name)
        };
        headings.extend(self.pairs.iter().map(pair));
        headings
    }

    fn line(&self, row: &Row, language: usize) -> Vec<String> {
        let name = row.name[language].replace("{}", &row.of);
        let mut line = vec![format!("{name} {}", if row.more_is_better { '↑' } else { '↓' })];
        line.extend(row.cells.iter().zip(&self.failures).map(|(cell, failure)| {
            let failure = cell.failure.as_ref().or(failure.as_ref());
            cell.show().or_else(|| failure.cloned()).unwrap_or("–".into())
        }));
        let ratio = |&pair: &(usize, usize)| {
            Self::ratio(row, pair).map_or("–".into(), |ratio| format!("{ratio:.2}"))
        };
        line.extend(self.pairs.iter().map(ratio));
        line
    }

    fn json(&self) -> Value {
        let row = |row: &Row| {
            let peers = row.cells.iter().enumerate().map(|(peer, cell)| {
                json!({
                    "peer": self.peers[peer].name,
                    "median": cell.median(),
                    "numbers": cell.numbers,
                    "failure": cell.failure.as_ref().or(self.failures[peer].as_ref()),
                    "rust_is_better_by": self.pairs.iter().find(|pair| pair.1 == peer)
                        .and_then(|&pair| Self::ratio(row, pair)),
                })
            });
            json!({
                "name": row.name[0].replace("{}", &row.of),
                "more_is_better": row.more_is_better,
                "peers": peers.collect::<Value>(),
            })
        };
        let rows: Value = self.rows.iter().map(row).collect();
        json!({ "key": self.key, "title": self.title, "limit": self.limit, "rows": rows })
    }
}

impl Cell {
    fn sorted(&self) -> Vec<f64> {
        let mut numbers = self.numbers.clone();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    fn median(&self) -> Option<f64> {
        self.sorted().get(self.numbers.len() / 2).copied()
    }

    /// The median, and between which numbers it lies.
    fn show(&self) -> Option<String> {
        let (middle, numbers) = (digits(self.median()?), self.sorted());
        match &numbers[..] {
            [first, .., last] => Some(format!("{middle} ({}–{})", digits(*first), digits(*last))),
            _ => Some(middle),
        }
    }
}

/// Three digits, or all of a large number's.
fn digits(number: f64) -> String {
    if number < 99.95 {
        return format!("{number:.*}", if number < 9.995 { 2 } else { 1 });
    }
    let mut digits = format!("{number:.0}");
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    digits
}

/// An error with its causes; a peer's words are made safe to print.
fn one_line(error: &Error) -> String {
    netcommon::safe(&format!("{error:#}")).into_owned()
}

/// The tables, each with the first of its benches.
fn tables<'a>(
    benches: &'a [Bench<'a>],
    language: usize,
    style: TableStyle,
) -> Vec<(&'a Bench<'a>, Table)> {
    let of_one_key = benches.chunk_by(|one, other| one.key == other.key);
    let table = |group: &'a [Bench<'a>]| {
        let mut table = Table::new();
        table.load_style(style).set_header(group[0].headings(language));
        for bench in group {
            table.add_rows(bench.rows.iter().map(|row| bench.line(row, language)));
        }
        (&group[0], table)
    };
    of_one_key.map(table).collect()
}

/// When and on what this was measured, as far as the system tells it.
fn machine() -> Vec<(Text, String)> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let mut lines = vec![
        (["Date", "日期"], now.chars().take_while(|&c| c != 'T').collect()),
        (["Cores", "处理器核数"], cores.to_string()),
    ];
    let files = [
        (["Processor", "处理器"], "/proc/cpuinfo", "model name"),
        (["Kernel", "内核"], "/proc/version", "Linux version"),
    ];
    for (name, path, field) in files {
        let text = fs::read_to_string(path).unwrap_or_default();
        if let Some(value) = text.lines().find_map(|line| line.strip_prefix(field)) {
            let value = value.trim_start_matches([':', ' ', '\t']);
            lines.push((name, value.split(" (").next().unwrap_or(value).to_owned()));
        }
    }
    lines
}

/// Prints all numbers.
pub(crate) fn show(
    benches: &[Bench<'_>],
    notes: &[String],
    took: Duration,
    json: bool,
) -> Result<()> {
    let mut text: Vec<_> =
        machine().iter().map(|(name, value)| format!("{}: {value}", name[0])).collect();
    text.push(format!("Measured in {:.0} s", took.as_secs_f64()));
    text.extend_from_slice(notes);
    if json {
        let benches: Value = benches.iter().map(Bench::json).collect();
        let all = json!({ "about": text, "seconds": took.as_secs_f64(), "benches": benches });
        return print(&serde_json::to_string_pretty(&all)?);
    }
    let width = Term::stdout().size_checked().map_or(120, |(_, columns)| columns);
    for (Bench { title, limit, .. }, mut table) in tables(benches, 0, presets::UTF8_BORDERS_ONLY) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        text.push(format!("\n{title}\n{table}\nThe limit: {limit}"));
    }
    print(&format!("{}\n\n{}", text.join("\n"), LEGEND))
}

/// Prints lines; `println!` would panic if stdout were closed or full.
fn print(lines: &str) -> Result<()> {
    writeln!(io::stdout(), "{lines}").context("cannot write to standard output")
}

/// Writes the tables into the pages, behind the marks `bench machine` and `bench KEY`.
pub(crate) fn write_pages(course: &Course, benches: &[Bench<'_>]) -> Result<()> {
    for (language, path) in ["docs/benchmark.md", "docs/benchmark.zh-CN.md"].iter().enumerate() {
        let mut about = Table::new();
        about.load_style(presets::ASCII_MARKDOWN).set_header(["", ["Machine", "机器"][language]]);
        about.add_rows(machine().into_iter().map(|(name, value)| [name[language].into(), value]));
        let tables = tables(benches, language, presets::ASCII_MARKDOWN).into_iter();
        let tables = tables.map(|(bench, table)| (bench.key, table));
        let parts = [("machine", about)].into_iter().chain(tables);
        let parts = parts.map(|(key, table)| (format!("bench {key}"), format!("{table}\n")));
        let page = pages::fill(&course.text(path)?, &parts.collect()).context(*path)?;
        let cannot = || format!("cannot write {path}");
        fs::write(course.root.join(path), page).with_context(cannot)?;
    }
    Ok(())
}
