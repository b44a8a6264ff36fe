"""The echo server of article 003: it sends back what one client says.

$ python3 crates/tcp-echo-server/examples/tcp-echo-server.py [HOST:PORT]
"""

import socket
import sys


def talk(stream):
    while True:
        message = stream.recv(1024)
        print("Received", message)
        if not message:
            break
        stream.sendall(message)
    stream.close()


host, port = (sys.argv[1] if sys.argv[1:] else "localhost:8888").split(":")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# not in the article: after a stop, the port is free again at once
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print("Starting up on", host, "port", port)
listener.bind((host, int(port)))
listener.listen(1)
print("Waiting for a connection...")
stream, peer = listener.accept()
print("Connection from", peer)
talk(stream)
