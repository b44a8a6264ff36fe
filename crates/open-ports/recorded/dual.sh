# once: a server on all addresses, IPv6 and IPv4; the process numbers vary.
"$PROGRAMS/tcp-server-threaded" "[::]:9999" >/dev/null 2>&1 &
"$PROGRAMS/tcp-server-threaded" 127.0.0.1:9998 >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/open-ports" --port 9999
"$PROGRAMS/open-ports" --port 9998 | tail -n 1
"$PROGRAMS/tcp-client" 127.0.0.1:9999 Michael --timeout 3 | head -n 1
