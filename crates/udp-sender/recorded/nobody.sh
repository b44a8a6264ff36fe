# Sending where no program listens; then a receiver starts, and waits for a second.
echo 你好 | "$EXAMPLES/udp-sender" "127.0.0.1:$PORT" >/dev/null
echo "the sender's exit status: $?"
timeout 1 "$EXAMPLES/udp-bound-receiver" "127.0.0.1:$PORT" || echo "a receiver that starts now gets nothing"
