# A body in two chunks: what each version saves.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
serve() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
stream.sendall(head + b"6\r\nHello,\r\n7\r\n world!\r\n0\r\n\r\n")
stream.close()
PYTHON
  sleep 0.5
}
serve
(cd "$folder" && "$EXAMPLES/http-fetch" "127.0.0.1:$PORT") >/dev/null
echo "the tutorial's version saves:"
tr -d '\r' <"$folder/sina.html" | sed 's/^/  /'
serve
(cd "$folder" && "$PROGRAMS/http-fetch" "http://127.0.0.1:$PORT/" -o page.html) >/dev/null 2>&1
echo "the version to trust saves:"
sed 's/^/  /' "$folder/page.html"
echo
