"""The dialogue of tcp-server-threaded in Python 3: as the article has it, but without its pause, with the
lesson's backlog, and silent about clients that are gone."""

import socket
import sys
import threading


def talk(stream, peer):
    print("Accept new connection from %s:%s..." % peer)
    try:
        stream.sendall(b"Welcome!")
        while True:
            name = stream.recv(1024)
            if name in (b"", b"exit"):
                break
            stream.sendall(b"Hello, %s!" % name)
    except OSError:
        pass  # the load ends with resets, and a thousand tracebacks would be measured too
    stream.close()
    print("Connection from %s:%s closed." % peer)


listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print("Listening on %s:%s" % listener.getsockname(), file=sys.stderr)
while True:
    stream, peer = listener.accept()
    threading.Thread(target=talk, args=(stream, peer)).start()
