//! Runs a lesson's tests against a program, and reads what they say.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use console::{Style, measure_text_width};
use netcommon::safe;
use serde::{Deserialize, Serialize};

use crate::terminal;

/// What a failing requirement says of itself, in one line of JSON.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(crate) struct Failure {
    pub(crate) requirement: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) came: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    #[serde(default)]
    pub(crate) message: String,
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

impl Failure {
    /// Prints what was sent, what came and where it went wrong, so many columns from the left.
    pub(crate) fn print(&self, indent: usize) -> Result<()> {
        let Self { sent, came, expected, message, .. } = self;
        let left = " ".repeat(indent);
        for (name, text) in [("sent:", sent), ("came:", came), ("expected:", expected)] {
            if let Some(text) = text {
                terminal::print(&format!("{left}{name:10}{}", safe(&shortened(text))))?;
            }
        }
        if let (Some(came), Some(expected)) = (came, expected) {
            let same = came.chars().zip(expected.chars()).take_while(|(one, other)| one == other);
            let same = measure_text_width(&same.map(|(c, _)| c).collect::<String>());
            let caret = Style::new().red().apply_to("^");
            return terminal::print(&format!("{left}{}{caret}", " ".repeat(10 + same)));
        }
        for line in message.lines().filter(|line| !line.is_empty() && !line.starts_with("note: ")) {
            terminal::print(&format!("{left}{}", safe(&shortened(line))))?;
        }
        Ok(())
    }
}

/// How a test ended.
pub(crate) struct Outcome {
    /// With its module: `dialogue::greets`.
    pub(crate) test: String,
    pub(crate) passed: bool,
    /// It passed because this machine cannot show it.
    pub(crate) left_out: bool,
    pub(crate) failure: Failure,
}

/// The tests' program, ready to judge the program that `command` runs, one word a line.
pub(crate) fn tests(tests: &Path, folder: &Path, command: &str, patience: &str) -> Command {
    let mut run = Command::new(tests);
    run.current_dir(folder);
    run.env("LESSON_COMMAND", command).env("LESSON_PATIENCE", patience);
    run.env_remove("RUST_BACKTRACE");
    run
}

/// No lesson's tests take longer, whatever they judge.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs them. Those that do not end are killed, with all that they have started.
pub(crate) fn run(tests: &mut Command) -> Result<Vec<Outcome>> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(tests, 0);
    let child = tests.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.context("cannot run the tests")?;
    let group = format!("-{}", child.id());
    let (ended, end) = channel::<()>();
    let watch = thread::spawn(move || {
        let late = end.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout);
        late && Command::new("kill").args(["-KILL", "--", &group]).status().is_ok()
    });
    let output = child.wait_with_output()?;
    drop(ended);
    ensure!(!watch.join().unwrap_or(true), "a test did not end in {LONGEST:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let aside = String::from_utf8_lossy(&output.stderr);
    let results = said.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let outcomes = results.map(|(test, result)| {
        let failures = said.lines().filter_map(|line| serde_json::from_str::<Failure>(line).ok());
        let failure = failures.into_iter().find(|failure| failure.requirement == test);
        Outcome {
            test: test.to_owned(),
            passed: result != "FAILED",
            left_out: aside.contains(&format!("LEFT OUT: {test}: ")),
            failure: failure.unwrap_or_else(|| Failure {
                message: captured(&said, test),
                ..Failure::default()
            }),
        }
    });
    Ok(outcomes.collect())
}

/// What a failed test printed.
fn captured(output: &str, test: &str) -> String {
    let start = format!("---- {test} stdout ----\n");
    let message = output.split_once(&start).map_or("", |(_, rest)| rest);
    let ends = [message.find("\n---- "), message.find("\nfailures:")];
    message[..ends.into_iter().flatten().min().unwrap_or(message.len())].trim().to_owned()
}
