#!/usr/bin/env python3
"""Records what the pictures in the book show: system calls and packets, into wire.toml beside this.

Runs each pair of programs that a lesson shows in two terminals, with strace on both and tcpdump on
the loopback interface, and writes down what they saw, in the order of time. Needs Linux, root,
strace, tcpdump, and the programs built (cargo build).
"""

import re
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CALLS = "socket,bind,listen,accept,accept4,connect,sendto,recvfrom,shutdown,close"
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


def exchanges():
    """Each list of two terminals once, in the order of the lessons."""
    found = {}
    for path in ROOT.glob("crates/*/Cargo.toml"):
        lesson = tomllib.loads(path.read_text("utf-8"))["package"].get("metadata", {}).get("lesson")
        if lesson and len(lesson.get("terminals", [])) == 2:
            runs = tuple(terminal["run"] for terminal in lesson["terminals"])
            if runs not in found or found[runs]["number"] > lesson["number"]:
                found[runs] = lesson
    return sorted(found.items(), key=lambda item: item[1]["number"])


def record(lesson):
    port = lesson["port"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        capture = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "--nano", "-w", folder / "pcap", f"(tcp or udp) and port {port}"],
            stderr=subprocess.PIPE, text=True,
        )
        capture.stderr.readline()  # listening on lo
        processes = []
        for side, terminal in zip(("server", "client"), lesson["terminals"]):
            name, *words = (terminal["run"] + " " + terminal.get("args", "")).replace("{port}", str(port)).split()
            command = ["strace", "-f", "-ttt", "-T", "-e", f"trace={CALLS}", "-o", folder / side, ROOT / "target/debug" / name, *words]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            typed = "".join(line.replace("{port}", str(port)) + "\n" for line in terminal.get("types", []))
            process.stdin.write(typed.encode())
            process.stdin.flush()
            if side == "server":
                process.stderr.readline()  # Listening on
            processes.append(process)
        processes[1].wait()
        time.sleep(0.5)  # the server's own end, after the client's
        subprocess.run(["pkill", "-INT", "-P", str(processes[0].pid)], check=False)
        processes[0].wait()
        time.sleep(0.5)
        capture.terminate()
        capture.wait()
        rows = packets((folder / "pcap").read_bytes(), port)
        for side in ("server", "client"):
            rows += calls((folder / side).read_text("utf-8"), side)
        return [row for _, row in sorted(rows, key=lambda row: row[0])]


def calls(log, side):
    """The calls on network sockets: one that waits stands where it returned, the others where they began."""
    rows, sockets, open_calls = [], set(), {}
    for line in log.splitlines():
        thread, when, rest = line.split(None, 2)
        if "<unfinished" in rest:
            open_calls[thread] = when, rest.split(" <unfinished")[0]
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            when, start = open_calls.pop(thread)
            rest = start + resumed[1]
        call = re.match(r"(\w+)\((.*)\)\s+= (-?\d+|\?)(.*?)(?:<([\d.]+)>)?$", rest)
        if not call:
            continue
        name, arguments, result, error, lasted = call.groups()
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
        when = float(when) + (float(lasted or 0) if waits else 0)
        failed = result == "-1" and "EINPROGRESS" not in error
        if failed:
            continue  # such as ::1, where no one listens
        words = name.replace("accept4", "accept")
        if name in ("sendto", "recvfrom"):
            # Without an address it is what programs know as send and recv.
            words = re.sub("to|from", "", name) if ", NULL, " in arguments else name
            words += f" = {result}"
        rows.append((when, [side, words]))
    return rows


def packets(pcap, port):
    rows, position = [], 24
    while position < len(pcap):
        seconds, nanoseconds, length, _ = struct.unpack("<IIII", pcap[position : position + 16])
        frame = pcap[position + 16 : position + 16 + length]
        position += 16 + length
        if frame[12:14] != b"\x08\x00":
            continue  # IPv6: the try at ::1, where no one listens
        header = 14 + (frame[14] & 15) * 4
        total = struct.unpack("!H", frame[16:18])[0]
        to_server = struct.unpack("!H", frame[header + 2 : header + 4])[0] == port
        if frame[23] == 17:
            words = payload(frame[header + 8 : 14 + total])
        else:
            data = frame[header + (frame[header + 12] >> 4) * 4 : 14 + total]
            flags = frame[header + 13]
            words = ", ".join(name for bit, name in ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST")) if flags & bit)
            if flags & ACK and (flags & SYN or not data and not words):
                words += ", ACK" if words else "ACK"
            if data:
                words = payload(data) + (f", {words}" if words else "")
        rows.append((seconds + nanoseconds / 1e9, ["right" if to_server else "left", words]))
    return rows


def payload(data):
    """What is text is shown as text, what is short as Python shows bytes."""
    try:
        text = data.decode().replace("\r", "\\r").replace("\n", "\\n")
        if text.isprintable() and len(text) <= 32:
            return f'"{text}"'
    except UnicodeDecodeError:
        pass
    if len(data) > 6:
        return f"{len(data)} bytes"
    return 'b"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


def main():
    lines = ["# What goes over the wire, in the order of time. Made by record-wire.py; not to be edited.\n"]
    for runs, lesson in exchanges():
        rows = record(lesson)
        print(runs, len(rows), file=sys.stderr)
        lines.append("\n[[exchange]]\n")
        lines.append(f"programs = [{', '.join(quoted(run) for run in runs)}]\n")
        lines.append("rows = [\n")
        lines += [f"  {quoted(kind + ' ' + words)},\n" for kind, words in rows]
        lines.append("]\n")
    (HERE / "wire.toml").write_text("".join(lines), "utf-8")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


main()
