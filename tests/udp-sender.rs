//! Lesson 7, `udp-sender`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use support::{Program, closed_pipe, rules};

const PROMPT: &str = "请输入要发送的数据:";

/// `你好` in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_udp-sender"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A test's own receiver, and its address.
fn receiver() -> (UdpSocket, String) {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(support::patience())).unwrap();
    let address = receiver.local_addr().unwrap().to_string();
    (receiver, address)
}

/// Checks that the next datagram is `expected`.
#[track_caller]
fn expect(receiver: &UdpSocket, expected: &[u8]) {
    let mut buffer = vec![0; 65_536];
    let length = receiver.recv(&mut buffer).expect("a datagram comes");
    assert_eq!(buffer[..length].escape_ascii().to_string(), expected.escape_ascii().to_string());
}

/// Checks that nothing has come: a datagram that is sent now is the first.
#[track_caller]
fn expect_nothing(receiver: &UdpSocket, address: &str) {
    start(&[address, "--message", "the first"]).finish().success();
    expect(receiver, b"the first");
}

/// Print the prompt without a newline and flush it, read one line, encode it (`encode("gbk")`) and
/// send it with one `sendto` on a SOCK_DGRAM socket; then end.
#[test]
fn asks_for_a_line_and_sends_it_in_gbk() {
    let (receiver, address) = receiver();
    let mut sender = start(&[&address]);
    assert_eq!(sender.stdout.until(":"), PROMPT);
    sender.type_in("你好\n");
    expect(&receiver, HELLO);
    assert_eq!(sender.finish().success(), "");
}

/// Take off one LF, then one CR, and nothing else (`strip()` takes blanks too). An empty line is a
/// datagram of 0 bytes, and the end of the input ends a line as well.
#[test]
fn sends_the_line_without_its_end() {
    let (receiver, address) = receiver();
    let cases = [
        ("你好\r\n", "你好"), // as Windows ends a line
        ("你好", "你好"),     // the end of the input ends the line too
        ("\n", ""),           // an empty datagram is a datagram
        ("\r\n", ""),
        (" a\tb \n", " a\tb "),
        ("a\rb\n", "a\rb"),
        ("one\ntwo\n", "one"),
    ];
    for (typed, sent) in cases {
        let mut sender = start(&[&address, "--encoding", "utf-8"]);
        sender.type_in(typed);
        assert_eq!(sender.finish().success(), PROMPT, "{typed:?}");
        expect(&receiver, sent.as_bytes());
    }
}

/// With `--message` neither prompt nor read: send the text as it is, also an empty one, and with
/// its line ends.
#[test]
fn sends_a_message_from_the_command_line_without_asking() {
    let (receiver, address) = receiver();
    let cases: [(&str, &[u8]); 3] = [("你好", HELLO), ("", b""), ("a\r\nb\n", b"a\r\nb\n")];
    for (message, sent) in cases {
        assert_eq!(start(&[&address, "--message", message]).finish().success(), "");
        expect(&receiver, sent);
    }
}

/// `--encoding utf-8` is for what goes over the wire, whatever the terminal's encoding is; options
/// may stand before the address.
#[test]
fn sends_utf_8_on_request() {
    let (receiver, address) = receiver();
    let sender = start(&["--encoding", "utf-8", "--message", "你好 😀", &address]);
    assert_eq!(sender.finish().success(), "");
    expect(&receiver, "你好 😀".as_bytes());
}

/// Encode strictly: UnicodeEncodeError has the place in `start`; Rust's encoding_rs writes
/// `&#128512;` unless you look at its third result. Name it as U+1F600: `cannot send this text: `.
#[test]
fn names_the_character_that_gbk_lacks_and_sends_nothing() {
    let (receiver, address) = receiver();
    for (message, character) in [("😀", "U+1F600"), ("你好 😀 🎉", "U+1F600"), ("ñ", "U+00F1")]
    {
        let error = start(&[&address, "--message", message]).finish().error();
        assert!(error.contains("cannot send this text: "), "{error}");
        assert!(error.contains(character), "{error}");
    }
    let mut sender = start(&[&address]);
    sender.type_in("你好\u{202e}\n");
    let error = sender.finish().error();
    assert!(error.contains("U+202E"), "{error}");
    support::check_safe(&error, 0);
    expect_nothing(&receiver, &address);
}

