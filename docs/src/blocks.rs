//! Markdown, cut where the builder adds or replaces something: at headings and blocks of code.

use std::fmt::Write as _;

use anyhow::{Result, bail};

pub(crate) enum Part {
    /// `##` is level 2.
    Heading { level: usize, text: String },
    /// A fenced block, and the comment above it: `terminal 1`, `diff`.
    Code { language: String, text: String, mark: Option<String> },
    /// Anything else, whole lines.
    Text(String),
}

/// The parts of a page. Comments and the HTML around a `diff` are left out.
pub(crate) fn parts(page: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut mark = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let mut code = String::new();
            loop {
                match lines.next() {
                    Some("```") => break,
                    Some(line) => code = code + line + "\n",
                    None => bail!("a block of code has no end"),
                }
            }
            flush(&mut text, &mut parts);
            let mark = mark.take();
            parts.push(Part::Code { language: language.to_owned(), text: code, mark });
        } else if let Some(comment) = line.strip_prefix("<!-- ") {
            mark = comment.strip_suffix(" -->").map(str::to_owned);
        } else if line.starts_with('#') {
            flush(&mut text, &mut parts);
            let level = line.chars().take_while(|&c| c == '#').count();
            parts.push(Part::Heading { level, text: line[level..].trim().to_owned() });
        } else if !line.starts_with("<details>") && !line.starts_with("</details>") {
            text = text + line + "\n";
        }
    }
    flush(&mut text, &mut parts);
    Ok(parts)
}

fn flush(text: &mut String, parts: &mut Vec<Part>) {
    let whole = std::mem::take(text);
    if !whole.trim().is_empty() {
        parts.push(Part::Text(whole.trim_matches('\n').to_owned() + "\n"));
    }
}

/// A fenced block; the fence is longer than any in the code.
pub(crate) fn fenced(page: &mut String, language: &str, code: &str) {
    let _ = write!(page, "``````{language}\n{}\n``````\n\n", code.trim_end());
}

/// The line above a block that says what it is.
pub(crate) fn caption(page: &mut String, html: &str) {
    let _ = write!(page, "<p class=\"file\">{html}</p>\n\n");
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The anchor that a code host, and mdBook, give a heading.
pub(crate) fn anchor(heading: &str) -> String {
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let letters =
        heading.to_lowercase().chars().filter(|&c| letter(c) || c == ' ').collect::<String>();
    letters.replace(' ', "-")
}
