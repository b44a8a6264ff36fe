//! A folder over HTTP, to this machine only.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// As much of a request as is read.
const LIMIT: u64 = 16 * 1024;

/// A listener on loopback; port 0 is any free one.
///
/// # Errors
/// If the port is taken.
pub fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; choose another port"))
}

/// Serves a folder until the program ends, a thread for each connection.
pub fn serve(listener: &TcpListener, folder: &Path) {
    for stream in listener.incoming() {
        let folder = folder.to_owned();
        match stream {
            Ok(stream) => drop(thread::spawn(move || answer(&stream, &folder))),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// One request, one answer, and the end of the connection.
fn answer(mut stream: &TcpStream, folder: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(io::Read::take(stream, LIMIT)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // The header is read to its end: closing with bytes unread would be a reset.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.strip_prefix("GET ").unwrap_or_default();
    let path = path.split([' ', '?', '#']).next().unwrap_or_default();
    let file = inside(folder, path)
        .map(|file| if path.ends_with('/') { file.join("index.html") } else { file });
    let (status, content) = match file.as_ref().and_then(|file| fs::read(file).ok()) {
        Some(content) => ("200 OK", content),
        None => ("404 Not Found", Vec::new()),
    };
    let (kind, length) = (kind(&file.unwrap_or_default()), content.len());
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )?;
    stream.write_all(&content)
}

/// The file for a path; none that is outside of the folder, nor one with an escaped name.
#[must_use]
pub fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path.strip_prefix('/')?);
    let plain = |part| matches!(part, Component::Normal(_));
    (path.components().all(plain) && !path.to_string_lossy().contains(['\\', '%', ':']))
        .then(|| folder.join(path))
}

/// A page says its own encoding.
fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|kind| kind.to_str()) {
        Some("html") => "text/html",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}
