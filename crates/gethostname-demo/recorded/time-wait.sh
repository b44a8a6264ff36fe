# Who remembers a connection that is over.
"$PROGRAMS/gethostname-demo" server "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/gethostname-demo" client "127.0.0.1:$PORT" >/dev/null
sleep 0.2
kill $!
ss -tanH "( sport = $PORT )" | awk '$1 == "TIME-WAIT" { print $1, $4, "->", $5 }'
