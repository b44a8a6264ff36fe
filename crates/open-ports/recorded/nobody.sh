# once: what another user sees; needs root and setpriv.
"$PROGRAMS/tcp-server-threaded" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
cp "$PROGRAMS/open-ports" /tmp/open-ports
setpriv --reuid=65534 --regid=65534 --clear-groups /tmp/open-ports --port "$PORT" 2>&1
rm /tmp/open-ports
