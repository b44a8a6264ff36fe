//! Lesson 3, `tcp-echo-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::{Ending, Program, accept, expect, expect_end, reset, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-echo-client"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// Runs the client against a server that takes its message, sends `pieces` and closes; says how
/// the client ended, and the server's address.
fn ending_with(message: &str, pieces: &[&[u8]]) -> (Ending, String) {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--message", message, "--timeout", "20"]);
    let mut stream = accept(&listener);
    stream.set_nodelay(true).unwrap();
    expect(&mut stream, message.as_bytes());
    for piece in pieces {
        stream.write_all(piece).unwrap();
    }
    drop(stream);
    (client.finish(), address)
}

/// Checks that the client reported no echo from `address`, and printed none.
#[track_caller]
fn no_echo((ending, address): (Ending, String)) -> String {
    assert_eq!(ending.stdout, connecting_to(&address));
    let error = ending.error();
    assert!(error.starts_with(&format!("Error: no echo from {address}: ")), "{error}");
    support::check_safe(&error, 0);
    error
}

fn connecting_to(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap();
    format!("Connecting to {host} port {port}\n")
}

/// Print and flush `Connecting to localhost port N` before you connect, send the message without a
/// newline, read as many bytes as you sent, show them as b"…" and close.
#[test]
fn sends_the_tutorials_message_and_prints_its_words() {
    let (listener, address) = support::listener();
    let port = address.rsplit(':').next().unwrap();
    let client = start(&[&format!("localhost:{port}")]);
    assert_eq!(client.stdout.line(), format!("Connecting to localhost port {port}"));
    let mut stream = accept(&listener);
    expect(&mut stream, b"This is a test message");
    stream.write_all(b"This is a test message").unwrap();
    expect_end(&mut stream);
    assert_eq!(client.finish().success(), "Received b\"This is a test message\"\n");
}

/// `--help` needs 24 lines of 80 columns at most, with the default address, message and timeout and
/// how to start the server (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let other_half = "cargo run -p tcp-echo-server";
    let parts = ["Lesson 3", "localhost:8888", "This is a test message", "30", other_half];
    support::check_help(start(&["--help"]), &parts);
}

/// Send the UTF-8 bytes of `--message`, and show the echo as Python's `repr` does, but always in
/// double quotes and with both kinds of quotes escaped (Rust: `escape_ascii`).
#[test]
fn sends_the_message_that_it_is_given_and_shows_it_escaped() {
    let message = "你好\u{1b}[2J\r\n\"'\\\u{202e}";
    let (ending, address) = ending_with(message, &[message.as_bytes()]);
    let echo = r#"Received b"\xe4\xbd\xa0\xe5\xa5\xbd\x1b[2J\r\n\"\'\\\xe2\x80\xae""#;
    assert_eq!(ending.success(), format!("{}{echo}\n", connecting_to(&address)));
}

/// One `recv` gives what is there, perhaps one byte: call it until the whole echo is together
/// (Rust: `read_exact`; Python has only the loop).
#[test]
fn puts_an_echo_together_that_arrives_byte_by_byte() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--message", "one"]);
    let mut stream = accept(&listener);
    stream.set_nodelay(true).unwrap();
    expect(&mut stream, b"one");
    for byte in *b"one" {
        // Linux tells when it has read the byte before, and sleeps until there is another.
        if cfg!(target_os = "linux") {
            support::wait_for_state(client.id(), 'S');
        }
        stream.write_all(&[byte]).unwrap();
    }
    let words = client.finish().success();
    assert_eq!(words, connecting_to(&address) + "Received b\"one\"\n");
}

/// TCP keeps no boundaries (RFC 9293 §2.2): 20,000 bytes need several `recv(1024)`. Send with
/// `sendall` or `write_all`, as `send` may take only a part.
#[test]
fn takes_an_echo_whole_that_is_longer_than_one_read() {
    let message = "0123456789".repeat(2000);
    let (ending, address) = ending_with(&message, &[message.as_bytes()]);
    let echo = format!("Received b\"{message}\"\n");
    assert_eq!(ending.success(), connecting_to(&address) + &echo);
}

