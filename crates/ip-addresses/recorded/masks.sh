# The article's two addresses with three masks.
for mask in 24 31 30; do
  echo "/$mask  $("$PROGRAMS/ip-addresses" 192.168.1.1/$mask --with 192.168.1.2 | grep 'Same subnet')"
done
