# The server answers with 😀, which GBK does not have.
said=$(mktemp)
trap 'rm "$said"' EXIT
"$PROGRAMS/tcp-server-gbk" "127.0.0.1:$PORT" <<<'😀' >"$said" 2>&1 &
sleep 0.5
client=$("$PROGRAMS/tcp-client-gbk" "127.0.0.1:$PORT" <<<'你好' 2>&1)
wait $!
sed 's/^/the server: /; s/:[0-9][0-9]* broke/:54321 broke/' "$said"
echo "the client: $client"
