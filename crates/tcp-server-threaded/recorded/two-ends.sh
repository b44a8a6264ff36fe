# once: a client that believes it is connected, and the server that knows nothing of it.
ulimit -n 4096
python3 crates/tcp-server-threaded/examples/tcp-server-threaded.py "127.0.0.1:$PORT" >/dev/null 2>&1 &
server=$!
trap 'kill $server' EXIT
sleep 0.5
python3 - "$PORT" <<'PYTHON'
import resource, socket, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
port = int(sys.argv[1])
clients = []
for number in range(1000):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    clients.append(client)
time.sleep(6)
ends = {}
for row in subprocess.run(["ss", "-tanH"], capture_output=True, text=True).stdout.splitlines():
    state, _, _, local, peer = row.split()[:5]
    ends[local, peer] = state
for client in clients:
    try:
        local = "127.0.0.1:%s" % client.getsockname()[1]
    except OSError:
        continue
    server = "127.0.0.1:%s" % port
    if ends.get((local, server)) == "ESTAB" and (server, local) not in ends:
        print("the client's end:  ", local, "->", server, " ESTAB")
        print("the server's end:  ", server, "->", local, " (none)")
        break
PYTHON
