//! Runs both halves of a conversation at this machine's own host name. The server speaks first.
//!
//! Beyond the tutorial's version: 127.0.0.1 takes the place of a host name that leads nowhere, and
//! the program says so; the client reads until the server closes; and neither a client that
//! vanishes nor a system without a free descriptor ends the server.
//!
//! ```console
//! $ cargo run -p gethostname-demo
//! Listening on 127.0.0.1:9999
//! 连接地址: 127.0.0.1:54321
//! 网络编程测试。
//! ```

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use netcommon::{Address, Report, UTF_8, decode, eprintln, println, read_until_close, timeout};

/// Lesson 6: a TCP server that speaks first, at this machine's own host name.
#[derive(Parser)]
#[command(after_help = "In two terminals: cargo run -p gethostname-demo server    (then: client)")]
struct Args {
    /// Run only this half: server or client
    #[arg(value_parser = ["server", "client"], hide_possible_values = true)]
    half: Option<String>,
    /// HOST:PORT [default: this machine's host name, port 9999]
    address: Option<Address>,
    /// Seconds for connecting and each read
    #[arg(long, default_value = "30", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { half, address, timeout } = Args::parse();
    let address = address.map_or_else(own_address, Ok)?;
    if half.as_deref() == Some("client") {
        return Ok(receive(&address, timeout)?);
    }
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    if half.is_some() {
        serve(&listener); // never returns
    }
    let server = thread::Builder::new().spawn(move || serve(&listener));
    server.context("cannot start a thread for the server; run the two halves apart")?;
    Ok(receive(&address, timeout)?)
}

/// `(socket.gethostname(), 9999)`, or loopback if that name does not lead to this machine.
fn own_address() -> Result<Address, &'static str> {
    let name = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
    // Only an address of this machine can be bound.
    match TcpListener::bind((&*name, 0)) {
        Ok(_) => format!("{name}:9999").parse(),
        Err(error) => {
            eprintln!("name {name:?} does not lead here ({error}): using 127.0.0.1");
            "127.0.0.1:9999".parse()
        }
    }
}

/// The tutorial's loop: serves one client after the other, here also in a thread.
fn serve(listener: &TcpListener) -> ! {
    loop {
        let Ok((stream, peer)) = listener.accept().inspect_err(pause) else { continue };
        println!("连接地址: {peer}");
        if let Err(error) = talk(stream) {
            eprintln!("lost {peer}: {error}");
        }
    }
}

/// Says why no client can be served, and waits a little: a descriptor may come free.
fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Greets one client.
fn talk(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all("网络编程测试。\r\n".as_bytes()) // encode and send
}

/// The tutorial's client: connects, and prints what the server says, 64 KiB at most.
fn receive(address: &Address, timeout: Duration) -> Result<()> {
    let connect = |peer| TcpStream::connect_timeout(&peer, timeout);
    let stream = address.try_each(connect).map_err(|error| {
        anyhow!(address.explain("cannot connect to", &error, "start the server first"))
    })?;
    stream.set_read_timeout(Some(timeout))?;
    let message =
        read_until_close(stream, 65_536).with_context(|| format!("no message from {address}"))?;
    println!("{}", decode(&message, UTF_8).trim_end_matches("\r\n"));
    Ok(())
}
