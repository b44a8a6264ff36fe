# What you see when you type `exit` and Enter.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" --delay 0 >/dev/null 2>&1 &
server=$!
trap 'kill $server' EXIT
sleep 0.5
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
cat <&3 &
reader=$!
sleep 0.5
echo exit
echo exit >&3
sleep 0.5
kill $reader
echo
