//! Text made safe to print.

use std::borrow::Cow;
use std::fmt::{self, Debug, Display};

/// Makes text from a peer safe to print on one line of a terminal or a log: what could move the
/// cursor, change a colour, forge a line or turn text around is written as an escape, such as
/// `\n` or `\u{1b}`. Clean text is not copied. A backslash is text like any other.
///
/// Escaped are the control characters (C0, DEL, C1: Unicode's `Cc`), the line and paragraph
/// separators U+2028 and U+2029, and the twelve bidirectional controls (Unicode's `Bidi_Control`,
/// UAX #9), which can show text in another order than it has.
///
/// ```
/// assert_eq!(netcommon::safe("你好"), "你好");
/// assert_eq!(netcommon::safe("a\r\nb \u{1b}[2J"), r"a\r\nb \u{1b}[2J");
/// ```
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    // Most text has none of the bytes that an unsafe character begins with. A fold does not stop
    // early, so the compiler can look at many bytes at once.
    let suspicious = text.bytes().fold(false, |any, byte| any | may_begin_unsafe(byte));
    if !suspicious || !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' // marks: ALM, LRM, RLM
            | '\u{2028}' | '\u{2029}' // line and paragraph separator
            | '\u{202a}'..='\u{202e}' // embeddings and overrides
            | '\u{2066}'..='\u{2069}') // isolates
}

/// Whether the UTF-8 of an unsafe character may begin with this byte.
fn may_begin_unsafe(byte: u8) -> bool {
    matches!(byte, ..0x20 | 0x7f | 0xc2 | 0xd8 | 0xe2)
}

/// Any error on its way out of `main`, where the standard library prints it as `Error: …` and
/// makes the exit status 1.
///
/// An error that `main` returns is printed in its `Debug` form. For most types that is a dump for
/// programmers, for `anyhow::Error` several lines and a backtrace. A `Report` is one [`safe`] line
/// with the whole chain of causes.
pub struct Report(String);

impl<E: Display> From<E> for Report {
    fn from(error: E) -> Self {
        Self(safe(&format!("{error:#}")).into_owned())
    }
}

impl Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
