//! The rules that lessons share, one function each. A lesson that keeps a rule has a line for it in
//! its tests, `rule!(NAME, …)`, which makes a test of the function's name. Its hint stands in
//! `tests/hints.toml` under `[shared.NAME]`. Where a lesson needs more than that, its own test has
//! the same name and calls the function.
//!
//! `at` makes a command line with that address in it; `exchange` is a whole conversation with the
//! server at an address. A test gives its own `#[track_caller]` functions as closures (`|address|
//! exchange(address)`), so that a failure is in a line of the test.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{NO_IPV6, with_hosts, with_network, with_streams};
use super::{Peer, Program, accept, check_safe, closed_pipe, deserted, full_device, left_out};
use super::{listener, reset};

// The command line.

/// `--help` fits on one screen of 24 lines and 80 columns, and names `parts`: the lesson, its
/// defaults, its other half.
#[track_caller]
pub fn help_tells_the_lesson_and_its_other_half_in_one_screen(
    command: impl Fn(&[&str]) -> Command,
    parts: &[&str],
) {
    let help = Program::start(&mut command(&["--help"])).finish().success();
    assert!(help.lines().count() <= 24, "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    for part in parts {
        assert!(help.contains(part), "{part}: {help}");
    }
}

/// Stands for each address that is none: no host, no port, none that there is, or IPv6 without its
/// brackets.
pub const WRONG_ADDRESS: &str = "WRONG ADDRESS";

const WRONG_ADDRESSES: [&str; 10] = [
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

/// Each of these command lines is refused. One with [`WRONG_ADDRESS`] in it stands for many.
#[track_caller]
pub fn refuses_a_wrong_command_line(command: impl Fn(&[&str]) -> Command, wrong: &[&[&str]]) {
    for arguments in wrong {
        let many = arguments.contains(&WRONG_ADDRESS);
        for address in &WRONG_ADDRESSES[..if many { WRONG_ADDRESSES.len() } else { 1 }] {
            let put_in = |&word| if word == WRONG_ADDRESS { *address } else { word };
            let arguments: Vec<&str> = arguments.iter().map(put_in).collect();
            let ending = Program::start(&mut command(&arguments)).finish();
            assert_eq!(ending.status.code(), Some(2), "{arguments:?}: {ending:#?}");
            let message = ending.refused();
            assert!(message.contains("error: "), "{arguments:?}: {message}");
        }
    }
}

/// Each of these command lines is refused: it is no text.
#[cfg(unix)]
#[track_caller]
pub fn refuses_arguments_that_are_not_utf_8(executable: &str, wrong: &[&[&[u8]]]) {
    use std::os::unix::ffi::OsStrExt;
    for arguments in wrong {
        let arguments = arguments.iter().map(|argument| std::ffi::OsStr::from_bytes(argument));
        super::start(executable, arguments).finish().refused();
    }
}

/// An error about a host of the command line is one safe line (rule 4).
#[track_caller]
pub fn an_error_cannot_steer_the_terminal(at: impl Fn(&str) -> Command) {
    let error = Program::start(&mut at("a\u{1b}[2J\u{202e}\nb:1")).finish().error();
    check_safe(&error, 0);
}

// The streams.

/// A program that cannot print ends: with an error, but in silence where no one reads any more (a
/// closed pipe, rule 3). `meet` is its peer: what it gives is kept until then.
#[track_caller]
pub fn ends_when_stdout_is_closed_or_full<T>(mut command: Command, meet: impl Fn(&Program) -> T) {
    let program = Program::start_with_stdout(&mut command, closed_pipe());
    let peer = meet(&program);
    program.finish().silence();
    drop(peer);
    let Some(full) = full_device() else { return left_out("there is no /dev/full here") };
    let program = Program::start_with_stdout(&mut command, full);
    let _peer = meet(&program);
    let error = program.finish().error();
    assert!(error.contains("cannot write to standard output: "), "{error}");
}

/// A server that cannot say where it listens ends.
#[track_caller]
pub fn ends_with_an_error_when_stderr_is_full(mut command: Command) {
    let Some(full) = full_device() else { return left_out("there is no /dev/full here") };
    let server = Program::start_with(&mut command, Stdio::piped(), full);
    assert_eq!(server.finish().status.code(), Some(1));
}

/// A server whose stderr no one reads goes on. `offend` is a client about which it has to say a
/// line.
#[cfg(unix)]
#[track_caller]
pub fn goes_on_when_no_one_reads_its_stderr(
    command: Command,
    offend: impl Fn(&Program, &str),
    exchange: impl Fn(&str),
) {
    let (mut server, address) = Program::start_and_close_stderr(command);
    for _ in 0..3 {
        offend(&server, &address);
    }
    assert!(server.runs());
    exchange(&address);
}

/// A server without a standard output serves its clients all the same: nothing that it would print
/// comes to one of them.
#[track_caller]
pub fn its_words_go_to_no_client_when_it_has_no_stdout(command: &Command, exchange: impl Fn(&str)) {
    let server = Program::start(&mut with_streams(command, "<&- >&-"));
    exchange(&server.address());
    assert_eq!(server.stdout.rest(), "");
}

// Signals.

/// Ctrl-C and kill end a server at once, also while a client talks with it: `talk` begins to, and
/// gives what has to be kept for that.
#[cfg(unix)]
#[track_caller]
pub fn ctrl_c_and_kill_end_it_at_once<T>(
    at: impl Fn(&str) -> Command,
    talk: impl Fn(&Program, &str) -> T,
) {
    for signal in ["-INT", "-TERM"] {
        let server = Program::start(&mut at("127.0.0.1:0"));
        let address = server.address();
        let _client = talk(&server, &address);
        server.check_ends_by(signal);
    }
}

// A server's address.

/// A server says where, why and what to do when it cannot listen (rule 3).
#[track_caller]
pub fn says_where_why_and_what_to_do_when_it_cannot_listen(at: impl Fn(&str) -> Command) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let taken = server.address();
    let error = Program::start(&mut at(&taken)).finish().error();
    assert!(error.starts_with(&format!("Error: cannot listen on {taken}: ")), "{error}");
    assert!(error.ends_with("; choose another port"), "{error}");
    // No machine has an address of TEST-NET-1 (RFC 5737).
    let error = Program::start(&mut at("192.0.2.1:0")).finish().error();
    assert!(error.starts_with("Error: cannot listen on 192.0.2.1:0: "), "{error}");
    assert!(!error.ends_with("; choose another port"), "that does not help: {error}");
    let error = Program::start(&mut at("no-such-host.invalid:0")).finish().error();
    assert!(error.starts_with("Error: cannot listen on no-such-host.invalid:0: "), "{error}");
    assert!(!error.ends_with("; choose another port"), "that does not help: {error}");
}

