//! Lesson 1, `http-fetch`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;

use support::{
    Ending, Meeting, Peer, Program, accept, expect_end, full_device, reset, rule, rules,
};
use tempfile::TempDir;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_http-fetch");

/// The default file of a page on 127.0.0.1.
const FILE: &str = "127.html";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn folder() -> TempDir {
    TempDir::new().expect("there is a place for temporary files")
}

fn command_in(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.current_dir(folder);
    command
}

/// Files by their names, and what is in them.
type Files = BTreeMap<String, Vec<u8>>;

/// The files in a folder; a folder in it looks like an empty file.
fn files(folder: impl AsRef<Path>) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).unwrap_or_default())
    };
    entries.map(file).collect()
}

/// What [`files`] gives for a folder with one file.
fn one(name: &str, page: &[u8]) -> Files {
    Files::from([(name.into(), page.into())])
}

/// Checks that it ended well, and gives what it printed. What it tells on stderr is another matter.
#[track_caller]
fn well(ending: Ending) -> String {
    assert!(ending.status.success(), "{ending:#?}");
    ending.stdout
}

/// Takes a request, up to and with its blank line.
#[track_caller]
fn request(stream: &mut Peer) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the request ends with a blank line");
        request.push(byte[0]);
    }
    String::from_utf8(request).expect("a request is ASCII")
}

/// A run of the program in a folder of its own, and its connection to the test's server.
struct Fetch {
    program: Program,
    folder: TempDir,
    address: String,
    request: String,
    stream: Peer,
}

/// A run that has ended.
struct Fetched {
    ending: Ending,
    folder: TempDir,
    address: String,
}

impl Fetch {
    /// Starts the program in an empty folder; `{}` in an argument is the server's address.
    #[track_caller]
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(folder(), arguments)
    }

    #[track_caller]
    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let (listener, address) = support::listener();
        let arguments = arguments.iter().map(|text| text.replace("{}", &address));
        Self::run(support::command(EXECUTABLE, arguments), folder, &listener)
    }

    /// Runs `command`, which connects to `listener`, and takes its request.
    #[track_caller]
    fn run(mut command: Command, folder: TempDir, listener: &TcpListener) -> Self {
        let program = Program::start(command.current_dir(&folder));
        let mut stream = accept(listener);
        stream.set_nodelay(true).unwrap();
        let request = request(&mut stream);
        let address = listener.local_addr().unwrap().to_string();
        Self { program, folder, address, request, stream }
    }

    /// Sends in one write; whether a program that has given up still takes it does not matter.
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let _ = match bytes.len() {
            2..4096 => self.stream.write_all(bytes), // a failure shows it
            _ => (&*self.stream).write_all(bytes),
        };
    }

    /// Waits until the program ends, while the connection stays open without a word.
    #[track_caller]
    fn hold(self) -> Fetched {
        let Self { program, folder, address, stream: _stream, .. } = self;
        Fetched { ending: program.finish(), folder, address }
    }

    /// Closes the connection and waits until the program ends.
    #[track_caller]
    fn close(self) -> Fetched {
        let Self { program, folder, address, stream, .. } = self;
        drop(stream);
        Fetched { ending: program.finish(), folder, address }
    }

    /// Sends an answer and closes.
    #[track_caller]
    fn get(mut self, answer: impl AsRef<[u8]>) -> Fetched {
        self.send(answer);
        self.close()
    }
}

impl Fetched {
    /// Checks that all went well, and gives the folder.
    #[track_caller]
    fn success(self) -> TempDir {
        well(self.ending);
        self.folder
    }

    /// Checks that all went well and `file` alone is there, and gives what was printed and saved.
    #[track_caller]
    fn saved(self, file: &str) -> (String, Vec<u8>) {
        let mut files = files(&self.folder);
        let printed = well(self.ending);
        let page = files.remove(file).unwrap_or_else(|| panic!("no {file} in {files:?}"));
        assert!(files.is_empty(), "{files:?}");
        (printed, page)
    }

    #[track_caller]
    fn page(self) -> (String, Vec<u8>) {
        self.saved(FILE)
    }

    /// Checks that `body` is saved and that stderr says where, in its last line, and gives stdout
    /// and the other lines of stderr.
    #[track_caller]
    fn remarks(self, body: &[u8]) -> (String, String) {
        assert!(self.ending.status.success(), "{:?}", self.ending);
        assert_eq!(files(&self.folder), one(FILE, body));
        let stderr = self.ending.stderr.replace("\r\n", "\n");
        let remarks = stderr.trim_end().rsplit_once('\n').map_or("", |(remarks, _)| remarks);
        support::check_safe(&stderr, remarks.lines().count() + 1);
        (self.ending.stdout, remarks.to_owned())
    }

    /// [`Self::remarks`], of which there is one.
    #[track_caller]
    fn remark(self, body: &[u8]) -> (String, String) {
        let (printed, remark) = self.remarks(body);
        assert_eq!(remark.lines().count(), 1, "{remark:?}");
        (printed, remark)
    }

    /// Checks that the program reports that it got no page, and left the folder as it was.
    #[track_caller]
    fn no_page(self, before: &Files) -> String {
        let error = self.ending.error();
        let start = format!("Error: no page from {}: ", self.address);
        assert!(error.starts_with(&start), "{error}");
        support::check_safe(&error, 0);
        assert_eq!(files(&self.folder), *before, "{error}");
        error
    }

    /// [`Self::no_page`], found in the answer and not by waiting for more.
    #[track_caller]
    fn wrong(self, before: &Files) -> String {
        let error = self.no_page(before);
        assert!(!error.contains("timed out"), "{error}");
        error
    }
}

/// What the server does after its answer: [`Fetch::close`] or [`Fetch::hold`].
type Then = fn(Fetch) -> Fetched;

/// Fetches `http://…/` from a server that gives this answer in one write and closes.
#[track_caller]
fn fetch(answer: impl AsRef<[u8]>) -> Fetched {
    Fetch::start(&["http://{}/"]).get(answer)
}

/// Checks that `answer` arrives as this body, in one write and byte by byte. A server that holds
/// the connection afterwards shows that the end is known without its close.
#[track_caller]
fn arrives(answer: impl AsRef<[u8]>, then: Then, body: &str) {
    let answer = answer.as_ref();
    for size in [answer.len(), 1] {
        let mut fetch = Fetch::start(&["http://{}/"]);
        for piece in answer.chunks(size) {
            fetch.send(piece);
            thread::yield_now();
        }
        let page = then(fetch).page().1;
        let escaped = |bytes: &[u8]| bytes.escape_ascii().to_string();
        assert_eq!(escaped(&page), escaped(body.as_bytes()), "in pieces of {size} bytes");
    }
}

/// Checks that `answer` is an error and not a page, and leaves the page that was there before as it
/// was. Gives the error.
#[track_caller]
fn fails(answer: impl AsRef<[u8]>, then: Then) -> String {
    let folder = folder();
    fs::write(folder.path().join(FILE), "old").unwrap();
    let mut fetch = Fetch::start_in(folder, &["http://{}/"]);
    fetch.send(&answer);
    then(fetch).wrong(&one(FILE, b"old"))
}

/// An answer with these fields, each with its line end, and this body.
fn ok(fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), b"\r\n", body.as_ref()].concat()
}

/// A chunked answer.
fn chunked(body: &str) -> Vec<u8> {
    ok("Transfer-Encoding: chunked\r\n", body)
}

mod dialogue {
    use super::*;

    /// A meeting up to the program's request, its folder, and the request.
    #[track_caller]
    fn ask() -> (Meeting, Peer, TempDir, String) {
        let folder = folder();
        let mut meeting = Meeting::client(|arguments| command_in(&folder, arguments));
        let mut stream = meeting.accept();
        let request = request(&mut stream);
        (meeting, stream, folder, request)
    }

    /// How the program ends when the server sends `body` and closes, and the files that it saved.
    #[track_caller]
    fn answer(body: &[u8]) -> (Ending, Vec<(String, Vec<u8>)>) {
        let (meeting, mut stream, folder, _) = ask();
        stream.write_all(&ok("Server: a test\r\nContent-Type: text/html\r\n", body)).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let ending = meeting.program.finish();
        (ending, files(&folder).into_iter().collect())
    }

    #[test]
    fn asks_for_the_top_page_and_then_for_a_close() {
        let (_meeting, _stream, _folder, request) = ask();
        let (line, fields) = request.split_once("\r\n").unwrap();
        assert_eq!(line, "GET / HTTP/1.1");
        let fields = fields.to_ascii_lowercase();
        let field = |name| fields.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        assert!(field("host:").is_some_and(|host| !host.is_empty()), "no Host: {request:?}");
        assert_eq!(field("connection:"), Some("close"), "{request:?}");
    }

