"""Shows what a TCP client says in GBK, and answers it with a line that is typed.

The Python twin of src/main.rs, for reading side by side: python3 tcp-server-gbk.py
"""

import argparse
import codecs
import contextlib
import re
import socket
import sys


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 11: a TCP server for one exchange of typed text, in GBK.",
        epilog="In a second terminal: cargo run -p tcp-client-gbk -- 127.0.0.1:8080",
    )
    parser.add_argument("address", nargs="?", type=host_port, default="0.0.0.0:8080", help="[%(default)s]")
    args = parser.parse_args()
    for stream in filter(None, (sys.stdin, sys.stdout)):
        stream.reconfigure(encoding="utf-8")
    try:
        listener = listen(args.address)
    except (OSError, UnicodeError) as error:
        sys.exit(f"Error: cannot listen on {safe(args.address)}: {error}; choose another port")
    print("Listening on", show(listener.getsockname()), file=sys.stderr, flush=True)
    try:
        stream, peer = listener.accept()
    except OSError as error:
        sys.exit(f"Error: cannot accept a connection: {error}")
    try:
        with stream:
            talk(stream)
    except (OSError, EOFError, ValueError) as error:
        sys.exit(f"Error: the exchange with {show(peer)} broke off: {safe(str(error))}")


def talk(stream):
    """Prints what one client says, and answers it."""
    say(f"接收到的数据: {receive(stream)}")
    answer = encode(ask("服务器发送的数据:"))
    stream.settimeout(30)
    stream.sendall(answer)
    # A close with bytes unread is a reset, and the answer could be lost with it: read on, at most
    # 30 times for a second each.
    stream.shutdown(socket.SHUT_WR)
    stream.settimeout(1)
    with contextlib.suppress(OSError):
        for _ in range(30):
            if not stream.recv(65_536):
                break


def receive(stream):
    """One message, which is one recv(1024) here; more only if that ends amid a character."""
    decoder = codecs.getincrementaldecoder("gb18030")("replace")  # GBK, and more
    message = stream.recv(1024)
    if not message:
        raise ConnectionError("it closed the connection without a word")
    text = decoder.decode(message)
    stream.settimeout(1)  # half a character waits for the other half, but neither for long nor for much
    with contextlib.suppress(OSError):
        while decoder.getstate()[0] and len(text) < 4096 and (message := stream.recv(1024)):
            text += decoder.decode(message)
    stream.settimeout(None)
    return text + decoder.decode(b"", final=True)


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
            listener.listen(128)
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
    except OSError:
        sys.stderr = None  # closed or full, so that Python cannot try again at exit
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
