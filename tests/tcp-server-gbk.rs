//! Lesson 11, `tcp-server-gbk`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::Shutdown;
use std::process::Command;
use std::thread;

use support::{Program, connect, expect, expect_end, reset, rules};

/// 你好 and 再见 in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";
const GOODBYE: &[u8] = b"\xd4\xd9\xbc\xfb";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-server-gbk"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A server on a free port of 127.0.0.1, and its address.
fn server() -> (Program, String) {
    let server = start(&["127.0.0.1:0"]);
    let address = server.address();
    (server, address)
}

/// Waits until the server asks for its answer: a prompt, and no newline after it.
#[track_caller]
fn asks(server: &Program) {
    assert_eq!(server.stdout.until("服务器发送的数据:"), "服务器发送的数据:");
}

/// Holds a whole exchange with the server at `address`, and says what it shows of `message`.
#[track_caller]
fn exchange(mut server: Program, address: &str, message: &[u8]) -> String {
    let mut client = connect(address);
    client.write_all(message).unwrap();
    let line = server.stdout.line();
    asks(&server);
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
    drop(client);
    assert_eq!(server.finish().success(), "");
    line.strip_prefix("接收到的数据: ").expect(&line).to_owned()
}

/// What a server shows of `message`.
#[track_caller]
fn shown(message: &[u8]) -> String {
    let (server, address) = server();
    exchange(server, &address, message)
}

/// The bytes that a client gets when `typed` is typed before the end of the input.
fn answer_for(typed: &str) -> Vec<u8> {
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(HELLO).unwrap();
    server.type_in(typed);
    server.end_input();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut client, &mut answer).unwrap();
    drop(client);
    server.finish().success();
    answer
}

/// Decode the one `recv(1024)` from GBK and print it, flush the prompt without a newline, encode
/// the typed line in GBK without its end, send, close, end.
#[test]
fn holds_the_tutorials_exchange_in_gbk() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(HELLO).unwrap();
    assert_eq!(server.stdout.line(), "接收到的数据: 你好");
    asks(&server);
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
    drop(client);
    assert_eq!(server.finish().success(), "");
}

/// `--help` needs 24 lines of 80 columns at most, with the default address and how to start the
/// client (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 11", "0.0.0.0:8080", "cargo run -p tcp-client-gbk"];
    support::check_help(start(&["--help"]), &parts);
}

/// Take off one LF, then one CR, and nothing else (`strip()` takes blanks too); read one line only.
/// An empty line sends nothing, and then comes the close.
#[test]
fn takes_a_typed_line_as_any_system_ends_it() {
    assert_eq!(answer_for("再见\r\n"), GOODBYE);
    assert_eq!(answer_for("再见"), GOODBYE);
    assert_eq!(answer_for("再见\n你好\n"), GOODBYE);
    assert_eq!(answer_for(" a \n"), b" a ");
    assert_eq!(answer_for("\n"), b"");
}

/// `readline` gives an empty text at the end (`input()` raises EOFError): `Error: the exchange with
/// PEER broke off: `, `standard input ended before there was a line`. Close without a reset.
#[test]
fn the_end_of_its_input_is_an_error_and_the_client_sees_a_close() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    client.write_all(HELLO).unwrap();
    asks_after_the_line(&server);
    server.end_input();
    expect_end(&mut client);
    let error = server.finish().error();
    assert!(error.starts_with(&format!("Error: the exchange with {peer} broke off: ")), "{error}");
    assert!(error.contains("standard input ended before there was a line"), "{error}");
}

#[track_caller]
fn asks_after_the_line(server: &Program) {
    assert_eq!(server.stdout.line(), "接收到的数据: 你好");
    asks(server);
}

/// Encode the whole line strictly before you send: UnicodeEncodeError has the place in `start`;
/// Rust's encoding_rs writes `&#128512;` unless you look at its third result. Name it.
#[test]
fn a_line_that_gbk_cannot_express_is_an_error_and_nothing_is_sent() {
    for (typed, harmless) in [("a😀b\n", "😀"), ("b\u{1b}[2J\u{202e}\n", "202")] {
        let (mut server, address) = server();
        let mut client = connect(&address);
        let peer = client.local_addr().unwrap();
        client.write_all(HELLO).unwrap();
        asks_after_the_line(&server);
        server.type_in(typed);
        expect_end(&mut client);
        let error = server.finish().error();
        let start = format!("Error: the exchange with {peer} broke off: ");
        assert!(error.starts_with(&start) && error.contains(harmless), "{error}");
        support::check_safe(&error, 0);
    }
}

/// Read strictly: `sys.stdin.reconfigure(encoding="utf-8", errors="strict")`, and catch
/// UnicodeDecodeError, a ValueError (Rust: InvalidData); then close, status 1.
#[test]
fn a_typed_line_that_is_no_text_is_an_error_and_nothing_is_sent() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(HELLO).unwrap();
    asks_after_the_line(&server);
    server.type_in(b"a\xff\n");
    expect_end(&mut client);
    server.finish().error();
}

