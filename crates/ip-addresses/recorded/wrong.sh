# What is no address, and why.
for address in 192.168.01.1 1.2.3 256.1.1.1 1.2.3.4/33; do
  "$PROGRAMS/ip-addresses" $address 2>&1 | sed -n "1s|^error: invalid value '[^']*' for '[^']*': |$address: |p"
done
"$PROGRAMS/ip-addresses" 1.2.3.4 --mask 255.0.255.0 2>&1 | sed -n "1s/^error: //p"
exit 0
