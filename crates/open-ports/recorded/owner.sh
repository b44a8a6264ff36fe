# once: who has the port of a server; the process number varies.
"$PROGRAMS/tcp-server-threaded" 127.0.0.1:9999 >/dev/null 2>&1 &
sleep 0.5
"$PROGRAMS/open-ports" --port 9999
