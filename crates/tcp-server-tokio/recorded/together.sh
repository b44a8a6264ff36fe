# 500 clients at once, each with three names and a pause of one second: one thread.
"$PROGRAMS/tcp-server-tokio" "127.0.0.1:$PORT" >/dev/null 2>&1 &
server=$!
sleep 0.5
python3 - "$PORT" "$server" <<'PYTHON'
import selectors, socket, sys, time
clients, chosen, start = {}, selectors.DefaultSelector(), time.monotonic()
for number in range(500):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    clients[client] = [b"Michael", b"Tracy", b"Sarah"]
    chosen.register(client, selectors.EVENT_READ)
done = 0
while done < 500:
    for key, _ in chosen.select():
        key.fileobj.recv(1024)
        if clients[key.fileobj]:
            key.fileobj.sendall(clients[key.fileobj].pop(0))
        else:
            chosen.unregister(key.fileobj)
            done += 1
threads = open(f"/proc/{sys.argv[2]}/status").read().split("Threads:")[1].split()[0]
print(f"500 clients with three names each: done after {time.monotonic() - start:.0f} s, in {threads} thread")
PYTHON
