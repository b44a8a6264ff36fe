"""udp-bound-receiver in Python 3: prints each datagram on a line, a line at a time."""

import socket
import sys

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
print("Listening on %s:%s" % receiver.getsockname(), file=sys.stderr)
while True:
    datagram, sender = receiver.recvfrom(65536)
    print(datagram.decode("gbk"), flush=True)
