//! What addresses are set aside for.
//!
//! `special-purpose.csv` holds IANA's two registries of special-purpose addresses (RFC 6890,
//! RFC 8190) and the multicast ranges: a prefix, its kind, and where that is laid down.

use std::net::IpAddr;

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
    let rows = registry().filter(|row| row.prefix.contains(&ip));
    rows.max_by_key(|row| row.prefix.prefix_len())
        .map_or_else(String::new, |Row { text, kind, source, .. }| {
            format!("{kind} ({text}, {source})")
        })
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
