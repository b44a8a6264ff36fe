"""The first UDP program of article 004 (§6.3), in Python 3."""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:7788").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
text = input("请输入要发送的数据:")
udp_socket.sendto(text.encode("utf-8"), (host, int(port)))
udp_socket.close()
