# A datagram of 2,000 bytes, at each version.
for receiver in "$EXAMPLES/udp-bound-receiver" "$PROGRAMS/udp-bound-receiver"; do
  if [ "$receiver" = "$PROGRAMS/udp-bound-receiver" ]; then name="the version to trust"; else name="the tutorial's version"; fi
  "$receiver" "127.0.0.1:$PORT" 2>/dev/null | awk -v name="$name" '{ print name ":", length($0), "of 2000 bytes" }' &
  sleep 0.5
  head -c 2000 /dev/zero | tr '\0' a | "$PROGRAMS/udp-sender" "127.0.0.1:$PORT" >/dev/null
  wait $!
done
