# What each version says of a port that is none.
for port in abc 70000; do
  echo "Python: $(printf 'localhost\n%s\n' $port | python3 crates/tcp-client-gbk/examples/tcp-client-gbk.py 2>&1 | tail -n 1)"
  echo "The version to trust: $(printf 'localhost\n%s\n' $port | "$PROGRAMS/tcp-client-gbk" 2>&1 | sed 's/.*Error/Error/')"
done
