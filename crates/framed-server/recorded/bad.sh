# Three frames that are none: too long, cut short, not UTF-8.
"$PROGRAMS/framed-server" "127.0.0.1:$PORT" --delay 0 2>&1 | grep --line-buffered ^lost | sed -u 's/127.0.0.1:[0-9]*/127.0.0.1:54321/' &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys, time
for frame in (b"\xff\xff\xff\xff", b"\0\0\0\5Tra", b"\0\0\0\2\xc4\xe3"):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    client.recv(1024)
    client.sendall(frame)
    client.shutdown(socket.SHUT_WR)
    client.recv(1024)
    time.sleep(0.1)
PYTHON
