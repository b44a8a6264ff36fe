"""The client of article 003, in Python 3."""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "localhost:8888").split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
print("Connecting to", host, "port", port)
stream.connect((host, int(port)))
stream.sendall(b"This is a test message")
message = stream.recv(1024)
print("Received", message)
stream.close()
