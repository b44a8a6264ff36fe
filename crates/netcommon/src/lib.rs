//! What the lessons share, and nothing of what they teach: the command line, the terminal, text in
//! GBK and UTF-8, text made safe to print, and reading a stream until its peer closes.
//!
//! Nothing here opens a socket.

mod address;
mod arguments;
mod read;
mod safe;
mod terminal;
mod text;

pub use encoding_rs::{Encoding, GBK, UTF_8};

pub use address::Address;
pub use arguments::{encoding, seconds, timeout};
pub use read::{read_until_close, uninterrupted};
pub use safe::{Report, safe};
pub use terminal::ask;
#[doc(hidden)]
pub use terminal::{print, warn};
pub use text::{StreamDecoder, decode, encode};
