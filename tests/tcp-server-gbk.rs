//! Lesson 11, `tcp-server-gbk`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use support::rules::{self, WRONG_ADDRESS};
use support::{Ending, Meeting, Peer, Program};
use support::{connect, expect, expect_end, patience, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-server-gbk");

/// 你好 and 再见 in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";
const GOODBYE: &[u8] = b"\xd4\xd9\xbc\xfb";

const PROMPT: &str = "服务器发送的数据:";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn at(address: &str) -> Command {
    command(&[address])
}

/// A server on a free port of 127.0.0.1, and its client.
#[track_caller]
fn server() -> (Program, Peer) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let client = connect(&server.address());
    (server, client)
}

/// What the server shows, up to its prompt, which has no newline after it.
#[track_caller]
fn shows(server: &Program) -> String {
    let line = server.stdout.line();
    assert_eq!(server.stdout.until(PROMPT), PROMPT);
    line.strip_prefix("接收到的数据: ").expect(&line).to_owned()
}

/// Types 再见, which `client` gets, and then a close.
#[track_caller]
fn answers(server: &mut Program, client: &mut Peer) {
    server.type_in("再见\n");
    expect(client, GOODBYE);
    expect_end(client);
}

/// Holds a whole exchange with a server, and says what it shows of `message`.
#[track_caller]
fn exchange(mut server: Program, address: &str, message: &[u8]) -> String {
    let mut client = connect(address);
    client.write_all(message).unwrap();
    let shown = shows(&server);
    answers(&mut server, &mut client);
    drop(client);
    assert_eq!(server.finish().success(), "");
    shown
}

/// What a server shows of `message`.
#[track_caller]
fn shown(message: &[u8]) -> String {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    exchange(server, &address, message)
}

/// A server that asks for its answer to 你好, and its client.
#[track_caller]
fn server_that_asks() -> (Program, Peer) {
    let (server, mut client) = server();
    client.write_all(HELLO).unwrap();
    assert_eq!(shows(&server), "你好");
    (server, client)
}

/// Checks that the exchange with `client` broke off, and gives the error.
#[track_caller]
fn broke_off(ending: Ending, client: std::net::SocketAddr) -> String {
    let error = ending.error();
    let start = format!("Error: the exchange with {client} broke off: ");
    assert!(error.starts_with(&start), "{error}");
    support::check_safe(&error, 0);
    error
}

mod dialogue {
    use super::*;

    #[track_caller]
    fn meet() -> (Meeting, Peer) {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        client.write_all(HELLO).unwrap();
        (meeting, client)
    }

    #[test]
    fn prints_the_text_decoded_from_gbk() {
        let (meeting, _client) = meet();
        meeting.program.stdout.line_with("你好");
    }

    #[test]
    fn sends_the_typed_line_in_gbk() {
        let (mut meeting, mut client) = meet();
        meeting.program.type_in("再见\n");
        expect(&mut client, GOODBYE);
    }

