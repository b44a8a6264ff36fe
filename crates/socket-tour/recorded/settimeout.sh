# The stop `settimeout`.
"$PROGRAMS/socket-tour" settimeout
