//! Lesson 2, `tcp-echo-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use support::{Program, connect, expect, expect_end, reset, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-echo-server"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A server on a free port of 127.0.0.1, ready for a client; and its address.
fn server() -> (Program, String) {
    let server = start(&["127.0.0.1:0"]);
    let address = server.address();
    assert_eq!(server.stdout.line(), format!("Starting up on 127.0.0.1 port {}", server.port()));
    assert_eq!(server.stdout.line(), "Waiting for a connection...");
    (server, address)
}

/// Sends `message` as the client `stream`, and gets it back.
#[track_caller]
fn echo(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(message).unwrap();
    expect(stream, message);
}

/// Holds the tutorial's exchange with the server at `address`.
#[track_caller]
fn exchange(address: &str) {
    let mut client = connect(address);
    echo(&mut client, b"This is a test message");
    client.shutdown(Shutdown::Write).unwrap();
    expect_end(&mut client);
}

/// Print and flush each line: `Starting up on HOST port N` as given, `Waiting for a connection...`,
/// the peer, and `Received b"…"` for every `recv`, also for the empty one at the end.
#[test]
fn echoes_the_tutorials_message_and_prints_its_words() {
    let server = start(&["localhost:0"]);
    assert_eq!(server.stdout.line(), format!("Starting up on localhost port {}", server.port()));
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

/// `--help` needs 24 lines of 80 columns at most, with the default address and how to start the
/// client (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 2", "localhost:8888", "cargo run -p tcp-echo-client"];
    support::check_help(start(&["--help"]), &parts);
}

/// Send the very bytes of `recv` back and show them as Python's `repr` does, but in double quotes
/// and with both kinds of quotes escaped (Rust: `escape_ascii`). `recv` must take 256 bytes.
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

/// No threads here: `accept` again only when the one before has ended. The second client is
/// connected meanwhile by the system, in the backlog of `listen`.
#[test]
fn serves_one_client_at_a_time() {
    let (server, address) = server();
    let mut first = connect(&address);
    let first_peer = first.local_addr().unwrap();
    echo(&mut first, b"one");
    let mut second = connect(&address);
    let second_peer = second.local_addr().unwrap();
    second.write_all(b"two").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    second.read(&mut [0]).expect_err("a second client is served beside the first");
    second.set_read_timeout(Some(support::patience())).unwrap();
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

/// Send each piece back with `sendall` or `write_all`, as `send` may take only a part, before the
/// next `recv`; and print each piece whole, escaped.
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

/// An empty `recv` means that the client sends no more, and not that it hears no more: send the
/// whole echo first, then close.
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

/// Catch the error of `recv` and `sendall` (ECONNRESET, EPIPE) around one client, not around the
/// loop: `lost PEER: ` and the reason on stderr, then `Waiting for a connection...`.
#[test]
fn reports_a_reset_in_one_line_and_goes_on() {
    let (server, address) = server();
    for _ in 0..2 {
        let mut client = connect(&address);
        let peer = client.local_addr().unwrap();
        echo(&mut client, b"one");
        reset(client);
        let line = server.stderr.line();
        assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
        assert_eq!(server.stdout.line(), format!("Connection from {peer}"));
        assert_eq!(server.stdout.line(), r#"Received b"one""#);
        assert_eq!(server.stdout.line(), "Waiting for a connection...");
    }
    exchange(&address);
}

/// Who has left in the backlog shows as an error of `accept` (ECONNABORTED), of `recv` or of asking
/// for its address: catch all of them, and go on with the next.
#[test]
fn outlives_clients_that_leave_before_their_turn() {
    let (_server, address) = server();
    let mut first = connect(&address);
    echo(&mut first, b"one");
    reset(connect(&address));
    drop(connect(&address));
    let mut hasty = connect(&address);
    hasty.write_all(b"unread").unwrap();
    reset(hasty);
    drop(first);
    exchange(&address);
}

/// `sendall` to a client that does not read waits, and fails when that one resets (ECONNRESET,
/// EPIPE): catch it like an error of `recv`; in C, ignore SIGPIPE.
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

/// `accept` fails with EMFILE when no descriptor is free: say `cannot serve a client: ` and the
/// reason on stderr, sleep 0.1 s or more, and call it again.
#[cfg(target_os = "linux")]
#[test]
fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
    let (mut server, address) = server();
    let mut earlier = connect(&address);
    echo(&mut earlier, b"one");
    if !server.allow_descriptors(3) {
        return;
    }
    drop(earlier); // now there is none for the next one
    let mut client = connect(&address);
    rules::pauses_while_it_cannot_serve(&mut server);
    assert!(server.allow_descriptors(64));
    echo(&mut client, b"two");
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = server();
        let mut client = connect(&address);
        echo(&mut client, b"a");
        server.check_ends_by(signal);
    }
}

/// What waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)): call it
/// again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
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

/// A line on stderr about one client may fail (EPIPE), as after the end of a terminal: go on
/// without it (`let _ = writeln!(…)`, `contextlib.suppress(OSError)`).
#[cfg(unix)]
#[test]
fn goes_on_when_no_one_reads_its_stderr() {
    let (mut server, address) = Program::start_and_close_stderr(command(&["127.0.0.1:0"]));
    for _ in 0..3 {
        let mut client = connect(&address);
        echo(&mut client, b"a");
        reset(client);
    }
    assert!(server.runs());
    exchange(&address);
}

/// A program may be started without stdin and stdout (`<&- >&-`): its sockets must not get their
/// numbers, 0 and 1, or its words go to the client. Python's `sys.stdout` is None then.
#[cfg(unix)]
#[test]
fn its_words_go_to_no_client_when_it_has_no_stdout() {
    let command = command(&["127.0.0.1:0"]);
    rules::keeps_its_words_from_clients(&command, |address| exchange(address));
}

