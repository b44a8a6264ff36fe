//! Lesson 10, `udp-client`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;

use support::{Program, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_udp-client"), arguments)
}

/// Starts the client with a timeout that no slow machine exceeds.
fn start(arguments: &[&str]) -> Program {
    Program::start(command(arguments).args(["--timeout", "60"]))
}

/// A test's own UDP server at `address`, and where it is.
fn server_at(address: &str) -> std::io::Result<(UdpSocket, String)> {
    let server = UdpSocket::bind(address)?;
    server.set_read_timeout(Some(support::patience()))?;
    let address = server.local_addr()?.to_string();
    Ok((server, address))
}

fn server() -> (UdpSocket, String) {
    server_at("127.0.0.1:0").expect("loopback has a free port")
}

/// Waits for the next datagram, which must be `expected`, and says who sent it.
#[track_caller]
fn expect(server: &UdpSocket, expected: &[u8]) -> SocketAddr {
    let mut buffer = vec![0; 65_536];
    let (length, client) = server.recv_from(&mut buffer).expect("the client asks");
    assert_eq!(buffer[..length].escape_ascii().to_string(), expected.escape_ascii().to_string());
    client
}

/// What the client prints when each of its names is answered by one of `answers`.
#[track_caller]
fn words_for(answers: &[&[u8]]) -> String {
    let (server, address) = server();
    let names: Vec<_> = (0..answers.len()).map(|number| number.to_string()).collect();
    let arguments: Vec<_> = [&address].into_iter().chain(&names).map(String::as_str).collect();
    let client = start(&arguments);
    for (name, answer) in names.iter().zip(answers) {
        server.send_to(answer, expect(&server, name.as_bytes())).unwrap();
    }
    client.finish().success()
}

/// Send one name as one datagram without a newline, wait for its answer, print and flush it, and
/// only then send the next: UDP keeps no order.
#[test]
fn sends_the_tutorials_names_and_prints_the_answers() {
    let (server, address) = server();
    let client = start(&[&address]);
    for name in ["Michael", "Tracy", "Sarah"] {
        let peer = expect(&server, name.as_bytes());
        server.send_to(format!("Hello, {name}!").as_bytes(), peer).unwrap();
        assert_eq!(client.stdout.line(), format!("Hello, {name}!"));
    }
    assert_eq!(client.finish().success(), "");
}

/// `--help` needs 24 lines of 80 columns at most, with the default address, names and timeout and
/// how to start the server (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let other_half = "cargo run -p udp-server";
    let parts = ["Lesson 10", "127.0.0.1:9999", "Michael Tracy Sarah", "5]", other_half];
    support::check_help(start(&["--help"]), &parts);
}

/// What follows the address are the names, in UTF-8. An empty name is a datagram of 0 bytes (RFC
/// 768): `send(b"")` sends it, so do not skip it.
#[test]
fn sends_the_names_that_it_is_given_also_an_empty_one() {
    let (server, address) = server();
    let client = start(&[&address, "", "张三", "a b"]);
    for name in ["", "张三", "a b"] {
        let peer = expect(&server, name.as_bytes());
        server.send_to(format!("你好, {name}").as_bytes(), peer).unwrap();
    }
    assert_eq!(client.finish().success(), "你好, \n你好, 张三\n你好, a b\n");
}

/// Zero bytes from `recv` are an empty datagram, and no end as in TCP: print an empty line and send
/// the next name.
#[test]
fn prints_an_empty_answer_as_an_empty_line() {
    assert_eq!(words_for(&[b"", b"1"]), "\n1\n");
}

/// Before you print an answer, escape C0 with CR and LF, DEL, C1, U+2028, U+2029 and the
/// bidirectional marks: one answer is one line, and no ESC gets through.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    let printed = words_for(&[
        b"\x1b]0;title\x07\x1b[2J",
        "a\r\nError: forged\u{85}".as_bytes(),
        "\u{7f}\u{9b}\u{202e}gnp.exe\u{2066}\u{2028}".as_bytes(),
    ]);
    support::check_safe(&printed, 3);
    for harmless in ["]0;title", "[2J", "Error: forged", "gnp.exe"] {
        assert!(printed.contains(harmless), "{printed}");
    }
}

