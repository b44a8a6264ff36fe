//! Linux's own tables of sockets, in `/proc/net` (proc_pid_net(5)).
//!
//! The `listeners` crate leaves out a socket whose process the user may not look into. The tables
//! show all sockets of this network namespace to everyone, and say no process.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use crate::Socket;

/// All sockets that wait for peers. Other systems have no such files, and so no sockets here.
pub fn sockets() -> BTreeSet<Socket> {
    let mut sockets = BTreeSet::new();
    for (protocol, file) in [("TCP", "tcp"), ("TCP", "tcp6"), ("UDP", "udp"), ("UDP", "udp6")] {
        let table = fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
        sockets.extend(table.lines().filter_map(|line| parse(protocol, line)));
    }
    sockets
}

/// A line such as `0: 0100007F:270F 00000000:0000 0A …`: 127.0.0.1:9999 is in state 0A, LISTEN.
pub fn parse(protocol: &'static str, line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace().skip(1);
    let (local, _remote, state) = (words.next()?, words.next()?, words.next()?);
    let (ip, port) = local.split_once(':')?;
    // Words of 32 bits, each a number in this machine's own order of bytes.
    let word = |at| Some(u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = (0..ip.len()).step_by(8).map(word).collect::<Option<Vec<_>>>()?.concat();
    let ip = match <[u8; 4]>::try_from(ip.as_slice()) {
        Ok(ip) => IpAddr::from(ip),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    (protocol == "UDP" || state == "0A").then_some((protocol, port, ip))
}
