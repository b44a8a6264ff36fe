"""Explains an IP address: its bits, class and kind, its network, the hosts beside it.

The Python twin of src/main.rs, for reading side by side: python3 ip-addresses.py 192.168.1.142/24
"""

import argparse
import ipaddress
import re
import sys
from pathlib import Path

# Letter, first bits, all its addresses, the length of its network part (D and E have none).
CLASSES = [
    ("A", "0", "0.0.0.0/1", 8),
    ("B", "10", "128.0.0.0/2", 16),
    ("C", "110", "192.0.0.0/3", 24),
    ("D", "1110", "224.0.0.0/4", None),
    ("E", "1111", "240.0.0.0/4", None),
]
REGISTRY = Path(__file__).with_name("special-purpose.csv")


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 14: what an IP address is made of.",
        epilog="Try: cargo run -p ip-addresses -- 192.168.1.142/24 --with 192.168.2.7",
    )
    example = "192.168.1.142, 10.1.2.3/8, fe80::1%%eth0/64"
    parser.add_argument("address", nargs="?", type=address, metavar="ADDRESS[/PREFIX]", help=example)
    parser.add_argument("--mask", metavar="M", help="255.255.255.0 or /24, in place of /PREFIX")
    parser.add_argument("--with", dest="other", type=address, metavar="OTHER", help="is it in the same subnet?")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    if args.address is None:
        if args.mask is not None or args.other is not None:
            parser.error("the following arguments are required: ADDRESS[/PREFIX]")
        print_tables()
        return
    try:
        net, why = choose(args.address, args.mask, args.other)
    except argparse.ArgumentTypeError as error:
        parser.error(safe(str(error)))

    ip, zone, _ = args.address
    numbers("Address", ip, "")
    if zone:
        row("Zone", f"{zone}: a link of this machine, and none of the bits (RFC 4007)")
    if ip.version == 4:
        letter, bits, prefix, _ = class_of(ip)
        classful = ipaddress.ip_network(prefix)
        row("Class", f"{letter} (first bits {bits}: {classful[0]} to {classful[-1]})")
    row("Kind", kind_of(ip))
    if net is None:
        row("Mask", "none: a multicast or reserved address has none of its own")
        return
    explain(net, why)
    if args.other is not None:
        compare(net, args.address, args.other)


def explain(net, why):
    """Prints what the mask makes of the address."""
    numbers("Mask", net.netmask, f" = /{net.prefixlen}{why}")
    numbers("Network", net[0], " (address AND mask)")
    if net[0].is_multicast and net[-1].is_multicast:
        row("Hosts", "none: each of these addresses names a group of hosts")
        return
    host_bits = net.max_prefixlen - net.prefixlen
    if net.version == 6:
        row("Broadcast", "none: IPv6 has multicast for that (RFC 4291 §2)")
    elif host_bits == 1:
        row("Broadcast", "none, on a link of two (RFC 3021)")
    elif host_bits == 0:
        row("Broadcast", "none, of a single address")
    else:
        row("Broadcast", show(net.broadcast_address))
    first, last, count = net[0], net[-1], str(2**host_bits)
    if host_bits > 1 and net.version == 4:
        # The network's own address and the broadcast address are no host's.
        first, last, count = net[1], net[-2], f"{2**host_bits - 2} (2^{host_bits} - 2)"
    elif host_bits > 1:
        first, count = net[1], f"2^{host_bits} - 1"  # RFC 4291 §2.6.1: the first means any router
    row("First host", show(first))
    row("Last host", show(last))
    row("Hosts", count)


def compare(net, address, other):
    """Prints whether two addresses share a subnet: the article's recipe of two ANDs."""
    other_net = ipaddress.ip_network((other[0], net.prefixlen), strict=False)
    say("")
    numbers("Other", other[0], "")
    numbers("Network", other_net[0], " (other AND mask)")
    zones = address[1], other[1]
    if all(zones) and zones[0] != zones[1]:
        row("Same subnet", f"no: the zones {zones[0]} and {zones[1]} are two links")
    elif net == other_net:
        row("Same subnet", f"yes: both are in {show(net[0])}/{net.prefixlen}")
    else:
        length = net.prefixlen
        row("Same subnet", f"no: {show(net[0])}/{length} and {show(other_net[0])}/{length} are two networks")


def choose(address, mask, other):
    """The network of the address, and why it is that one; None where there is none."""
    ip, _, prefix = address
    why = ""
    if prefix is not None and mask is not None:
        raise argparse.ArgumentTypeError("give the mask once: as /PREFIX or with --mask")
    if mask is not None:
        prefix = prefix_length(mask.removeprefix("/"), ip)
    elif prefix is None:
        prefix, why = default_prefix(ip)
    if other is not None:
        if other[2] is not None:
            raise argparse.ArgumentTypeError("--with takes no /PREFIX: one mask is for both addresses")
        if ip.version != other[0].version:
            raise argparse.ArgumentTypeError(f"of {ip} and {other[0]}, one is IPv4 and one IPv6")
        if prefix is None:
            raise argparse.ArgumentTypeError(f"{ip} has no mask of its own: give /PREFIX or --mask")
    return prefix if prefix is None else ipaddress.ip_network((ip, prefix), strict=False), why