    #[test]
    fn prints_the_header() {
        let (ending, _) = answer(b"hello");
        for line in ["HTTP/1.1 200 OK", "Server: a test", "Content-Type: text/html"] {
            assert!(ending.stdout.contains(line), "no {line:?}: {ending:#?}");
        }
    }

    #[test]
    fn saves_the_body_as_it_came_in_a_file() {
        // Every byte that there is, and another blank line.
        let body: Vec<u8> = (0..=255).chain(*b"\r\n\r\nhello\n").collect();
        let (ending, files) = answer(&body);
        let [(name, page)] = files.as_slice() else { panic!("{ending:#?}: {files:?}") };
        let kind = Path::new(name).extension();
        assert!(kind.is_some_and(|kind| kind == "html"), "{name}");
        assert_eq!(page.escape_ascii().to_string(), body.escape_ascii().to_string());
    }

    #[test]
    fn reads_until_the_server_closes() {
        let body = b"0123456789abcdef".repeat(16_384); // more than one read can give
        let (ending, files) = answer(&body);
        let lengths: Vec<_> = files.iter().map(|(_, page)| page.len()).collect();
        assert_eq!(lengths, [body.len()], "{ending:#?}");
        assert!(files[0].1 == body, "the page differs");
    }

    #[test]
    fn ends_well() {
        let (ending, _) = answer(b"<p>hello</p>");
        well(ending);
    }
}

mod sturdy {
    use super::*;

    // Where the body ends

