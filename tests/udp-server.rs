//! Lesson 9, `udp-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use support::rules::{self, WRONG_ADDRESS};
use support::{Meeting, Program, datagrams, expect_datagram, left_out, rule, send};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_udp-server");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn at(address: &str) -> Command {
    command(&[address])
}

/// A server on a free port of 127.0.0.1, ready for datagrams; and its address.
fn server() -> (Program, String) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(server.stdout.line(), format!("Bind UDP on {port}..."));
    (server, address)
}

/// Sends `name` and gets the answer to it.
#[track_caller]
fn ask(client: &UdpSocket, name: &[u8]) {
    send(client, name);
    expect_datagram(client, &[b"Hello, ", name, b"!"].concat());
}

/// Holds a part of the tutorial's dialogue with the server at `address`.
#[track_caller]
fn exchange(address: &str) {
    ask(&datagrams(address), b"Michael");
}

/// The line that the server prints for each datagram of `client`.
fn received(client: &UdpSocket) -> String {
    format!("Received from {}.", client.local_addr().unwrap())
}

mod dialogue {
    use super::*;

    #[test]
    fn greets_each_name_that_comes() {
        let mut meeting = Meeting::server(command);
        let client = datagrams(&meeting.address);
        for name in ["Michael", "Tracy", "Sarah"] {
            meeting.ask(&client, name.as_bytes(), format!("Hello, {name}!").as_bytes());
        }
    }

    #[test]
    fn answers_each_client_with_its_own_name() {
        let mut meeting = Meeting::server(command);
        let [first, second] = [datagrams(&meeting.address), datagrams(&meeting.address)];
        meeting.ask(&first, b"Michael", b"Hello, Michael!");
        meeting.ask(&second, b"Tracy", b"Hello, Tracy!");
        meeting.ask(&first, b"Sarah", b"Hello, Sarah!");
    }

    #[test]
    fn an_empty_datagram_has_an_answer_too() {
        let mut meeting = Meeting::server(command);
        let client = datagrams(&meeting.address);
        meeting.ask(&client, b"", b"Hello, !");
        meeting.ask(&client, b"Tracy", b"Hello, Tracy!");
    }

    #[test]
    fn prints_the_port_of_each_sender() {
        let mut meeting = Meeting::server(command);
        for _ in 0..2 {
            let client = datagrams(&meeting.address);
            let port = client.local_addr().unwrap().port().to_string();
            meeting.ask(&client, b"Michael", b"Hello, Michael!");
            meeting.program.stdout.line_with(&port);
        }
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn answers_any_bytes_with_the_same_bytes() {
        let (server, address) = server();
        let client = datagrams(&address);
        for name in [b"\xff\x00\x1b[2J\r\n".as_slice(), "张三".as_bytes(), b"", b" Hello, x!"] {
            ask(&client, name);
            // None of it is printed.
            assert_eq!(server.stdout.line(), received(&client));
        }
    }

    #[test]
    fn answers_a_datagram_as_long_as_its_answer_may_be_and_goes_on_after_a_longer_one() {
        if cfg!(target_os = "macos") {
            return left_out("macOS by itself sends 9,216 bytes at the most");
        }
        let (server, address) = server();
        let client = datagrams(&address);
        let peer = client.local_addr().unwrap();
        ask(&client, &vec![b'x'; 65_499]); // an answer of 65,507 bytes, the most that IPv4 carries
        for longer in [65_500, 65_507] {
            send(&client, &vec![b'x'; longer]);
            let line = server.stderr.line();
            assert!(line.starts_with(&format!("cannot answer {peer}: ")), "{line}");
            support::check_safe(&line, 0);
        }
        ask(&client, b"Tracy");
        for _ in 0..4 {
            assert_eq!(server.stdout.line(), received(&client));
        }
    }

    #[test]
    fn keeps_clients_apart_whose_datagrams_wait() {
        let (server, address) = server();
        let clients = [(); 3].map(|()| datagrams(&address));
        for name in ["first", "second"] {
            for (number, client) in clients.iter().enumerate() {
                send(client, format!("{name} of {number}").as_bytes());
                assert_eq!(server.stdout.line(), received(client));
            }
            // The last one reads first; each finds its own answer.
            for (number, client) in clients.iter().enumerate().rev() {
                expect_datagram(client, format!("Hello, {name} of {number}!").as_bytes());
            }
        }
    }

    #[test]
    fn does_not_answer_an_answer() {
        let (server, address) = server();
        // This client plays a second such server, whose address someone has forged: each would
        // answer the other's answers for ever.
        let second = datagrams(&address);
        ask(&second, b"x");
        send(&second, b"Hello, x!");
        send(&second, b"Hello, Hello, x!!");
        // The next that comes is the answer to this, on a socket where nothing overtakes.
        ask(&second, b"y");
        for _ in 0..4 {
            assert_eq!(server.stdout.line(), received(&second));
        }
    }

    #[test]
    fn outlives_clients_that_do_not_wait_for_their_answer() {
        let (server, address) = server();
        for _ in 0..3 {
            let hasty = datagrams(&address);
            let line = received(&hasty);
            send(&hasty, b"Michael");
            drop(hasty); // the answer comes back as "port unreachable" (ICMP)
            assert_eq!(server.stdout.line(), line);
        }
        exchange(&address);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pauses_when_receiving_fails_and_goes_on() {
        let Some(mut command) =
            rules::with_failing_receive(&at("127.0.0.1:0"), "ENOBUFS:when=1..6")
        else {
            return;
        };
        let server = Program::start(&mut command);
        let address = server.address();
        let first = server.stderr.line();
        assert!(first.starts_with("cannot receive a datagram: "), "{first}");
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(server.stderr.line(), first);
        }
        // Five more lines take five pauses.
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
        exchange(&address);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_client_that_has_gone_costs_no_pause() {
        // What Windows says where an answer met no one (10054): the next datagram may be there.
        let error = "ECONNRESET:when=1..6";
        let Some(mut command) = rules::with_failing_receive(&at("127.0.0.1:0"), error) else {
            return;
        };
        let server = Program::start(&mut command);
        let address = server.address();
        exchange(&address);
        server.signal("-TERM");
        assert_eq!(server.stderr.rest(), "", "nothing is wrong, so there is nothing to say");
    }

    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        at,
        |_, address| exchange(address)
    );

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (server, address) = server();
        let client = datagrams(&address);
        for name in [b"Michael", b"  Tracy"] {
            server.stop_and_continue();
            ask(&client, name);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_flood_loses_datagrams_and_not_the_server() {
        let (server, address) = server();
        server.stop(); // so that nothing is taken out of the buffer
        let flood = datagrams(&address);
        for _ in 0..5000 {
            send(&flood, &[b'x'; 1000]);
        }
        server.signal("-CONT");
        // Now the buffer is not full for long: in the end a name gets through.
        let client = datagrams(&address);
        client.set_read_timeout(Some(support::patience() / 100)).unwrap();
        let mut answer = [0; 64];
        let answered = (0..100).find_map(|_| {
            send(&client, b"Sarah");
            client.recv(&mut answer).ok()
        });
        assert_eq!(answered.map(|length| &answer[..length]), Some(b"Hello, Sarah!".as_slice()));
    }

    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);
    rule!(listens_on_the_same_port_again_at_once, at, exchange);

    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |_server, address| exchange(
        address
    ));

