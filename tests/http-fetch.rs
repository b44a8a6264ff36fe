//! Lesson 1, `http-fetch`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use support::{Ending, Program, accept, expect_end, full_device, reset, rules};
use tempfile::TempDir;

/// The default file of a page on 127.0.0.1.
const FILE: &str = "127.html";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_http-fetch"), arguments)
}

fn folder() -> TempDir {
    TempDir::new().expect("there is a place for temporary files")
}

/// The files in a folder, and what is in them.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// A row of a table: a test that fails at it tells its name.
struct Row<D: Display>(D);

impl<D: Display> Drop for Row<D> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("it is the row {:?} that fails", self.0.to_string());
        }
    }
}

/// A run of the program in a folder of its own, and its connection to the test's server.
struct Fetch {
    program: Program,
    folder: TempDir,
    address: String,
    /// The request, up to and with the blank line.
    request: String,
    stream: TcpStream,
}

/// What the server does after its answer.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// It closes the connection.
    Close,
    /// It says nothing more, and keeps the connection open until the program has ended.
    Hold,
}

/// A run that has ended.
struct Fetched {
    ending: Ending,
    folder: TempDir,
    address: String,
}

impl Fetch {
    /// Starts the program in an empty folder; `{}` in an argument is the server's address.
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(folder(), arguments)
    }

    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let (listener, address) = support::listener();
        let arguments: Vec<_> = arguments.iter().map(|text| text.replace("{}", &address)).collect();
        let command = support::command(env!("CARGO_BIN_EXE_http-fetch"), arguments);
        Self::run(command, folder, &listener)
    }

    /// Runs `command`, which connects to `listener`, and takes its request.
    fn run(mut command: Command, folder: TempDir, listener: &TcpListener) -> Self {
        let program = Program::start(command.current_dir(folder.path()));
        let mut stream = accept(listener);
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(support::patience())).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the request ends with a blank line");
            request.push(byte[0]);
        }
        let request = String::from_utf8(request).expect("a request is ASCII");
        let address = listener.local_addr().unwrap().to_string();
        Self { program, folder, address, request, stream }
    }

    /// Sends in one write; whether a program that has given up still takes it does not matter.
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends each byte in a write of its own.
    fn send_byte_by_byte(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
            thread::yield_now();
        }
    }

    /// Waits until the program ends.
    fn then(self, then: Then) -> Fetched {
        let Self { program, folder, address, stream, .. } = self;
        let held = match then {
            Then::Close => {
                drop(stream);
                None
            }
            Then::Hold => Some(stream),
        };
        let ending = program.finish();
        drop(held);
        Fetched { ending, folder, address }
    }
}

impl Fetched {
    /// Checks that all went well and one file is there, and gives what was printed and saved.
    #[track_caller]
    fn page(self) -> (String, Vec<u8>) {
        let mut files = files(self.folder.path());
        let printed = self.ending.success();
        let page = files.remove(FILE).expect("the page is saved");
        assert!(files.is_empty(), "{files:?}");
        (printed, page)
    }

    /// Checks that the program reports that it got no page, and that it left `before` as it was.
    #[track_caller]
    fn no_page(self, before: &BTreeMap<String, Vec<u8>>) -> String {
        let Self { ending, folder, address } = self;
        let error = ending.error();
        assert!(error.starts_with(&format!("Error: no page from {address}: ")), "{error}");
        support::check_safe(&error, 0);
        assert_eq!(&files(folder.path()), before, "{error}");
        error
    }
}

/// Fetches `http://…/` from a server that gives this answer in one write and closes.
fn fetch(answer: impl AsRef<[u8]>) -> Fetched {
    let mut fetch = Fetch::start(&["http://{}/"]);
    fetch.send(answer);
    fetch.then(Then::Close)
}

/// Checks that `answer` is an error and not a page: no file appears beside the one that was there
/// before, and that stays as it was. Gives the error.
#[track_caller]
fn fails(answer: impl AsRef<[u8]>, then: Then) -> String {
    let folder = folder();
    fs::write(folder.path().join(FILE), "old").unwrap();
    let before = files(folder.path());
    let mut fetch = Fetch::start_in(folder, &["http://{}/"]);
    fetch.send(answer);
    let error = fetch.then(then).no_page(&before);
    // It is found in the answer, and not by waiting for more.
    assert!(!error.contains("timed out"), "{error}");
    error
}

/// An answer with these fields, each with its line end, and this body.
fn ok(fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), b"\r\n", body.as_ref()].concat()
}

// The request

/// The target is path and query without the `#` part, `/` if empty, other than ASCII as %XX of its
/// UTF-8 (RFC 9112 §3.2.1); `Host` has the port unless it is 80. Close at the answer's end.
#[test]
fn sends_the_tutorials_request_and_no_more() {
    for (url, resource) in [
        ("http://{}/", "/"),
        ("http://{}", "/"),
        ("{}", "/"),
        ("{}/a/b.html?x=1&y=2", "/a/b.html?x=1&y=2"),
        ("HTTP://{}/Page", "/Page"),
        ("http://{}?q=1", "/?q=1"),
        ("http://{}//a//b", "//a//b"),
        ("http://{}/新浪?页=首", "/%E6%96%B0%E6%B5%AA?%E9%A1%B5=%E9%A6%96"),
        ("http://{}/a%20b%E9", "/a%20b%E9"),
        ("http://{}/é\u{85}", "/%C3%A9%C2%85"),
        ("http://{}/a#part", "/a"),
        ("http://{}/a?b#part?c", "/a?b"),
        ("http://{}#part", "/"),
        ("http://{}/?u=http://a.example/", "/?u=http://a.example/"),
    ] {
        let _row = Row(url);
        let mut fetch = Fetch::start(&[url]);
        let address = &fetch.address;
        let request =
            format!("GET {resource} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        assert_eq!(fetch.request, request);
        fetch.send("HTTP/1.1 204 No Content\r\n\r\n");
        expect_end(&mut fetch.stream);
        fetch.then(Then::Hold).page();
    }
}

/// Only what stands before the first `/`, `?` or `#` can be a scheme (RFC 3986 §3): look for `://`
/// in that part alone, not in the whole argument.
#[test]
fn takes_a_url_in_the_query_of_one_without_its_http() {
    for (url, resource) in [
        ("{}/?u=http://a.example/", "/?u=http://a.example/"),
        ("{}?u=ftp://a.example/", "/?u=ftp://a.example/"),
        ("{}/http://a.example/", "/http://a.example/"),
    ] {
        let _row = Row(url);
        let mut fetch = Fetch::start(&[url]);
        assert!(fetch.request.starts_with(&format!("GET {resource} HTTP/1.1\r\n")), "{url}");
        fetch.send(ok("", "hello"));
        fetch.then(Then::Close).page();
    }
}

/// The default is `http://www.sina.com.cn/`: port 80, which `Host` then leaves out (RFC 9110 §7.2),
/// and the file sina.html.
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
    let mut fetch = Fetch::run(command, folder(), &listener);
    let request = "GET / HTTP/1.1\r\nHost: www.sina.com.cn\r\nConnection: close\r\n\r\n";
    assert_eq!(fetch.request, request);
    let body = "<title>新浪首页</title>";
    fetch.send(ok("Content-Type: text/html\r\n", body));
    let Fetched { ending, folder, .. } = fetch.then(Then::Close);
    assert_eq!(ending.success(), "HTTP/1.1 200 OK\nContent-Type: text/html\n新浪首页\n");
    assert_eq!(files(folder.path()), BTreeMap::from([("sina.html".into(), body.into())]));
}

// The file

