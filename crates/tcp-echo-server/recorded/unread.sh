# once: how much the server takes from a client that never reads; the numbers vary.
"$EXAMPLES/tcp-echo-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=3)
sent = 0
try:
    while True:
        sent += client.send(bytes(65536))
except TimeoutError:
    print(f"after {sent:,} bytes, send waits: nothing moves for 3 seconds")
PYTHON
