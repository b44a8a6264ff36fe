"""The client of article 004 (§5.2): it prints what the server says.

$ python3 crates/gethostname-demo/examples/gethostname-client.py [HOST:PORT]
"""

import socket
import sys

own_address = socket.gethostname() + ":9999"
host, port = (sys.argv[1] if sys.argv[1:] else own_address).split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
stream.connect((host, int(port)))
message = stream.recv(1024)
stream.close()
print(message.decode())
