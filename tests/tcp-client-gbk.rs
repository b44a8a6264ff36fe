//! Lesson 12, `tcp-client-gbk`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::{Ending, Program, accept, expect, expect_end, reset, rules};

/// 你好 and 再见 in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";
const GOODBYE: &[u8] = b"\xd4\xd9\xbc\xfb";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-client-gbk"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// Waits for `prompt`: the next that is printed, and no newline after it.
#[track_caller]
fn asks(client: &Program, prompt: &str) {
    assert_eq!(client.stdout.until(prompt), prompt);
}

/// Types 你好 into the client, and answers it with `pieces` and a close.
fn ending_with(mut client: Program, listener: &TcpListener, pieces: &[&[u8]]) -> Ending {
    let mut stream = accept(listener);
    stream.set_nodelay(true).unwrap();
    asks(&client, "请输入要发送的数据:");
    client.type_in("你好\n");
    expect(&mut stream, HELLO);
    for piece in pieces {
        // Linux tells when it has read the piece before, and sleeps until there is another.
        if cfg!(target_os = "linux") && pieces.len() > 1 {
            support::wait_for_state(client.id(), 'S');
        }
        let _ = stream.write_all(piece); // an error, if the client has had enough
    }
    drop(stream);
    client.finish()
}

/// What the client shows of an answer that is sent in `pieces`.
#[track_caller]
fn shown(pieces: &[&[u8]]) -> String {
    let (listener, address) = support::listener();
    let words = ending_with(start(&[&address]), &listener, pieces).success();
    let line = words.strip_suffix('\n').expect(&words);
    line.strip_prefix("接收到的信息为: ").expect(&words).to_owned()
}

/// Flush each prompt, without a newline; connect when IP and port are known, before the text is
/// asked for; send GBK without the line's end, and read until the server closes.
#[test]
fn asks_for_ip_port_and_text_and_holds_the_tutorials_exchange_in_gbk() {
    let (listener, address) = support::listener();
    let mut client = start(&[]);
    asks(&client, "请输入服务器IP:");
    client.type_in("127.0.0.1\n");
    asks(&client, "请输入服务器port:");
    client.type_in(format!("{}\n", address.rsplit(':').next().unwrap()));
    let mut stream = accept(&listener);
    asks(&client, "请输入要发送的数据:");
    client.type_in("你好\n");
    expect(&mut stream, HELLO);
    stream.write_all(GOODBYE).unwrap();
    drop(stream);
    assert_eq!(client.stdout.line(), "接收到的信息为: 再见");
    assert_eq!(client.finish().success(), "");
}

/// `--help` needs 24 lines of 80 columns at most, with `--timeout`, its default and how to start
/// the server (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 12", "30]", "--timeout", "cargo run -p tcp-server-gbk"];
    support::check_help(start(&["--help"]), &parts);
}

/// With HOST:PORT as an argument ask only `请输入要发送的数据:`, and connect before that question.
#[test]
fn an_address_on_the_command_line_saves_two_questions() {
    let (listener, address) = support::listener();
    let ending = ending_with(start(&[&address]), &listener, &[GOODBYE]);
    assert_eq!(ending.success(), "接收到的信息为: 再见\n");
}

/// Take off one LF, then one CR, and nothing else (`strip()` takes blanks of the text too); the
/// last line may end with the input.
#[test]
fn takes_typed_lines_as_any_system_ends_them() {
    let (listener, address) = support::listener();
    let port = address.rsplit(':').next().unwrap();
    for (end_of_line, end_of_input) in [("\n", ""), ("\r\n", "\r\n"), ("\r\n", "")] {
        let mut client = start(&[]);
        client.type_in(["127.0.0.1", port, "你好 "].join(end_of_line) + end_of_input);
        client.end_input();
        let mut stream = accept(&listener);
        expect(&mut stream, b"\xc4\xe3\xba\xc3 ");
        stream.write_all(GOODBYE).unwrap();
        drop(stream);
        let words = client.finish().success();
        assert!(words.ends_with("接收到的信息为: 再见\n"), "{words}");
    }
}

