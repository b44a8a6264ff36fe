"""Sends back what a TCP client says, one client at a time.

The Python twin of src/main.rs, for reading side by side: python3 tcp-echo-server.py
"""

import argparse
import contextlib
import re
import socket
import sys
import time


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 2: a TCP server that sends back what it receives, one client at a time.",
        epilog="In a second terminal: cargo run -p tcp-echo-client",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="localhost:8888", help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)

    host, port = args.address.rsplit(":", 1)
    print(f"Starting up on {safe(host)} port {port}")
    try:
        listener = listen(args.address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(args.address)}: {error}; choose another port")
    print("Listening on", show(listener.getsockname()), file=sys.stderr, flush=True)
    while True:
        print("Waiting for a connection...")
        try:
            stream, peer = listener.accept()
        except OSError as error:
            pause(error)
            continue
        print(f"Connection from {show(peer)}")
        serve(stream, peer)


def listen(address):
    """Listens on the first address of a name that can be had, on IPv4 before IPv6."""
    host, port = address.rsplit(":", 1)
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    failure = OSError(0, "the name has no address")
    for family, _, _, _, where in sorted(found, key=lambda one: one[0] == socket.AF_INET6):
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # where it would let two programs share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            failure = error
    raise failure


def pause(error):
    """Says that there is no free file descriptor, and gives others the time to end."""
    warn(f"cannot serve a client: {error}; going on in a moment")
    time.sleep(0.2)


def warn(line):
    """Says on stderr what befell one client. If no one hears it, the next one is served all the same."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def serve(stream, peer):
    """Serves one client; the others wait in the backlog."""
    try:
        with stream:
            talk(stream)
    except OSError as error:
        warn(f"lost {show(peer)}: {error}")


def talk(stream):
    """Sends back what one client says until it closes its side."""
    while True:
        message = stream.recv(1024)  # b"" is the end of the stream
        print(f'Received b"{escape(message)}"')
        if not message:
            return
        stream.settimeout(30)  # a client may be silent, but not leave its answers unread
        stream.sendall(message)
        stream.settimeout(None)


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
    except OSError as error:
        sys.stdout = None  # closed or full, so that Python cannot try again at exit
        try:
            print(f"Error: cannot write to standard output: {error.strerror}", file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = None  # full itself
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
