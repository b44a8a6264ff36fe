//! Lesson 11, `tcp-server-gbk`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::Shutdown;
use std::process::Command;
use std::thread;

use support::{Program, closed_pipe, connect, expect, expect_end, full_device, reset};

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

#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 11", "0.0.0.0:8080", "cargo run -p tcp-client-gbk"];
    support::check_help(start(&["--help"]), &parts);
}

#[test]
fn takes_a_typed_line_as_any_system_ends_it() {
    assert_eq!(answer_for("再见\r\n"), GOODBYE);
    assert_eq!(answer_for("再见"), GOODBYE);
    assert_eq!(answer_for("再见\n你好\n"), GOODBYE);
    assert_eq!(answer_for(" a \n"), b" a ");
    assert_eq!(answer_for("\n"), b"");
}

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

#[test]
fn shows_a_character_that_is_split_over_two_reads_whole() {
    // One read takes 1,024 bytes: it ends after the first byte of two, and after the first three
    // of the four that gb18030 has for U+20000.
    let short = "a".repeat(1023);
    assert_eq!(shown(&[short.as_bytes(), HELLO].concat()), format!("{short}你好"));
    let short = "a".repeat(1021);
    assert_eq!(shown(&[short.as_bytes(), b"\x95\x32\x82\x36"].concat()), format!("{short}𠀀"));
}

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

#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    assert_eq!(shown(b"\xff\xfe ok \xc4 !"), "\u{fffd}\u{fffd} ok \u{fffd} !");
}

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

#[test]
fn ends_though_its_client_never_ends_its_message() {
    let (mut server, address) = server();
    let mut client = connect(&address);
    let flood = thread::spawn(move || while client.write(&[b'a'; 4096]).is_ok() {});
    server.type_in("再见\n");
    server.finish().success();
    flood.join().unwrap();
}

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

#[test]
fn refuses_a_wrong_command_line() {
    let wrong: [&[&str]; 6] = [
        &["127.0.0.1"],
        &["127.0.0.1:"],
        &["127.0.0.1:65536"],
        &["127.0.0.1:http"],
        &["--port", "8080"],
        &["127.0.0.1:0", "more"],
    ];
    for arguments in wrong {
        let message = start(arguments).finish().refused();
        assert!(message.contains("error: "), "{arguments:?}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let argument = std::ffi::OsStr::from_bytes(b"127.0.0.1\xff:0");
    support::start(env!("CARGO_BIN_EXE_tcp-server-gbk"), [argument]).finish().refused();
}

#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_server, address) = server();
    let error = start(&[&address]).finish().error();
    assert!(error.starts_with(&format!("Error: cannot listen on {address}: ")), "{error}");
    assert!(error.ends_with("; choose another port"), "{error}");
    // No machine has an address of TEST-NET-1 (RFC 5737).
    let error = start(&["192.0.2.1:0"]).finish().error();
    assert!(error.contains("cannot listen on 192.0.2.1:0: "), "{error}");
}

#[test]
fn an_error_cannot_steer_the_terminal() {
    let error = start(&["a\u{1b}[2J\u{202e}\nb:0"]).finish().error();
    support::check_safe(&error, 0);
}

#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let address = "127.0.0.1:0";
    let closed = Program::start_with_stdout(&mut command(&[address]), closed_pipe());
    let mut client = connect(&closed.address());
    client.write_all(HELLO).unwrap();
    expect_end(&mut client);
    let error = closed.finish().error();
    assert!(error.contains("cannot write to standard output: "), "{error}");
    let Some(full) = full_device() else { return };
    let full = Program::start_with_stdout(&mut command(&[address]), full);
    connect(&full.address()).write_all(HELLO).unwrap();
    let error = full.finish().error();
    assert!(error.contains("cannot write to standard output: "), "{error}");
}

#[cfg(unix)]
#[test]
fn listens_on_the_same_port_again_at_once() {
    let (server, address) = server();
    exchange(server, &address, HELLO); // closed by the server first: its port is in TIME_WAIT
    let again = start(&[&address]);
    assert_eq!(again.address(), address);
    assert_eq!(exchange(again, &address, HELLO), "你好");
}

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
