//! Lesson 9, `udp-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use support::{Program, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_udp-server"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A server on a free port of 127.0.0.1, ready for datagrams; and its address.
fn server() -> (Program, String) {
    let server = start(&["127.0.0.1:0"]);
    let address = server.address();
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(server.stdout.line(), format!("Bind UDP on {port}..."));
    (server, address)
}

/// A test's own UDP client of the server at `address`.
#[track_caller]
fn client(address: &str) -> UdpSocket {
    let any = if address.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let client = UdpSocket::bind(any).unwrap();
    client.connect(address).unwrap();
    client.set_read_timeout(Some(support::patience())).unwrap();
    client
}

/// Waits for the next datagram, which must be `expected`.
#[track_caller]
fn expect(client: &UdpSocket, expected: &[u8]) {
    let mut buffer = vec![0; 65_536];
    let length = client.recv(&mut buffer).expect("the server answers");
    assert_eq!(buffer[..length].escape_ascii().to_string(), expected.escape_ascii().to_string());
}

/// Sends `name` and gets the answer to it.
#[track_caller]
fn ask(client: &UdpSocket, name: &[u8]) {
    client.send(name).unwrap();
    expect(client, &[b"Hello, ", name, b"!"].concat());
}

/// Print `Bind UDP on PORT...`; then for each `recvfrom` print `Received from HOST:PORT.`, flush,
/// and `sendto` the answer to the address that it gave.
#[test]
fn answers_the_tutorials_names_and_prints_its_words() {
    let (server, address) = server();
    let client = client(&address);
    let peer = client.local_addr().unwrap();
    for name in ["Michael", "Tracy", "Sarah"] {
        ask(&client, name.as_bytes());
        assert_eq!(server.stdout.line(), format!("Received from {peer}."));
    }
}

/// `--help` needs 24 lines of 80 columns at most, with the default address and how to start the
/// client (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 9", "127.0.0.1:9999", "cargo run -p udp-client"];
    support::check_help(start(&["--help"]), &parts);
}

/// Put the bytes between `Hello, ` and `!` without decoding them, and print only who sent them. An
/// empty datagram has an answer too: zero bytes are no end in UDP.
#[test]
fn answers_any_bytes_with_the_same_bytes() {
    let (server, address) = server();
    let client = client(&address);
    let peer = client.local_addr().unwrap();
    for name in [b"\xff\x00\x1b[2J\r\n".as_slice(), "张三".as_bytes(), b"", b" Hello, x!"] {
        ask(&client, name);
        // None of it is printed.
        assert_eq!(server.stdout.line(), format!("Received from {peer}."));
    }
}

/// Receive up to 65,536 bytes. The answer is 8 longer: over 65,507, `sendto` fails with EMSGSIZE;
/// catch it inside the loop, say `cannot answer PEER: ` on stderr, and go on.
#[test]
fn answers_a_datagram_as_long_as_its_answer_may_be_and_goes_on_after_a_longer_one() {
    if cfg!(target_os = "macos") {
        return support::left_out("macOS by itself sends 9,216 bytes at the most");
    }
    let (server, address) = server();
    let client = client(&address);
    let peer = client.local_addr().unwrap();
    ask(&client, &vec![b'x'; 65_499]); // an answer of 65,507 bytes, the most that IPv4 carries
    for longer in [65_500, 65_507] {
        client.send(&vec![b'x'; longer]).unwrap();
        let line = server.stderr.line();
        assert!(line.starts_with(&format!("cannot answer {peer}: ")), "{line}");
        support::check_safe(&line, 0);
    }
    ask(&client, b"Tracy");
    for _ in 0..4 {
        assert_eq!(server.stdout.line(), format!("Received from {peer}."));
    }
}

/// Answer to the address that came with this very datagram, and not to the last or first client; so
/// no `connect` on the server's socket.
#[test]
fn answers_each_of_several_clients_with_its_own_name() {
    let (server, address) = server();
    let clients = [client(&address), client(&address), client(&address)];
    for name in ["first", "second"] {
        for (number, client) in clients.iter().enumerate() {
            client.send(format!("{name} of {number}").as_bytes()).unwrap();
            let peer = client.local_addr().unwrap();
            assert_eq!(server.stdout.line(), format!("Received from {peer}."));
        }
        // The last one reads first; each finds its own answer.
        for (number, client) in clients.iter().enumerate().rev() {
            expect(client, format!("Hello, {name} of {number}!").as_bytes());
        }
    }
}

/// Print who sent it, but do not answer what begins with `Hello, `: else a forged source address
/// sets two such servers on each other for ever.
#[test]
fn does_not_answer_an_answer() {
    let (server, address) = server();
    // This client plays a second such server, whose address someone has forged: each would answer
    // the other's answers for ever.
    let second = client(&address);
    let peer = second.local_addr().unwrap();
    ask(&second, b"x");
    second.send(b"Hello, x!").unwrap();
    second.send(b"Hello, Hello, x!!").unwrap();
    // The next that comes is the answer to this, on a socket where nothing overtakes.
    ask(&second, b"y");
    for _ in 0..4 {
        assert_eq!(server.stdout.line(), format!("Received from {peer}."));
    }
}

