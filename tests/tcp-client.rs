//! Lesson 5, `tcp-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::process::Command;

use support::rules::WRONG_ADDRESS;
use support::{Ending, Meeting, Peer, Program, accept, expect, expect_end, listener, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-client");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// Runs the client against a server that answers the messages to come with `answers`, one each,
/// the first of them as the welcome, and then closes.
#[track_caller]
fn ending_with(answers: &[&[u8]]) -> Ending {
    let (listener, address) = listener();
    let client = start(&[&address, "--timeout", "20", "a", "b"]);
    let mut stream = accept(&listener);
    for (answer, name) in answers.iter().zip(["a", "b", "exit"]) {
        stream.write_all(answer).unwrap();
        expect(&mut stream, name.as_bytes());
    }
    drop(stream);
    client.finish()
}

/// The client that asks for one name.
fn at(address: &str) -> Command {
    command(&[address, "a"])
}

/// The server's part with a client that was started by [`at`].
#[track_caller]
fn talk(client: Program, mut stream: Peer) {
    stream.write_all(b"Welcome!").unwrap();
    expect(&mut stream, b"a");
    stream.write_all(b"Hello, a!").unwrap();
    expect(&mut stream, b"exit");
    assert_eq!(client.finish().success(), "Welcome!\nHello, a!\n");
}

mod dialogue {
    use super::*;

    /// The dialogue up to the client's `exit`.
    #[track_caller]
    fn meet() -> (Meeting, Peer) {
        let mut meeting = Meeting::client(command);
        let mut stream = meeting.accept();
        stream.write_all(b"Welcome!").unwrap();
        for name in ["Michael", "Tracy", "Sarah"] {
            expect(&mut stream, name.as_bytes());
            stream.write_all(format!("Hello, {name}!").as_bytes()).unwrap();
        }
        expect(&mut stream, b"exit");
        (meeting, stream)
    }

    #[test]
    fn sends_each_name_after_the_answer_to_the_one_before_and_then_exit() {
        meet();
    }

    #[test]
    fn prints_each_answer() {
        let (meeting, _stream) = meet();
        for answer in ["Welcome!", "Hello, Michael!", "Hello, Tracy!", "Hello, Sarah!"] {
            meeting.program.stdout.line_with(answer);
        }
    }

    #[test]
    fn closes_after_exit_and_ends_well() {
        let (meeting, mut stream) = meet();
        expect_end(&mut stream);
        meeting.program.finish().success();
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn takes_an_answer_in_pieces_as_one() {
        let (listener, address) = listener();
        let client = start(&[&address, "张"]);
        let mut stream = accept(&listener);
        stream.set_nodelay(true).unwrap();
        let mut send_in_pieces = |pieces: [&[u8]; 3]| {
            for piece in pieces {
                stream.write_all(piece).unwrap();
                // The pieces may still arrive together; then this test says nothing, but never
                // wrongly.
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        };
        send_in_pieces([b"W", b"elcome", b"!"]);
        assert_eq!(client.stdout.line(), "Welcome!");
        send_in_pieces([b"Hel", b"lo, \xe5\xbc", b"\xa0!"]);
        assert_eq!(client.stdout.line(), "Hello, 张!");
        expect(&mut stream, "张exit".as_bytes());
        client.finish().success();
    }

    #[test]
    fn prints_the_beginning_of_an_answer_before_it_says_that_no_more_came() {
        for closes in [true, false] {
            let (listener, address) = listener();
            let client = Program::start(&mut hasty(&address));
            let mut stream = accept(&listener);
            stream.write_all(b"Welc").unwrap();
            let _silent = (!closes).then_some(stream);
            let ending = client.finish();
            assert_eq!(ending.stdout, "Welc\n");
            let reason = if closes { "before its answer was complete" } else { "timed out" };
            let error = ending.error();
            assert!(error.ends_with(reason), "{error}");
        }
    }

    #[test]
    fn shows_what_arrives_together_on_one_line() {
        let (listener, address) = listener();
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

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let printed = ending_with(&[
            b"\x1b]0;title\x07\x1b[2J",
            "a\r\nError: forged\u{85}".as_bytes(),
            "\u{7f}\u{9b}\u{202e}gnp.exe\u{2066}".as_bytes(),
        ]);
        let printed = printed.success();
        support::check_safe(&printed, 3);
        support::check_keeps(&printed, &["]0;title", "[2J", "Error: forged", "gnp.exe"]);
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        assert_eq!(
            ending_with(&[b"W\xff", b"\xc0\xaf", b"end \xe5\xbc"]).success(),
            "W\u{fffd}\n\u{fffd}\u{fffd}\nend \u{fffd}\n"
        );
    }

    #[test]
    fn a_flood_does_not_grow_its_memory() {
        let (listener, address) = listener();
        let client = start(&[&address, "a"]);
        let mut stream = accept(&listener);
        // It reads 1,024 bytes for the welcome and for each answer, and no more.
        let sent = stream.write_all(&vec![b'x'; 1 << 20]);
        let words = client.finish();
        assert!(words.stdout.len() <= 2 * 1025, "{} bytes printed", words.stdout.len());
        drop(sent);
    }

    #[test]
    fn a_server_that_closes_too_early_is_an_error() {
        let ending = ending_with(&[b"Welcome!"]);
        assert_eq!(ending.stdout, "Welcome!\n");
        let error = ending.error();
        assert!(
            error.ends_with("it closed the connection before its answer was complete"),
            "{error}"
        );
    }

    #[test]
    fn a_server_that_resets_is_an_error() {
        let (listener, address) = listener();
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

    rule!(says_where_why_and_what_to_do_when_no_one_listens, at, "tcp-server-threaded");
    rule!(no_way_to_the_server_is_an_error, at);
    rule!(
        #[cfg(target_os = "linux")]
        does_not_wait_forever_on_a_connection,
        hasty
    );
    rule!(does_not_wait_forever_on_a_silent_server, hasty);

    fn hasty(address: &str) -> Command {
        command(&[address, "--timeout", "0.2"])
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (listener, address) = listener();
        let client = start(&[&address, "a"]);
        let mut stream = accept(&listener);
        stream.write_all(b"Hi").unwrap();
        expect(&mut stream, b"a"); // now it waits for an answer
        client.stop_and_continue();
        stream.write_all(b"1").unwrap();
        expect(&mut stream, b"exit");
        assert_eq!(client.finish().success(), "Hi\n1\n");
    }

    #[cfg(unix)]
    #[test]
    fn ctrl_c_and_kill_end_its_wait_at_once() {
        for signal in ["-INT", "-TERM"] {
            let (listener, address) = listener();
            let client = start(&[&address]);
            let mut stream = accept(&listener);
            stream.write_all(b"Welcome!").unwrap();
            expect(&mut stream, b"Michael"); // and it waits for the answer
            client.check_ends_by(signal);
        }
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

    #[test]
    fn sends_the_names_that_it_is_given() {
        let printed = ending_with(&[b"Hi", b"1", "张三".as_bytes()]).success();
        assert_eq!(printed, "Hi\n1\n张三\n");
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &[
            "Lesson 5",
            "127.0.0.1:9999",
            "Michael Tracy Sarah",
            "30",
            "cargo run -p tcp-server-threaded"
        ]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["127.0.0.1:9999", ""],
            &["--timeout", "0"],
            &["--timeout", "NaN"],
            &["--timeout=-1"],
            &["--names", "a"],
            &[WRONG_ADDRESS],
        ]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"]]
    );
    rule!(an_error_cannot_steer_the_terminal, at);

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let (listener, address) = listener();
        support::rules::ends_when_stdout_is_closed_or_full(at(&address), |_| {
            let mut stream = accept(&listener);
            stream.write_all(b"Welcome!").unwrap();
            stream
        });
    }

    #[test]
    fn prints_utf_8_whatever_the_terminal_has() {
        let (listener, address) = listener();
        let client = Program::start(at(&address).env("PYTHONIOENCODING", "ascii"));
        let mut stream = accept(&listener);
        stream.write_all("欢迎!".as_bytes()).unwrap();
        expect(&mut stream, b"a");
        stream.write_all("你好, a!".as_bytes()).unwrap();
        assert_eq!(client.finish().success(), "欢迎!\n你好, a!\n");
    }
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-client"));
    }
}
