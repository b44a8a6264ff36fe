//! What a line of code is, and how many a file may have.

use crate::{Course, File, text};
use anyhow::Result;

/// The lines of code and their numbers, from 1: those that are neither blank nor only a comment.
/// In Python, what a docstring has is a comment.
pub fn lines<'a>(language: &str, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let python = language == "python";
    let mut in_docstring = false;
    let is_code = move |line: &str| {
        let line = line.trim();
        let quotes = line.matches("\"\"\"").count();
        if python && (in_docstring || line.starts_with("\"\"\"")) {
            in_docstring ^= quotes % 2 == 1;
            return false;
        }
        !line.is_empty() && !line.starts_with(if python { "#" } else { "//" })
    };
    let mut is_code = is_code;
    (1..).zip(text.lines()).filter(move |(_, line)| is_code(line))
}

/// How many columns a line takes; a Chinese character takes two.
#[must_use]
pub fn columns(line: &str) -> usize {
    line.chars().map(|c| if c < '\u{2e80}' { 1 } else { 2 }).sum()
}

/// What a file may have.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Lines of code.
    pub lines: usize,
    /// Columns of any line.
    pub columns: usize,
}

/// The tutorial's version in Rust.
pub const TUTORIAL: Limit = Limit { lines: 30, columns: 80 };
/// The tutorial's version in Python.
pub const PYTHON: Limit = Limit { lines: 25, columns: 80 };
/// `main.rs` of a lesson with two versions.
pub const MAIN: Limit = Limit { lines: 70, columns: 100 };
/// Another file of a lesson with two versions.
pub const OTHER: Limit = Limit { lines: 150, columns: 100 };
/// A file of a lesson with one version.
pub const ONE_VERSION: Limit = Limit { lines: usize::MAX, columns: 100 };
/// All files of `netcommon` together.
pub const NETCOMMON: Limit = Limit { lines: 260, columns: 100 };

impl Limit {
    /// What a file has too much of.
    pub fn check(self, file: &File) -> impl Iterator<Item = String> {
        let lines = file.lines_of_code();
        let long = (lines > self.lines)
            .then(|| format!("{}: {lines} lines of code, not {}", file.path, self.lines));
        let wide =
            (1..).zip(file.text.lines()).filter(move |(_, line)| columns(line) > self.columns);
        let wide = wide.map(move |(number, line)| {
            format!("{}:{number}: {} columns, not {}", file.path, columns(line), self.columns)
        });
        long.into_iter().chain(wide)
    }
}

/// What stands against the limits, in all files of the lessons and in `netcommon`.
///
/// # Errors
/// If a file cannot be read.
pub fn check(course: &Course) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for lesson in &course.lessons {
        let two = !lesson.tutorial().is_empty();
        for file in lesson.tutorial() {
            problems.extend(TUTORIAL.check(file));
        }
        for file in lesson.python().iter().filter(|_| two) {
            problems.extend(PYTHON.check(file));
        }
        for (number, file) in lesson.to_trust().iter().enumerate() {
            let limit = [OTHER, MAIN][usize::from(number == 0)];
            problems.extend(if two { limit } else { ONE_VERSION }.check(file));
        }
    }
    let mut together = 0;
    for entry in std::fs::read_dir(course.root.join("crates/netcommon/src"))? {
        let name = format!("src/{}", entry?.file_name().to_string_lossy());
        let path = format!("crates/netcommon/{name}");
        let mut text = text(&course.root, &path)?;
        let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        text.truncate(tests);
        let file = File { name, path, text };
        if file.stem() != "tests" {
            together += file.lines_of_code();
            problems.extend(Limit { lines: usize::MAX, ..NETCOMMON }.check(&file));
        }
    }
    if together > NETCOMMON.lines {
        problems.push(format!("netcommon: {together} lines of code, not {}", NETCOMMON.lines));
    }
    Ok(problems)
}
