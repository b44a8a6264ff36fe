# As the server of article 001, in Python 3: a fixed address, a pause, no flush, no SO_REUSEADDR.
import socket
import threading
import time


def serve(connection, peer):
    print('Accept new connection from %s:%s...' % peer)
    connection.send(b'Welcome!')
    while True:
        name = connection.recv(1024)
        time.sleep(1)
        if not name or name == b'exit':
            break
        connection.send(b'Hello, %s!' % name)
    connection.close()
    print('Connection from %s:%s closed.' % peer)


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(('127.0.0.1', 9999))
server.listen(5)
print('Waiting for connection...')
while True:
    connection, peer = server.accept()
    threading.Thread(target=serve, args=(connection, peer)).start()