def default_prefix(ip):
    """The prefix of an address that came without one."""
    if ip.version == 4:
        letter, _, _, prefix = class_of(ip)
        return prefix, f" (class {letter}'s; CIDR replaced classes: RFC 4632)"
    if ip.is_multicast:
        return None, ""
    if ip.packed[0] >> 5 == 0:  # starts with 000, so without an interface identifier of 64 bits
        return 128, " (a single address)"
    return 64, " (the usual length, RFC 4291 §2.5.4)"


def class_of(ip):
    return next(row for row in CLASSES if ip in ipaddress.ip_network(row[2]))


def kind_of(ip):
    """The kind of an address. Of several prefixes that contain it, the longest counts."""
    rows = [row for row in registry() if ip in row[0]]
    _, text, kind, source = max(rows, key=lambda row: row[0].prefixlen)
    return f"{kind} ({text}, {source})"


def registry():
    rows = [line.split(",") for line in REGISTRY.read_text("utf-8").splitlines()]
    return [(ipaddress.ip_network(text), text, kind, source) for text, kind, source in rows]


def print_tables():
    say("Classes of IPv4 addresses: history since CIDR (1993; RFC 4632)")
    line = "{:<6}{:<6}{:<15}{:<17}{:<5}{:>9}{:>12}".format
    say(line("Class", "Bits", "First address", "Last address", "Mask", "Networks", "Hosts each"))
    for letter, bits, prefix, length in CLASSES:
        net = ipaddress.ip_network(prefix)
        mask = networks = hosts = "-"
        if length:
            # 0.0.0.0/8 and 127.0.0.0/8 are of class A, but no one's network.
            networks = 2 ** (length - len(bits)) - (2 if letter == "A" else 0)
            mask, hosts = f"/{length}", 2 ** (32 - length) - 2
        say(line(letter, bits, str(net[0]), str(net[-1]), mask, networks, hosts))
    say("")
    say("What is set aside; of several prefixes, the longest counts")
    line = "{:<19}{:<16}{:<27}{}".format
    say(line("Prefix", "Last address", "Kind", "Source"))
    for net, text, kind, source in registry():
        say(line(text, str(net[-1]) if net.version == 4 else "-", kind, source))


def address(text):
    """ADDRESS[%ZONE][/PREFIX]: the address, the zone, the length of the prefix."""
    rest, slash, prefix = text.partition("/")
    ip, percent, zone = rest.partition("%")
    try:
        ip = ipaddress.ip_address(ip)
    except ValueError as error:
        raise argparse.ArgumentTypeError(safe(str(error))) from None
    if percent and ip.version == 4:
        raise argparse.ArgumentTypeError("only an IPv6 address has a zone")
    if percent and not zone:
        raise argparse.ArgumentTypeError("no zone after the %, such as fe80::1%eth0")
    text.encode()  # what is no text is a ValueError
    return ip, zone, prefix_length(prefix, ip) if slash else None


def prefix_length(text, ip):
    """The length of the prefix that a text means: 24 and 255.255.255.0 are the same."""
    try:
        mask = ipaddress.ip_address(text)
    except ValueError:
        most = ip.max_prefixlen
        if text not in map(str, range(most + 1)):
            wanted = f"expected 0 to {most}, or a mask"
            raise argparse.ArgumentTypeError(f"`{safe(text)}` is no prefix for {ip}: {wanted}") from None
        return int(text)
    if mask.version != ip.version:
        raise argparse.ArgumentTypeError(f"{mask} is no mask for {ip}: one is IPv4, one IPv6")
    length = f"{int(mask):b}".count("1")
    if int(mask) != int(ipaddress.ip_network((ip, length), strict=False).netmask):
        rule = "in binary, a mask is ones and then zeros, never mixed"
        raise argparse.ArgumentTypeError(f"{mask} is no mask: {rule}")
    return length


def numbers(name, ip, remark):
    """Prints an address and, below it, its bits."""
    row(name, show(ip) + remark)
    if ip.version == 4:
        row("", ".".join(f"{byte:08b}" for byte in ip.packed))
    else:
        groups = [f"{int(group, 16):016b}" for group in ip.exploded.split(":")]
        row("", ":".join(groups[:4]) + ":")
        row("", ":".join(groups[4:]))


def show(ip):
    if ip.version == 6 and ip.ipv4_mapped:
        return f"::ffff:{ip.ipv4_mapped}"  # RFC 5952 §5; Python does so itself since 3.13
    return str(ip)


def row(name, value):
    say(f"{name:<11} {value}")


def say(line):
    """Prints a line, with what could steer the terminal escaped."""
    try:
        print(safe(line), flush=True)
    except OSError as error:
        sys.stdout = None  # closed or full; Python must not try again at exit
        sys.exit(f"Error: cannot write to standard output: {error.strerror}")


def safe(text):
    """Controls, line separators and what turns text around, as escapes."""
    unsafe = "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
    return re.sub(unsafe, lambda match: ascii(match[0])[1:-1], text)


if __name__ == "__main__":
    main()
