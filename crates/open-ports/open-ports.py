"""Shows what listens on this machine: protocol, local address, process number, program.

The Python twin of src/main.rs, for reading side by side: python3 open-ports.py --port 9999
"""

import argparse
import ipaddress
import os
import re
import subprocess
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(
        description="Lesson 15: what listens on this machine, and which program it is.",
        epilog="To free a port, end its program: Ctrl-C or kill PID (Windows: taskkill /PID PID)",
    )
    parser.add_argument("--port", type=port, metavar="N", help="only this port: who has it?")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--tcp", action="store_true", help="only TCP")
    only.add_argument("--udp", action="store_true", help="only UDP")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    protocols = "TCP" if args.tcp else "UDP" if args.udp else "TCP or UDP"
    try:
        found = linux() if Path("/proc/net/tcp").exists() else windows()
    except OSError as error:
        sys.exit(f"Error: cannot list sockets: {error}; `lsof -nP -i` may show them")
    rows = sorted(row for row in found if row[0] in protocols and args.port in (None, row[1]))

    if args.port and not rows:
        say(f"Nothing listens on port {args.port} here ({protocols}).")
        # A connection that has just ended still has the port.
        say("If bind fails all the same, wait a minute (TIME-WAIT) or set SO_REUSEADDR.")
        return
    lines = [(protocol, show(ip, port), pid, name) for protocol, port, _, ip, pid, name in rows]
    width = max([15, *(len(line[1]) for line in lines)])
    for line in [("Proto", "Local address", "PID", "Program"), *lines]:
        say("{:<6} {:<{}} {:>7}  {}".format(line[0], line[1], width, *line[2:]))
    if any(line[2] == "-" for line in lines):
        note = "not all is seen: only root (sudo) sees other users' programs; the kernel's sockets have none"
        print(note, file=sys.stderr, flush=True)


def linux():
    """The rows, from /proc: proc_pid_net(5) has the sockets, proc_pid_fd(5) whose they are."""
    before = sockets()
    owners = processes()
    after = sockets()
    rows = set()
    for inode, (protocol, port, ip) in after.items():
        if inode in before:  # what comes or goes meanwhile is no unseen socket
            for pid, name in owners.get(inode, [("-", "-")]):
                rows.add((protocol, port, ip.version, ip, pid, name))
    return rows


def sockets():
    """All sockets that wait for peers, by inode; every user may read these tables."""
    found = {}
    for protocol, file in ("TCP", "tcp"), ("TCP", "tcp6"), ("UDP", "udp"), ("UDP", "udp6"):
        table = Path("/proc/net", file)
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
            if protocol == "UDP" or state == "0A":
                ip, port = local.split(":")
                # Words of 32 bits, each a number in this machine's own order of bytes.
                words = [int(word, 16).to_bytes(4, sys.byteorder) for word in re.findall("." * 8, ip)]
                found[inode] = protocol, int(port, 16), ipaddress.ip_address(b"".join(words))
    return found


def processes():
    """For each socket's inode the processes that have it, as far as this user may look."""
    owners = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            targets = [os.readlink(file) for file in (process / "fd").iterdir()]
            name = (process / "comm").read_bytes().decode("utf-8", "replace").removesuffix("\n")
            file = os.path.basename(os.readlink(process / "exe"))
        except OSError:
            continue  # it has ended, or belongs to someone else
        # Linux cuts a program's name off after 15 bytes; the name of its file is whole.
        owner = process.name, file if file.startswith(name) else name
        for target in targets:
            if target.startswith("socket:["):
                owners.setdefault(target[8:-1], []).append(owner)
    return owners


def windows():
    """The rows, from the article's command; `tasklist` has the programs' names."""
    # tcp-client.exe          4711 Console          1      5,120 K
    tasks = (re.match(r"(.*\S) +(\d+) \S+ +\d+ ", line) for line in run("tasklist"))
    names = {task[2]: task[1] for task in tasks if task}
    rows = set()
    for line in run("netstat", "-ano"):
        # TCP 127.0.0.1:9999 0.0.0.0:0 LISTENING 4711, in the system's language; UDP [::]:53 *:* 4711
        words = line.split()
        if words[:1] in (["TCP"], ["UDP"]) and words[2] in ("*:*", "0.0.0.0:0", "[::]:0"):
            ip, port = words[1].rsplit(":", 1)
            ip = ipaddress.ip_address(ip.strip("[]").partition("%")[0])
            rows.add((words[0], int(port), ip.version, ip, words[-1], names.get(words[-1], "-")))
    return rows


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace").stdout.splitlines()


def show(ip, port):
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def port(text):
    if not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("expected 1 to 65535")
    return int(text)


def say(line):
    """Prints a line, with what could steer the terminal escaped."""
    try:
        print(safe(line), flush=True)
    except OSError as error:
        sys.stdout = None  # closed or full; Python must not try again at exit
        sys.exit(f"Error: cannot write to standard output: {error.strerror}")


def safe(text):
    """Controls, line separators and what turns text around, as escapes."""
    unsafe = "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
    return re.sub(unsafe, lambda match: ascii(match[0])[1:-1], text)


if __name__ == "__main__":
    main()
