//! What the lessons share, and nothing of what they teach: reading a stream until its peer closes,
//! text in GBK and UTF-8, and text made safe to print.
//!
//! Nothing here opens a socket or prints a line.

mod read;
mod safe;
mod text;

pub use encoding_rs::{Encoding, GBK, UTF_8};

pub use read::{ReadError, blocking, read_until_close};
pub use safe::{Report, safe};
pub use text::{EncodeError, StreamDecoder, decode, encode};