/// 65,535 bytes less 20 of IPv4 and 8 of UDP (RFC 768) are 65,507; more is EMSGSIZE from `sendto`,
/// to be caught. macOS sends no more than the sysctl net.inet.udp.maxdgram: 9,216 bytes.
#[cfg(any(target_os = "linux", windows))]
#[test]
fn sends_the_largest_datagram_and_refuses_a_larger_one() {
    let (receiver, address) = receiver();
    let largest = "x".repeat(65_507);
    let mut sender = start(&[&address]);
    sender.type_in(format!("{largest}x\n"));
    let error = sender.finish().error();
    let what = format!("cannot send 65508 bytes to {address}: ");
    assert!(error.contains(&what) && error.contains("65,507"), "{error}");
    let mut sender = start(&[&address]);
    sender.type_in(format!("{largest}\n"));
    assert_eq!(sender.finish().success(), PROMPT);
    expect(&receiver, largest.as_bytes());
}

/// `readline` gives an empty text at the end of the input and "\n" for an empty line: the first is
/// `standard input ended`, status 1, and nothing is sent.
#[test]
fn an_input_that_ends_before_there_is_a_line_is_an_error() {
    let (receiver, address) = receiver();
    let ending = start(&[&address]).finish();
    assert_eq!(ending.stdout, PROMPT);
    let error = ending.error();
    assert!(error.contains("standard input ended"), "{error}");
    expect_nothing(&receiver, &address);
}

/// Read strictly: `sys.stdin.reconfigure(encoding="utf-8", errors="strict")`, and catch
/// UnicodeDecodeError (Rust: InvalidData): `cannot read a line of text from standard input: `.
#[test]
fn an_input_that_is_not_utf_8_is_an_error() {
    let (receiver, address) = receiver();
    let mut sender = start(&[&address]);
    sender.type_in(b"\xc4\xe3\xba\xc3\n");
    let error = sender.finish().error();
    assert!(error.contains("cannot read a line of text from standard input: "), "{error}");
    expect_nothing(&receiver, &address);
}

/// UDP has no acknowledgement (RFC 768): when `sendto` has taken the datagram, end with status 0.
/// Wait for no answer.
#[test]
fn is_not_told_that_no_one_receives() {
    let (receiver, address) = receiver();
    // A connected socket keeps the port and receives from its one peer; others reach no one.
    receiver.connect("127.0.0.1:9").unwrap();
    assert_eq!(start(&[&address, "--message", "lost"]).finish().success(), "");
}

/// Catch the failure of the name (`socket.gaierror`) and of `sendto` (EINVAL for port 0): `Error:
/// cannot send N bytes to ADDRESS: ` and the reason, with the name as it was given.
#[test]
fn says_where_and_why_when_it_cannot_send() {
    let error = start(&["no-such-host.invalid:7788", "--message", "x"]).finish().error();
    assert!(
        error.starts_with("Error: cannot send 1 bytes to no-such-host.invalid:7788: "),
        "{error}"
    );
    // Nothing can be sent to port 0.
    let error = start(&["192.0.2.1:0", "--message", "x"]).finish().error();
    assert!(error.starts_with("Error: cannot send 1 bytes to 192.0.2.1:0: "), "{error}");
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    rules::has_safe_errors(|address| command(&[address, "--message", "x"]));
}

/// Look the name up with `getaddrinfo` and make a socket of the family that it gives; `localhost`
/// may be 127.0.0.1, ::1 or both.
#[test]
fn takes_a_name_for_an_address() {
    // localhost may be an address of either family, or both: so this socket is for both.
    let of_both_families = || -> std::io::Result<UdpSocket> {
        let socket = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::DGRAM, None)?;
        socket.set_only_v6(false)?;
        socket.bind(&std::net::SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket.into())
    };
    let receiver = of_both_families().or_else(|_| UdpSocket::bind("127.0.0.1:0")).unwrap();
    receiver.set_read_timeout(Some(support::patience())).unwrap();
    let address = format!("localhost:{}", receiver.local_addr().unwrap().port());
    assert_eq!(start(&[&address, "--message", "by name"]).finish().success(), "");
    expect(&receiver, b"by name");
}

/// Take the brackets off `[::1]` before `getaddrinfo`, and make the socket of the family that it
/// gives, AF_INET6, instead of always AF_INET.
#[test]
fn sends_over_ipv6() {
    let Ok(receiver) = UdpSocket::bind("[::1]:0") else {
        return support::left_out("there is no IPv6 here");
    };
    receiver.set_read_timeout(Some(support::patience())).unwrap();
    let address = receiver.local_addr().unwrap().to_string();
    assert_eq!(start(&[&address, "--message", "你好"]).finish().success(), "");
    expect(&receiver, HELLO);
}

