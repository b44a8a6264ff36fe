"""The UDP client of article 001, in Python 3."""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:9999").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name in ["Michael", "Tracy", "Sarah"]:
    udp_socket.sendto(name.encode(), (host, int(port)))
    print(udp_socket.recv(1024).decode())
udp_socket.close()
