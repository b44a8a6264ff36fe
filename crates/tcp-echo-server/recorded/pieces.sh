# What the server prints when it gets 3,000 bytes in one message.
"$PROGRAMS/tcp-echo-server" "127.0.0.1:$PORT" 2>/dev/null |
  awk '/^Received/ { print "Received", length($0) - length("Received b\"\""), "bytes"; fflush() }' &
sleep 0.5
"$PROGRAMS/tcp-echo-client" "127.0.0.1:$PORT" --message "$(printf 'a%.0s' $(seq 3000))" >/dev/null
sleep 0.3
