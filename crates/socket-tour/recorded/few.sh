# once: the tour with six file descriptors, three of which are taken: which stops fail.
(ulimit -n 6; "$PROGRAMS/socket-tour") | awk '/^[a-z]/ { stop = $1 } /on to the next/ { failed[++n] = stop } /^[a-z]/ { all++ }
  END { print all - n, "of", all, "stops were made; without a descriptor:"; for (i = 1; i <= n; i++) printf " %s", failed[i]; print "" }'
