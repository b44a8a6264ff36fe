# The link-local address of the article's ipconfig.
"$PROGRAMS/ip-addresses" fe80::c449:33a:c7fa:2ae5%12
