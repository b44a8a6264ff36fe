# What happens to a name that is `exit`.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" --delay 0.2 >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" Michael exit Sarah 2>&1
exit 0
