"""Receives UDP datagrams on a port that senders know, and prints their text.

The Python twin of src/main.rs, for reading side by side: python3 udp-bound-receiver.py
"""

import argparse
import re
import socket
import sys


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 8: a UDP receiver: a bound port, and text in GBK.",
        epilog="In a second terminal: cargo run -p udp-sender",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="0.0.0.0:7788", help="[%(default)s]")
    parser.add_argument("--count", type=number, default=1, help="0 is for ever [%(default)s]")
    parser.add_argument("--encoding", choices=["gbk", "utf-8"], default="gbk", help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        receiver = bind(args.address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(args.address)}: {error}; choose another port")
    print("Listening on", show(receiver.getsockname()), file=sys.stderr, flush=True)

    received = 0
    while received < args.count or args.count == 0:
        try:
            # 64 KiB: the length field of a UDP header has 16 bits (RFC 768).
            datagram, _sender = receiver.recvfrom(65_536)
        except OSError as error:
            sys.exit(f"Error: cannot receive a datagram: {error}")
        say(datagram.decode(args.encoding, "replace"))
        received += 1


def bind(address):
    """Binds the first address of a name that can be had, be it IPv4 or IPv6."""
    host, port = split(address)
    failure = OSError("the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        try:
            receiver.bind(where)
            return receiver
        except OSError as error:
            receiver.close()
            failure = error
    raise failure


def split(address):
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def show(where):
    host, port = where[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_port(text):
    text.encode()  # what is no text is a ValueError
    host, _, port = text.rpartition(":")
    digits = port.isascii() and port.isdigit() and int(port) <= 65535
    if not (digits and host and (":" in host) == host.endswith("]")):
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:7788")
    return text


def number(text):
    if int(text) < 0:
        raise argparse.ArgumentTypeError("expected 0 or more")
    return int(text)


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
    try:
        main()
    except OSError:
        sys.stderr = None  # closed or full, so that Python cannot try again at exit
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
