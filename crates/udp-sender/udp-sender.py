"""Sends one line of text as one UDP datagram.

The Python twin of src/main.rs, for reading side by side: python3 udp-sender.py
"""

import argparse
import re
import socket
import sys


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 7: a UDP sender: one datagram, and no connection.",
        epilog="First, in another terminal: cargo run -p udp-bound-receiver",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="127.0.0.1:7788", help="[%(default)s]")
    parser.add_argument("--message", type=utf_8, help="the text; without it, the program asks")
    parser.add_argument("--encoding", choices=["gbk", "utf-8"], default="gbk", help="[%(default)s]")
    args = parser.parse_args()
    message = ask("请输入要发送的数据:") if args.message is None else args.message
    try:
        datagram = message.encode(args.encoding)
    except UnicodeEncodeError as error:
        character = message[error.start]
        lacks = f"{args.encoding} has no bytes for {ascii(character)} (U+{ord(character):04X})"
        sys.exit(f"Error: cannot send this text: {lacks}")
    try:
        send(datagram, args.address)
    except (OSError, UnicodeError) as error:
        what = f"{len(datagram)} bytes to {safe(args.address)}"
        remedy = "; IPv4 takes 65,507 at most" if len(datagram) > 65_507 else ""
        sys.exit(f"Error: cannot send {what}: {error}{remedy}")


def send(datagram, address):
    """Sends to the first address of a name that takes the datagram, be it IPv4 or IPv6."""
    host, port = split(address)
    failure = OSError("the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
        try:
            # The socket's own port is any free one.
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.sendto(datagram, where)  # all of it or an error
            return
        except OSError as error:
            failure = error
    raise failure


def split(address):
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def host_port(text):
    text.encode()  # what is no text is a ValueError
    host, _, port = text.rpartition(":")
    digits = port.isascii() and port.isdigit() and int(port) <= 65535
    if not (digits and host and (":" in host) == host.endswith("]")):
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:7788")
    return text


def utf_8(text):
    text.encode()  # what is no text is a ValueError
    return text


def ask(prompt):
    """Asks for one line, as input() does, but in UTF-8 on every system."""
    try:
        if sys.stdout:
            sys.stdout.reconfigure(encoding="utf-8")
        print(prompt, end="", flush=True)
    except OSError as error:
        sys.stdout = None  # closed or full; Python must not try again at exit
        sys.exit(f"Error: cannot write to standard output: {error.strerror}")
    try:
        line = open(0, "rb", closefd=False).readline().decode()
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot read a line of text from standard input: {error}")
    if not line:
        sys.exit("Error: standard input ended before there was a line; type one")
    return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line


def safe(text):
    """Controls, line separators and what turns text around, as escapes."""
    unsafe = "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
    return re.sub(unsafe, lambda match: ascii(match[0])[1:-1], text)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
