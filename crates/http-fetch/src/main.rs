//! Fetches a web page over a plain TCP socket, and saves its body in a file.
//!
//! Tutorial: articles 000 and 001, the first program: the page of www.sina.com.cn (www.baidu.com).
//!
//! New here: the life of a client socket: connect, send a request, receive until the peer closes.
//!
//! Unlike the Python: the end of the body is where HTTP says it is (`framing.rs`), so that a cut
//! page is an error, and chunks are put together. The body is streamed to the file and not held in
//! memory; the file appears when it is whole (`save.rs`). The title is decoded by the page's own
//! charset (`page.rs`).
//!
//! ```console
//! $ cargo run -p http-fetch -- http://127.0.0.1:8000/
//! HTTP/1.1 200 OK
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Report, UTF_8, blocking, decode, safe};
use progress::Progress;
use target::Target;

mod framing;
mod page;
mod progress;
mod save;
mod target;

/// How much is read at once, in bytes: the tutorial's `recv(1024)`, made large for speed.
const BUFFER: usize = 512 * 1024;

/// Lesson 1: fetches a web page over a plain TCP socket.
#[derive(Parser)]
#[command(after_help = "Without a network: python3 -m http.server 8000 --bind 127.0.0.1
In another terminal: cargo run -p http-fetch -- http://127.0.0.1:8000/")]
struct Args {
    /// The page
    #[arg(default_value = "http://www.sina.com.cn/")]
    url: Target,
    /// Where the body goes [default: by the host, sina.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Limit for connecting, and for each read
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { url, output, timeout } = Args::parse();
    let path = output.unwrap_or_else(|| url.file_name());
    let cannot_write = || format!("cannot write {}", path.display());
    let mut file = save::Output::create(&path).with_context(cannot_write)?;

    let address = format!("{}:{}", url.host, url.port);
    let mut stream = connect(&address, timeout).map_err(|error| {
        anyhow!("cannot connect to {address}: {error}; are host and port right?")
    })?;
    let no_page = || format!("no page from {address}");
    stream.set_read_timeout(Some(timeout)).with_context(no_page)?;
    stream.set_write_timeout(Some(timeout)).with_context(no_page)?;
    let (resource, host) = (&url.resource, url.host_field());
    let request = format!("GET {resource} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    blocking(|| stream.write_all(request.as_bytes())).with_context(no_page)?;

    let (head, mut body) = framing::read(stream).with_context(no_page)?;
    decode(&head.bytes, UTF_8).lines().try_for_each(print)?;
    let mut progress = Progress::new(head.length());
    let mut start = Vec::new(); // of the page, for its title
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = body.read(&mut buffer).with_context(no_page)?;
        if length == 0 {
            break;
        }
        file.write_all(&buffer[..length]).with_context(cannot_write)?;
        start.extend_from_slice(&buffer[..length.min(page::START - start.len())]);
        progress.add(length);
    }
    drop(progress);
    file.finish().with_context(cannot_write)?;
    let title = page::title(&start, head.field("content-type"));
    title.iter().try_for_each(|title| print(title))?;
    let _ = head.remark().map(|remark| writeln!(io::stderr(), "{}", safe(&remark)));
    Ok(())
}

/// Connects to the first address of a name that answers, be it IPv4 or IPv6.
fn connect(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, timeout);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn seconds(text: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(text.parse()?).ok().filter(|t| !t.is_zero()).context("not over 0")
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}

#[cfg(test)]
mod tests;
