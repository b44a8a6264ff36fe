# 30 clients at the tutorial's version in Rust and in Python, each with 20 descriptors.
clients() {
  python3 - "$PORT" <<'PYTHON'
import socket, sys, time
time.sleep(0.5)
clients = []
for number in range(30):
    try:
        clients.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2))
    except OSError:
        break
    time.sleep(0.05)
time.sleep(0.3)
PYTHON
}
said=$(mktemp)
trap 'rm "$said"' EXIT
(ulimit -n 20; exec "$EXAMPLES/tcp-server-threaded" "127.0.0.1:$PORT") >/dev/null 2>"$said" &
server=$!
clients
wait $server
status=$?
echo "Rust:   $(tail -n 1 "$said")"
echo "        the process has ended, exit status $status"
(ulimit -n 20; exec python3 crates/tcp-server-threaded/examples/tcp-server-threaded.py "127.0.0.1:$PORT") \
  >/dev/null 2>"$said" &
server=$!
clients
echo "Python: $(grep -m 1 OSError "$said")"
if kill -0 $server; then echo "        the main thread has ended, the other threads talk on"; fi
kill $server