/// If the first `recv(1024)` ends amid a character, read on until it is whole: an incremental
/// decoder for gb18030 (up to 4 bytes each) says in `getstate` what it holds.
#[test]
fn shows_a_character_that_is_split_over_two_reads_whole() {
    // One read takes 1,024 bytes: it ends after the first byte of two, and after the first three
    // of the four that gb18030 has for U+20000.
    let short = "a".repeat(1023);
    assert_eq!(shown(&[short.as_bytes(), HELLO].concat()), format!("{short}你好"));
    let short = "a".repeat(1021);
    assert_eq!(shown(&[short.as_bytes(), b"\x95\x32\x82\x36"].concat()), format!("{short}𠀀"));
}

/// Set a limit, such as 4,096 characters, for the reads that complete a character: each may end
/// amid a character again, and then the message never ends.
#[test]
fn a_flood_that_is_always_amid_a_character_does_not_grow_its_memory() {
    let (server, address) = server();
    let mut client = connect(&address);
    let flood = thread::spawn(move || {
        // After one byte of ASCII, a read of an even length ends amid a character of two.
        let flood = b"\xe3\xc4".repeat(1 << 16);
        let _ = client.write_all(&[b"a\xc4", flood.as_slice()].concat());
        while client.write_all(&flood).is_ok() {}
    });
    let line = server.stdout.line();
    assert!(line.chars().count() < 8192, "{line}");
    drop(server);
    flood.join().unwrap();
}

/// Wait for the other half, but with a timeout of about a second, as the client may just wait for
/// you; then finish the decoder: U+FFFD.
#[test]
fn shows_half_a_character_as_a_replacement_character() {
    // Its client keeps the connection open: the other half could still come.
    assert_eq!(shown(b"\xc4"), "\u{fffd}");
    assert_eq!(shown(b"\xc4\xe3\xba"), "你\u{fffd}");
    // Here it cannot.
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(b"\xc4").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.stdout.line(), "接收到的数据: \u{fffd}");
    asks(&server);
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
}

/// Decode with U+FFFD in place of an error: `errors="replace"`; the ASCII after half a character
/// stays.
#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    assert_eq!(shown(b"\xff\xfe ok \xc4 !"), "\u{fffd}\u{fffd} ok \u{fffd} !");
}

/// Escape after decoding: C0 with CR and LF, DEL, C1, U+2028, U+2029 and the bidirectional marks,
/// the latter of which gb18030 has in four bytes.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    // The four-byte ones are U+0085, U+202E, U+2066 and U+2028 in gb18030.
    let shown = shown(
        b"\x1b]0;title\x07\r\nError: forged\x7f\x81\x30\x81\x35\x81\x36\xa7\x31gnp.exe\x81\x36\xac\x32\x81\x36\xa6\x35",
    );
    support::check_safe(&shown, 0);
    for harmless in ["]0;title", "Error: forged", "gnp.exe"] {
        assert!(shown.contains(harmless), "{shown}");
    }
}

/// A close with bytes unread is a reset (RFC 9293 §3.6.1), which can overtake the answer:
/// `shutdown(SHUT_WR)` after the answer, and read what is left before you close.
#[test]
fn answers_a_long_message_too_though_it_shows_one_read_of_it() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(&[b'a'; 5000]).unwrap();
    let shown = server.stdout.line();
    let shown = shown.strip_prefix("接收到的数据: ").expect(&shown);
    assert!((1..=1024).contains(&shown.len()) && shown.bytes().all(|b| b == b'a'), "{shown}");
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
    // Nor does it close on what it has not read: that would be a reset, which can overtake the
    // answer.
    server.finish().success();
    assert!(client.take_error().unwrap().is_none(), "the server reset the connection");
}

/// After `shutdown(SHUT_WR)` read what is left with a timeout of about a second, and then close:
/// the client may keep its end open.
#[test]
fn ends_though_its_client_stays() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    client.write_all(HELLO).unwrap();
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
    server.finish().success();
    drop(client);
}

/// Read what is left only up to a limit, such as 64 KiB, and not until the client's end: that may
/// never come.
#[test]
fn ends_though_its_client_never_ends_its_message() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    let flood = thread::spawn(move || while client.write(&[b'a'; 4096]).is_ok() {});
    server.type_in("再见\n");
    server.finish().success();
    flood.join().unwrap();
}

/// No bytes from the first `recv` are a close: ask nothing, but `Error: the exchange with PEER
/// broke off: it closed the connection without a word`, status 1.
#[test]
fn a_client_that_closes_without_a_word_is_an_error() {
    let (server, address) = server();
    let client = connect(&address);
    let peer = client.local_addr().unwrap();
    drop(client);
    let ending = server.finish();
    assert_eq!(ending.stdout, "");
    let error = ending.error();
    assert!(error.starts_with(&format!("Error: the exchange with {peer} broke off: ")), "{error}");
    assert!(error.ends_with("it closed the connection without a word"), "{error}");
}

