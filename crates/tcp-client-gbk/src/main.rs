//! Sends a typed line to a TCP server in GBK, and shows its answer.
//!
//! Tutorial: article 004, §7.3, the client.
//!
//! New here: the address and the text are typed in; the text is GBK on the wire; the server's close
//! ends its answer.
//!
//! Unlike the Python: an address on the command line saves two questions. The answer is read up to
//! the server's close, where one `recv(1024)` may get a part of it, and half a character. A line
//! that GBK can't express is an error, and nothing is sent.
//!
//! ```console
//! $ cargo run -p tcp-client-gbk
//! 请输入服务器IP:127.0.0.1
//! 请输入服务器port:8080
//! 请输入要发送的数据:你好
//! 接收到的信息为: 再见
//! ```

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use netcommon::{GBK, Report, blocking, decode, encode, read_until_close, safe};

/// Lesson 12: a TCP client for one exchange of typed text, in GBK.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p tcp-server-gbk")]
struct Args {
    /// The server; without it, the program asks
    #[arg(value_name = "HOST:PORT", value_parser = host_port)]
    address: Option<String>,
    /// Limit for connecting, and for each read
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, timeout } = Args::parse();
    let address = address.map_or_else(ask_address, Ok)?;
    let mut stream = connect(&address, timeout).map_err(|error| {
        anyhow!("cannot connect to {address}: {error}; is tcp-server-gbk running?")
    })?;
    talk(&mut stream).with_context(|| format!("the exchange with {address} broke off"))?;
    Ok(())
}

fn ask_address() -> Result<String> {
    let host = ask("请输入服务器IP:")?;
    let host = if host.contains(':') { format!("[{host}]") } else { host }; // an IPv6 address
    let port = ask("请输入服务器port:")?;
    host_port(&format!("{host}:{port}")).with_context(|| format!("{host}:{port} is no address"))
}

/// Connects to the first address of a name that answers, be it IPv4 or IPv6, and sets the limits.
fn connect(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, timeout);
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

/// Sends a line, and prints the answer, 64 KiB at the most.
fn talk(stream: &mut TcpStream) -> Result<()> {
    let line = ask("请输入要发送的数据:")?;
    ensure!(!line.is_empty(), "TCP carries no empty message");
    let message = encode(&line, GBK)?;
    blocking(|| stream.write_all(&message))?;
    let answer = read_until_close(stream, 65_536)?;
    print(&format!("接收到的信息为: {}", decode(&answer, GBK)))
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

fn seconds(text: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(text.parse()?).ok().filter(|t| !t.is_zero()).context("not over 0")
}

/// Asks for one line, as Python's `input` does.
fn ask(prompt: &str) -> Result<String> {
    let asked = write!(io::stdout(), "{prompt}").and_then(|()| io::stdout().flush());
    asked.context("cannot write to standard output")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("cannot read a line of text from standard input")?;
    ensure!(!line.is_empty(), "standard input ended before there was a line; type one");
    Ok(line.lines().next().unwrap_or_default().to_owned())
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}
