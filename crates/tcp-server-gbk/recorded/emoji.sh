# The server answers with 😀, which GBK does not have.
"$PROGRAMS/tcp-server-gbk" "127.0.0.1:$PORT" <<<'😀' 2>&1 | sed 's/^/the server: /; s/:[0-9][0-9]* broke/:54321 broke/' &
sleep 0.5
"$PROGRAMS/tcp-client-gbk" "127.0.0.1:$PORT" <<<'你好' 2>&1 | sed 's/^/the client: /'
wait