/// Take the host without `www.`, up to its first dot, of that only letters, digits and `-`, and add
/// `.html`. Content-Disposition, Content-Location and the path have no say in it.
#[test]
fn names_the_file_after_the_host() {
    for (host, file) in [
        ("127.0.0.1", "127.html"),
        ("localhost", "localhost.html"),
        ("www.sina.com.cn", "sina.html"),
        ("www.baidu.com", "baidu.html"),
        ("news.example", "news.html"),
        ("www.www.example", "www.html"),
        ("a-b_c.example", "a-bc.html"),
    ] {
        let _row = Row(host);
        let (listener, address) = support::listener();
        let port = address.rsplit(':').next().unwrap();
        // Nothing else of the URL, nor what the server says, has a say in it.
        let mut command = command(&[&format!("http://{host}:{port}/../b.html?c.html")]);
        if !matches!(host, "127.0.0.1" | "localhost") {
            let hosts = format!("127.0.0.1 {host}\n");
            let Some(with_hosts) = support::with_hosts(&command, &hosts) else { return };
            command = with_hosts;
        }
        let mut fetch = Fetch::run(command, folder(), &listener);
        assert!(fetch.request.contains(&format!("\r\nHost: {host}:{port}\r\n")));
        let named = "Content-Disposition: attachment; filename=\"../evil.html\"\r\n\
            Content-Location: /evil.html\r\n";
        fetch.send(ok(named, "hello"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        ending.success();
        assert_eq!(files(folder.path()), BTreeMap::from([(file.into(), b"hello".into())]));
    }
}

/// Open what `-o` or `--output` names, as it is, in the current folder, and not also the default
/// file.
#[test]
fn saves_where_it_is_told() {
    for [option, value] in [["-o", "a.bin"], ["--output", "新浪 首页"], ["-o", "sub/a.html"]] {
        let _row = Row(value);
        let folder = folder();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let mut fetch = Fetch::start_in(folder, &[option, value, "http://{}/"]);
        fetch.send(ok("", "hello"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        ending.success();
        assert_eq!(fs::read(folder.path().join(value)).unwrap(), b"hello");
        assert!(!folder.path().join(FILE).exists());
    }
}

/// Write bytes: open the file in binary mode ("wb" in Python), do not decode the body, and split
/// the header off at the first blank line only.
#[test]
fn saves_the_body_unchanged() {
    let every_byte: Vec<u8> = (0..=255).collect();
    for (name, body) in [
        ("every byte", every_byte.as_slice()),
        ("line ends", b"a\nb\r\nc\rd\r\n\r\n"),
        ("NUL", b"\0\0"),
        ("a second header", b"HTTP/1.1 200 OK\r\n\r\nhello"),
        ("no byte", b""),
        ("a mark and no text", b"\xef\xbb\xbf\xff\x1a"),
    ] {
        let _row = Row(name);
        let (printed, page) = fetch(ok("Content-Type: text/plain\r\n", body)).page();
        assert_eq!(page, body);
        assert_eq!(printed, "HTTP/1.1 200 OK\nContent-Type: text/plain\n");
    }
}

/// Rename the new file over the old one (`os.replace`, `std::fs::rename`), or truncate it
/// (O_TRUNC): else the end of a longer old page remains.
#[test]
fn replaces_a_file_that_was_there() {
    let folder = folder();
    fs::write(folder.path().join(FILE), "an older and longer page").unwrap();
    let mut fetch = Fetch::start_in(folder, &["http://{}/"]);
    fetch.send(ok("", "new"));
    assert_eq!(fetch.then(Then::Close).page().1, b"new");
}

// What it prints

/// Print each line as it came, without its CR LF or LF and with U+FFFD for what is no UTF-8;
/// neither 1xx answers (RFC 9110 §15.2) nor trailers (RFC 9112 §7.1.2) are printed.
#[test]
fn prints_the_header_line_by_line() {
    for (name, answer, printed) in [
        ("one line", "HTTP/1.1 404 Not Found\r\n\r\nbody", "HTTP/1.1 404 Not Found\n"),
        (
            "fields as they came",
            "HTTP/1.1 200 OK\r\nSERVER:x \r\nx-Two:  2\r\nX-Two: 3\r\nLast:\r\n\r\nbody",
            "HTTP/1.1 200 OK\nSERVER:x \nx-Two:  2\nX-Two: 3\nLast:\n",
        ),
        ("LF alone", "HTTP/1.1 200 OK\nServer: x\n\nbody\r\n\r\n", "HTTP/1.1 200 OK\nServer: x\n"),
        (
            "a folded line",
            "HTTP/1.1 200 OK\r\nServer: x\r\n  y\r\n\r\nbody",
            "HTTP/1.1 200 OK\nServer: x\n  y\n",
        ),
        (
            "neither interim answers nor trailers",
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\
             HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n",
        ),
        ("Chinese", "HTTP/1.1 200 好\r\nX: 新浪\r\n\r\n", "HTTP/1.1 200 好\nX: 新浪\n"),
    ] {
        let _row = Row(name);
        assert_eq!(fetch(answer).page().0, printed);
    }
    let _row = Row("no text");
    let (printed, _) = fetch(b"HTTP/1.1 200 OK\r\nX: \xd0\xc2 \xe5\xbc!\r\n\r\n").page();
    assert_eq!(printed, "HTTP/1.1 200 OK\nX: \u{fffd}\u{fffd} \u{fffd}!\n");
}

/// Flush stdout before you wait for the body: in a pipe it is buffered by blocks. Print the header
/// as soon as its blank line is there.
#[test]
fn prints_the_header_while_the_body_is_still_to_come() {
    let mut fetch = Fetch::start(&["http://{}/"]);
    fetch.send(ok("Content-Length: 5\r\n", ""));
    assert_eq!(fetch.program.stdout.line(), "HTTP/1.1 200 OK");
    assert_eq!(fetch.program.stdout.line(), "Content-Length: 5");
    fetch.send("hello");
    assert_eq!(fetch.then(Then::Hold).page(), (String::new(), b"hello".into()));
}

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

/// Python's stdout has the terminal's encoding (on Windows often GBK), and `print` raises an error
/// for what that lacks: `sys.stdout.reconfigure(encoding="utf-8")`.
#[test]
fn prints_utf_8_whatever_the_terminal_has() {
    let (listener, address) = support::listener();
    let mut command = command(&[&address]);
    command.env("PYTHONIOENCODING", "ascii");
    let mut fetch = Fetch::run(command, folder(), &listener);
    fetch.send(ok("", "<title>新浪首页</title>"));
    assert_eq!(fetch.then(Then::Close).page().0, "HTTP/1.1 200 OK\n新浪首页\n");
}

/// In this order: byte order mark, Content-Type, a meta within 1,024 bytes (WHATWG HTML §13.2.3.2),
/// valid UTF-8, else GB18030. `gb2312` means GB18030, `iso-8859-1` windows-1252.
#[test]
fn decodes_the_title_by_the_pages_own_charset() {
    type Title<'a> = (&'a [u8], &'a str);
    // None of the first three is valid UTF-8, and none is the same text by the charset of another.
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
    let past = format!("<!--{}--><meta charset=big5>", " ".repeat(1024));
    let cut = format!("<!--{}--><meta charset=big5>", " ".repeat(1024 - 20));
    // Of a page without a charset, what is kept of it for its title may end amid a character.
    let long = format!("<title>新浪首页</title>{}", "新".repeat(30_000));
    let header = "text/html; charset=";
    let cyrillic_header = &*format!("{header}windows-1251");
    for (name, content_type, start, (page, expected)) in [
        ("UTF-8 mark over header", &*format!("{header}gbk"), "\u{feff}", utf_8),
        ("UTF-16LE mark over header", &format!("{header}gbk"), "", little),
        ("UTF-16BE mark over header", &format!("{header}gbk"), "", big),
        ("mark over meta", "", "\u{feff}<meta charset=gbk>", utf_8),
        ("header over meta", cyrillic_header, "<meta charset=big5>", cyrillic),
        ("header over valid UTF-8", cyrillic_header, "", valid),
        ("header in quotes and capitals", "TEXT/HTML; Charset=\"Windows-1251\"", "", cyrillic),
        ("header with more", "text/html; a=b;charset=windows-1251 ; c=d", "", cyrillic),
        ("header that names none", &format!("{header}x-none"), "<meta charset=big5>", big5),
        ("meta", "text/html", "<meta charset=windows-1251>", cyrillic),
        ("meta, quoted", "", "<meta charset=\"big5\">", big5),
        ("meta, quoted once, XHTML", "", "<meta charset='big5' />", big5),
        ("meta in capitals", "", "<META CHARSET = BIG5>", big5),
        ("meta after others", "", "<meta name=a content=b><meta lang=zh charset=big5>", big5),
        (
            "meta http-equiv",
            "",
            "<meta http-equiv=\"Content-type\" content=\"text/html; charset=big5\" />",
            big5,
        ),
        (
            "meta http-equiv, turned round",
            "",
            "<meta content='text/html;charset=Big5' http-equiv=content-type>",
            big5,
        ),
        ("meta without http-equiv", "", "<meta name=charset content='a; charset=big5'>", gbk),
        (
            "meta with another http-equiv",
            "",
            "<meta http-equiv=refresh content='0; charset=big5'>",
            gbk,
        ),
        ("meta that names none", "", "<meta charset=x-none><meta charset=big5>", big5),
        ("the first of two", "", "<meta charset=big5><meta charset=windows-1251>", big5),
        ("meta in a comment", "", "<!-- <meta charset=big5> -->", gbk),
        ("meta in a script", "", "<script>'<meta charset=big5>'</script>", gbk),
        ("meta past 1,024 bytes", "", &past, gbk),
        ("meta cut at 1,024 bytes", "", &cut, gbk),
        ("meta that names UTF-16 in vain", "", "<meta charset=utf-16>", utf_8),
        ("none, UTF-8", "text/html", "", utf_8),
        ("none, long UTF-8", "text/html", "", (long.as_bytes(), "新浪首页")),
        ("none, GBK", "text/html", "", gbk),
        ("none, and no header, GBK", "", "", gbk),
        ("none, and no UTF-8 after the title", "", "", late),
        ("gb2312 means all of gb18030", &format!("{header}gb2312"), "", all_of_gb18030),
        ("iso-8859-1 means windows-1252", &format!("{header}iso-8859-1"), "", quotes),
        ("what is no text", &format!("{header}utf-8"), "", no_text),
        (
            "a page of the time",
            "text/html",
            "<!DOCTYPE html>\n<!-- [ published at 2017-12-22 ] -->\n<html>\n<head>\n\
             <meta http-equiv=\"Content-type\" content=\"text/html; charset=gb2312\" />\n",
            gbk,
        ),
    ] {
        let _row = Row(name);
        let page = [start.as_bytes(), page].concat();
        assert_eq!(title(content_type, &page).as_deref(), Some(expected));
    }
}

/// Pass over comments, script, style, textarea and quoted attributes; decode entities once
/// (`html.unescape`); join only ASCII blanks, while `split()` takes U+3000 and U+00A0 too.
#[test]
fn finds_the_title_as_a_browser_does() {
    for (page, expected) in [
        ("<title>a</title>", Some("a")),
        ("<html><head><TITLE lang='zh'>a</TITLE ></head>", Some("a")),
        ("<title>first</title><title>second</title>", Some("first")),
        ("<title>a &amp; b &lt;i&gt; &#26032;&#x6D6A; &copy;</title>", Some("a & b <i> 新浪 ©")),
        ("<title>&amp;lt;</title>", Some("&lt;")),
        ("<title>a <b>b</b> <!-- c --></title>", Some("a <b>b</b> <!-- c -->")),
        ("<title>\r\n  two\n\tlines  \r\n</title>", Some("two lines")),
        ("<!-- <title>no</title> --><title>yes</title>", Some("yes")),
        ("<script>x = '<title>no</title>'</script><title>yes</title>", Some("yes")),
        ("<style>/* <title>no</title> */</style><title>yes</title>", Some("yes")),
        ("<textarea><title>no</title></textarea><title>yes</title>", Some("yes")),
        ("<meta content='<title>no</title>'><title>yes</title>", Some("yes")),
        ("<titles>no</titles><title>yes</title>", Some("yes")),
        ("</title><title>yes</title>", Some("yes")),
        ("<p title=it's><title>yes</title>", Some("yes")),
        ("<title>\u{3000}新浪\u{a0}首页 </title>", Some("\u{3000}新浪\u{a0}首页")),
        ("<title>never closed", Some("never closed")),
        ("<title", None),
        ("<p>no title</p>", None),
        ("<!-- <title>never closed</title>", None),
        ("", None),
    ] {
        let _row = Row(page);
        assert_eq!(title("text/html", page.as_bytes()).as_deref(), expected);
    }
}

/// Look for a title if Content-Type is text/html or application/xhtml+xml, in any case and with
/// parameters (RFC 9110 §8.3.1), or if it is missing; else print none.
#[test]
fn only_html_has_a_title() {
    for (content_type, expected) in [
        ("text/html", Some("a")),
        ("Text/HTML;charset=utf-8", Some("a")),
        ("application/xhtml+xml", Some("a")),
        ("", Some("a")),
        ("text/plain", None),
        ("image/svg+xml", None),
        ("application/octet-stream", None),
    ] {
        let _row = Row(content_type);
        assert_eq!(title(content_type, b"<title>a</title>").as_deref(), expected);
    }
}

/// Escape C0, DEL, C1, U+2028, U+2029 and the bidirectional marks in the title, after its entities
/// are decoded, and in each line of the header.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    for (name, page) in [
        ("C0", "<title>\x1b]0;title\x07\x1b[2Jharmless</title>"),
        ("entities", "<title>&#27;[2J&#x202e;&#155;harmless</title>"),
        ("C1, DEL", "<title>\u{9b}2J\u{7f}\u{85}harmless</title>"),
        ("bidi, separators", "<title>\u{202e}gnp\u{2066}\u{2028}Error: harmless\u{61c}</title>"),
    ] {
        let _row = Row(name);
        let (printed, _) = fetch(ok("", page)).page();
        support::check_safe(&printed, 2);
        assert!(printed.contains("harmless"), "{printed}");
    }
    let _row = Row("fields and reason");
    let text = "\u{9b}2J\u{202e}harmless\u{2028}\ta\u{85}";
    let answer = format!("HTTP/1.1 200 {text}\r\nX: {text}\r\nContent-Length: 0\r\n\r\n");
    let (printed, _) = fetch(answer).page();
    support::check_safe(&printed, 3);
    assert_eq!(printed.matches("harmless").count(), 2, "{printed}");
}

// Where the body ends

/// Checks that `answer` arrives as this body, in one write and byte by byte. A server that holds
/// the connection afterwards shows that the end is known without its close.
#[track_caller]
fn arrives(answer: impl AsRef<[u8]>, then: Then, body: &str) {
    let escaped = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let mut whole = Fetch::start(&["http://{}/"]);
    whole.send(&answer);
    assert_eq!(escaped(&whole.then(then).page().1), escaped(body.as_bytes()));
    let mut split = Fetch::start(&["http://{}/"]);
    split.send_byte_by_byte(&answer);
    assert_eq!(escaped(&split.then(then).page().1), escaped(body.as_bytes()), "byte by byte");
}

/// A chunked answer.
fn chunked(body: &str) -> Vec<u8> {
    ok("Transfer-Encoding: chunked\r\n", body)
}

/// Read Content-Length bytes and stop, as the server keeps the connection open. Join folded lines
/// first (RFC 9112 §5.2); equal values in a list are one (RFC 9110 §8.6).
#[test]
fn ends_a_body_at_its_length() {
    for (name, fields, body) in [
        ("as usual", "Content-Length: 5\r\n", "hello"),
        ("bytes after it", "Content-Length: 5\r\n", "hello, world"),
        ("another answer after it", "Content-Length: 5\r\n", "helloHTTP/1.1 200 OK\r\n\r\n"),
        ("blanks around it", "content-length:\t 5 \t\r\n", "hello"),
        ("zeros before it", "Content-Length: 0005\r\n", "hello"),
        ("a list", "Content-Length: 5, 5\r\n", "hello"),
        ("a list without blanks", "Content-Length: 5,5,5\r\n", "hello"),
        ("two fields", "Content-Length: 5\r\nCONTENT-LENGTH: 5\r\n", "hello"),
        ("folded", "Content-Length:\r\n 5\r\n", "hello"),
        ("folded after it", "Content-Length: 5\r\n \r\n", "hello"),
        ("folded twice", "Content-Length:\r\n\t\r\n 5\r\n", "hello"),
        ("a folded list", "Content-Length: 5,\r\n\t5\r\n", "hello"),
        ("folded with LF alone", "Content-Length:\n 5\n", "hello"),
        ("after a folded field", "X: a\r\n b\r\n\t\r\nContent-Length: 5\r\n", "hello"),
    ] {
        let _row = Row(name);
        arrives(ok(fields, body), Then::Hold, "hello");
    }
    arrives(ok("Content-Length: 0\r\n", ""), Then::Hold, "");
}

/// A size is hexadecimal, what follows `;` is passed over, and a chunk of size 0, trailers and a
/// blank line end the body (RFC 9112 §7.1), not the close. One `recv` may give any part of it.
#[test]
fn puts_chunks_together() {
    for (name, body, expected) in [
        ("one", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("several", "1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n", "hello"),
        ("none", "0\r\n\r\n", ""),
        ("bytes after them", "5\r\nhello\r\n0\r\n\r\n5\r\nhello\r\n", "hello"),
        ("line ends in them", "6\r\n\r\n0\r\n\r\r\n0\r\n\r\n", "\r\n0\r\n\r"),
        ("extensions", "2;a\r\nhe\r\n3 ; b=\"c;d\"\r\nllo\r\n0;e=f\r\n\r\n", "hello"),
        ("capitals", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("small letters", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("zeros before a size", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
        ("trailers", "5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n", "hello"),
        ("a folded trailer", "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n", "hello"),
    ] {
        let _row = Row(name);
        arrives(chunked(body), Then::Hold, expected);
    }
    for field in [
        "TRANSFER-ENCODING:Chunked \r\n",
        "Transfer-Encoding:\r\n chunked\r\n \r\n",
        "Transfer-Encoding: , chunked,\r\n",
    ] {
        let _row = Row(field);
        arrives(ok(field, "5\r\nhello\r\n0\r\n\r\n"), Then::Hold, "hello");
    }
}

/// Without Content-Length and Transfer-Encoding, read until `recv` gives nothing (RFC 9112 §6.3,
/// rule 8): there the close is no error.
#[test]
fn ends_a_body_at_the_close_when_nothing_else_says_where() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\n\r\n", ""),
        ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"),
    ] {
        let _row = Row(answer);
        arrives(answer, Then::Close, body);
    }
}

/// 204 and 304 end at the blank line, whatever Content-Length or Transfer-Encoding says (RFC 9112
/// §6.3, rule 1): look at the status before these fields.
#[test]
fn an_answer_that_can_have_no_body_has_none() {
    for answer in [
        "HTTP/1.1 204 No Content\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let _row = Row(answer);
        arrives(answer, Then::Hold, "");
    }
}

/// The reason may be empty or missing, a line may end with LF alone (RFC 9112 §2.2, §4), and 1xx
/// answers come before the real one (RFC 9110 §15.2): read past them.
#[test]
fn takes_every_form_of_a_header() {
    for start in [
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 200 \r\n",
        "HTTP/1.1 200\r\n",
        "HTTP/1.1 999 新浪\t\r\n",
        "HTTP/1.1 200 OK\n",
        "HTTP/1.1 200 OK\n!#$%&'*+-.^_`|~09: a\n",
        "HTTP/1.1 200 OK\r\nA:\r\nB: \r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 103 Early\r\nContent-Length: 3\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n",
    ] {
        let _row = Row(start);
        arrives(format!("{start}Content-Length: 5\r\n\r\nhello"), Then::Hold, "hello");
        arrives(format!("{start}Content-Length: 5\n\nhello"), Then::Hold, "hello");
    }
}

/// A limit on the header must leave room for 10 KiB. Take 20,000 chunks in a loop, without a
/// recursion and without copying all that came before.
#[test]
fn takes_a_long_header_and_many_small_chunks() {
    let fields = "X: 0123456789012345678901234567890123456789\r\n".repeat(1000);
    let fields = format!("{fields}Transfer-Encoding: chunked\r\n");
    let chunks = "1\r\nx\r\n".repeat(20_000);
    let (_, page) = fetch(ok(&fields, format!("{chunks}0\r\n\r\n"))).page();
    assert!(page == b"x".repeat(20_000), "{} bytes", page.len());
}

/// If `recv` gives nothing before the blank line, before Content-Length bytes or before the end of
/// the last chunk and its trailers, the answer is incomplete (RFC 9112 §8).
#[test]
fn an_answer_that_is_cut_anywhere_is_an_error() {
    for answer in [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3;a\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n",
    ] {
        for length in 0..answer.len() {
            let _row = Row(answer[..length].escape_debug());
            let mut fetch = Fetch::start(&["http://{}/"]);
            fetch.send(&answer[..length]);
            let error = fetch.then(Then::Close).no_page(&BTreeMap::new());
            assert!(!error.contains("timed out"), "{error}");
        }
        assert_eq!(fetch(answer).page().1, b"hello");
    }
}

/// Write into a temporary file beside it and rename that only when the body is whole (`os.replace`,
/// `std::fs::rename`); after an error, delete it.
#[test]
fn a_cut_answer_leaves_the_file_that_was_there() {
    for answer in [ok("Content-Length: 6\r\n", "hello"), chunked("5\r\nhello\r\n")] {
        let _row = Row(answer.escape_ascii());
        fails(&answer, Then::Close);
    }
}

/// Content-Length is ASCII digits, or a list of the same number (RFC 9110 §8.6): check it by
/// `[0-9]+`, for Python's `int()` takes `+5`, `5_0` and `５`, Rust's `parse` takes `+5`.
#[test]
fn a_wrong_length_is_an_error() {
    for length in "|+5|-1|-0|5 5|5;|5;5|0x5|5.0|5e0|5_0|five|5, 6|5,|,5|5, +5|5\t5|５|²".split('|')
    {
        let _row = Row(length);
        fails(ok(&format!("Content-Length: {length}\r\n"), "hello"), Then::Hold);
    }
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length:\r\n",
        "Content-Length: 5\r\n 5\r\n",
    ] {
        let _row = Row(fields);
        fails(ok(fields, "hello"), Then::Hold);
    }
}

/// Compare a length or chunk size with the limit, 2147483648, before you read, and name the limit
/// in the error. A number of many digits must neither overflow nor end the program.
#[test]
fn a_length_over_2_gib_is_an_error() {
    for (name, answer) in [
        ("2 GiB and 1", ok("Content-Length: 2147483649\r\n", "hello")),
        ("64 bits", ok("Content-Length: 18446744073709551615\r\n", "hello")),
        ("65 bits", ok("Content-Length: 18446744073709551621\r\n", "hello")),
        ("5,000 digits", ok(&format!("Content-Length: {}\r\n", "9".repeat(5000)), "hello")),
        ("a chunk of 2 GiB and 1", chunked("80000001\r\nhello")),
        ("a chunk of 64 bits", chunked("FFFFFFFFFFFFFFFF\r\nhello")),
    ] {
        let _row = Row(name);
        let error = fails(answer, Then::Hold);
        assert!(error.contains("2147483648"), "{error}");
    }
    // Up to the limit it is not the length that is wrong.
    for answer in [ok("Content-Length: 2147483648\r\n", "hello"), chunked("80000000\r\nhello")] {
        let error = fails(answer, Then::Close);
        assert!(!error.contains("2147483648"), "{error}");
    }
}

/// All fields of that name are one list (RFC 9110 §5.3), which must be `chunked` alone; HTTP/1.0,
/// or a Content-Length beside it, is an error (RFC 9112 §6.1, §6.3).
#[test]
fn a_wrong_transfer_encoding_is_an_error() {
    let chunk = "5\r\nhello\r\n0\r\n\r\n";
    for codings in "|gzip|gzip, chunked|chunked, gzip|chunked, chunked|identity|x-chunked|\
        chunked;a=b|\"chunked\"|chun\r\n ked|chunked\r\nTransfer-Encoding: chunked|\
        chunked\r\nTransfer-Encoding: gzip|chunked\r\nContent-Length: 5"
        .split('|')
    {
        let _row = Row(codings.escape_debug());
        fails(ok(&format!("Transfer-Encoding: {codings}\r\n"), chunk), Then::Hold);
    }
    let _row = Row("a length before it");
    fails(ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunk), Then::Hold);
    let _row = Row("in HTTP/1.0");
    let answer = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    fails(format!("{answer}{chunk}"), Then::Hold);
}

/// A size is 1 to 16 hexadecimal digits, then `;` or CR LF; the data ends with CR LF, trailers are
/// fields (RFC 9112 §7.1). Check the digits: `int(text, 16)` takes `+5`, `0x5` and `5_0`.
#[test]
fn a_wrong_chunk_is_an_error() {
    for body in [
        "\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "-5\r\nhello\r\n",
        "0x5\r\nhello\r\n",
        "5g\r\nhello\r\n",
        "g\r\nhello\r\n",
        "5_0\r\nhello\r\n",
        "5 5\r\nhello\r\n",
        " 5\r\nhello\r\n",
        ";a\r\nhello\r\n",
        "５\r\nhello\r\n",
        "00000000000000005\r\nhello\r\n",
        "11111111111111111\r\nhello\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5;a\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "3\r\nhello\r\n0\r\n\r\n",
        "7\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n\r\n",
        "5\r\nhello\r\n-0\r\n\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
        "5\r\nhello\r\n0\r\n: no name\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded: at once\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: NUL\0\r\n\r\n",
    ] {
        let _row = Row(body);
        fails(chunked(body), Then::Hold);
    }
}

/// HTTP/1.0 or 1.1, one space, three digits (RFC 9112 §4); a field is a token, `:` right behind it
/// (§5.1), and a value without NUL, CR or other controls (RFC 9110 §5.5).
#[test]
fn a_malformed_header_is_an_error() {
    for header in [
        "HTTP/1.1\r\n",
        "HTTP/1.1 \r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 -20 OK\r\n",
        "HTTP/1.1 000 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1\t200 OK\r\n",
        "HTTP/1 200 OK\r\n",
        "HTTP/11 200 OK\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/0.9 200 OK\r\n",
        "HTTP/1.1 200 a\x1b[2J\r\n",
        "HTTP/1.1 200 a\0\r\n",
        "HTTP/1.1 200 a\rb\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n",
        "HTTP/1.1 200 OK\r\nA b: two words\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n",
        "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\n新: no token\r\n",
        "HTTP/1.1 200 OK\r\nA\0: NUL\r\n",
        "HTTP/1.1 200 OK\r\nA: NUL\0\r\n",
        "HTTP/1.1 200 OK\r\nA: \x1b[2J\r\n",
        "HTTP/1.1 200 OK\r\nA: a\rContent-Length: 5\r\n",
        "HTTP/1.1 100 Continue\r\nno colon\r\n\r\nHTTP/1.1 200 OK\r\n",
    ] {
        let _row = Row(header);
        fails(format!("{header}\r\nhello"), Then::Hold);
    }
}

/// Compare the first bytes with `HTTP/` at once, before there is a whole line, and show them,
/// escaped: `it does not speak HTTP`. Look again after a 1xx answer.
#[test]
fn another_protocol_is_an_error_that_shows_its_start() {
    for (name, answer, shown) in [
        ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n".as_slice(), "SSH-2.0-OpenSSH_9.2p1"),
        ("SMTP", b"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"),
        ("in small letters", b"http/1.1 200 OK\r\n\r\n", "http/1.1 200 OK"),
        ("no header", b"<title>a</title>", "<title>a</title>"),
        ("a blank line first", b"\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK"),
        ("a TLS alert", b"\x15\x03\x01\x00\x02\x02F", "F"),
        ("an escape sequence", b"\x1b[2J\x1b]0;a\x07\xe2\x80\xaegnp", "gnp"),
        ("after an interim answer", b"HTTP/1.1 100 Continue\r\n\r\nhello", "hello"),
    ] {
        let _row = Row(name);
        let error = fails(answer, Then::Hold);
        assert!(error.contains("it does not speak HTTP"), "{error}");
        assert!(error.contains(shown), "{error}");
    }
}

/// 101 is no interim answer to wait behind (RFC 9110 §15.2.2): what follows it is another protocol,
/// for which no one asked here.
#[test]
fn a_switch_to_another_protocol_is_an_error() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    let frame = b"\x81\x05hello";
    fails([switch.as_slice(), frame].concat(), Then::Hold);
    fails([switch.as_slice(), &ok("Content-Length: 5\r\n", "hello")].concat(), Then::Hold);
    fails(switch, Then::Hold);
}

/// ECONNRESET from `recv` is an error, and not the end of the body, also where a close would be its
/// end. Delete the temporary file, too.
#[test]
fn a_reset_amid_the_body_is_an_error() {
    for (name, answer) in [
        ("Content-Length", ok("Content-Length: 9\r\n", "hello")),
        ("chunked", chunked("5\r\nhello\r\n")),
        ("until close", ok("", "hello")),
    ] {
        let _row = Row(name);
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send(answer);
        fetch.program.stdout.line();
        let Fetch { program, folder, address, stream, .. } = fetch;
        reset(stream);
        Fetched { ending: program.finish(), folder, address }.no_page(&BTreeMap::new());
    }
}

/// Count what you read of the header (with all 1xx answers), a chunk's line and the trailers, and
/// stop at a limit such as 64 KiB: `readline` needs one too.
#[test]
fn an_endless_answer_is_an_error() {
    for (name, start, endless) in [
        ("status line", "HTTP/1.1 200 ".as_bytes().to_vec(), "x"),
        ("line of a header", b"HTTP/1.1 200 OK\r\nA: ".to_vec(), "x"),
        // Of 8 bytes each, as all before it: a line ends wherever a limit may be.
        ("lines of a header", b"HTTP/1.1 200 Very fine\r\n".to_vec(), "A: bcd\r\n"),
        ("folded line", b"HTTP/1.1 200 OK\r\nA: b\r\n".to_vec(), " c\r\n"),
        ("interim answers", Vec::new(), "HTTP/1.1 100 Continue\r\n\r\n"),
        ("chunk size", chunked(""), "0"),
        ("chunk extension", chunked("5;"), "x"),
        ("trailer", chunked("0\r\nA: "), "x"),
        ("trailers", chunked("0\r\n"), "A: bcd\r\n"),
    ] {
        let _row = Row(name);
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send(start);
        // The program takes a little of it; the rest may fill buffers, or be refused.
        let many = endless.repeat(4096);
        for _ in 0..(1 << 20) / many.len() {
            fetch.send(&many);
        }
        let error = fetch.then(Then::Hold).no_page(&BTreeMap::new());
        assert!(!error.contains("timed out"), "{error}");
    }
}

/// Count the bytes of the body, too, where no length tells them before: stop over 2147483648 in
/// all, and name that limit in the error.
#[cfg(unix)]
#[test]
fn an_endless_body_is_an_error() {
    let block = [b"100000\r\n".as_slice(), &b"x".repeat(1 << 20), b"\r\n"].concat();
    for (name, start) in [("until close", ok("", "")), ("chunked", chunked(""))] {
        let _row = Row(name);
        let mut fetch = Fetch::start(&["http://{}/", "-o", "/dev/null"]);
        fetch.send(start);
        for _ in 0..2049 {
            fetch.send(&block);
        }
        let error = fetch.then(Then::Hold).ending.error();
        assert!(error.contains("2147483648"), "{error}");
    }
}

// What is in the way

/// Set a timeout for each read (`settimeout`, `set_read_timeout`) and say `timed out`: on Unix Rust
/// calls it `ErrorKind::WouldBlock`. A timeout is not a close.
#[test]
fn does_not_wait_for_ever_on_a_silent_server() {
    for (name, answer) in [
        ("before the header", Vec::new()),
        ("amid the status line", b"HTTP".to_vec()),
        ("amid the header", b"HTTP/1.1 200 OK\r\nA: b\r\n".to_vec()),
        ("after an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
        ("amid a body with a length", ok("Content-Length: 6\r\n", "hello")),
        ("amid a body until close", ok("", "hello")),
        ("before a chunk", chunked("")),
        ("amid a chunk size", chunked("5\r")),
        ("amid a chunk", chunked("6\r\nhello")),
        ("after a chunk", chunked("5\r\nhello\r")),
        ("amid the trailers", chunked("0\r\nA: b\r\n")),
    ] {
        let _row = Row(name);
        let mut fetch = Fetch::start(&["http://{}/", "--timeout", "0.2"]);
        fetch.send(answer);
        let error = fetch.then(Then::Hold).no_page(&BTreeMap::new());
        assert!(error.contains("timed out"), "{error}");
        assert!(!error.contains("closed"), "{error}");
    }
}

/// `--timeout` is for connecting too: `socket.create_connection(address, timeout)`,
/// `TcpStream::connect_timeout`; else Linux tries for two minutes.
#[cfg(target_os = "linux")]
#[test]
fn does_not_wait_for_ever_to_be_connected() {
    use socket2::{Domain, SockAddr, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(std::net::SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    // A backlog of 0 has room for one: Linux answers no one after that.
    let _first = support::connect(&address);
    let folder = folder();
    let mut command = command(&[&address, "--timeout", "0.2"]);
    let error = Program::start(command.current_dir(folder.path())).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.contains("timed out"), "{error}");
    assert_eq!(files(folder.path()), BTreeMap::new());
}

/// Catch what the name can cause too: for `no..such.host` or a label of 70 letters Python's IDNA
/// codec raises UnicodeError, no OSError. End with `; are host and port right?`
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_connect() {
    let (_socket, address) = support::deserted();
    let long_label = format!("{}.invalid:80", "a".repeat(70));
    for address in [&address, "no-such-host.invalid:8000", "no..such.host:80", &long_label] {
        let _row = Row(address);
        let folder = folder();
        let mut command = command(&[&format!("http://{address}/page")]);
        let error = Program::start(command.current_dir(folder.path())).finish().error();
        assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
        assert!(error.ends_with("; are host and port right?"), "{error}");
        assert_eq!(files(folder.path()), BTreeMap::new());
    }
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let mut fetch = Fetch::start(&["http://{}/"]);
    for (sent, printed) in [("HTTP/1.1 200 OK\r\n", None), ("\r\nhel", Some("HTTP/1.1 200 OK"))] {
        fetch.send(sent);
        if let Some(line) = printed {
            assert_eq!(fetch.program.stdout.line(), line);
        }
        fetch.program.stop_and_continue(); // while it waits for more
    }
    fetch.send("lo");
    assert_eq!(fetch.then(Then::Close).page().1, b"hello");
}

/// On SIGINT, SIGTERM and SIGHUP delete the temporary file, which is beside the one to be, and end
/// with status 130 and no word on stderr; Python handles SIGINT alone by itself.
#[cfg(unix)]
#[test]
fn leaves_nothing_behind_when_it_is_interrupted() {
    for (signal, old) in [("-INT", None), ("-INT", Some("old")), ("-TERM", None), ("-HUP", None)] {
        let _row = Row(format!("{signal}, {old:?}"));
        let folder = folder();
        let sub = folder.path().join("sub");
        fs::create_dir(&sub).unwrap();
        if let Some(old) = old {
            fs::write(sub.join("a"), old).unwrap();
        }
        let before = files(&sub);
        let mut fetch = Fetch::start_in(folder, &["http://{}/", "-o", "sub/a"]);
        fetch.send(ok("Content-Length: 6\r\n", "hello"));
        fetch.program.stdout.until("Content-Length: 6\n");
        // What is there of the page is in a file beside the one to be.
        assert_eq!(files(&sub).len(), before.len() + 1);
        fetch.program.signal(signal);
        let Fetched { ending, folder, .. } = fetch.then(Then::Hold);
        assert_eq!(ending.status.code(), Some(130), "{ending:?}");
        assert_eq!(ending.stderr, "");
        assert_eq!(files(&folder.path().join("sub")), before);
    }
}

/// Before you connect, make the temporary file in its folder, and look whether the path is a folder
/// or read-only (root may write to that, so look at its mode): `cannot write PATH: `, `with -o`.
#[test]
fn finds_out_first_what_is_in_the_way_of_the_file() {
    let (listener, address) = support::listener();
    listener.set_nonblocking(true).unwrap();
    let folder = folder();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let read_only = folder.path().join("read-only");
    fs::write(&read_only, "old").unwrap();
    let mut permissions = fs::metadata(&read_only).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&read_only, permissions).unwrap();
    let long = "a".repeat(1000);
    let with_advice = ["folder", "missing/", "read-only"];
    let without = ["missing/a.html", "read-only/a.html", &long];
    for path in with_advice.into_iter().chain(without) {
        let _row = Row(path);
        let mut command = command(&[&address, "-o", path]);
        let ending = Program::start(command.current_dir(folder.path())).finish();
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        assert!(error.starts_with(&format!("Error: cannot write {path}: ")), "{error}");
        assert!(!with_advice.contains(&path) || error.ends_with(" with -o"), "{error}");
        let none = listener.accept().expect_err("nothing is sent");
        assert_eq!(none.kind(), ErrorKind::WouldBlock);
    }
    assert_eq!(fs::read(&read_only).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(folder.path().join("folder")).unwrap().count(), 0);
}

/// A rename would replace the device by a file: write straight to what exists and is no regular
/// file (`os.path.isfile`, `Metadata::is_file`), and without a buffer.
#[cfg(unix)]
#[test]
fn writes_a_device_in_place() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    // No device of the system's: run by root, a program that gets it wrong would replace that.
    let place = folder();
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut fetch = Fetch::start_in(place, &["http://{}/", "-o", "pipe"]);
    fetch.send(ok("", "<title>a</title>"));
    let Fetched { ending, folder: place, .. } = fetch.then(Then::Close);
    assert_eq!(ending.success(), "HTTP/1.1 200 OK\na\n");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    let mut page = [0; 16];
    reader.read_exact(&mut page).unwrap();
    assert_eq!(&page, b"<title>a</title>");

    let place = folder();
    symlink("/dev/stdout", place.path().join("stdout")).unwrap();
    let mut fetch = Fetch::start_in(place, &["http://{}/", "-o", "stdout"]);
    fetch.send(ok("Content-Length: 17\r\n", "<title>a</title>\n"));
    let Fetched { ending, folder: place, .. } = fetch.then(Then::Close);
    let printed = "HTTP/1.1 200 OK\nContent-Length: 17\n<title>a</title>\na\n";
    assert_eq!(ending.success(), printed);
    assert!(fs::symlink_metadata(place.path().join("stdout")).unwrap().is_symlink());
}

/// On Windows the null device is `NUL` in every folder: it can be opened, but Rust's `metadata`
/// fails for it. Write straight to what exists and is no regular file.
#[cfg(windows)]
#[test]
fn writes_the_null_device_in_place() {
    let mut fetch = Fetch::start(&["http://{}/", "-o", "NUL"]);
    fetch.send(ok("", "<title>a</title>"));
    let Fetched { ending, folder, .. } = fetch.then(Then::Close);
    assert_eq!(ending.success(), "HTTP/1.1 200 OK\na\n");
    assert_eq!(files(folder.path()), BTreeMap::new());
}

/// Check every write, and the flush or close that empties a buffer: ENOSPC may come only there. It
/// is `cannot write PATH: `, and not the server's fault.
#[test]
fn a_full_disk_is_an_error() {
    if full_device().is_none() {
        return support::left_out("there is no /dev/full here");
    }
    // Root, who could do harm to the system's, makes one (full(4)); others can't, and have to use it.
    let place = folder();
    let mut make = Command::new("mknod");
    make.args(["-m", "666", "full", "c", "1", "7"]).current_dir(&place);
    let done = make.output().is_ok_and(|output| output.status.success());
    let full = if done { "full" } else { "/dev/full" };
    let mut fetch = Fetch::start_in(place, &["http://{}/", "-o", full]);
    fetch.send(ok("Content-Length: 5\r\n", "hello"));
    let error = fetch.then(Then::Close).ending.error();
    assert!(error.starts_with(&format!("Error: cannot write {full}: ")), "{error}");
}

/// Runs `command` where /mnt is a disk of 64 KiB with a file `page`, and then shows what is there;
/// `setup` may change it first (Linux, root). Elsewhere nothing, said aloud.
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

/// After ENOSPC delete the temporary file, or the disk stays full: what was there before is all
/// that is there, and unchanged.
#[test]
fn a_disk_that_fills_up_keeps_the_old_page_and_nothing_else() {
    let (listener, address) = support::listener();
    let command = command(&[&address, "-o", "/mnt/page"]);
    let Some(command) = on_small_disk(&command, "true") else { return };
    let mut fetch = Fetch::run(command, folder(), &listener);
    fetch.send(ok("Content-Length: 1000000\r\n", "x".repeat(1_000_000)));
    let Fetched { ending, .. } = fetch.then(Then::Close);
    assert_eq!(ending.stdout, "HTTP/1.1 200 OK\nContent-Length: 1000000\npage\nold\n");
    let error = ending.error();
    assert!(error.starts_with("Error: cannot write /mnt/page: "), "{error}");
}

/// Make the temporary file before you connect: in a folder that is read-only (EROFS, EACCES)
/// nothing is asked of the server.
#[test]
fn a_folder_that_is_read_only_is_an_error_before_anything_is_sent() {
    let (listener, address) = support::listener();
    listener.set_nonblocking(true).unwrap();
    let command = command(&[&address, "-o", "/mnt/new"]);
    let Some(mut command) = on_small_disk(&command, "mount -o remount,ro /mnt") else { return };
    let ending = Program::start(&mut command).finish();
    assert_eq!(ending.stdout, "page\nold\n");
    let error = ending.error();
    assert!(error.starts_with("Error: cannot write /mnt/new: "), "{error}");
    assert_eq!(listener.accept().expect_err("it connects").kind(), ErrorKind::WouldBlock);
}

/// Without a way to the server there is an error at once (ENETUNREACH), and nothing to wait for:
/// catch it like a refusal.
#[test]
fn no_way_to_the_server_is_an_error() {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = command(&["http://192.0.2.1/"]);
    let Some(mut command) = support::with_network(&command, "ip link set lo up") else { return };
    let folder = folder();
    let error = Program::start(command.current_dir(folder.path())).finish().error();
    assert!(error.starts_with("Error: cannot connect to 192.0.2.1:80: "), "{error}");
    assert_eq!(files(folder.path()), BTreeMap::new());
}

/// A rename replaces a link itself: find out first where it leads (`os.path.realpath`,
/// `std::fs::canonicalize`), and make the temporary file there.
#[cfg(unix)]
#[test]
fn replaces_what_a_link_leads_to_and_not_the_link() {
    // What it leads to may be there, or be still to be made.
    for old in [Some("old"), None] {
        let _row = Row(format!("{old:?}"));
        let folder = self::folder();
        let sub = folder.path().join("sub");
        fs::create_dir(&sub).unwrap();
        if let Some(old) = old {
            fs::write(sub.join("a"), old).unwrap();
        }
        std::os::unix::fs::symlink("sub/a", folder.path().join("link")).unwrap();
        let mut fetch = Fetch::start_in(folder, &["http://{}/", "-o", "link"]);
        fetch.send(ok("", "new"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        ending.success();
        assert_eq!(fs::read_link(folder.path().join("link")).unwrap(), Path::new("sub/a"));
        assert_eq!(files(&sub), BTreeMap::from([("a".into(), b"new".into())]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

/// Temporary files (`mkstemp`) have mode 600: make yours by `open` with O_CREAT and O_EXCL and mode
/// 666, of which the system takes the umask.
#[cfg(unix)]
#[test]
fn makes_the_file_with_the_rights_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    for (mask, mode) in [("022", 0o644), ("027", 0o640), ("000", 0o666)] {
        let _row = Row(mask);
        let (listener, address) = support::listener();
        let inner = command(&[&address]);
        let mut outer = Command::new("sh");
        outer.args(["-c", &format!("umask {mask} && exec \"$0\" \"$@\"")]);
        outer.arg(inner.get_program()).args(inner.get_args());
        let mut fetch = Fetch::run(outer, folder(), &listener);
        fetch.send(ok("", "hello"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        ending.success();
        let permissions = fs::metadata(folder.path().join(FILE)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o7777, mode);
    }
}

/// A file that is replaced keeps its rights, as if it had been written in place (`chmod`,
/// `set_permissions`): what was private stays so.
#[cfg(unix)]
#[test]
fn keeps_the_rights_of_a_file_that_it_replaces() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("private");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut fetch = Fetch::start_in(folder, &["http://{}/", "-o", "private"]);
    fetch.send(ok("", "hello"));
    let Fetched { ending, folder: _folder, .. } = fetch.then(Then::Close);
    ending.success();
    assert_eq!(fs::read(&path).unwrap(), b"hello");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
}

/// Flush the header's lines and check the result (EPIPE, ENOSPC): say `Error: cannot write to
/// standard output: `, delete the temporary file, status 1; in C, ignore SIGPIPE.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let (listener, address) = support::listener();
    let folder = folder();
    let mut command = command(&[&address]);
    command.current_dir(folder.path());
    rules::needs_stdout(command, |_| {
        let mut stream = accept(&listener);
        stream.write_all(&ok("Content-Length: 5\r\n", "hello")).unwrap();
        stream
    });
    assert_eq!(files(folder.path()), BTreeMap::new());
}

// The command line

/// `--help` needs 24 lines of 80 columns at most, with the default URL and timeout and a server to
/// try it on: `description` and `epilog` of argparse, `after_help` of clap.
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 1", "http://www.sina.com.cn/", "30", "--output", "python3 -m http.server"];
    support::check_help(Program::start(&mut command(&["--help"])), &parts);
}

/// Checks that the command line is refused, and that nothing is left in its folder.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let folder = folder();
    let mut command = command(arguments);
    let message = Program::start(command.current_dir(folder.path())).finish().refused();
    assert!(message.contains("error: "), "{message}");
    assert_eq!(files(folder.path()), BTreeMap::new());
    message
}

/// Check the URL before anything is opened: no user, blank or control character (it would forge a
/// header), port 1 to 65535, host in ASCII. `error: ` on stderr, status 2; NaN is no timeout.
#[test]
fn refuses_a_wrong_command_line() {
    for url in [
        "",
        "http://",
        "http:///",
        "http:///a",
        "http://?a",
        "http://:80/",
        "http://[]/",
        "http://[::1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "://127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1/a b",
        " http://127.0.0.1/",
        "http://127.0.0.1 /",
        "http://127.0.0.1/a\tb",
        "http://127.0.0.1/ HTTP/1.1\r\nX: y",
        "http://127.0.0.1/\nX:y",
        "http://127.0.0.1/\u{7f}",
        "http://127.0.0.1/\u{1b}[2J",
        "http://127.0.0.1/<a>",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:99999999999999999999/",
        "http://127.0.0.1:http/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:80:80/",
        "http://127.0.0.1%00/",
        "http://新浪.example/",
    ] {
        let _row = Row(url);
        refused(&[url]);
    }
    for arguments in [
        ["127.0.0.1:1", "--timeout", "0"],
        ["127.0.0.1:1", "--timeout", "-1"],
        ["127.0.0.1:1", "--timeout", "NaN"],
        ["127.0.0.1:1", "--timeout", "inf"],
        ["127.0.0.1:1", "--timeout", "1e400"],
        ["127.0.0.1:1", "--timeout", "one"],
        ["127.0.0.1:1", "--timeout", ""],
        ["127.0.0.1:1", "--output", ""],
        ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"],
        ["127.0.0.1:1", "--follow", "yes"],
    ] {
        let _row = Row(arguments.join(" "));
        refused(&arguments);
    }
    refused(&["127.0.0.1:1", "--timeout=-1"]);
}

/// Match the whole authority, to its end: `[IPv6]` or a host, then nothing or `:` and ASCII digits;
/// and refuse what RFC 3986 §2 leaves out, such as `"`, `{`, `\`, `^` and `|`.
#[test]
fn refuses_a_url_that_is_nearly_right() {
    for url in [
        "http://[::1]8080/",
        "http://[::1]x/",
        "http://a[::1]/",
        "http://127.0.0.1:+80/",
        "http://127.0.0.1/\"a\"",
        "http://127.0.0.1/{a}",
        "http://127.0.0.1/a\\b",
        "http://127.0.0.1/?`a|b^`",
    ] {
        let _row = Row(url);
        refused(&[url]);
    }
}

/// A zone has no place in a URL (RFC 9844, WHATWG URL §3.5): `%1` and `%25eth0` in the host are
/// refused, status 2, and not cut off.
#[test]
fn refuses_a_zone_in_a_url() {
    for url in ["http://[::1%1]/", "http://[::1%251]/", "http://[fe80::1%25eth0]:8000/"] {
        let _row = Row(url);
        refused(&[url]);
    }
}

/// The error names the way out: TLS for https, `ftp:// is not http://`, `a port is 1 to 65535`,
/// Punycode (RFC 3492) for a Chinese host, no user, and `%20` for a blank.
#[test]
fn says_what_to_do_about_a_url_that_it_refuses() {
    for (url, part) in [
        ("https://www.sina.com.cn/", "TLS"),
        ("HTTPS://www.sina.com.cn/", "TLS"),
        ("ftp://127.0.0.1/", "ftp:// is not http://"),
        ("http://127.0.0.1:0/", "a port is 1 to 65535"),
        ("http://me@127.0.0.1/", "user"),
        ("http://127.0.0.1/a b", "%20"),
        ("http://127.0.0.1/\r\nA: b", "%0D"),
        ("http://新浪.example/", "Punycode"),
    ] {
        let _row = Row(url);
        let message = refused(&[url]);
        assert!(message.contains(part), "{message}");
    }
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_http-fetch"), &[b"http://127.0.0.1/\xff"]);
}

/// On Linux a file's name is bytes and not text: take it as `OsString` (Rust) or leave Python's
/// surrogates in it, and print it with `errors="replace"` if at all.
#[cfg(target_os = "linux")]
#[test]
fn takes_any_name_for_a_file() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"\xd0\xc2\xff.html");
    let (listener, address) = support::listener();
    let mut command = command(&[&address, "-o"]);
    command.arg(name);
    let mut fetch = Fetch::run(command, folder(), &listener);
    fetch.send(ok("", "hello"));
    let Fetched { ending, folder, .. } = fetch.then(Then::Close);
    ending.success();
    assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"hello");
}

// What it leaves to the reader

/// For a status of 3xx with a Location (RFC 9110 §15.4, §10.2.2) save the body, name status and
/// target in one line on stderr, escaped, and end with status 0.
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
        let _row = Row(status);
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send(format!(
            "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\nbody"
        ));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        assert!(ending.status.success(), "{ending:?}");
        support::check_safe(&ending.stdout, 3);
        support::check_safe(&ending.stderr.replace("\r\n", "\n"), 1);
        assert!(ending.stderr.contains(shown), "{ending:?}");
        assert!(ending.stderr.contains(&status[..3]), "{ending:?}");
        assert_eq!(files(folder.path()), BTreeMap::from([(FILE.into(), b"body".into())]));
    }
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().expect_err("it follows").kind(), ErrorKind::WouldBlock);
}

