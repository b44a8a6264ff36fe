# As the client of article 004, §7.3.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
ip = input('请输入服务器IP:')
port = int(input('请输入服务器port:'))
client.connect((ip, port))
text = input('请输入要发送的数据:')
client.send(text.encode('gbk'))
answer = client.recv(1024)
print('接收到的信息为:', answer.decode('gbk'))
client.close()
