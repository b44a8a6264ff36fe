//! A TCP server that speaks first, at this machine's own host name; and its client.
//!
//! Tutorial: article 004, §5.2, `server.py` and `client.py`.
//!
//! New here: an address that is asked for (`gethostname`) and not written down; a protocol in which
//! the server speaks first and its close ends the message, so that the client reads until close.
//!
//! Unlike the Python: one program shows both halves; `server` and `client` run them apart. A host
//! name that does not lead to this machine, a common trap, is said aloud, and loopback is used. The
//! client takes all that comes up to the close, where one `recv(1024)` may get a part.
//!
//! ```console
//! $ cargo run -p gethostname-demo server
//! Listening on 127.0.0.1:9999
//! 连接地址: 127.0.0.1:54321
//! ```

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Report, UTF_8, decode, read_until_close, safe};

/// Lesson 6: a TCP server that speaks first, at this machine's own host name.
#[derive(Parser)]
#[command(after_help = "In two terminals: cargo run -p gethostname-demo server    (then: client)")]
struct Args {
    /// One half alone; none is both [server, client]
    #[arg(value_parser = ["server", "client"], hide_possible_values = true)]
    half: Option<String>,
    /// [default: this machine's host name, port 9999]
    #[arg(value_name = "HOST:PORT", value_parser = host_port)]
    address: Option<String>,
    /// Limit for connecting, and for each read
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { half, address, timeout } = Args::parse();
    let address = address.unwrap_or_else(own_address);
    if half.as_deref() == Some("client") {
        return Ok(receive(&address, timeout)?);
    }
    let listener = TcpListener::bind(&address)
        .map_err(|error| anyhow!("cannot listen on {address}: {error}; choose another port"))?;
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    if half.is_some() {
        return Ok(serve(&listener)?);
    }
    thread::spawn(move || serve(&listener));
    Ok(receive(&address, timeout)?)
}

/// `(socket.gethostname(), 9999)`, or loopback if that name does not lead to this machine.
fn own_address() -> String {
    let name = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
    // Only an address of this machine can be bound.
    let Err(error) = TcpListener::bind((&*name, 0)) else { return format!("{name}:9999") };
    let _ = writeln!(io::stderr(), "name {name:?} does not lead here ({error}): using 127.0.0.1");
    "127.0.0.1:9999".to_owned()
}

/// Greets one client after the other.
fn serve(listener: &TcpListener) -> Result<()> {
    loop {
        let Ok((mut stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        print(&format!("连接地址: {peer}"))?;
        let sent = stream.write_all("网络编程测试。\r\n".as_bytes());
        let _ = sent.inspect_err(|error| drop(writeln!(io::stderr(), "lost {peer}: {error}")));
    }
}

/// Says that there is no free file descriptor, and gives others the time to end.
fn pause(error: &io::Error) {
    let _ = writeln!(io::stderr(), "cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Prints what the server says up to its close, 64 KiB at the most.
fn receive(address: &str, timeout: Duration) -> Result<()> {
    let stream = connect(address, timeout)
        .map_err(|error| anyhow!("cannot connect to {address}: {error}; start the server first"))?;
    let no_message = || format!("no message from {address}");
    stream.set_read_timeout(Some(timeout)).with_context(no_message)?;
    let bytes = read_until_close(stream, 65_536).with_context(no_message)?;
    print(decode(&bytes, UTF_8).trim_end_matches("\r\n"))
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

fn host_port(text: &str) -> Result<String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let digits = port.parse::<u16>().is_ok() && !port.starts_with('+');
    let right = digits && !host.is_empty() && host.contains(':') == host.ends_with(']');
    right.then(|| text.to_owned()).context("expected HOST:PORT, such as 127.0.0.1:9999")
}

fn seconds(text: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(text.parse()?).ok().filter(|t| !t.is_zero()).context("not over 0")
}

/// Prints a line; `println!` would panic if stdout were closed or full.
fn print(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", safe(line)).context("cannot write to standard output")
}
