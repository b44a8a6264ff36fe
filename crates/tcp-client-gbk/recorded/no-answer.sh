# A server that closes without an answer: each version of the client.
serve() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
PYTHON
  sleep 0.5
}
typed="127.0.0.1
$PORT
你好"
serve
said=$(python3 crates/tcp-client-gbk/examples/tcp-client-gbk.py <<<"$typed" 2>&1)
echo "Python: exit status $?, $(sed 's/.*接/接/' <<<"$said")"
wait $!
serve
said=$("$PROGRAMS/tcp-client-gbk" <<<"$typed" 2>&1)
echo "The version to trust: exit status $?, $(sed 's/.*Error/Error/' <<<"$said")"
