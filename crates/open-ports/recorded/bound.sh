# once: a port that is bound, and neither listens nor shows.
python3 -c "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', $PORT)); time.sleep(3)" &
sleep 0.5
"$PROGRAMS/open-ports" --port "$PORT"
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" 2>&1
exit 0
