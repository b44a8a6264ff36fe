//! Talks with many TCP clients at once, each in a task, all of them in one thread.
//!
//! Lesson 4 has a thread for each client. A task is much smaller: where it has to wait, `.await`
//! lets another one go on. The shape of the program stays the same.
//!
//! ```console
//! $ cargo run -p tcp-server-tokio
//! Listening on 127.0.0.1:9999
//! Waiting for connection...
//! ```

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use netcommon::{Address, Report, eprintln, println, seconds};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// How long clients may go on after Ctrl-C: enough for a few answers with their pauses.
const FINISH: Duration = Duration::from_secs(5);

/// Lesson 20: a TCP server with a task for each client, all of them in one thread.
#[derive(Parser)]
#[command(after_help = "In a second terminal: cargo run -p tcp-client (or nc 127.0.0.1 9999)")]
struct Args {
    /// HOST:PORT to listen on; port 0 is any
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Seconds to pause before each answer
    #[arg(long, default_value = "1", value_parser = seconds)]
    delay: Duration,
    /// Connections at once; others wait
    #[arg(long, value_name = "N", default_value = "1000")]
    max_connections: NonZeroU16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Report> {
    let Args { address, delay, max_connections } = Args::parse();
    let listener = std::net::TcpListener::bind(&address)
        .map_err(|error| address.explain("cannot listen on", &error, "choose another port"))?;
    SockRef::from(&listener).listen(4096)?; // listen(5), but for a burst of clients; std's is 128
    listener.set_nonblocking(true)?; // `accept` may not hold up the other tasks
    let listener = TcpListener::from_std(listener)?;
    // Not eprintln!: a server that cannot say where it listens ends with an error.
    writeln!(io::stderr(), "Listening on {}", listener.local_addr()?)?;
    println!("Waiting for connection...");
    // Each client has a place: while there is none, the next client has to wait.
    let places = Arc::new(Semaphore::new(max_connections.get().into()));
    let clients = async {
        loop {
            let place = places.clone().acquire_owned().await?;
            match listener.accept().await {
                Ok((stream, peer)) => drop(tokio::spawn(serve(stream, peer, delay, place))),
                Err(error) => pause(&error).await,
            }
        }
    };
    tokio::select! {
        stopped = signal::ctrl_c() => stopped?,
        error = clients => return error,
    }
    drop(listener); // new clients are refused
    eprintln!("No new clients; those that talk have {} seconds to finish", FINISH.as_secs());
    // All places are free when the last client has gone.
    let all = places.acquire_many(max_connections.get().into());
    tokio::select! {
        _ = timeout(FINISH, all) => Ok(()),
        _ = signal::ctrl_c() => process::exit(130),
    }
}

/// Says why no client can be served, and waits a little: a descriptor may come free.
async fn pause(error: &io::Error) {
    eprintln!("cannot serve a client: {error}; going on in a moment");
    sleep(Duration::from_millis(200)).await;
}

/// Serves one client, in its task. It catches what `talk` returns, so that the end is always
/// printed; then it gives the place back.
async fn serve(stream: TcpStream, peer: SocketAddr, delay: Duration, _place: OwnedSemaphorePermit) {
    println!("Accept new connection from {peer}...");
    if let Err(error) = talk(stream, delay).await {
        eprintln!("lost {peer}: {error}");
    }
    println!("Connection from {peer} closed.");
}

/// Answers one client until it says `exit` or closes its side.
async fn talk(mut stream: TcpStream, delay: Duration) -> io::Result<()> {
    // After two silent hours, the system asks whether the client is still there.
    SockRef::from(&stream).set_keepalive(true)?;
    stream.write_all(b"Welcome!").await?;
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer).await?; // recv(1024); 0 when the client has closed
        if delay > Duration::ZERO {
            sleep(delay).await; // this task alone
        }
        let answer = match &buffer[..length] {
            b"" | b"exit" => return Ok(()),
            name => [b"Hello, ", name, b"!"].concat(),
        };
        // A client may be silent for as long as it likes, but it has to read its answers.
        timeout(Duration::from_secs(30), stream.write_all(&answer)).await??;
    }
}
