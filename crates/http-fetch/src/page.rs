//! A page's title, decoded by the page's own charset (WHATWG HTML §13.2.3).

use std::str;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use netcommon::{Encoding, GBK, UTF_8, decode};

/// How much of a page is kept to look for its title, in bytes.
pub const START: usize = 64 * 1024;

/// The title of the HTML document that begins with `page`, on one line.
#[must_use]
pub fn title(page: &[u8], content_type: Option<&str>) -> Option<String> {
    if !content_type.is_none_or(|kind| kind.to_ascii_lowercase().contains("html")) {
        return None;
    }
    let text = decode(page, encoding(page, content_type));
    let mut tokens = tokens(text.as_bytes());
    let mut inside = Vec::new(); // pictures, formulas, templates: their titles are not the page's
    loop {
        match tokens.next()? {
            Token::StartTag(tag) => match tag.name.as_slice() {
                b"title" if inside.is_empty() => break,
                b"svg" | b"math" if !tag.self_closing => inside.push(tag.name),
                b"template" => inside.push(tag.name),
                _ => {}
            },
            Token::EndTag(tag) => {
                let start = inside.iter().rposition(|name| *name == tag.name);
                inside.truncate(start.unwrap_or(inside.len()));
            }
            _ => {}
        }
    }
    let mut title = Vec::new();
    for token in tokens {
        match token {
            Token::String(part) => title.extend_from_slice(&part),
            Token::Error(_) => {}
            _ => break,
        }
    }
    let title = String::from_utf8_lossy(&title);
    Some(title.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

/// The encoding of a page, from the first of these that names one: its byte order mark, the
/// header, a `<meta>` element; else UTF-8 where the page can be that, and GBK where it can't.
fn encoding(page: &[u8], content_type: Option<&str>) -> &'static Encoding {
    let mark = Encoding::for_bom(page).map(|(encoding, _)| encoding);
    let named = mark.or_else(|| content_type.and_then(charset)).or_else(|| meta(page));
    named.unwrap_or_else(|| match str::from_utf8(page) {
        Err(error) if error.error_len().is_some() => GBK,
        _ => UTF_8, // also when the last character is cut
    })
}

/// The charset of a `<meta>` element in the first 1,024 bytes. A label of UTF-16 means UTF-8: the
/// element could be read as ASCII, so the page is not UTF-16 (WHATWG HTML §13.2.3.2).
fn meta(page: &[u8]) -> Option<&'static Encoding> {
    let encoding = tokens(&page[..page.len().min(1024)]).find_map(|token| {
        let Token::StartTag(tag) = token else { return None };
        let value = |name: &[u8]| {
            tag.attributes
                .get(name)
                .map(|value| String::from_utf8_lossy(value).to_ascii_lowercase())
        };
        match value(b"charset") {
            _ if tag.name.as_slice() != b"meta" => None,
            Some(label) => Encoding::for_label(label.as_bytes()),
            None if value(b"http-equiv")? == "content-type" => charset(&value(b"content")?),
            None => None,
        }
    });
    encoding.map(Encoding::output_encoding)
}

/// The charset in `text/html; charset=gbk`.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let text = content_type.to_ascii_lowercase();
    let (_, value) = text.split_once("charset")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let label = match value.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next()?,
        None => value.split([';', ' ', '\t']).next()?,
    };
    Encoding::for_label(label.as_bytes())
}

fn tokens(html: &[u8]) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true); // what stands in <script> or <title> is no element
    Tokenizer::new_with_emitter(html, emitter).map(|Ok(token)| token)
}
