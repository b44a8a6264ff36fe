# A server that has the port and does not answer, because it is stopped.
"$PROGRAMS/udp-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
server=$!
sleep 0.5
kill -STOP $server
"$PROGRAMS/udp-client" "127.0.0.1:$PORT" --timeout 1 2>&1
kill -CONT $server
exit 0