/// 404 and 500 have a page too: save it and end with status 0. Only 3xx makes Location a redirect
/// (RFC 9110 §10.2.2).
#[test]
fn saves_the_page_of_any_status() {
    for status in ["200 OK", "201 Created", "206 Partial Content", "404 Not Found", "500 Oops"] {
        let _row = Row(status);
        // Without a redirect, a Location is a field like any other.
        let fields = "Location: /elsewhere\r\nContent-Length: 16";
        let (printed, page) =
            fetch(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n<title>a</title>")).page();
        let header = fields.replace('\r', "");
        assert_eq!(printed, format!("HTTP/1.1 {status}\n{header}\na\n"));
        assert_eq!(page, b"<title>a</title>");
    }
}

/// Save the bytes as they are, and name the Content-Encoding (RFC 9110 §8.4) in one line on stderr;
/// to decode gzip is not this lesson.
#[test]
fn says_that_a_coded_body_is_saved_as_it_came() {
    let body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00";
    let Fetched { ending, folder, .. } = fetch(ok("Content-Encoding: gzip\r\n", body));
    assert!(ending.status.success(), "{ending:?}");
    support::check_safe(&ending.stderr.replace("\r\n", "\n"), 1);
    assert!(ending.stderr.contains("gzip"), "{ending:?}");
    assert_eq!(files(folder.path()), BTreeMap::from([(FILE.into(), body.into())]));
}

// Large pages

/// The most memory that the program has had, in KiB (proc(5)).
fn peak_memory(program: &Program) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// Write each block as it comes instead of collecting them: memory stays under 20 MiB, for all
/// three ways a body ends. Only the start of the page is kept, for its title.
#[test]
fn streams_a_large_body() {
    const MIB: usize = 1024 * 1024;
    let mut body = b"x".repeat(64 * MIB);
    for (number, block) in (0_u32..).zip(body.chunks_mut(MIB / 16)) {
        block[..4].copy_from_slice(&number.to_be_bytes());
    }
    let chunks: Vec<_> = body
        .chunks(100_000)
        .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .collect();
    let length = format!("Content-Length: {}\r\n", body.len());
    for (name, start, rest, last) in [
        ("Content-Length", ok(&length, ""), body.as_slice(), 1),
        ("chunked", chunked(""), &[chunks.concat().as_slice(), b"0\r\n\r\n"].concat(), 8),
        ("until close", ok("", ""), &body, 1),
    ] {
        let _row = Row(name);
        let mut fetch = Fetch::start(&["http://{}/"]);
        fetch.send(start);
        let (most, last) = rest.split_at(rest.len() - last);
        fetch.send(most);
        // All but what is still in the sockets' buffers has gone through the program now.
        match peak_memory(&fetch.program) {
            Some(peak) => assert!(peak < 20 * 1024, "{peak} KiB"),
            None => support::left_out("only Linux tells how much memory a process had"),
        }
        fetch.send(last);
        let page = fetch.then(Then::Close).page().1;
        assert!(page == body, "{} bytes of {}", page.len(), body.len());
    }
}

// Addresses

/// The brackets belong to the URL and to `Host` (RFC 3986 §3.2.2), but `getaddrinfo` takes none.
/// The file's name is made from the letters and digits up to a dot: 1.html.
#[test]
fn fetches_over_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let address = listener.local_addr().unwrap().to_string();
    for url in [format!("http://{address}/"), address.clone()] {
        let _row = Row(&url);
        let mut fetch = Fetch::run(command(&[&url]), folder(), &listener);
        assert!(fetch.request.contains(&format!("\r\nHost: {address}\r\n")), "{}", fetch.request);
        fetch.send(ok("", "hello"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        assert_eq!(ending.success(), "HTTP/1.1 200 OK\n");
        assert_eq!(files(folder.path()), BTreeMap::from([("1.html".into(), b"hello".into())]));
    }
}

/// Connect to each address that `getaddrinfo` gives, and give up after the last one. Python's
/// `create_connection` does that; Rust's `connect_timeout` takes only one address.
#[test]
fn tries_each_address_of_a_name() {
    for alive in ["127.0.0.1:0", "[::1]:0"] {
        let _row = Row(alive);
        let Ok(listener) = TcpListener::bind(alive) else {
            return support::left_out("there is no IPv6 here");
        };
        let url = format!("http://both.example:{}/", listener.local_addr().unwrap().port());
        let hosts = "::1 both.example\n127.0.0.1 both.example\n";
        let Some(command) = support::with_hosts(&command(&[&url]), hosts) else { return };
        let mut fetch = Fetch::run(command, folder(), &listener);
        fetch.send(ok("", "hello"));
        let Fetched { ending, folder, .. } = fetch.then(Then::Close);
        ending.success();
        assert_eq!(files(folder.path()), BTreeMap::from([("both.html".into(), b"hello".into())]));
    }
}

// Other programs

/// Compare with http-fetch.py: `http.server` answers in HTTP/1.0 with a Content-Length, and header,
/// title and saved bytes must be the same as the twin's.
#[test]
fn fetches_from_pythons_own_server_what_the_python_twin_fetches() {
    let folder = folder();
    let page = |n| folder.path().join(n).to_str().unwrap().to_owned();
    let body = b"<meta charset=gbk>\r\n<title>\xd0\xc2\xc0\xcb</title>\0\n".repeat(10_000);
    fs::write(page("index.html"), &body).unwrap();
    let Some(python) = support::python() else { return };
    let script = "import http.server, sys
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
print('Listening on %s:%s' % server.server_address, file=sys.stderr, flush=True)
server.serve_forever()";
    let mut server = Command::new(python);
    let server = Program::start(server.args(["-c", script]).current_dir(folder.path()));
    let url = format!("http://{}/index.html", server.address());

    let printed = |program: Program| -> Vec<String> {
        let printed = program.finish().success();
        printed.lines().filter(|line| !line.starts_with("Date: ")).map(Into::into).collect()
    };
    let ours = printed(Program::start(&mut command(&[&url, "-o", &page("ours")])));
    assert_eq!(ours[0], "HTTP/1.0 200 OK");
    assert!(ours.contains(&format!("Content-Length: {}", body.len())), "{ours:?}");
    assert_eq!(ours.last().unwrap(), "新浪");
    assert!(fs::read(page("ours")).unwrap() == body, "the page differs");
    let Some(twin) = support::python_twin("http-fetch", [&url, "-o", &page("twin")]) else {
        return;
    };
    assert_eq!(printed(twin), ours);
    assert!(fs::read(page("twin")).unwrap() == body, "the twin's page differs");
}
