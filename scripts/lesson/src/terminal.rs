//! What the commands share of the reader's terminal.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use console::{Term, measure_text_width};
use course::Words;

use crate::words::Language;

/// Above the options that a reader does not need.
pub(crate) const MAINTAIN: &str = "For those who maintain the project";

/// The columns to fill: those of `COLUMNS`, or the terminal's, or 100 for a pipe.
pub(crate) fn width() -> usize {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let said = said.filter(|&columns: &usize| columns > 0);
    said.unwrap_or_else(|| Term::stdout().size_checked().map_or(100, |(_, columns)| columns.into()))
}

/// Prints lines; `println!` would panic if stdout were closed or full. A reader that has seen enough
/// (`| head`) ends the program in silence.
pub(crate) fn print(lines: &str) -> Result<()> {
    match writeln!(io::stdout(), "{lines}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(1),
        written => written.context("cannot write to standard output"),
    }
}

/// Prints sentences, cut to the terminal's width. Indented lines are commands, and stay whole.
pub(crate) fn say(lines: &str) -> Result<()> {
    let cut = |line| if str::starts_with(line, "    ") { vec![line] } else { wrap(line, width()) };
    print(&lines.lines().flat_map(cut).collect::<Vec<_>>().join("\n"))
}

/// Prints problems, if there are any, and ends with an error then.
pub(crate) fn none(problems: &[String]) -> Result<()> {
    problems.iter().try_for_each(|problem| print(problem.trim_end()))?;
    ensure!(problems.is_empty(), "{} problems", problems.len());
    Ok(())
}

/// The words in the reader's language.
pub(crate) fn words(words: &Words) -> &str {
    Language::of_locale().of(words)
}

/// Prints lines to a terminal through the pager, as git does.
pub(crate) fn page(lines: &str) -> Result<()> {
    let pager = env::var("PAGER").unwrap_or_else(|_| "less".into());
    let mut words = pager.split_whitespace();
    let (true, Some(program)) = (io::stdout().is_terminal(), words.next()) else {
        return print(lines);
    };
    let mut pager = Command::new(program);
    // It ends at once if all fits on the screen, shows colours, and leaves the screen as it is.
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if env::var_os(name).is_none() {
            pager.env(name, value);
        }
    }
    let Ok(mut pager) = pager.args(words).stdin(Stdio::piped()).spawn() else {
        return print(lines);
    };
    if let Some(mut stdin) = pager.stdin.take() {
        let _ = writeln!(stdin, "{lines}"); // the reader may close it early
    }
    pager.wait().context("the pager did not end")?;
    Ok(())
}

/// Runs `cargo build`, and shows what is compiled as it goes; says nothing if all is built already.
pub(crate) fn build(cargo: &mut Command) -> Result<()> {
    if io::stderr().is_terminal() && console::colors_enabled_stderr() {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = cargo.stderr(Stdio::piped()).spawn().context("cannot run cargo")?;
    for line in child.stderr.take().into_iter().flat_map(|said| BufReader::new(said).split(b'\n')) {
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        if !console::strip_ansi_codes(&text).trim_start().starts_with("Finished ") {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
    ensure!(child.wait()?.success(), "it does not compile");
    Ok(())
}

/// Cuts a line into pieces of at most `columns`, at blanks where there are some; a Chinese character
/// takes two columns.
pub(crate) fn wrap(mut line: &str, columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while measure_text_width(line) > columns {
        let ends = line.char_indices().map(|(at, c)| at + c.len_utf8());
        let end = ends.take_while(|&end| measure_text_width(&line[..end]) <= columns).last();
        let first = line.chars().next().map_or(0, char::len_utf8);
        let mut end = end.unwrap_or(first); // one that is too wide stands alone
        // In Chinese, no line begins with one of these.
        while end > first && line[end..].starts_with(['，', '。', '；', '：', '、', '）']) {
            end = line[..end].char_indices().last().map_or(first, |(at, _)| at);
        }
        let indent = line.len() - line.trim_start().len();
        // Between Chinese characters a line may end; elsewhere at a blank, also one just behind it.
        let chinese = |c| c >= '\u{2e80}';
        let anywhere = line[..end].ends_with(chinese) || line[end..].starts_with(chinese);
        let blanks = line.match_indices(' ').map(|(at, _)| at).take_while(|&at| at <= end);
        let blank = blanks.last().filter(|&blank| blank > indent && !anywhere);
        let (piece, rest) = line.split_at(blank.unwrap_or(end));
        pieces.push(piece);
        line = if blank.is_some() { rest.trim_start() } else { rest };
    }
    if !line.is_empty() || pieces.is_empty() {
        pieces.push(line);
    }
    pieces
}

/// Cells beside each other, each as wide as is said: the rows that they take. A cell that is too
/// narrow for its text goes on in the next row.
pub(crate) fn rows(cells: &[(&str, usize)]) -> Vec<Vec<String>> {
    let cut: Vec<_> = cells.iter().map(|(text, width)| (wrap(text, *width), *width)).collect();
    let height = cut.iter().map(|(pieces, _)| pieces.len()).max().unwrap_or(0);
    let pad = |text: &str, width| {
        console::pad_str(text, width, console::Alignment::Left, None).into_owned()
    };
    let row = |row: usize| {
        let piece = |pieces: &Vec<&str>| pieces.get(row).copied().unwrap_or_default().to_owned();
        cut.iter().map(|(pieces, width)| pad(&piece(pieces), *width)).collect()
    };
    (0..height).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn a_line_is_cut_at_blanks_and_nothing_is_wider_than_asked() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 6), ["one", "two", "three"]);
        assert_eq!(wrap("    indented line", 12), ["    indented", "line"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("监听端口", 5), ["监听", "端口"]);
        assert_eq!(wrap("监听", 1), ["监", "听"]);
        assert_eq!(wrap("监听，连接", 4), ["监", "听，", "连接"]);
        assert_eq!(wrap("", 1), [""]);
    }
}
