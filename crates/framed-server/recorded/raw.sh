# The bytes of a dialogue, as a client sees them.
"$PROGRAMS/framed-server" "127.0.0.1:$PORT" --delay 0 >/dev/null 2>&1 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("received:", client.recv(1024))
client.sendall(b"\0\0\0\5Tracy")
print("received:", client.recv(1024))
print("Now 'Sarah' byte by byte, and then two names with one call:")
for byte in b"\0\0\0\5Sarah":
    client.sendall(bytes([byte]))
    time.sleep(0.01)
print("received:", client.recv(1024))
client.sendall(b"\0\0\0\3Tom" + b"\0\0\0\3Ann")
time.sleep(0.3)
print("received:", client.recv(1024))
PYTHON
