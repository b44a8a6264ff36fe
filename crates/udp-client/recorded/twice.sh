# A server whose answers arrive twice.
python3 - "$PORT" <<'PYTHON' &
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
for _ in range(3):
    name, client = server.recvfrom(1024)
    for _ in range(2):
        server.sendto(b"Hello, " + name + b"!", client)
PYTHON
sleep 0.5
"$PROGRAMS/udp-client" "127.0.0.1:$PORT" 2>&1
