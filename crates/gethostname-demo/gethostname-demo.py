"""A TCP server that speaks first, at this machine's own host name; and its client.

The Python twin of src/main.rs, for reading side by side: python3 gethostname-demo.py
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
        description="Lesson 6: a TCP server that speaks first, at this machine's own host name.",
        epilog="In two terminals: cargo run -p gethostname-demo server    (then: client)",
    )
    parser.add_argument("half", nargs="?", choices=["server", "client"], help="one half alone; none is both")
    parser.add_argument("address", nargs="?", type=host_port, help="[this machine's host name, port 9999]")
    parser.add_argument("--timeout", type=seconds, default=30, help="[30]")
    args = parser.parse_intermixed_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    address = args.address or own_address()
    if args.half == "client":
        return receive(address, args.timeout)
    try:
        listener = listen(address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(address)}: {error}; choose another port")
    print("Listening on", show(listener.getsockname()), file=sys.stderr, flush=True)
    if args.half == "server":
        serve(listener)
    threading.Thread(target=serve_beside, args=[listener], daemon=True).start()
    receive(address, args.timeout)


def own_address():
    """(socket.gethostname(), 9999), or loopback if that name does not lead to this machine."""
    name = socket.gethostname()
    try:
        listen(f"{name}:0").close()  # only an address of this machine can be bound
    except (OSError, UnicodeError) as error:
        trap = f'name "{safe(name)}" does not lead here ({error})'
        print(f"{trap}: using 127.0.0.1", file=sys.stderr, flush=True)
        return "127.0.0.1:9999"
    return f"{name}:9999"


def serve(listener):
    """Greets one client after the other."""
    while True:
        try:
            stream, peer = listener.accept()
        except OSError as error:
            pause(error)
            continue
        with stream:
            print(f"连接地址: {show(peer)}", flush=True)
            try:
                stream.sendall("网络编程测试。\r\n".encode())
            except OSError as error:
                warn(f"lost {show(peer)}: {error}")


def serve_beside(listener):
    """Serves in a thread; of a closed or full standard output, the client beside it will tell."""
    with contextlib.suppress(OSError):
        serve(listener)


def pause(error):
    """Says that there is no free file descriptor, and gives others the time to end."""
    warn(f"cannot serve a client: {error}; going on in a moment")
    time.sleep(0.2)


def warn(line):
    """Says on stderr what befell one client. If no one hears it, the next one is served all the same."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def receive(address, timeout):
    """Prints what the server says up to its close, 64 KiB at the most."""
    try:
        # Tries each address of a name, be it IPv4 or IPv6.
        stream = socket.create_connection(split(address), timeout)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot connect to {safe(address)}: {error}; start the server first")
    try:
        with stream:
            message = read_until_close(stream, 65_536).decode("utf-8", "replace")
    except OSError as error:
        sys.exit(f"Error: no message from {safe(address)}: {error}")
    while message.endswith("\r\n"):
        message = message.removesuffix("\r\n")
    say(message)


def read_until_close(stream, limit):
    """All that comes up to the close; one recv(1024) may get a part."""
    with stream.makefile("rb") as file:
        message = file.read(limit + 1)
    if len(message) > limit:
        raise ConnectionError(f"the peer sent more than {limit} bytes")
    return message


def listen(address):
    """Listens on the first address of a name that can be had, be it IPv4 or IPv6."""
    host, port = split(address)
    failure = OSError("the name has no address")
    for family, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # where it would let two programs share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen()
            return listener
        except OSError as error:
            listener.close()
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
    except OSError as error:
        sys.stdout = None  # closed or full, so that Python cannot try again at exit
        try:
            print(f"Error: cannot write to standard output: {error.strerror}", file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = None  # full itself
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
