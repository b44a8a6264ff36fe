# once: both sides send and do not read; how much fits on the way varies.
python3 - "$PORT" 2>/dev/null <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
while piece := stream.recv(1024):
    stream.sendall(piece)
PYTHON
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
message, sent = bytes(20_000_000), 0
try:
    while sent < len(message):
        sent += stream.send(message[sent:])
except TimeoutError:
    print(f"{sent:,} of {len(message):,} bytes sent, and then nothing moves")
PYTHON
