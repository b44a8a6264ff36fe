//! `cargo lesson grade`: the lesson's own tests, run against the reader's program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use console::Style;
use serde_json::Value;

use crate::lessons::{Course, Lesson};
use crate::terminal;

/// How long a requirement waits for what must come, in seconds, unless `LESSON_PATIENCE` says.
const PATIENCE: &str = "10";

/// How many lines of a test are shown, up to the one that failed.
const SHOWN: usize = 4;

/// Runs a lesson's tests against your own program, in any language
#[derive(clap::Args)]
pub(crate) struct Grade {
    /// The lesson: its name or number
    lesson: String,
    /// Your program: `-- python3 my_server.py`; the arguments of a test come behind it, or its
    /// address in place of {address}
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

impl Grade {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lesson = course.find(&self.lesson)?;
        // The tests run elsewhere: a file that is named from here is named from the root.
        let words = self.command.iter().map(|word| match Path::new(word).canonicalize() {
            Ok(path) if path.is_file() => path.display().to_string(),
            _ => word.clone(),
        });
        let output = Command::new(test_program(course, lesson)?)
            .args(["--test-threads", "8"])
            .env("LESSON_COMMAND", words.map(|word| word + "\n").collect::<String>())
            .env("LESSON_PATIENCE", std::env::var("LESSON_PATIENCE").unwrap_or(PATIENCE.into()))
            .env_remove("RUST_BACKTRACE")
            .env_remove("PYTHONUNBUFFERED") // it would hide a missing flush
            .current_dir(&lesson.folder)
            .output()
            .context("cannot run the tests")?;
        let output = String::from_utf8_lossy(&output.stdout);
        let tests = fs::read_to_string(course.root.join(format!("tests/{}.rs", lesson.name)))?;
        let (mut ticks, mut all) = (0, 0);
        for (test, result) in results(&output) {
            all += 1;
            if result == "ok" {
                ticks += 1;
                terminal::print(&format!(
                    "{} {}",
                    Style::new().green().apply_to("✓"),
                    sentence(test)
                ))?;
            } else {
                terminal::print(&format!(
                    "{} {}",
                    Style::new().red().apply_to("✗"),
                    sentence(test)
                ))?;
                explain(&message(&output, test), &tests, &hint(&tests, test))?;
            }
        }
        ensure!(all > 0, "{} has no tests to run", lesson.name);
        terminal::print(&format!("{ticks} of {all} requirements of {}", lesson.name))?;
        ensure!(ticks == all, "{} are not met", all - ticks);
        Ok(())
    }
}

/// Builds the lesson's tests, and says where they are.
fn test_program(course: &Course, lesson: &Lesson) -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["test", "--quiet", "--no-run", "--message-format", "json"])
        .args(["--package", &lesson.name, "--test", &lesson.name])
        .current_dir(&course.root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_test = message["target"]["kind"][0] == "test";
        is_test.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.with_context(|| format!("the tests of {} do not compile", lesson.name))
}

/// The names of the tests, and how each ended.
fn results(output: &str) -> impl Iterator<Item = (&str, &str)> {
    output.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "))
}

/// `sends_the_names` as a sentence.
fn sentence(test: &str) -> String {
    test.replace("::", ": ").replace('_', " ")
}

/// What a failed test printed.
fn message(output: &str, test: &str) -> String {
    let start = format!("---- {test} stdout ----\n");
    let message = output.split_once(&start).map_or("", |(_, rest)| rest);
    let end =
        message.find("\n---- ").or_else(|| message.find("\nfailures:")).unwrap_or(message.len());
    message[..end].trim().to_owned()
}

/// The comment on a test.
fn hint(tests: &str, test: &str) -> String {
    // A test in a module is called `module::test`, and is indented.
    let name = test.rsplit("::").next().unwrap_or(test);
    let before = tests.split_once(&format!("fn {name}(")).map_or("", |(before, _)| before);
    let lines = before.trim_end().lines().rev().map(str::trim).take_while(|line| !line.is_empty());
    let mut comment: Vec<_> = lines.filter_map(|line| line.strip_prefix("/// ")).collect();
    comment.reverse();
    comment.join(" ")
}

/// Prints why a requirement is not met: what was sent, what came back, and where it went wrong.
fn explain(message: &str, tests: &str, hint: &str) -> Result<()> {
    let mut left = String::new();
    for line in message.lines() {
        if line.is_empty() || line.starts_with("note: ") {
            continue;
        }
        if line.starts_with("thread '") && line.replace('\\', "/").contains("/support/") {
            continue; // the helper that failed says enough
        }
        if let Some((_, place)) = line.split_once(".rs:").filter(|_| line.starts_with("thread '")) {
            // What was sent, and what was then expected: the lines of the test up to the one that failed.
            let number =
                place.split(':').next().and_then(|number| number.parse().ok()).unwrap_or(1);
            for line in tests.lines().take(number).skip(number.saturating_sub(SHOWN)) {
                terminal::print(&format!("    {} {line}", Style::new().dim().apply_to("|")))?;
            }
        } else if let Some(got) = line.strip_prefix("  left: ") {
            got.clone_into(&mut left);
            terminal::print(&format!("    came:     {got}"))?;
        } else if let Some(expected) = line.strip_prefix(" right: ") {
            let wrong = left.chars().zip(expected.chars()).take_while(|(a, b)| a == b);
            let same = console::measure_text_width(&wrong.map(|(a, _)| a).collect::<String>());
            terminal::print(&format!("    expected: {expected}"))?;
            terminal::print(&format!(
                "              {}{}",
                " ".repeat(same),
                Style::new().red().apply_to("^")
            ))?;
        } else {
            terminal::print(&format!("    {line}"))?;
        }
    }
    if !hint.is_empty() {
        terminal::print(&format!("    hint: {hint}"))?;
    }
    Ok(())
}
