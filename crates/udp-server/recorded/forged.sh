# once: two servers that answer each other after one forged datagram; how many in a second varies.
python3 - "$PORT" "$EXAMPLES" "$PROGRAMS" <<'PYTHON'
import socket, subprocess, sys, tempfile, time
port, examples, programs = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def bound():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made
def run(name, program):
    forger = bound()
    other = forger.getsockname()[1]
    log = tempfile.TemporaryFile()
    one = subprocess.Popen([program, f"127.0.0.1:{port}"], stdout=log, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    one.send_signal(19)
    forger.sendto(b"x", ("127.0.0.1", port))
    forger.close()
    two = subprocess.Popen([program, f"127.0.0.1:{other}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    one.send_signal(18)
    time.sleep(1)
    one.kill(); two.kill()
    one.wait(); two.wait()
    log.seek(0)
    lines = log.read().count(b"Received from")
    print(f"{name}, one second after one forged datagram: {lines:,} received")
run("the tutorial's version", f"{examples}/udp-server")
run("the version to trust", f"{programs}/udp-server")
PYTHON