/// Collect what `recv` gives until it gives nothing, and decode once, or with one incremental
/// decoder: a GBK character may be split after its first byte.
#[test]
fn shows_an_answer_whole_that_arrives_in_pieces() {
    let [first, second, rest @ ..] = GOODBYE else { unreachable!() };
    assert_eq!(shown(&[&[*first], &[*second], rest, b" ", HELLO]), "再见 你好");
    // The server of the tutorial's client could split it at its 1,024th byte.
    let long = "a".repeat(1023);
    assert_eq!(shown(&[long.as_bytes(), HELLO]), format!("{long}你好"));
}

/// Count while you read, and stop at 65,537 bytes: print nothing, `Error: the exchange with ADDRESS
/// broke off: `, status 1. 65,536 bytes are still shown whole.
#[test]
fn takes_64_kib_and_no_more() {
    assert_eq!(shown(&[&vec![b'a'; 65_536]]), "a".repeat(65_536));
    let (listener, address) = support::listener();
    for too_much in [65_537, 4 << 20] {
        let ending = ending_with(start(&[&address]), &listener, &[&vec![b'a'; too_much]]);
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        let start = format!("Error: the exchange with {address} broke off: ");
        assert!(error.starts_with(&start) && error.len() < 200, "{error}");
    }
}

/// A close without an answer is a possible answer here: print the words `接收到的信息为: ` with
/// nothing behind them, status 0.
#[test]
fn shows_an_empty_answer_as_an_empty_line() {
    assert_eq!(shown(&[]), "");
}

/// Decode with U+FFFD in place of an error: `errors="replace"`; half a character at the end is one
/// U+FFFD, and ASCII after half a character stays.
#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    assert_eq!(shown(&[b"\xff\xfe ok \xc4 !"]), "\u{fffd}\u{fffd} ok \u{fffd} !");
    assert_eq!(shown(&[b"\xc4\xe3\xba"]), "你\u{fffd}");
}

/// Escape after decoding (as gb18030, which has U+202E too): C0 with CR and LF, DEL, C1, U+2028,
/// U+2029 and the bidirectional marks.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    // The four-byte ones are U+0085, U+202E, U+2066 and U+2028 in gb18030.
    let shown = shown(&[
        b"\x1b]0;title\x07\r\nError: forged\x7f\x81\x30\x81\x35",
        b"\x81\x36\xa7\x31gnp.exe\x81\x36\xac\x32\x81\x36\xa6\x35",
    ]);
    support::check_safe(&shown, 0);
    for harmless in ["]0;title", "Error: forged", "gnp.exe"] {
        assert!(shown.contains(harmless), "{shown}");
    }
}

/// Read stdin strictly as UTF-8 and encode the whole line strictly (`encode("gbk")`) before you
/// send; an empty line would send nothing, so it is an error too. Escape what the error names.
#[test]
fn a_line_that_cannot_be_sent_is_an_error_and_nothing_is_sent() {
    let lines: [(&[u8], &str); 4] = [
        ("a😀b\n".as_bytes(), "😀"),
        ("b\u{1b}[2J\u{202e}\n".as_bytes(), "202"),
        (b"\n", "empty"),
        (b"a\xff\n", ""), // typed in another encoding than UTF-8
    ];
    for (typed, harmless) in lines {
        let (listener, address) = support::listener();
        let mut client = start(&[&address]);
        let mut stream = accept(&listener);
        client.type_in(typed);
        expect_end(&mut stream);
        let error = client.finish().error();
        let start = format!("Error: the exchange with {address} broke off: ");
        assert!(error.starts_with(&start) && error.contains(harmless), "{error}");
        support::check_safe(&error, 0);
    }
}

