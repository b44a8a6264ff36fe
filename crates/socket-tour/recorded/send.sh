# once: the stop `send`; how much the kernel takes varies.
"$PROGRAMS/socket-tour" send
