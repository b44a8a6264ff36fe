//! Lesson 20, `tcp-server-tokio`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

#[cfg(target_os = "linux")]
use std::io::Write;
use std::process::Command;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use support::Program;
use support::rules::WRONG_ADDRESS;
use support::{rule, welcome};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_tcp-server-tokio");

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

    rule!(
        #[cfg(unix)]
        welcome::lets_clients_finish_at_ctrl_c,
        command
    );
    rule!(
        #[cfg(unix)]
        welcome::takes_no_new_client_after_ctrl_c,
        command
    );
    rule!(
        #[cfg(unix)]
        welcome::waits_a_few_seconds_for_a_silent_client_after_ctrl_c,
        command
    );
    rule!(
        #[cfg(unix)]
        welcome::ends_at_once_at_the_second_ctrl_c,
        command
    );
    rule!(welcome::answers_any_bytes_with_the_same_bytes, command);
    rule!(welcome::reports_a_reset_in_one_line_and_goes_on, command);
    rule!(
        #[cfg(target_os = "linux")]
        welcome::asks_whether_a_silent_client_is_still_there,
        command
    );
    rule!(welcome::lets_a_client_wait_while_all_places_are_taken, command);
    rule!(welcome::welcomes_a_burst_of_clients, command);
    rule!(welcome::serves_one_more_beside_a_thousand_idle_connections, command);
    rule!(
        #[cfg(unix)]
        welcome::waits_when_no_descriptor_is_free_and_goes_on_when_one_is,
        command
    );

    /// No test waits for 30 seconds. While an answer is not read, strace shows that the server waits
    /// for its system with a limit of time.
    #[cfg(target_os = "linux")]
    #[test]
    fn gives_up_a_client_that_reads_nothing() {
        let may = Command::new("strace").args(["-D", "-qq", "true"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            return support::left_out("there is no strace here");
        }
        let untraced = at("127.0.0.1:0");
        let mut traced = Command::new("strace");
        traced.args(["-D", "-f", "-qq", "-e", "trace=setsockopt,poll,epoll_wait,epoll_pwait"]);
        let server = Program::start(traced.arg(untraced.get_program()).args(untraced.get_args()));
        let address = server.address();
        let mut deaf = welcome::welcomed(&address);
        deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        while deaf.write(&[b'x'; 1024]).is_ok() {}
        let _other = welcome::welcomed(&address); // ends a wait, and strace prints its limit
        loop {
            let line = server.stderr.line();
            let call = line.split(") = ").next().unwrap_or_default();
            let limit = call.rsplit(", ").next().and_then(|limit| limit.parse().ok());
            if line.contains("SO_SNDTIMEO") || line.contains("poll") && limit > Some(1000) {
                return;
            }
        }
    }

    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);
    rule!(is_reachable_as_127_0_0_1_under_the_name_localhost, at, |_server, address| {
        welcome::dialogue(address);
    });
}

mod polish {
    use super::*;

    rule!(welcome::prints_the_tutorials_words, command);
    rule!(welcome::pauses_before_each_answer, command);
    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 20", "127.0.0.1:9999", "--delay", "default: 1000", "cargo run -p tcp-client"]
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
        welcome::offend,
        welcome::dialogue
    );
}

mod versions {
    use crate::support::versions::{each_pair, lesson, talk_until_well};

    #[test]
    fn every_version_of_the_client_talks_with_it() {
        each_pair(&lesson("tcp-server-tokio"), &lesson("tcp-client"), |server, client| {
            let words = talk_until_well(server, client);
            assert_eq!(words, "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
        });
    }
}