    #[test]
    fn sends_no_more_than_the_line_closes_and_ends_well() {
        let (mut meeting, mut client) = meet();
        answers(&mut meeting.program, &mut client);
        drop(client);
        let ending = meeting.program.finish();
        assert!(ending.status.success(), "{ending:?}");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn shows_a_message_of_3000_characters_whole() {
        // In GBK these are 6,000 bytes, and no read of 1,024.
        assert_eq!(shown(&HELLO.repeat(1500)), "你好".repeat(1500));
        // A read ends after the first byte of two, and after the first three of the four that
        // gb18030 has for U+20000.
        let short = "a".repeat(1023);
        assert_eq!(shown(&[short.as_bytes(), HELLO].concat()), format!("{short}你好"));
        let short = "a".repeat(1021);
        let message = [short.as_bytes(), b"\x95\x32\x82\x36"].concat();
        assert_eq!(shown(&message), format!("{short}𠀀"));
    }

    #[test]
    fn shows_a_message_whole_that_arrives_byte_by_byte() {
        shown_byte_by_byte(|server| {
            // Linux tells when it has read the byte, and sleeps until there is another.
            if cfg!(target_os = "linux") {
                support::wait_for_state(server.id(), 'S');
            }
        });
    }

    /// Checks what a server shows of a message whose bytes come one by one, with `between` after
    /// each.
    #[track_caller]
    fn shown_byte_by_byte(between: impl Fn(&Program)) {
        for _ in 0..20 {
            let (mut server, mut client) = server();
            client.set_nodelay(true).unwrap();
            let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
            for byte in [HELLO, b" ", GOODBYE].concat() {
                client.write_all(&[byte]).unwrap();
                longest = longest.max(last.elapsed());
                last = Instant::now();
                between(&server);
            }
            let shown = shows(&server);
            answers(&mut server, &mut client);
            // If this machine itself made a pause, it was the end of the message: once more.
            if longest < Duration::from_millis(100) {
                return assert_eq!(shown, "你好 再见");
            }
        }
        support::left_out("this machine is too slow to send without a pause");
    }

    #[test]
    fn cuts_a_sender_off_at_64_kib_that_never_pauses_and_says_so() {
        let (server, mut client) = server();
        let flood = thread::spawn(move || {
            // After one byte of ASCII, each read of an even length ends amid a character of two.
            // Four MiB are more than enough, and no harm to a server that takes them all.
            let _ = client.write_all(&[b"a\xc4", b"\xe3\xc4".repeat(1 << 21).as_slice()].concat());
        });
        let said = server.stderr.line();
        assert!(said.starts_with("the message goes on: only its first "), "{said}");
        // Two bytes are a character, and the last read may go beyond the limit.
        let shown = shows(&server).chars().count();
        assert!((1 << 15..=(1 << 15) + 1024).contains(&shown), "{shown} characters");
        drop(server);
        flood.join().unwrap();
    }

    #[test]
    fn shows_half_a_character_as_a_replacement_character() {
        // Its client keeps the connection open: the other half could still come.
        assert_eq!(shown(b"\xc4"), "\u{fffd}");
        assert_eq!(shown(b"\xc4\xe3\xba"), "你\u{fffd}");
        // Here it cannot.
        let (mut server, mut client) = server();
        client.write_all(b"\xc4").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(shows(&server), "\u{fffd}");
        answers(&mut server, &mut client);
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        assert_eq!(shown(b"\xff\xfe ok \xc4 !"), "\u{fffd}\u{fffd} ok \u{fffd} !");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        // The four-byte ones are U+0085, U+202E, U+2066 and U+2028 in gb18030.
        let shown = shown(
            b"\x1b]0;title\x07\r\nError: forged\x7f\x81\x30\x81\x35\x81\x36\xa7\x31gnp.exe\x81\x36\xac\x32\x81\x36\xa6\x35",
        );
        support::check_safe(&shown, 0);
        support::check_keeps(&shown, &["]0;title", "Error: forged", "gnp.exe"]);
    }

    #[test]
    fn a_line_that_cannot_be_sent_is_an_error_and_nothing_is_sent() {
        let lines: [(&[u8], &str); 3] = [
            ("a😀b\n".as_bytes(), "😀"),
            ("b\u{1b}[2J\u{202e}\n".as_bytes(), "202"),
            (b"a\xff\n", ""), // typed in another encoding than UTF-8
        ];
        for (typed, harmless) in lines {
            let (mut server, mut client) = server_that_asks();
            server.type_in(typed);
            expect_end(&mut client);
            let error = broke_off(server.finish(), client.local_addr().unwrap());
            assert!(error.contains(harmless), "{error}");
        }
    }

    #[test]
    fn its_answer_is_not_lost_behind_what_it_has_not_read() {
        let (mut server, mut client) = server_that_asks();
        client.write_all(&[b'a'; 5000]).unwrap();
        answers(&mut server, &mut client);
        // A close with bytes unread would be a reset, which can overtake the answer.
        server.finish().success();
        assert!(client.take_error().unwrap().is_none(), "the server reset the connection");
    }

    #[test]
    fn ends_though_its_client_stays() {
        let (mut server, mut client) = server_that_asks();
        answers(&mut server, &mut client);
        server.finish().success();
        drop(client);
    }

    #[test]
    fn ends_though_its_client_never_ends_its_message() {
        let (mut server, mut client) = server_that_asks();
        // It goes on before the server can call that a pause.
        let drip = thread::spawn(move || {
            while client.write_all(b"a").is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
        });
        server.type_in("再见\n");
        // It may read on for some seconds, so that the answer is not lost.
        let deadline = Instant::now() + patience().max(Duration::from_secs(30));
        while server.runs() {
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(server.finish().status.success());
        drip.join().unwrap();
    }

    #[test]
    fn a_client_that_closes_without_a_word_is_an_error() {
        let (server, client) = server();
        let peer = client.local_addr().unwrap();
        drop(client);
        let ending = server.finish();
        assert_eq!(ending.stdout, "");
        let error = broke_off(ending, peer);
        assert!(error.ends_with("it closed the connection without a word"), "{error}");
    }

    #[test]
    fn a_client_that_resets_is_an_error() {
        let (server, client) = server();
        reset(client);
        server.finish().error();
        // Also while the answer is being typed.
        let (mut server, client) = server_that_asks();
        let peer = client.local_addr().unwrap();
        reset(client);
        // No buffer takes this answer: however late the reset arrives, it is noticed.
        server.type_in("a".repeat(1 << 24) + "\n");
        broke_off(server.finish(), peer);
    }

    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        at,
        |server, address| {
            let mut client = connect(address);
            client.write_all(HELLO).unwrap();
            server.stdout.until(PROMPT); // and it waits for a line
            client
        }
    );

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let mut server = Program::start(&mut at("127.0.0.1:0"));
        let address = server.address();
        server.stop_and_continue();
        let mut client = connect(&address);
        server.stop_and_continue();
        client.write_all(HELLO).unwrap();
        assert_eq!(shows(&server), "你好");
        server.stop_and_continue();
        answers(&mut server, &mut client);
        drop(client);
        assert_eq!(server.finish().success(), "");
        // Also while it waits for the rest of a message.
        shown_byte_by_byte(|server| {
            support::wait_for_state(server.id(), 'S');
            server.stop_and_continue();
        });
    }

    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);

    #[cfg(unix)]
    #[test]
    fn listens_on_the_same_port_again_at_once() {
        let server = Program::start(&mut at("127.0.0.1:0"));
        let address = server.address();
        exchange(server, &address, HELLO); // closed by the server first: its port is in TIME_WAIT
        let again = Program::start(&mut at(&address));
        assert_eq!(again.address(), address);
        assert_eq!(exchange(again, &address, HELLO), "你好");
    }

    #[test]
    fn listens_on_every_ipv4_address_on_ipv6_and_under_a_name() {
        let mut addresses = vec!["0.0.0.0:0", "localhost:0"];
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            addresses.push("[::1]:0");
        } else {
            support::left_out("there is no IPv6 here");
        }
        for wanted in addresses {
            let server = Program::start(&mut at(wanted));
            let address = server.address();
            assert_eq!(address.starts_with('['), wanted.starts_with('['), "{address}");
            assert_eq!(exchange(server, &address, HELLO), "你好");
        }
    }

    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |server, address| assert_eq!(
        exchange(server, address, HELLO),
        "你好"
    ));
    rule!(does_without_ipv6_where_it_is_switched_off, at);
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words() {
        let (mut server, mut client) = server();
        client.write_all(HELLO).unwrap();
        assert_eq!(server.stdout.line(), "接收到的数据: 你好");
        assert_eq!(server.stdout.until(PROMPT), PROMPT);
        answers(&mut server, &mut client);
        drop(client);
        assert_eq!(server.finish().success(), "");
    }

    #[test]
    fn takes_a_typed_line_as_any_system_ends_it() {
        for (typed, sent) in [
            ("再见\r\n", GOODBYE),
            ("再见", GOODBYE),
            ("再见\n你好\n", GOODBYE),
            (" a \n", b" a "),
            ("\n", b""),
        ] {
            let (mut server, mut client) = server_that_asks();
            server.type_in(typed);
            server.end_input();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, sent, "{typed:?}");
            drop(client);
            server.finish().success();
        }
    }

    #[test]
    fn the_end_of_its_input_is_an_error_and_the_client_sees_a_close() {
        let (mut server, mut client) = server_that_asks();
        server.end_input();
        expect_end(&mut client);
        let error = broke_off(server.finish(), client.local_addr().unwrap());
        assert!(error.contains("standard input ended before there was a line"), "{error}");
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 11", "0.0.0.0:8080", "cargo run -p tcp-client-gbk"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[&["--port", "8080"], &["127.0.0.1:0", "more"], &[WRONG_ADDRESS]]
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
        rules::ends_when_stdout_is_closed_or_full(at("127.0.0.1:0"), |server| {
            let mut client = connect(&server.address());
            client.write_all(HELLO).unwrap();
            expect_end(&mut client);
        });
    }

    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));

    #[cfg(unix)]
    #[test]
    fn goes_on_when_no_one_reads_its_stderr() {
        let (server, address) = Program::start_and_close_stderr(at("127.0.0.1:0"));
        let mut client = connect(&address);
        // It has to say that this message goes on.
        let flood = thread::spawn(move || drop(client.write_all(&vec![b'a'; 1 << 20])));
        assert!(shows(&server).starts_with("aaaa"));
        drop(server);
        flood.join().unwrap();
    }
}

