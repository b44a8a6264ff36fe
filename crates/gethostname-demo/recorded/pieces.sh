# A server that sends its message in two pieces: the client of each version.
serve() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys, time
message = "网络编程测试。\r\n".encode()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.sendall(message[:10])
time.sleep(0.3)
stream.sendall(message[10:])
PYTHON
  sleep 0.5
}
serve
echo "the tutorial's version:"
"$EXAMPLES/gethostname-client" "127.0.0.1:$PORT"
sleep 0.5
serve
echo "the version to trust:"
"$PROGRAMS/gethostname-demo" client "127.0.0.1:$PORT"
