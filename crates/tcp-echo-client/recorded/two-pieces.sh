# A server that sends the echo back in two pieces: with each version of the client.
pieces() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
stream.sendall(b"This is ")
time.sleep(0.5)
stream.sendall(b"a test message")
stream.close()
PYTHON
  sleep 0.5
}
pieces
echo "the tutorial's version:"
"$EXAMPLES/tcp-echo-client" "127.0.0.1:$PORT" 2>&1 | tail -n 1
sleep 0.6
pieces
echo "the version to trust:"
"$PROGRAMS/tcp-echo-client" "127.0.0.1:$PORT" 2>&1 | tail -n 1
