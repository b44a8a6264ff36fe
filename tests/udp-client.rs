//! Lesson 10, `udp-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use support::rules::{self, WRONG_ADDRESS};
use support::{Meeting, Program, expect_datagram, left_out, patience, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_udp-client");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

/// The client that asks for one name, with a timeout that no slow machine exceeds.
fn at(address: &str) -> Command {
    command(&[address, "a", "--timeout", "60"])
}

fn start(arguments: &[&str]) -> Program {
    Program::start(command(arguments).args(["--timeout", "60"]))
}

/// A test's own UDP server at `address`, and where it is.
fn server_at(address: &str) -> std::io::Result<(UdpSocket, String)> {
    let server = UdpSocket::bind(address)?;
    server.set_read_timeout(Some(patience()))?;
    let address = server.local_addr()?.to_string();
    Ok((server, address))
}

fn server() -> (UdpSocket, String) {
    server_at("127.0.0.1:0").expect("loopback has a free port")
}

/// Waits for `name`, and gives `answer` to it.
#[track_caller]
fn answer(server: &UdpSocket, name: &str, answer: impl AsRef<[u8]>) -> SocketAddr {
    let client = expect_datagram(server, name.as_bytes());
    server.send_to(answer.as_ref(), client).unwrap();
    client
}

/// What the client prints when each of its names is answered by one of `answers`.
#[track_caller]
fn words_for(answers: &[&[u8]]) -> String {
    let (server, address) = server();
    let names: Vec<_> = (0..answers.len()).map(|number| number.to_string()).collect();
    let arguments: Vec<_> = [&address].into_iter().chain(&names).map(String::as_str).collect();
    let client = start(&arguments);
    for (name, bytes) in names.iter().zip(answers) {
        answer(&server, name, bytes);
    }
    client.finish().success()
}

mod dialogue {
    use super::*;

    const NAMES: [&str; 3] = ["Michael", "Tracy", "Sarah"];

    /// Answers the three names, and gives where each of them came from.
    #[track_caller]
    fn meet() -> (Meeting, [SocketAddr; 3]) {
        let meeting = Meeting::sender(command);
        let clients = NAMES.map(|name| answer(meeting.socket(), name, format!("Hello, {name}!")));
        (meeting, clients)
    }

    #[test]
    fn sends_each_name_after_the_answer_to_the_one_before() {
        let meeting = Meeting::sender(command);
        let server = meeting.socket();
        for name in NAMES {
            let client = expect_datagram(server, name.as_bytes());
            server.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            server.recv(&mut [0; 16]).expect_err("a name comes before the answer");
            server.set_read_timeout(Some(patience())).unwrap();
            server.send_to(format!("Hello, {name}!").as_bytes(), client).unwrap();
        }
    }

    #[test]
    fn sends_all_names_from_one_socket() {
        let (_meeting, [first, second, third]) = meet();
        assert_eq!([second, third], [first, first]);
    }

    #[test]
    fn prints_each_answer() {
        let (meeting, _) = meet();
        for name in NAMES {
            meeting.program.stdout.line_with(&format!("Hello, {name}!"));
        }
    }

    #[test]
    fn ends_well_after_the_last_answer() {
        let (meeting, _) = meet();
        meeting.program.finish().success();
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn prints_an_empty_answer_as_an_empty_line() {
        assert_eq!(words_for(&[b"", b"1"]), "\n1\n");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let printed = words_for(&[
            b"\x1b]0;title\x07\x1b[2J",
            "a\r\nError: forged\u{85}".as_bytes(),
            "\u{7f}\u{9b}\u{202e}gnp.exe\u{2066}\u{2028}".as_bytes(),
        ]);
        support::check_safe(&printed, 3);
        support::check_keeps(&printed, &["]0;title", "[2J", "Error: forged", "gnp.exe"]);
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        // A datagram is a text of its own: half a character is not completed by the next one.
        let answers = [b"H\xff".as_slice(), b"\xc0\xaf", b"end \xe5\xbc", b"\xa0!"];
        assert_eq!(words_for(&answers), "H\u{fffd}\n\u{fffd}\u{fffd}\nend \u{fffd}\n\u{fffd}!\n");
    }

    #[test]
    fn prints_the_longest_answer_that_there_is_whole() {
        let (server, address) = server();
        let largest = 65_507;
        // macOS sends no datagram over 9,216 bytes, if it is not asked to.
        socket2::SockRef::from(&server).set_send_buffer_size(2 * largest).unwrap();
        let client = Program::start(&mut at(&address));
        let text = "0123456789".repeat(largest / 10 + 1)[..largest].to_owned();
        answer(&server, "a", &text);
        assert_eq!(client.finish().success(), text + "\n");
    }

    #[test]
    fn takes_no_answer_from_anyone_but_the_server() {
        let (server, address) = server();
        let (stranger, _) = self::server();
        let client = start(&[&address, "a", "b"]);
        for name in ["a", "b"] {
            let peer = expect_datagram(&server, name.as_bytes());
            stranger.send_to(b"forged", peer).unwrap();
            server.send_to(name.as_bytes(), peer).unwrap();
        }
        assert_eq!(client.finish().success(), "a\nb\n");
    }

    #[test]
    fn a_lost_answer_is_an_error() {
        let (_silent, address) = server();
        let ending = Program::start(&mut command(&[&address, "a", "--timeout", "0.3"])).finish();
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        assert!(
            error.starts_with(&format!("Error: no answer from {address}: timed out")),
            "{error}"
        );
        assert!(error.ends_with("is udp-server running there?"), "{error}");
    }

    #[test]
    fn says_where_why_and_what_to_do_when_no_one_is_there() {
        let (server, address) = server();
        server.connect(&address).unwrap(); // with itself: it takes from no one else
        let error = Program::start(&mut at(&address)).finish().error();
        assert!(error.starts_with(&format!("Error: no answer from {address}: ")), "{error}");
        assert!(!error.contains("timed out"), "it was told at once, by ICMP: {error}");
        assert!(error.ends_with("is udp-server running there?"), "{error}");
        let error = Program::start(&mut at("no-such-host.invalid:9999")).finish().error();
        assert!(error.starts_with("Error: no answer from no-such-host.invalid:9999: "), "{error}");
        assert!(!error.contains("udp-server"), "a name does not tell what runs: {error}");
    }

    #[test]
    fn says_what_a_broadcast_needs() {
        let error = Program::start(&mut at("255.255.255.255:9999")).finish().error();
        assert!(error.starts_with("Error: no answer from 255.255.255.255:9999: "), "{error}");
        assert!(error.contains("SO_BROADCAST"), "{error}");
    }

    #[test]
    fn no_way_to_the_server_is_an_error() {
        // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
        let command = support::with_network(&at("192.0.2.1:9999"), "ip link set lo up");
        let Some(mut command) = command else { return };
        let error = Program::start(&mut command).finish().error();
        assert!(error.starts_with("Error: no answer from 192.0.2.1:9999: "), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sends_no_part_of_a_name_that_is_too_long_for_a_datagram() {
        let (server, address) = server();
        let longest = "x".repeat(65_507);
        let client = start(&[&address, &longest]);
        answer(&server, &longest, "1");
        assert_eq!(client.finish().success(), "1\n");
        let client = start(&[&address, "a", &(longest + "x"), "c"]);
        answer(&server, "a", "1");
        let ending = client.finish();
        assert_eq!(ending.stdout, "1\n");
        let error = ending.error();
        assert!(error.starts_with(&format!("Error: no answer from {address}: ")), "{error}");
        server.set_nonblocking(true).unwrap();
        server.recv(&mut [0]).expect_err("a part of the name was sent, or the next one");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (server, address) = server();
        let client = Program::start(&mut at(&address));
        let peer = expect_datagram(&server, b"a"); // now it waits for the answer
        client.stop_and_continue();
        server.send_to(b"1", peer).unwrap();
        assert_eq!(client.finish().success(), "1\n");
    }

    #[test]
    fn talks_over_ipv6() {
        let Ok((server, address)) = server_at("[::1]:0") else {
            return left_out("there is no IPv6 here");
        };
        let client = Program::start(&mut at(&address));
        answer(&server, "a", "1");
        assert_eq!(client.finish().success(), "1\n");
    }

    const HOSTS: &str = "::1 both.example\n127.0.0.1 both.example\n";

    #[test]
    fn tries_each_address_of_a_name() {
        for alive in ["127.0.0.1:0", "[::1]:0"] {
            let Ok((server, address)) = server_at(alive) else {
                return left_out("there is no IPv6 here");
            };
            let address = format!("both.example:{}", address.rsplit(':').next().unwrap());
            let Some(mut command) = support::with_hosts(&at(&address), HOSTS) else { return };
            let client = Program::start(&mut command);
            answer(&server, "a", "1");
            assert_eq!(client.finish().success(), "1\n");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sends_no_name_again_that_an_address_before_has_answered() {
        let (first, address) = server();
        let port = address.rsplit(':').next().unwrap();
        let Ok((second, _)) = server_at(&format!("[::1]:{port}")) else {
            return left_out("there is no IPv6 here, or another program is there");
        };
        let command = command(&[&format!("both.example:{port}"), "a", "b", "--timeout", "60"]);
        let Some(mut command) = support::with_hosts(&command, HOSTS) else { return };
        let client = Program::start(&mut command);
        let peer = expect_datagram(&first, b"a"); // IPv4 comes first
        client.stop();
        first.send_to(b"1", peer).unwrap();
        drop(first); // before the next name
        client.signal("-CONT");
        answer(&second, "b", "2");
        assert_eq!(client.finish().success(), "1\n2\n");
    }
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words_a_line_at_a_time() {
        let (server, address) = server();
        let client = start(&[&address]);
        for name in ["Michael", "Tracy", "Sarah"] {
            answer(&server, name, format!("Hello, {name}!"));
            assert_eq!(client.stdout.line(), format!("Hello, {name}!"));
        }
        assert_eq!(client.finish().success(), "");
    }

    #[test]
    fn sends_the_names_that_it_is_given() {
        let (server, address) = server();
        let client = start(&[&address, "", "张三", "a b"]);
        for name in ["", "张三", "a b"] {
            answer(&server, name, format!("你好, {name}"));
        }
        assert_eq!(client.finish().success(), "你好, \n你好, 张三\n你好, a b\n");
    }

    #[test]
    fn takes_a_timeout_of_years_or_nanoseconds() {
        let (server, address) = server();
        let client = Program::start(&mut command(&[&address, "a", "--timeout", "1e9"]));
        answer(&server, "a", "1");
        assert_eq!(client.finish().success(), "1\n");
        Program::start(&mut command(&[&address, "--timeout", "1e-9"])).finish().error();
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 10", "127.0.0.1:9999", "Michael Tracy Sarah", "5]", "cargo run -p udp-server"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["127.0.0.1:http", "a"],
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
        &[&[b"127.0.0.1\xff:0", b"a"], &[b"127.0.0.1:9999", b"\xff"]]
    );
    rule!(an_error_cannot_steer_the_terminal, at);

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let (server, address) = server();
        rules::ends_when_stdout_is_closed_or_full(at(&address), |_| answer(&server, "a", "1"));
    }
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("udp-client"));
    }
}
