//! Lesson 4, `tcp-server-threaded`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::process::Command;

use support::rules::WRONG_ADDRESS;
use support::{rule, welcome};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-server-threaded");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

/// The server at an address, without its pause.
fn at(address: &str) -> Command {
    command(&[address, "--delay", "0"])
}

mod dialogue {
    use super::*;

    rule!(welcome::welcomes_a_client, command);
    rule!(welcome::greets_each_name_and_closes_at_exit, command);
    rule!(welcome::closes_when_the_client_has_closed_its_side, command);
    rule!(welcome::serves_clients_side_by_side, command);
    rule!(welcome::prints_the_port_of_each_client_when_it_comes_and_when_it_goes, command);
}

mod sturdy {
    use super::*;

    rule!(welcome::answers_any_bytes_with_the_same_bytes, command);
    rule!(welcome::takes_what_arrives_together_as_one_message, command);
    rule!(welcome::reports_a_reset_in_one_line_and_goes_on, command);
    rule!(
        #[cfg(target_os = "linux")]
        welcome::asks_whether_a_silent_client_is_still_there,
        command
    );
    rule!(
        #[cfg(target_os = "linux")]
        gives_up_a_client_that_reads_nothing,
        &at("127.0.0.1:0"),
        welcome::welcomed
    );
    rule!(welcome::serves_one_more_beside_a_thousand_idle_connections, command);
    rule!(welcome::lets_a_client_wait_while_all_places_are_taken, command);
    rule!(welcome::welcomes_a_burst_of_clients, command);
    rule!(
        #[cfg(unix)]
        welcome::waits_when_no_descriptor_is_free_and_goes_on_when_one_is,
        command
    );

    #[cfg(target_os = "linux")]
    #[test]
    fn loses_one_client_and_not_itself_when_no_thread_can_start() {
        use std::io::{Read, Write};
        use std::time::Instant;
        use support::{connect, expect_end, patience};
        let (mut server, address) = welcome::server(command);
        let clients: Vec<_> = (0..3).map(|_| welcome::welcomed(&address)).collect();
        if !server.allow_no_more_memory() {
            return;
        }
        let mut unlucky = connect(&address);
        let line = server.stderr.line();
        assert!(line.starts_with("cannot serve a client: "), "{line}");
        expect_end(&mut unlucky);
        assert!(server.runs());
        drop(clients);
        // Their threads have come to an end and left their stacks: the next one is served again.
        let deadline = Instant::now() + patience();
        while Instant::now() < deadline {
            let mut client = connect(&address);
            let mut welcome = [0; 8];
            if client.read_exact(&mut welcome).is_ok() {
                client.write_all(b"exit").unwrap();
                return expect_end(&mut client);
            }
        }
        panic!("no client is served any more: {server:?}");
    }

    rule!(
        #[cfg(target_os = "linux")]
        welcome::goes_on_after_it_was_stopped_and_continued,
        command
    );
    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        at,
        |_, address| welcome::welcomed(address)
    );
    rule!(
        #[cfg(unix)]
        listens_on_the_same_port_again_at_once,
        at,
        welcome::dialogue
    );
    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);
    rule!(takes_a_name_for_an_address, at, welcome::dialogue);
    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |_server, address| {
        welcome::dialogue(address);
    });
    rule!(listens_on_ipv6, at, welcome::dialogue);
    rule!(
        #[cfg(target_os = "linux")]
        takes_an_ipv6_address_with_a_zone,
        at,
        welcome::dialogue
    );
    rule!(does_without_ipv6_where_it_is_switched_off, at);
}

mod polish {
    use super::*;

    rule!(welcome::prints_the_tutorials_words, command);
    rule!(welcome::pauses_before_each_answer, command);
    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 4", "127.0.0.1:9999", "--delay", "1000", "cargo run -p tcp-client"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["--delay", "-1"],
            &["--delay=-1"],
            &["--delay", "NaN"],
            &["--delay", "1e400"],
            &["--delay", "one"],
            &["--max-connections", "0"],
            &["--port", "9999"],
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
    rule!(ends_when_stdout_is_closed_or_full, at("127.0.0.1:0"), |_| ());
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
    rule!(
        #[cfg(unix)]
        goes_on_when_no_one_reads_its_stderr,
        at("127.0.0.1:0"),
        welcome::offend,
        welcome::dialogue
    );
    rule!(
        #[cfg(unix)]
        its_words_go_to_no_client_when_it_has_no_stdout,
        &at("127.0.0.1:0"),
        welcome::dialogue
    );
}

mod versions {
    use crate::support::versions::{each_pair, hold_the_dialogue, lesson, talk_until_well};

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&lesson("tcp-server-threaded"));
    }

    #[test]
    fn every_version_talks_with_every_version_of_its_client() {
        each_pair(&lesson("tcp-server-threaded"), &lesson("tcp-client"), |server, client| {
            let words = talk_until_well(server, client);
            assert_eq!(words, "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
        });
    }
}
