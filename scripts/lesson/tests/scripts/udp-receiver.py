# As the program of article 004, §6.4.
import socket

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(('', 7788))
datagram = receiver.recvfrom(1024)
print(datagram[0].decode('gbk'))
receiver.close()
