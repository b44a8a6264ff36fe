# Two clients by turns, at one server.
"$EXAMPLES/udp-server" "127.0.0.1:$PORT" >/dev/null &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for name in ("Michael", "Tracy"):
    for number, client in enumerate(clients, 1):
        client.sendto(name.encode(), ("127.0.0.1", int(sys.argv[1])))
for number, client in enumerate(clients, 1):
    print(f"client {number}:", client.recv(100).decode(), client.recv(100).decode())
PYTHON