/// When `recv` gives nothing, the server has closed. Compare what came with what you sent: else
/// `Error: no echo from ADDRESS: …`, status 1, with `it sent back b"…"` if anything came.
#[test]
fn a_missing_a_short_or_a_different_echo_is_an_error() {
    no_echo(ending_with("one", &[]));
    let error = no_echo(ending_with("one", &[b"on"]));
    assert!(error.ends_with(r#"it sent back b"on""#), "{error}");
    let error = no_echo(ending_with("one two", &[b"one\x1b[2J\n\xff!"]));
    assert!(error.ends_with(r#"it sent back b"one\x1b[2J""#), "{error}");
    let error = no_echo(ending_with("four", &[b"\xe4\n\"\\"]));
    assert!(error.ends_with(r#"it sent back b"\xe4\n\"\\""#), "{error}");
}

/// Ask `recv` for no more than is still missing of the echo, and stop at as many bytes as you sent:
/// an endless server then costs nothing.
#[test]
fn a_flood_does_not_grow_its_memory() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--message", "one"]);
    let mut stream = accept(&listener);
    expect(&mut stream, b"one");
    // It reads as many bytes as it has sent, and no more.
    let sent = stream.write_all(&vec![b'x'; 1 << 20]);
    let error = no_echo((client.finish(), address));
    assert!(error.len() < 200, "{} bytes", error.len());
    drop(sent);
}

/// Give `--timeout` to the socket (`settimeout`, `set_read_timeout`) and end the error with `timed
/// out`: on Unix Rust reports it as `ErrorKind::WouldBlock`.
#[test]
fn does_not_wait_for_ever_on_a_silent_server() {
    for half in [b"".as_slice(), b"This is a"] {
        let (listener, address) = support::listener();
        let client = start(&[&address, "--timeout", "0.2"]);
        let mut stream = accept(&listener);
        let _ = stream.write_all(half); // an error, if this came too late
        let error = client.finish().error();
        assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
    }
}

/// A reset is an error of `recv` (ECONNRESET, ConnectionResetError) and no empty result: catch it
/// as `Error: no echo from ADDRESS: ` and the reason, status 1.
#[test]
fn a_server_that_resets_is_an_error() {
    let (listener, address) = support::listener();
    let client = start(&[&address]);
    let mut stream = accept(&listener);
    expect(&mut stream, b"This is a test message"); // now it is connected, and knows it
    reset(stream);
    let error = no_echo((client.finish(), address));
    assert!(!error.contains("it sent back"), "a reset is no end of an echo: {error}");
}

/// Catch ECONNREFUSED from `connect` and the failure of the name (`socket.gaierror` in Python):
/// `Error: cannot connect to ADDRESS: `, the reason, `is tcp-echo-server running?`
#[test]
fn says_where_why_and_what_to_do_when_no_one_listens() {
    let (_socket, address) = support::deserted();
    let error = start(&[&address]).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.ends_with("is tcp-echo-server running?"), "{error}");
    let error = start(&["no-such-host.invalid:8888"]).finish().error();
    assert!(error.starts_with("Error: cannot connect to no-such-host.invalid:8888: "), "{error}");
}

/// Escape the host of the command line before you print it, also in `Connecting to …`: controls
/// (ESC, line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn neither_its_words_nor_an_error_can_steer_the_terminal() {
    let ending = start(&["a\u{1b}[2J\u{202e}\nb:1"]).finish();
    support::check_safe(&ending.stdout, 1);
    assert!(ending.stdout.starts_with("Connecting to a"), "{ending:?}");
    support::check_safe(&ending.error(), 0);
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--message", "one"]);
    let mut stream = accept(&listener);
    expect(&mut stream, b"one"); // now it waits for the echo
    client.stop_and_continue();
    stream.write_all(b"one").unwrap();
    let words = client.finish().success();
    assert_eq!(words, connecting_to(&address) + "Received b\"one\"\n");
}

/// Without a way to the server there is an error at once (ENETUNREACH), and nothing to wait for:
/// catch it like a refusal.
#[test]
fn no_way_to_the_server_is_an_error() {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = command(&["192.0.2.1:8888"]);
    let Some(mut command) = support::with_network(&command, "ip link set lo up") else { return };
    let error = Program::start(&mut command).finish().error();
    assert!(error.starts_with("Error: cannot connect to 192.0.2.1:8888: "), "{error}");
}

/// Check HOST:PORT (0 to 65535, split at the last colon) and the timeout (more than 0, and no NaN)
/// before you connect: `error: ` on stderr, status 2. argparse and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["--message", ""],
        &["localhost"],
        &["localhost:"],
        &["localhost:65536"],
        &["localhost:8888", "more"],
        &["--message"],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--timeout=-1"],
        &["--name", "a"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    for argument in [b"127.0.0.1\xff:0".as_slice(), b"--message=\xff"] {
        rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_tcp-echo-client"), &[argument]);
    }
}

/// Python's `settimeout` and poll(2) count in limited units: cut a huge timeout down. Round a tiny
/// one up: 0 means no timeout (SO_RCVTIMEO), no blocking (Python) or an error (Rust).
#[test]
fn takes_a_timeout_of_years_or_nanoseconds() {
    let (listener, address) = support::listener();
    let client = start(&[&address, "--message", "one", "--timeout", "1e9"]);
    let mut stream = accept(&listener);
    expect(&mut stream, b"one");
    stream.write_all(b"one").unwrap();
    let words = client.finish().success();
    assert_eq!(words, connecting_to(&address) + "Received b\"one\"\n");
    start(&[&address, "--timeout", "1e-9"]).finish().error();
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let (_listener, address) = support::listener();
    rules::needs_stdout(command(&[&address]), |_| ());
}

/// Take the brackets off `[::1]` before `getaddrinfo`, and make the socket of the family that it
/// gives, AF_INET6, instead of always AF_INET.
#[test]
fn talks_over_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let address = listener.local_addr().unwrap().to_string();
    let client = start(&[&address, "--message", "one"]);
    let mut stream = accept(&listener);
    expect(&mut stream, b"one");
    stream.write_all(b"one").unwrap();
    let words = client.finish().success();
    assert_eq!(words, connecting_to(&address) + "Received b\"one\"\n");
}

/// Connect to each address that `getaddrinfo` gives, and give up after the last one. Python's
/// `create_connection` does that; Rust's `connect_timeout` takes only one address.
#[test]
fn tries_each_address_of_a_name() {
    rules::tries_each_address(
        |address| command(&[address, "--message", "one"]),
        |client, listener| {
            let mut stream = accept(&listener);
            expect(&mut stream, b"one");
            stream.write_all(b"one").unwrap();
            let address = format!("both.example:{}", listener.local_addr().unwrap().port());
            let words = client.finish().success();
            assert_eq!(words, connecting_to(&address) + "Received b\"one\"\n");
        },
    );
}

/// Try it by hand against tcp-echo-server.py: send the UTF-8 bytes of the message, no newline and
/// no length before them, and print the echo's bytes escaped.
#[test]
fn talks_with_the_python_twin_of_its_server() {
    let Some(server) = support::python_twin("tcp-echo-server", ["127.0.0.1:0"]) else { return };
    let address = server.address();
    let words = start(&[&address]).finish().success();
    assert_eq!(words, connecting_to(&address) + "Received b\"This is a test message\"\n");
    let words = start(&[&address, "--message", "你好"]).finish().success();
    let echo = "Received b\"\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd\"\n";
    assert_eq!(words, connecting_to(&address) + echo);
}
