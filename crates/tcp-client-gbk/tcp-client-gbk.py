"""Sends a typed line to a TCP server in GBK, and shows its answer.

The Python twin of src/main.rs, for reading side by side: python3 tcp-client-gbk.py
"""

import argparse
import re
import socket
import sys
import threading


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 12: a TCP client for one exchange of typed text, in GBK.",
        epilog="First, in another terminal: cargo run -p tcp-server-gbk",
    )
    parser.add_argument("address", nargs="?", type=host_port, help="the server; without it, the program asks")
    parser.add_argument("--timeout", type=seconds, default=30, help="[%(default)s]")
    args = parser.parse_args()
    for stream in filter(None, (sys.stdin, sys.stdout)):
        stream.reconfigure(encoding="utf-8")
    try:
        where = args.address or ask_address()
    except (EOFError, ValueError) as error:
        sys.exit(f"Error: {safe(str(error))}")
    address = safe(where)
    try:
        # Tries each address of a name, be it IPv4 or IPv6.
        stream = socket.create_connection(split(where), args.timeout)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot connect to {address}: {error}; is tcp-server-gbk running?")
    try:
        with stream:
            talk(stream)
    except (OSError, EOFError, ValueError) as error:
        sys.exit(f"Error: the exchange with {address} broke off: {safe(str(error))}")


def ask_address():
    host = ask("请输入服务器IP:")
    host = f"[{host}]" if ":" in host else host  # an IPv6 address
    port = ask("请输入服务器port:")
    try:
        return host_port(f"{host}:{port}")
    except argparse.ArgumentTypeError as error:
        raise ValueError(f"{host}:{port} is no address: {error}") from None


def talk(stream):
    """Sends a line, and prints the answer, 64 KiB at the most."""
    line = ask("请输入要发送的数据:")
    if not line:
        raise ValueError("TCP carries no empty message")
    message = encode(line)
    stream.sendall(message)
    answer = b""
    while piece := stream.recv(65_536):
        answer += piece
        if len(answer) > 65_536:
            raise ConnectionError("the peer sent more than 65536 bytes")
    say(f"接收到的信息为: {answer.decode('gb18030', 'replace')}")  # GBK, and more


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


def ask(prompt):
    """Asks for one line, as input() does, but in UTF-8 on every system."""
    say(prompt, end="")
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:
        raise EOFError("standard input ended before there was a line; type one")
    return line.removesuffix("\n").removesuffix("\r")


def encode(line):
    """A line in GBK; what GBK has no bytes for is an error."""
    try:
        return line.encode("gbk")
    except UnicodeEncodeError as error:
        character = line[error.start]
        raise ValueError(f"GBK has no bytes for {character!r} (U+{ord(character):04X})") from None


def say(line, end="\n"):
    """Prints a line, with what could steer the terminal escaped."""
    try:
        print(safe(line), end=end, flush=True)
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
