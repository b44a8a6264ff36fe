//! Reading from a peer that may be slow, silent or endless.

use std::fmt;
use std::io::{self, ErrorKind, Read};

/// Reads `stream` to its end, as the tutorials' `recv` loop does: up to the moment when the peer
/// closes its side (`read` returns 0, RFC 9293 §3.6). At most `limit` bytes are taken.
///
/// # Errors
///
/// [`ReadError::TooLong`] when the peer sends more than `limit` bytes: a cut text is never passed
/// off as the whole one. [`ReadError::Io`] when a read fails or, on a socket with a read timeout,
/// takes too long.
pub fn read_until_close(mut stream: impl Read, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    stream
        .by_ref()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::Io(plain_timeout(error)))?;
    if bytes.len() > limit {
        return Err(ReadError::TooLong { limit });
    }
    Ok(bytes)
}

/// Makes one blocking socket call, and makes its outcome the same on every system.
///
/// A call that a signal interrupted (`EINTR`) is made again: on Linux that befalls every socket
/// with a timeout when its program is stopped with Ctrl-Z and continued (signal(7)). A timeout,
/// which Unix reports as [`ErrorKind::WouldBlock`] (`EAGAIN`, socket(7)), is
/// [`ErrorKind::TimedOut`], as it is on Windows.
///
/// # Errors
///
/// Those of `call`.
pub fn blocking<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map_err(plain_timeout),
        }
    }
}

fn plain_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "timed out")
        }
        _ => error,
    }
}

/// Why [`read_until_close`] has no bytes to give.
#[derive(Debug)]
pub enum ReadError {
    /// The peer sent more than `limit` bytes.
    TooLong {
        /// The most that was allowed, in bytes.
        limit: usize,
    },
    /// A read failed.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "the peer sent more than {limit} bytes"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}