/// Catch ECONNRESET from `accept` and `recv`, and ECONNRESET or EPIPE from `sendall`: one line
/// `Error: the exchange with PEER broke off: `; in C, ignore SIGPIPE.
#[test]
fn a_client_that_resets_is_an_error() {
    let (server, address) = server();
    reset(connect(&address));
    assert_eq!(server.finish().error().matches("Error: ").count(), 1);
    // Also while the answer is being typed.
    let (mut server, address) = self::server();
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    client.write_all(HELLO).unwrap();
    asks_after_the_line(&server);
    reset(client);
    // No buffer takes this answer: however late the reset arrives, it is noticed.
    server.type_in("a".repeat(1 << 24) + "\n");
    let error = server.finish().error();
    assert!(error.starts_with(&format!("Error: the exchange with {peer} broke off: ")), "{error}");
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = server();
        let mut client = connect(&address);
        client.write_all(HELLO).unwrap();
        server.stdout.until("服务器发送的数据:"); // and it waits for a line
        server.check_ends_by(signal);
    }
}

/// What waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)): call it
/// again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (mut server, address) = server();
    server.stop_and_continue();
    let mut client = connect(&address);
    server.stop_and_continue();
    client.write_all(HELLO).unwrap();
    assert_eq!(server.stdout.line(), "接收到的数据: 你好");
    asks(&server);
    server.stop_and_continue();
    server.type_in("再见\n");
    expect(&mut client, GOODBYE);
    expect_end(&mut client);
    drop(client);
    assert_eq!(server.finish().success(), "");
}

/// Check HOST:PORT (0 to 65535) before you listen, and take no other options or arguments: `error:
/// ` on stderr, status 2. argparse and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[&["--port", "8080"], &["127.0.0.1:0", "more"]];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_tcp-server-gbk"), &[b"127.0.0.1\xff:0"]);
}

/// Let `bind` fail if the port is taken: no SO_REUSEPORT, and on Windows no SO_REUSEADDR. Then name
/// address and reason on stderr, end with `; choose another port`, status 1.
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_server, address) = server();
    rules::says_why_it_cannot_listen(|address| command(&[address]), &address);
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    rules::has_safe_errors(|address| command(&[address]));
}

/// Check each print, also that of the prompt, with a flush (EPIPE, ENOSPC): close the connection
/// without a reset, `Error: cannot write to standard output: `, status 1.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    rules::needs_stdout(command(&["127.0.0.1:0"]), |server| {
        let mut client = connect(&server.address());
        client.write_all(HELLO).unwrap();
        expect_end(&mut client);
    });
}

/// `Listening on ` may fail as well (ENOSPC): end with status 1. Rust's `eprintln!` would panic, so
/// use `writeln!`; Python tries stderr again at exit (status 120), unless it is None by then.
#[test]
fn ends_with_an_error_when_stderr_is_full() {
    rules::needs_stderr(command(&["127.0.0.1:0"]));
}

/// Set SO_REUSEADDR before `bind`; else the port stays taken while the old connection is in
/// TIME-WAIT (RFC 9293 §3.3.2). On Windows leave it unset.
#[cfg(unix)]
#[test]
fn listens_on_the_same_port_again_at_once() {
    let (server, address) = server();
    exchange(server, &address, HELLO); // closed by the server first: its port is in TIME_WAIT
    let again = start(&[&address]);
    assert_eq!(again.address(), address);
    assert_eq!(exchange(again, &address, HELLO), "你好");
}

/// Give the host, without brackets, to `getaddrinfo`, and bind to the first address that works,
/// with a socket of its family; 0.0.0.0 is INADDR_ANY and shown as it is.
#[test]
fn listens_on_every_ipv4_address_on_ipv6_and_under_a_name() {
    let mut addresses = vec!["0.0.0.0:0", "localhost:0"];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        addresses.push("[::1]:0");
    } else {
        support::left_out("there is no IPv6 here");
    }
    for address in addresses {
        let server = start(&[address]);
        let address = server.address();
        assert_eq!(exchange(server, &address, HELLO), "你好");
    }
}

/// Where IPv6 is switched off, `localhost` may still lead to ::1 first: `bind` fails there
/// (EADDRNOTAVAIL), so try the next address. `[::1]` itself is an error.
#[test]
fn does_without_ipv6_where_it_is_switched_off() {
    rules::does_without_ipv6(|address| command(&[address]));
}

/// Try it by hand with tcp-client-gbk.py: it reads until you close, so close after the answer,
/// which is GBK without a newline.
#[test]
fn talks_with_the_python_twin_of_its_client() {
    let (mut server, address) = server();
    let Some(mut client) = support::python_twin("tcp-client-gbk", [&address]) else { return };
    client.type_in("你好\n");
    asks_after_the_line(&server);
    server.type_in("再见\n");
    let words = client.finish().success();
    assert_eq!(words, "请输入要发送的数据:接收到的信息为: 再见\n");
    assert_eq!(server.finish().success(), "");
}
