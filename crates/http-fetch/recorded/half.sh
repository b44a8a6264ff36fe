# A server that announces 100 bytes and sends 11: each version.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
serve() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf a page")
stream.close()
PYTHON
  sleep 0.5
}
serve
(cd "$folder" && "$EXAMPLES/http-fetch" "127.0.0.1:$PORT") >/dev/null
echo "the tutorial's version: exit status $?, sina.html has \"$(cat "$folder/sina.html")\""
rm "$folder/sina.html"
serve
said=$(cd "$folder" && "$PROGRAMS/http-fetch" "http://127.0.0.1:$PORT/" 2>&1 >/dev/null)
echo "the version to trust: exit status $?, $(ls "$folder" | wc -l) files"
echo "  $said"
