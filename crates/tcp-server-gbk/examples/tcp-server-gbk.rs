//! The TCP server of article 004 (§7.3): it shows what one client says
//! in GBK, and answers with a typed line.
//!
//! ```console
//! $ cargo run --example tcp-server-gbk
//! $ cargo run --example tcp-client-gbk    # in a second terminal
//! ```

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use netcommon::{GBK, ask, decode, encode};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("0.0.0.0:8080".into());
    let listener = TcpListener::bind(&address)?; // socket, bind, listen(128)
    let (stream, _peer) = listener.accept()?; // waits for a client
    talk(stream)
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?; // recv(1024)
    println!("接收到的数据: {}", decode(&buffer[..length], GBK));
    let text = ask("服务器发送的数据:")?; // input
    stream.write_all(&encode(&text, GBK)?) // send
} // the stream is closed where its variable ends