/// `readline` gives an empty text at the end of the input and `input()` raises EOFError: `standard
/// input ended before there was a line`, status 1, at every question.
#[test]
fn the_end_of_its_input_is_an_error_at_each_question() {
    let (_listener, address) = support::listener();
    let port = address.rsplit(':').next().unwrap();
    for (typed, last_question) in [
        (String::new(), "请输入服务器IP:"),
        ("127.0.0.1\n".to_owned(), "请输入服务器port:"),
        (format!("127.0.0.1\n{port}\n"), "请输入要发送的数据:"),
    ] {
        let mut client = start(&[]);
        client.type_in(typed);
        let ending = client.finish();
        assert!(ending.stdout.ends_with(last_question), "{ending:?}");
        let error = ending.error();
        assert!(error.contains("standard input ended before there was a line"), "{error}");
    }
}

/// Check the typed port (ASCII digits, at most 65535), and catch `socket.gaierror` of the IP:
/// `Error: ` with IP:PORT, escaped, and status 1, for the command line was right.
#[test]
fn a_wrong_ip_or_port_that_is_typed_is_an_error() {
    for port in ["80800", "http", "-1", "80 80"] {
        let mut client = start(&[]);
        client.type_in(format!("127.0.0.1\n{port}\n"));
        let ending = client.finish();
        assert_eq!(ending.stdout, "请输入服务器IP:请输入服务器port:");
        let error = ending.error();
        assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
        assert!(!error.contains("cannot connect"), "it is wrong before that: {error}");
    }
    let mut client = start(&[]);
    client.type_in("no-such-host.invalid\n8080\n");
    let error = client.finish().error();
    assert!(error.starts_with("Error: cannot connect to no-such-host.invalid:8080: "), "{error}");
    let mut client = start(&[]);
    client.type_in("a\u{1b}[2J\u{202e}\n8080\n");
    support::check_safe(&client.finish().error(), 0);
}

/// Catch ECONNREFUSED from `connect`: `Error: cannot connect to ADDRESS: `, the reason, `is
/// tcp-server-gbk running?`, before you ask for the text.
#[test]
fn says_where_why_and_what_to_do_when_no_one_listens() {
    let (_socket, address) = support::deserted();
    let error = start(&[&address]).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.ends_with("is tcp-server-gbk running?"), "{error}");
}

/// Give `--timeout` to the socket (`settimeout`, `set_read_timeout`) and end the error with `timed
/// out`: on Unix Rust reports it as `ErrorKind::WouldBlock`.
#[test]
fn does_not_wait_for_ever_on_a_silent_server() {
    let (_listener, address) = support::listener();
    let mut client = start(&[&address, "--timeout", "0.2"]);
    client.type_in("你好\n");
    let error = client.finish().error();
    assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
}

/// `--timeout` is for sending, too (`settimeout`, `set_write_timeout`): when no one reads, the
/// buffers of both systems are full at some time, and `sendall` waits.
#[test]
fn does_not_wait_for_ever_on_a_server_that_reads_nothing() {
    let (listener, address) = support::listener();
    let mut client = start(&[&address, "--timeout", "0.2"]);
    let _stream = accept(&listener);
    client.type_in("a".repeat(1 << 24) + "\n");
    let error = client.finish().error();
    assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
}

/// ECONNRESET from `recv` is an error and no end, even after part of the answer: print nothing of
/// it, `Error: the exchange with ADDRESS broke off: `, status 1.
#[test]
fn a_server_that_resets_is_an_error() {
    let (listener, address) = support::listener();
    let mut client = start(&[&address]);
    let mut stream = accept(&listener);
    client.type_in("你好\n");
    expect(&mut stream, HELLO);
    stream.write_all(GOODBYE).unwrap();
    reset(stream);
    let ending = client.finish();
    assert_eq!(ending.stdout, "请输入要发送的数据:");
    let error = ending.error();
    let start = format!("Error: the exchange with {address} broke off: ");
    assert!(error.starts_with(&start), "{error}");
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (listener, address) = support::listener();
    let mut client = start(&[&address]);
    let mut stream = accept(&listener);
    client.type_in("你好\n");
    expect(&mut stream, HELLO); // now it waits for the answer
    client.stop_and_continue();
    stream.write_all(GOODBYE).unwrap();
    drop(stream);
    let words = client.finish().success();
    assert!(words.ends_with("接收到的信息为: 再见\n"), "{words}");
}

