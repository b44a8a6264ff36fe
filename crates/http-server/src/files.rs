//! What a path stands for: a file of the folder, a list of its names, or nothing.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The most names that a list shows.
const MOST: usize = 10_000;

/// What is answered: the status, the head's fields and the body.
pub(crate) struct Response {
    pub(crate) status: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) length: u64,
    /// Further fields, each with its line break.
    pub(crate) extra: String,
    pub(crate) body: Box<dyn Read>,
}

impl Response {
    /// A response that says its status and nothing else.
    pub(crate) fn short(status: &'static str, extra: &str) -> Self {
        Self::text(status, "text/plain; charset=utf-8", extra, format!("{status}\n"))
    }

    fn text(status: &'static str, kind: &'static str, extra: &str, text: String) -> Self {
        let (length, extra) = (text.len() as u64, extra.to_owned());
        Self { status, kind, length, extra, body: Box::new(io::Cursor::new(text)) }
    }
}

/// The answer to a path. What is not there, may not be read or lies outside is not found: the
/// client learns nothing of it.
pub(crate) fn respond(root: &Path, path: &str) -> Response {
    let found = names(path).and_then(|names| find(root, path, &names));
    found.unwrap_or_else(|_| Response::short("404 Not Found", ""))
}

/// The names of a path, decoded once. None begins with a dot, so none is `..`; and none has in it
/// what some system takes for a separator, a drive or the end of a name.
fn names(path: &str) -> io::Result<Vec<String>> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // The form that a proxy gets: http://HOST/PATH (RFC 9112 §3.2.2).
    let path = match path.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => path,
    };
    let names = path.split('/').filter(|name| !name.is_empty()).map(|name| {
        let name = percent_decode_str(name).decode_utf8().map_err(io::Error::other)?;
        let bad = name.starts_with('.') || name.contains(['/', '\\', ':', '\0']);
        if bad { Err(io::ErrorKind::NotFound.into()) } else { Ok(name.into_owned()) }
    });
    names.collect()
}

fn find(root: &Path, path: &str, names: &[String]) -> io::Result<Response> {
    // Without links, so that one that leads out of the folder is seen.
    let file = names.iter().fold(root.to_owned(), |folder, name| folder.join(name));
    let mut file = file.canonicalize()?;
    if file.is_dir() {
        if !path.split('?').next().unwrap_or_default().ends_with('/') {
            // The links of a page are relative to its folder.
            let names = names.iter().map(|name| format!("/{}", encoded(name)));
            let place = format!("Location: {}/\r\n", names.collect::<String>());
            return Ok(Response::short("301 Moved Permanently", &place));
        }
        let Ok(index) = file.join("index.html").canonicalize() else { return list(root, &file) };
        file = index;
    }
    // A pipe or a device would be a file that never ends.
    if !file.starts_with(root) || !file.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let open = File::open(&file)?;
    let length = open.metadata()?.len();
    let body = Box::new(open.take(length)); // not more than was promised, if the file grows
    Ok(Response { status: "200 OK", kind: kind(&file), length, extra: String::new(), body })
}

/// A page with the names in a folder.
fn list(root: &Path, folder: &Path) -> io::Result<Response> {
    if !folder.starts_with(root) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST) {
        let entry = entry?;
        let end = if entry.path().is_dir() { "/" } else { "" };
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name + end);
        }
    }
    names.sort();
    let mut page = String::from("<!DOCTYPE html>\n<title>Files</title>\n<ul>\n");
    for name in names {
        let (link, end) = (name.trim_end_matches('/'), if name.ends_with('/') { "/" } else { "" });
        let _ = writeln!(page, "<li><a href=\"{}{end}\">{}</a>", encoded(link), escaped(&name));
    }
    page += "</ul>\n";
    Ok(Response::text("200 OK", "text/html; charset=utf-8", "", page))
}

/// A name for a link.
fn encoded(name: &str) -> impl std::fmt::Display {
    utf8_percent_encode(name, NON_ALPHANUMERIC)
}

/// A name for a page.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The type of a file by its name. A page says its encoding itself; of other text we say UTF-8.
fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" | "htm" => "text/html",
        "txt" | "md" | "rs" | "py" | "toml" | "sh" => "text/plain; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        _ => "application/octet-stream",
    }
}
