# once: the system calls of TcpListener::bind; needs strace.
strace -f -e trace=network "$PROGRAMS/socket-tour" bind 2>&1 >/dev/null | head -n 4
