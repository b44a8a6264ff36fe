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
        let mut headers = vec![EMPTY_HEADER; MAX_FIELDS];
        let response = parse(&bytes, &mut headers).context("its header is malformed")?;
        let status = response.code.unwrap_or_default();
        ensure!(status >= 100, "its status {status:03} is none"); // RFC 9110 §15
        let framing = Framing::of(status, response.version, response.headers)?;
        let field = |header: &Header<'_>| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned())
        };
        let fields = response.headers.iter().map(field).collect();
        bytes.truncate(bytes.trim_ascii_end().len());
        Ok(Self { bytes, status, fields, framing })
    }

    /// The first value of the field `name`, which is in lower case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the header asks of a client that this one leaves to the reader.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let Self { status, .. } = self;
        match (self.field("location"), self.field("content-encoding")) {
            (Some(there), _) if (300..400).contains(status) => Some(format!(
                "Status {status}: the page is now at {there}, and is not followed there"
            )),
            (_, Some(coding)) => {
                Some(format!("The body is saved as it came, encoded with {coding}"))
            }
            _ => None,
        }
    }

    /// The body's length in bytes, if the head tells it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        if let Framing::Length(length) = self.framing { Some(length) } else { None }
    }
}

impl Framing {
    /// Decides by the rules of RFC 9112 §6.3, in their order.
    fn of(status: u16, version: Option<u8>, headers: &[Header<'_>]) -> Result<Self> {
        // RFC 9110 §5.3: several fields of a name are one list. A folded line is trimmed here too.
        let list = |name: &str| -> Vec<String> {
            let fields = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            let items = fields.flat_map(|field| field.value.split(|&byte| byte == b','));
            items.map(|item| item.trim_ascii().escape_ascii().to_string()).collect()
        };
        let mut codings = list("transfer-encoding");
        let coded = !codings.is_empty();
        codings.retain(|coding| !coding.is_empty()); // RFC 9110 §5.6.1.2
        let lengths = list("content-length");
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
