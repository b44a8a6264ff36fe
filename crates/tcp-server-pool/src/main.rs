//! Talks with TCP clients in a fixed number of threads, and stops without cutting anyone off.
//!
//! Lesson 4 starts a thread for each client. Here the threads are there from the start, and each
//! takes the next client from one channel. At Ctrl-C the server takes no new clients, and those
//! that talk have a few seconds to finish. A second Ctrl-C ends it at once.
//!
//! ```console
//! $ cargo run -p tcp-server-pool
//! Listening on 127.0.0.1:9999
//! Waiting for connection...
//! ```

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU16;
use std::time::Duration;
use std::{process, thread};

use clap::Parser;
use crossbeam_channel::{Receiver, TryRecvError, bounded, select_biased};
use netcommon::{Address, Report, eprintln, println, seconds, uninterrupted};
use socket2::SockRef;

/// How long clients may go on after Ctrl-C: enough for a few answers with their pauses.
const FINISH: Duration = Duration::from_secs(5);

/// Lesson 18: a TCP server with a fixed pool of threads, and a graceful shutdown.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client (or nc 127.0.0.1 9999)")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Seconds to pause before each answer
    #[arg(long, default_value = "1", value_parser = seconds)]
    delay: Duration,
    /// Threads; other clients wait
    #[arg(long, value_name = "N", default_value = "8")]
    max_connections: NonZeroU16,
}

fn main() -> Result<(), Report> {
    let Args { address, delay, max_connections } = Args::parse();
    let listener = TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    SockRef::from(&listener).listen(4096)?; // listen(5), but for a burst of clients; std's is 128
    let stopped = stop_at_ctrl_c(listener.local_addr()?)?;
    // The channel has no room: a client is handed over when a thread is free, and until then the
    // next ones wait in the backlog. When the last thread ends, `all_done` has no sender any more.
    let (hand_over, clients) = bounded(0);
    let (done, all_done) = bounded::<()>(0);
    for _ in 0..max_connections.get() {
        let (clients, done) = (Receiver::clone(&clients), done.clone());
        let builder = thread::Builder::new().stack_size(64 * 1024); // bytes; std's own is 2 MiB
        builder.spawn(move || {
            let _done = done;
            for (stream, peer) in clients {
                serve(stream, peer, delay);
            }
        })?;
    }
    drop(done);
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    println!("Waiting for connection...");
    while stopped.try_recv() == Err(TryRecvError::Empty) {
        let Ok(client) = listener.accept().inspect_err(pause) else { continue };
        select_biased! {
            recv(stopped) -> _ => break,
            send(hand_over, client) -> sent => sent?,
        }
    }
    // Without the listener, new clients are refused. Without `hand_over`, a thread ends after its
    // client.
    drop((listener, hand_over));
    eprintln!("No new clients; those that talk have {} seconds to finish", FINISH.as_secs());
    let _ = all_done.recv_timeout(FINISH);
    Ok(())
}

/// A channel whose sender goes away at the first Ctrl-C. The second ends the program at once, with
/// the status that a shell gives a program that Ctrl-C ends.
fn stop_at_ctrl_c(mut local: SocketAddr) -> Result<Receiver<()>, ctrlc::Error> {
    let (stop, stopped) = bounded(0);
    let mut stop = Some(stop);
    // 0.0.0.0 is no address to connect to; this machine's own is.
    match local.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => local.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => local.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    ctrlc::set_handler(move || {
        if stop.take().is_none() {
            process::exit(130);
        }
        let _ = TcpStream::connect(local); // wakes `accept`
    })?;
    Ok(stopped)
}

/// Says why no client can be served, and waits a little: a descriptor may come free.
fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    thread::sleep(Duration::from_millis(200));
}

/// Serves one client. It catches what `talk` returns, so that the end is always printed.
fn serve(stream: TcpStream, peer: SocketAddr, delay: Duration) {
    println!("Accept new connection from {peer}...");
    if let Err(error) = talk(stream, delay) {
        eprintln!("lost {peer}: {error}");
    }
    println!("Connection from {peer} closed.");
}

/// Answers one client until it says `exit` or closes its side.
fn talk(mut stream: TcpStream, delay: Duration) -> io::Result<()> {
    // A client may be silent for as long as it likes, but it has to read its answers.
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    // After two silent hours, the system asks whether the client is still there.
    SockRef::from(&stream).set_keepalive(true)?;
    stream.write_all(b"Welcome!")?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer)?; // recv(1024); 0: the client will send no more
        thread::sleep(delay);
        match &buffer[..length] {
            b"" | b"exit" => return Ok(()),
            name => uninterrupted(|| stream.write_all(&[b"Hello, ", name, b"!"].concat()))?,
        }
    }
}
