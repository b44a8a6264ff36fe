//! Lesson 3, `tcp-echo-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::process::Command;

use support::rules::{self, WRONG_ADDRESS};
use support::{Ending, Meeting, Peer, Program, accept, expect, expect_end, listener, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-echo-client");

/// What the tutorial's client sends.
const MESSAGE: &[u8] = b"This is a test message";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// The client that sends `one`.
fn at(address: &str) -> Command {
    command(&[address, "--message", "one"])
}

/// Checks what a client printed that sent `one`, and was answered. The host is shown as it was
/// given, so this looks at the rest.
#[track_caller]
fn has_its_echo(client: Program) {
    let words = client.finish().success();
    assert!(words.starts_with("Connecting to "), "{words}");
    assert!(words.ends_with("\nReceived b\"one\"\n"), "{words}");
}

/// The server's part with a client that was started by [`at`].
#[track_caller]
fn talk(client: Program, mut stream: Peer) {
    expect(&mut stream, b"one");
    stream.write_all(b"one").unwrap();
    has_its_echo(client);
}

/// Runs the client against a server that takes its message, sends `answer` and closes; says how the
/// client ended, and the server's address.
#[track_caller]
fn ending_with(message: &str, answer: &[u8]) -> (Ending, String) {
    let (listener, address) = listener();
    let client = start(&[&address, "--message", message, "--timeout", "20"]);
    let mut stream = accept(&listener);
    expect(&mut stream, message.as_bytes());
    stream.write_all(answer).unwrap();
    drop(stream);
    (client.finish(), address)
}

/// What a client prints that gets its message back.
#[track_caller]
fn echo_of(message: &str) -> String {
    let (ending, address) = ending_with(message, message.as_bytes());
    let words = ending.success();
    words.strip_prefix(&connecting_to(&address)).expect(&words).to_owned()
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

mod dialogue {
    use super::*;

    /// The exchange up to the server's echo.
    #[track_caller]
    fn meet() -> (Meeting, Peer) {
        let mut meeting = Meeting::client(command);
        let mut stream = meeting.accept();
        expect(&mut stream, MESSAGE);
        stream.write_all(MESSAGE).unwrap();
        (meeting, stream)
    }

    #[test]
    fn sends_the_tutorials_message() {
        meet();
    }

    #[test]
    fn prints_the_echo() {
        let (meeting, _stream) = meet();
        meeting.program.stdout.line_with("This is a test message");
    }

    #[test]
    fn closes_after_the_echo_and_ends_well() {
        let (meeting, mut stream) = meet();
        expect_end(&mut stream);
        meeting.program.finish().success();
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn puts_an_echo_together_that_arrives_byte_by_byte() {
        let (listener, address) = listener();
        let client = Program::start(&mut at(&address));
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
        has_its_echo(client);
    }

    #[test]
    fn takes_an_echo_whole_that_is_longer_than_one_read() {
        let message = "0123456789".repeat(2000);
        assert_eq!(echo_of(&message), format!("Received b\"{message}\"\n"));
    }

    #[test]
    fn a_missing_a_short_or_a_different_echo_is_an_error() {
        no_echo(ending_with("one", b""));
        let error = no_echo(ending_with("one", b"on"));
        assert!(error.ends_with(r#"it sent back b"on""#), "{error}");
        let error = no_echo(ending_with("one two", b"one\x1b[2J"));
        assert!(error.ends_with(r#"it sent back b"one\x1b[2J""#), "{error}");
        let error = no_echo(ending_with("four", b"\xe4\n\"\\"));
        assert!(error.ends_with(r#"it sent back b"\xe4\n\"\\""#), "{error}");
    }

    #[test]
    fn a_flood_does_not_grow_its_memory() {
        let (listener, address) = listener();
        let client = Program::start(&mut at(&address));
        let mut stream = accept(&listener);
        expect(&mut stream, b"one");
        // One read of 1,024 bytes is more than it has sent: it reads no more.
        let sent = stream.write_all(&vec![b'x'; 1 << 20]);
        let error = no_echo((client.finish(), address));
        assert!(error.len() < 2000, "{} bytes", error.len());
        drop(sent);
    }

    #[test]
    fn a_server_that_resets_is_an_error() {
        let (listener, address) = listener();
        let client = start(&[&address]);
        let mut stream = accept(&listener);
        expect(&mut stream, MESSAGE); // now it is connected, and knows it
        reset(stream);
        let error = no_echo((client.finish(), address));
        assert!(!error.contains("it sent back"), "a reset is no end of an echo: {error}");
    }

    rule!(says_where_why_and_what_to_do_when_no_one_listens, at, "tcp-echo-server");
    rule!(no_way_to_the_server_is_an_error, at);
    rule!(
        #[cfg(target_os = "linux")]
        does_not_wait_forever_on_a_connection,
        hasty
    );

    #[test]
    fn does_not_wait_forever_on_a_silent_server() {
        rules::does_not_wait_forever_on_a_silent_server(hasty);
        // Nor on one that falls silent amid the echo.
        let (listener, address) = listener();
        let client = Program::start(&mut hasty(&address));
        let mut stream = accept(&listener);
        let _ = stream.write_all(b"This is a"); // an error, if this came too late
        let error = client.finish().error();
        assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
    }

    fn hasty(address: &str) -> Command {
        command(&[address, "--timeout", "0.2"])
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (listener, address) = listener();
        let client = Program::start(&mut at(&address));
        let mut stream = accept(&listener);
        expect(&mut stream, b"one"); // now it waits for the echo
        client.stop_and_continue();
        stream.write_all(b"one").unwrap();
        has_its_echo(client);
    }

    rule!(talks_over_ipv6, at, talk);
    rule!(
        #[cfg(target_os = "linux")]
        connects_to_an_ipv6_address_with_a_zone,
        at,
        talk
    );
    rule!(tries_each_address_of_a_name, at, talk);
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words_a_line_at_a_time() {
        let (listener, address) = listener();
        let port = address.rsplit(':').next().unwrap();
        let client = start(&[&format!("localhost:{port}")]);
        assert_eq!(client.stdout.line(), format!("Connecting to localhost port {port}"));
        let mut stream = accept(&listener);
        expect(&mut stream, MESSAGE);
        stream.write_all(MESSAGE).unwrap();
        expect_end(&mut stream);
        assert_eq!(client.finish().success(), "Received b\"This is a test message\"\n");
    }

    #[test]
    fn sends_the_message_that_it_is_given_and_shows_it_escaped() {
        assert_eq!(
            echo_of("你好\u{1b}[2J\r\n\"'\\\u{202e}"),
            "Received b\"\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd\\x1b[2J\\r\\n\\\"\\'\\\\\\xe2\\x80\\xae\"\n"
        );
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &[
            "Lesson 3",
            "localhost:8888",
            "This is a test message",
            "30",
            "cargo run -p tcp-echo-server"
        ]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["--message", ""],
            &["--message"],
            &["localhost:8888", "more"],
            &["--timeout", "0"],
            &["--timeout", "NaN"],
            &["--timeout=-1"],
            &["--name", "a"],
            &[WRONG_ADDRESS],
        ]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"], &[b"--message=\xff"]]
    );

    #[test]
    fn takes_a_timeout_of_years_or_nanoseconds() {
        let (listener, address) = listener();
        let client = start(&[&address, "--message", "one", "--timeout", "1e9"]);
        talk(client, accept(&listener));
        start(&[&address, "--timeout", "1e-9"]).finish().error();
    }

    #[test]
    fn neither_its_words_nor_an_error_can_steer_the_terminal() {
        let ending = Program::start(&mut at("a\u{1b}[2J\u{202e}\nb:1")).finish();
        support::check_safe(&ending.stdout, 1);
        assert!(ending.stdout.starts_with("Connecting to a"), "{ending:?}");
        support::check_safe(&ending.error(), 0);
    }

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let (_listener, address) = listener();
        rules::ends_when_stdout_is_closed_or_full(at(&address), |_| ());
    }
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-echo-client"));
    }
}
