# The only client resets its connection: the tutorial's version in Rust and in Python.
reset() {
  sleep 0.5
  python3 - "$PORT" <<'PYTHON'
import socket, struct, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.sendall(b"hello")
time.sleep(0.2)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
PYTHON
}
said=$(mktemp)
trap 'rm "$said"' EXIT
"$EXAMPLES/tcp-echo-server" "127.0.0.1:$PORT" >/dev/null 2>"$said" &
reset
wait $!
status=$?
echo "Rust:   $(tail -n 1 "$said")"
echo "        the process has ended, exit status $status"
python3 crates/tcp-echo-server/examples/tcp-echo-server.py "127.0.0.1:$PORT" >/dev/null 2>"$said" &
reset
wait $!
status=$?
echo "Python: $(tail -n 1 "$said")"
echo "        the process has ended, exit status $status"
"$PROGRAMS/tcp-echo-server" "127.0.0.1:$PORT" >/dev/null 2>"$said" &
reset
sleep 0.3
echo "The version to trust: $(tail -n 1 "$said" | sed 's/127.0.0.1:[0-9]*/127.0.0.1:54321/')"
echo "        it waits for the next client"
