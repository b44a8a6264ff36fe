//! Lesson 2, `tcp-echo-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;
use std::thread;
use std::time::Duration;

use support::rules::{self, WRONG_ADDRESS};
use support::{Meeting, Peer, Program, connect, expect, expect_end, patience, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-echo-server");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn at(address: &str) -> Command {
    command(&[address])
}

/// A server on a free port of 127.0.0.1, ready for a client; and its address.
fn server() -> (Program, String) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    assert_eq!(server.stdout.line(), "Starting up on 127.0.0.1 port 0");
    assert_eq!(server.stdout.line(), "Waiting for a connection...");
    (server, address)
}

/// Sends `message` as the client `stream`, and gets it back.
#[track_caller]
fn echo(stream: &mut Peer, message: &[u8]) {
    stream.write_all(message).unwrap();
    expect(stream, message);
}

/// Ends what the client `stream` says, and waits for the server's close.
#[track_caller]
fn leave(stream: &mut Peer) {
    stream.shutdown(Shutdown::Write).unwrap();
    expect_end(stream);
}

/// Holds the tutorial's exchange with the server at `address`.
#[track_caller]
fn exchange(address: &str) {
    let mut client = connect(address);
    echo(&mut client, b"This is a test message");
    leave(&mut client);
}

/// A client of the server at `address` that has begun to talk.
#[track_caller]
fn begin(address: &str) -> Peer {
    let mut client = connect(address);
    echo(&mut client, b"one");
    client
}

mod dialogue {
    use super::*;

    #[test]
    fn sends_back_a_message_and_closes_after_the_client() {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        echo(&mut client, b"This is a test message");
        leave(&mut client);
    }

    #[test]
    fn sends_back_each_message_of_a_conversation() {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        for message in [b"one".as_slice(), b"two", &[b'x'; 1024], b"\xff\x00\xe5\xbc"] {
            echo(&mut client, message);
        }
        leave(&mut client);
    }

    #[test]
    fn prints_the_port_of_its_client() {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        let port = client.local_addr().unwrap().port().to_string();
        meeting.program.stdout.line_with(&port);
        leave(&mut client);
    }