/// A server that was just ended can be started again on its port (rule 7). `exchange` leaves the
/// end of the connection to the server where it can: then its port is in TIME-WAIT.
#[track_caller]
pub fn listens_on_the_same_port_again_at_once(
    at: impl Fn(&str) -> Command,
    exchange: impl Fn(&str),
) {
    let server = Program::start(&mut at("127.0.0.1:0"));
    let address = server.address();
    exchange(&address);
    drop(server);
    let again = Program::start(&mut at(&address));
    assert_eq!(again.address(), address);
    exchange(&address);
}

/// A server listens at a name.
#[track_caller]
pub fn takes_a_name_for_an_address(at: impl Fn(&str) -> Command, exchange: impl Fn(&str)) {
    exchange(&Program::start(&mut at("localhost:0")).address());
}

/// A server listens on IPv6, and says so in brackets.
#[track_caller]
pub fn listens_on_ipv6(at: impl Fn(&str) -> Command, exchange: impl Fn(&str)) {
    if TcpListener::bind("[::1]:0").is_err() {
        return left_out("there is no IPv6 here");
    }
    let server = Program::start(&mut at("[::1]:0"));
    let address = server.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    exchange(&address);
}

/// A server that was told to listen on `[::1%1]:0` is reached there.
#[track_caller]
pub fn takes_an_ipv6_address_with_a_zone(at: impl Fn(&str) -> Command, exchange: impl Fn(&str)) {
    if TcpListener::bind("[::1%1]:0").is_err() {
        return left_out("there is no IPv6 here");
    }
    let server = Program::start(&mut at("[::1%1]:0"));
    let address = server.address();
    assert!(address.starts_with("[::1"), "{address}");
    exchange(&address);
}

