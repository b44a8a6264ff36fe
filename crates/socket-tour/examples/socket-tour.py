"""Makes every call of the tutorial's table of socket methods, and shows what the system says.

The Python twin of src/main.rs, for reading side by side: python3 socket-tour.py
A socket is closed here when its variable ends, as in Rust; other Pythons than CPython may be later.
"""

import argparse
import errno
import socket
import struct
import sys
import threading
import time
from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET

LOOPBACK = ("127.0.0.1", 0)  # this machine alone, and whatever port is free


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 13: a tour of Python's socket methods, each made for real on loopback.",
        epilog=f"Stops:\n{names()}\nEach plays both sides: there is no other half.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    choices = [stop[0] for stop in STOPS]
    parser.add_argument("name", nargs="?", metavar="NAME", choices=choices, help="make this one stop")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    for python, rust, stop in STOPS:
        if args.name not in (None, python):
            continue
        say(f"{python}()  ·  {rust}")
        try:
            stop()
        except OSError as error:
            if args.name:
                sys.exit(f"Error: cannot show {python}(): {error}")
            see(f"cannot show {python}(): {error}; on to the next")


def names():
    """The names of all stops, in lines of six."""
    names = [f"  {stop[0]}" for stop in STOPS]
    return "\n".join("".join(names[i : i + 6]) for i in range(0, len(names), 6))


def create():
    for family, kind, proto in [
        (AF_INET, SOCK_STREAM, 0),
        (AF_INET, SOCK_DGRAM, 0),
        (AF_INET6, SOCK_STREAM, 0),
        (AF_INET, SOCK_STREAM, IPPROTO_TCP),
        (AF_INET, SOCK_STREAM, IPPROTO_UDP),
    ]:
        numbers = f"family {family.name} = {family}, type {kind.name} = {kind}, proto {proto}"
        see(f"{numbers}: {said(lambda: socket.socket(family, kind, proto) and 'a socket')}")


def bind():
    s = socket.socket(AF_INET, SOCK_STREAM)
    s.bind(LOOPBACK)
    address = s.getsockname()
    see(f"asked for {show(LOOPBACK)}: bound to {show(address)}")
    see(f"{show(address)} once more: {said(socket.socket().bind, address) or 'bound'}")
    udp = socket.socket(AF_INET, SOCK_DGRAM)
    see(f"{show(address)} for UDP: {said(udp.bind, address) or 'bound'}")
    foreign = ("203.0.113.1", 0)  # kept for documentation
    see(f"{show(foreign)}, not ours: {said(socket.socket().bind, foreign) or 'bound'}")


def listen():
    _silent, address = bound()
    see(f"connect before listen: {said(socket.socket().connect, address) or 'done'}")
    for backlog in (0, 1, 5):
        listener, address = bound()
        listener.listen(backlog)
        listener.setblocking(False)
        waiting = []
        answer = None
        while answer is None and len(waiting) <= 50:
            client = socket.socket()
            client.settimeout(0.5)
            answer = said(client.connect, address)
            waiting.append(client)
        see(f"listen({backlog}): {len(waiting) - 1} connected without an accept; next: {answer}")
        said(listener.accept)
        client = socket.socket()
        client.settimeout(0.5)
        see(f"    after one accept: {said(client.connect, address) or 'connected'}")


def accept():
    listener, address = bound()
    listener.listen()
    client = socket.create_connection(address)
    stream, peer = listener.accept()
    see(f"a new socket, and its peer: {show(peer)}")
    see(f"the client's own address: {show(client.getsockname())}")
    see(f"the listener's address: {show(listener.getsockname())}")
    see(f"the new socket's address: {show(stream.getsockname())}")
    listener.setblocking(False)
    see(f"accept with no client: {said(listener.accept)}")


