//! What the builder writes of code: a block, the line above it, and what HTML wants.

use std::fmt::Write as _;

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
