# As the server of article 004, §5.2.
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((socket.gethostname(), 9999))
server.listen(5)
while True:
    connection, peer = server.accept()
    print('连接地址:\t %s' % str(peer))
    connection.send('网络编程测试。\r\n'.encode('utf-8'))
    connection.close()
