# A message of 1,201 bytes: one Latin letter, then 600 Chinese characters of two bytes each.
send() {
  sleep 0.5
  python3 - "$PORT" <<'PYTHON'
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.sendall(("a" + "好" * 600).encode("gbk"))
client.settimeout(2)
try:
    client.recv(1024)
except OSError:
    pass
PYTHON
}
said=$(mktemp)
trap 'rm "$said"' EXIT
count='import sys; text = sys.stdin.read(); print(text.count("好"), "of 600 characters,", text.count("\ufffd"), "broken")'
echo | python3 crates/tcp-server-gbk/examples/tcp-server-gbk.py "127.0.0.1:$PORT" >"$said" 2>&1 &
send
wait $!
echo "Python: $(tail -n 1 "$said" | cut -c 1-110)"
echo | "$EXAMPLES/tcp-server-gbk" "127.0.0.1:$PORT" >"$said" 2>&1 &
send
wait $!
echo "Rust:   $(python3 -c "$count" <"$said")"
echo | "$PROGRAMS/tcp-server-gbk" "127.0.0.1:$PORT" >"$said" 2>&1 &
send
wait $!
echo "The version to trust: $(python3 -c "$count" <"$said")"
