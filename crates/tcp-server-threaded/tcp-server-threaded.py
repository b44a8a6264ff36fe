"""Talks with many TCP clients at once: one thread for each connection.

The Python twin of src/main.rs, for reading side by side: python3 tcp-server-threaded.py
"""

import argparse
import contextlib
import re
import socket
import sys
import threading
import time


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 4: a TCP server that talks with many clients at once.",
        epilog="In a second terminal: cargo run -p tcp-client",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="127.0.0.1:9999", help="[%(default)s]")
    parser.add_argument("--delay", type=seconds, default=1, help="[%(default)s]")
    parser.add_argument("--max-connections", type=places, default=1024, help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(line_buffering=True)

    try:
        listener = listen(args.address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(args.address)}: {error}; choose another port")
    print("Listening on", show(listener.getsockname()), file=sys.stderr, flush=True)
    print("Waiting for connection...")

    # The semaphore holds the free places: a connection takes one, and gives it back at its end.
    free_places = threading.BoundedSemaphore(args.max_connections)
    while True:
        free_places.acquire()
        try:
            stream, peer = listener.accept()
        except OSError as error:
            free_places.release()
            pause(error)
            continue
        print(f"Accept new connection from {show(peer)}...")
        try:
            threading.Thread(target=serve, args=(stream, peer, args.delay, free_places), daemon=True).start()
        except RuntimeError as error:
            stream.close()
            free_places.release()
            pause(error)


def pause(error):
    """Says that there is no free file descriptor or thread, and gives others the time to end."""
    warn(f"cannot serve a client: {error}; going on in a moment")
    time.sleep(0.2)


def warn(line):
    """Says on stderr what befell one client. If no one hears it, the next one is served all the same."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def serve(stream, peer, delay, free_places):
    """Serves one client, in a thread of its own."""
    try:
        with stream:
            talk(stream, delay)
    except OSError as error:
        warn(f"lost {show(peer)}: {error}")
    finally:
        free_places.release()
    with contextlib.suppress(OSError):
        print(f"Connection from {show(peer)} closed.")


def talk(stream, delay):
    """Answers one client until it says `exit` or closes its side."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # it may not vanish
    stream.sendall(b"Welcome!")
    while True:
        name = stream.recv(1024)  # b"" is the end of the stream
        time.sleep(delay)
        if name in (b"", b"exit"):
            return
        stream.settimeout(30)  # a client may be silent, but not leave its answers unread
        stream.sendall(b"Hello, " + name + b"!")
        stream.settimeout(None)


def listen(address):
    """Listens on the first address of a name that can be had, be it IPv4 or IPv6."""
    host, port = address.rsplit(":", 1)
    failure = OSError(0, "the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # where it would let two programs share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(4096)
            return listener
        except OSError as error:
            listener.close()
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


def seconds(text):
    if not 0 <= float(text) <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError("expected seconds, 0 or more")
    return float(text)


def places(text):
    if not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("expected 1 to 1,000,000")
    return int(text)


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
