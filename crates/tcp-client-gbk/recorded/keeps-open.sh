# A server that answers and does not close.
python3 - "$PORT" <<'PYTHON' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
stream.recv(1024)
stream.sendall("再见".encode("gbk"))
time.sleep(3)
PYTHON
sleep 0.5
"$PROGRAMS/tcp-client-gbk" "127.0.0.1:$PORT" --timeout 1 <<<'你好' 2>&1 | sed 's/^请输入要发送的数据://'
exit 0
