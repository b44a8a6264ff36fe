# Two clients at once: with a thread each, and with `talk(stream, peer)?;` in place of the thread.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
sed 's/thread::spawn(move || talk(stream, peer));/talk(stream, peer)?;/' \
  crates/tcp-server-threaded/examples/tcp-server-threaded.rs >"$folder/main.rs"
rustc --edition 2024 --out-dir "$folder" "$folder/main.rs" 2>/dev/null
for server in "$EXAMPLES/tcp-server-threaded" "$folder/main"; do
  "$server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
  running=$!
  sleep 0.5
  "$PROGRAMS/tcp-client" "127.0.0.1:$PORT" >/dev/null &
  sleep 0.2
  start=$(date +%s%N)
  "$PROGRAMS/tcp-client" "127.0.0.1:$PORT" >/dev/null
  seconds=$((($(date +%s%N) - start + 500000000) / 1000000000))
  if [ "$server" = "$folder/main" ]; then with="without the thread"; else with="with a thread each"; fi
  echo "$with: the second client is done after $seconds s"
  kill $running
  wait $running 2>/dev/null
done
exit 0
