"""Makes every call of the tutorial's table of socket methods.

The stops of src/main.rs, all or one: python3 socket-tour.py [NAME]
"""

import socket
import sys
import threading
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_DGRAM, SOCK_STREAM
from socket import SHUT_WR, SO_BROADCAST, SO_RCVBUF, SO_REUSEADDR, SO_SNDBUF
from socket import SOL_SOCKET, TCP_NODELAY

LOOPBACK = ("127.0.0.1", 0)  # this machine alone, and any free port


def stop(python, rust):
    if wanted := sys.argv[1:] in ([], [python]):
        print(f"{python}()  ·  {rust}")
    return wanted


def said(call, *arguments):
    """What the system says to a call: its value or its error."""
    try:
        return call(*arguments)
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def bound(kind=SOCK_STREAM):
    """A socket that has an address. One for TCP does not listen yet."""
    s = socket.socket(AF_INET, kind)
    s.bind(LOOPBACK)
    return s


def pair():
    """Two connected ends."""
    listener = bound()
    listener.listen()
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


if stop("socket", "Socket::new"):
    print("   ", said(socket.socket, AF_INET, SOCK_STREAM, 0))
    print("   ", said(socket.socket, AF_INET, SOCK_DGRAM, 0))
    print("   ", said(socket.socket, AF_INET6, SOCK_STREAM, 0))
    print("   ", said(socket.socket, AF_INET, SOCK_STREAM, 6))  # TCP
    print("   ", said(socket.socket, AF_INET, SOCK_STREAM, 17))  # UDP

if stop("bind", "TcpListener::bind"):
    s = bound()
    address = s.getsockname()
    print(f"    asked for {LOOPBACK}: bound to {address}")
    print("    once more:", said(socket.socket().bind, address))
    s = socket.socket(AF_INET, SOCK_DGRAM)
    print("    for UDP:", said(s.bind, address))
    print("    not ours:", said(socket.socket().bind, ("203.0.113.1", 0)))

if stop("listen", "Socket::listen"):
    s = bound()
    print("    before listen:", said(socket.create_connection, s.getsockname()))
    for backlog in (0, 1, 5):
        listener = bound()
        listener.listen(backlog)
        waiting = [socket.socket() for _ in range(backlog + 2)]
        for client in waiting:
            client.settimeout(0.5)
            answer = said(client.connect, listener.getsockname())
            print(f"    listen({backlog}), one more client: {answer}")

if stop("accept", "TcpListener::accept"):
    listener = bound()
    listener.listen()
    client = socket.create_connection(listener.getsockname())
    stream, peer = listener.accept()
    print("    a new socket, and its peer:", peer)
    print("    the client's own address:", client.getsockname())
    print("    the listener's address:", listener.getsockname())
    print("    the new socket's address:", stream.getsockname())
    listener.setblocking(False)
    print("    accept with no client:", said(listener.accept))

if stop("connect", "TcpStream::connect"):
    s, listener, silent = socket.socket(), bound(), bound()
    listener.listen()
    s.connect(listener.getsockname())
    print(f"    to {s.getpeername()}: connected, from {s.getsockname()}")
    answer = said(socket.socket().connect, silent.getsockname())
    print(f"    to {silent.getsockname()}, where no one listens: {answer}")

if stop("connect_ex", "io::Error::raw_os_error"):
    listener, silent, s = bound(), bound(), socket.socket()
    print("    no one listens:", s.connect_ex(silent.getsockname()))
    listener.listen()
    address, s = listener.getsockname(), socket.socket()
    print("    to a listener:", socket.socket().connect_ex(address))
    s.setblocking(False)
    print("    without blocking:", s.connect_ex(address))
    listener.accept(), listener.accept()  # it is connected now
    print("    SO_ERROR after that:", s.getsockopt(SOL_SOCKET, socket.SO_ERROR))

if stop("recv", "TcpStream::read"):
    s, peer = pair()
    peer.sendall(b"Hello, ")
    peer.sendall("张三".encode())
    peer.close()
    while data := s.recv(8):
        print(f"    recv(8): {len(data)} bytes {data}")
    print("    recv(8): 0 bytes", data)

if stop("send", "TcpStream::write"):
    s, peer = pair()
    s.setsockopt(SOL_SOCKET, SO_SNDBUF, 65_536)
    peer.setsockopt(SOL_SOCKET, SO_RCVBUF, 65_536)
    s.setblocking(False)
    for _ in range(3):
        print("    send of 1048576 bytes:", said(s.send, b"x" * 1_048_576))

if stop("sendall", "TcpStream::write_all"):
    s, peer = pair()
    read = []
    reader = threading.Thread(target=lambda: read.extend(peer.makefile("rb")))
    reader.start()
    s.sendall(b"x" * 1_048_576)
    s.close()
    reader.join()
    print(f"    the peer, in a thread, read: {len(read[0])} bytes")

if stop("recvfrom", "UdpSocket::recv_from"):
    s, sender = bound(SOCK_DGRAM), bound(SOCK_DGRAM)
    print("    the sender's own address:", sender.getsockname())
    for datagram in (b"first", b"the second is longer", b"third", b""):
        sender.sendto(datagram, s.getsockname())
    for _ in range(4):
        print("    recvfrom(8):", said(s.recvfrom, 8))

