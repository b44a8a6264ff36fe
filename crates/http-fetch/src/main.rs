//! Fetches a web page over a plain TCP socket, and saves its body in a file.
//!
//! Beyond the tutorial's version: the body ends where HTTP says (`head.rs`, `framing.rs`), so a cut
//! page is an error, and chunks are put together; the body goes to the file as it comes; the file
//! appears when it is whole (`save.rs`); and the title is decoded by the page's own charset
//! (`page.rs`).
//!
//! ```console
//! $ cargo run -p http-fetch -- http://127.0.0.1:8000/
//! HTTP/1.1 200 OK
//! ```

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use http_fetch::{framing, page, progress::Progress, save, target::Target};
use netcommon::{Report, UTF_8, decode, eprintln, timeout};

/// How much is read at once, in bytes: the tutorial's `recv(1024)`, made large for speed.
const BUFFER: usize = 512 * 1024;

/// Lesson 1: fetches a web page over a plain TCP socket.
#[derive(Parser)]
#[command(after_help = "Without a network: cargo run -p http-server
In another terminal: cargo run -p http-fetch -- http://127.0.0.1:8000/")]
struct Args {
    /// The page
    #[arg(default_value = "http://www.sina.com.cn/")]
    url: Target,
    /// File, - for stdout [default: by the host, sina.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Seconds for connecting and each read
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { url, output, timeout } = Args::parse();
    let path = output.unwrap_or_else(|| url.file_name());
    let cannot_write = || format!("cannot write to {}", save::name(&path));
    // First, so that a file that can't be written is an error before anything is sent.
    let mut file = save::Output::create(&path).with_context(cannot_write)?;

    let address = &url.address;
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let mut stream = address.try_each(connect).map_err(|error| {
        format!("cannot connect to {address}: {error}; are host and port right?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    let no_page = || format!("no page from {address}");
    let request = url.request(); // GET, Host, Connection: close
    stream.write_all(request.as_bytes()).with_context(no_page)?; // send

    let (head, mut body) = framing::read(stream).with_context(no_page)?;
    let header = decode(&head.bytes, UTF_8);
    for line in header.lines() {
        file.tell(line);
    }
    let mut progress = Progress::new(head.length());
    let mut start = Vec::new(); // the start of the page, where its title stands
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
    drop(progress); // clears the bar
    if let Some(title) = page::title(&start, head.field("content-type")) {
        file.tell(&title);
    }
    file.finish().with_context(cannot_write)?;
    for remark in head.remarks(body.received()) {
        eprintln!("{remark}");
    }
    eprintln!("Wrote {} bytes to {}", body.received(), save::name(&path));
    Ok(())
}
