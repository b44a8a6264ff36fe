//! Differences between two texts, by lines. Everything that shows one uses these functions, so that
//! the tool, the pages and the book agree.

use similar::Algorithm;
pub use similar::{ChangeTag, DiffOp, DiffTag, TextDiff};

/// The difference between two texts, by lines.
#[must_use]
pub fn of<'a>(old: &'a str, new: &'a str) -> TextDiff<'a, 'a, str> {
    // It keeps whole functions together where the shortest difference would mix two of them.
    TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(old, new)
}

/// As in a block of `diff`, with so many lines around each change; nothing if there is none.
#[must_use]
pub fn unified(old: &str, new: &str, around: usize) -> String {
    of(old, new).unified_diff().context_radius(around).to_string()
}

/// How much of two lines is the same, from 0 to 1.
#[must_use]
pub fn ratio(old: &str, new: &str) -> f32 {
    TextDiff::from_chars(old, new).ratio()
}

/// The program without the comment at its top, which is another one in every lesson: `//!` lines in
/// Rust, a docstring in Python.
#[must_use]
pub fn without_header(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix("\"\"\"") {
        return rest.split_once("\"\"\"").map_or(text, |(_, rest)| rest.trim_start());
    }
    let header = text.split_inclusive('\n').take_while(|line| line.starts_with("//!"));
    text[header.map(str::len).sum::<usize>()..].trim_start()
}
