//! The server of article 004 (§5.2): it listens at this machine's own name,
//! and speaks first.
//!
//! ```console
//! $ cargo run --example gethostname-server
//! $ cargo run --example gethostname-client    # in a second terminal
//! ```

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let host = hostname::get()?; // gethostname
    let own_address = format!("{}:9999", host.to_string_lossy());
    let address = std::env::args().nth(1).unwrap_or(own_address);
    let listener = TcpListener::bind(address)?; // socket, bind, listen(128)
    loop {
        let (stream, peer) = listener.accept()?; // waits for a client
        println!("连接地址: {peer}");
        talk(stream)?;
    }
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all("网络编程测试。\r\n".as_bytes()) // encode and send
} // the stream is closed where its variable ends
