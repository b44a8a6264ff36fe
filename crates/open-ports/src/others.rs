//! macOS, Windows and the BSDs, each in its own way: the `listeners` crate knows them.

use anyhow::{Result, anyhow};
use listeners::{Listener, Protocol, SocketState};

use crate::{Found, Row};

/// What waits for peers, and each process that has it open. These systems don't say which UDP
/// sockets are connected.
pub fn find() -> Result<Found> {
    let found = listeners::get_all().map_err(|error| anyhow!("cannot list sockets: {error}"))?;
    let remark = if cfg!(windows) {
        "a UDP socket may be connected, and then takes datagrams from one peer only"
    } else {
        "only root (sudo) sees other users' programs; a UDP socket may be connected to one peer"
    };
    Ok(Found { rows: found.iter().filter_map(row).collect(), remark })
}

/// The row of a socket that waits for peers.
fn row(listener: &Listener) -> Option<Row> {
    let protocol = match (listener.protocol, listener.state) {
        (Protocol::TCP, SocketState::Listen) => "TCP",
        (Protocol::UDP, _) if listener.socket.port() > 0 => "UDP",
        _ => return None,
    };
    let socket = (protocol, listener.socket.port(), listener.socket.ip());
    let process = &listener.process;
    Some((socket, process.pid.to_string(), process.name.clone()))
}