/// A program may be started without a standard input (`<&-`): that is an input that has ended,
/// also where `sys.stdin` is None (Python).
#[cfg(unix)]
#[test]
fn no_standard_input_at_all_is_an_error() {
    let mut command = support::with_streams(&command(&[]), "<&-");
    let error = Program::start(&mut command).finish().error();
    assert!(error.contains("standard input"), "{error}");
}

/// Check HOST:PORT (0 to 65535) and the timeout (more than 0, and no NaN) before the first
/// question: `error: ` on stderr, status 2. argparse and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["127.0.0.1:8080", "more"],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--timeout=-1"],
        &["--message", "a"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_tcp-client-gbk"), &[b"127.0.0.1\xff:0"]);
}

/// Python's `settimeout` and poll(2) count in limited units (2^31 ms are 24 days): cut a huge
/// timeout down to what the call takes.
#[test]
fn takes_a_timeout_of_years() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--timeout", "1e9"]);
    ending_with(client, &listener, &[GOODBYE]).success();
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    rules::needs_stdout(command(&[]), |_| ());
}

/// `[::1]:8080` on the command line has brackets, a typed `::1` has none: take them off for
/// `getaddrinfo` (AF_INET6), and put them on where an error shows the address.
#[test]
fn talks_over_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let address = listener.local_addr().unwrap();
    let ending = ending_with(start(&[&address.to_string()]), &listener, &[GOODBYE]);
    assert_eq!(ending.success(), "接收到的信息为: 再见\n");
    // Typed in, the address has no brackets.
    let mut client = start(&[]);
    client.type_in(format!("::1\n{}\n", address.port()));
    asks(&client, "请输入服务器IP:");
    asks(&client, "请输入服务器port:");
    let ending = ending_with(client, &listener, &[GOODBYE]);
    assert_eq!(ending.success(), "接收到的信息为: 再见\n");
    // An error shows it with them.
    let mut client = start(&[]);
    client.type_in(format!("::1\n{}\n\n", address.port()));
    let error = client.finish().error();
    assert!(
        error.starts_with(&format!("Error: the exchange with {address} broke off: ")),
        "{error}"
    );
}

/// Connect to each address that `getaddrinfo` gives, and give up after the last one. Python's
/// `create_connection` does that; Rust's `connect_timeout` takes only one address.
#[test]
fn tries_each_address_of_a_name() {
    rules::tries_each_address(
        |address| command(&[address]),
        |client, listener| {
            let ending = ending_with(client, &listener, &[GOODBYE]);
            assert_eq!(ending.success(), "接收到的信息为: 再见\n");
        },
    );
}

/// Try it by hand against tcp-server-gbk.py: it takes one `recv` for the message, so send the whole
/// line with one `sendall`.
#[test]
fn talks_with_the_python_twin_of_its_server() {
    let Some(mut server) = support::python_twin("tcp-server-gbk", ["127.0.0.1:0"]) else { return };
    let mut client = start(&[&server.address()]);
    client.type_in("你好\n");
    assert_eq!(server.stdout.line(), "接收到的数据: 你好");
    asks(&server, "服务器发送的数据:");
    server.type_in("再见\n");
    let words = client.finish().success();
    assert_eq!(words, "请输入要发送的数据:接收到的信息为: 再见\n");
    assert_eq!(server.finish().success(), "");
}
