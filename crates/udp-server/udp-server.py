"""Answers each UDP datagram with a greeting.

The Python twin of src/main.rs, for reading side by side: python3 udp-server.py
"""

import argparse
import contextlib
import re
import socket
import sys
import time


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 9: a UDP server that answers each datagram.",
        epilog="In a second terminal: cargo run -p udp-client",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="127.0.0.1:9999", help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(line_buffering=True)

    try:
        receiver = bind(args.address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(args.address)}: {error}; choose another port")
    print("Listening on", show(receiver.getsockname()), file=sys.stderr, flush=True)
    print(f"Bind UDP on {receiver.getsockname()[1]}...")

    while True:
        try:
            # 64 KiB: the length field of a UDP header has 16 bits (RFC 768).
            name, sender = receiver.recvfrom(65_536)
        except OSError as error:
            pause(error)
            continue
        print(f"Received from {show(sender)}.")
        if not name.startswith(b"Hello, "):
            answer(receiver, name, sender)


def answer(receiver, name, sender):
    """Greets the sender; if that fails, it costs one line of the log."""
    try:
        receiver.sendto(b"Hello, " + name + b"!", sender)
    except OSError as error:
        warn(f"cannot answer {show(sender)}: {error}")


def pause(error):
    """Says that nothing can be received, and gives the system the time to recover."""
    warn(f"cannot receive a datagram: {error}; going on in a moment")
    time.sleep(0.2)


def warn(line):
    """Says on stderr what befell one datagram. If no one hears it, the next one is answered all the same."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def bind(address):
    """Binds to the first address of a name that can be had, be it IPv4 or IPv6."""
    host, port = address.rsplit(":", 1)
    failure = OSError(0, "the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_DGRAM):
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        try:
            receiver.bind(where)
            return receiver
        except OSError as error:
            receiver.close()
            failure = error
    raise failure


def show(where):
    host, port = where[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_port(text):
    text.encode()  # what is no text is a ValueError
    host, _, port = text.rpartition(":")
    digits = port.isascii() and port.isdigit() and int(port) <= 65535
    if not (digits and host and (":" in host) == host.endswith("]")):
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:9999")
    return text


def safe(text):
    """Controls, line separators and what turns text around, as escapes."""
    unsafe = "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
    return re.sub(unsafe, lambda match: ascii(match[0])[1:-1], text)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.stdout = None  # closed or full, so that Python cannot try again at exit
        try:
            print(f"Error: cannot write to standard output: {error.strerror}", file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = None  # full itself
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
