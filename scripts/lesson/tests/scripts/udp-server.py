# As the UDP server of article 001, in Python 3.
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 9999))
print('Bind UDP on 9999...')
while True:
    name, peer = server.recvfrom(1024)
    print('Received from %s:%s.' % peer)
    server.sendto(b'Hello, %s!' % name, peer)
