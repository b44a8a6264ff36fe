//! Lesson 7, `udp-sender`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use support::rules::{self, WRONG_ADDRESS};
use support::{Meeting, Program, closed_pipe, expect_datagram, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_udp-sender");

const PROMPT: &str = "请输入要发送的数据:";

/// `你好` in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// The sender of one letter.
fn at(address: &str) -> Command {
    command(&[address, "--message", "x"])
}

/// A test's own receiver, and its address.
fn receiver_at(address: &str) -> std::io::Result<(UdpSocket, String)> {
    let receiver = UdpSocket::bind(address)?;
    receiver.set_read_timeout(Some(support::patience()))?;
    let address = receiver.local_addr()?.to_string();
    Ok((receiver, address))
}

fn receiver() -> (UdpSocket, String) {
    receiver_at("127.0.0.1:0").expect("loopback has a free port")
}

/// Checks that nothing has come: a datagram that is sent now is the first.
#[track_caller]
fn expect_nothing(receiver: &UdpSocket, address: &str) {
    start(&[address, "--message", "the first"]).finish().success();
    expect_datagram(receiver, b"the first");
}

mod dialogue {
    use super::*;

    /// Types `text`, and gives the sender when `datagram` has come.
    #[track_caller]
    fn meet(text: &str, datagram: &[u8]) -> Meeting {
        let mut meeting = Meeting::sender(command);
        meeting.program.type_in(text);
        expect_datagram(meeting.socket(), datagram);
        meeting
    }

    #[test]
    fn sends_the_line_that_is_typed() {
        meet("hello\n", b"hello");
    }

    #[test]
    fn keeps_the_blanks_of_the_line() {
        meet(" a\tb \n", b" a\tb ");
    }

    #[test]
    fn sends_an_empty_line_as_an_empty_datagram() {
        meet("\n", b"");
    }

    #[test]
    fn sends_one_datagram_and_ends_well_without_an_answer() {
        let meeting = meet("one\ntwo\n", b"one");
        let (socket, address) = (meeting.socket().try_clone().unwrap(), meeting.address);
        meeting.program.finish().success();
        // This comes after all that the program has sent.
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"end", address).unwrap();
        expect_datagram(&socket, b"end");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn names_the_character_that_gbk_lacks_and_sends_nothing() {
        let (receiver, address) = receiver();
        for (message, character) in [("😀", "U+1F600"), ("你好 😀 🎉", "U+1F600"), ("ñ", "U+00F1")]
        {
            let error = start(&[&address, "--message", message]).finish().error();
            assert!(error.contains("cannot send this text: "), "{error}");
            assert!(error.contains(character), "{error}");
        }
        let mut sender = start(&[&address]);
        sender.type_in("你好\u{202e}\n");
        let error = sender.finish().error();
        assert!(error.contains("U+202E"), "{error}");
        support::check_safe(&error, 0);
        expect_nothing(&receiver, &address);
    }

    #[cfg(any(target_os = "linux", windows))]
    #[test]
    fn sends_the_largest_datagram_and_refuses_a_larger_one() {
        let (receiver, address) = receiver();
        let largest = "x".repeat(65_507);
        let mut sender = start(&[&address]);
        sender.type_in(format!("{largest}x\n"));
        let error = sender.finish().error();
        let what = format!("cannot send 65508 bytes to {address}: ");
        assert!(error.contains(&what) && error.contains("65,507"), "{error}");
        let mut sender = start(&[&address]);
        sender.type_in(format!("{largest}\n"));
        assert_eq!(sender.finish().success(), PROMPT);
        expect_datagram(&receiver, largest.as_bytes());
    }

    #[test]
    fn is_not_told_that_no_one_receives() {
        let (receiver, address) = receiver();
        // A connected socket keeps the port and receives from its one peer; others reach no one.
        receiver.connect("127.0.0.1:9").unwrap();
        assert_eq!(start(&[&address, "--message", "lost"]).finish().success(), "");
    }

    #[test]
    fn says_where_and_why_when_it_cannot_send() {
        // Nothing can be sent to port 0.
        for address in ["no-such-host.invalid:7788", "192.0.2.1:0"] {
            let error = Program::start(&mut at(address)).finish().error();
            let what = format!("Error: cannot send 1 bytes to {address}: ");
            assert!(error.starts_with(&what), "{error}");
        }
    }

    #[test]
    fn says_what_a_broadcast_needs() {
        let address = "255.255.255.255:7788";
        let error = Program::start(&mut at(address)).finish().error();
        assert!(
            error.starts_with(&format!("Error: cannot send 1 bytes to {address}: ")),
            "{error}"
        );
        assert!(error.contains("SO_BROADCAST"), "{error}");
    }

    #[test]
    fn no_way_to_the_server_is_an_error() {
        // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
        let command = support::with_network(&at("192.0.2.1:7788"), "ip link set lo up");
        let Some(mut command) = command else { return };
        let error = Program::start(&mut command).finish().error();
        assert!(error.starts_with("Error: cannot send 1 bytes to 192.0.2.1:7788: "), "{error}");
    }

    #[test]
    fn reaches_a_receiver_on_127_0_0_1_under_the_name_localhost() {
        let (receiver, address) = receiver();
        let by_name = at(&address.replace("127.0.0.1", "localhost"));
        // Also where the name means the IPv6 address first.
        let inside = support::with_hosts(&by_name, "::1 localhost\n127.0.0.1 localhost\n");
        for mut command in [Some(by_name), inside].into_iter().flatten() {
            Program::start(&mut command).finish().success();
            expect_datagram(&receiver, b"x");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tries_each_address_of_a_name() {
        // 65,510 bytes are too long for the first address, but not for the second: an IPv6
        // datagram has room for 65,527.
        if UdpSocket::bind("[::1]:0").is_err() {
            return support::left_out("there is no IPv6 here");
        }
        for (address, reached) in [("127.0.0.1:7788", false), ("both.example:7788", true)] {
            let hosts = "127.0.0.1 both.example\n::1 both.example\n";
            let Some(mut command) = support::with_hosts(&command(&[address]), hosts) else {
                return;
            };
            let mut sender = Program::start(&mut command);
            sender.type_in("x".repeat(65_510) + "\n");
            let ending = sender.finish();
            assert_eq!(ending.status.success(), reached, "{address}: {ending:?}");
        }
    }

    #[test]
    fn talks_over_ipv6() {
        let Ok((receiver, address)) = receiver_at("[::1]:0") else {
            return support::left_out("there is no IPv6 here");
        };
        Program::start(&mut at(&address)).finish().success();
        expect_datagram(&receiver, b"x");
    }
}

mod polish {
    use super::*;

    #[test]
    fn asks_for_a_line_and_sends_it_in_gbk() {
        let (receiver, address) = receiver();
        let mut sender = start(&[&address]);
        assert_eq!(sender.stdout.until(":"), PROMPT);
        sender.type_in("你好\n");
        expect_datagram(&receiver, HELLO);
        assert_eq!(sender.finish().success(), "");
    }

    #[test]
    fn sends_the_line_without_its_end() {
        let (receiver, address) = receiver();
        let cases = [
            ("你好\r\n", "你好"), // as Windows ends a line
            ("你好", "你好"),     // the end of the input ends the line too
            ("\r\n", ""),
            ("a\rb\n", "a\rb"),
        ];
        for (typed, sent) in cases {
            let mut sender = start(&[&address, "--encoding", "utf-8"]);
            sender.type_in(typed);
            assert_eq!(sender.finish().success(), PROMPT, "{typed:?}");
            expect_datagram(&receiver, sent.as_bytes());
        }
    }

    #[test]
    fn sends_a_message_from_the_command_line_without_asking() {
        let (receiver, address) = receiver();
        let cases: [(&str, &[u8]); 3] = [("你好", HELLO), ("", b""), ("a\r\nb\n", b"a\r\nb\n")];
        for (message, sent) in cases {
            assert_eq!(start(&[&address, "--message", message]).finish().success(), "");
            expect_datagram(&receiver, sent);
        }
    }

    #[test]
    fn sends_utf_8_on_request() {
        let (receiver, address) = receiver();
        let sender = start(&["--encoding", "utf-8", "--message", "你好 😀", &address]);
        assert_eq!(sender.finish().success(), "");
        expect_datagram(&receiver, "你好 😀".as_bytes());
    }

    #[test]
    fn an_input_that_ends_before_there_is_a_line_is_an_error() {
        let (receiver, address) = receiver();
        let ending = start(&[&address]).finish();
        assert_eq!(ending.stdout, format!("{PROMPT}\n")); // the error gets a line of its own
        let error = ending.error();
        assert!(error.contains("standard input ended"), "{error}");
        expect_nothing(&receiver, &address);
    }

    #[test]
    fn an_input_that_is_not_utf_8_is_an_error() {
        let (receiver, address) = receiver();
        let mut sender = start(&[&address]);
        sender.type_in([HELLO, b"\n"].concat());
        let error = sender.finish().error();
        assert!(error.contains("cannot read a line of text from standard input: "), "{error}");
        expect_nothing(&receiver, &address);
    }

    #[cfg(unix)]
    #[test]
    fn no_standard_input_at_all_is_an_error() {
        let mut command = support::with_streams(&command(&["127.0.0.1:9"]), "<&-");
        let error = Program::start(&mut command).finish().error();
        assert!(error.contains("standard input"), "{error}");
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 7", "127.0.0.1:7788", "gbk", "cargo run -p udp-bound-receiver"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["--encoding", "big5"],
            &["--encoding", ""],
            &["--encoding"],
            &["--message"],
            &["--port", "7788"],
            &["127.0.0.1:7788", "你好"],
            &[WRONG_ADDRESS],
        ]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"], &[b"127.0.0.1:9", b"--message", HELLO]]
    );
    rule!(an_error_cannot_steer_the_terminal, at);

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let (receiver, address) = receiver();
        rules::ends_when_stdout_is_closed_or_full(command(&[&address]), |_| ());
        expect_nothing(&receiver, &address);
    }

    #[test]
    fn needs_no_stdout_for_a_message_from_the_command_line() {
        let (receiver, address) = receiver();
        Program::start_with_stdout(&mut at(&address), closed_pipe()).finish().success();
        expect_datagram(&receiver, b"x");
    }
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("udp-sender"));
    }
}
