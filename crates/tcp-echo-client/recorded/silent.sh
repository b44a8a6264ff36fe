# A server that listens, and never calls accept.
python3 -c "import socket, time; s = socket.create_server(('127.0.0.1', $PORT)); time.sleep(5)" &
sleep 0.5
"$PROGRAMS/tcp-echo-client" "127.0.0.1:$PORT" --timeout 1 2>&1
exit 0
