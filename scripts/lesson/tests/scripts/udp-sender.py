# As the first program of article 004, §6.3.
import socket

sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver = ('192.168.1.104', 8234)
text = input('请输入要发送的数据:')
sender.sendto(text.encode('utf-8'), receiver)
sender.close()
