# once: a client that sends one byte a second; needs ten seconds.
"$PROGRAMS/http-server" "127.0.0.1:$PORT" 2>/dev/null | sed -u 's/^127.0.0.1:[0-9]* /127.0.0.1:54321 /' | tail -n +2 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
start = time.monotonic()
client.settimeout(1)
for byte in b"GET / HTTP/1.1\r\nHost: example\r\n\r\n":
    client.sendall(bytes([byte]))
    try:
        status = client.recv(1024).decode().splitlines()[0]
        print(f"after {time.monotonic() - start:.0f} s: {status}")
        break
    except TimeoutError:
        pass
PYTHON
