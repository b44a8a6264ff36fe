# A message of no bytes, in Python: it is a message, and not the end.
"$PROGRAMS/framed-server" "127.0.0.1:$PORT" --delay 0 >/dev/null 2>&1 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.recv(1024)
client.sendall(b"\0\0\0\0")
print(client.recv(1024))
PYTHON
