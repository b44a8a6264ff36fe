# When the second of two clients is welcomed by a server with one place.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" --max-connections 1 >/dev/null 2>&1 &
server=$!
trap 'kill $server' EXIT
sleep 0.5
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" >/dev/null &
sleep 0.2
start=$(date +%s%3N)
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" | while read -r line; do
  echo "after $((($(date +%s%3N) - start + 500) / 1000)) s: $line"
done
