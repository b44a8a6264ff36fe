# once: 100 clients that send something to a server that never reads; how many read its message varies.
"$PROGRAMS/gethostname-demo" server "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys, time
whole = reset = 0
for number in range(100):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    client.sendall(b"hello")
    time.sleep(0.01)
    try:
        whole += len(client.recv(1024)) == 23
        client.recv(1024)
    except ConnectionResetError:
        reset += 1
    client.close()
print(f"{whole} of 100 got the message, {reset} of 100 got a reset in place of the end")
PYTHON
