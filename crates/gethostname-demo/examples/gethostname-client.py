"""The client of article 004 (§5.2), in Python 3."""

import socket
import sys

here = socket.gethostname() + ":9999"
host, port = (sys.argv[1] if sys.argv[1:] else here).split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
stream.connect((host, int(port)))
message = stream.recv(1024)
stream.close()
print(message.decode())
