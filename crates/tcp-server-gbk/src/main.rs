//! Shows what a TCP client says in GBK, and answers it with a line that is typed.
//!
//! Tutorial: article 004, §7.3, the server.
//!
//! New here: text. It crosses the network as bytes, and both sides must agree on the encoding. The
//! answer comes from the keyboard.
//!
//! Unlike the Python: bytes that are no GBK text are shown as U+FFFD where `decode("gbk")` would
//! raise, and a character that comes in two pieces is waited for. A line that GBK can't express is
//! an error, and nothing is sent.
//!
//! ```console
//! $ cargo run -p tcp-server-gbk
//! Listening on 0.0.0.0:8080
//! 接收到的数据: 你好
//! 服务器发送的数据:再见
//! ```

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use netcommon::{GBK, Report, StreamDecoder, blocking, encode, safe};

/// Lesson 11: a TCP server for one exchange of typed text, in GBK.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client-gbk -- 127.0.0.1:8080")]
struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(value_name = "HOST:PORT", default_value = "0.0.0.0:8080", value_parser = host_port)]
    address: String,
}

fn main() -> Result<(), Report> {
    let Args { address } = Args::parse();
    let listener = TcpListener::bind(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    let (stream, peer) = listener.accept().context("cannot accept a connection")?;
    talk(stream).with_context(|| format!("the exchange with {peer} broke off"))?;
    Ok(())
}

/// Prints what one client says, and answers it.
fn talk(mut stream: TcpStream) -> Result<()> {
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    print(&format!("接收到的数据: {}", receive(&mut stream)?))?;
    let line = ask("服务器发送的数据:")?;
    let answer = encode(&line, GBK)?;
    blocking(|| stream.write_all(&answer))?;
    // A close with bytes unread is a reset, and the answer could be lost with it: read on, at most
    // 30 times for a second each.
    stream.shutdown(Shutdown::Write)?;
    let mut rest = vec![0; 65_536];
    let _ = (0..30).all(|_| matches!(stream.read(&mut rest), Ok(1..)));
    Ok(())
}

/// One message, which is one `recv(1024)` here, as in the tutorial; more only if that ends amid a
/// character, and then neither for long nor much.
fn receive(stream: &mut TcpStream) -> Result<String> {
    let mut decoder = StreamDecoder::new(GBK);
    let mut buffer = [0; 1024];
    let mut length = stream.read(&mut buffer)?;
    ensure!(length > 0, "it closed the connection without a word");
    let mut text = decoder.decode(&buffer[..length]);
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    while decoder.is_amid_character() && length > 0 && text.len() < 4096 {
        length = blocking(|| stream.read(&mut buffer)).unwrap_or(0);
        text += &decoder.decode(&buffer[..length]);
    }
    Ok(text + &decoder.finish())
}

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
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
