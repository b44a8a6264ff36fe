//! Explains an IP address: its bits, class and kind, its network, the hosts beside it.
//!
//! Tutorial: article 004, §1.3 (addresses and their classes), §2 (the mask), §7 (the subnet mask).
//!
//! New here: no socket yet, but the number behind `HOST`: an address has 32 or 128 bits, and the
//! AND with a mask tells its network.
//!
//! The article has tables of numbers and a recipe. Some of the numbers are wrong; here they are
//! computed (the README lists what differs). Classes are shown as history. IPv6 gets as much room
//! as IPv4.
//!
//! ```console
//! $ cargo run -p ip-addresses -- 192.168.1.142/24 --with 192.168.2.7
//! Address     192.168.1.142
//!             11000000.10101000.00000001.10001110
//! ```

use std::net::IpAddr;

use clap::{CommandFactory, Parser, error::ErrorKind};
use ipnet::IpNet;
use netcommon::{Report, println, safe};
use notation::{Address, bits};

mod classes;
mod kinds;
mod notation;
mod subnet;

/// Lesson 14: what an IP address is made of.
#[derive(Parser)]
#[command(after_help = "Without an address: the classes, and what is set aside for what.
Try: cargo run -p ip-addresses -- 192.168.1.142/24 --with 192.168.2.7")]
struct Args {
    /// IPv4 or IPv6: 192.168.1.142, 10.1.2.3/8, fe80::1%eth0/64
    #[arg(value_name = "ADDRESS[/PREFIX]")]
    address: Option<Address>,
    /// The mask in place of /PREFIX: 255.255.255.0 or /24
    #[arg(long, value_name = "M", requires = "address")]
    mask: Option<String>,
    /// Another address: is it in the same subnet?
    #[arg(long, value_name = "OTHER", requires = "address")]
    with: Option<Address>,
}

fn main() -> Result<(), Report> {
    let Args { address, mask, with } = Args::parse();
    let Some(address) = address else {
        for line in [classes::table(), kinds::table()].concat() {
            println!("{line}");
        }
        return Ok(());
    };
    let subnet = subnet::choose(&address, mask.as_deref(), with.as_ref()).unwrap_or_else(|error| {
        let message = safe(&format!("{error:#}")).into_owned();
        Args::command().error(ErrorKind::ValueValidation, message).exit()
    });

    numbers("Address", address.ip, "");
    if let Some(zone) = &address.zone {
        row("Zone", &format!("{zone}: a link of this machine, and none of the bits (RFC 4007)"));
    }
    if let IpAddr::V4(ip) = address.ip {
        row("Class", &classes::of(ip).to_string());
    }
    row("Kind", &kinds::of(address.ip));
    match subnet {
        None => row("Mask", "none: a multicast or reserved address has none of its own"),
        Some((net, why)) => {
            explain(net, &why);
            if let Some(other) = with {
                compare(net, &address, &other)?;
            }
        }
    }
    Ok(())
}

/// Prints what the mask makes of the address.
fn explain(net: IpNet, why: &str) {
    numbers("Mask", net.netmask(), &format!(" = /{}{why}", net.prefix_len()));
    numbers("Network", net.network(), " (address AND mask)");
    for (name, value) in subnet::rows(net) {
        row(name, &value);
    }
}

/// Prints whether two addresses share a subnet: the article's recipe of two ANDs.
fn compare(net: IpNet, address: &Address, other: &Address) -> Result<(), Report> {
    let other_net = IpNet::new(other.ip, net.prefix_len())?;
    println!("");
    numbers("Other", other.ip, "");
    numbers("Network", other_net.network(), " (other AND mask)");
    row("Same subnet", &subnet::verdict(net, other_net, [&address.zone, &other.zone]));
    Ok(())
}

/// Prints an address and, below it, its bits.
fn numbers(name: &str, ip: IpAddr, remark: &str) {
    row(name, &format!("{ip}{remark}"));
    for line in bits(ip) {
        row("", &line);
    }
}

fn row(name: &str, value: &str) {
    println!("{name:<11} {value}");
}

#[cfg(test)]
mod tests;
