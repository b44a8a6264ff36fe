# As the server of article 003: a fixed address, and one client.
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
place = ('localhost', 8888)
print('Starting up on {} port {}'.format(*place))
server.bind(place)
server.listen(1)
print('Waiting for a connection...')
client, peer = server.accept()
print('Connection from', peer)
while True:
    message = client.recv(1024)
    print('Received {!r}'.format(message))
    if not message:
        break
    client.sendall(message)
client.close()
