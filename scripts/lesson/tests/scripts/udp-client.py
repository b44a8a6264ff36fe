# As the UDP client of article 001, in Python 3.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name in [b'Michael', b'Tracy', b'Sarah']:
    client.sendto(name, ('127.0.0.1', 9999))
    print(client.recv(1024).decode('utf-8'))
client.close()
