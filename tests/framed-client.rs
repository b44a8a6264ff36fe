//! Lesson 17, `framed-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::process::Command;

use support::rules::WRONG_ADDRESS;
use support::{Ending, Meeting, Peer, Program, accept, expect, expect_end, listener, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_framed-client");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

/// The client that asks for one name.
fn at(address: &str) -> Command {
    command(&[address, "a"])
}

/// A client that does not wait long.
fn hasty(address: &str) -> Command {
    command(&[address, "a", "--timeout", "0.5"])
}

/// A message as it goes over the wire.
fn frame(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// The server's part with a client that was started by [`at`].
#[track_caller]
fn talk(client: Program, mut stream: Peer) {
    stream.write_all(&frame("Welcome!")).unwrap();
    expect(&mut stream, &frame("a"));
    stream.write_all(&frame("Hello, a!")).unwrap();
    expect(&mut stream, &frame("exit"));
    assert_eq!(client.finish().success(), "Welcome!\nHello, a!\n");
}

/// Runs the client against a server that sends these bytes and closes.
#[track_caller]
fn ending_with(bytes: &[u8]) -> Ending {
    let (listener, address) = listener();
    let client = Program::start(&mut at(&address));
    let mut stream = accept(&listener);
    stream.write_all(bytes).unwrap();
    drop(stream);
    client.finish()
}

mod dialogue {
    use super::*;

    /// The dialogue up to the client's `exit`.
    #[track_caller]
    fn meet() -> (Meeting, Peer) {
        let mut meeting = Meeting::client(command);
        let mut stream = meeting.accept();
        stream.write_all(&frame("Welcome!")).unwrap();
        for name in ["Michael", "Tracy", "Sarah"] {
            expect(&mut stream, &frame(name));
            stream.write_all(&frame(&format!("Hello, {name}!"))).unwrap();
        }
        expect(&mut stream, &frame("exit"));
        (meeting, stream)
    }

    #[test]
    fn sends_each_name_in_a_frame_and_then_exit() {
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
    fn takes_a_message_that_comes_byte_by_byte_as_one() {
        let (listener, address) = listener();
        let client = Program::start(&mut at(&address));
        let mut stream = accept(&listener);
        stream.set_nodelay(true).unwrap();
        for byte in frame("Welcome, 张!") {
            stream.write_all(&[byte]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(5)); // so that it is read by itself
        }
        assert_eq!(client.stdout.line(), "Welcome, 张!");
        expect(&mut stream, &frame("a"));
    }

    #[test]
    fn takes_messages_that_come_together_one_by_one() {
        let (listener, address) = listener();
        let client = Program::start(&mut at(&address));
        let mut stream = accept(&listener);
        stream.write_all(&[frame("Welcome!"), frame("Hello, a!")].concat()).unwrap();
        expect(&mut stream, &frame("a"));
        expect(&mut stream, &frame("exit"));
        assert_eq!(client.finish().success(), "Welcome!\nHello, a!\n");
    }

    #[test]
    fn refuses_a_frame_that_is_too_long_before_it_takes_memory() {
        for length in [128 * 1024 + 1, u32::MAX] {
            let error = ending_with(&length.to_be_bytes()).error();
            assert!(
                error.contains(&format!("{length} bytes, where 131072 is the limit")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_server_that_closes_in_the_middle_of_a_message_is_an_error() {
        for end in [2, 4, 7] {
            let error = ending_with(&frame("Welcome!")[..end]).error();
            assert!(
                error.ends_with("it closed the connection in the middle of a message"),
                "{error}"
            );
        }
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let printed = ending_with(&frame("\x1b]0;title\x07\x1b[2J\r\nforged")).stdout;
        support::check_safe(&printed, 1);
    }

    rule!(says_where_why_and_what_to_do_when_no_one_listens, at, "framed-server");
    rule!(does_not_wait_forever_on_a_silent_server, hasty);
    rule!(talks_over_ipv6, at, talk);
}

mod polish {
    use super::*;

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 17", "127.0.0.1:9998", "--timeout", "cargo run -p framed-server"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[&["--timeout", "0"], &["127.0.0.1:1", ""], &[WRONG_ADDRESS]]
    );
}
