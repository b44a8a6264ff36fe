# once: memory for 900 idle clients; it varies a little.
count() {
  "$PROGRAMS/$1" "127.0.0.1:$PORT" >/dev/null 2>&1 &
  server=$!
  sleep 0.5
  python3 - "$PORT" "$server" "$1" <<'PYTHON'
import socket, sys, time
def resident():
    status = open(f"/proc/{sys.argv[2]}/status").read()
    return int(status.split("VmRSS:")[1].split()[0])
before = resident()
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(900)]
time.sleep(2)
print(f"{sys.argv[3]:20} {(resident() - before) / 900:5.1f} KiB for each client")
PYTHON
  kill -9 $server
  wait $server 2>/dev/null
}
count tcp-server-threaded
count tcp-server-mio
count tcp-server-tokio
exit 0
