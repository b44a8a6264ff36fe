//! Reading from a peer that may be slow, silent or endless.

use std::io::{self, ErrorKind, Read};

/// Reads `stream` to its end, as the tutorials' `recv` loop does: until the peer closes its side
/// and `read` returns 0 (RFC 9293 §3.6). Takes at most `limit` bytes.
///
/// # Errors
///
/// [`ErrorKind::InvalidData`] if the peer sends more than `limit` bytes: you never get a part of a
/// text as if it were the whole. [`ErrorKind::TimedOut`] if the socket has a read timeout and one
/// read takes longer.
pub fn read_until_close(stream: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    stream.take(most).read_to_end(&mut bytes).map_err(plain_timeout)?;
    if bytes.len() > limit {
        let too_long = format!("the peer sent more than {limit} bytes");
        return Err(io::Error::new(ErrorKind::InvalidData, too_long));
    }
    Ok(bytes)
}

/// Makes a system call that waits, such as a `read`, and makes it again each time a signal
/// interrupts it (`EINTR`).
///
/// On Linux this happens to every socket that has a timeout when its program is stopped with Ctrl-Z
/// and continued (signal(7)). A timeout is always [`ErrorKind::TimedOut`] and says "timed out":
/// Unix calls it [`ErrorKind::WouldBlock`] (`EAGAIN`, socket(7)), Windows `TimedOut`.
///
/// `write_all` and `read_to_end` of the standard library repeat interrupted calls themselves.
///
/// # Errors
///
/// Those of `call`.
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map_err(plain_timeout),
        }
    }
}

/// Gives a timeout the same kind and words on every system.
fn plain_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "timed out")
        }
        _ => error,
    }
}
