"""Sends one message over TCP, and checks that it comes back.

The Python twin of src/main.rs, for reading side by side: python3 tcp-echo-client.py
"""

import argparse
import re
import socket
import sys
import threading


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 3: a TCP client that sends one message and checks its echo.",
        epilog="First, in another terminal: cargo run -p tcp-echo-server",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="localhost:8888", help="[%(default)s]")
    parser.add_argument("--message", type=message, default="This is a test message", help="[%(default)s]")
    parser.add_argument("--timeout", type=seconds, default=30, help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    address = safe(args.address)
    host, port = address.rsplit(":", 1)
    say(f"Connecting to {host} port {port}")
    try:
        # Tries each address of a name, be it IPv4 or IPv6.
        stream = socket.create_connection(split(args.address), args.timeout)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot connect to {address}: {error}; is tcp-echo-server running?")
    try:
        with stream:
            talk(stream, args.message)
    except OSError as error:
        sys.exit(f"Error: no echo from {address}: {error}")


def talk(stream, message):
    """Sends the message and prints its echo."""
    stream.sendall(message)
    # As many bytes as were sent, or fewer if the server closes: however many reads that takes.
    echo = b""
    while len(echo) < len(message) and (piece := stream.recv(len(message) - len(echo))):
        echo += piece
    if echo != message:
        raise ConnectionError(f'it sent back b"{escape(echo)}"')
    say(f'Received b"{escape(echo)}"')


def message(text):
    if not text:
        raise argparse.ArgumentTypeError("the message is empty")
    return text.encode()


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


def escape(message):
    """Bytes as they are written between double quotes, where repr() would choose the quotes."""
    short = {9: r"\t", 10: r"\n", 13: r"\r", 34: r"\"", 39: r"\'", 92: r"\\"}
    return "".join(
        short.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in message
    )


def safe(text):
    """Controls, line separators and what turns text around, as escapes."""
    unsafe = "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
    return re.sub(unsafe, lambda match: ascii(match[0])[1:-1], text)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