/// Check HOST:PORT (0 to 65535, split at the last colon) before you listen, and take no other
/// options or arguments: `error: ` on stderr, status 2.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["localhost"],
        &["localhost:"],
        &["localhost:65536"],
        &["localhost:http"],
        &["--port", "8888"],
        &["localhost:0", "more"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_tcp-echo-server"), &[b"127.0.0.1\xff:0"]);
}

/// Let `bind` fail if the port is taken: no SO_REUSEPORT, and on Windows no SO_REUSEADDR. Then name
/// address and reason on stderr, end with `; choose another port`, status 1.
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_server, address) = server();
    rules::says_why_it_cannot_listen(|address| command(&[address]), &address);
}

/// Python's stdout has the terminal's encoding (on Windows often GBK), and `print` raises an error
/// for what that lacks: `sys.stdout.reconfigure(encoding="utf-8")`.
#[test]
fn prints_utf_8_whatever_the_terminal_has() {
    let address = "新浪.invalid:0";
    let server = Program::start(command(&[address]).env("PYTHONIOENCODING", "ascii"));
    assert_eq!(server.stdout.line(), "Starting up on 新浪.invalid port 0");
    server.finish().error();
}

/// Escape the host of the command line before you print it, also in `Starting up on …`: controls
/// (ESC, line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn neither_its_words_nor_an_error_can_steer_the_terminal() {
    let ending = start(&["a\u{1b}[2J\u{202e}\nb:0"]).finish();
    support::check_safe(&ending.stdout, 1);
    assert!(ending.stdout.starts_with("Starting up on a"), "{ending:?}");
    support::check_safe(&ending.error(), 0);
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    rules::needs_stdout(command(&["127.0.0.1:0"]), |_| ());
}

/// `Listening on ` may fail as well (ENOSPC): end with status 1. Rust's `eprintln!` would panic, so
/// use `writeln!`; Python tries stderr again at exit (status 120), unless it is None by then.
#[test]
fn ends_with_an_error_when_stderr_is_full() {
    rules::needs_stderr(command(&["127.0.0.1:0"]));
}

/// Set SO_REUSEADDR before `bind`; else the port stays taken while the old connection is in
/// TIME-WAIT (RFC 9293 §3.3.2). On Windows leave it unset.
#[cfg(unix)]
#[test]
fn listens_on_the_same_port_again_at_once() {
    let (server, address) = server();
    let mut client = connect(&address);
    echo(&mut client, b"one");
    drop(server); // closes the connection first: its port is in TIME_WAIT
    expect_end(&mut client);
    drop(client);
    let again = start(&[&address]);
    assert_eq!(again.address(), address);
    exchange(&address);
}

/// Take the brackets off `[::1]`, and make the socket of the family that `getaddrinfo` gives:
/// AF_INET6 here. Both `Starting up on ` and `Listening on ` show them.
#[test]
fn listens_on_ipv6() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let server = start(&["[::1]:0"]);
    assert_eq!(server.stdout.line(), format!("Starting up on [::1] port {}", server.port()));
    let address = server.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    exchange(&address);
}

/// `%1` in `[::1%1]` is a zone (RFC 4007 §11), the number of an interface: give it to `getaddrinfo`
/// with the rest (Rust's std takes a number there, and no name).
#[cfg(target_os = "linux")]
#[test]
fn takes_an_ipv6_address_with_a_zone() {
    rules::takes_a_zone(command(&["[::1%1]:0"]), |address| exchange(address));
}

/// Where IPv6 is switched off, `localhost` may still lead to ::1 first: `bind` fails there
/// (EADDRNOTAVAIL), so try the next address. `[::1]` itself is an error.
#[test]
fn does_without_ipv6_where_it_is_switched_off() {
    rules::does_without_ipv6(|address| command(&[address]));
}

/// A name may have an address of another machine, too: where `bind` fails (EADDRNOTAVAIL), try the
/// next one, and give up after the last.
#[test]
fn tries_each_address_of_a_name() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    // IPv4 comes first, and no machine has an address of TEST-NET-1 (RFC 5737).
    let hosts = "192.0.2.1 both.example\n::1 both.example\n";
    let Some(mut command) = support::with_hosts(&command(&["both.example:0"]), hosts) else {
        return;
    };
    let server = Program::start(&mut command);
    let address = server.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    exchange(&address);
}

/// `localhost` may lead to ::1 first: try the IPv4 addresses of `getaddrinfo` before the IPv6 ones,
/// as the tutorial's AF_INET socket does.
#[test]
fn is_reachable_as_127_0_0_1_under_the_name_localhost() {
    let server = start(&["localhost:0"]);
    let address = server.address();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    exchange(&address);
    // Also where the name means the IPv6 address first.
    let hosts = "::1 localhost\n127.0.0.1 localhost\n";
    let Some(mut command) = support::with_hosts(&command(&["localhost:0"]), hosts) else { return };
    let server = Program::start(&mut command);
    let address = server.address();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    exchange(&address);
}

/// Try it by hand with tcp-echo-client.py: it waits for as many bytes as it sent, so send back each
/// of them and nothing else.
#[test]
fn talks_with_the_python_twin_of_its_client() {
    let (server, address) = server();
    let Some(client) = support::python_twin("tcp-echo-client", [&address]) else { return };
    let words = client.finish().success();
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(
        words,
        format!("Connecting to 127.0.0.1 port {port}\nReceived b\"This is a test message\"\n")
    );
    let words = server.stdout.until("Received b\"\"\n");
    assert!(words.contains("\nReceived b\"This is a test message\"\n"), "{words}");
}
