# once: who has the port of a server; the process number varies.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/open-ports" --port "$PORT"
