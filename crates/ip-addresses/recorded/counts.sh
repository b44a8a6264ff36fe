# How many hosts are in the largest and in the smallest networks.
for net in 0.0.0.0/0 ::/0 10.0.0.0/31; do
  printf '%-12s %s\n' $net "$("$PROGRAMS/ip-addresses" $net | grep '^Hosts')"
done
