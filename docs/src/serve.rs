//! `cargo book --serve`: the built book over HTTP, to this machine only.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// As much of a request as is read.
const LIMIT: u64 = 16 * 1024;

pub(crate) fn serve(folder: &Path, port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; choose another port"))?;
    println!("Serving on http://{}/ until Ctrl-C", listener.local_addr()?);
    for stream in listener.incoming() {
        let folder = folder.to_owned();
        match stream {
            Ok(stream) => drop(thread::spawn(move || answer(&stream, &folder))),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
    Ok(())
}

/// One request, one answer, and the end of the connection.
fn answer(stream: &TcpStream, folder: &Path) -> io::Result<()> {
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
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut stream = stream;
    if method != "GET" && method != "HEAD" {
        return head(stream, "405 Method Not Allowed", "text/plain", 0, "Allow: GET, HEAD\r\n");
    }
    let Some(mut file) = inside(folder, path) else {
        return head(stream, "404 Not Found", "text/plain", 0, "");
    };
    if file.is_dir() {
        if !path.ends_with('/') {
            return head(
                stream,
                "301 Moved Permanently",
                "text/plain",
                0,
                &format!("Location: {path}/\r\n"),
            );
        }
        file.push("index.html");
    }
    let Ok(mut content) = File::open(&file) else {
        return head(stream, "404 Not Found", "text/plain", 0, "");
    };
    head(stream, "200 OK", kind(&file), fs::metadata(&file)?.len(), "")?;
    if method == "GET" {
        io::copy(&mut content, &mut stream)?;
    }
    Ok(())
}

fn head(
    mut stream: &TcpStream,
    status: &str,
    kind: &str,
    length: u64,
    more: &str,
) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n{more}\r\n"
    )
}

/// The file for a path; none that is outside of the folder, nor one with an escaped name.
pub(crate) fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path.strip_prefix('/')?);
    let plain = |part| matches!(part, Component::Normal(_));
    (path.components().all(plain) && !path.to_string_lossy().contains(['\\', '%', ':']))
        .then(|| folder.join(path))
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|kind| kind.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}