if stop("sendto", "UdpSocket::send_to"):
    s, receiver = bound(SOCK_DGRAM), bound(SOCK_DGRAM)
    address = receiver.getsockname()
    for length in (5, 0, 65_507):
        s.sendto(b"x" * length, address)
        data = receiver.recv(65_536)
        print(f"    sendto of {length} bytes: {len(data)} arrived")
    print("    sendto of 65508 bytes:", said(s.sendto, b"x" * 65_508, address))
    receiver.close()
    sent = s.sendto(b"Hello", address)
    print(f"    sendto where no one receives: {sent} sent")

if stop("close", "drop"):
    s, peer = pair()
    s.close()
    data = peer.recv(1024)
    print(f"    after the close, the peer's recv: {len(data)} bytes {data}")
    s, peer = pair()
    peer.sendall(b"Hello")
    s.recv(1024, socket.MSG_PEEK)  # it has arrived, and stays unread
    s.close()
    print("    after a close with 5 bytes unread:", said(peer.recv, 1024))

if stop("getpeername", "TcpStream::peer_addr"):
    client, server = pair()
    for name, s in ("client", client), ("server", server):
        print(f"    {name}: own {s.getsockname()}, peer {s.getpeername()}")
    print("    not connected:", said(bound().getpeername))
    s = bound(SOCK_DGRAM)
    s.connect(server.getsockname())
    print("    UDP, after connect():", s.getpeername())

if stop("getsockname", "TcpStream::local_addr"):
    s, receiver = socket.socket(AF_INET, SOCK_DGRAM), bound(SOCK_DGRAM)
    print("    a new socket:", said(s.getsockname))
    s.sendto(b"Hello", receiver.getsockname())
    print("    after its first sendto:", s.getsockname())
    s.connect(receiver.getsockname())
    print("    after connect:", s.getsockname())
    s = socket.socket(AF_INET6, SOCK_DGRAM)
    print("    bound with IPv6:", said(s.bind, ("::1", 0)) or s.getsockname())

if stop("setsockopt", "Socket::set_reuse_address and others"):
    s = socket.socket()
    print("    SO_REUSEADDR:", s.getsockopt(SOL_SOCKET, SO_REUSEADDR))
    s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    print("    SO_REUSEADDR, set:", s.getsockopt(SOL_SOCKET, SO_REUSEADDR))
    print("    TCP_NODELAY:", s.getsockopt(IPPROTO_TCP, TCP_NODELAY))
    s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    print("    TCP_NODELAY, set:", s.getsockopt(IPPROTO_TCP, TCP_NODELAY))
    s = bound(SOCK_DGRAM)
    everyone = ("127.255.255.255", s.getsockname()[1])
    print("    sendto everyone:", said(s.sendto, b"Hello", everyone))
    s.setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
    print("    SO_BROADCAST, sendto everyone:", s.sendto(b"Hello", everyone))

if stop("getsockopt", "Socket::recv_buffer_size and others"):
    s = bound()
    print("    SO_RCVBUF:", s.getsockopt(SOL_SOCKET, SO_RCVBUF))
    s.setsockopt(SOL_SOCKET, SO_RCVBUF, 10_000)
    print("    asked for 10000:", s.getsockopt(SOL_SOCKET, SO_RCVBUF))

if stop("settimeout", "TcpStream::set_read_timeout"):
    s, peer = pair()
    s.settimeout(0.2)
    print("    recv from a silent peer, after 0.2 s:", said(s.recv, 1024))
    peer.sendall(b"Hello")
    print("    the connection lives:", s.recv(1024))
    s.settimeout(0)
    print("    a timeout of 0: getblocking() is", s.getblocking())

if stop("gettimeout", "TcpStream::read_timeout"):
    s = bound()
    print("    at first:", s.gettimeout())
    s.settimeout(0.201)
    print("    after settimeout(0.201):", s.gettimeout())

if stop("fileno", "AsRawFd::as_raw_fd (Windows: AsRawSocket)"):
    first, second = bound(), bound()
    print(f"    two sockets: {first.fileno()} and {second.fileno()}")
    first.close()  # its fileno() is -1 now
    print("    the first closed, and a third made:", bound().fileno())

if stop("setblocking", "TcpStream::set_nonblocking"):
    s, peer = pair()
    s.setblocking(False)
    print("    setblocking(False), recv:", said(s.recv, 1024))
    peer.sendall(b"Hello")
    s.setblocking(True)
    print("    setblocking(True), recv:", s.recv(1024))

if stop("makefile", "BufReader::new"):
    s, peer = pair()
    for data in (b"one\ntw", b"o\nth", b"ree"):
        s.sendall(data)
    s.close()
    for line in peer.makefile():
        print("    line", repr(line))

if stop("dup", "TcpStream::try_clone"):
    s, peer = pair()
    copy = s.dup()
    peer.sendall(b"Hello, world")
    print("    one reads", s.recv(5))
    print("    its copy goes on with", copy.recv(7))
    s.setblocking(False)
    print("    neither of them blocks:", said(copy.recv, 7))
    s.close()
    copy.sendall(b"still here")
    print("    one is closed; from its copy the peer has", peer.recv(10))

if stop("shutdown", "TcpStream::shutdown"):
    s, peer = pair()
    copy = s.dup()
    s.sendall(b"question")
    s.shutdown(SHUT_WR)
    print("    the peer reads up to the end:", peer.makefile("rb").read())
    peer.sendall(b"answer")
    peer.close()
    print("    and its answer still comes:", s.makefile("rb").read())
    print("    send after the shutdown:", said(s.send, b"more"))
