# A client that has given up: what does the server read from it?
"$PROGRAMS/tcp-echo-server" "127.0.0.1:$PORT" 2>/dev/null | sed -u 's/:[0-9][0-9]*$/:54321/; /^Starting\|^Waiting/d' &
sleep 0.5
python3 - "$PORT" <<'PYTHON' &
import socket, sys, time
first = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
time.sleep(2)
PYTHON
sleep 0.3
"$PROGRAMS/tcp-echo-client" "127.0.0.1:$PORT" --timeout 1 2>&1 | sed 's/^/the client: /'
sleep 1.5
