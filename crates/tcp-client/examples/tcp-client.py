"""The TCP client of article 001: a welcome, then a greeting for each name.

$ python3 crates/tcp-client/examples/tcp-client.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
stream.connect((host, int(port)))
print(stream.recv(1024).decode())
for name in ["Michael", "Tracy", "Sarah"]:
    stream.send(name.encode())
    print(stream.recv(1024).decode())
stream.send(b"exit")
stream.close()
