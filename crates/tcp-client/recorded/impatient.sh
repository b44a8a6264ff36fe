# A client that waits half a second for each answer, at a server that pauses for one.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" --timeout 0.5 2>&1
exit 0
