"""The TCP client of article 004 (§7.3): an exchange of typed text in GBK.

$ python3 crates/tcp-client-gbk/examples/tcp-client-gbk.py
"""

import socket

stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
host = input("请输入服务器IP:")
port = int(input("请输入服务器port:"))
stream.connect((host, port))
text = input("请输入要发送的数据:")
stream.send(text.encode("gbk"))
message = stream.recv(1024)
print("接收到的信息为:", message.decode("gbk"))
stream.close()
