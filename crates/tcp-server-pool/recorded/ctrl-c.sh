# Ctrl-C while a client talks: SIGINT after the first greeting.
stop() {
  "$1" "127.0.0.1:$PORT" >/dev/null 2>&1 &
  server=$!
  sleep 0.5
  "$PROGRAMS/tcp-client" "127.0.0.1:$PORT" 2>&1 | sed "s/^/  /" &
  client=$!
  sleep 1.5
  kill -INT $server
  sleep 0.3
  "$PROGRAMS/tcp-client" "127.0.0.1:$PORT" 2>&1 | sed 's/^/  a new client: /'
  wait $client
  wait $server
  echo "  the server's exit status: $?"
}
set -m # a job of its own: a background program in bash ignores SIGINT otherwise
echo "lesson 4:"
stop "$PROGRAMS/tcp-server-threaded"
echo "the pool:"
stop "$PROGRAMS/tcp-server-pool"
exit 0
