//! What a failing requirement says beside its panic: one line of JSON on stdout, for a grader.
//!
//! `{"requirement":"dialogue::greets","sent":"Tracy","came":"hi","expected":"Hello, Tracy!",
//! "message":"…","stderr":"…"}`. Bytes are escaped as `escape_ascii` does, but text stays readable; what is not
//! known is left out.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::thread;

use super::{Stream, Weak};

/// How much is told of a long message, in bytes.
const MOST: usize = 65_536;

#[derive(Default)]
struct Told {
    stderr: Weak,
    sent: Option<String>,
    came: Option<String>,
    expected: Option<String>,
}

thread_local! {
    /// What the running test has sent and received last, and what it waits for.
    static TOLD: RefCell<Told> = RefCell::default();
}

/// Remembers what a program says on stderr, that of the one that was started last.
pub fn runs(stderr: &Stream) {
    TOLD.with_borrow_mut(|told| told.stderr = std::sync::Arc::downgrade(&stderr.0));
}

/// Remembers what a test sent.
pub fn sent(bytes: &[u8]) {
    TOLD.with_borrow_mut(|told| told.sent = Some(readable(bytes)));
}

/// Remembers what came to a test.
pub fn came(bytes: &[u8]) {
    TOLD.with_borrow_mut(|told| told.came = Some(readable(bytes)));
}

/// Remembers what a test waits for, until it has come.
pub fn expects(bytes: Option<&[u8]>) {
    TOLD.with_borrow_mut(|told| {
        told.expected = bytes.map(readable);
        if bytes.is_some() {
            told.came = None; // that was before
        }
    });
}

/// Checks that what came is what was expected.
#[track_caller]
pub fn compare(got: &[u8], expected: &[u8]) {
    expects(Some(expected));
    came(got);
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
    expects(None);
}

/// From now on, a panic prints its line of JSON too.
pub fn explain() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            usual(panic);
            println!("{}", line(panic));
        }));
    });
}

fn line(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or(payload.downcast_ref::<&str>().copied()).unwrap_or_default();
    let Told { sent, mut came, mut expected, stderr } = TOLD.take();
    if expected.is_none() {
        // The two sides of an `assert_eq!` are what came and what was expected.
        let sides = message.strip_prefix("assertion `left == right` failed");
        let sides = sides.and_then(|sides| sides.split_once("\n  left: "));
        let sides = sides.and_then(|(_, sides)| sides.split_once("\n right: "));
        if let Some((left, right)) = sides {
            came = Some(left.trim_matches('"').to_owned());
            expected = Some(right.trim_matches('"').to_owned());
        }
    }
    let requirement = thread::current().name().map(str::to_owned);
    let fields = [
        ("requirement", requirement),
        ("sent", sent),
        ("came", came),
        ("expected", expected),
        ("message", Some(message.to_owned())),
        ("stderr", Some(Stream::said(&stderr)).filter(|said| !said.is_empty())),
    ];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let fields = fields.map(|(key, value)| format!("\"{key}\":{}", json(&value)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Bytes as text: ASCII as `escape_ascii` shows it, other UTF-8 as it is, the rest as `\xff`.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(MOST)].utf8_chunks() {
        for c in chunk.valid().chars() {
            match u8::try_from(c) {
                Ok(byte) if byte.is_ascii() => text.extend(byte.escape_ascii().map(char::from)),
                _ => text.push(c),
            }
        }
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    text
}

/// A JSON string (RFC 8259 §7).
fn json(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