mod versions {
    use crate::support::versions::{each_pair_at, hold_the_dialogue, lesson};
    use crate::support::{Program, patience};
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-server-gbk"));
    }

    #[test]
    fn every_version_talks_with_every_version_of_its_client() {
        let (servers, clients) = (lesson("tcp-server-gbk"), lesson("tcp-client-gbk"));
        each_pair_at(&servers, &clients, |address, server, client| {
            let mut client = connected(address, client);
            client.type_in("hello\n");
            server.stdout.line_with("hello");
            server.type_in("goodbye\n");
            client.stdout.line_with("goodbye");
            client.finish().success();
        });
    }

    /// A client that asks for its text: it is started again while no one listens yet. It has the
    /// address as an argument, but the tutorial's versions ask for it.
    #[track_caller]
    fn connected(address: &str, client: &dyn Fn() -> Program) -> Program {
        let (ip, port) = address.rsplit_once(':').unwrap();
        let deadline = Instant::now() + patience();
        while Instant::now() < deadline {
            let mut client = client();
            if asks(&mut client, "服务器") {
                client.type_in(format!("{ip}\n{port}\n"));
            }
            if asks(&mut client, "请输入要发送的数据:") {
                return client;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("no one is at {address}");
    }

    /// Whether the next question of `client` has `part` in it: not if it asks another one, or ends.
    fn asks(client: &mut Program, part: &str) -> bool {
        let deadline = Instant::now() + patience();
        let mut asked = String::new();
        while Instant::now() < deadline && client.runs() && !asked.contains("数据:") {
            asked = format!("{:?}", client.stdout);
            if asked.contains(part) {
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
        false
    }
}
