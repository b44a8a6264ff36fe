# No server: each version, for two seconds at most.
timeout 2 "$EXAMPLES/udp-client" "127.0.0.1:$PORT"
[ $? = 124 ] && echo "the tutorial's version: still waiting after 2 seconds"
start=$(date +%s%3N)
echo "the version to trust:"
"$PROGRAMS/udp-client" "127.0.0.1:$PORT" 2>&1
echo "  after $((($(date +%s%3N) - start + 500) / 1000)) seconds"
