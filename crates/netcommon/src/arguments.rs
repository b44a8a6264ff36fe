//! Values of a command line: each function is a `value_parser` for clap.

use std::time::Duration;

use encoding_rs::{Encoding, GBK, UTF_8};

/// A number of seconds, 0 or more: `1`, `0.5`.
///
/// # Errors
///
/// What was expected, if `text` is something else, or more than a [`Duration`] holds.
pub fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().map(Duration::try_from_secs_f64);
    seconds.ok().and_then(Result::ok).ok_or("expected seconds from 0 to 1.8e19, such as 0.5")
}

/// A number of seconds, more than 0: a socket takes no timeout of 0.
///
/// # Errors
///
/// What was expected, if `text` is something else, or more than a [`Duration`] holds.
pub fn timeout(text: &str) -> Result<Duration, &'static str> {
    match seconds(text)? {
        Duration::ZERO => Err("expected more than 0 seconds, such as 0.5"),
        timeout => Ok(timeout),
    }
}

/// `gbk` or `utf-8`.
///
/// # Errors
///
/// What was expected, if `name` is something else.
pub fn encoding(name: &str) -> Result<&'static Encoding, &'static str> {
    match name {
        "gbk" => Ok(GBK),
        "utf-8" => Ok(UTF_8),
        _ => Err("expected gbk or utf-8"),
    }
}
