# What curl sends and gets.
"$PROGRAMS/http-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
curl -sv "http://127.0.0.1:$PORT/" 2>&1 >/dev/null | sed -n 's/\r$//; /^[<>]/p' | sed 's/User-Agent: .*/User-Agent: curl/'
