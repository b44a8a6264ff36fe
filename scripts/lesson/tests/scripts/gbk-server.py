# As the server of article 004, §7.3.
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(('', 8080))
server.listen(5)
client, peer = server.accept()
content = client.recv(1024)
print('接收到的数据:', content.decode('gbk'))
answer = input('服务器发送的数据:')
client.send(answer.encode('gbk'))
client.close()
server.close()
