//! What the commands share of the reader's terminal.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use console::{Term, measure_text_width};

/// The columns to fill: the terminal's, or 100 for a pipe.
pub(crate) fn width() -> u16 {
    Term::stdout().size_checked().map_or(100, |(_, columns)| columns)
}

/// Prints lines; `println!` would panic if stdout were closed or full.
pub(crate) fn print(lines: &str) -> Result<()> {
    writeln!(io::stdout(), "{lines}").context("cannot write to standard output")
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
