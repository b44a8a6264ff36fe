# A server that sends each answer in two pieces: with each version of the client.
serve() {
  python3 - "$PORT" 2>/dev/null <<'PYTHON' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.sendall(b"Welcome!")
while (name := stream.recv(1024)) not in (b"", b"exit"):
    stream.sendall(b"Hello, ")
    time.sleep(0.3)
    stream.sendall(name + b"!")
PYTHON
  sleep 0.5
}
serve
echo "the tutorial's version:"
"$EXAMPLES/tcp-client" "127.0.0.1:$PORT" 2>&1
sleep 0.7
serve
echo "the version to trust:"
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" 2>&1
