# How many threads each server has while 100 clients are connected, and how many were welcomed.
count() {
  "$PROGRAMS/$1" "127.0.0.1:$PORT" >/dev/null 2>&1 &
  server=$!
  sleep 0.5
  python3 - "$PORT" "$server" "$1" <<'PYTHON'
import socket, sys, time
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(100)]
time.sleep(1)
welcomed = 0
for client in clients:
    client.setblocking(False)
    try:
        welcomed += client.recv(8) == b"Welcome!"
    except BlockingIOError:
        pass
status = open(f"/proc/{sys.argv[2]}/status").read()
threads = int(status.split("Threads:")[1].split()[0])
print(f"{sys.argv[3]:20} {threads:4} threads, {welcomed:4} of 100 clients welcomed")
PYTHON
  kill -9 $server
  wait $server 2>/dev/null
}
count tcp-server-threaded
count tcp-server-pool
count tcp-server-mio
count tcp-server-tokio
exit 0
