# A name of 65,500 bytes, then a short one: the version to trust.
"$PROGRAMS/udp-server" "127.0.0.1:$PORT" 2>&1 | sed -u 's/127.0.0.1:[0-9]*/127.0.0.1:54321/; /^Listening\|^Bind/d' &
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"a" * 65500, ("127.0.0.1", int(sys.argv[1])))
client.sendto(b"Tracy", ("127.0.0.1", int(sys.argv[1])))
client.settimeout(2)
print("the client:", client.recv(100).decode())
PYTHON
sleep 0.2
