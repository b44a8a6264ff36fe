# once: 1,500 clients at the tutorial's version, which has memory for about 500 threads of 2 MiB.
said=$(mktemp)
trap 'rm "$said"' EXIT
(ulimit -v 1200000; exec "$EXAMPLES/tcp-server-threaded" "127.0.0.1:$PORT") >/dev/null 2>"$said" &
server=$!
python3 - "$PORT" <<'PYTHON'
import socket, sys, time
time.sleep(0.5)
clients = []
for number in range(1500):
    try:
        clients.append(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5))
    except OSError:
        break
time.sleep(0.5)
PYTHON
wait $server
status=$?
echo "thread 'main' panicked: $(grep -o 'failed to spawn thread.*' "$said")"
echo "the process has ended, exit status $status"
