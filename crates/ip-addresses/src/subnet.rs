//! What a mask makes of an address: its network, the hosts in it, its broadcast address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Result, bail, ensure};
use ipnet::IpNet;

use crate::classes;
use crate::notation::{Address, prefix_length};

/// The address with its prefix, and why it is that one. There may be none: classes D and E have no
/// mask of their own, and multicast addresses name groups and not hosts in a network.
///
/// # Errors
///
/// Arguments that contradict each other.
pub fn choose(
    address: &Address,
    mask: Option<&str>,
    other: Option<&Address>,
) -> Result<Option<(IpNet, String)>> {
    let ip = address.ip;
    let prefix = match (address.prefix, mask) {
        (Some(_), Some(_)) => bail!("give the mask once: as /PREFIX or with --mask"),
        (Some(prefix), None) => Some((prefix, String::new())),
        (None, Some(mask)) => {
            Some((prefix_length(mask.strip_prefix('/').unwrap_or(mask), ip)?, String::new()))
        }
        (None, None) => default_prefix(ip),
    };
    if let Some(Address { ip: other, prefix: other_prefix, .. }) = other {
        ensure!(other_prefix.is_none(), "--with takes no /PREFIX: one mask is for both addresses");
        ensure!(ip.is_ipv4() == other.is_ipv4(), "of {ip} and {other}, one is IPv4 and one IPv6");
        ensure!(prefix.is_some(), "{ip} has no mask of its own: give /PREFIX or --mask");
    }
    let Some((prefix, why)) = prefix else { return Ok(None) };
    Ok(Some((IpNet::new(ip, prefix)?, why)))
}

/// The prefix of an address that came without one.
fn default_prefix(ip: IpAddr) -> Option<(u8, String)> {
    match ip {
        IpAddr::V4(ip) => {
            let class = classes::of(ip);
            let why = format!(" (class {}'s; CIDR replaced classes: RFC 4632)", class.letter);
            class.prefix.map(|prefix| (prefix, why))
        }
        IpAddr::V6(ip) if ip.is_multicast() => None,
        // Unicast that does not start with 000 has an interface identifier of 64 bits; what starts
        // with 000 (::1, ::ffff:192.0.2.1) has no such structure and stands for itself.
        IpAddr::V6(ip) if ip.octets()[0] >> 5 == 0 => Some((128, " (a single address)".to_owned())),
        IpAddr::V6(_) => Some((64, " (the usual length, RFC 4291 §2.5.4)".to_owned())),
    }
}

/// What is in a network, as rows of a name and a value.
pub fn rows(net: IpNet) -> Vec<(&'static str, String)> {
    if net.network().is_multicast() && net.broadcast().is_multicast() {
        return vec![("Hosts", "none: each of these addresses names a group of hosts".to_owned())];
    }
    let (first, last, count) = hosts(net);
    vec![
        ("Broadcast", broadcast(net)),
        ("First host", first.to_string()),
        ("Last host", last.to_string()),
        ("Hosts", count),
    ]
}

/// The address of all hosts together, or why there is none.
fn broadcast(net: IpNet) -> String {
    match net {
        IpNet::V4(net) if net.prefix_len() < 31 => net.broadcast().to_string(),
        IpNet::V4(net) if net.prefix_len() == 31 => "none, on a link of two (RFC 3021)".to_owned(),
        IpNet::V4(_) => "none, of a single address".to_owned(),
        IpNet::V6(_) => "none: IPv6 has multicast for that (RFC 4291 §2)".to_owned(),
    }
}

/// The first and the last address for a host, and how many there are. For IPv6 that is a power of
/// two: 2^128 does not even fit in 128 bits, and 2^64 says more than its 20 digits.
fn hosts(net: IpNet) -> (IpAddr, IpAddr, String) {
    let host_bits = net.max_prefix_len() - net.prefix_len();
    if host_bits < 2 {
        return (net.network(), net.broadcast(), (1 << host_bits).to_string());
    }
    match net {
        // The network's own address and the broadcast address are no host's.
        IpNet::V4(net) => {
            let first = Ipv4Addr::from(u32::from(net.network()) + 1);
            let last = Ipv4Addr::from(u32::from(net.broadcast()) - 1);
            let count = (1_u64 << host_bits) - 2;
            (first.into(), last.into(), format!("{count} (2^{host_bits} - 2)"))
        }
        // The first address means any router (RFC 4291 §2.6.1); /127 links do without (RFC 6164).
        IpNet::V6(net) => {
            let first = Ipv6Addr::from(u128::from(net.network()) + 1);
            (first.into(), net.broadcast().into(), format!("2^{host_bits} - 1"))
        }
    }
}

/// Whether two addresses share a subnet. They do not if their zones say that they are on two links.
pub fn verdict(one: IpNet, other: IpNet, zones: [&Option<String>; 2]) -> String {
    let (one, other) = (one.trunc(), other.trunc());
    match zones {
        [Some(here), Some(there)] if here != there => {
            format!("no: the zones {here} and {there} are two links")
        }
        _ if one == other => format!("yes: both are in {one}"),
        _ => format!("no: {one} and {other} are two networks"),
    }
}
