# As the client of article 003.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
place = ('localhost', 8888)
print('Connecting to {} port {}'.format(*place))
client.connect(place)
client.sendall(b'This is a test message')
print('Received', repr(client.recv(1024)))
client.close()
