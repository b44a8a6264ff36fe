# A server that closes after the welcome: each version of the client.
serve() {
  python3 - "$PORT" 2>/dev/null <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.sendall(b"Welcome!")
stream.recv(1024)
PYTHON
  sleep 0.5
}
serve
echo "the tutorial's version in Python:"
python3 crates/tcp-client/examples/tcp-client.py "127.0.0.1:$PORT" 2>&1 | sed -n '/^ /d; /^Traceback/d; s/^$/(an empty line)/; p'
sleep 0.3
serve
echo "the version to trust:"
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" 2>&1
exit 0