    #[test]
    fn prints_what_it_received() {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        for message in ["This is a test message", "and another one"] {
            echo(&mut client, message.as_bytes());
            meeting.program.stdout.line_with(message);
        }
        leave(&mut client);
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn serves_one_client_at_a_time() {
        let (server, address) = server();
        let mut first = begin(&address);
        let first_peer = first.local_addr().unwrap();
        let mut second = connect(&address);
        let second_peer = second.local_addr().unwrap();
        second.write_all(b"two").unwrap();
        second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        second.read(&mut [0]).expect_err("a second client is served beside the first");
        second.set_read_timeout(Some(patience())).unwrap();
        echo(&mut first, b"three");
        drop(first);
        expect(&mut second, b"two");
        drop(second);
        for line in [
            &*format!("Connection from {first_peer}"),
            r#"Received b"one""#,
            r#"Received b"three""#,
            r#"Received b"""#,
            "Waiting for a connection...",
            &*format!("Connection from {second_peer}"),
            r#"Received b"two""#,
            r#"Received b"""#,
            "Waiting for a connection...",
        ] {
            assert_eq!(server.stdout.line(), line);
        }
    }

    #[test]
    fn echoes_a_mebibyte_whole() {
        let (server, address) = server();
        let mut client = connect(&address);
        let message: Vec<u8> = (b'a'..=b'z').cycle().take(1 << 20).collect();
        thread::scope(|scope| {
            let mut writer = client.try_clone().unwrap();
            let message = &message;
            scope.spawn(move || {
                writer.write_all(message).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            expect(&mut client, message);
            expect_end(&mut client);
        });
        // Each read was printed, and printed whole.
        let words = server.stdout.until("Received b\"\"\n");
        let printed: String =
            words.lines().filter_map(|line| line.strip_prefix("Received b\"")).collect();
        assert_eq!(printed.replace('"', "").as_bytes(), message);
    }

    #[test]
    fn sends_the_whole_echo_to_a_client_that_has_shut_down_writing() {
        let (_server, address) = server();
        let mut client = connect(&address);
        let message = vec![b'x'; 32 * 1024];
        client.write_all(&message).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        expect(&mut client, &message);
        expect_end(&mut client);
    }

    #[test]
    fn shows_bytes_escaped_and_sends_them_back_as_they_are() {
        let (server, address) = server();
        let mut client = connect(&address);
        server.stdout.line();
        echo(&mut client, b"\x1b]0;title\x07\r\n\"Error\": it\\\t'\x7f\xc2\x9b\xff\0");
        assert_eq!(
            server.stdout.line(),
            r#"Received b"\x1b]0;title\x07\r\n\"Error\": it\\\t\'\x7f\xc2\x9b\xff\x00""#
        );
        echo(&mut client, "张三\u{202e}".as_bytes());
        assert_eq!(server.stdout.line(), r#"Received b"\xe5\xbc\xa0\xe4\xb8\x89\xe2\x80\xae""#);
        let all: Vec<u8> = (0..=255).collect();
        echo(&mut client, &all);
        assert_eq!(server.stdout.line(), format!("Received b\"{}\"", all.escape_ascii()));
    }

    #[test]
    fn reports_a_reset_in_one_line_and_goes_on() {
        let (server, address) = server();
        for _ in 0..2 {
            let client = begin(&address);
            let peer = client.local_addr().unwrap();
            rules::says_whom_it_lost(&server, client);
            assert_eq!(server.stdout.line(), format!("Connection from {peer}"));
            assert_eq!(server.stdout.line(), r#"Received b"one""#);
            assert_eq!(server.stdout.line(), "Waiting for a connection...");
        }
        exchange(&address);
    }

    #[test]
    fn outlives_clients_that_leave_before_their_turn() {
        let (_server, address) = server();
        let first = begin(&address);
        reset(connect(&address));
        drop(connect(&address));
        let mut hasty = connect(&address);
        hasty.write_all(b"unread").unwrap();
        reset(hasty);
        drop(first);
        exchange(&address);
    }

    #[test]
    fn a_client_that_leaves_its_echo_unread_costs_one_line() {
        let (server, address) = server();
        let mut deaf = connect(&address);
        let peer = deaf.local_addr().unwrap();
        // Its writes come to a stop when the server's do, which no one reads.
        deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let message = vec![b'x'; 1 << 16];
        while deaf.write(&message).is_ok() {}
        drop(deaf); // with bytes unread, this is a reset
        let line = server.stderr.line();
        assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
        exchange(&address);
    }

    rule!(
        #[cfg(target_os = "linux")]
        gives_up_a_client_that_reads_nothing,
        &at("127.0.0.1:0"),
        begin
    );

    #[cfg(target_os = "linux")]
    #[test]
    fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
        let (mut server, address) = server();
        let earlier = begin(&address);
        if !server.allow_descriptors(3) {
            return;
        }
        drop(earlier); // now there is none for the next one
        let mut client = connect(&address);
        rules::pauses_while_it_cannot_serve(&mut server);
        assert!(server.allow_descriptors(64));
        echo(&mut client, b"two");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (server, address) = server();
        server.stop_and_continue();
        let mut client = connect(&address);
        for message in [b"one", b"two"] {
            echo(&mut client, message);
            server.stop_and_continue();
        }
        drop(client);
        exchange(&address);
    }

    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        at,
        |_, address| begin(address)
    );
    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);

    #[cfg(unix)]
    #[test]
    fn listens_on_the_same_port_again_at_once() {
        let (server, address) = server();
        let mut client = begin(&address);
        drop(server); // closes the connection first: its port is in TIME_WAIT
        expect_end(&mut client);
        drop(client);
        let again = Program::start(&mut at(&address));
        assert_eq!(again.address(), address);
        exchange(&address);
    }

    #[test]
    fn listens_on_ipv6() {
        rules::listens_on_ipv6(at, |address| exchange(address));
        // Also the tutorial's words have the brackets.
        let server = Program::start(&mut at("[::1]:0"));
        assert_eq!(server.stdout.line(), "Starting up on [::1] port 0");
    }

    rule!(
        #[cfg(target_os = "linux")]
        takes_an_ipv6_address_with_a_zone,
        at,
        exchange
    );
    rule!(does_without_ipv6_where_it_is_switched_off, at);

    #[test]
    fn tries_each_address_of_a_name() {
        if std::net::TcpListener::bind("[::1]:0").is_err() {
            return support::left_out("there is no IPv6 here");
        }
        // IPv4 comes first, and no machine has an address of TEST-NET-1 (RFC 5737).
        let hosts = "192.0.2.1 both.example\n::1 both.example\n";
        let Some(mut command) = support::with_hosts(&at("both.example:0"), hosts) else { return };
        let server = Program::start(&mut command);
        let address = server.address();
        assert!(address.starts_with("[::1]:"), "{address}");
        exchange(&address);
    }

    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |_server, address| exchange(
        address
    ));
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words() {
        let server = Program::start(&mut at("localhost:0"));
        assert_eq!(server.stdout.line(), "Starting up on localhost port 0");
        let address = server.address();
        assert_eq!(server.stdout.line(), "Waiting for a connection...");
        for _ in 0..2 {
            let mut client = connect(&address);
            let peer = client.local_addr().unwrap();
            assert_eq!(server.stdout.line(), format!("Connection from {peer}"));
            echo(&mut client, b"This is a test message");
            assert_eq!(server.stdout.line(), r#"Received b"This is a test message""#);
            drop(client);
            assert_eq!(server.stdout.line(), r#"Received b"""#);
            assert_eq!(server.stdout.line(), "Waiting for a connection...");
        }
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 2", "localhost:8888", "cargo run -p tcp-echo-client"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["localhost"],
            &["localhost:"],
            &["localhost:65536"],
            &["localhost:http"],
            &["--port", "8888"],
            &["localhost:0", "more"],
            &[WRONG_ADDRESS],
        ]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"]]
    );

    #[test]
    fn neither_its_words_nor_an_error_can_steer_the_terminal() {
        let ending = Program::start(&mut at("a\u{1b}[2J\u{202e}\nb:0")).finish();
        support::check_safe(&ending.stdout, 1);
        assert!(ending.stdout.starts_with("Starting up on a"), "{ending:?}");
        support::check_safe(&ending.error(), 0);
    }

    rule!(ends_when_stdout_is_closed_or_full, at("127.0.0.1:0"), |_| ());
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
    rule!(
        #[cfg(unix)]
        goes_on_when_no_one_reads_its_stderr,
        at("127.0.0.1:0"),
        |_, address| reset(begin(address)),
        exchange
    );
    rule!(
        #[cfg(unix)]
        its_words_go_to_no_client_when_it_has_no_stdout,
        &at("127.0.0.1:0"),
        exchange
    );

    #[test]
    fn prints_utf_8_whatever_the_terminal_has() {
        let server = Program::start(at("新浪.invalid:0").env("PYTHONIOENCODING", "ascii"));
        assert_eq!(server.stdout.line(), "Starting up on 新浪.invalid port 0");
        server.finish().error();
    }
}

mod versions {
    use crate::support::versions::{each_pair, hold_the_dialogue, lesson, talk_until_well};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-echo-server"));
    }

    #[test]
    fn every_version_talks_with_every_version_of_its_client() {
        each_pair(&lesson("tcp-echo-server"), &lesson("tcp-echo-client"), |server, client| {
            let words = talk_until_well(server, client);
            assert!(words.contains("This is a test message"), "{words}");
            server.stdout.line_with("This is a test message");
        });
    }
}
