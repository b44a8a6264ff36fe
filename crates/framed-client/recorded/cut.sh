# A server that promises 15 bytes, sends 7, and closes; then one that promises 4 GiB.
for bytes in '\0\0\0\10Welcome!\0\0\0\17Hello, ' '\377\377\377\377'; do
  python3 - "$PORT" "$bytes" 2>/dev/null <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
stream.shutdown(socket.SHUT_WR)
while stream.recv(1024):
    pass
PYTHON
  sleep 0.5
  "$PROGRAMS/framed-client" "127.0.0.1:$PORT" 2>&1
  wait $!
done
