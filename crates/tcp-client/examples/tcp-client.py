"""The TCP client of article 001, in Python 3."""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
stream.connect((host, int(port)))
print(stream.recv(1024).decode())
for name in ["Michael", "Tracy", "Sarah"]:
    stream.sendall(name.encode())
    print(stream.recv(1024).decode())
stream.sendall(b"exit")
stream.close()
