//! Shows what listens on this machine: protocol, local address, process number, program.
//!
//! Tutorial: article 004, §4.3, the command `netstat -ano`.
//!
//! New here: the other side of `bind`: which ports are taken, and by whom. That is the question
//! behind every "address in use".
//!
//! The article has no program for this, but a command of Windows. Only those of its rows are shown
//! that wait for peers: TCP sockets that listen, and UDP sockets that have a port and no peer (not
//! every system tells which have one). Each has the name of its program, for which Windows needs a
//! second command.
//!
//! ```console
//! $ cargo run -p open-ports
//! $ cargo run -p open-ports -- --port 4
//! Nothing listens on port 4 here (TCP or UDP).
//! If bind fails all the same, wait a minute (TIME-WAIT), or set SO_REUSEADDR in each server.
//! ```

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use clap::{Parser, value_parser};
use netcommon::{Report, eprintln, println};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod others;

#[cfg(target_os = "linux")]
use linux::find;
#[cfg(not(target_os = "linux"))]
use others::find;

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
/// A socket and a process that has it: its number and program, or two dashes.
type Row = (Socket, String, String);

/// What a system tells: the rows, and a word on what it does not tell.
struct Found {
    rows: BTreeSet<Row>,
    remark: &'static str,
}

fn main() -> Result<(), Report> {
    let Args { port, tcp, udp } = Args::parse();
    let Found { mut rows, remark } = find()?;
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
            println!("If bind fails all the same, {}.", other_reason());
        }
        _ => print_table(&rows),
    }
    // Linux has a dash for what it does not tell. Others leave that out, and don't tell which
    // UDP sockets are connected.
    let linux = cfg!(target_os = "linux");
    let unclear = |((protocol, ..), pid, _): &Row| pid == "-" || !linux && *protocol == "UDP";
    if rows.iter().any(unclear) || cfg!(unix) && !linux {
        eprintln!("{remark}");
    }
    Ok(())
}

/// Why a port may be taken though nothing listens, and what to do.
fn other_reason() -> &'static str {
    if cfg!(windows) {
        "Windows keeps it: netsh interface ipv4 show excludedportrange protocol=tcp"
    } else {
        // A connection that has just ended still has the port.
        "wait a minute (TIME-WAIT), or set SO_REUSEADDR in each server"
    }
}

fn print_table(rows: &BTreeSet<Row>) {
    let address = |&(_, port, ip): &Socket| SocketAddr::new(ip, port).to_string();
    let width = rows.iter().map(|(socket, ..)| address(socket).len()).max().unwrap_or(0).max(15);
    println!("{:<6} {:<width$} {:>7}  Program", "Proto", "Local address", "PID");
    for (socket, pid, program) in rows {
        println!("{:<6} {:<width$} {pid:>7}  {program}", socket.0, address(socket));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
