"""The first UDP program of article 004 (§6.3): one line, sent as one datagram.

$ python3 crates/udp-sender/examples/udp-sender.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "127.0.0.1:7788").split(":")
udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
text = input("请输入要发送的数据:")
udp_socket.sendto(text.encode("utf-8"), (host, int(port)))
udp_socket.close()
