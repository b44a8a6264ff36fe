//! A response's head: its status and fields (RFC 9112 §4–5), and what they say of the body's end
//! (§6.3).

use anyhow::{Context, Result, ensure};
use httparse::{EMPTY_HEADER, Header, ParserConfig, Response};

/// The most fields in a head.
pub const MAX_FIELDS: usize = 1024;
/// The longest body, in bytes.
pub const MAX_BODY: u64 = 2 * 1024 * 1024 * 1024;

/// The head of a final response.
pub struct Head {
    /// The bytes as they came, up to the first blank line and without it.
    pub bytes: Vec<u8>,
    /// The status code, such as 200.
    pub status: u16,
    fields: Vec<(String, String)>,
    pub(crate) framing: Framing,
}

/// What says where the body ends (RFC 9112 §6.3).
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    /// `Content-Length`, or 0 where there is no body.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Neither: the peer's close.
    Close,
}

impl Head {
    pub(crate) fn parse(mut bytes: Vec<u8>) -> Result<Self> {
        let mut known = bytes.clone();
        // A later version 1.x is read as 1.1 (RFC 9110 §6.2); httparse knows none.
        if let Some(minor) = known.get_mut(7).filter(|minor| minor.is_ascii_digit()) {
            *minor = b'1'.min(*minor);
        }
        let mut headers = vec![EMPTY_HEADER; MAX_FIELDS];
        let response = parse(&known, &mut headers).context("its header is malformed")?;
        let status = response.code.unwrap_or_default();
        let field = |header: &Header<'_>| (header.name.to_ascii_lowercase(), value(header.value));
        let fields: Vec<_> = response.headers.iter().map(field).collect();
        let framing = Framing::of(status, response.version, &fields)?;
        bytes.truncate(bytes.trim_ascii_end().len());
        Ok(Self { bytes, status, fields, framing })
    }

    /// The first value of the field `name`, which is in lower case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the head says that the reader should know about a body of `received` bytes.
    #[must_use]
    pub fn remarks(&self, received: u64) -> Vec<String> {
        let Self { status, fields, .. } = self;
        let mut remarks = Vec::new();
        match (status, self.field("location").unwrap_or_default()) {
            (300..=303 | 307 | 308, there) if !there.is_empty() => remarks.push(format!(
                "Status {status}: the page is now at {there}; this program does not go there"
            )),
            (100..400, _) => {}
            // Also a number that is no status (RFC 9110 §15).
            _ => remarks.push(format!("Status {status:03}: an error, not the page you asked for")),
        }
        let mut codings = list(fields, "content-encoding");
        codings.retain(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
        if received > 0 && !codings.is_empty() {
            let codings = codings.join(", ");
            remarks.push(format!("The body is saved as it came, encoded with {codings}"));
        }
        remarks
    }

    /// The body's length in bytes, if the head tells it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        if let Framing::Length(length) = self.framing { Some(length) } else { None }
    }
}

impl Framing {
    /// Decides by the rules of RFC 9112 §6.3, in their order.
    fn of(status: u16, version: Option<u8>, fields: &[(String, String)]) -> Result<Self> {
        let mut codings = list(fields, "transfer-encoding");
        let coded = !codings.is_empty();
        codings.retain(|coding| !coding.is_empty()); // RFC 9110 §5.6.1.2
        let lengths = list(fields, "content-length");
        if matches!(status, 100..=199 | 204 | 304) {
            return Ok(Self::Length(0));
        }
        if coded {
            ensure!(lengths.is_empty(), "it sent both a Transfer-Encoding and a Content-Length");
            ensure!(version == Some(1), "it sent a Transfer-Encoding in HTTP/1.0");
            let chunked = codings.len() == 1 && codings[0].eq_ignore_ascii_case("chunked");
            ensure!(
                chunked,
                "it sent the Transfer-Encoding \"{}\", not chunked",
                codings.join(", ")
            );
            return Ok(Self::Chunked);
        }
        let Some(length) = lengths.first() else { return Ok(Self::Close) };
        let same = lengths.iter().all(|other| other == length);
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(same && digits, "it sent the Content-Length \"{}\"", lengths.join(", "));
        let length = length.parse().unwrap_or(u64::MAX); // of digits alone: too large to count
        ensure!(length <= MAX_BODY, "its body is longer than {MAX_BODY} bytes, the limit here");
        Ok(Self::Length(length))
    }
}

/// A field's value; one blank stands where it was folded (RFC 9112 §5.2).
fn value(bytes: &[u8]) -> String {
    let lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    String::from_utf8_lossy(&lines.join(&b' ')).into_owned()
}

/// The items of a field; several fields of one name are one list (RFC 9110 §5.3).
fn list<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let fields = fields.iter().filter(|(known, _)| known == name);
    fields.flat_map(|(_, value)| value.split(',')).map(str::trim_ascii).collect()
}

/// Parses a head; a line that begins with a space continues the field before it (RFC 9112 §5.2).
pub(crate) fn parse<'h, 'b>(
    bytes: &'b [u8],
    headers: &'h mut [Header<'b>],
) -> Result<Response<'h, 'b>> {
    let mut response = Response::new(headers);
    let mut parser = ParserConfig::default();
    parser.allow_obsolete_multiline_headers_in_responses(true);
    ensure!(parser.parse_response(&mut response, bytes)?.is_complete(), "it is not complete");
    Ok(response)
}
