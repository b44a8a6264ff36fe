//! Lesson 8, `udp-bound-receiver`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use support::rules::{self, WRONG_ADDRESS};
use support::{Ending, Meeting, Program, datagrams, left_out, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_udp-bound-receiver");

/// `你好` in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn at(address: &str) -> Command {
    command(&[address])
}

/// A receiver on a free port of 127.0.0.1, ready for datagrams; and its address.
fn receiver(options: &[&str]) -> (Program, String) {
    let receiver = Program::start(at("127.0.0.1:0").args(options));
    let address = receiver.address();
    (receiver, address)
}

/// Sends each of `datagrams`, in this order, which loopback keeps.
#[track_caller]
fn send(address: &str, datagrams: &[&[u8]]) {
    let sender = support::datagrams(address);
    for datagram in datagrams {
        support::send(&sender, datagram);
    }
}

/// Sends one datagram to a receiver that waits for one.
#[track_caller]
fn receives(receiver: Program, address: &str) {
    send(address, &[HELLO]);
    assert_eq!(receiver.finish().success(), "你好\n");
}

/// What a receiver prints for `datagrams` in `encoding`.
#[track_caller]
fn printed_for(encoding: &str, datagrams: &[&[u8]]) -> String {
    let count = datagrams.len().to_string();
    let (receiver, address) = receiver(&["--count", &count, "--encoding", encoding]);
    send(&address, datagrams);
    receiver.finish().success()
}

mod dialogue {
    use super::*;

    /// Sends `datagram` to a receiver, and gives how that ends.
    #[track_caller]
    fn meet(datagram: &[u8]) -> Ending {
        let mut meeting = Meeting::server(command);
        let socket = datagrams(&meeting.address);
        meeting.send(&socket, datagram);
        let ending = meeting.program.finish();
        assert!(ending.status.success(), "{ending:#?}");
        ending
    }

    #[test]
    fn prints_the_text_of_one_datagram_and_ends_well() {
        let ending = meet(b"hello, it's me");
        assert!(ending.stdout.contains("hello, it's me"), "{ending:#?}");
    }

    #[test]
    fn takes_datagrams_of_1_024_bytes() {
        let text = "0123456789abcdef".repeat(64);
        let ending = meet(text.as_bytes());
        assert!(ending.stdout.contains(&text), "{ending:#?}");
    }