/// A server passes over the IPv6 address of a name where there is no IPv6 (rule 7).
#[track_caller]
pub fn does_without_ipv6_where_it_is_switched_off(at: impl Fn(&str) -> Command) {
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

// A server's clients.

/// A client that resets costs the server one line `lost PEER: `.
#[track_caller]
pub fn says_whom_it_lost(server: &Program, client: Peer) {
    let peer = client.local_addr().unwrap();
    reset(client);
    let line = server.stderr.line();
    assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
}

/// A server does not wait for ever on a client that reads nothing: strace(1) shows that it sets a
/// limit of time for sending, or waits for room with one. `talk` is a client that has begun to talk.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn gives_up_a_client_that_reads_nothing(command: &Command, talk: impl Fn(&str) -> Peer) {
    let may = Command::new("strace").args(["-D", "-qq", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return left_out("there is no strace here");
    }
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-qq", "-e", "trace=setsockopt,poll,ppoll,pselect6,epoll_ctl"]);
    let server = Program::start(traced.arg(command.get_program()).args(command.get_args()));
    let mut deaf = talk(&server.address());
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    while deaf.write(&[b'x'; 1024]).is_ok() {}
    loop {
        let line = server.stderr.line();
        if line.contains("SO_SNDTIMEO") || line.contains("OUT") && !line.contains(", -1") {
            return;
        }
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

// A client's address. The tests of these have a server of their own.

/// A TCP client says where, why and what to do when no one listens; `server` is its other half.
#[track_caller]
pub fn says_where_why_and_what_to_do_when_no_one_listens(
    at: impl Fn(&str) -> Command,
    server: &str,
) {
    let (_socket, address) = deserted();
    let error = Program::start(&mut at(&address)).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.ends_with(&format!("is {server} running?")), "{error}");
    let error = Program::start(&mut at("no-such-host.invalid:9999")).finish().error();
    assert!(error.starts_with("Error: cannot connect to no-such-host.invalid:9999: "), "{error}");
    assert!(!error.contains(server), "a name does not tell what runs: {error}");
}

/// A TCP client tells that there is no way to its server.
#[track_caller]
pub fn no_way_to_the_server_is_an_error(at: impl Fn(&str) -> Command) {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = with_network(&at("192.0.2.1:9999"), "ip link set lo up");
    let Some(mut command) = command else { return };
    let error = Program::start(&mut command).finish().error();
    assert!(error.starts_with("Error: cannot connect to 192.0.2.1:9999: "), "{error}");
    assert!(!error.ends_with("running?"), "no one can tell what runs there: {error}");
}

/// A TCP client does not wait for a connection longer than its timeout; `at` gives it one of 0.2
/// seconds.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn does_not_wait_forever_on_a_connection(at: impl Fn(&str) -> Command) {
    let (socket, address) = deserted();
    socket.listen(0).unwrap(); // a queue for one; once it is full, Linux drops what comes
    let peer = address.parse().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&peer, Duration::from_millis(300));
    let _queue: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();
    let error = Program::start(&mut at(&address)).finish().error();
    assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
    assert!(error.contains("timed out"), "{error}");
}

/// A TCP client does not wait for an answer longer than its timeout; `at` gives it one of 0.2
/// seconds. What it sends first is taken and gets no answer.
#[track_caller]
pub fn does_not_wait_forever_on_a_silent_server(at: impl Fn(&str) -> Command) {
    let (_listener, address) = listener();
    let error = Program::start(&mut at(&address)).finish().error();
    assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
}

/// A TCP client talks over IPv6; `talk` is the server's part and what the client prints.
#[track_caller]
pub fn talks_over_ipv6(at: impl Fn(&str) -> Command, talk: impl Fn(Program, Peer)) {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return left_out("there is no IPv6 here");
    };
    let client = Program::start(&mut at(&listener.local_addr().unwrap().to_string()));
    talk(client, accept(&listener));
}

/// A TCP client takes the number of an interface in its server's address.
#[track_caller]
pub fn connects_to_an_ipv6_address_with_a_zone(
    at: impl Fn(&str) -> Command,
    talk: impl Fn(Program, Peer),
) {
    let Ok(listener) = TcpListener::bind("[::1%1]:0") else {
        return left_out("there is no IPv6 here");
    };
    let address = format!("[::1%1]:{}", listener.local_addr().unwrap().port());
    let client = Program::start(&mut at(&address));
    talk(client, accept(&listener));
}

/// A TCP client tries each address of a name (rule 7), here `both.example`.
#[track_caller]
pub fn tries_each_address_of_a_name(at: impl Fn(&str) -> Command, talk: impl Fn(Program, Peer)) {
    for alive in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(alive) else {
            return left_out("there is no IPv6 here");
        };
        let port = listener.local_addr().expect("a listener has an address").port();
        let hosts = "::1 both.example\n127.0.0.1 both.example\n";
        let command = at(&format!("both.example:{port}"));
        let Some(mut command) = with_hosts(&command, hosts) else { return };
        let client = Program::start(&mut command);
        talk(client, accept(&listener));
    }
}

/// The command with calls of recvfrom(2) that fail: `error` says how and for which of them, as
/// strace(1) has it: `ENOBUFS:when=1..4`.
#[cfg(target_os = "linux")]
pub fn with_failing_receive(command: &Command, error: &str) -> Option<Command> {
    let inject = format!("inject=recvfrom:error={error}");
    let strace = |program: &std::ffi::OsStr| {
        let mut strace = Command::new("strace");
        strace.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=recvfrom", "-e", &inject]);
        strace.arg(program);
        strace
    };
    if !strace("true".as_ref()).output().is_ok_and(|output| output.status.success()) {
        left_out("there is no strace here");
        return None;
    }
    let mut traced = strace(command.get_program());
    traced.args(command.get_args());
    Some(traced)
}

/// A server that listens at `localhost` is found there over IPv4, as the tutorials' clients come,
/// also where that name means the IPv6 address first (rule 7). `exchange` may end the server.
#[track_caller]
pub fn is_reachable_as_127_0_0_1_under_the_name_localhost(
    at: impl Fn(&str) -> Command,
    exchange: impl Fn(Program, &str),
) {
    let inside = with_hosts(&at("localhost:0"), "::1 localhost\n127.0.0.1 localhost\n");
    for mut command in [Some(at("localhost:0")), inside].into_iter().flatten() {
        let server = Program::start(&mut command);
        let address = server.address();
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        exchange(server, &address);
    }
}
