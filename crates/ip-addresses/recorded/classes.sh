# The table of classes.
"$PROGRAMS/ip-addresses" | sed -n 1,7p
