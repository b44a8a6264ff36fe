# As the client of article 001, in Python 3.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(('127.0.0.1', 9999))
print(client.recv(1024).decode('utf-8'))
for name in [b'Michael', b'Tracy', b'Sarah']:
    client.send(name)
    print(client.recv(1024).decode('utf-8'))
client.send(b'exit')
client.close()
