#!/usr/bin/env python3
"""Records what the pictures in the book show: system calls and packets, into scripts/course/wire.toml.

Runs each pair of programs that a lesson shows in two terminals (the tutorial's versions, where there
are any), with strace on both and tcpdump on the loopback interface, and writes down what they saw, in
the order of time; and what the programs of some lessons ask of the kernel. Needs Linux, root, strace,
tcpdump, and the programs built (cargo build --bins --examples).

    python3 scripts/book/record-wire.py          replaces each recording that differs
    python3 scripts/book/record-wire.py --check  says what differs, and ends with 1
"""

import ast
import difflib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug"
CALLS = "socket,bind,listen,accept,accept4,connect,sendto,recvfrom,shutdown,close,write,?nanosleep,clock_nanosleep"
SYN, FIN, RST, ACK = 2, 1, 4, 16
PATIENCE = 30  # seconds; nothing needs as many
FEW = 8  # bytes; as many are shown beside their text
END = b"the end of the recording"

# The stops of socket-tour that have a picture: their calls, and which of those are drawn. What comes
# before is how every stop begins, what comes after the same once more.
STOPS = {
    "listen": ("bind,listen,connect,poll,accept4", slice(0, 11)),
    "connect_ex": ("bind,listen,getsockname,connect,getsockopt", slice(0, 9)),
    "settimeout": ("setsockopt,recvfrom,sendto", slice(5, 9)),
    "dup": ("fcntl,ioctl,recvfrom,sendto,close", slice(1, 10)),
}


def runs():
    """What is recorded, in the order of the lessons: whose names stand above, and how."""
    listed = subprocess.run(["cargo", "lesson", "list", "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = {}
    for lesson in json.loads(listed.stdout):
        terminals = lesson["terminals"]
        if len(terminals) == 2:
            programs = tuple(terminal["run"].split(" http:")[0] for terminal in terminals)
            found.setdefault(programs, partial(exchange, lesson["port"], terminals))
    for stop in STOPS:
        found["kernel", f"socket-tour {stop}"] = partial(tour, stop)
    found["kernel", "open-ports --port 9999"] = partial(ports, 9999)
    return found


def program(run, port=0):
    name, *words = run.replace("{port}", str(port)).split()
    return [PROGRAMS / name, *words]


def tutorial(run, port):
    """The tutorial's version, which takes an address and nothing else; or nothing, if there is none."""
    name, *words = run.replace("{port}", str(port)).split()
    examples = sorted((ROOT / "crates" / name / "examples").glob("*.rs"))
    if len(examples) > 1:  # the two halves of lesson 6
        examples = [path for path in examples if path.stem.endswith(words[0])]
        words = words[1:]
    # Not localhost: what that is, depends on the machine.
    words = [re.sub("^http://|/$", "", word).replace("localhost", "127.0.0.1") for word in words[:1]]
    return [PROGRAMS / "examples" / examples[0].stem, *words] if examples else None


def wait_for(port):
    """Waits until a program has the port, without a connection that the recording would show."""
    deadline = time.monotonic() + PATIENCE
    while not any(is_taken(port, kind) for kind in ("tcp", "udp", "tcp6", "udp6")):
        if time.monotonic() > deadline:
            sys.exit(f"nothing listens on port {port}")
        time.sleep(0.01)  # until the next look


def is_taken(port, kind):
    """Whether a socket listens on the port; a connection that has just been closed doesn't count."""
    rows = [row.split() for row in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] in ("0A", "07") for row in rows)  # TCP listens, UDP


def expect(stream, words):
    """Waits for a line with these words in it."""
    seen = b""
    for line in stream:
        seen += line
        if words in line:
            return
    sys.exit(f"no {words.decode()!r}: {seen.decode(errors='replace')}")


def exchange(port, terminals):
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        capture = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "--nano", "-w", "-", f"(tcp or udp) and port {port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
        )
        cleanup.callback(kill, capture)
        expect(capture.stderr, b"listening on")
        processes = []
        for side, terminal in zip(("server", "client"), terminals):
            run = f"{terminal['run']} {terminal['args']}".strip()
            lesson = tutorial(run, port)
            command = lesson or program(run, port)
            command = ["strace", "-f", "-ttt", "-T", "-s", "4096", "-e", f"trace={CALLS}", "-o", folder / side, *command]
            error = subprocess.PIPE if side == "server" else subprocess.DEVNULL
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=error, cwd=folder, process_group=0
            )
            cleanup.callback(kill, process)
            typed = "".join(line.replace("{port}", str(port)) + "\n" for line in terminal["types"])
            process.stdin.write(typed.encode())
            process.stdin.flush()
            if side == "server" and lesson:
                wait_for(port)
            elif side == "server":
                expect(process.stderr, b"Listening on")
            processes.append(process)
        server, client = processes
        client.wait(PATIENCE)
        ended = finish(int((folder / "server").read_text().split()[0]), folder / "server", port)
        server.wait(PATIENCE)
        # What tcpdump has seen before this, it has written before this.
        socket.socket(type=socket.SOCK_DGRAM).sendto(END, ("127.0.0.1", port))
        pcap = b""
        while END not in pcap:
            pcap += capture.stdout.read1() or sys.exit("tcpdump has ended")
        rows = packets(pcap, port)
        for side in ("server", "client"):
            rows += calls((folder / side).read_text("utf-8"), side, port)
        return [row for when, row in sorted(rows, key=lambda row: row[0]) if when < ended]


