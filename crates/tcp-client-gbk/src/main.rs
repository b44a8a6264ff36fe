//! Sends a typed line to a TCP server in GBK, and shows its answer.
//!
//! Beyond the tutorial's version: an address on the command line saves two questions; the answer is
//! read until the server closes; a server that is silent, or closes without an answer, is an error;
//! a line that GBK can't express is an error, and nothing is sent.
//!
//! ```console
//! $ cargo run -p tcp-client-gbk
//! 请输入服务器IP:127.0.0.1
//! 请输入服务器port:8080
//! 请输入要发送的数据:你好
//! 接收到的信息为: 再见
//! ```

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use netcommon::{Address, GBK, Report, ask, decode, encode, println};
use netcommon::{read_until_close, timeout, uninterrupted};

/// Lesson 12: a TCP client for one exchange of typed text, in GBK.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-server-gbk")]
struct Args {
    /// HOST:PORT of the server; without it, the program asks
    address: Option<Address>,
    /// Seconds to connect, read or write
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, timeout } = Args::parse();
    let address = address.map_or_else(ask_address, Ok)?;
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let stream = address.try_each(connect).map_err(|error| {
        address.explain("cannot connect to", &error, "is tcp-server-gbk running?")
    })?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    talk(stream).with_context(|| format!("the exchange with {address} broke off"))?;
    Ok(())
}

/// Asks for the server's IP and port.
fn ask_address() -> Result<Address> {
    let host = ask("请输入服务器IP:")?;
    let port = ask("请输入服务器port:")?;
    let (host, port) = (host.trim(), port.trim());
    let bare_ipv6 = host.contains(':') && !host.starts_with('[');
    let text = if bare_ipv6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    text.parse().map_err(|error| anyhow!("{text} is not an address: {error}"))
}

/// Sends a line, and prints the answer, 64 KiB at most.
fn talk(mut stream: TcpStream) -> Result<()> {
    let text = ask("请输入要发送的数据:")?;
    ensure!(!text.is_empty(), "TCP carries no empty message; type some text");
    let message = encode(&text, GBK)?;
    uninterrupted(|| stream.write_all(&message))?; // send; a timeout says "timed out"
    let answer = read_until_close(stream, 65_536)?; // recv(1024) until it returns nothing
    ensure!(!answer.is_empty(), "it closed the connection without an answer");
    println!("接收到的信息为: {}", decode(&answer, GBK));
    Ok(())
}
