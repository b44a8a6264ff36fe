# The client meets a server that does not echo: lesson 4's.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
echo "the tutorial's version:"
"$EXAMPLES/tcp-echo-client" "127.0.0.1:$PORT" 2>&1 | tail -n 1
echo "the version to trust:"
"$PROGRAMS/tcp-echo-client" "127.0.0.1:$PORT" 2>&1 | tail -n 1
