# 你好 in both encodings, at a receiver that decodes GBK.
"$PROGRAMS/udp-bound-receiver" "127.0.0.1:$PORT" --count 3 2>/dev/null &
sleep 0.5
"$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --message 你好
"$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --message 你好 --encoding utf-8
"$PROGRAMS/udp-sender" "127.0.0.1:$PORT" --message 你好吗 --encoding utf-8
wait $!
