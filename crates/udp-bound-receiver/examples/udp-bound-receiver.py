"""The bound UDP port of article 004 (§6.4): it prints one datagram's text.

$ python3 crates/udp-bound-receiver/examples/udp-bound-receiver.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else ":7788").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp_socket.bind((host, int(port)))
datagram, sender = udp_socket.recvfrom(1024)
print(datagram.decode("gbk"))
udp_socket.close()
