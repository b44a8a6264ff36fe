# The client of lesson 5 at the server with frames.
"$PROGRAMS/framed-server" "127.0.0.1:$PORT" --delay 0 2>&1 | grep --line-buffered ^lost | sed -u 's/^lost 127.0.0.1:[0-9]*/the server: lost 127.0.0.1:54321/' &
sleep 0.5
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" --timeout 2 2>&1 | sed 's/^/the client: /'
sleep 0.2