    #[test]
    fn saves_the_body_unchanged() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for body in [
            b"a\nb\r\nc\rd\r\n\r\n".as_slice(),
            b"\0\0",
            b"HTTP/1.1 200 OK\r\n\r\nhello",
            b"",
            b"\xef\xbb\xbf\xff\x1a",
            &every_byte,
        ] {
            let (printed, page) = fetch(ok("Content-Type: text/plain\r\n", body)).page();
            assert_eq!(page, body);
            assert_eq!(printed, "HTTP/1.1 200 OK\nContent-Type: text/plain\n");
        }
    }

    #[test]
    fn ends_a_body_at_its_length() {
        // A line that begins with a blank continues the one before it.
        let lengths = "Content-Length: 5|content-length:\t 5 \t|Content-Length: 0005|\
            Content-Length: 5, 5|Content-Length: 5,5,5|Content-Length: 5\r\nCONTENT-LENGTH: 5|\
            Content-Length:\r\n 5|Content-Length: 5\r\n |Content-Length:\r\n\t\r\n 5|\
            Content-Length: 5,\r\n\t5|Content-Length:\n 5|X: a\r\n b\r\n\t\r\nContent-Length: 5";
        for length in lengths.split('|') {
            arrives(ok(&format!("{length}\r\n"), "hello"), Fetch::hold, "hello");
        }
        for more in ["hello, world", "helloHTTP/1.1 200 OK\r\n\r\n"] {
            arrives(ok("Content-Length: 5\r\n", more), Fetch::hold, "hello");
        }
        arrives(ok("Content-Length: 0\r\n", ""), Fetch::hold, "");
    }

    #[test]
    fn puts_chunks_together() {
        let hello = "5\r\nhello\r\n0\r\n\r\n|1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n|\
            5\r\nhello\r\n0\r\n\r\n5\r\nhello\r\n|0005\r\nhello\r\n000\r\n\r\n|\
            2;a\r\nhe\r\n3 ; b=\"c;d\"\r\nllo\r\n0;e=f\r\n\r\n|\
            5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n|\
            5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n";
        for body in hello.split('|') {
            arrives(chunked(body), Fetch::hold, "hello");
        }
        for (body, expected) in [
            ("0\r\n\r\n", ""),
            ("6\r\n\r\n0\r\n\r\r\n0\r\n\r\n", "\r\n0\r\n\r"),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ] {
            arrives(chunked(body), Fetch::hold, expected);
        }
        let codings = "TRANSFER-ENCODING:Chunked |Transfer-Encoding:\r\n chunked\r\n |\
            Transfer-Encoding: , chunked,";
        for coding in codings.split('|') {
            arrives(ok(&format!("{coding}\r\n"), "5\r\nhello\r\n0\r\n\r\n"), Fetch::hold, "hello");
        }
    }

    #[test]
    fn ends_a_body_at_the_close_when_nothing_else_says_where() {
        for start in ["HTTP/1.1 200 OK\r\nServer: x", "HTTP/1.1 200 OK", "HTTP/1.0 200 OK"] {
            for body in ["hello", ""] {
                arrives(format!("{start}\r\n\r\n{body}"), Fetch::close, body);
            }
        }
    }

    #[test]
    fn an_answer_that_can_have_no_body_has_none() {
        for answer in [
            "204 No Content\r\n\r\nhello",
            "204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            "304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            arrives(format!("HTTP/1.1 {answer}"), Fetch::hold, "");
        }
    }

    #[test]
    fn takes_every_form_of_a_header() {
        for start in [
            "HTTP/1.0 200 OK\r\n",
            "HTTP/1.1 200 \r\n",
            "HTTP/1.1 200\r\n",
            "HTTP/1.1 999 新浪\t\r\n",
            "HTTP/1.1 000 \r\n",
            "HTTP/1.1 099 OK\r\n",
            "HTTP/1.2 200 OK\r\n",
            "HTTP/1.9 200 OK\r\n",
            "HTTP/1.1 200 OK\n",
            "HTTP/1.1 200 OK\n!#$%&'*+-.^_`|~09: a\n",
            "HTTP/1.1 200 OK\r\nA:\r\nB: \r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            "HTTP/1.1 103 Early\r\nContent-Length: 3\r\n\r\nHTTP/1.1 100\r\n\r\n\
             HTTP/1.1 200 OK\r\n",
        ] {
            for end in ["\r\n\r\n", "\n\n"] {
                arrives(format!("{start}Content-Length: 5{end}hello"), Fetch::hold, "hello");
            }
        }
    }

    #[test]
    fn takes_a_long_header_and_many_small_chunks() {
        let fields = "X: 0123456789012345678901234567890123456789\r\n".repeat(1000);
        let fields = format!("{fields}Transfer-Encoding: chunked\r\n");
        let chunks = "1\r\nx\r\n".repeat(20_000);
        let (_, page) = fetch(ok(&fields, format!("{chunks}0\r\n\r\n"))).page();
        assert!(page == b"x".repeat(20_000), "{} bytes", page.len());
    }

    #[test]
    fn streams_a_large_body() {
        const MIB: usize = 1024 * 1024;
        let mut body = b"x".repeat(64 * MIB);
        for (number, block) in (0_u32..).zip(body.chunks_mut(MIB / 16)) {
            block[..4].copy_from_slice(&number.to_be_bytes());
        }
        let chunk =
            |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
        let chunks: Vec<_> = body.chunks(100_000).map(chunk).collect();
        let chunks = [chunks.concat().as_slice(), b"0\r\n\r\n"].concat();
        let length = format!("Content-Length: {}\r\n", body.len());
        for (start, rest, last) in
            [(ok(&length, ""), &body, 1), (chunked(""), &chunks, 8), (ok("", ""), &body, 1)]
        {
            let mut fetch = Fetch::start(&["http://{}/"]);
            fetch.send(&start);
            let (most, last) = rest.split_at(rest.len() - last);
            fetch.send(most);
            // All but what is still in the sockets' buffers has gone through the program now.
            if cfg!(target_os = "linux") {
                let peak = support::memory(fetch.program.id(), "VmHWM:");
                assert!(peak < 20 * MIB, "{peak} bytes");
            } else {
                support::left_out("only Linux tells how much memory a process had");
            }
            fetch.send(last);
            let page = fetch.close().page().1;
            assert!(page == body, "{} bytes of {}", page.len(), body.len());
        }
    }

    // What is wrong with an answer

    #[test]
    fn an_answer_that_is_cut_anywhere_is_an_error() {
        for answer in [
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n\
             3;a\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n",
        ] {
            for length in 0..answer.len() {
                fetch(&answer[..length]).wrong(&Files::new());
            }
            assert_eq!(fetch(answer).page().1, b"hello");
        }
    }

    #[test]
    fn a_cut_answer_leaves_the_file_that_was_there() {
        for answer in [ok("Content-Length: 6\r\n", "hello"), chunked("5\r\nhello\r\n")] {
            fails(answer, Fetch::close);
        }
    }

    #[test]
    fn a_wrong_length_is_an_error() {
        let lengths = "|+5|-1|-0|5 5|5;|5;5|0x5|5.0|5e0|5_0|five|5, 6|5,|,5|5, +5|5\t5|５|²|\
            5\r\nContent-Length: 6|5\r\nContent-Length:|5\r\n 5";
        for length in lengths.split('|') {
            fails(ok(&format!("Content-Length: {length}\r\n"), "hello"), Fetch::hold);
        }
    }

    #[test]
    fn a_length_over_2_gib_is_an_error() {
        let with_length = |length: &str| ok(&format!("Content-Length: {length}\r\n"), "hello");
        for (answer, then, named) in [
            (with_length("2147483649"), Fetch::hold as Then, true),
            (with_length("18446744073709551615"), Fetch::hold, true), // 64 bits
            (with_length("18446744073709551621"), Fetch::hold, true), // and one more
            (with_length(&"9".repeat(5000)), Fetch::hold, true),
            (chunked("80000001\r\nhello"), Fetch::hold, true),
            (chunked("FFFFFFFFFFFFFFFF\r\nhello"), Fetch::hold, true),
            // Up to the limit it is not the length that is wrong.
            (with_length("2147483648"), Fetch::close, false),
            (chunked("80000000\r\nhello"), Fetch::close, false),
        ] {
            let error = fails(answer, then);
            assert_eq!(error.contains("2147483648"), named, "{error}");
        }
    }

    #[test]
    fn a_wrong_transfer_encoding_is_an_error() {
        let chunk = "5\r\nhello\r\n0\r\n\r\n";
        let codings = "|gzip|gzip, chunked|chunked, gzip|chunked, chunked|identity|x-chunked|\
            chunked;a=b|\"chunked\"|chun\r\n ked|chunked\r\nTransfer-Encoding: chunked|\
            chunked\r\nTransfer-Encoding: gzip|chunked\r\nContent-Length: 5";
        for coding in codings.split('|') {
            fails(ok(&format!("Transfer-Encoding: {coding}\r\n"), chunk), Fetch::hold);
        }
        fails(ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunk), Fetch::hold);
        let http_1_0 = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        fails(format!("{http_1_0}{chunk}"), Fetch::hold);
    }

    #[test]
    fn a_wrong_chunk_is_an_error() {
        let sizes = "|+5|-5|0x5|5g|g|5_0|5 5| 5|;a|５|00000000000000005|11111111111111111";
        for size in sizes.split('|') {
            fails(chunked(&format!("{size}\r\nhello\r\n")), Fetch::hold);
        }
        let bodies = "5\nhello\r\n0\r\n\r\n|5;a\nhello\r\n0\r\n\r\n|5;a\rb\r\nhello\r\n0\r\n\r\n|\
            5\r\r\nhello\r\n0\r\n\r\n|3\r\nhello\r\n0\r\n\r\n|7\r\nhello\r\n0\r\n\r\n|\
            5\r\nhello\n0\r\n\r\n|5\r\nhello0\r\n\r\n|5\r\nhello\r\n\r\n|5\r\nhello\r\n-0\r\n\r\n";
        for body in bodies.split('|') {
            fails(chunked(body), Fetch::hold);
        }
        for trailer in ["no colon", ": no name", " folded: at once", "A: NUL\0"] {
            fails(chunked(&format!("5\r\nhello\r\n0\r\n{trailer}\r\n\r\n")), Fetch::hold);
        }
    }

    #[test]
    fn a_malformed_header_is_an_error() {
        let starts = "HTTP/1.1|HTTP/1.1 |HTTP/1.1 20 OK|HTTP/1.1 2000 OK|HTTP/1.1 2x0 OK|\
            HTTP/1.1 -20 OK|HTTP/1.1 OK|HTTP/1.1  200 OK|\
            HTTP/1.1\t200 OK|HTTP/1 200 OK|HTTP/11 200 OK|HTTP/1.x 200 OK|HTTP/1.12 200 OK|HTTP/2.0 200 OK|HTTP/0.9 200 OK|\
            HTTP/1.1 200 a\x1b[2J|HTTP/1.1 200 a\0|HTTP/1.1 200 a\rb|\
            HTTP/1.1 100 Continue\r\nno colon\r\n\r\nHTTP/1.1 200 OK";
        for start in starts.split('|') {
            fails(format!("{start}\r\n\r\nhello"), Fetch::hold);
        }
        let fields = "no colon|: no name|A b: two words|Content-Length : 5| Content-Length: 5|\
            新: no token|A\0: NUL|A: NUL\0|A: \x1b[2J|A: a\rContent-Length: 5";
        for field in fields.split('|') {
            fails(ok(&format!("{field}\r\n"), "hello"), Fetch::hold);
        }
    }

    #[test]
    fn another_protocol_is_an_error_that_shows_its_start() {
        for (answer, shown) in [
            (b"SSH-2.0-OpenSSH_9.2p1\r\n".as_slice(), "SSH-2.0-OpenSSH_9.2p1"),
            (b"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"),
            (b"http/1.1 200 OK\r\n\r\n", "http/1.1 200 OK"),
            (b"<title>a</title>", "<title>a</title>"),
            (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK"),
            (b"\x15\x03\x01\x00\x02\x02F", "F"), // an alert of TLS
            (b"\x1b[2J\x1b]0;a\x07\xe2\x80\xaegnp", "gnp"),
            (b"HTTP/1.1 100 Continue\r\n\r\nhello", "hello"),
        ] {
            let error = fails(answer, Fetch::hold);
            assert!(error.contains("it does not speak HTTP"), "{error}");
            assert!(error.contains(shown), "{error}");
        }
    }

    #[test]
    fn a_switch_to_another_protocol_is_an_error() {
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".as_slice();
        for next in [b"\x81\x05hello".as_slice(), &ok("Content-Length: 5\r\n", "hello"), b""] {
            fails([switch, next].concat(), Fetch::hold);
        }
    }

    #[test]
    fn a_reset_amid_the_body_is_an_error() {
        for answer in
            [ok("Content-Length: 9\r\n", "hello"), chunked("5\r\nhello\r\n"), ok("", "hello")]
        {
            let mut fetch = Fetch::start(&["http://{}/"]);
            fetch.send(&answer);
            fetch.program.stdout.line();
            let Fetch { program, folder, address, stream, .. } = fetch;
            reset(stream);
            Fetched { ending: program.finish(), folder, address }.no_page(&Files::new());
        }
    }

    #[test]
    fn an_endless_answer_is_an_error() {
        for (start, endless) in [
            (b"HTTP/1.1 200 ".to_vec(), "x"),
            (b"HTTP/1.1 200 OK\r\nA: ".to_vec(), "x"),
            // Of 8 bytes each, as all before it: a line ends wherever a limit may be.
            (b"HTTP/1.1 200 Very fine\r\n".to_vec(), "A: bcd\r\n"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n".to_vec(), " c\r\n"),
            (Vec::new(), "HTTP/1.1 100 Continue\r\n\r\n"),
            (chunked(""), "0"),
            (chunked("5;"), "x"),
            (chunked("0\r\nA: "), "x"),
            (chunked("0\r\n"), "A: bcd\r\n"),
        ] {
            let mut fetch = Fetch::start(&["http://{}/"]);
            fetch.send(start);
            // The program takes a little of it; the rest may fill buffers, or be refused.
            let many = endless.repeat(4096);
            for _ in 0..(1 << 20) / many.len() {
                fetch.send(&many);
            }
            fetch.hold().wrong(&Files::new());
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_body_is_an_error() {
        let block = [b"100000\r\n".as_slice(), &b"x".repeat(1 << 20), b"\r\n"].concat();
        for start in [ok("", ""), chunked("")] {
            let mut fetch = Fetch::start(&["http://{}/", "-o", "/dev/null"]);
            fetch.send(&start);
            for _ in 0..2049 {
                fetch.send(&block);
            }
            let error = fetch.hold().ending.error();
            assert!(error.contains("2147483648"), "{error}");
        }
    }

    // What makes it wait, and what ends it

    #[test]
    fn does_not_wait_forever_on_a_silent_server() {
        let starts = "|HTTP|HTTP/1.1 200 OK\r\nA: b\r\n|HTTP/1.1 100 Continue\r\n\r\n|\
            HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello|HTTP/1.1 200 OK\r\n\r\nhello";
        let chunks = ["", "5\r", "6\r\nhello", "5\r\nhello\r", "0\r\nA: b\r\n"].map(chunked);
        for answer in starts.split('|').map(Vec::from).chain(chunks) {
            let mut fetch = Fetch::start(&["http://{}/", "--timeout", "0.2"]);
            fetch.send(answer);
            let error = fetch.hold().no_page(&Files::new());
            assert!(error.ends_with("timed out"), "{error}");
        }
    }

    /// Makes a command that cannot connect, and checks at its end that it left nothing behind.
    fn in_vain(rule: impl Fn(&dyn Fn(&str) -> Command)) {
        let folder = folder();
        let path = folder.path().join("page");
        let path = path.to_str().expect("the folder's name is text");
        rule(&|address| command(&[address, "-o", path, "--timeout", "0.2"]));
        assert_eq!(files(&folder), Files::new());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn does_not_wait_forever_on_a_connection() {
        in_vain(|at| rules::does_not_wait_forever_on_a_connection(at));
    }

    #[test]
    fn no_way_to_the_server_is_an_error() {
        in_vain(|at| rules::no_way_to_the_server_is_an_error(at));
    }

    #[test]
    fn says_where_why_and_what_to_do_when_it_cannot_connect() {
        let (_socket, address) = support::deserted();
        let long_label = format!("{}.invalid:80", "a".repeat(70));
        for address in [&address, "no-such-host.invalid:8000", "no..such.host:80", &long_label] {
            let folder = folder();
            let mut command = command_in(&folder, &[&format!("http://{address}/page")]);
            let error = Program::start(&mut command).finish().error();
            assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
            assert!(error.ends_with("; are host and port right?"), "{error}");
            assert_eq!(files(&folder), Files::new());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send("HTTP/1.1 200 OK\r\n");
        fetch.program.stop_and_continue(); // while it waits for more
        fetch.send("\r\nhel");
        assert_eq!(fetch.program.stdout.line(), "HTTP/1.1 200 OK");
        fetch.program.stop_and_continue();
        fetch.send("lo");
        assert_eq!(fetch.close().page().1, b"hello");
    }

    #[cfg(unix)]
    #[test]
    fn leaves_nothing_behind_when_it_is_interrupted() {
        use std::os::unix::process::ExitStatusExt;
        for (signal, expected, old) in
            [("-INT", 2, None), ("-INT", 2, Some("old")), ("-TERM", 15, None), ("-HUP", 1, None)]
        {
            let (folder, sub) = folder_with_sub(old);
            let before = files(&sub);
            let mut fetch = Fetch::start_in(folder, &["http://{}/", "-o", "sub/a"]);
            fetch.send(ok("Content-Length: 6\r\n", "hello"));
            fetch.program.stdout.until("Content-Length: 6\n");
            // What is there of the page is in a file beside the one to be.
            assert_eq!(files(&sub).len(), before.len() + 1);
            fetch.program.signal(signal);
            let Fetched { ending, folder: _folder, .. } = fetch.hold();
            // The system says which signal it was, and a shell counts 128 and its number.
            let number = ending.status.signal().or_else(|| Some(ending.status.code()? - 128));
            assert_eq!(number, Some(expected), "{ending:?}");
            assert_eq!(ending.stderr, "");
            assert_eq!(files(&sub), before);
        }
    }

    // The file

    /// A folder with a folder `sub`, in which there may be a file `a`.
    #[cfg(unix)]
    fn folder_with_sub(old: Option<&str>) -> (TempDir, std::path::PathBuf) {
        let folder = folder();
        let sub = folder.path().join("sub");
        fs::create_dir(&sub).unwrap();
        if let Some(old) = old {
            fs::write(sub.join("a"), old).unwrap();
        }
        (folder, sub)
    }

    #[test]
    fn replaces_a_file_that_was_there() {
        let folder = folder();
        fs::write(folder.path().join(FILE), "an older and longer page").unwrap();
        let fetch = Fetch::start_in(folder, &["http://{}/"]);
        assert_eq!(fetch.get(ok("", "new")).page().1, b"new");
    }

    /// Checks that `command` ends with an error about the file `path` and that no one has come to
    /// `listener`. Gives what was printed, and the error.
    #[track_caller]
    fn cannot_write(command: &mut Command, path: &str, listener: &TcpListener) -> (String, String) {
        listener.set_nonblocking(true).unwrap();
        let ending = Program::start(command).finish();
        let printed = ending.stdout.clone();
        let error = ending.error();
        assert!(error.starts_with(&format!("Error: cannot write to {path}: ")), "{error}");
        let none = listener.accept().expect_err("it connects");
        assert_eq!(none.kind(), ErrorKind::WouldBlock);
        (printed, error)
    }

    #[test]
    fn finds_out_first_what_is_in_the_way_of_the_file() {
        let (listener, address) = support::listener();
        let folder = folder();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let read_only = folder.path().join("read-only");
        fs::write(&read_only, "old").unwrap();
        let mut permissions = fs::metadata(&read_only).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&read_only, permissions).unwrap();
        let before = files(&folder);
        let long = "a".repeat(1000);
        let with_advice = ["folder", "missing/", "read-only"];
        for path in ["missing/a.html", "read-only/a.html", &long].into_iter().chain(with_advice) {
            let mut command = command_in(&folder, &[&address, "-o", path]);
            let (printed, error) = cannot_write(&mut command, path, &listener);
            assert_eq!(printed, "");
            assert!(!with_advice.contains(&path) || error.ends_with(" with -o"), "{error}");
        }
        assert_eq!(files(&folder), before);
        assert_eq!(files(folder.path().join("folder")), Files::new());
    }

    #[cfg(unix)]
    #[test]
    fn writes_a_device_in_place() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        // No device of the system's: run by root, a program that gets it wrong would replace that.
        let place = folder();
        let pipe = place.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
        let fetch = Fetch::start_in(place, &["http://{}/", "-o", "pipe"]);
        let Fetched { ending, folder: place, .. } = fetch.get(ok("", "<title>a</title>"));
        assert_eq!(well(ending), "HTTP/1.1 200 OK\na\n");
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        let mut page = [0; 16];
        reader.read_exact(&mut page).unwrap();
        assert_eq!(&page, b"<title>a</title>");

        let place = folder();
        let link = place.path().join("stdout");
        symlink("/dev/stdout", &link).unwrap();
        let fetch = Fetch::start_in(place, &["http://{}/", "-o", "stdout"]);
        let Fetched { ending, folder: _place, .. } = fetch.get(ok("", "<title>a</title>\n"));
        assert_eq!(well(ending), "HTTP/1.1 200 OK\n<title>a</title>\na\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn says_that_it_waits_until_a_pipe_is_read() {
        let place = folder();
        let pipe = place.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (listener, address) = support::listener();
        let program = Program::start(&mut command_in(&place, &[&address, "-o", "pipe"]));
        program.stderr.line_with("pipe");
        let reader = thread::spawn(move || fs::read(&pipe).unwrap()); // opens it, too
        let mut stream = accept(&listener);
        request(&mut stream);
        stream.write_all(&ok("", "hello")).unwrap();
        drop(stream);
        well(program.finish());
        assert_eq!(reader.join().unwrap(), b"hello");
    }

    #[test]
    fn ends_when_the_stdout_that_it_writes_the_body_to_is_closed_or_full() {
        let (listener, address) = support::listener();
        let folder = folder();
        let mut command = command_in(&folder, &[&address, "-o", "-"]);
        let mut run = |stdout: std::process::Stdio| {
            let program = Program::start_with_stdout(&mut command, stdout);
            let mut stream = accept(&listener);
            stream.write_all(&ok("Content-Length: 5\r\n", "hello")).unwrap();
            program.finish()
        };
        let ending = run(support::closed_pipe().into());
        assert_eq!(ending.status.code(), Some(1), "{ending:?}");
        assert!(!ending.stderr.contains("Error") && !ending.stderr.contains("Wrote"), "{ending:?}");
        let Some(full) = full_device() else {
            return support::left_out("there is no /dev/full here");
        };
        let error = run(full.into()).error();
        assert!(error.contains("cannot write to standard output: "), "{error}");
    }

    #[cfg(windows)]
    #[test]
    fn writes_the_null_device_in_place() {
        let fetch = Fetch::start(&["http://{}/", "-o", "NUL"]);
        let Fetched { ending, folder, .. } = fetch.get(ok("", "<title>a</title>"));
        assert_eq!(well(ending), "HTTP/1.1 200 OK\na\n");
        assert_eq!(files(&folder), Files::new());
    }

    #[test]
    fn a_full_disk_is_an_error() {
        if full_device().is_none() {
            return support::left_out("there is no /dev/full here");
        }
        // Root, who could do harm to the system's, makes one (full(4)); others can't, and use that.
        let place = folder();
        let own = place.path().join("full");
        let make =
            Command::new("mknod").args(["-m", "666"]).arg(&own).args(["c", "1", "7"]).output();
        let done = make.is_ok_and(|output| output.status.success());
        let full = if done { own.to_str().unwrap() } else { "/dev/full" };
        let fetch = Fetch::start(&["http://{}/", "-o", full]);
        let error = fetch.get(ok("Content-Length: 5\r\n", "hello")).ending.error();
        assert!(error.starts_with(&format!("Error: cannot write to {full}: ")), "{error}");
    }

    /// Runs `command` where /mnt is a disk of 64 KiB with a file `page`, and then shows what is
    /// there; `setup` may change it first (Linux, root). Elsewhere nothing, said aloud.
    fn on_small_disk(command: &Command, setup: &str) -> Option<Command> {
        let may = Command::new("unshare").args(["--mount", "true"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            support::left_out("a disk of its own needs Linux and root");
            return None;
        }
        let script = format!(
            "mount -t tmpfs -o size=64k tmpfs /mnt && echo old >/mnt/page && {setup} || exit 99
            \"$0\" \"$@\"; status=$?; ls -A /mnt; cat /mnt/page; exit $status"
        );
        let mut outer = Command::new("unshare");
        outer.args(["--mount", "sh", "-c", &script]);
        outer.arg(command.get_program()).args(command.get_args());
        Some(outer)
    }

    #[test]
    fn a_disk_that_fills_up_keeps_the_old_page_and_nothing_else() {
        let (listener, address) = support::listener();
        let command = command(&[&address, "-o", "/mnt/page"]);
        let Some(command) = on_small_disk(&command, "true") else { return };
        let fetch = Fetch::run(command, folder(), &listener);
        let Fetched { ending, .. } =
            fetch.get(ok("Content-Length: 1000000\r\n", "x".repeat(1_000_000)));
        assert_eq!(ending.stdout, "HTTP/1.1 200 OK\nContent-Length: 1000000\npage\nold\n");
        let error = ending.error();
        assert!(error.starts_with("Error: cannot write to /mnt/page: "), "{error}");
    }

    #[test]
    fn a_folder_that_is_read_only_is_an_error_before_anything_is_sent() {
        let (listener, address) = support::listener();
        let command = command(&[&address, "-o", "/mnt/new"]);
        let Some(mut command) = on_small_disk(&command, "mount -o remount,ro /mnt") else { return };
        let (printed, _) = cannot_write(&mut command, "/mnt/new", &listener);
        assert_eq!(printed, "page\nold\n");
    }

    #[cfg(unix)]
    #[test]
    fn replaces_what_a_link_leads_to_and_not_the_link() {
        // What it leads to may be there, or be still to be made.
        for old in [Some("old"), None] {
            let (folder, sub) = folder_with_sub(old);
            std::os::unix::fs::symlink("sub/a", folder.path().join("link")).unwrap();
            let fetch = Fetch::start_in(folder, &["http://{}/", "-o", "link"]);
            let folder = fetch.get(ok("", "new")).success();
            assert_eq!(fs::read_link(folder.path().join("link")).unwrap(), Path::new("sub/a"));
            assert_eq!(files(&sub), one("a", b"new"));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        }
    }

    /// The rights of a file.
    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[cfg(unix)]
    #[test]
    fn makes_the_file_with_the_rights_of_any_new_file() {
        for (mask, expected) in [("022", 0o644), ("027", 0o640), ("000", 0o666)] {
            let (listener, address) = support::listener();
            let inner = command(&[&address]);
            let mut outer = Command::new("sh");
            outer.args(["-c", &format!("umask {mask} && exec \"$0\" \"$@\"")]);
            outer.arg(inner.get_program()).args(inner.get_args());
            let folder = Fetch::run(outer, folder(), &listener).get(ok("", "hello")).success();
            assert_eq!(mode(&folder.path().join(FILE)), expected, "umask {mask}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_rights_of_a_file_that_it_replaces() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let path = folder.path().join("private");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let fetch = Fetch::start_in(folder, &["http://{}/", "-o", "private"]);
        let _folder = fetch.get(ok("", "hello")).success();
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        assert_eq!(mode(&path), 0o600);
    }

    // Addresses and other servers

    #[test]
    fn talks_over_ipv6() {
        for scheme in ["http://", ""] {
            let folder = folder();
            let at = |address: &str| command_in(&folder, &[&format!("{scheme}{address}")]);
            rules::talks_over_ipv6(at, |client, mut stream| {
                let host = format!("\r\nHost: {}\r\n", stream.local_addr().unwrap());
                let request = request(&mut stream);
                assert!(request.contains(&host), "{request}");
                stream.write_all(&ok("", "hello")).unwrap();
                drop(stream);
                assert_eq!(well(client.finish()), "HTTP/1.1 200 OK\n");
                assert_eq!(files(&folder), one("1.html", b"hello"));
            });
        }
    }

    #[test]
    fn tries_each_address_of_a_name() {
        let folder = folder();
        let path = folder.path().join("page");
        let output = path.to_str().unwrap();
        let at = |address: &str| command(&[&format!("http://{address}/"), "-o", output]);
        rules::tries_each_address_of_a_name(at, |client, mut stream| {
            request(&mut stream);
            stream.write_all(&ok("", "hello")).unwrap();
            drop(stream);
            well(client.finish());
            assert_eq!(fs::read(&path).unwrap(), b"hello");
            fs::remove_file(&path).unwrap();
        });
    }

    #[test]
    fn fetches_from_pythons_own_server() {
        let folder = folder();
        let page = folder.path().join("index.html");
        let body = b"<meta charset=gbk>\r\n<title>\xd0\xc2\xc0\xcb</title>\0\n".repeat(10_000);
        fs::write(&page, &body).unwrap();
        let Some(python) = support::versions::python() else { return };
        let script = "import http.server, sys
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
print('Listening on %s:%s' % server.server_address, file=sys.stderr, flush=True)
server.serve_forever()";
        let mut server = Command::new(python);
        let server = Program::start(server.args(["-c", script]).current_dir(&folder));
        let url = format!("http://{}/index.html", server.address());
        let program = Program::start(&mut command_in(&folder, &[&url, "-o", "saved"]));
        let printed = well(program.finish());
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!((lines[0], *lines.last().unwrap()), ("HTTP/1.0 200 OK", "新浪"));
        assert!(lines.contains(&&*format!("Content-Length: {}", body.len())), "{lines:?}");
        assert!(fs::read(folder.path().join("saved")).unwrap() == body, "the page differs");
    }
}

mod polish {
    use super::*;

    // The request and the file's name

    #[test]
    fn sends_the_tutorials_request_and_no_more() {
        // A URL in the query changes nothing.
        let table = "http://{}/ /|http://{} /|{} /|{}/a/b.html?x=1&y=2 /a/b.html?x=1&y=2|\
            HTTP://{}/Page /Page|http://{}?q=1 /?q=1|http://{}//a//b //a//b|\
            http://{}/新浪?页=首 /%E6%96%B0%E6%B5%AA?%E9%A1%B5=%E9%A6%96|\
            http://{}/a%20b%E9 /a%20b%E9|http://{}/é\u{85} /%C3%A9%C2%85|\
            http://{}/a#part /a|http://{}/a?b#part?c /a?b|http://{}#part /|\
            http://{}/?u=http://a.example/ /?u=http://a.example/|\
            {}/?u=http://a.example/ /?u=http://a.example/|{}/http://a.example/ /http://a.example/|\
            {}?u=ftp://a.example/ /?u=ftp://a.example/";
        sends(table);
    }

    #[test]
    fn takes_dots_out_of_the_path_and_not_out_of_the_query() {
        sends(
            "http://{}/foo/../bar /bar|http://{}/./a/./b/. /a/b/|http://{}/a/b/.. /a/|\
            http://{}/../../etc /etc|http://{}/.. /|http://{}/. /|http://{}/a//../b /a/b|\
            http://{}//../b /b|http://{}/a/%2e%2E/b /b|http://{}/a/.%2e /|http://{}/%2e/b /b|\
            http://{}/.a/..b/c./... /.a/..b/c./...|http://{}/a/..%2Fb /a/..%2Fb|\
            {}/a/../b?c/../d=.. /b?c/../d=..|{}/a/..#x /|{}/a/..?x /?x",
        );
    }

    /// Checks each row of a table: a URL, where {} is the server's address, and what is asked for.
    #[track_caller]
    fn sends(table: &str) {
        for (url, resource) in table.split('|').filter_map(|row| row.split_once(' ')) {
            let mut fetch = Fetch::start(&[url]);
            let address = &fetch.address;
            let request =
                format!("GET {resource} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            assert_eq!(fetch.request, request, "{url}");
            fetch.send("HTTP/1.1 204 No Content\r\n\r\n");
            expect_end(&mut fetch.stream);
            fetch.hold().page();
        }
    }

    #[test]
    fn fetches_the_tutorials_page_when_it_is_told_nothing() {
        // An address that is this test's alone, so that its port 80 is free.
        let [_, a, b, c] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, a | 0x80, b, c);
        let hosts = format!("{address} www.sina.com.cn\n");
        let Some(command) = support::with_hosts(&command(&[]), &hosts) else { return };
        let Ok(listener) = TcpListener::bind((address, 80)) else {
            return support::left_out("port 80 is taken on all addresses");
        };
        let fetch = Fetch::run(command, folder(), &listener);
        let request = "GET / HTTP/1.1\r\nHost: www.sina.com.cn\r\nConnection: close\r\n\r\n";
        assert_eq!(fetch.request, request);
        let body = "<title>新浪首页</title>";
        let fetched = fetch.get(ok("Content-Type: text/html\r\n", body));
        let (printed, page) = fetched.saved("sina.html");
        assert_eq!(printed, "HTTP/1.1 200 OK\nContent-Type: text/html\n新浪首页\n");
        assert_eq!(page, body.as_bytes());
    }

    #[test]
    fn names_the_file_after_the_host() {
        // Each row is a host, and the file's name without its .html.
        let table = "127.0.0.1 127|localhost localhost|www.sina.com.cn sina|www.baidu.com baidu|\
            news.example news|www.www.example www|a-b_c.example a-bc";
        for (host, file) in table.split('|').filter_map(|row| row.split_once(' ')) {
            let (listener, address) = support::listener();
            let port = address.rsplit(':').next().unwrap();
            // Nothing else of the URL, nor what the server says, has a say in it.
            let mut command = command(&[&format!("http://{host}:{port}/../b.html?c.html")]);
            if !matches!(host, "127.0.0.1" | "localhost") {
                let hosts = format!("127.0.0.1 {host}\n");
                let Some(with_hosts) = support::with_hosts(&command, &hosts) else { return };
                command = with_hosts;
            }
            let fetch = Fetch::run(command, folder(), &listener);
            assert!(fetch.request.contains(&format!("\r\nHost: {host}:{port}\r\n")));
            let named = "Content-Disposition: attachment; filename=\"../evil.html\"\r\n\
                Content-Location: /evil.html\r\n";
            let fetched = fetch.get(ok(named, "hello"));
            assert_eq!(fetched.saved(&format!("{file}.html")).1, b"hello");
        }
    }

    #[test]
    fn saves_where_it_is_told() {
        for [option, value] in [["-o", "a.bin"], ["--output", "新浪 首页"], ["-o", "sub/a.html"]]
        {
            let folder = folder();
            fs::create_dir(folder.path().join("sub")).unwrap();
            let fetch = Fetch::start_in(folder, &[option, value, "http://{}/"]);
            let folder = fetch.get(ok("", "hello")).success();
            assert_eq!(fs::read(folder.path().join(value)).unwrap(), b"hello");
            assert!(!folder.path().join(FILE).exists());
        }
    }

    #[test]
    fn writes_the_body_alone_to_stdout() {
        let page = b"<title>a</title>\xff\0\r\n\r\n<p>".repeat(100_000);
        let (folder, (listener, address)) = (folder(), support::listener());
        let stdout = fs::File::create(folder.path().join("stdout")).unwrap();
        let mut command = command_in(&folder, &[&address, "-o", "-"]);
        let program = Program::start_with_stdout(&mut command, stdout);
        let mut stream = accept(&listener);
        request(&mut stream);
        (&*stream).write_all(&ok("Server: x\r\n", &page)).unwrap();
        drop(stream);
        let ending = program.finish();
        assert!(ending.status.success(), "{ending:?}");
        let lines: Vec<_> = ending.stderr.lines().collect();
        assert_eq!(lines[..3], ["HTTP/1.1 200 OK", "Server: x", "a"]);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[3].contains(&page.len().to_string()), "{lines:?}");
        assert!(files(&folder) == one("stdout", &page), "stdout is not the page");
    }

    #[test]
    fn a_file_may_be_called_with_a_hyphen() {
        let fetch = Fetch::start(&["http://{}/", "-o", "./-"]);
        assert_eq!(fetch.get(ok("", "hello")).saved("-").1, b"hello");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn takes_any_name_for_a_file() {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xd0\xc2\xff.html");
        let (listener, address) = support::listener();
        let mut command = command(&[&address, "-o"]);
        command.arg(name);
        let folder = Fetch::run(command, folder(), &listener).get(ok("", "hello")).success();
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"hello");
    }

    // What it prints

    #[test]
    fn prints_the_header_line_by_line() {
        for (answer, printed) in [
            (b"404 Not Found\r\n\r\nbody".as_slice(), "404 Not Found\n"),
            (
                b"200 OK\r\nSERVER:x \r\nx-Two:  2\r\nX-Two: 3\r\nLast:\r\n\r\nbody",
                "200 OK\nSERVER:x \nx-Two:  2\nX-Two: 3\nLast:\n",
            ),
            (b"200 OK\nServer: x\n\nbody\r\n\r\n", "200 OK\nServer: x\n"),
            (b"200 OK\r\nA: x\r\n  y\r\n\r\nbody", "200 OK\nA: x\n  y\n"),
            ("200 好\r\nX: 新浪\r\n\r\n".as_bytes(), "200 好\nX: 新浪\n"),
            (b"200 OK\r\nX: \xd0\xc2 \xe5\xbc!\r\n\r\n", "200 OK\nX: \u{fffd}\u{fffd} \u{fffd}!\n"),
            // A trailer is not printed, nor is an interim answer.
            (
                b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n",
                "200 OK\nTransfer-Encoding: chunked\n",
            ),
        ] {
            for interim in ["", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"] {
                let answer = [interim.as_bytes(), b"HTTP/1.1 ", answer].concat();
                assert_eq!(fetch(answer).page().0, format!("HTTP/1.1 {printed}"));
            }
        }
    }

    #[test]
    fn prints_the_header_while_the_body_is_still_to_come() {
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send(ok("Content-Length: 5\r\n", ""));
        assert_eq!(fetch.program.stdout.line(), "HTTP/1.1 200 OK");
        assert_eq!(fetch.program.stdout.line(), "Content-Length: 5");
        fetch.send("hello");
        assert_eq!(fetch.hold().page(), (String::new(), b"hello".into()));
    }

    #[test]
    fn prints_utf_8_whatever_the_terminal_has() {
        let (listener, address) = support::listener();
        let mut command = command(&[&address]);
        command.env("PYTHONIOENCODING", "ascii");
        let answer = ok("", "<title>新浪首页</title>");
        let (printed, _) = Fetch::run(command, folder(), &listener).get(answer).page();
        assert_eq!(printed, "HTTP/1.1 200 OK\n新浪首页\n");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let text = "\u{9b}2J\u{202e}harmless\u{2028}\ta\u{85}";
        for (fields, title, lines) in [
            ("", "\x1b]0;title\x07\x1b[2Jharmless", 2),
            ("", "&#27;[2J&#x202e;&#155;harmless", 2),
            ("", "\u{9b}2J\u{7f}\u{85}harmless", 2),
            ("", "\u{202e}gnp\u{2066}\u{2028}Error: harmless\u{61c}", 2),
            (&*format!("X: {text}\r\n"), "a", 3),
        ] {
            let (printed, _) = fetch(ok(fields, format!("<title>{title}</title>"))).page();
            support::check_safe(&printed, lines);
            assert!(printed.contains("harmless"), "{printed}");
        }
        let (printed, _) = fetch(format!("HTTP/1.1 200 {text}\r\nX: {text}\r\n\r\n")).page();
        support::check_safe(&printed, 2);
        assert_eq!(printed.matches("harmless").count(), 2, "{printed}");
    }

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let (listener, address) = support::listener();
        let folder = folder();
        rules::ends_when_stdout_is_closed_or_full(command_in(&folder, &[&address]), |_| {
            let mut stream = accept(&listener);
            stream.write_all(&ok("Content-Length: 5\r\n", "hello")).unwrap();
            stream
        });
        assert_eq!(files(&folder), Files::new());
    }

    // The title

    /// Checks that the page is saved, and gives the title that is printed after its header.
    #[track_caller]
    fn title(content_type: &str, page: &[u8]) -> Option<String> {
        let field = match content_type {
            "" => String::new(),
            _ => format!("Content-Type: {content_type}\r\n"),
        };
        let (printed, saved) = fetch(ok(&field, page)).page();
        assert_eq!(saved, page);
        let header = format!("HTTP/1.1 200 OK\n{}", field.replace('\r', ""));
        let rest = printed.strip_prefix(&header).unwrap_or_else(|| panic!("{printed:?}"));
        if rest.is_empty() {
            return None;
        }
        Some(rest.strip_suffix('\n').unwrap_or_else(|| panic!("{printed:?}")).to_owned())
    }

    #[test]
    fn decodes_the_title_by_the_pages_own_charset() {
        type Title<'a> = (&'a [u8], &'a str);
        // None of the first three is valid UTF-8, and none is the same text by another's charset.
        let gbk: Title<'_> = (b"<title>\xd0\xc2\xc0\xcb\xca\xd7\xd2\xb3</title>", "新浪首页");
        let cyrillic: Title<'_> = (b"<title>\xcd\xee\xe2\xee\xf1\xf2\xe8</title>", "Новости");
        let big5: Title<'_> = (b"<title>\xb7\x73\xae\xf6</title>", "新浪");
        let utf_8: Title<'_> = ("<title>新浪首页</title>".as_bytes(), "新浪首页");
        let utf_16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}<title>新浪首页</title>".encode_utf16().flat_map(bytes).collect()
        };
        let little: Title<'_> = (&utf_16(u16::to_le_bytes), "新浪首页");
        let big: Title<'_> = (&utf_16(u16::to_be_bytes), "新浪首页");
        let valid: Title<'_> = ("<title>é</title>".as_bytes(), "Г©");
        let late: Title<'_> = (b"<title>abc</title>\xd0\xc2", "abc");
        let all_of_gb18030: Title<'_> =
            (b"<title>\xd6\xec\xe9\x46\xbb\xf9 \x95\x32\x82\x36</title>", "朱镕基 \u{20000}");
        let quotes: Title<'_> = (b"<title>\x93Caf\xe9\x94</title>", "“Café”");
        let no_text: Title<'_> = (b"<title>a\xffb</title>", "a\u{fffd}b");
        // Of a page without a charset, what is kept of it for its title may end amid a character.
        let long = format!("<title>新浪首页</title>{}", "新".repeat(30_000));
        let long: Title<'_> = (long.as_bytes(), "新浪首页");
        // A row is a Content-Type, what comes before the title, and the title.
        let mut table = vec![
            // A byte order mark comes first, then the header, then the page's own meta.
            ("text/html; charset=gbk", "\u{feff}", utf_8),
            ("text/html; charset=gbk", "", little),
            ("text/html; charset=gbk", "", big),
            ("", "\u{feff}<meta charset=gbk>", utf_8),
            ("text/html; charset=windows-1251", "<meta charset=big5>", cyrillic),
            ("text/html; charset=windows-1251", "", valid),
            ("TEXT/HTML; Charset=\"Windows-1251\"", "", cyrillic),
            ("text/html; a=b;charset=windows-1251 ; c=d", "", cyrillic),
            ("text/html; charset=x-none", "<meta charset=big5>", big5),
            ("text/html", "<meta charset=windows-1251>", cyrillic),
            ("", "<meta charset=utf-16>", utf_8),
            // Without any: UTF-8 if the page is that, else GBK.
            ("text/html", "", utf_8),
            ("text/html", "", long),
            ("text/html", "", gbk),
            ("", "", late),
            // Names that mean more than they say.
            ("text/html; charset=gb2312", "", all_of_gb18030),
            ("text/html; charset=iso-8859-1", "", quotes),
            ("text/html; charset=utf-8", "", no_text),
            (
                "text/html",
                "<!DOCTYPE html>\n<!-- [ published at 2017-12-22 ] -->\n<html>\n<head>\n\
                 <meta http-equiv=\"Content-type\" content=\"text/html; charset=gb2312\" />\n",
                gbk,
            ),
        ];
        // A meta that names Big5, in all its forms.
        let named = "<meta charset=\"big5\">|<meta charset='big5' />|<META CHARSET = BIG5>|\
            <meta name=a content=b><meta lang=zh charset=big5>|\
            <meta http-equiv=\"Content-type\" content=\"text/html; charset=big5\" />|\
            <meta content='text/html;charset=Big5' http-equiv=content-type>|\
            <meta charset=x-none><meta charset=big5>|\
            <meta charset=big5><meta charset=windows-1251>";
        table.extend(named.split('|').map(|start| ("", start, big5)));
        // None here names it: past 1,024 bytes, or cut by them, it is too late.
        let [past, cut] = [1024, 1024 - 20]
            .map(|length| format!("|<!--{}--><meta charset=big5>", " ".repeat(length)));
        let not_named = "|<meta name=charset content='a; charset=big5'>|\
            <meta http-equiv=refresh content='0; charset=big5'>|<!-- <meta charset=big5> -->|\
            <script>'<meta charset=big5>'</script>"
            .to_owned()
            + &past
            + &cut;
        table.extend(not_named.split('|').map(|start| ("", start, gbk)));
        for (content_type, start, (page, expected)) in table {
            let page = [start.as_bytes(), page].concat();
            assert_eq!(title(content_type, &page).as_deref(), Some(expected), "{start}");
        }
    }

    #[test]
    fn finds_the_title_as_a_browser_does() {
        const ICON: &str = "<svg><title>icon</title></svg>";
        for (page, expected) in [
            ("<title>a</title>", "a"),
            ("<html><head><TITLE lang='zh'>a</TITLE ></head>", "a"),
            ("<title>first</title><title>second</title>", "first"),
            ("<title>a &amp; b &lt;i&gt; &#26032;&#x6D6A; &copy;</title>", "a & b <i> 新浪 ©"),
            ("<title>&amp;lt;</title>", "&lt;"),
            ("<title>a <b>b</b> <!-- c --></title>", "a <b>b</b> <!-- c -->"),
            ("<title>\r\n  two\n\tlines  \r\n</title>", "two lines"),
            ("<title>\u{3000}新浪\u{a0}首页 </title>", "\u{3000}新浪\u{a0}首页"),
            ("<title>never closed", "never closed"),
        ] {
            assert_eq!(title("text/html", page.as_bytes()).as_deref(), Some(expected));
        }
        let before = "<svg><title>no</title></svg>|<svg/>|<SVG><g><TITLE>no</TITLE></g></SVG>|\
            <math><title>no</title></math>|<template><title>no</title></template>|\
            <svg><title>no</title><svg><title>no</title></svg><title>no</title></svg>|</svg>|\
            <template><svg></template>|<!-- <title>no</title> -->|<script>x = '<title>no</title>'</script>|\
            <style>/* <title>no</title> */</style>|<textarea><title>no</title></textarea>|\
            <meta content='<title>no</title>'>|<titles>no</titles>|</title>|<p title=it's>";
        for before in before.split('|') {
            let page = format!("{before}<title>yes</title>");
            assert_eq!(title("text/html", page.as_bytes()).as_deref(), Some("yes"), "{before}");
        }
        for page in ["<title", "<p>no title</p>", "<!-- <title>never closed</title>", "", ICON] {
            assert_eq!(title("text/html", page.as_bytes()), None);
        }
    }

    #[test]
    fn only_html_has_a_title() {
        for html in ["text/html", "Text/HTML;charset=utf-8", "application/xhtml+xml", ""] {
            assert_eq!(title(html, b"<title>a</title>").as_deref(), Some("a"));
        }
        for other in ["text/plain", "image/svg+xml", "application/octet-stream"] {
            assert_eq!(title(other, b"<title>a</title>"), None);
        }
    }

    // What it leaves to the reader

    #[test]
    fn says_where_a_redirect_leads_and_does_not_follow_it() {
        let (listener, address) = support::listener();
        for (status, location, shown) in [
            ("301 Moved Permanently", "https://www.sina.com.cn/", "https://www.sina.com.cn/"),
            ("302 Found", "/elsewhere", "/elsewhere"),
            ("303 See Other", &*format!("http://{address}/"), &*address),
            ("307 Temporary Redirect", "//a.example/b", "//a.example/b"),
            ("308 Permanent Redirect", "\u{9b}2J\u{202e}\u{2028}harmless", "harmless"),
        ] {
            let fields = format!("Location: {location}\r\nContent-Length: 4\r\n");
            let fetched = fetch(format!("HTTP/1.1 {status}\r\n{fields}\r\nbody"));
            let (printed, remark) = fetched.remark(b"body");
            support::check_safe(&printed, 3);
            assert!(remark.contains(shown), "{remark}");
            assert!(remark.contains(&status[..3]), "{remark}");
        }
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().expect_err("it follows").kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn says_where_a_redirect_leads_only_where_it_is_one() {
        for (status, location) in
            [("304 Not Modified", "/a"), ("301 Moved", ""), ("302 Found", " "), ("200 OK", "/a")]
        {
            let answer = format!("HTTP/1.1 {status}\r\nLocation: {location}\r\n\r\n");
            assert_eq!(fetch(answer).remarks(b"").1, "", "{status}");
        }
    }

    #[test]
    fn saves_the_page_of_any_status() {
        let statuses = "200 OK|201 Created|206 Partial Content|404 Not Found|500 Oops|000 |099 OK";
        for status in statuses.split('|') {
            // Without a redirect, a Location is a field like any other.
            let fields = "Location: /elsewhere\r\nContent-Length: 16";
            let answer = format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n<title>a</title>");
            let (printed, page) = fetch(answer).page();
            let header = fields.replace('\r', "");
            assert_eq!(printed, format!("HTTP/1.1 {status}\n{header}\na\n"));
            assert_eq!(page, b"<title>a</title>");
        }
    }

    #[test]
    fn says_that_an_error_page_is_one() {
        for status in ["400", "404", "500", "599", "999", "099", "000"] {
            let (_, remark) = fetch(format!("HTTP/1.1 {status} x\r\n\r\nhello")).remark(b"hello");
            assert!(remark.contains(status) && remark.contains("error"), "{remark}");
        }
        for status in ["200", "201", "299", "300", "399"] {
            let fetched = fetch(format!("HTTP/1.1 {status} x\r\n\r\nhello"));
            assert_eq!(fetched.remarks(b"hello").1, "", "{status}");
        }
    }

    #[test]
    fn says_where_the_page_was_saved() {
        for body in ["hello", "", "<title>a</title>"] {
            let lengths = [format!("Content-Length: {}\r\n", body.len()), String::new()];
            for length in lengths {
                let Fetched { ending, .. } = fetch(ok(&length, body));
                let said = format!("Wrote {} bytes to {FILE}\n", body.len());
                assert_eq!(ending.stderr.replace("\r\n", "\n"), said);
            }
        }
        let fetch = Fetch::start(&["http://{}/", "-o", "a\u{202e}b"]);
        let Fetched { ending, .. } = fetch.get(chunked("5\r\nhello\r\n0\r\n\r\n"));
        support::check_safe(&ending.stderr.replace("\r\n", "\n"), 1);
        assert!(ending.stderr.contains("5 bytes"), "{ending:?}");
    }

    #[test]
    fn says_that_a_coded_body_is_saved_as_it_came() {
        let body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00";
        for (codings, shown) in [
            ("Content-Encoding: gzip", "gzip"),
            ("Content-Encoding: gzip\r\nCONTENT-ENCODING: br", "gzip, br"),
            ("Content-Encoding: identity, gzip,\r\n\tbr", "gzip, br"),
        ] {
            let (_, remark) = fetch(ok(&format!("{codings}\r\n"), body)).remark(body);
            assert!(remark.ends_with(&format!(" {shown}")), "{remark:?}");
        }
        // A coded page that is now elsewhere is both.
        let moved = "HTTP/1.1 301 x\r\nLocation: /a\r\nContent-Encoding: gzip\r\n\r\nhello";
        assert_eq!(fetch(moved).remarks(b"hello").1.lines().count(), 2);
    }

    #[test]
    fn says_nothing_of_a_coding_where_there_is_none() {
        for codings in ["identity", "Identity", "", ",", "identity, "] {
            let fetched = fetch(ok(&format!("Content-Encoding: {codings}\r\n"), "hello"));
            assert_eq!(fetched.remarks(b"hello").1, "", "{codings:?}");
        }
        for answer in ["204 No Content\r\n", "304 x\r\n", "200 OK\r\nContent-Length: 0\r\n"] {
            let answer = format!("HTTP/1.1 {answer}Content-Encoding: gzip\r\n\r\n");
            assert_eq!(fetch(answer).remarks(b"").1, "");
        }
    }

    #[test]
    fn puts_a_blank_where_a_field_was_folded() {
        for fold in ["\r\n\t", "\n ", " \t\r\n \t ", "\r\n \r\n\t"] {
            let fields = format!("Location: http://a/{fold}b\r\nContent-Encoding:{fold}gzip\r\n");
            let fetched = fetch(format!("HTTP/1.1 301 x\r\n{fields}\r\nhello"));
            let remarks = fetched.remarks(b"hello").1;
            assert!(remarks.contains("http://a/ b"), "{remarks}");
            assert!(remarks.ends_with(" gzip"), "{remarks:?}");
            let page = b"<title>\xcd\xee\xe2\xee\xf1\xf2\xe8</title>";
            let kind = format!("Content-Type: text/html;{fold}charset={fold}windows-1251\r\n");
            let (printed, _) = fetch(ok(&kind, page)).page();
            assert!(printed.ends_with("\nНовости\n"), "{printed:?}");
        }
    }

    // The command line

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 1", "http://www.sina.com.cn/", "30", "--output", "cargo run -p http-server"]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"http://127.0.0.1/\xff"]]
    );

    /// Checks that the command line is refused before anything is done.
    #[track_caller]
    fn refused(arguments: &[&str]) -> String {
        let folder = folder();
        let message = Program::start(&mut command_in(&folder, arguments)).finish().refused();
        assert!(message.contains("error: "), "{arguments:?}: {message}");
        assert_eq!(files(&folder), Files::new(), "{arguments:?}");
        message
    }

    #[test]
    fn refuses_a_wrong_command_line() {
        let options = "--timeout 0|--timeout -1|--timeout=-1|--timeout NaN|--timeout inf|\
            --timeout 1e400|--timeout one|--timeout |--output |--follow yes|\
            127.0.0.1:2 127.0.0.1:3";
        for option in options.split('|') {
            refused(&[&["127.0.0.1:1"], &*option.split(' ').collect::<Vec<_>>()].concat());
        }
    }

    #[test]
    fn refuses_a_wrong_url() {
        let urls = "http:// http:/// http:///a http://?a http://:80/ http://[]/ http://[::1/ \
            ftp://127.0.0.1/ file:///etc/passwd ://127.0.0.1/ http://user@127.0.0.1/ \
            http://user:secret@127.0.0.1/ http://127.0.0.1/\u{7f} http://127.0.0.1/\u{1b}[2J \
            http://127.0.0.1/<a> http://127.0.0.1:0/ http://127.0.0.1:65536/ \
            http://127.0.0.1:99999999999999999999/ http://127.0.0.1:http/ http://127.0.0.1:-1/ \
            http://127.0.0.1:80:80/ http://127.0.0.1%00/ http://新浪.example/";
        let with_blanks = "|http://127.0.0.1/a b| http://127.0.0.1/|http://127.0.0.1 /|\
            http://127.0.0.1/a\tb|http://127.0.0.1/ HTTP/1.1\r\nX: y|http://127.0.0.1/\nX:y";
        for url in urls.split(' ').chain(with_blanks.split('|')) {
            refused(&[url]);
        }
    }

    #[test]
    fn refuses_a_url_that_is_nearly_right() {
        let urls = "http://[::1]8080/ http://[::1]x/ http://a[::1]/ http://127.0.0.1:+80/ \
            http://127.0.0.1/\"a\" http://127.0.0.1/{a} http://127.0.0.1/a\\b \
            http://127.0.0.1/?`a|b^`";
        for url in urls.split(' ') {
            refused(&[url]);
        }
    }

    #[test]
    fn refuses_a_scheme_that_is_not_http_also_without_slashes() {
        let urls = "http: http:/ http:/127.0.0.1/ http:127.0.0.1 HTTP:/127.0.0.1/ http:80 https: \
            https:/127.0.0.1/ https:443 file:/etc/passwd mailto:/a mailto:a@127.0.0.1 data:, \
            urn:isbn:0 javascript:alert(1) localhost:http/ 127.0.0.1://127.0.0.1/ \
            view-source:http://127.0.0.1/";
        for url in urls.split(' ') {
            refused(&[url]);
        }
    }

    #[test]
    fn takes_a_name_with_a_port_for_no_scheme() {
        let (listener, address) = support::listener();
        let port = address.rsplit(':').next().unwrap();
        for url in [format!("localhost:{port}/x"), format!("localhost:{port}?x:y")] {
            let fetch = Fetch::run(command(&[&url]), folder(), &listener);
            assert!(fetch.request.contains(&format!("\r\nHost: localhost:{port}\r\n")));
            fetch.get(ok("", "hello")).success();
        }
    }

    #[test]
    fn refuses_what_is_not_an_ipv6_address_in_brackets() {
        let urls = "http://[www.example.com]/ http://[1.2.3.4]/ http://[]/ http://[:]/ \
            http://[1::2::3]/ http://[::1/ http://[12345::]/ http://[v1.a]/ [localhost]:80 \
            http://[[::1]]/ http://::1/ ::1 fe80::1 http://127.0.0.1]/";
        for url in urls.split(' ') {
            refused(&[url]);
        }
    }

    #[test]
    fn refuses_a_zone_in_a_url() {
        for url in ["http://[::1%1]/", "http://[::1%251]/", "http://[fe80::1%25eth0]:8000/"] {
            refused(&[url]);
        }
    }

    #[test]
    fn says_what_to_do_about_a_url_that_it_refuses() {
        for (url, part) in [
            ("https://www.sina.com.cn/", "TLS"),
            ("HTTPS://www.sina.com.cn/", "TLS"),
            ("ftp://127.0.0.1/", "ftp:// is not http://"),
            ("http://127.0.0.1:0/", "a port is 1 to 65535"),
            ("127.0.0.1:99999", "a port is 1 to 65535"),
            ("http://me@127.0.0.1/", "user"),
            ("http://é@127.0.0.1/", "user"),
            ("http://u%41@127.0.0.1/", "user"),
            ("http://", "the host is missing"),
            ("http:///a", "the host is missing"),
            ("http:/127.0.0.1/", "both slashes"),
            ("https:/127.0.0.1/", "TLS"),
            ("mailto:/a", "mailto: is not http://"),
            ("localhost:http/", "nor a host with its port"),
            ("http://127%2e0.0.1/", "without %XX"),
            ("http://[::1%25lo]/", "zone"),
            ("http://[1.2.3.4]/", "not an IPv6 address"),
            ("http://::1/", "in brackets"),
            ("fe80::1%25lo", "in brackets"),
            ("http://[::1]8000/", "a colon is missing"),
            ("http://127.0.0.1 /", "a host can't have ' '"),
            ("http://127.0.0.1/a b", "%20"),
            ("http://127.0.0.1/\r\nA: b", "%0D"),
            ("http://新浪.example/", "Punycode"),
        ] {
            let message = refused(&[url]);
            assert!(message.contains(part), "{url}: {message}");
        }
    }
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("http-fetch"));
    }
}
