"""The first program of articles 000 and 001: it fetches a page and saves it.

$ python3 crates/http-fetch/examples/http-fetch.py [HOST:PORT]
"""

import socket
import sys

host, port = (sys.argv[1] if sys.argv[1:] else "www.sina.com.cn:80").split(":")
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
stream.connect((host, int(port)))
request = "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host
stream.send(request.encode())
pieces = []
while True:
    piece = stream.recv(1024)
    if not piece:
        break
    pieces.append(piece)
stream.close()
header, body = b"".join(pieces).split(b"\r\n\r\n", 1)
print(header.decode())
with open("sina.html", "wb") as file:
    file.write(body)
