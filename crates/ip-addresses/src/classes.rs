//! The five classes of IPv4 addresses, told apart by their first bits (RFC 791 §3.2, RFC 1112 §4).
//!
//! Since 1993 no router goes by them (CIDR: RFC 1519, today RFC 4632). They live on in words.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// One class.
pub struct Class {
    /// Its name, A to E.
    pub letter: char,
    /// The bits that all its addresses start with.
    pub first_bits: &'static str,
    /// All its addresses; this prefix covers just the first bits.
    pub range: Ipv4Net,
    /// How many bits are the network's. D (multicast) and E (reserved) have no networks.
    pub prefix: Option<u8>,
}

static CLASSES: [Class; 5] = [
    Class { letter: 'A', first_bits: "0", range: range(0, 1), prefix: Some(8) },
    Class { letter: 'B', first_bits: "10", range: range(128, 2), prefix: Some(16) },
    Class { letter: 'C', first_bits: "110", range: range(192, 3), prefix: Some(24) },
    Class { letter: 'D', first_bits: "1110", range: range(224, 4), prefix: None },
    Class { letter: 'E', first_bits: "1111", range: range(240, 4), prefix: None },
];

const fn range(first_octet: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(first_octet, 0, 0, 0), prefix)
}

/// The class of an address: as many steps from A as it has ones at its start.
pub fn of(ip: Ipv4Addr) -> &'static Class {
    &CLASSES[u32::from(ip).leading_ones().min(4) as usize]
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { letter, first_bits, range, .. } = self;
        let (first, last) = (range.network(), range.broadcast());
        write!(f, "{letter} (first bits {first_bits}: {first} to {last})")
    }
}

/// The table of the classes, line by line.
pub fn table() -> Vec<String> {
    let mut lines = vec![
        "Classes of IPv4 addresses: history since CIDR (1993; RFC 4632)".to_owned(),
        line(["Class", "Bits", "First address", "Last address", "Mask", "Networks", "Hosts each"]),
    ];
    lines.extend(CLASSES.iter().map(|class| {
        let Class { letter, first_bits, range, prefix } = class;
        let [letter, first, last] =
            [letter.to_string(), range.network().to_string(), range.broadcast().to_string()];
        let Some(prefix) = prefix else {
            return line([&letter, first_bits, &first, &last, "-", "-", "-"]);
        };
        // 0.0.0.0/8 and 127.0.0.0/8 are of class A, but no one's network.
        let set_aside = if letter == "A" { 2 } else { 0 };
        let networks = (1 << (prefix - range.prefix_len())) - set_aside;
        let hosts = (1 << (32 - prefix)) - 2; // without the network's address and the broadcast
        let [mask, networks, hosts] = [u32::from(*prefix), networks, hosts].map(|n| n.to_string());
        line([&letter, first_bits, &first, &last, &format!("/{mask}"), &networks, &hosts])
    }));
    lines
}

fn line([class, bits, first, last, mask, networks, hosts]: [&str; 7]) -> String {
    format!("{class:<6}{bits:<6}{first:<15}{last:<17}{mask:<5}{networks:>9}{hosts:>12}")
}
