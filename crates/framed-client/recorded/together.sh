# A server that sends everything in one piece, and one that sends it byte by byte.
serve() {
  python3 - "$PORT" $1 2>/dev/null <<'PYTHON' &
import socket, struct, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
stream, peer = listener.accept()
texts = [b"Welcome!", b"Hello, Michael!", b"Hello, Tracy!", b"Hello, Sarah!"]
everything = b"".join(struct.pack(">I", len(text)) + text for text in texts)
size = int(sys.argv[2])
for at in range(0, len(everything), size):
    stream.sendall(everything[at:at + size])
    time.sleep(0.005)
time.sleep(0.3)
PYTHON
  sleep 0.5
}
for size in 1000 1; do
  echo "bytes at a time: $size"
  serve $size
  "$PROGRAMS/framed-client" "127.0.0.1:$PORT" | tr '\n' ' '
  echo
  wait $!
done
