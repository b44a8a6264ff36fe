"""The UDP client that article 001 describes: it sends names, prints answers.

$ python3 crates/udp-client/examples/udp-client.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name in ["Michael", "Tracy", "Sarah"]:
    udp_socket.sendto(name.encode(), (host, int(port)))
    print(udp_socket.recv(1024).decode())
udp_socket.close()
