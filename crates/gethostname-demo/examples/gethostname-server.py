"""The server of article 004 (§5.2): it speaks first.

$ python3 crates/gethostname-demo/examples/gethostname-server.py [HOST:PORT]
"""

import socket
import sys

own_address = socket.gethostname() + ":9999"
host, port = (sys.argv[1] if sys.argv[1:] else own_address).split(":")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# not in the article: after a stop, the port is free again at once
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(5)
while True:
    stream, peer = listener.accept()
    print("连接地址:", peer)
    stream.send("网络编程测试。\r\n".encode())
    stream.close()
