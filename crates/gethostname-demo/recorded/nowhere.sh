# once: a machine whose name has no address; needs root on Linux.
unshare --uts sh -c 'hostname nowhere
"$EXAMPLES/gethostname-server" 2>&1 | sed "s/^/Rust:   /"
python3 crates/gethostname-demo/examples/gethostname-server.py 2>&1 | tail -n 1 | sed "s/^/Python: /"
echo "The version to trust:"
"$PROGRAMS/gethostname-demo" 2>&1' | sed '/^Listening\|^连接/d'
