//! Sends names to a UDP server, one after the other, and prints the answers.
//!
//! Beyond the tutorial's version: an answer may get lost, and then the wait ends; only the server's
//! own answers count, whole, and none can steer the terminal; IPv6, and each address of a name.
//!
//! ```console
//! $ cargo run -p udp-client
//! Hello, Michael!
//! Hello, Tracy!
//! Hello, Sarah!
//! ```

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use clap::Parser;
use netcommon::{Address, Report, UTF_8, decode, println, timeout, uninterrupted};

/// Lesson 10: a UDP client that waits for its answers.
#[derive(Parser)]
#[command(after_help = "First, in another terminal: cargo run -p udp-server")]
struct Args {
    /// HOST:PORT of the server
    #[arg(default_value = "127.0.0.1:9999")]
    address: Address,
    /// Names to send, one after the other
    #[arg(default_values = ["Michael", "Tracy", "Sarah"])]
    names: Vec<String>,
    /// Seconds for each answer
    #[arg(long, default_value = "5", value_parser = timeout)]
    timeout: Duration,
}

fn main() -> Result<(), Report> {
    let Args { address, mut names, timeout } = Args::parse();
    address.try_each(|peer| talk(peer, &mut names, timeout)).map_err(|error| {
        address.explain("no answer from", &error, "is udp-server running there?")
    })?;
    Ok(())
}

/// Sends name after name to one address of the server. Names without an answer are left for the
/// next address: only an answer shows that someone is there, since `connect` sends nothing.
fn talk(peer: SocketAddr, names: &mut Vec<String>, timeout: Duration) -> io::Result<()> {
    let socket = UdpSocket::bind(if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(peer)?; // from now on, datagrams from anyone else are not received
    socket.set_read_timeout(Some(timeout))?;
    let mut buffer = vec![0; 65_536]; // a UDP header's length has 16 bits (RFC 768)
    while let Some(name) = names.first() {
        socket.send(name.as_bytes())?; // sendto
        let length = uninterrupted(|| socket.recv(&mut buffer))?; // recv(1024)
        println!("{}", decode(&buffer[..length], UTF_8));
        names.remove(0);
    }
    Ok(())
}