    #[test]
    fn an_empty_datagram_is_one_too() {
        meet(b"");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn an_empty_datagram_is_an_empty_line_and_counts() {
        assert_eq!(printed_for("gbk", &[b"", b"a", b""]), "\na\n\n");
    }

    #[test]
    fn every_datagram_is_one_line_no_matter_who_sent_it() {
        let (receiver, address) = receiver(&["--count", "0"]);
        for sender in [datagrams(&address), datagrams(&address)] {
            for datagram in [HELLO, b"", b"end"] {
                support::send(&sender, datagram);
            }
            for line in ["你好", "", "end"] {
                assert_eq!(receiver.stdout.line(), line);
            }
        }
    }

    #[test]
    fn prints_the_largest_datagrams_whole() {
        // macOS sends no more than the sysctl net.inet.udp.maxdgram: 9,216 bytes.
        let [hello, x] = if cfg!(target_os = "macos") { [4_608, 9_216] } else { [30_000, 65_507] };
        let printed = printed_for("gbk", &[&b"\xc4\xe3".repeat(hello)]);
        assert!(printed == "你".repeat(hello) + "\n", "{} bytes: {printed}", printed.len());
        let printed = printed_for("gbk", &[&vec![b'x'; x]]);
        assert!(printed == "x".repeat(x) + "\n", "{} bytes: {printed}", printed.len());
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        let datagrams: [&[u8]; 4] = [b"\xff", b"a\xffb", b"\xc4!", HELLO];
        assert_eq!(printed_for("gbk", &datagrams), "\u{fffd}\na\u{fffd}b\n\u{fffd}!\n你好\n");
        let datagrams: [&[u8]; 3] = [b"\xff", b"\xc0\xaf", b"ok"];
        assert_eq!(printed_for("utf-8", &datagrams), "\u{fffd}\n\u{fffd}\u{fffd}\nok\n");
    }

    #[test]
    fn half_a_character_at_the_end_does_not_leak_into_the_next_datagram() {
        // In GBK, the half would make a character with the `a`.
        let datagrams: [&[u8]; 2] = [b"\xc4\xe3\xba", b"abc"];
        assert_eq!(printed_for("gbk", &datagrams), "你\u{fffd}\nabc\n");
        let datagrams: [&[u8]; 2] = [b"\xe4\xbd", b"\xa0"];
        assert_eq!(printed_for("utf-8", &datagrams), "\u{fffd}\n\u{fffd}\n");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let gbk: [&[u8]; 4] = [
            b"\x1b]0;title\x07\x1b[2J\x7f\0",
            b"a\r\nError: forged\x0b\x0c\n",
            b"\xc4\x1b[31m", // half a character does not hide an escape
            b"C1: \x81\x30\x81\x35 bidi: \x81\x36\xa5\x32", // in gb18030
        ];
        let utf_8 =
            ["\u{9b}2J\u{85}next", "\u{202e}gnp.exe\u{2066}", "line\u{2028}separator\u{2029}"];
        let printed = printed_for("gbk", &gbk) + &printed_for("utf-8", &utf_8.map(str::as_bytes));
        support::check_safe(&printed, gbk.len() + utf_8.len());
        support::check_keeps(
            &printed,
            &["]0;title", "[2J", "Error: forged", "[31m", "next", "gnp.exe", "separator"],
        );
    }

    #[test]
    fn waits_in_silence_for_as_long_as_it_takes() {
        let (mut receiver, address) = receiver(&[]);
        std::thread::sleep(std::time::Duration::from_millis(500)); // the silence
        assert!(receiver.runs());
        receives(receiver, &address);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (receiver, address) = receiver(&["--count", "2"]);
        receiver.stop();
        send(&address, &[b"one"]); // the system keeps it
        receiver.signal("-CONT");
        assert_eq!(receiver.stdout.line(), "one");
        send(&address, &[b"two"]);
        assert_eq!(receiver.finish().success(), "two\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_flood_loses_datagrams_and_not_the_receiver() {
        let (receiver, address) = receiver(&["--count", "0"]);
        receiver.stop(); // so that nothing is taken out of the buffer
        let text = "x".repeat(1000);
        send(&address, &vec![text.as_bytes(); 5000]);
        receiver.signal("-CONT");
        assert_eq!(receiver.stdout.line(), text);
        // What is left is a few hundred of them; after that there is room for this one.
        let mut left = 1;
        loop {
            send(&address, &[b"end"]);
            match receiver.stdout.line() {
                line if line == "end" => break,
                line => assert_eq!(line, text),
            }
            left += 1;
        }
        assert!(left < 5000, "nothing was lost");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn says_what_it_cannot_do_when_receiving_fails() {
        let Some(mut command) = rules::with_failing_receive(&at("127.0.0.1:0"), "ENOBUFS:when=1")
        else {
            return;
        };
        let error = Program::start(&mut command).finish().error();
        assert!(error.starts_with("Error: cannot receive a datagram: "), "{error}");
    }

    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        |address| command(&[address, "--count", "0"]),
        |receiver, address| {
            send(address, &[b"a"]);
            assert_eq!(receiver.stdout.line(), "a");
        }
    );

    #[test]
    fn says_where_why_and_what_to_do_when_it_cannot_listen() {
        rules::says_where_why_and_what_to_do_when_it_cannot_listen(at);
        let error = Program::start(&mut at("no-such-host.invalid:7788")).finish().error();
        assert!(
            error.starts_with("Error: cannot listen on no-such-host.invalid:7788: "),
            "{error}"
        );
    }

    #[test]
    fn listens_on_the_same_port_again_at_once() {
        let (first, address) = receiver(&[]);
        receives(first, &address);
        let again = Program::start(&mut at(&address));
        assert_eq!(again.address(), address);
        receives(again, &address);
    }

    #[test]
    fn port_0_is_any_free_one() {
        let (first, address) = receiver(&[]);
        let (second, another) = receiver(&[]);
        assert_ne!(address, another);
        send(&address, &[b"first"]);
        send(&another, &[b"second"]);
        assert_eq!(first.finish().success() + &second.finish().success(), "first\nsecond\n");
    }

    #[test]
    fn receives_on_every_address_of_this_machine() {
        let receiver = Program::start(&mut at("0.0.0.0:0"));
        let line = receiver.stderr.line();
        let port = line.strip_prefix("Listening on 0.0.0.0:").unwrap_or_else(|| panic!("{line}"));
        receives(receiver, &format!("127.0.0.1:{port}"));
    }

    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |receiver, address| receives(
        receiver, address
    ));

    #[test]
    fn listens_on_ipv6() {
        if UdpSocket::bind("[::1]:0").is_err() {
            return left_out("there is no IPv6 here");
        }
        let receiver = Program::start(&mut at("[::1]:0"));
        let address = receiver.address();
        assert!(address.starts_with("[::1]:"), "{address}");
        receives(receiver, &address);
    }

    rule!(does_without_ipv6_where_it_is_switched_off, at);
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_text_of_one_gbk_datagram_and_nothing_else() {
        let (receiver, address) = receiver(&[]);
        send(&address, &[HELLO, b"no one hears this"]);
        assert_eq!(receiver.finish().success(), "你好\n");
    }

    #[test]
    fn prints_as_many_datagrams_as_it_is_asked_for() {
        let (mut receiver, address) = receiver(&["--count", "3"]);
        send(&address, &[b"one", b"two"]);
        assert_eq!(receiver.stdout.until("two\n"), "one\ntwo\n");
        assert!(receiver.runs());
        send(&address, &[b"three", b"four"]);
        assert_eq!(receiver.finish().success(), "three\n");
    }

    #[test]
    fn a_count_of_zero_is_forever_and_each_line_comes_at_once() {
        let (mut receiver, address) = receiver(&["--count", "0"]);
        for text in ["1", "2", "3", "4", "5"] {
            send(&address, &[text.as_bytes()]);
            assert_eq!(receiver.stdout.line(), text);
        }
        assert!(receiver.runs());
    }

    #[test]
    fn prints_utf_8_on_request() {
        assert_eq!(
            printed_for("utf-8", &["你好 😀".as_bytes(), HELLO]),
            "你好 😀\n\u{fffd}\u{fffd}\u{fffd}\n"
        );
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 8", "0.0.0.0:7788", "--count", "gbk", "cargo run -p udp-sender"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["--count", "-1"],
            &["--count=-1"],
            &["--count", "1.5"],
            &["--count", "all"],
            &["--encoding", "big5"],
            &["--encoding"],
            &["--port", "7788"],
            &["127.0.0.1:0", "more"],
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
    rule!(
        ends_when_stdout_is_closed_or_full,
        command(&["127.0.0.1:0", "--count", "0"]),
        |receiver| send(&receiver.address(), &[HELLO])
    );
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
}

mod versions {
    use std::time::{Duration, Instant};

    use crate::support::versions::{each_pair, hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("udp-bound-receiver"));
    }

    #[test]
    fn every_version_hears_every_version_of_its_sender() {
        each_pair(&lesson("udp-bound-receiver"), &lesson("udp-sender"), |receiver, sender| {
            // No one tells a sender that the receiver does not listen yet.
            let deadline = Instant::now() + crate::support::patience();
            while receiver.runs() {
                assert!(Instant::now() < deadline, "nothing comes: {receiver:?}");
                let mut sender = sender();
                sender.type_in("hello\n");
                sender.finish().success();
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(receiver.stdout.line(), "hello");
        });
    }
}
