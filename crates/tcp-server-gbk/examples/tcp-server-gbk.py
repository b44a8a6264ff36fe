"""The TCP server of article 004 (§7.3): an exchange of typed text in GBK.

$ python3 crates/tcp-server-gbk/examples/tcp-server-gbk.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else ":8080").split(":")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
# not in the article: after a stop, the port is free again at once
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(5)
stream, peer = listener.accept()
message = stream.recv(1024)
print("接收到的数据:", message.decode("gbk"))
text = input("服务器发送的数据:")
stream.send(text.encode("gbk"))
stream.close()
listener.close()
