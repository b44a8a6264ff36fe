//! Lesson 12, `tcp-client-gbk`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::rules::WRONG_ADDRESS;
use support::{Ending, Meeting, Peer, Program, accept, expect, expect_end, listener, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-client-gbk");

/// 你好 and 再见 in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";
const GOODBYE: &[u8] = b"\xd4\xd9\xbc\xfb";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

fn at(address: &str) -> Command {
    command(&[address])
}

fn hasty(address: &str) -> Command {
    command(&[address, "--timeout", "0.2"])
}

/// Waits for `prompt`: the next that is printed, and no newline after it.
#[track_caller]
fn asks(client: &Program, prompt: &str) {
    assert_eq!(client.stdout.until(prompt), prompt);
}

/// Types 你好 into the client, and answers it with `pieces` and a close.
#[track_caller]
fn ending_with(mut client: Program, mut stream: Peer, pieces: &[&[u8]]) -> Ending {
    stream.set_nodelay(true).unwrap();
    asks(&client, "请输入要发送的数据:");
    client.type_in("你好\n");
    expect(&mut stream, HELLO);
    for piece in pieces {
        // Linux tells when it has read the piece before, and sleeps until there is another.
        if cfg!(target_os = "linux") && pieces.len() > 1 {
            support::wait_for_state(client.id(), 'S');
        }
        let _ = stream.write_all(piece); // an error, if the client has had enough
    }
    drop(stream);
    client.finish()
}

/// The server's part with a client that knows its address, and what the client prints.
#[track_caller]
fn talk(client: Program, stream: Peer) {
    let ending = ending_with(client, stream, &[GOODBYE]);
    assert_eq!(ending.success(), "接收到的信息为: 再见\n");
}

/// How the client at `listener` ends when it is answered with `pieces`.
#[track_caller]
fn answered(listener: &TcpListener, pieces: &[&[u8]]) -> Ending {
    let client = start(&[&listener.local_addr().unwrap().to_string()]);
    ending_with(client, accept(listener), pieces)
}

/// What the client shows of an answer that is sent in `pieces`.
#[track_caller]
fn shown(pieces: &[&[u8]]) -> String {
    let words = answered(&listener().0, pieces).success();
    let line = words.strip_suffix('\n').expect(&words);
    line.strip_prefix("接收到的信息为: ").expect(&words).to_owned()
}

/// Checks that the exchange with `address` broke off, with nothing of an answer on stdout, and
/// gives the error.
#[track_caller]
fn broke_off(ending: Ending, address: &str) -> String {
    assert!(!ending.stdout.contains("接收到的信息为"), "{ending:?}");
    let error = ending.error();
    let start = format!("Error: the exchange with {address} broke off: ");
    assert!(error.starts_with(&start) && error.len() < 200, "{error}");
    support::check_safe(&error, 0);
    error
}

mod dialogue {
    use super::*;

    /// The exchange up to the client's text.
    #[track_caller]
    fn meet() -> (Meeting, Peer) {
        let mut meeting = Meeting::client(|_| command(&[]));
        let (ip, port) = meeting.address.rsplit_once(':').unwrap();
        meeting.program.type_in(format!("{ip}\n{port}\n"));
        let stream = meeting.accept();
        meeting.program.type_in("你好\n");
        (meeting, stream)
    }

    /// The exchange up to the server's close.
    #[track_caller]
    fn meet_and_answer() -> (Meeting, Peer) {
        let (meeting, mut stream) = meet();
        expect(&mut stream, HELLO);
        stream.write_all(GOODBYE).unwrap();
        meeting.close(&stream);
        (meeting, stream)
    }

    #[test]
    fn asks_for_ip_and_port_connects_and_sends_the_text_in_gbk() {
        let (_meeting, mut stream) = meet();
        expect(&mut stream, HELLO);
    }

    #[test]
    fn prints_the_answer_decoded_from_gbk() {
        let (meeting, _stream) = meet_and_answer();
        meeting.program.stdout.line_with("再见");
    }

    #[test]
    fn sends_no_more_than_the_text_and_ends_well() {
        let (meeting, mut stream) = meet_and_answer();
        expect_end(&mut stream);
        meeting.program.finish().success();
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn shows_an_answer_whole_that_arrives_in_pieces() {
        let [first, second, rest @ ..] = GOODBYE else { unreachable!() };
        assert_eq!(shown(&[&[*first], &[*second], rest, b" ", HELLO]), "再见 你好");
        // A server could split it at its 1,024th byte, as the tutorial's client does.
        let long = "a".repeat(1023);
        assert_eq!(shown(&[long.as_bytes(), HELLO]), format!("{long}你好"));
    }

    #[test]
    fn takes_64_kib_and_no_more() {
        assert_eq!(shown(&[&vec![b'a'; 65_536]]), "a".repeat(65_536));
        let (listener, address) = listener();
        for too_much in [65_537, 4 << 20] {
            broke_off(answered(&listener, &[&vec![b'a'; too_much]]), &address);
        }
    }

    #[test]
    fn a_server_that_closes_without_an_answer_is_an_error() {
        let (listener, address) = listener();
        let error = broke_off(answered(&listener, &[]), &address);
        assert!(error.ends_with("it closed the connection without an answer"), "{error}");
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        assert_eq!(shown(&[b"\xff\xfe ok \xc4 !"]), "\u{fffd}\u{fffd} ok \u{fffd} !");
        assert_eq!(shown(&[b"\xc4\xe3\xba"]), "你\u{fffd}");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        // The four-byte ones are U+0085, U+202E, U+2066 and U+2028 in gb18030.
        let shown = shown(&[
            b"\x1b]0;title\x07\r\nError: forged\x7f\x81\x30\x81\x35",
            b"\x81\x36\xa7\x31gnp.exe\x81\x36\xac\x32\x81\x36\xa6\x35",
        ]);
        support::check_safe(&shown, 0);
        support::check_keeps(&shown, &["]0;title", "Error: forged", "gnp.exe"]);
    }

    #[test]
    fn a_line_that_cannot_be_sent_is_an_error_and_nothing_is_sent() {
        let lines: [(&[u8], &str); 4] = [
            ("a😀b\n".as_bytes(), "😀"),
            ("b\u{1b}[2J\u{202e}\n".as_bytes(), "202"),
            (b"\n", "empty"),
            (b"a\xff\n", ""), // typed in another encoding than UTF-8
        ];
        for (typed, harmless) in lines {
            let (listener, address) = listener();
            let mut client = start(&[&address]);
            let mut stream = accept(&listener);
            client.type_in(typed);
            expect_end(&mut stream);
            let error = broke_off(client.finish(), &address);
            assert!(error.contains(harmless), "{error}");
        }
    }

    rule!(says_where_why_and_what_to_do_when_no_one_listens, at, "tcp-server-gbk");
    rule!(no_way_to_the_server_is_an_error, at);
    rule!(
        #[cfg(target_os = "linux")]
        does_not_wait_forever_on_a_connection,
        hasty
    );

    #[test]
    fn does_not_wait_forever_on_a_silent_server() {
        let (_listener, address) = listener();
        let mut client = Program::start(&mut hasty(&address));
        client.type_in("你好\n");
        let error = broke_off(client.finish(), &address);
        assert!(error.ends_with("timed out"), "{error}");
    }

    #[test]
    fn does_not_wait_forever_on_a_server_that_reads_nothing() {
        let (listener, address) = listener();
        let mut client = Program::start(&mut hasty(&address));
        let _stream = accept(&listener);
        client.type_in("a".repeat(1 << 24) + "\n"); // no buffers take so much
        let error = broke_off(client.finish(), &address);
        assert!(error.ends_with("timed out"), "{error}");
    }

    #[test]
    fn a_server_that_resets_is_an_error() {
        let (listener, address) = listener();
        let mut client = start(&[&address]);
        let mut stream = accept(&listener);
        client.type_in("你好\n");
        expect(&mut stream, HELLO);
        stream.write_all(GOODBYE).unwrap();
        reset(stream);
        broke_off(client.finish(), &address);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (listener, address) = listener();
        let mut client = start(&[&address]);
        let mut stream = accept(&listener);
        client.type_in("你好\n");
        expect(&mut stream, HELLO); // now it waits for the answer
        client.stop_and_continue();
        stream.write_all(GOODBYE).unwrap();
        drop(stream);
        let words = client.finish().success();
        assert!(words.ends_with("接收到的信息为: 再见\n"), "{words}");
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
    fn prints_the_tutorials_words() {
        let (listener, address) = listener();
        let mut client = start(&[]);
        asks(&client, "请输入服务器IP:");
        client.type_in("127.0.0.1\n");
        asks(&client, "请输入服务器port:");
        client.type_in(format!("{}\n", address.rsplit(':').next().unwrap()));
        talk(client, accept(&listener));
    }

    #[test]
    fn an_address_on_the_command_line_saves_two_questions() {
        let (listener, address) = listener();
        let client = start(&[&address]);
        talk(client, accept(&listener));
    }

    #[test]
    fn takes_typed_lines_as_any_system_ends_them() {
        let (listener, address) = listener();
        let port = address.rsplit(':').next().unwrap();
        for (end_of_line, end_of_input) in [("\n", ""), ("\r\n", "\r\n"), ("\r\n", "")] {
            let mut client = start(&[]);
            // Blanks are no part of an IP or a port, and they are of the text.
            let lines = ["127.0.0.1 ", &format!(" {port}"), "你好 "];
            client.type_in(lines.join(end_of_line) + end_of_input);
            client.end_input();
            let mut stream = accept(&listener);
            expect(&mut stream, b"\xc4\xe3\xba\xc3 ");
            stream.write_all(GOODBYE).unwrap();
            drop(stream);
            let words = client.finish().success();
            assert!(words.ends_with("接收到的信息为: 再见\n"), "{words}");
        }
    }

    #[test]
    fn the_end_of_its_input_is_an_error_at_each_question() {
        let (_listener, address) = listener();
        let port = address.rsplit(':').next().unwrap();
        for (typed, last_question) in [
            (String::new(), "请输入服务器IP:"),
            ("127.0.0.1\n".to_owned(), "请输入服务器port:"),
            (format!("127.0.0.1\n{port}\n"), "请输入要发送的数据:"),
        ] {
            let mut client = start(&[]);
            client.type_in(typed);
            let ending = client.finish();
            // The error stands on a line of its own, where the terminal shows both streams.
            assert!(ending.stdout.ends_with(&format!("{last_question}\n")), "{ending:?}");
            let error = ending.error();
            assert!(error.contains("standard input ended before there was a line"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_standard_input_at_all_is_an_error() {
        let mut command = support::with_streams(&command(&[]), "<&-");
        let error = Program::start(&mut command).finish().error();
        assert!(error.contains("standard input"), "{error}");
    }

    #[test]
    fn a_wrong_ip_or_port_that_is_typed_is_an_error() {
        let typed = |ip, port| {
            let mut client = start(&[]);
            client.type_in(format!("{ip}\n{port}\n"));
            client.finish().error()
        };
        for port in ["80800", "http", "-1", "80 80"] {
            let error = typed("127.0.0.1", port);
            assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
            assert!(!error.contains("cannot connect"), "it is wrong before that: {error}");
        }
        let error = typed("no-such-host.invalid", "8080");
        let start = "Error: cannot connect to no-such-host.invalid:8080: ";
        assert!(error.starts_with(start), "{error}");
        support::check_safe(&typed("a\u{1b}[2J\u{202e}", "8080"), 0);
    }

    #[test]
    fn takes_an_ipv6_address_that_is_typed_without_brackets() {
        let Ok(listener) = TcpListener::bind("[::1]:0") else {
            return support::left_out("there is no IPv6 here");
        };
        let address = listener.local_addr().unwrap();
        let mut client = start(&[]);
        client.type_in(format!("::1\n{}\n", address.port()));
        asks(&client, "请输入服务器IP:");
        asks(&client, "请输入服务器port:");
        talk(client, accept(&listener));
        // An error shows it with them.
        let mut client = start(&[]);
        client.type_in(format!("::1\n{}\n\n", address.port()));
        broke_off(client.finish(), &address.to_string());
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 12", "30]", "--timeout", "cargo run -p tcp-server-gbk"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["127.0.0.1:8080", "more"],
            &["--timeout", "0"],
            &["--timeout", "NaN"],
            &["--timeout=-1"],
            &["--message", "a"],
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
    fn takes_a_timeout_of_years() {
        let (listener, address) = listener();
        let client = start(&[&address, "--timeout", "1e9"]);
        talk(client, accept(&listener));
    }

    rule!(ends_when_stdout_is_closed_or_full, command(&[]), |_| ());
}

mod versions {
    use crate::support::versions::{hold_the_dialogue, lesson};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-client-gbk"));
    }
}
