//! Lesson 5, `tcp-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::{Ending, Program, accept, expect, expect_end, reset, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-client"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// Runs the client against a server that answers the messages to come with `answers`, one each,
/// the first of them as the welcome, and then closes.
fn ending_with(answers: &[&[u8]]) -> Ending {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--timeout", "20", "a", "b"]);
    let mut stream = accept(&listener);
    for (answer, name) in answers.iter().zip(["a", "b", "exit"]) {
        stream.write_all(answer).unwrap();
        expect(&mut stream, name.as_bytes());
    }
    drop(stream);
    client.finish()
}

/// Read the welcome and print it; then send each name, without a newline, and print its answer
/// before the next; at last send `exit` and close. Flush every line.
#[test]
fn holds_the_tutorials_dialogue() {
    let (listener, address) = support::listener();
    let client = start(&[&address]);
    let mut stream = accept(&listener);
    stream.write_all(b"Welcome!").unwrap();
    assert_eq!(client.stdout.line(), "Welcome!");
    for name in ["Michael", "Tracy", "Sarah"] {
        expect(&mut stream, name.as_bytes());
        stream.write_all(format!("Hello, {name}!").as_bytes()).unwrap();
        assert_eq!(client.stdout.line(), format!("Hello, {name}!"));
    }
    expect(&mut stream, b"exit");
    expect_end(&mut stream);
    assert_eq!(client.finish().success(), "");
}

/// `--help` needs 24 lines of 80 columns at most, with the default address, names and timeout and
/// how to start the server (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let other_half = "cargo run -p tcp-server-threaded";
    let parts = ["Lesson 5", "127.0.0.1:9999", "Michael Tracy Sarah", "30", other_half];
    support::check_help(start(&["--help"]), &parts);
}

/// What follows the address on the command line are the names, in place of the tutorial's three;
/// one `recv` is one answer, decoded from UTF-8, on a line of its own.
#[test]
fn sends_the_names_that_it_is_given() {
    let printed = ending_with(&[b"W", b"1", "张三".as_bytes()]).success();
    assert_eq!(printed, "W\n1\n张三\n");
}

/// Before you print an answer, escape C0 with CR and LF, DEL, C1 and the bidirectional marks: one
/// answer is one line, and no ESC gets through.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    let printed = ending_with(&[
        b"\x1b]0;title\x07\x1b[2J",
        "a\r\nError: forged\u{85}".as_bytes(),
        "\u{7f}\u{9b}\u{202e}gnp.exe\u{2066}".as_bytes(),
    ]);
    let printed = printed.success();
    support::check_safe(&printed, 3);
    for harmless in ["]0;title", "[2J", "Error: forged", "gnp.exe"] {
        assert!(printed.contains(harmless), "{printed}");
    }
}

/// Decode with U+FFFD for what is no UTF-8 (`errors="replace"`). An incremental decoder holds half
/// a character back: at the end, finish it, and print what it still has as a line.
#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    assert_eq!(
        ending_with(&[b"W\xff", b"\xc0\xaf", b"end \xe5\xbc"]).success(),
        "W\u{fffd}\n\u{fffd}\u{fffd}\nend \n\u{fffd}\n"
    );
}

/// Python's stdout has the terminal's encoding (on Windows often GBK), and `print` raises an error
/// for what that lacks: `sys.stdout.reconfigure(encoding="utf-8")`.
#[test]
fn prints_utf_8_whatever_the_terminal_has() {
    let (listener, address) = support::listener();
    let client = Program::start(command(&[&address, "a"]).env("PYTHONIOENCODING", "ascii"));
    let mut stream = accept(&listener);
    stream.write_all("欢迎!".as_bytes()).unwrap();
    expect(&mut stream, b"a");
    stream.write_all("你好, a!".as_bytes()).unwrap();
    assert_eq!(client.finish().success(), "欢迎!\n你好, a!\n");
}

/// Keep one decoder for the whole connection (`codecs.getincrementaldecoder("utf-8")`) instead of
/// decoding each `recv` by itself: it remembers half a character.
#[test]
fn prints_a_character_that_is_split_over_two_reads_whole() {
    let [whole @ .., last] = "张".as_bytes() else { unreachable!() };
    assert_eq!(ending_with(&[whole, &[*last], b"!"]).success(), "\n张\n!\n");
}

/// Catch ECONNREFUSED from `connect` and the failure of the name (`socket.gaierror`): `Error:
/// cannot connect to ADDRESS: `, the reason, `is tcp-server-threaded running?`
#[test]
fn says_where_why_and_what_to_do_when_no_one_listens() {
    let (_socket, address) = support::deserted();
    let error = start(&[&address]).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.ends_with("is tcp-server-threaded running?"), "{error}");
    let error = start(&["no-such-host.invalid:9999"]).finish().error();
    assert!(error.starts_with("Error: cannot connect to no-such-host.invalid:9999: "), "{error}");
}

/// Give `--timeout` to the socket (`settimeout`, `set_read_timeout`) and end the error with `timed
/// out`: on Unix Rust reports it as `ErrorKind::WouldBlock`.
#[test]
fn does_not_wait_for_ever_on_a_silent_server() {
    let (_listener, address) = support::listener();
    let error = start(&[&address, "--timeout", "0.2"]).finish().error();
    assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "a"]);
    let mut stream = accept(&listener);
    stream.write_all(b"W").unwrap();
    expect(&mut stream, b"a"); // now it waits for an answer
    client.stop_and_continue();
    stream.write_all(b"1").unwrap();
    expect(&mut stream, b"exit");
    assert_eq!(client.finish().success(), "W\n1\n");
}

