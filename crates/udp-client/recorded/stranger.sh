# An answer from another port than the one that was asked.
serve() {
  python3 - "$PORT" <<'PYTHON' &
import socket, sys
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.bind(("127.0.0.1", int(sys.argv[1])))
question, client = asked.recvfrom(1024)
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stranger.sendto(b"Hello, nobody!", client)
asked.settimeout(1.5)
try:
    asked.recvfrom(1024)
except TimeoutError:
    pass
PYTHON
  sleep 0.5
}
serve
echo "the tutorial's version:"
timeout 1 "$EXAMPLES/udp-client" "127.0.0.1:$PORT"
wait $!
serve
echo "the version to trust:"
"$PROGRAMS/udp-client" "127.0.0.1:$PORT" --timeout 1 2>&1
exit 0
