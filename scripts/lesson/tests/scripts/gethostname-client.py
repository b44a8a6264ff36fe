# As the client of article 004, §5.2.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect((socket.gethostname(), 9999))
message = client.recv(1024)
client.close()
print(message.decode('utf-8'))
