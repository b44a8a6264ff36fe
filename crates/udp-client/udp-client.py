"""Sends names as UDP datagrams, and waits for the answer to each.

The Python twin of src/main.rs, for reading side by side: python3 udp-client.py
"""

import argparse
import re
import socket
import sys
import threading


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 10: a UDP client that waits for its answers.",
        epilog="First, in another terminal: cargo run -p udp-server",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="127.0.0.1:9999", help="[127.0.0.1:9999]")
    parser.add_argument("names", nargs="*", type=str.encode, help="[Michael Tracy Sarah]")
    parser.add_argument("--timeout", type=seconds, default=5, help="[5]")
    args = parser.parse_intermixed_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    first, *others = args.names or [b"Michael", b"Tracy", b"Sarah"]
    try:
        sender, answer = connect(args.address, args.timeout, first)
        say(answer)
        for name in others:
            say(ask(sender, name))
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: no answer from {safe(args.address)}: {error}; is udp-server running there?")


def connect(address, timeout, first):
    """Connects to the first address of a name that answers.

    To connect a datagram socket sends nothing, so this takes the first question.
    """
    host, port = split(address)
    failure = OSError(0, "the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
        sender = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sender.connect(where)  # now it talks with no one else
            sender.settimeout(timeout)
            return sender, ask(sender, first)
        except OSError as error:
            sender.close()
            failure = error
    raise failure


def ask(sender, name):
    """Sends a name and waits for one datagram."""
    sender.send(name)  # all of it or an error: a datagram is never cut
    return sender.recv(65_536).decode(errors="replace")


def split(address):
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def host_port(text):
    text.encode()  # what is no text is a ValueError
    host, _, port = text.rpartition(":")
    digits = port.isascii() and port.isdigit() and int(port) <= 65535
    if not (digits and host and (":" in host) == host.endswith("]")):
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:9999")
    return text


def seconds(text):
    if not 0 < float(text) <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError("expected more than 0 seconds")
    return float(text)


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
    except KeyboardInterrupt:
        sys.exit(130)