    #[test]
    fn listens_on_ipv6() {
        if UdpSocket::bind("[::1]:0").is_err() {
            return left_out("there is no IPv6 here");
        }
        let server = Program::start(&mut at("[::1]:0"));
        let address = server.address();
        let port = address.strip_prefix("[::1]:").expect("an IPv6 address");
        assert_eq!(server.stdout.line(), format!("Bind UDP on {port}..."));
        let client = datagrams(&address);
        ask(&client, b"Michael");
        assert_eq!(server.stdout.line(), received(&client));
    }

    rule!(
        #[cfg(target_os = "linux")]
        takes_an_ipv6_address_with_a_zone,
        at,
        exchange
    );
    rule!(does_without_ipv6_where_it_is_switched_off, at);
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words() {
        let (server, address) = server(); // Bind UDP on …
        let client = datagrams(&address);
        for name in ["Michael", "Tracy", "Sarah"] {
            ask(&client, name.as_bytes());
            assert_eq!(server.stdout.line(), received(&client));
        }
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 9", "127.0.0.1:9999", "cargo run -p udp-client"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[&["--port", "9999"], &["--timeout", "1"], &["127.0.0.1:0", "more"], &[WRONG_ADDRESS],]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"]]
    );
    rule!(an_error_cannot_steer_the_terminal, at);
    rule!(ends_when_stdout_is_closed_or_full, at("127.0.0.1:0"), |_| ());
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
    rule!(
        #[cfg(target_os = "linux")]
        goes_on_when_no_one_reads_its_stderr,
        at("127.0.0.1:0"),
        |_, address| send(&datagrams(address), &vec![b'x'; 65_507]), // too long to be answered
        exchange
    );
    rule!(
        #[cfg(unix)]
        its_words_go_to_no_client_when_it_has_no_stdout,
        &at("127.0.0.1:0"),
        exchange
    );
}

mod versions {
    use crate::support::versions::{each_pair, hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("udp-server"));
    }

    #[test]
    fn every_version_talks_with_every_version_of_its_client() {
        each_pair(&lesson("udp-server"), &lesson("udp-client"), |server, client| {
            server.stdout.line_with("Bind UDP on"); // a datagram that comes earlier is lost
            let words = client().finish().success();
            assert_eq!(words, "Hello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
        });
    }
}
