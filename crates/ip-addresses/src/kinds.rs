//! What addresses are set aside for.
//!
//! `special-purpose.csv` holds IANA's two registries of special-purpose addresses (RFC 6890,
//! RFC 8190) and the multicast ranges: a prefix, its kind, and where that is laid down.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

const REGISTRY: &str = include_str!("../special-purpose.csv");

/// A row of the registry.
pub struct Row {
    /// The prefix, as the registry writes it.
    pub text: &'static str,
    /// The same, to match addresses with.
    pub prefix: IpNet,
    /// What it is for.
    pub kind: &'static str,
    /// The RFC that says so.
    pub source: &'static str,
}

/// The whole registry.
pub fn registry() -> impl Iterator<Item = Row> {
    REGISTRY.lines().filter_map(|line| {
        let mut cells = line.split(',');
        let (text, kind, source) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Row { text, prefix: text.parse().ok()?, kind, source })
    })
}

/// The kind of an address. Of several prefixes that contain it, the longest counts.
pub fn of(ip: IpAddr) -> String {
    let plain = without_flags(ip);
    // A group with flags is not the group of the same number without: only its scope is the same.
    let most = if plain == ip { 128 } else { 16 };
    let rows = registry().filter(|row| row.prefix.contains(&plain));
    let rows = rows.filter(|row| row.prefix.prefix_len() <= most);
    let flags = if plain == ip { "" } else { "its flags aside: " };
    rows.max_by_key(|row| row.prefix.prefix_len())
        .map_or_else(String::new, |Row { text, kind, source, .. }| {
            format!("{kind} ({flags}{text}, {source})")
        })
}

/// An IPv6 multicast address has four flags in front of its scope (RFC 4291 §2.7).
fn without_flags(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) if ip.is_multicast() => Ipv6Addr::from(ip.to_bits() & !(0xf0 << 112)).into(),
        ip => ip,
    }
}

/// The table of the kinds, line by line.
pub fn table() -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "What is set aside; of several prefixes, the longest counts".to_owned(),
        line("Prefix", "Last address", "Kind", "Source"),
    ];
    lines.extend(registry().map(|Row { text, prefix, kind, source }| match prefix {
        IpNet::V4(prefix) => line(text, &prefix.broadcast().to_string(), kind, source),
        IpNet::V6(_) => line(text, "-", kind, source), // it would be long, and no news
    }));
    lines
}

fn line(prefix: &str, last: &str, kind: &str, source: &str) -> String {
    format!("{prefix:<19}{last:<16}{kind:<27}{source}")
}
