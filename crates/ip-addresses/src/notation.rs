//! How addresses and masks are written: RFC 4632 §3.1, RFC 4291 §2.2 and §2.3, RFC 4007 §11.

use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{Error, Result, anyhow, bail, ensure};
use ipnet::ip_mask_to_prefix;

/// `ADDRESS[%ZONE][/PREFIX]`.
#[derive(Clone)]
pub struct Address {
    /// The address itself, 32 or 128 bits.
    pub ip: IpAddr,
    /// Which of this machine's links it is on, such as `eth0`; an IPv6 address may need that.
    pub zone: Option<String>,
    /// How many of its first bits are the network's.
    pub prefix: Option<u8>,
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (rest, prefix) = cut(text, '/');
        let (ip, zone) = cut(rest, '%');
        let ip = ip.parse().map_err(|_| anyhow!(what_is_wrong(text, ip)))?;
        if let Some(zone) = zone {
            ensure!(matches!(ip, IpAddr::V6(_)), "only an IPv6 address has a zone (%{zone})");
            ensure!(!zone.is_empty(), "no zone after the %, such as fe80::1%eth0");
            ensure!(!zone.contains('%'), "a zone has no % in it (RFC 4007 §11.2)");
        }
        let prefix = prefix.map(|prefix| prefix_length(prefix, ip)).transpose()?;
        Ok(Self { ip, zone: zone.map(str::to_owned), prefix })
    }
}

/// The length of the prefix that `text` means for `ip`: `24` and `255.255.255.0` are the same.
pub fn prefix_length(text: &str, ip: IpAddr) -> Result<u8> {
    if let Ok(mask) = text.parse::<IpAddr>() {
        ensure!(
            mask.is_ipv4() == ip.is_ipv4(),
            "{mask} is no mask for {ip}: one is IPv4, one IPv6"
        );
        let no_mask = "in binary, a mask is ones and then zeros, never mixed";
        return ip_mask_to_prefix(mask).map_err(|_| anyhow!("{mask} is no mask: {no_mask}"));
    }
    let most = if ip.is_ipv4() { 32 } else { 128 };
    match text.parse::<u8>() {
        // So that neither +8 nor 08 is a number.
        Ok(length) if length <= most && length.to_string() == text => Ok(length),
        _ => bail!("`{text}` is no prefix for {ip}: expected 0 to {most}, or a mask"),
    }
}

/// The bits of an address: groups of 8, or of 16 on two lines, as its text has them.
pub fn bits(ip: IpAddr) -> Vec<String> {
    match ip {
        IpAddr::V4(ip) => vec![ip.octets().map(|octet| format!("{octet:08b}")).join(".")],
        IpAddr::V6(ip) => {
            let groups = ip.segments().map(|group| format!("{group:016b}"));
            vec![groups[..4].join(":") + ":", groups[4..].join(":")]
        }
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Why `text` is no address; `ip` is the part of it that should be one.
fn what_is_wrong(text: &str, ip: &str) -> &'static str {
    let parts: Vec<&str> = ip.split('.').collect();
    if text.contains("://") {
        "this is a URL: give the address in it alone, such as 192.168.1.142"
    } else if text.contains(char::is_whitespace) {
        "an address has no blanks"
    } else if !ip.is_ascii() {
        "an address has ASCII digits, dots and colons only, such as 192.168.1.142"
    } else if ip.contains(['[', ']']) {
        "give the address without brackets and without a port, such as ::1"
    } else if ip.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') && !is_hex(host)) {
        "give the address without a port, such as 127.0.0.1"
    } else if ip.contains(':') {
        "an IPv6 address has eight groups of one to four hex digits; one :: stands for zeros"
    } else if parts.iter().any(|part| part.starts_with("0x") || part.starts_with("0X")) {
        "0x means hexadecimal to some programs, so it is not allowed (RFC 6943 §3.1.1)"
    } else if ip.contains(|c: char| c.is_ascii_alphabetic()) {
        "this is a name: give its address, which a lookup tells (getent hosts, nslookup)"
    } else if parts.len() != 4 {
        "an IPv4 address has four parts, such as 192.168.1.142"
    } else if parts.iter().any(|part| part.len() > 1 && part.starts_with('0')) {
        "a leading zero means octal to some programs, so none is allowed (RFC 6943 §3.1.1)"
    } else {
        "each part of an IPv4 address is a number from 0 to 255"
    }
}

fn is_hex(group: &str) -> bool {
    group.chars().all(|c| c.is_ascii_hexdigit())
}
