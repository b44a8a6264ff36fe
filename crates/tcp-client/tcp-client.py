"""Holds a dialogue over TCP: a welcome, then a greeting for each name.

The Python twin of src/main.rs, for reading side by side: python3 tcp-client.py
"""

import argparse
import codecs
import re
import socket
import sys
import threading


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 5: a TCP client that holds a dialogue with the server of lesson 4.",
        epilog="First, in another terminal: cargo run -p tcp-server-threaded",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="127.0.0.1:9999", help="[127.0.0.1:9999]")
    parser.add_argument("names", nargs="*", type=name, help="[Michael Tracy Sarah]")
    parser.add_argument("--timeout", type=seconds, default=30, help="[30]")
    args = parser.parse_intermixed_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    address = safe(args.address)
    try:
        # Tries each address of a name, be it IPv4 or IPv6.
        stream = socket.create_connection(split(args.address), args.timeout)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot connect to {address}: {error}; is tcp-server-threaded running?")
    try:
        with stream:
            talk(stream, args.names or ["Michael", "Tracy", "Sarah"])
    except OSError as error:
        sys.exit(f"Error: the dialogue with {address} broke off: {error}")


def talk(stream, names):
    """Prints the welcome, then the answer to each name."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    say(decoder.decode(receive(stream)))
    for name in names:
        stream.sendall(name.encode())
        say(decoder.decode(receive(stream)))
    stream.sendall(b"exit")
    if rest := decoder.decode(b"", final=True):
        say(rest)  # half a character, and no more of it


def receive(stream):
    """One message, which is one recv(1024) here; TCP itself knows no messages."""
    message = stream.recv(1024)
    if not message:
        raise ConnectionError("it closed the connection without an answer")
    return message


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


def name(text):
    if not text:
        raise argparse.ArgumentTypeError("a name is empty")
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
