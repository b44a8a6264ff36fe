//! The first program of articles 000 and 001: it fetches a page and saves it.
//!
//! ```console
//! $ cargo run --example http-fetch
//! $ cargo run --example http-fetch www.baidu.com:80
//! ```

use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;

use netcommon::read_until_close;

fn main() -> io::Result<()> {
    let sina = "www.sina.com.cn:80".into();
    let address = std::env::args().nth(1).unwrap_or(sina);
    let mut stream = TcpStream::connect(&address)?; // socket and connect
    let (host, _port) = address.split_once(':').unwrap_or_default();
    let close = "Connection: close\r\n\r\n";
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{close}");
    stream.write_all(request.as_bytes())?; // send
    let response = read_until_close(stream, usize::MAX)?; // recv(1024), looped
    // split(b"\r\n\r\n", 1): the header, and the body
    let blank_line = response.windows(4).position(|four| four == b"\r\n\r\n");
    let end = blank_line.ok_or(io::Error::other("there is no blank line"))?;
    println!("{}", String::from_utf8_lossy(&response[..end]));
    fs::write("sina.html", &response[end + 4..])
}