/// An answer to a closed port comes back as ICMP "port unreachable": on Windows `recvfrom` then
/// fails with WSAECONNRESET. Catch its errors inside the loop, and go on.
#[test]
fn outlives_clients_that_do_not_wait_for_their_answer() {
    let (server, address) = server();
    for _ in 0..3 {
        let hasty = client(&address);
        let peer = hasty.local_addr().unwrap();
        hasty.send(b"Michael").unwrap();
        drop(hasty); // the answer comes back as "port unreachable" (ICMP)
        assert_eq!(server.stdout.line(), format!("Received from {peer}."));
    }
    ask(&client(&address), b"Tracy");
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = server();
        ask(&client(&address), b"a");
        server.check_ends_by(signal);
    }
}

/// What waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)): call it
/// again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (server, address) = server();
    let client = client(&address);
    for name in [b"Michael", b"  Tracy"] {
        server.stop_and_continue();
        ask(&client, name);
    }
}

/// The system drops what its buffer (SO_RCVBUF) has no room for, and tells no one (RFC 768): the
/// server answers what is left, and the next datagram after it.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_loses_datagrams_and_not_the_server() {
    let (server, address) = server();
    server.stop(); // so that nothing is taken out of the buffer
    let flood = client(&address);
    for _ in 0..5000 {
        flood.send(&[b'x'; 1000]).unwrap();
    }
    server.signal("-CONT");
    // Now the buffer is not full for long: in the end a name gets through.
    let client = client(&address);
    client.set_read_timeout(Some(support::patience() / 100)).unwrap();
    let mut answer = [0; 64];
    let answered = (0..100).find_map(|_| {
        client.send(b"Sarah").unwrap();
        client.recv(&mut answer).ok()
    });
    assert_eq!(answered.map(|length| &answer[..length]), Some(b"Hello, Sarah!".as_slice()));
}

/// A line on stderr about one client may fail (EPIPE), as after the end of a terminal: go on
/// without it (`let _ = writeln!(…)`, `contextlib.suppress(OSError)`).
#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_no_one_reads_its_stderr() {
    let (mut server, address) = Program::start_and_close_stderr(command(&["127.0.0.1:0"]));
    for _ in 0..3 {
        client(&address).send(&b"x".repeat(65_507)).unwrap(); // too long to be answered
    }
    assert!(server.runs());
    ask(&client(&address), b"Sarah");
}

/// A program may be started without stdin and stdout (`<&- >&-`): its sockets must not get their
/// numbers, 0 and 1, or its words go to the client. Python's `sys.stdout` is None then.
#[cfg(unix)]
#[test]
fn its_words_go_to_no_client_when_it_has_no_stdout() {
    let command = command(&["127.0.0.1:0"]);
    rules::keeps_its_words_from_clients(&command, |address| ask(&client(address), b"Sarah"));
}

/// Check HOST:PORT (0 to 65535) before you bind, and take no other options or arguments: `error: `
/// on stderr, status 2. argparse and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[&["--port", "9999"], &["--timeout", "1"], &["127.0.0.1:0", "more"]];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_udp-server"), &[b"127.0.0.1\xff:0"]);
}

/// Set no SO_REUSEADDR here: with UDP it lets two programs share the port. Catch the failure of
/// `bind`: `Error: cannot listen on ADDRESS: `, the reason, `; choose another port`.
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_server, address) = server();
    rules::says_why_it_cannot_listen(|address| command(&[address]), &address);
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    rules::has_safe_errors(|address| command(&[address]));
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

/// UDP has no TIME-WAIT: `bind` works at once when the program before has ended. Bind to the port
/// that is given, and not to 0.
#[test]
fn listens_on_the_same_port_again_at_once() {
    let at = |address: &str| command(&[address]);
    rules::listens_again_at_once(at, |address| ask(&client(address), b"Michael"));
}

/// Take the brackets off `[::1]`, and make the socket of the family that `getaddrinfo` gives,
/// AF_INET6. Show the brackets in `Received from `, while `Bind UDP on ` has the port alone.
#[test]
fn listens_on_ipv6() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let server = start(&["[::1]:0"]);
    let address = server.address();
    let port = address.strip_prefix("[::1]:").expect("an IPv6 address");
    assert_eq!(server.stdout.line(), format!("Bind UDP on {port}..."));
    let client = client(&address);
    ask(&client, b"Michael");
    let peer = client.local_addr().unwrap();
    assert_eq!(server.stdout.line(), format!("Received from {peer}."));
}

/// `%1` in `[::1%1]` is a zone (RFC 4007 §11), the number of an interface: give it to `getaddrinfo`
/// with the rest (Rust's std takes a number there, and no name).
#[cfg(target_os = "linux")]
#[test]
fn takes_an_ipv6_address_with_a_zone() {
    rules::takes_a_zone(command(&["[::1%1]:0"]), |address| ask(&client(address), b"Sarah"));
}

/// Where IPv6 is switched off, `localhost` may still lead to ::1 first: `bind` fails there
/// (EADDRNOTAVAIL), so try the next address. `[::1]` itself is an error.
#[test]
fn does_without_ipv6_where_it_is_switched_off() {
    rules::does_without_ipv6(|address| command(&[address]));
}

/// Give the host to `getaddrinfo` and bind to what comes back, or let `bind` look it up (Python
/// does for IPv4); a parser for numbers alone does not know `localhost`.
#[test]
fn takes_a_name_for_an_address() {
    let server = start(&["localhost:0"]);
    ask(&client(&server.address()), b"Michael");
}

/// Try it by hand with udp-client.py: it takes an answer only from the address it asked, so answer
/// from the socket that received.
#[test]
fn talks_with_the_python_twin_of_its_client() {
    let (_server, address) = server();
    let Some(client) = support::python_twin("udp-client", [&address]) else { return };
    let words = client.finish().success();
    assert_eq!(words, "Hello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
}
