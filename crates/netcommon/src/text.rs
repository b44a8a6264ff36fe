//! Text in the encodings of the tutorials, by the rules of the WHATWG Encoding Standard.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use encoding_rs::{Decoder, Encoding};

/// Decodes the whole of `bytes`. Bytes that are not text in `encoding` become U+FFFD. A byte order
/// mark is text like any other and does not overrule `encoding`. Valid UTF-8 is not copied.
///
/// [`GBK`](crate::GBK) decodes all of gb18030, as the standard asks (§10.1.1): more than Python's
/// `gbk`, and 0x80 is the euro sign.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    encoding.decode_without_bom_handling(bytes).0
}

/// Decodes a text that arrives in pieces: a character that is split over several reads comes out
/// whole, with the piece that completes it.
///
/// ```
/// use netcommon::{StreamDecoder, UTF_8};
///
/// let mut decoder = StreamDecoder::new(UTF_8);
/// assert_eq!(decoder.decode(b"Hello, \xe5\xbc"), "Hello, ");
/// assert_eq!(decoder.decode(b"\xa0!"), "张!");
/// assert_eq!(decoder.finish(), "");
/// ```
pub struct StreamDecoder(Decoder);

impl StreamDecoder {
    /// A decoder at the start of a text, without anything held back.
    #[must_use]
    pub fn new(encoding: &'static Encoding) -> Self {
        Self(encoding.new_decoder_without_bom_handling())
    }

    /// The text of the next piece, which may be empty. The beginning of a character (three bytes at
    /// most) is held back until the rest comes.
    #[must_use]
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        self.step(bytes, false)
    }

    /// The end of the text: U+FFFD if the last character never became complete, else nothing.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.step(&[], true)
    }

    fn step(&mut self, bytes: &[u8], last: bool) -> String {
        // The worst case: decode_to_string stops, and loses nothing, at a full string.
        let most = self.0.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
        let mut text = String::with_capacity(most);
        let (_, _, _) = self.0.decode_to_string(bytes, &mut text, last);
        text
    }
}

/// Encodes `text`. UTF-8 is not copied.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when `encoding` has no bytes for a character, which the error names.
/// The standard's own answer, `&#…;` in its place (§4.1, for HTML forms), would be noise to a peer
/// that does not read HTML.
pub fn encode<'a>(text: &'a str, encoding: &'static Encoding) -> io::Result<Cow<'a, [u8]>> {
    let unmappable = |text: &str| encoding.encode(text).2;
    let (bytes, _, lossy) = encoding.encode(text);
    if !lossy {
        return Ok(bytes);
    }
    let lacking = text.chars().find(|c| unmappable(c.encode_utf8(&mut [0; 4])));
    let (name, c) = (encoding.name(), lacking.unwrap_or_default());
    let error = format!("{name} has no bytes for {c:?} (U+{:04X})", u32::from(c));
    Err(io::Error::new(ErrorKind::InvalidInput, error))
}