def kill(process):
    """Ends what still runs: strace, and with it the program."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(pid, log, port):
    """Ends a server, once it has nothing more to do: each of its threads waits, and no peer is connected.
    Says when."""
    seen, deadline = None, time.monotonic() + PATIENCE
    # The sockets of that port, but for those that listen or that no program has any more.
    connected = re.compile(rf"^ *\d+: \w+:{port:04X} \w+:\w+ (?!0A|06)", re.MULTILINE)
    while time.monotonic() < deadline:
        try:
            stats = [(task / "stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
            before, seen = seen, ([stat.rsplit(") ", 1)[1][0] for stat in stats], log.read_text("utf-8"))
            last = {line.split()[0]: line for line in seen[1].splitlines()}
            asleep = any("nanosleep(" in line and " = " not in line for line in last.values())
            talks = connected.search(Path("/proc/net/tcp").read_text())
            if seen == before and set(seen[0]) <= {"S", "Z"} and not asleep and not talks:
                ended = time.time()
                os.kill(pid, signal.SIGINT)
                return ended
        except (FileNotFoundError, ProcessLookupError):  # of the program, or of a thread
            if not Path(f"/proc/{pid}").exists():
                break
        time.sleep(0.01)  # until the next look
    return time.time()


def calls(log, side, port):
    """The calls on network sockets, and what is printed: a call that waits stands where it returned, the
    others where they began."""
    rows, sockets, listeners = [], set(), set()
    for when, name, arguments, result, error, lasted in parsed(log):
        if name == "write":
            if arguments.startswith('1, "'):
                text = ast.literal_eval("b" + re.search('".*"', arguments)[0]).decode(errors="replace")
                # The port that the system chose for the client.
                text = re.sub(r"(127\.0\.0\.1:)(?!%d\b)\d+" % port, r"\g<1>54321", text)
                rows.append((float(when), f"{side} print {quoted(text)}"))
            continue
        if name == "socket":
            if arguments.startswith(("AF_INET,", "AF_INET6,")):
                sockets.add(result)
            continue
        handle = arguments.split(",")[0]
        if handle not in sockets or result == "?":
            continue
        if name.startswith("accept"):
            sockets.add(result)
        if name == "close":
            sockets.discard(handle)
        waits = name.startswith(("accept", "recv"))
        # The two clocks differ by some microseconds: what was waited for came before.
        when = float(when) + (float(lasted or 0) + 2e-5 if waits else 0)
        failed = result == "-1" and "EINPROGRESS" not in error
        if failed:
            continue  # such as ::1, where no one listens
        words = name.replace("accept4", "accept")
        if name == "listen":
            words += " again" if handle in listeners else ""
            listeners.add(handle)
        if name == "close" and handle in listeners:
            listeners.discard(handle)
            words = "close listener"
        if name in ("sendto", "recvfrom"):
            # Without an address it is what programs know as send and recv.
            words = re.sub("to|from", "", name) if ", NULL, " in arguments else name
            words += f" = {result}"
        rows.append((when, f"{side} {words}"))
    return rows


def parsed(log):
    """The calls of a log of strace, up to the signal that ends the program."""
    open_calls = {}
    for line in log.splitlines():
        thread, when, rest = line.split(None, 2)
        if rest.startswith("--- SIGINT"):
            return
        if "<unfinished" in rest:
            open_calls[thread] = when, rest.split(" <unfinished")[0]
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            when, start = open_calls.pop(thread)
            rest = start + resumed[1]
        if call := re.match(r"(\w+)\((.*)\)\s+= (-?\d+|\?)(.*?)(?:<([\d.]+)>)?$", rest):
            yield when, *call.groups()


def packets(pcap, port):
    """Each packet: its data and flags; ACK only where it is that of a SYN or FIN."""
    rows, position, awaited = [], 24, {}
    while position < len(pcap):
        seconds, nanoseconds, length, _ = struct.unpack("<IIII", pcap[position : position + 16])
        frame = pcap[position + 16 : position + 16 + length]
        position += 16 + length
        if frame[12:14] != b"\x08\x00":
            continue  # IPv6: the try at ::1, where no one listens
        header = 14 + (frame[14] & 15) * 4
        total = 14 + struct.unpack("!H", frame[16:18])[0]
        to_server = struct.unpack("!H", frame[header + 2 : header + 4])[0] == port
        side, other = ("right", "left") if to_server else ("left", "right")
        if frame[23] == 17:
            words = [literal(frame[header + 8 : total])]
            if END.decode() in words[0]:
                break
        else:
            data = frame[header + (frame[header + 12] >> 4) * 4 : total]
            sequence, acknowledged = struct.unpack("!II", frame[header + 4 : header + 12])
            flags = frame[header + 13]
            words = [literal(data)] if data else []
            words += [name for bit, name in ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST")) if flags & bit]
            if flags & (SYN | FIN):
                awaited[side] = (sequence + len(data) + 1) % 2**32
            if flags & ACK and awaited.get(other) == acknowledged:
                del awaited[other]
                words.append("ACK")
        if words:
            rows.append((seconds + nanoseconds / 1e9, f"{side} {', '.join(words)}"))
    return rows


def literal(data):
    """What is text is shown as text, with its encoding if that matters; the rest as Python shows bytes."""
    for encoding in ("UTF-8", "GBK"):
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if not re.sub(r"[\r\n]", "", text).isprintable():
                continue
            if text.isascii():
                return quoted(text)
            return f"{quoted(text)} ({encoding}{', ' + data.hex(' ') if len(data) <= FEW else ''})"
    return 'b"' + repr(data)[2:-1].replace('"', '\\"') + '"'


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def trace(options, command):
    with tempfile.NamedTemporaryFile("r") as log:
        command = ["strace", "-f", "-ttt", "-s", "4096", "-o", log.name, *options, *command]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
        return [call[1:5] for call in parsed(log.read())]


def tour(stop):
    """The calls of a stop, each with the arguments that matter."""
    names, drawn = STOPS[stop]
    found = trace(["-e", f"trace=socket,{names}"], program(f"socket-tour {stop}"))
    first = [name for name, *_ in found].index("socket")
    rows = []
    for name, arguments, result, error in found[first:]:
        handle = re.search(r"\d+|$", arguments)[0]
        address = re.sub(r'.*htons\((\d+)\), .*inet_addr\("(.*?)"\).*', r"\2:\1", arguments)
        text = re.sub(r'.*(".*?").*', r"\1", arguments)
        options = re.sub("SOL_SOCKET, |_OLD|_CLOEXEC", "", arguments).split(", ")[1:]
        answer = result + "".join(re.findall(r" E[A-Z]+| \(Timeout\)", error))
        if name == "socket" or "F_GETF" in arguments:
            continue
        if result == "0" and name == "getsockname":
            answer = address
        elif result != "-1" and name == "recvfrom":
            answer = text
        shown = {"bind": [address], "connect": [address], "sendto": [text]}
        shown |= dict.fromkeys(("listen", "ioctl", "fcntl"), options)
        shown |= dict.fromkeys(("setsockopt", "getsockopt"), options[:1])
        shown = ", ".join([handle, *shown.get(name, [])])
        name = re.sub("(send)to|(recv)from|(accept)4", r"\1\2\3", name)
        row = f"call {name}({shown}) = {answer}"
        if rows[-1:] != [row]:  # a wait that was over a moment too early goes on
            rows.append(row)
    return rows[drawn]


def ports(port):
    """How open-ports finds a server: the first file of each kind, and of all processes only that one."""
    command = program("tcp-server-threaded")
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with server:
        expect(server.stderr, b"Listening on")
        options = ["-y", "-e", "trace=openat,read,readlink,readlinkat"]
        found = trace(options, program(f"open-ports --port {port}"))
        server.terminate()
    process, path, table, first = f"/proc/{server.pid}", "", "", {}
    for name, arguments, result, _ in found:
        names = ["".join(pair) for pair in re.findall(r'<(.*?)>|"(.*?)"', arguments)]
        if name == "openat":
            path = os.path.join(*names[:2])
            first.setdefault(path, f"call open({path}) = {result}")
        elif name == "read" and path == "/proc/net/tcp":
            table += names[-1]
            # Local, remote, state; queues, timer, retransmits, user, timeout; inode.
            if line := re.search(rf"(\w+:{port:04X}) \S+ (0A)(?: +\S+){{5}} +(\d+)", table):
                first.setdefault("row", "answer " + " … ".join(line.groups()))
        elif name != "read" and names[0].startswith(f"{process}/") and result != "-1":
            kind, target = names[-1].split(":")[0], os.path.basename(names[-1])
            first.setdefault(kind, f"call readlink({names[0]}) = {target}")
    tables = [f"/proc/net/{name}" for name in ("tcp", "tcp6", "udp", "udp6")]
    kinds = [*tables, "row", "/proc", f"{process}/fd", "pipe", "socket", str(command[0])]
    return [row for kind, row in first.items() if kind in kinds]


def lanes(rows):
    """Each lane by itself, without what depends on the time: how a stream is cut, and ACKs of it."""
    stream, found = "right SYN" in rows, {}
    for row in rows:
        lane, words = row.split(" ", 1)
        items = found.setdefault(lane, [])
        if lane in ("call", "answer"):
            # The numbers of processes, of inodes, and of ports that the system chose.
            items.append(re.sub(r"(/proc/|\[|0A … |:)\d+\b", r"\1N", words))
        elif lane in ("left", "right"):
            data, flags = re.fullmatch('(b?".*")?(.*)', words).groups()
            data = data and ast.literal_eval(data)
            data = data.encode("GBK" if "(GBK" in flags else "UTF-8") if isinstance(data, str) else data
            if data and stream and items and isinstance(items[-1], bytes):
                data = items.pop() + data
            items += [data] * (data is not None) + re.findall("SYN|FIN|RST", flags)
        elif words.startswith("print "):
            items.append((words, 0))
        else:
            name, _, length = words.partition(" = ")
            if stream and length not in ("", "0") and items and items[-1][0] == name and items[-1][1]:
                length = items.pop()[1] + int(length)
            items.append((name, length and int(length)))
    return [f"{lane} {item}" for lane in sorted(found) for item in found[lane]]


def main():
    check = sys.argv[1:] == ["--check"]
    wire = ROOT / "scripts/course/wire.toml"
    old = tomllib.loads(wire.read_text("utf-8")).get("exchange", []) if wire.exists() else []
    old = {tuple(exchange["programs"]): exchange["rows"] for exchange in old}
    text, wrong = "# What goes over the wire, in the order of time. Made by record-wire.py; not to be edited.\n", 0
    todo = runs()
    for programs, run in todo.items():
        before = old.get(programs, [])
        for attempt in range(3 if check else 1):
            started, now = time.monotonic(), run()
            difference = list(difflib.unified_diff(lanes(before), lanes(now), "wire.toml", "now", lineterm=""))
            if not difference:
                break
        wrong += bool(difference)
        how = f"{time.monotonic() - started:.1f} s, run {attempt + 1}"
        print(f"{' · '.join(programs)} ({how})", *difference or ["as recorded"], sep="\n  ", flush=True)
        rows = "".join(f"  {quoted(row)},\n" for row in (now if difference else before))
        text += f"\n[[exchange]]\nprograms = {quoted(list(programs))}\nrows = [\n{rows}]\n"
    if check:
        gone = old.keys() - todo.keys()
        sys.exit(f"{wrong} differ; in wire.toml only: {gone or 'none'}" if wrong or gone else 0)
    wire.write_text(text, "utf-8")


main()
