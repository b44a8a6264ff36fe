//! The TCP client of article 004 (§7.3): it sends a typed line in GBK,
//! and shows the answer.
//!
//! ```console
//! $ cargo run --example tcp-server-gbk
//! $ cargo run --example tcp-client-gbk    # in a second terminal
//! ```

use std::io::{self, Read, Write};
use std::net::TcpStream;

use netcommon::{GBK, ask, decode, encode};

fn main() -> io::Result<()> {
    let host = ask("请输入服务器IP:")?; // input
    let port = ask("请输入服务器port:")?;
    let stream = TcpStream::connect(format!("{host}:{port}"))?; // connect
    talk(stream)
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    let text = ask("请输入要发送的数据:")?; // input
    stream.write_all(&encode(&text, GBK)?)?; // send
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer)?; // recv(1024)
    println!("接收到的信息为: {}", decode(&buffer[..length], GBK));
    Ok(())
} // the stream is closed where its variable ends
