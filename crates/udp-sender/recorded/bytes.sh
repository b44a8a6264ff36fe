# What a receiver sees of 你好 in GBK, in UTF-8, and in GBK again: bytes and the sender's port.
python3 - "$PORT" <<'PYTHON' &
import socket, sys
socket_ = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
socket_.bind(("127.0.0.1", int(sys.argv[1])))
ports = set()
for encoding in ("gbk", "utf-8", "gbk"):
    datagram, sender = socket_.recvfrom(65536)
    ports.add(sender[1])
    print(f"{encoding:5}  {len(datagram)} bytes  {datagram}")
print(len(ports), "different ports")
PYTHON
sleep 0.5
for encoding in gbk utf-8 gbk; do
  "$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --message 你好 --encoding $encoding
done
wait
