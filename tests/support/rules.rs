//! The rules that lessons share, one function each: what is the same in every test of a rule but
//! for the program. The hint stays on the test.
//!
//! A test gives its own `#[track_caller]` functions as closures (`|address| exchange(address)`), so
//! that a failure is in a line of the test.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{NO_IPV6, with_hosts, with_network, with_streams};
use super::{Program, check_safe, closed_pipe, full_device, left_out};

/// Each of these command lines is refused.
#[track_caller]
pub fn refuses(command: impl Fn(&[&str]) -> Command, wrong: &[&[&str]]) {
    for arguments in wrong {
        let ending = Program::start(&mut command(arguments)).finish();
        assert_eq!(ending.status.code(), Some(2), "{arguments:?}: {ending:#?}");
        let message = ending.refused();
        assert!(message.contains("error: "), "{arguments:?}: {message}");
    }
}

/// A program that takes HOST:PORT refuses what is none: no host, no port, none that there is, or
/// IPv6 without its brackets. `at` puts it into the command line.
#[track_caller]
pub fn refuses_wrong_addresses(at: impl Fn(&str) -> Command) {
    let wrong = [
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:http",
        "127.0.0.1:-1",
        "127.0.0.1:+9999",
        ":9999",
        "::1",
        "::1:9999",
        "[::1:9999",
    ];
    let wrong: Vec<_> = wrong.iter().map(std::slice::from_ref).collect();
    refuses(|words| at(words[0]), &wrong);
}

/// A command line that is no text is refused, too.
#[cfg(unix)]
#[track_caller]
pub fn refuses_what_is_not_utf_8(executable: &str, arguments: &[&[u8]]) {
    use std::os::unix::ffi::OsStrExt;
    let arguments = arguments.iter().map(|argument| std::ffi::OsStr::from_bytes(argument));
    super::start(executable, arguments).finish().refused();
}

/// An error about a host of the command line (`at` that address) is one safe line (rule 4).
#[track_caller]
pub fn has_safe_errors(at: impl Fn(&str) -> Command) {
    let error = Program::start(&mut at("a\u{1b}[2J\u{202e}\nb:1")).finish().error();
    check_safe(&error, 0);
}

/// A server says where, why and what to do when it cannot listen (rule 3); someone else listens on
/// `taken`.
#[track_caller]
pub fn says_why_it_cannot_listen(at: impl Fn(&str) -> Command, taken: &str) {
    let error = Program::start(&mut at(taken)).finish().error();
    assert!(error.starts_with(&format!("Error: cannot listen on {taken}: ")), "{error}");
    assert!(error.ends_with("; choose another port"), "{error}");
    // No machine has an address of TEST-NET-1 (RFC 5737).
    let error = Program::start(&mut at("192.0.2.1:0")).finish().error();
    assert!(error.starts_with("Error: cannot listen on 192.0.2.1:0: "), "{error}");
}

/// A program that cannot print ends with an error. `meet` is its peer: what it gives is kept until
/// then.
#[track_caller]
pub fn needs_stdout<T>(mut command: Command, meet: impl Fn(&Program) -> T) {
    for stdout in [Some(Stdio::from(closed_pipe())), full_device().map(Stdio::from)] {
        let Some(stdout) = stdout else { return left_out("there is no /dev/full here") };
        let program = Program::start_with_stdout(&mut command, stdout);
        let _peer = meet(&program);
        let error = program.finish().error();
        assert!(error.contains("cannot write to standard output: "), "{error}");
    }
}

/// A server that cannot say where it listens ends.
#[track_caller]
pub fn needs_stderr(mut command: Command) {
    let Some(full) = full_device() else { return left_out("there is no /dev/full here") };
    let server = Program::start_with(&mut command, Stdio::piped(), full);
    assert_eq!(server.finish().status.code(), Some(1));
}

/// A server without a standard output serves its clients all the same: nothing that it would print
/// comes to one of them.
#[track_caller]
pub fn keeps_its_words_from_clients(command: &Command, exchange: impl Fn(&str)) {
    let server = Program::start(&mut with_streams(command, "<&- >&-"));
    exchange(&server.address());
    assert_eq!(server.stdout.rest(), "");
}

/// A server that was just ended can be started again on its port (rule 7).
#[track_caller]
pub fn listens_again_at_once(at: impl Fn(&str) -> Command, exchange: impl Fn(&str)) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    exchange(&address);
    drop(server);
    let again = Program::start(&mut at(&address));
    assert_eq!(again.address(), address);
    exchange(&address);
}

/// A server that was told to listen on `[::1%1]:0` is reached there.
#[track_caller]
pub fn takes_a_zone(mut command: Command, exchange: impl Fn(&str)) {
    if TcpListener::bind("[::1%1]:0").is_err() {
        return left_out("there is no IPv6 here");
    }
    exchange(&Program::start(&mut command).address());
}

/// A server passes over the IPv6 address of a name where there is no IPv6 (rule 7).
#[track_caller]
pub fn does_without_ipv6(at: impl Fn(&str) -> Command) {
    let inside = |address: &str| {
        let command = with_network(&at(address), NO_IPV6)?;
        with_hosts(&command, "::1 localhost\n127.0.0.1 localhost\n")
    };
    let Some(mut server) = inside("localhost:0") else { return };
    let address = Program::start(&mut server).address();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let Some(mut server) = inside("[::1]:0") else { return };
    let error = Program::start(&mut server).finish().error();
    assert!(error.starts_with("Error: cannot listen on [::1]:"), "{error}");
}

/// A TCP client tries each address of a name (rule 7), here `both.example`; `talk` is the rest.
#[track_caller]
pub fn tries_each_address(at: impl Fn(&str) -> Command, talk: impl Fn(Program, TcpListener)) {
    for alive in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(alive) else {
            return left_out("there is no IPv6 here");
        };
        let port = listener.local_addr().expect("a listener has an address").port();
        let hosts = "::1 both.example\n127.0.0.1 both.example\n";
        let command = at(&format!("both.example:{port}"));
        let Some(mut command) = with_hosts(&command, hosts) else { return };
        talk(Program::start(&mut command), listener);
    }
}

/// A server that can take no client says so, again after each pause, and neither ends nor spins
/// (rule 8).
#[track_caller]
pub fn pauses_while_it_cannot_serve(server: &mut Program) {
    let first = server.stderr.line();
    assert!(first.starts_with("cannot serve a client: "), "{first}");
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(server.stderr.line(), first);
    }
    // Three more lines take three pauses.
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    assert!(server.runs());
}
