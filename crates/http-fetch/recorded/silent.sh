# A server that accepts and says nothing.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -c "import socket, time; s = socket.create_server(('127.0.0.1', $PORT)); c = s.accept()[0]; time.sleep(4)" &
sleep 0.5
cd "$folder"
"$PROGRAMS/http-fetch" "http://127.0.0.1:$PORT/" --timeout 1 2>&1
exit 0