/// Decode each datagram by itself with U+FFFD for what is no UTF-8 (`errors="replace"`,
/// `from_utf8_lossy`): no decoder that remembers half a character for the next one.
#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    // A datagram is a text of its own: half a character is not completed by the next one.
    let answers = [b"H\xff".as_slice(), b"\xc0\xaf", b"end \xe5\xbc", b"\xa0!"];
    assert_eq!(words_for(&answers), "H\u{fffd}\n\u{fffd}\u{fffd}\nend \u{fffd}\n\u{fffd}!\n");
}

/// Give `recv` room for 65,536 bytes: what does not fit into a smaller buffer is lost in silence,
/// and no second call gives it.
#[test]
fn prints_the_longest_answer_that_there_is_whole() {
    let (server, address) = server();
    let largest = 65_507;
    // macOS sends no datagram over 9,216 bytes, if it is not asked to.
    socket2::SockRef::from(&server).set_send_buffer_size(2 * largest).unwrap();
    let client = start(&[&address, "a"]);
    let answer = "0123456789".repeat(largest / 10 + 1)[..largest].to_owned();
    server.send_to(answer.as_bytes(), expect(&server, b"a")).unwrap();
    assert_eq!(client.finish().success(), answer + "\n");
}

/// `connect` the UDP socket to the server: then the system drops what others send. Or compare the
/// address from `recvfrom`, and wait on.
#[test]
fn takes_no_answer_from_anyone_but_the_server() {
    let (server, address) = server();
    let (stranger, _) = self::server();
    let client = start(&[&address, "a", "b"]);
    for name in ["a", "b"] {
        let peer = expect(&server, name.as_bytes());
        stranger.send_to(b"forged", peer).unwrap();
        server.send_to(name.as_bytes(), peer).unwrap();
    }
    assert_eq!(client.finish().success(), "a\nb\n");
}

/// UDP does not repeat what is lost: `settimeout` before `recv`, then `Error: no answer from
/// ADDRESS: timed out` and `is udp-server running there?`. On Unix Rust says `WouldBlock`.
#[test]
fn a_lost_answer_is_an_error() {
    let (_silent, address) = server();
    let ending = Program::start(&mut command(&[&address, "a", "--timeout", "0.3"])).finish();
    assert_eq!(ending.stdout, "");
    let error = ending.error();
    assert!(error.starts_with(&format!("Error: no answer from {address}: timed out")), "{error}");
    assert!(error.ends_with("is udp-server running there?"), "{error}");
}

/// Only a socket that is connected (`connect`) hears of ICMP "port unreachable": ECONNREFUSED from
/// `recv`, at once. Catch the failure of the name (`socket.gaierror`) as well.
#[test]
fn says_where_why_and_what_to_do_when_no_one_is_there() {
    let (server, address) = server();
    server.connect(&address).unwrap(); // with itself: it takes from no one else
    let error = start(&[&address]).finish().error();
    assert!(error.starts_with(&format!("Error: no answer from {address}: ")), "{error}");
    assert!(!error.contains("timed out"), "it was told at once, by ICMP: {error}");
    assert!(error.ends_with("is udp-server running there?"), "{error}");
    let error = start(&["no-such-host.invalid:9999"]).finish().error();
    assert!(error.starts_with("Error: no answer from no-such-host.invalid:9999: "), "{error}");
}

/// Over 65,507 bytes `send` fails with EMSGSIZE: catch it as `Error: no answer from ADDRESS: `, cut
/// nothing, and send no further name.
#[cfg(target_os = "linux")]
#[test]
fn sends_no_part_of_a_name_that_is_too_long_for_a_datagram() {
    let (server, address) = server();
    let client = start(&[&address, &"x".repeat(65_507)]);
    server.send_to(b"1", expect(&server, &vec![b'x'; 65_507])).unwrap();
    assert_eq!(client.finish().success(), "1\n");
    let client = start(&[&address, "a", &"x".repeat(65_508), "c"]);
    server.send_to(b"1", expect(&server, b"a")).unwrap();
    let ending = client.finish();
    assert_eq!(ending.stdout, "1\n");
    let error = ending.error();
    assert!(error.starts_with(&format!("Error: no answer from {address}: ")), "{error}");
    server.set_nonblocking(true).unwrap();
    server.recv(&mut [0]).expect_err("a part of the name was sent, or the next one");
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    rules::has_safe_errors(|address| command(&[address]));
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (server, address) = server();
    let client = start(&[&address, "a"]);
    let peer = expect(&server, b"a"); // now it waits for the answer
    client.stop_and_continue();
    server.send_to(b"1", peer).unwrap();
    assert_eq!(client.finish().success(), "1\n");
}

