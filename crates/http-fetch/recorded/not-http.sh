# What the client says of a server that does not speak HTTP: lesson 4's.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" --delay 1 >/dev/null 2>&1 &
sleep 0.5
cd "$folder"
echo "the tutorial's version:"
timeout 1 "$EXAMPLES/http-fetch" "127.0.0.1:$PORT"
[ $? = 124 ] && echo "  still waiting after a second"
echo "the version to trust:"
"$PROGRAMS/http-fetch" "http://127.0.0.1:$PORT/" 2>&1
exit 0
