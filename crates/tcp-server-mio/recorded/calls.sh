# once: the system calls of the one thread while a client talks; needs strace.
strace -o "$PROGRAMS/calls" -e trace=epoll_wait,accept4,recvfrom,sendto "$PROGRAMS/tcp-server-mio" "127.0.0.1:$PORT" --delay 0.1 >/dev/null 2>&1 &
sleep 0.7
"$PROGRAMS/tcp-client" "127.0.0.1:$PORT" Tracy >/dev/null
sleep 0.3
kill $!
sed -nE 's/^(epoll_wait).*EPOLLIN.*/\1: a socket can be read/p; s/^(epoll_wait).*EPOLLOUT.*/\1: a socket can be written/p
  s/^(epoll_wait).* = 0$/\1: no socket is ready, but a deadline has come/p
  s/^(accept4|recvfrom).*EAGAIN.*/\1: nothing more, and no waiting (EAGAIN)/p; s/^(accept4).* = [0-9]+$/\1: a client/p
  s/^(recvfrom)\([0-9]+, ("[^"]*").*/\1: \2/p; s/^(sendto)\([0-9]+, ("[^"]*").*/\1: \2/p' "$PROGRAMS/calls"
rm "$PROGRAMS/calls"
exit 0
