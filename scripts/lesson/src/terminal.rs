//! What the commands share of the reader's terminal.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use console::{Term, measure_text_width};
use course::Words;

/// The columns to fill: the terminal's, or 100 for a pipe.
pub(crate) fn width() -> u16 {
    Term::stdout().size_checked().map_or(100, |(_, columns)| columns)
}

/// Prints lines; `println!` would panic if stdout were closed or full. A reader that has seen enough
/// (`| head`) ends the program in silence.
pub(crate) fn print(lines: &str) -> Result<()> {
    match writeln!(io::stdout(), "{lines}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(1),
        written => written.context("cannot write to standard output"),
    }
}

/// Prints problems, if there are any, and ends with an error then.
pub(crate) fn none(problems: &[String]) -> Result<()> {
    problems.iter().try_for_each(|problem| print(problem.trim_end()))?;
    ensure!(problems.is_empty(), "{} problems", problems.len());
    Ok(())
}

/// The words in the reader's language, by the variables that say it (locale(7)).
pub(crate) fn words(words: &Words) -> &str {
    let said =
        ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    let chinese =
        said.iter().find(|said| !said.is_empty()).is_some_and(|said| said.starts_with("zh"));
    if chinese && !words.zh.is_empty() { &words.zh } else { &words.en }
}

/// Prints lines, through the pager if they are more than the terminal has.
pub(crate) fn page(lines: &str) -> Result<()> {
    let rows = Term::stdout().size_checked().map_or(usize::MAX, |(rows, _)| rows.into());
    if !io::stdout().is_terminal() || lines.lines().count() < rows {
        return print(lines);
    }
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less -R".into());
    let mut words = pager.split_whitespace();
    let pager =
        Command::new(words.next().unwrap_or("less")).args(words).stdin(Stdio::piped()).spawn();
    let Ok(mut pager) = pager else { return print(lines) };
    if let Some(mut stdin) = pager.stdin.take() {
        let _ = stdin.write_all(lines.as_bytes()); // the reader may close it early
    }
    pager.wait().context("the pager did not end")?;
    Ok(())
}

/// Cuts a line into pieces of at most `columns`; a Chinese character takes two.
pub(crate) fn wrap(mut line: &str, columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while measure_text_width(line) > columns {
        let ends = line.char_indices().map(|(at, c)| at + c.len_utf8());
        let end = ends.take_while(|&end| measure_text_width(&line[..end]) <= columns).last();
        let (piece, rest) = line.split_at(end.unwrap_or(line.len()));
        pieces.push(piece);
        line = rest;
    }
    pieces.push(line);
    pieces
}
