"""Fetches a web page over a plain TCP socket, and saves its body in a file.

The Python twin of src/*.rs, for reading side by side: python3 http-fetch.py
"""

import argparse
import codecs
import contextlib
import html
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from urllib.parse import quote

BUFFER = 64 * 1024  # bytes; the tutorial's recv(1024), made large for speed
START = 64 * 1024  # how much of a page is kept to look for its title, in bytes
MAX_HEAD = 64 * 1024  # the longest head, and the longest trailers, in bytes
MAX_CHUNK_LINE = 4 * 1024  # the longest line before a chunk, in bytes
MAX_BODY = 2 * 1024**3  # the longest body, in bytes


def main():
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Lesson 1: fetches a web page over a plain TCP socket.",
        epilog="Without a network, in another terminal: python3 -m http.server 8000\n"
        "Then: python3 http-fetch.py http://127.0.0.1:8000/",
    )
    parser.add_argument("url", nargs="?", type=target, default="http://www.sina.com.cn/", help="[%(default)s]")
    parser.add_argument("-o", "--output", type=file, metavar="FILE", help="[by the host, sina.html]")
    parser.add_argument("--timeout", type=seconds, default=30, metavar="SECONDS", help="[%(default)s]")
    args = parser.parse_args()
    if sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")
    host, port, resource = args.url
    address = f"{host}:{port}"
    path = args.output or file_name(host)
    for number in {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:  # Windows has one of them
        signal.signal(number, signal.default_int_handler)  # it ends as by Ctrl-C

    with context(f"cannot write {path}"), output(path) as page:
        try:
            # Tries each address of a name, be it IPv4 or IPv6. Python can wait for 24 days at most.
            stream = socket.create_connection((host.strip("[]"), port), min(args.timeout, 2_000_000))
        except (OSError, UnicodeError) as error:
            sys.exit(safe(f"Error: cannot connect to {address}: {error}; are host and port right?"))
        with context(f"no page from {address}"), stream, stream.makefile("rb", BUFFER) as reader:
            host_field = host if port == 80 else address  # RFC 9110 §7.2
            stream.sendall(f"GET {resource} HTTP/1.1\r\nHost: {host_field}\r\nConnection: close\r\n\r\n".encode())
            head, status, fields, length = read_head(reader)
            for line in head.rstrip().decode(errors="replace").split("\n"):
                say(line.removesuffix("\r"))
            start = b""  # of the page, for its title
            for block in progress(body(reader, length), length):
                with context(f"cannot write {path}"):
                    page.write(block)
                start += block[: START - len(start)]
    if (text := title(start, fields.get("content-type", "text/html"))) is not None:
        say(text)
    if "location" in fields and 300 <= status < 400:
        remark = f"Status {status}: the page is now at {fields['location']}, and is not followed there"
        print(safe(remark), file=sys.stderr)
    elif "content-encoding" in fields:
        print(safe(f"The body is saved as it came, encoded with {fields['content-encoding']}"), file=sys.stderr)


# Where a response's head ends, and where its body does: RFC 9112 §6-8.


def read_head(stream):
    """The head of the final response, its status and fields, and the length of the body."""
    left = MAX_HEAD
    while True:
        start = stream.peek(1)[:40]
        ensure(start, "it closed the connection before an answer")
        ensure(start[:5] == b"HTTP/"[: len(start)], "it does not speak HTTP; its answer begins with", start)
        head = read_section(stream, left, "header")
        left -= len(head)
        status_line, rest = head.split(b"\n", 1)
        known = re.fullmatch(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?\r?", status_line)
        ensure(known, "its header is malformed:", status_line)
        version, status, fields = known[1], int(known[2]), parse_fields(rest, "header is")
        ensure(status != 101, "it switched to a protocol that no one asked for")
        if not 100 <= status <= 199:  # interim responses (RFC 9110 §15.2) are passed over
            first = {name: value.decode(errors="replace") for name, value in reversed(fields)}
            return head, status, first, body_length(version, status, fields)


def parse_fields(lines, what):
    """Pairs of a name in lower case and a value; folded lines are joined."""
    fields = []
    for line in re.sub(rb"\r?\n[\t ]+", b" ", lines).split(b"\n")[:-2]:
        known = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)\r?", line)
        ensure(known, f"its {what} malformed:", line)
        fields.append((known[1].decode().lower(), known[2].strip(b"\t ")))
    return fields


def body_length(version, status, fields):
    """A number, "chunked" or "close", by the rules of RFC 9112 §6.3 in their order."""
    # Several fields of a name are one list (RFC 9110 §5.3).
    codings = [item.strip(b"\t ") for name, value in fields if name == "transfer-encoding" for item in value.split(b",")]
    lengths = [value for name, value in fields if name == "content-length"]
    if status in (204, 304):
        return 0
    if codings:
        ensure(not lengths, "it sent both a Transfer-Encoding and a Content-Length")
        ensure(version == b"1", "it sent a Transfer-Encoding in HTTP/1.0")
        coding = b", ".join(filter(None, codings))
        ensure(coding.lower() == b"chunked", "it sent a Transfer-Encoding that is not chunked:", coding)
        return "chunked"
    if not lengths:
        return "close"
    items = {item.strip() for item in b",".join(lengths).split(b",")}
    length = min(items)
    ensure(len(items) == 1 and re.fullmatch(b"[0-9]+", length), "it sent the Content-Length", b", ".join(lengths))
    return check_size(int(length.lstrip(b"0")[:20] or b"0"))  # Python counts no more than 4,300 digits


def body(stream, length):
    """A body on its way: the bytes of the page, up to their end."""
    if length == "close":
        while block := stream.read1(BUFFER):
            yield block
    elif length == "chunked":
        while size := chunk_size(stream):
            yield from exactly(stream, size)
            ensure(read_line(stream, 2, "chunk") == b"\r\n", "its chunk is longer than it said")
        parse_fields(read_section(stream, MAX_HEAD, "trailers"), "trailers are")  # and no one uses them
    else:
        yield from exactly(stream, length)


def exactly(stream, left):
    while left:
        block = stream.read1(min(left, BUFFER))
        ensure(block, f"it closed the connection too early: {left} bytes are missing")
        left -= len(block)
        yield block


def chunk_size(stream):
    """Reads the line before a chunk (RFC 9112 §7.1)."""
    line = read_line(stream, MAX_CHUNK_LINE, "chunk size")
    known = re.fullmatch(rb"([0-9A-Fa-f]{1,16})[\t ]*(;[^\r]*)?\r\n", line)
    ensure(known, "its chunk size is malformed:", line)
    return check_size(int(known[1], 16))


def check_size(size):
    ensure(size <= MAX_BODY, f"its body is longer than {MAX_BODY} bytes, the limit here")
    return size


def read_section(stream, left, what):
    """Reads lines up to and with a blank one; a line may end with LF alone (RFC 9112 §2.2)."""
    lines = [b""]
    while lines[-1] not in (b"\r\n", b"\n"):
        lines.append(read_line(stream, left, what))
        left -= len(lines[-1])
    return b"".join(lines)


def read_line(stream, left, what):
    line = stream.readline(left)
    ensure(line.endswith(b"\n") or len(line) < left, f"its {what} is too long")
    ensure(line.endswith(b"\n"), f"it closed the connection amid its {what}")
    return line


def ensure(condition, message, shown=None):
    if not condition:
        raise ConnectionError(message if shown is None else f"{message} {ascii(shown)[1:]}")


# A page's title, decoded by the page's own charset (WHATWG HTML §13.2.3).

# Tags, and what is none: comments and scripts. All of it may end with the page, so that no page makes the search slow.
TAG = re.compile(
    r"""<!--.*?(?:-->|\Z)  |  <(script|style|textarea|noscript|iframe|xmp)\b.*?(?:</\1|\Z)  |
    <(?P<name>[a-z][^\s/>]*)(?P<attributes>(?:=\s*"[^"]*(?:"|\Z)|=\s*'[^']*(?:'|\Z)|[^>])*)(?P<end>>|\Z)""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""([^\s=/"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""")
# Encodings by the names of the WHATWG, as far as Python's codecs have others.
CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949"}
CODECS |= {"utf8": "utf-8", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "utf-16": "utf-16-le"}
SAME_CODECS = r"utf-8|utf-16[bl]e|gb18030|euc-jp|koi8-[ru]|windows-125\d|iso-8859-\d\d?"
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def title(page, content_type):
    """The title of the HTML document that begins with `page`, on one line."""
    if "html" not in content_type.lower():
        return None
    text = page.decode(encoding(page, content_type), "replace")
    for tag in tags(text, "title"):
        words = re.split("(?i)</title", text[tag.end() :], maxsplit=1)[0]
        return " ".join(re.findall(r"[^ \t\n\f\r]+", html.unescape(words)))


def encoding(page, content_type):
    """A page's encoding, from the first of these that names one: its mark, the header, a meta element; else a guess."""
    mark = next((codec for mark, codec in MARKS.items() if page.startswith(mark)), None)
    if named := mark or charset(content_type) or meta(page[:1024].decode("latin-1")):
        return named
    try:
        codecs.getincrementaldecoder("utf-8")().decode(page)  # the last character may be cut
        return "utf-8"
    except UnicodeDecodeError:
        return "gb18030"


def meta(start):
    for tag in tags(start, "meta"):
        found = reversed(ATTRIBUTE.findall(tag["attributes"]))
        values = {name.lower(): "".join(value).lower() for name, *value in found}
        pragma = values.get("content", "") if values.get("http-equiv") == "content-type" else ""
        if codec := charset(f"charset={values['charset']}" if "charset" in values else pragma):
            return "utf-8" if codec.startswith("utf-16") else codec  # UTF-16 could not be read like this


def charset(content_type):
    """The codec for the charset in `text/html; charset=gbk`."""
    found = re.search(r"""charset\s*=\s*["']?([^"';\s]+)""", content_type.lower())
    label = found[1] if found else ""
    return CODECS.get(label, label if re.fullmatch(SAME_CODECS, label) else None)


def tags(text, name):
    return (tag for tag in TAG.finditer(text) if tag["end"] and tag["name"].lower() == name)


def progress(blocks, length):
    """Counts a body's bytes up to the limit; on a terminal, shows them when they take longer than a second."""
    received, start, shown = 0, time.monotonic(), False
    try:
        for block in blocks:
            received = check_size(received + len(block))
            if sys.stderr.isatty() and time.monotonic() > start + 1:
                of = f" of {length:,}" if isinstance(length, int) else ""
                print(f"\r{received:,}{of} bytes", end="", file=sys.stderr, flush=True)
                shown = True
            yield block
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def output(path):
    """A file that appears whole or not at all; what is no regular file, such as a device, is written in place."""
    if os.path.isdir(path) or path.endswith(("/", os.sep)):
        raise OSError("it is a folder; name a file with -o")
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb", 0) as device:
            yield device
        return
    if os.path.exists(path) and not os.stat(path).st_mode & 0o222:
        raise OSError("it is there and read-only; name another with -o")
    with contextlib.suppress(FileNotFoundError):
        os.stat(path)  # fails for a name that is too long
    path = os.path.realpath(path)  # of a link, the file that it leads to
    temporary = os.path.join(os.path.dirname(path), f".http-fetch-{os.urandom(6).hex()}")
    try:
        with open(temporary, "xb") as page:
            if os.path.exists(path):
                shutil.copymode(path, temporary)
            yield page
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(temporary)


def target(text):
    """Takes a URL, or one without its http://, apart: its host and port, and what a request line takes."""
    if wrong := re.search(r'[\0- "<>\\^`{|}\x7f]', text):
        raise argparse.ArgumentTypeError(f"a URL can't have {wrong[0]!r}; write it as %{ord(wrong[0]):02X}")
    scheme, colon, rest = text.partition("://")
    if not colon or re.search("[/?#]", scheme):  # it is in the query, and there is no scheme
        scheme, rest = "http", text
    if scheme.lower() == "https":
        raise argparse.ArgumentTypeError("https needs TLS, and this is a plain TCP socket; try http://")
    if scheme.lower() != "http":
        raise argparse.ArgumentTypeError(f"{scheme}:// is not http://")
    authority, resource = re.fullmatch("([^/?#]*)([^#]*).*", quote(rest, "!#$%&'()*+,/:;=?@[]~")).groups()
    known = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^][:@%]+)(?::([0-9]*))?", authority)
    if not known:
        raise argparse.ArgumentTypeError("expected HOST or HOST:PORT, in Punycode (xn--), and no user")
    port = int(known[2] or 80)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return known[1], port, resource if resource.startswith("/") else f"/{resource}"


def file_name(host):
    """The host without `www.` up to its first dot. Nothing that the server says has a say in it."""
    return (re.sub("[^0-9A-Za-z-]", "", host.removeprefix("www.").split(".")[0]) or "index") + ".html"


def file(text):
    if not text:
        raise argparse.ArgumentTypeError("a file name is empty")
    return text


def seconds(text):
    if not 0 < float(text) <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError("expected more than 0 seconds")
    return float(text)


@contextlib.contextmanager
def context(what):
    """Ends the program with an error that says what failed, and why."""
    try:
        yield
    except OSError as error:
        sys.exit(safe(f"Error: {what}: {error}"))


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
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