/// Without a way to the server there is an error at once (ENETUNREACH), and nothing to wait for:
/// catch it like a refusal.
#[test]
fn no_way_to_the_server_is_an_error() {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = command(&["192.0.2.1:9999"]);
    let Some(mut command) = support::with_network(&command, "ip link set lo up") else { return };
    let error = Program::start(&mut command).finish().error();
    assert!(error.starts_with("Error: no answer from 192.0.2.1:9999: "), "{error}");
}

/// Check HOST:PORT (0 to 65535) and the timeout (more than 0, and no NaN) before you send: `error:
/// ` on stderr, status 2. argparse and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["127.0.0.1:http", "a"],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--timeout=-1"],
        &["--names", "a"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    for arguments in [[b"127.0.0.1\xff:0".as_slice(), b"a"], [b"127.0.0.1:9999", b"\xff"]] {
        rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_udp-client"), &arguments);
    }
}

/// Python's `settimeout` and poll(2) count in limited units: cut a huge timeout down. Round a tiny
/// one up: 0 means no timeout (SO_RCVTIMEO), no blocking (Python) or an error (Rust).
#[test]
fn takes_a_timeout_of_years_or_nanoseconds() {
    let (server, address) = server();
    let client = Program::start(&mut command(&[&address, "a", "--timeout", "1e9"]));
    server.send_to(b"1", expect(&server, b"a")).unwrap();
    assert_eq!(client.finish().success(), "1\n");
    Program::start(&mut command(&[&address, "--timeout", "1e-9"])).finish().error();
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let (server, address) = server();
    rules::needs_stdout(command(&[&address, "a"]), |_| {
        server.send_to(b"1", expect(&server, b"a")).unwrap();
    });
}

/// Take the brackets off `[::1]` before `getaddrinfo`, and make the socket of the family that it
/// gives, AF_INET6, instead of always AF_INET.
#[test]
fn talks_over_ipv6() {
    let Ok((server, address)) = server_at("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    let client = start(&[&address, "a"]);
    server.send_to(b"1", expect(&server, b"a")).unwrap();
    assert_eq!(client.finish().success(), "1\n");
}

/// To `connect` a UDP socket sends nothing and so succeeds: ask the first name at one address, and
/// when `recv` fails (ECONNREFUSED), at the next that `getaddrinfo` gives.
#[test]
fn tries_each_address_of_a_name() {
    for dead_one_is in ["::1", "127.0.0.1"] {
        let alive = if dead_one_is == "::1" { "127.0.0.1:0" } else { "[::1]:0" };
        let Ok((server, address)) = server_at(alive) else {
            return support::left_out("there is no IPv6 here");
        };
        let address = format!("both.example:{}", address.rsplit(':').next().unwrap());
        let command = command(&[&address, "a", "b", "--timeout", "60"]);
        let hosts = "::1 both.example\n127.0.0.1 both.example\n";
        let Some(mut command) = support::with_hosts(&command, hosts) else { return };
        let client = Program::start(&mut command);
        server.send_to(b"1", expect(&server, b"a")).unwrap();
        server.send_to(b"2", expect(&server, b"b")).unwrap();
        assert_eq!(client.finish().success(), "1\n2\n");
    }
}

/// Try it by hand against udp-server.py: each name is one datagram, in UTF-8 and without a newline.
#[test]
fn talks_with_the_python_twin_of_its_server() {
    let Some(server) = support::python_twin("udp-server", ["127.0.0.1:0"]) else { return };
    let words = start(&[&server.address()]).finish().success();
    assert_eq!(words, "Hello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
}
