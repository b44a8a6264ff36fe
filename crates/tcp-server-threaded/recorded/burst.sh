# once: how many of 1,000 clients that come at once are welcomed within 6 seconds; the shares vary.
burst() {
  sleep 0.5
  python3 - "$PORT" "$1" <<'PYTHON'
import resource, selectors, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
clients, chosen = [], selectors.DefaultSelector()
for number in range(1000):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", int(sys.argv[1])))
    chosen.register(client, selectors.EVENT_READ)
    clients.append(client)
start, welcomed, last = time.monotonic(), 0, 0
while welcomed < 1000 and time.monotonic() < start + 6:
    for key, _ in chosen.select(0.1):
        chosen.unregister(key.fileobj)
        try:
            welcomed += key.fileobj.recv(8) == b"Welcome!"
            last = time.monotonic() - start
        except OSError:
            pass
print(f"{sys.argv[2]:32} {welcomed:5} of 1000, the last after {last:.1f} s")
PYTHON
  kill $!
  wait $! 2>/dev/null
}
ulimit -n 4096
python3 crates/tcp-server-threaded/examples/tcp-server-threaded.py "127.0.0.1:$PORT" >/dev/null 2>&1 &
burst "the article's listen(5)"
"$EXAMPLES/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
burst "Rust's own backlog, 128"
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
burst "the version to trust, 4096"
exit 0