/// An empty result of `recv` is the server's close: while an answer is due, end with status 1 and
/// `it closed the connection without an answer`.
#[test]
fn a_server_that_closes_too_early_is_an_error() {
    let ending = ending_with(&[b"Welcome!"]);
    assert_eq!(ending.stdout, "Welcome!\n");
    let error = ending.error();
    assert!(error.ends_with("it closed the connection without an answer"), "{error}");
}

/// ECONNRESET from `recv` or `send`, and EPIPE from `send`, end with one line: `Error: the dialogue
/// with ADDRESS broke off: ` and the reason, status 1.
#[test]
fn a_server_that_resets_is_an_error() {
    let (listener, address) = support::listener();
    let client = start(&[&address]);
    let mut stream = accept(&listener);
    stream.write_all(b"Welcome!").unwrap();
    expect(&mut stream, b"Michael"); // now it is connected, and knows it
    reset(stream);
    let error = client.finish().error();
    assert!(
        error.starts_with(&format!("Error: the dialogue with {address} broke off: ")),
        "{error}"
    );
    assert!(!error.contains("it closed"), "a reset is no close: {error}");
}

/// Read with one `recv(1024)` for the welcome and one for each answer, and never until the close:
/// the server decides when that is.
#[test]
fn a_flood_does_not_grow_its_memory() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "a"]);
    let mut stream = accept(&listener);
    // It reads 1,024 bytes for the welcome and for each answer, and no more.
    let sent = stream.write_all(&vec![b'x'; 1 << 20]);
    let words = client.finish();
    assert!(words.stdout.len() <= 2 * 1025, "{} bytes printed", words.stdout.len());
    drop(sent);
}

/// TCP keeps no messages apart (RFC 9293 §2.2): what one `recv` gives is one answer here, also when
/// it is two of the server's messages. Show it on one line, and go on.
#[test]
fn shows_what_arrives_together_on_one_line() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "a"]);
    let mut stream = accept(&listener);
    stream.write_all(b"Welcome!Hello, a!").unwrap();
    assert_eq!(client.stdout.line(), "Welcome!Hello, a!");
    expect(&mut stream, b"a");
    stream.write_all(b"Hello, a!").unwrap();
    assert_eq!(client.stdout.line(), "Hello, a!");
    expect(&mut stream, b"exit");
    client.finish().success();
}

/// Without a way to the server there is an error at once (ENETUNREACH), and nothing to wait for:
/// catch it like a refusal.
#[test]
fn no_way_to_the_server_is_an_error() {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = command(&["192.0.2.1:9999"]);
    let Some(mut command) = support::with_network(&command, "ip link set lo up") else { return };
    let error = Program::start(&mut command).finish().error();
    assert!(error.starts_with("Error: cannot connect to 192.0.2.1:9999: "), "{error}");
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_its_wait_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (listener, address) = support::listener();
        let client = start(&[&address]);
        let mut stream = accept(&listener);
        stream.write_all(b"Welcome!").unwrap();
        expect(&mut stream, b"Michael"); // and it waits for the answer
        client.check_ends_by(signal);
    }
}

/// Check HOST:PORT (0 to 65535), the timeout (more than 0, no NaN) and that no name is empty (it
/// sends nothing, so no answer comes): `error: ` on stderr, status 2.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["127.0.0.1:9999", ""],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--timeout=-1"],
        &["--names", "a"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_tcp-client"), &[b"127.0.0.1\xff:0"]);
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let (listener, address) = support::listener();
    rules::needs_stdout(command(&[&address]), |_| {
        accept(&listener).write_all(b"Welcome!").unwrap();
    });
}

/// Take the brackets off `[::1]` before `getaddrinfo`, and make the socket of the family that it
/// gives, AF_INET6, instead of always AF_INET.
#[test]
fn talks_over_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let client = start(&[&listener.local_addr().unwrap().to_string(), "a"]);
    let mut stream = accept(&listener);
    stream.write_all(b"W").unwrap();
    expect(&mut stream, b"a");
    stream.write_all(b"1").unwrap();
    assert_eq!(client.finish().success(), "W\n1\n");
}

/// `%1` in `[::1%1]` is a zone (RFC 4007 §11), the number of an interface: give it to `getaddrinfo`
/// with the rest (Rust's std takes a number there, and no name).
#[cfg(target_os = "linux")]
#[test]
fn takes_an_ipv6_address_with_a_zone() {
    let Ok(listener) = TcpListener::bind("[::1%1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let address = format!("[::1%1]:{}", listener.local_addr().unwrap().port());
    let client = start(&[&address, "a"]);
    let mut stream = accept(&listener);
    stream.write_all(b"Welcome!").unwrap();
    expect(&mut stream, b"a");
    stream.write_all(b"Hello, a!").unwrap();
    expect(&mut stream, b"exit");
    assert_eq!(client.finish().success(), "Welcome!\nHello, a!\n");
}

/// Connect to each address that `getaddrinfo` gives, and give up after the last one. Python's
/// `create_connection` does that; Rust's `connect_timeout` takes only one address.
#[test]
fn tries_each_address_of_a_name() {
    rules::tries_each_address(
        |address| command(&[address, "a"]),
        |client, listener| {
            let mut stream = accept(&listener);
            stream.write_all(b"W").unwrap();
            expect(&mut stream, b"a");
            stream.write_all(b"1").unwrap();
            assert_eq!(client.finish().success(), "W\n1\n");
        },
    );
}

/// Try it by hand against tcp-server-threaded.py: names go without a newline, and the next one only
/// after the answer, as two sends may arrive in one `recv`.
#[test]
fn talks_with_the_python_twin_of_its_server() {
    let Some(server) = support::python_twin("tcp-server-threaded", ["127.0.0.1:0", "--delay", "0"])
    else {
        return;
    };
    let words = start(&[&server.address()]).finish().success();
    assert_eq!(words, "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
}
