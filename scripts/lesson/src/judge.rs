//! Runs a lesson's tests against a program, and reads what they say.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use console::{Style, measure_text_width};
use course::parts::Recorded;
use netcommon::safe;
use serde::Deserialize;

use crate::explain;
use crate::session::Group;
use crate::terminal;
use crate::words::Language;

/// What a failing requirement says of itself, in one line of JSON.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Failure {
    pub(crate) requirement: String,
    pub(crate) sent: Option<String>,
    pub(crate) came: Option<String>,
    pub(crate) expected: Option<String>,
    #[serde(default)]
    pub(crate) message: String,
    /// What the program had said on its standard error.
    #[serde(default)]
    pub(crate) stderr: String,
}

/// How much of a text is shown, in characters.
const SHOWN: usize = 300;

/// The beginning of a text, if it is long.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl From<Recorded> for Failure {
    fn from(recorded: Recorded) -> Self {
        let Recorded { requirement, sent, came, expected, message, .. } = recorded;
        Self { requirement, sent, came, expected, message, stderr: String::new() }
    }
}

impl Failure {
    /// Prints what was sent, what came and where it went wrong, so many columns from the left.
    pub(crate) fn print(&self, indent: usize, language: Language) -> Result<()> {
        let left = " ".repeat(indent);
        let labels = language.pick(["sent:", "came:", "expected:"], ["发送：", "收到：", "应为："]);
        let columns = terminal::width().saturating_sub(indent + LABEL).max(10);
        let nothing = language.pick(["(nothing)", "(nothing more)"], ["（没有）", "（没有别的）"]);
        let show = |label: &str, text: &str, start: usize| {
            let nothing = nothing[usize::from(label == labels[2])];
            let text = if text.is_empty() { nothing } else { text };
            let label = console::pad_str(label, LABEL, console::Alignment::Left, None);
            terminal::print(&format!("{left}{label}{}", part(text, start, columns)))
        };
        let texts = [&self.sent, &self.came, &self.expected];
        let [sent, came, expected] = texts.map(|text| text.as_deref().map(bare));
        let differ = came.zip(expected).filter(|(came, expected)| came != expected);
        if let Some(sent) = sent {
            show(labels[0], sent, 0)?;
        }
        if let Some((came, expected)) = differ {
            let same = came.chars().zip(expected.chars()).take_while(|(one, other)| one == other);
            let same: Vec<char> = same.map(|(c, _)| c).collect();
            let wide = |chars: &[char]| measure_text_width(&chars.iter().collect::<String>());
            // The byte that differs stands in the first half.
            let start = (0..=same.len()).find(|&start| wide(&same[start..]) <= columns / 2);
            let start = start.unwrap_or(same.len());
            let caret = LABEL + usize::from(start > 0) + wide(&same[start..]);
            show(labels[1], came, start)?;
            let red = Style::new().red().apply_to("^");
            terminal::print(&format!("{left}{}{red}", " ".repeat(caret)))?;
            show(labels[2], expected, start)?;
        } else if let Some(expected) = expected {
            show(labels[2], expected, 0)?;
        }
        let equal = self.message.starts_with("assertion `left == right` failed\n");
        let mut lines = if equal { Vec::new() } else { explain::lines(&self.message, language) };
        let stderr = explain::shortened(self.stderr.trim_end());
        if !stderr.is_empty() && !self.message.contains(stderr.lines().last().unwrap_or_default()) {
            lines.push(language.pick("On stderr it said:", "它在 stderr 上说：").to_owned());
            lines.extend(stderr.lines().map(|line| format!("  {line}")));
        }
        lines.extend(
            explain::advice(&(self.message.clone() + &stderr), language).map(str::to_owned),
        );
        for line in lines {
            let line = safe(&shortened(&line)).into_owned();
            for piece in terminal::wrap(&line, columns + LABEL) {
                terminal::print(&format!("{left}{piece}"))?;
            }
        }
        Ok(())
    }
}

/// The columns of `expected:` and a blank.
const LABEL: usize = 10;

/// A value without the marks that Rust puts round it.
fn bare(value: &str) -> &str {
    value.strip_prefix("Some(").and_then(|value| value.strip_suffix(')')).unwrap_or(value)
}

/// As much of a text as these columns have, from that character on.
fn part(text: &str, start: usize, columns: usize) -> String {
    let text: String = text.chars().skip(start).collect();
    let mut part = String::from(if start > 0 { "…" } else { "" }) + &safe(&text);
    if measure_text_width(&part) > columns {
        part = console::truncate_str(&part, columns, "…").into_owned();
    }
    part
}

/// How a test ended.
pub(crate) struct Outcome {
    /// With its module: `dialogue::greets`.
    pub(crate) test: String,
    pub(crate) passed: bool,
    /// Why it was left out: it passed because this machine cannot show it.
    pub(crate) left_out: Option<String>,
    pub(crate) failure: Failure,
}

/// The tests' program, ready to judge the program that `command` runs, one word a line.
pub(crate) fn tests(tests: &Path, folder: &Path, command: &str, patience: u64) -> Command {
    let mut run = Command::new(tests);
    run.current_dir(folder).stdin(Stdio::null());
    run.env("LESSON_COMMAND", command).env("LESSON_PATIENCE", patience.to_string());
    run.env_remove("RUST_BACKTRACE");
    run
}

/// Runs them. What has not ended in time is killed, with all that it has started, and nothing is
/// given then.
pub(crate) fn run(tests: Command, limit: Duration) -> Result<Option<Vec<Outcome>>> {
    let group = Group::start(tests).context("cannot run the tests")?;
    let in_time = group.wait(limit).is_some();
    let (said, aside) = group.end();
    if !in_time {
        return Ok(None);
    }
    let results = said.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let failures = said.lines().filter_map(|line| serde_json::from_str::<Failure>(line).ok());
    let failures: Vec<_> = failures.collect();
    let outcomes = results.map(|(test, result)| {
        let failure = failures.iter().find(|failure| failure.requirement == test).cloned();
        let left_out = format!("LEFT OUT: {test}: ");
        Outcome {
            test: test.to_owned(),
            passed: result != "FAILED",
            left_out: aside.lines().find_map(|line| Some(line.split_once(&left_out)?.1.to_owned())),
            failure: failure.unwrap_or_else(|| Failure {
                message: captured(&said, test),
                ..Failure::default()
            }),
        }
    });
    Ok(Some(outcomes.collect()))
}

/// What a failed test printed.
fn captured(output: &str, test: &str) -> String {
    let start = format!("---- {test} stdout ----\n");
    let message = output.split_once(&start).map_or("", |(_, rest)| rest);
    let ends = [message.find("\n---- "), message.find("\nfailures:")];
    message[..ends.into_iter().flatten().min().unwrap_or(message.len())].trim().to_owned()
}
