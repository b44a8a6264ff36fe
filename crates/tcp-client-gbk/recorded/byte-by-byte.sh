# A server that sends 再见 byte by byte: each version of the client.
serve() {
  python3 - "$PORT" 2>/dev/null <<'PYTHON' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
for byte in "再见".encode("gbk"):
    stream.sendall(bytes([byte]))
    time.sleep(0.2)
PYTHON
  sleep 0.5
}
typed="127.0.0.1
$PORT
你好"
serve
echo "Python: $(python3 crates/tcp-client-gbk/examples/tcp-client-gbk.py <<<"$typed" 2>&1 | tail -n 1)"
wait $!
serve
echo "Rust:   $("$EXAMPLES/tcp-client-gbk" <<<"$typed" 2>&1 | sed 's/.*接/接/')"
wait $!
serve
echo "The version to trust: $("$PROGRAMS/tcp-client-gbk" <<<"$typed" 2>&1 | sed 's/.*接/接/')"
