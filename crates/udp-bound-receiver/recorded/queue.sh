# once: 500 datagrams at a receiver that is stopped; how many fit into its buffer varies.
said=$(mktemp)
"$PROGRAMS/udp-bound-receiver" "127.0.0.1:$PORT" --count 0 2>/dev/null >"$said" &
receiver=$!
sleep 0.5
kill -STOP $receiver
failed=0
for number in $(seq 500); do
  "$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --message "$number" || failed=$((failed + 1))
done
kill -CONT $receiver
sleep 0.5
echo "sent without an error: $((500 - failed))"
echo "received: $(wc -l <"$said"), the last one is number $(tail -n 1 "$said")"
rm "$said"
