"""The client of article 003: it sends one message and prints what comes back.

$ python3 crates/tcp-echo-client/examples/tcp-echo-client.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "localhost:8888").split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
print("Connecting to", host, "port", port)
stream.connect((host, int(port)))
message = b"This is a test message"
stream.sendall(message)
echo = stream.recv(1024)
print("Received", echo)
stream.close()
