# A page in GBK whose meta says so, and one whose meta says UTF-8: title and bytes saved.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"
for charset in gbk utf-8; do
  python3 -c "open('page.html', 'wb').write('<meta charset=$charset><title>网络编程</title>'.encode('gbk'))"
  python3 - "$PORT" <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
stream.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + open("page.html", "rb").read())
stream.close()
PYTHON
  sleep 0.5
  "$PROGRAMS/http-fetch" "http://127.0.0.1:$PORT/" -o saved.html 2>/dev/null | tail -n 1
  cmp page.html saved.html && echo "  saved as it came"
done
