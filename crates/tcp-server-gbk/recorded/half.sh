# A message that is cut in the middle of a character, with a short and with a long pause.
for pause in 0.02 1; do
  "$PROGRAMS/tcp-server-gbk" "127.0.0.1:$PORT" <<<'再见' 2>/dev/null | sed 's/服务器.*//' &
  sleep 0.5
  python3 - "$PORT" $pause <<'PYTHON'
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
message = "你好".encode("gbk")
client.sendall(message[:3])
time.sleep(float(sys.argv[2]))
try:
    client.sendall(message[3:])
    client.recv(1024)
except OSError:
    pass
PYTHON
  wait $!
  sleep 0.3
done