/// When `sendto` fails at one address that `getaddrinfo` gives, try the next. Leave the length to
/// the system: an IPv6 datagram has room for 65,527 bytes, an IPv4 one for 65,507.
#[cfg(target_os = "linux")]
#[test]
fn tries_each_address_of_a_name() {
    // 65,510 bytes are too long for the first address, but not for the second: an IPv6 datagram
    // has room for 65,527. It is a deprecated address, and so not the first that is tried.
    if UdpSocket::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let setup = "ip link set lo up && ip addr add 2001:db8::1/128 dev lo preferred_lft 0 && exec \"$0\" \"$@\"";
    for (address, reached) in [("127.0.0.1:7788", false), ("both.example:7788", true)] {
        let hosts = "127.0.0.1 both.example\n2001:db8::1 both.example\n";
        let Some(inner) = support::with_hosts(&command(&[address]), hosts) else { return };
        let mut outer = Command::new("unshare");
        outer.args(["--net", "sh", "-c", setup]).arg(inner.get_program()).args(inner.get_args());
        let mut sender = Program::start(&mut outer);
        sender.type_in("x".repeat(65_510) + "\n");
        let ending = sender.finish();
        assert_eq!(ending.status.success(), reached, "{address}: {ending:?}");
    }
}

/// Without a way to the server there is an error at once (ENETUNREACH), and nothing to wait for:
/// catch it like a refusal.
#[test]
fn no_way_to_the_server_is_an_error() {
    // TEST-NET-1 (RFC 5737), on a machine that has loopback alone.
    let command = command(&["192.0.2.1:7788", "--message", "a"]);
    let Some(mut command) = support::with_network(&command, "ip link set lo up") else { return };
    let error = Program::start(&mut command).finish().error();
    assert!(error.starts_with("Error: cannot send 1 bytes to 192.0.2.1:7788: "), "{error}");
}

/// A program may be started without a standard input (`<&-`): that is an input that has ended,
/// also where `sys.stdin` is None (Python).
#[cfg(unix)]
#[test]
fn no_standard_input_at_all_is_an_error() {
    let mut command = support::with_streams(&command(&["127.0.0.1:9"]), "<&-");
    let error = Program::start(&mut command).finish().error();
    assert!(error.contains("standard input"), "{error}");
}

/// Check HOST:PORT (0 to 65535) and the encoding (`gbk` or `utf-8`) first, and take no second
/// argument: `error: ` on stderr, status 2. argparse's `choices` and clap do it.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["--encoding", "big5"],
        &["--encoding", ""],
        &["--encoding"],
        &["--message"],
        &["--port", "7788"],
        &["127.0.0.1:7788", "你好"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    let (receiver, address) = receiver();
    let wrong: [&[&[u8]]; 2] = [&[b"127.0.0.1\xff:0"], &[address.as_bytes(), b"--message", HELLO]];
    for arguments in wrong {
        rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_udp-sender"), arguments);
    }
    expect_nothing(&receiver, &address);
}

/// `--help` needs 24 lines of 80 columns at most, with the default address and encoding and how to
/// start the receiver (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 7", "127.0.0.1:7788", "gbk", "cargo run -p udp-bound-receiver"];
    support::check_help(start(&["--help"]), &parts);
}

/// The prompt must be flushed and its failure seen (EPIPE, ENOSPC): `Error: cannot write to
/// standard output: `, status 1, and nothing is sent.
#[test]
fn ends_with_an_error_when_it_cannot_ask() {
    let (receiver, address) = receiver();
    rules::needs_stdout(command(&[&address]), |_| ());
    expect_nothing(&receiver, &address);
}

/// With `--message` print nothing to stdout, and do not flush it at the end: a closed pipe is no
/// error then.
#[test]
fn needs_no_stdout_for_a_message_from_the_command_line() {
    let (receiver, address) = receiver();
    let mut command = command(&[&address, "--message", "你好"]);
    Program::start_with_stdout(&mut command, closed_pipe()).finish().success();
    expect(&receiver, HELLO);
}

/// Try it by hand with udp-bound-receiver.py: the text must be GBK, in one datagram, without a
/// newline.
#[test]
fn talks_with_the_python_twin_of_its_receiver() {
    let Some(receiver) = support::python_twin("udp-bound-receiver", ["127.0.0.1:0"]) else {
        return;
    };
    let mut sender = start(&[&receiver.address()]);
    sender.type_in("你好，网络编程\n");
    assert_eq!(sender.finish().success(), PROMPT);
    assert_eq!(receiver.finish().success(), "你好，网络编程\n");
}
