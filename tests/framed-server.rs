//! Lesson 16, `framed-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;
use std::time::{Duration, Instant};

use support::rules::WRONG_ADDRESS;
use support::{Meeting, Peer, Program, connect, expect, expect_end, rule, rules};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_framed-server");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

/// The server at an address, without its pause.
fn at(address: &str) -> Command {
    command(&[address, "--delay", "0"])
}

fn server() -> (Program, String) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    assert_eq!(server.stdout.line(), "Waiting for connection...");
    (server, address)
}

/// A message as it goes over the wire.
fn frame(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// A client that was welcomed.
#[track_caller]
fn welcomed(address: &str) -> Peer {
    let mut client = connect(address);
    expect(&mut client, &frame("Welcome!"));
    client
}

/// The whole dialogue.
#[track_caller]
fn dialogue(address: &str) {
    talk(&mut connect(address));
}

#[track_caller]
fn talk(client: &mut Peer) {
    expect(client, &frame("Welcome!"));
    talk_on(client);
}

/// The dialogue after the welcome.
#[track_caller]
fn talk_on(client: &mut Peer) {
    for name in ["Michael", "Tracy", "Sarah"] {
        client.write_all(&frame(name)).unwrap();
        expect(client, &frame(&format!("Hello, {name}!")));
    }
    client.write_all(&frame("exit")).unwrap();
    expect_end(client);
}

/// Sends these bytes and says no more; what the server says of the client that it loses.
#[track_caller]
fn lost_after(bytes: &[u8]) -> String {
    let (server, address) = server();
    let mut client = welcomed(&address);
    client.write_all(bytes).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let line = server.stderr.line();
    assert!(line.starts_with("lost 127.0.0.1:"), "{line}");
    server.stdout.until("closed.\n");
    dialogue(&address); // the others are served as before
    line
}

mod dialogue {
    use super::*;

    #[test]
    fn welcomes_a_client_in_a_frame() {
        expect(&mut Meeting::server(command).connect(), &frame("Welcome!"));
    }

    #[test]
    fn greets_each_name_in_a_frame_and_closes_at_exit() {
        talk(&mut Meeting::server(command).connect());
    }

    #[test]
    fn closes_when_the_client_has_closed_its_side() {
        let mut meeting = Meeting::server(command);
        let mut client = meeting.connect();
        expect(&mut client, &frame("Welcome!"));
        client.shutdown(Shutdown::Write).unwrap();
        expect_end(&mut client);
    }

    #[test]
    fn serves_clients_side_by_side() {
        let mut meeting = Meeting::server(command);
        let mut first = meeting.connect();
        expect(&mut first, &frame("Welcome!"));
        talk(&mut meeting.connect());
        talk_on(&mut first);
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn takes_a_frame_that_comes_byte_by_byte_as_one_message() {
        let (_server, address) = server();
        let mut client = welcomed(&address);
        client.set_nodelay(true).unwrap();
        for byte in frame("张三") {
            client.write_all(&[byte]).unwrap();
            std::thread::sleep(Duration::from_millis(5)); // so that it is read by itself
        }
        expect(&mut client, &frame("Hello, 张三!"));
    }

    #[test]
    fn takes_frames_that_come_together_as_messages_of_their_own() {
        let (_server, address) = server();
        let mut client = welcomed(&address);
        client.write_all(&[frame("Michael"), frame("Tracy"), frame("exit")].concat()).unwrap();
        expect(&mut client, &[frame("Hello, Michael!"), frame("Hello, Tracy!")].concat());
        expect_end(&mut client);
    }

    #[test]
    fn an_empty_frame_is_a_name_without_letters() {
        let (_server, address) = server();
        let mut client = welcomed(&address);
        client.write_all(&frame("")).unwrap();
        expect(&mut client, &frame("Hello, !"));
    }

    #[test]
    fn takes_64_kib_and_refuses_more_before_it_takes_memory() {
        let (_server, address) = server();
        let mut client = welcomed(&address);
        let long = "x".repeat(64 * 1024);
        client.write_all(&frame(&long)).unwrap();
        expect(&mut client, &frame(&format!("Hello, {long}!")));
        for length in [64 * 1024 + 1, u32::MAX] {
            let line = lost_after(&length.to_be_bytes());
            assert!(line.contains(&format!("{length} bytes, where 65536 is the limit")), "{line}");
        }
    }

    #[test]
    fn a_frame_cut_short_ends_its_conversation() {
        for bytes in [&frame("Tracy")[..2], &frame("Tracy")[..4], &frame("Tracy")[..7]] {
            let line = lost_after(bytes);
            assert!(line.ends_with("the stream ends in the middle of a frame"), "{line}");
        }
    }

    #[test]
    fn a_frame_that_is_not_utf_8_ends_its_conversation() {
        let line = lost_after(b"\0\0\0\x02\xff\xfe");
        assert!(line.ends_with("a frame that is not UTF-8"), "{line}");
    }

    #[test]
    fn reports_a_reset_in_one_line_and_goes_on() {
        let (server, address) = server();
        rules::says_whom_it_lost(&server, welcomed(&address));
        dialogue(&address);
    }

    #[test]
    fn lets_a_client_wait_while_all_places_are_taken() {
        let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "1"];
        let server = Program::start(&mut command(&arguments));
        let address = server.address();
        let first = welcomed(&address);
        let mut second = connect(&address);
        second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        second.read(&mut [0]).expect_err("a second client is served, with one place");
        second.set_read_timeout(Some(support::patience())).unwrap();
        drop(first);
        talk(&mut second);
    }

    rule!(
        #[cfg(target_os = "linux")]
        gives_up_a_client_that_reads_nothing,
        &at("127.0.0.1:0"),
        |address| {
            let mut client = connect(address);
            client.write_all(&frame("a").repeat(1000)).unwrap();
            client
        }
    );

    #[cfg(unix)]
    #[test]
    fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
        let limited = &mut support::with_limit(&at("127.0.0.1:0"), ["-n", "24"]);
        let mut server = Program::start(limited);
        let address = server.address();
        let clients: Vec<_> = (0..40).map(|_| connect(&address)).collect();
        rules::pauses_while_it_cannot_serve(&mut server);
        drop(clients);
        dialogue(&address);
    }

    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);
    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |_server, address| {
        dialogue(address);
    });
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words() {
        let (server, address) = server();
        let mut client = connect(&address);
        let peer = client.local_addr().unwrap();
        talk(&mut client);
        assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
        assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
    }

    #[test]
    fn pauses_before_each_answer() {
        let server = Program::start(&mut command(&["127.0.0.1:0", "--delay", "0.3"]));
        let mut client = welcomed(&server.address());
        let start = Instant::now();
        client.write_all(&frame("Tracy")).unwrap();
        expect(&mut client, &frame("Hello, Tracy!"));
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 16", "127.0.0.1:9998", "--delay", "1000", "cargo run -p framed-client"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["--delay", "-1"],
            &["--max-connections", "0"],
            &["127.0.0.1:0", "more"],
            &[WRONG_ADDRESS]
        ]
    );
    rule!(ends_when_stdout_is_closed_or_full, at("127.0.0.1:0"), |_| ());
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
    rule!(
        #[cfg(unix)]
        goes_on_when_no_one_reads_its_stderr,
        at("127.0.0.1:0"),
        |server: &Program, address: &str| {
            support::reset(welcomed(address));
            server.stdout.until("closed.\n");
        },
        |address: &str| dialogue(address)
    );
}

mod versions {
    use crate::support::versions::{each_pair, lesson, talk_until_well};

    #[test]
    fn its_client_talks_with_it() {
        each_pair(&lesson("framed-server"), &lesson("framed-client"), |server, client| {
            let words = talk_until_well(server, client);
            assert_eq!(words, "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
        });
    }
}
