"""The UDP server that article 001 describes: it answers each datagram.

$ python3 crates/udp-server/examples/udp-server.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp_socket.bind((host, int(port)))
print("Bind UDP on %s..." % port)
while True:
    name, sender = udp_socket.recvfrom(1024)
    print("Received from %s:%s." % sender)
    udp_socket.sendto(b"Hello, %s!" % name, sender)