def connect():
    listener, address = bound()
    listener.listen()
    s = socket.socket()
    s.connect(address)
    see(f"to {show(address)}: connected, from {show(s.getsockname())}")
    _silent, address = bound()
    answer = said(socket.socket().connect, address)
    see(f"to {show(address)}, where no one listens: {answer or 'connected'}")


def connect_ex():
    def number(code):
        return f"{code} {errno.errorcode[code]}" if code else "0"

    listener, address = bound()
    listener.listen()
    code = socket.socket().connect_ex(address)
    see(f"to a listener: {number(code)}")
    if code:
        raise OSError(code, "not even that can be done")  # and no accept below would end
    _silent, refusing = bound()
    see(f"to no listener: {number(socket.socket().connect_ex(refusing))}")
    s = socket.socket()
    s.setblocking(False)
    see(f"without blocking: {number(s.connect_ex(address))}")
    _both = listener.accept(), listener.accept()  # it is connected now
    see(f"SO_ERROR after that: {number(s.getsockopt(SOL_SOCKET, socket.SO_ERROR))}")


def recv():
    s, peer = pair()
    peer.sendall(b"Hello, ")
    peer.sendall("张三".encode())
    peer.shutdown(socket.SHUT_WR)
    see("the peer sent twice: 7 bytes, then 6")
    data = None
    while data != b"":
        data = s.recv(8)
        see(f"recv(8): {len(data)} bytes {data}")


def send():
    s, peer = pair()
    s.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, 65_536)
    peer.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    s.setblocking(False)
    rest = b"x" * 1_048_576
    taken = None
    while rest and not isinstance(taken, str):  # which is an error, in words
        taken = said(s.send, rest)
        see(f"send of {len(rest)} bytes: {'took ' * isinstance(taken, int)}{taken}")
        rest = rest[taken:] if isinstance(taken, int) else rest


