# A pool of two threads, two silent clients, and a third one.
"$PROGRAMS/tcp-server-pool" "127.0.0.1:$PORT" --max-connections 2 >/dev/null 2>&1 &
sleep 0.5
exec 3< <(python3 -c "import socket, time
clients = [socket.create_connection(('127.0.0.1', $PORT)) for _ in range(2)]
print('connected', flush=True)
time.sleep(4)")
read -r _ <&3
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" --timeout 1 2>&1
exit 0
