# What a second client meets while the tutorial's version talks with the first.
"$EXAMPLES/tcp-echo-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
address = ("127.0.0.1", int(sys.argv[1]))
first = socket.create_connection(address)
second = socket.create_connection(address, timeout=2)
print("second client: connected")
second.sendall(b"hello")
print("second client: sent hello")
try:
    second.recv(1024)
except TimeoutError:
    print("second client: no echo within 2 seconds")
first.close()
second.settimeout(2)
try:
    print("second client:", second.recv(1024))
except ConnectionResetError as error:
    print("the first client has left, and the second gets", repr(error))
PYTHON
