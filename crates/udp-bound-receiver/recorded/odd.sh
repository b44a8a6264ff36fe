# 你好吗 in UTF-8 has nine bytes, an odd number: the receiver in Python, in Rust, and the version to trust.
send() {
  sleep 0.5
  "$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --encoding utf-8 --message 你好吗
  wait $!
}
said=$(mktemp)
trap 'rm "$said"' EXIT
python3 crates/udp-bound-receiver/examples/udp-bound-receiver.py "127.0.0.1:$PORT" 2>"$said" &
send
echo "Python: $(tail -n 1 "$said")"
"$EXAMPLES/udp-bound-receiver" "127.0.0.1:$PORT" >"$said" &
send
echo "Rust:   $(cat "$said")"
