# A client that has given up: what does the server read from it?
"$PROGRAMS/tcp-echo-server" "127.0.0.1:$PORT" 2>/dev/null | sed -u 's/:[0-9][0-9]*$/:54321/; /^Starting\|^Waiting/d' &
sleep 0.5
python3 - "$PORT" "$PROGRAMS/tcp-echo-client" <<'PYTHON'
import socket, subprocess, sys, time
address = "127.0.0.1:" + sys.argv[1]
first = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
time.sleep(0.3)
client = subprocess.run([sys.argv[2], address, "--timeout", "1"], capture_output=True, text=True)
for line in (client.stdout + client.stderr).splitlines():
    print("the client:", line)
sys.stdout.flush()
first.close()
time.sleep(0.5)
PYTHON