def sendall():
    s, peer = pair()
    counts = []

    def read():
        while data := said(peer.recv, 65_536):
            counts.append(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    megabyte = b"x" * 1_048_576
    see(f"sendall of {len(megabyte)} bytes: {said(s.sendall, megabyte) or 'all handed over'}")
    s.close()
    reader.join()
    see(f"the peer, in a thread, read: {sum(counts)} bytes")


def recvfrom():
    s, sender = udp(), udp()

    def from_whom():
        data, peer = s.recvfrom(8)
        return f"{data} from {show(peer)}"

    address = s.getsockname()
    see(f"the sender's own address: {show(sender.getsockname())}")
    for datagram in (b"first", b"the second is longer", b"third", b""):
        sender.sendto(datagram, address)
    for _ in range(4):
        see(f"recvfrom(8): {said(from_whom)}")


def sendto():
    s, receiver = udp(), udp()
    address = receiver.getsockname()
    for length in (5, 0, 65_507, 65_508):
        answer = said(s.sendto, b"x" * length, address)
        if answer == length:
            answer = said(lambda: f"{len(receiver.recv(65_536))} arrived")
        see(f"sendto of {length} bytes: {answer}")
    receiver.close()
    answer = said(lambda: f"{s.sendto(b'Hello', address)} sent")
    see(f"sendto where no one receives: {answer}")


def close():
    s, peer = pair()
    s.close()
    data = peer.recv(1024)
    see(f"after the close, the peer's recv: {len(data)} bytes {data}")

    s, peer = pair()
    peer.sendall(b"Hello")
    s.recv(1024, socket.MSG_PEEK)  # it has arrived, and stays unread
    s.close()
    see(f"after a close with 5 bytes unread: {said(peer.recv, 1024)}")


def getpeername():
    client, server = pair()
    see(f"client: own {show(client.getsockname())}, peer {show(client.getpeername())}")
    see(f"server: own {show(server.getsockname())}, peer {show(server.getpeername())}")
    lonely, _ = bound()
    see(f"not connected: {said(lonely.getpeername)}")
    s = udp()
    s.connect(server.getsockname())
    see(f"UDP, after connect(): {show(s.getpeername())}")


def getsockname():
    s = socket.socket(AF_INET, SOCK_DGRAM)
    see(f"a new socket: {show(said(s.getsockname))}")
    receiver = udp()
    s.sendto(b"Hello", receiver.getsockname())
    see(f"after its first sendto: {show(s.getsockname())}")
    s.connect(receiver.getsockname())
    see(f"after connect: {show(s.getsockname())}")

    def six():
        s = socket.socket(AF_INET6, SOCK_DGRAM)
        s.bind(("::1", 0))
        return s.getsockname()

    see(f"bound with IPv6: {show(said(six))}")


def setsockopt():
    s = socket.socket(AF_INET, SOCK_STREAM)
    for name, level, option in (
        ("SO_REUSEADDR", SOL_SOCKET, socket.SO_REUSEADDR),
        ("TCP_NODELAY", IPPROTO_TCP, socket.TCP_NODELAY),
    ):
        before = s.getsockopt(level, option)
        s.setsockopt(level, option, 1)
        see(f"{name}: {before} -> {s.getsockopt(level, option)}")

    s = udp()
    everyone = ("127.255.255.255", s.getsockname()[1])
    for value in (0, 1):
        s.setsockopt(SOL_SOCKET, socket.SO_BROADCAST, value)
        answer = said(lambda: f"{s.sendto(b'Hello', everyone)} sent")
        see(f"SO_BROADCAST {value}: sendto {show(everyone)}: {answer}")


def getsockopt():
    s, _ = bound()
    s.listen()
    see(f"SO_REUSEADDR of a listener: {s.getsockopt(SOL_SOCKET, socket.SO_REUSEADDR)}")
    see(f"SO_RCVBUF: {s.getsockopt(SOL_SOCKET, socket.SO_RCVBUF)}")
    s.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    see(f"SO_RCVBUF, asked for 10000: {s.getsockopt(SOL_SOCKET, socket.SO_RCVBUF)}")
    linger = struct.Struct("hh" if sys.platform == "win32" else "ii")
    value = s.getsockopt(SOL_SOCKET, socket.SO_LINGER, linger.size)
    see(f"SO_LINGER: {linger.unpack(value)}")
    s.setsockopt(SOL_SOCKET, socket.SO_LINGER, linger.pack(1, 5))
    value = s.getsockopt(SOL_SOCKET, socket.SO_LINGER, linger.size)
    see(f"SO_LINGER, asked for 5 seconds: {linger.unpack(value)}")


def settimeout():
    s, peer = pair()
    s.settimeout(0.2)
    start = time.monotonic()
    answer = said(s.recv, 1024)
    how = "timed out" if isinstance(answer, str) else "came back"
    see(f"recv from a silent peer: {how} after {time.monotonic() - start:.1f} s: {answer}")
    peer.sendall(b"Hello")
    see(f"the connection lives: {s.recv(1024)}")
    s.settimeout(0)
    see(f"a timeout of 0: getblocking() is {s.getblocking()}")


def gettimeout():
    s = socket.socket(AF_INET, SOCK_DGRAM)
    see(f"at first: {s.gettimeout()}")
    s.settimeout(0.201)
    see(f"after settimeout(0.201): {s.gettimeout()}")
    s.settimeout(None)
    see(f"after settimeout(None): {s.gettimeout()}")


def fileno():
    first, second = udp(), udp()
    see(f"two sockets: {first.fileno()} and {second.fileno()}")
    first.close()  # its fileno() is -1 now
    third = udp()
    see(f"the first closed, and a third made: {third.fileno()}")


def setblocking():
    s, peer = pair()
    s.setblocking(False)
    see(f"setblocking(False), recv: {said(s.recv, 1024)}")
    peer.sendall(b"Hello")
    s.setblocking(True)
    see(f"setblocking(True), recv: {s.recv(1024)}")


def makefile():
    s, peer = pair()
    sends = ["one\ntw", "o\nth", "ree"]
    for text in sends:
        s.sendall(text.encode())
    s.close()
    see(f"the peer sent {sends}, and closed")
    for line in peer.makefile(encoding="utf-8"):
        see(f"line {line!r}")


def dup():
    s, peer = pair()
    s.setblocking(True)  # a timeout is Python's own, and each copy has one; blocking is shared
    copy = s.dup()
    peer.sendall(b"Hello, world")
    see(f"one reads {s.recv(5)}")
    see(f"its copy goes on with {copy.recv(7)}")
    s.setblocking(False)
    see(f"one does not block, nor does its copy: {said(copy.recv, 7)}")
    s.close()
    copy.sendall(b"still here")
    see(f"one is closed; from its copy the peer has {peer.recv(10)}")


def shutdown():
    s, peer = pair()
    _copy = s.dup()
    s.sendall(b"question")
    s.shutdown(socket.SHUT_WR)
    see(f"the peer reads up to the end: {peer.makefile('rb').read(1024)}")
    peer.sendall(b"answer")
    peer.close()
    see(f"and its answer still comes: {s.makefile('rb').read(1024)}")
    see(f"send after the shutdown: {said(s.send, b'more')}")


STOPS = [
    ("socket", "Socket::new", create),
    ("bind", "TcpListener::bind", bind),
    ("listen", "Socket::listen", listen),
    ("accept", "TcpListener::accept", accept),
    ("connect", "TcpStream::connect", connect),
    ("connect_ex", "io::Error::raw_os_error", connect_ex),
    ("recv", "TcpStream::read", recv),
    ("send", "TcpStream::write", send),
    ("sendall", "TcpStream::write_all", sendall),
    ("recvfrom", "UdpSocket::recv_from", recvfrom),
    ("sendto", "UdpSocket::send_to", sendto),
    ("close", "drop", close),
    ("getpeername", "TcpStream::peer_addr", getpeername),
    ("getsockname", "TcpStream::local_addr", getsockname),
    ("setsockopt", "Socket::set_reuse_address and others", setsockopt),
    ("getsockopt", "Socket::recv_buffer_size and others", getsockopt),
    ("settimeout", "TcpStream::set_read_timeout", settimeout),
    ("gettimeout", "TcpStream::read_timeout", gettimeout),
    ("fileno", "AsRawFd::as_raw_fd (Windows: AsRawSocket)", fileno),
    ("setblocking", "TcpStream::set_nonblocking", setblocking),
    ("makefile", "BufReader::new", makefile),
    ("dup", "TcpStream::try_clone", dup),
    ("shutdown", "TcpStream::shutdown", shutdown),
]


def bound():
    """A TCP socket that has an address and does not listen: its port answers "refused"."""
    s = socket.socket(AF_INET, SOCK_STREAM)
    s.bind(LOOPBACK)
    return s, s.getsockname()


def pair():
    """Two connected ends. Neither waits longer than two seconds for the other."""
    listener, address = bound()
    listener.listen()
    client = socket.create_connection(address, 2)
    server, _ = listener.accept()
    server.settimeout(2)
    return client, server


def udp():
    s = socket.socket(AF_INET, SOCK_DGRAM)
    s.bind(LOOPBACK)
    s.settimeout(2)
    return s


def said(call, *arguments):
    """What the system said to a call: a value, or an exception in words."""
    try:
        return call(*arguments)
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def show(where):
    if isinstance(where, str):
        return where
    host, port = where[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def see(line):
    say("    " + line)


def say(line):
    """Prints a line, with what could steer the terminal escaped."""
    try:
        print(safe(line), flush=True)
    except OSError as error:
        sys.stdout = None  # closed or full; Python must not try again at exit
        sys.exit(f"Error: cannot write to standard output: {error.strerror}")


def safe(text):
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


if __name__ == "__main__":
    main()
