"""The TCP server of article 001: each client has a thread.

$ python3 crates/tcp-server-threaded/examples/tcp-server-threaded.py [HOST:PORT]
"""

import socket
import sys
import threading
import time


def talk(stream, peer):
    print("Accept new connection from %s:%s..." % peer)
    stream.send(b"Welcome!")
    while True:
        name = stream.recv(1024)
        time.sleep(1)
        if name in (b"", b"exit"):
            break
        stream.send(b"Hello, %s!" % name)
    stream.close()
    print("Connection from %s:%s closed." % peer)


host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# not in the article: after a stop, the port is free again at once
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(5)
print("Waiting for connection...")
while True:
    stream, peer = listener.accept()
    threading.Thread(target=talk, args=(stream, peer)).start()
