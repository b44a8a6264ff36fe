//! Shows what listens on this machine: protocol, local address, process number, program.
//!
//! Tutorial: article 004, §4.3, the command `netstat -ano`.
//!
//! New here: the other side of `bind`: which ports are taken, and by whom. That is the question
//! behind every "address in use".
//!
//! The article has no program for this, but a command of Windows. Only those of its rows are shown
//! that wait for peers: TCP sockets that listen, and UDP sockets that have a port. Each has the
//! name of its program, for which Windows needs a second command.
//!
//! ```console
//! $ cargo run -p open-ports
//! $ cargo run -p open-ports -- --port 4
//! Nothing listens on port 4 here (TCP or UDP).
//! If bind fails all the same, wait a minute (TIME-WAIT) or set SO_REUSEADDR.
//! ```

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::anyhow;
use clap::{Parser, value_parser};
use listeners::{Listener, Protocol, SocketState};
use netcommon::{Report, eprintln, println};

mod proc_net;

/// Lesson 15: what listens on this machine, and which program it is.
#[derive(Parser)]
#[command(
    after_help = "To free a port, end its program: Ctrl-C or kill PID (Windows: taskkill /PID PID)"
)]
struct Args {
    /// Only this port, such as 9999: who has it?
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Only TCP
    #[arg(long)]
    tcp: bool,
    /// Only UDP
    #[arg(long, conflicts_with = "tcp")]
    udp: bool,
}

/// What sorts the rows: the protocol, the port, the address.
type Socket = (&'static str, u16, IpAddr);
/// A socket, and who has it: its process number and program, or two dashes.
type Row = (Socket, String, String);

fn main() -> Result<(), Report> {
    let Args { port, tcp, udp } = Args::parse();
    let before = proc_net::sockets();
    let found = listeners::get_all().map_err(|error| anyhow!("cannot list sockets: {error}"))?;
    let mut rows: BTreeSet<_> = found.iter().filter_map(row).collect();
    // Looked up before and after: a socket that has just come or gone is not an unseen one.
    let seen = rows.iter().map(|(socket, ..)| *socket).collect();
    let unseen = &(&before & &proc_net::sockets()) - &seen;
    rows.extend(unseen.into_iter().map(|socket| (socket, "-".to_owned(), "-".to_owned())));

    let protocols = match (tcp, udp) {
        (true, _) => "TCP",
        (_, true) => "UDP",
        _ => "TCP or UDP",
    };
    rows.retain(|((protocol, number, _), ..)| {
        protocols.contains(protocol) && port.is_none_or(|port| port == *number)
    });
    match port {
        Some(port) if rows.is_empty() => {
            println!("Nothing listens on port {port} here ({protocols}).");
            // A connection that has just ended still has the port.
            println!("If bind fails all the same, wait a minute (TIME-WAIT) or set SO_REUSEADDR.");
        }
        _ => print_table(&rows),
    }
    // A dash; macOS leaves such sockets out altogether.
    if rows.iter().any(|(_, pid, _)| pid == "-") || cfg!(target_os = "macos") {
        let why = "only root (sudo) sees other users' programs; the kernel's sockets have none";
        eprintln!("not all is seen: {why}");
    }
    Ok(())
}

/// The row of a socket that waits for peers.
fn row(listener: &Listener) -> Option<Row> {
    let protocol = match (listener.protocol, listener.state) {
        (Protocol::TCP, SocketState::Listen) => "TCP",
        (Protocol::UDP, _) if listener.socket.port() > 0 => "UDP",
        _ => return None,
    };
    // Linux cuts a program's name off after 15 bytes; the name of its file is whole.
    let process = &listener.process;
    let file =
        Path::new(&process.path).file_name().and_then(|file| file.to_str()).unwrap_or_default();
    let program = if file.starts_with(&process.name) { file } else { &process.name };
    let socket = (protocol, listener.socket.port(), listener.socket.ip());
    Some((socket, process.pid.to_string(), program.to_owned()))
}

fn print_table(rows: &BTreeSet<Row>) {
    let address = |&(_, port, ip): &Socket| SocketAddr::new(ip, port).to_string();
    let width = rows.iter().map(|(socket, ..)| address(socket).len()).max().unwrap_or(0).max(15);
    println!("{:<6} {:<width$} {:>7}  Program", "Proto", "Local address", "PID");
    for (socket, pid, program) in rows {
        println!("{:<6} {:<width$} {pid:>7}  {program}", socket.0, address(socket));
    }
}

#[cfg(test)]
mod tests;
