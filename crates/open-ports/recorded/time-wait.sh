# once: a port that is taken though no program listens; needs ss.
serve="import socket; s = socket.socket(); s.bind(('127.0.0.1', $PORT)); s.listen(); s.accept()[0].close()"
python3 -c "$serve" &
sleep 0.5
python3 -c "import socket; s = socket.create_connection(('127.0.0.1', $PORT)); s.recv(1)"
wait $!
python3 -c "$serve" 2>&1 | tail -n 1
"$PROGRAMS/open-ports" --port "$PORT"
ss -tanH "( sport = $PORT )" | awk '{ print $1, $4, "->", $5 }'
exit 0
