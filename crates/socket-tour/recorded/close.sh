# The stop `close`.
"$PROGRAMS/socket-tour" close
