# The longest datagram, and one byte more.
"$PROGRAMS/udp-bound-receiver" "127.0.0.1:$PORT" --count 0 2>/dev/null |
  while read -r text; do echo "received: ${#text} bytes"; done &
sleep 0.5
for bytes in 65507 65508; do
  head -c $bytes /dev/zero | tr '\0' a | "$PROGRAMS/udp-sender" "127.0.0.1:$PORT" 2>&1 | sed 's/^[^:]*://; /^$/d'
  sleep 0.3
done
