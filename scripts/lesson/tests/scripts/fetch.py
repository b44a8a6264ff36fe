# As the script of article 000.
import socket

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
connection.connect(('www.sina.com.cn', 80))
connection.send(b'GET / HTTP/1.1\r\nHost: www.sina.com.cn\r\nConnection: close\r\n\r\n')
parts = []
while True:
    part = connection.recv(1024)
    if not part:
        break
    parts.append(part)
connection.close()
header, page = b''.join(parts).split(b'\r\n\r\n', 1)
print(header.decode('utf-8'))
with open('sina.html', 'wb') as file:
    file.write(page)
