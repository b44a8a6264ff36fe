# once: a TCP server on all addresses and a UDP server on one, with the same port; the PIDs vary.
"$PROGRAMS/tcp-server-threaded" "[::]:$PORT" >/dev/null 2>&1 &
"$PROGRAMS/udp-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/open-ports" --port "$PORT"
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" Michael --timeout 3 | head -n 1
