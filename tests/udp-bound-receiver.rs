//! Lesson 8, `udp-bound-receiver`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use support::{Program, rules};

/// `你好` in GBK.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_udp-bound-receiver"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A receiver on a free port of 127.0.0.1, ready for datagrams; and its address.
fn receiver(options: &[&str]) -> (Program, String) {
    let receiver = start(&[&["127.0.0.1:0"], options].concat());
    let address = receiver.address();
    (receiver, address)
}

/// Sends each of `datagrams`, in this order, which loopback keeps.
#[track_caller]
fn send(address: &str, datagrams: &[&[u8]]) {
    let local = if address.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let sender = UdpSocket::bind(local).unwrap();
    for datagram in datagrams {
        assert_eq!(sender.send_to(datagram, address).unwrap(), datagram.len());
    }
}

/// What a receiver prints for `datagrams` in `encoding`.
#[track_caller]
fn printed_for(encoding: &str, datagrams: &[&[u8]]) -> String {
    let count = datagrams.len().to_string();
    let (receiver, address) = receiver(&["--count", &count, "--encoding", encoding]);
    send(&address, datagrams);
    receiver.finish().success()
}

/// `bind` a SOCK_DGRAM socket, take one datagram with `recvfrom`, print its text decoded from GBK,
/// and end: the default of `--count` is 1. UDP knows no `listen` and no `accept`.
#[test]
fn prints_the_text_of_one_gbk_datagram_and_ends() {
    let (receiver, address) = receiver(&[]);
    send(&address, &[HELLO, b"no one hears this"]);
    assert_eq!(receiver.finish().success(), "你好\n");
}

/// One `recvfrom` is one datagram and one line: count them, flush each line, and end after the last
/// one that was asked for.
#[test]
fn prints_as_many_datagrams_as_it_is_asked_for() {
    let (mut receiver, address) = receiver(&["--count", "3"]);
    send(&address, &[b"one", b"two"]);
    assert_eq!(receiver.stdout.until("two\n"), "one\ntwo\n");
    assert!(receiver.runs());
    send(&address, &[b"three", b"four"]);
    assert_eq!(receiver.finish().success(), "three\n");
}

/// With `--count 0` never end, and flush after each line: in a pipe stdout is buffered by blocks
/// (Python: `print(…, flush=True)`).
#[test]
fn a_count_of_zero_is_for_ever_and_each_line_comes_at_once() {
    let (mut receiver, address) = receiver(&["--count", "0"]);
    for text in ["1", "2", "3", "4", "5"] {
        send(&address, &[text.as_bytes()]);
        assert_eq!(receiver.stdout.line(), text);
    }
    assert!(receiver.runs());
}

/// `--encoding utf-8` decodes datagrams as UTF-8, with U+FFFD for what is none: `decode("utf-8",
/// "replace")`; stdout itself is always UTF-8.
#[test]
fn prints_utf_8_on_request() {
    assert_eq!(
        printed_for("utf-8", &["你好 😀".as_bytes(), HELLO]),
        "你好 😀\n\u{fffd}\u{fffd}\u{fffd}\n"
    );
}

/// Zero bytes from `recvfrom` are an empty datagram (RFC 768 allows it), not an end as in TCP:
/// print an empty line and count it.
#[test]
fn an_empty_datagram_is_an_empty_line_and_counts() {
    assert_eq!(printed_for("gbk", &[b"", b"a", b""]), "\na\n\n");
}

/// Take datagrams from everyone: `bind` alone, no `connect` to the first sender, and nothing kept
/// from one datagram to the next.
#[test]
fn every_datagram_is_one_line_whoever_sent_it() {
    let (receiver, address) = receiver(&["--count", "0"]);
    for sender in [UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap()]
    {
        for datagram in [HELLO, b"", b"end"] {
            sender.send_to(datagram, &address).unwrap();
        }
        for line in ["你好", "", "end"] {
            assert_eq!(receiver.stdout.line(), line);
        }
    }
}

/// Give `recvfrom` room for 65,536 bytes: what does not fit into the tutorial's 1,024 is lost in
/// silence (Windows: an error), and no second call gives it.
#[test]
fn prints_the_largest_datagrams_whole() {
    // macOS sends no more than the sysctl net.inet.udp.maxdgram: 9,216 bytes.
    let [hello, x] = if cfg!(target_os = "macos") { [4_608, 9_216] } else { [30_000, 65_507] };
    let printed = printed_for("gbk", &[&b"\xc4\xe3".repeat(hello)]);
    assert!(printed == "你".repeat(hello) + "\n", "{} bytes: {printed}", printed.len());
    let printed = printed_for("gbk", &[&vec![b'x'; x]]);
    assert!(printed == "x".repeat(x) + "\n", "{} bytes: {printed}", printed.len());
}

/// Decode with U+FFFD in place of an error: `decode("gb18030", "replace")`; the ASCII after half a
/// character stays. A datagram that is no text must not end the program.
#[test]
fn shows_what_is_no_text_as_replacement_characters_and_goes_on() {
    let datagrams: [&[u8]; 4] = [b"\xff", b"a\xffb", b"\xc4!", HELLO];
    assert_eq!(printed_for("gbk", &datagrams), "\u{fffd}\na\u{fffd}b\n\u{fffd}!\n你好\n");
    let datagrams: [&[u8]; 3] = [b"\xff", b"\xc0\xaf", b"ok"];
    assert_eq!(printed_for("utf-8", &datagrams), "\u{fffd}\n\u{fffd}\u{fffd}\nok\n");
}

/// Decode each datagram by itself, to its end: an incremental decoder that lives on, right for a
/// TCP stream, would join two datagrams.
#[test]
fn half_a_character_at_the_end_does_not_leak_into_the_next_datagram() {
    // In GBK, the half would make a character with the `a`.
    let datagrams: [&[u8]; 2] = [b"\xc4\xe3\xba", b"abc"];
    assert_eq!(printed_for("gbk", &datagrams), "你\u{fffd}\nabc\n");
    let datagrams: [&[u8]; 2] = [b"\xe4\xbd", b"\xa0"];
    assert_eq!(printed_for("utf-8", &datagrams), "\u{fffd}\n\u{fffd}\n");
}

/// After decoding (as gb18030, which has C1 and bidirectional marks too) escape C0 with CR and LF,
/// DEL, C1, U+2028, U+2029 and those marks: one datagram is one line.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    let gbk: [&[u8]; 4] = [
        b"\x1b]0;title\x07\x1b[2J\x7f\0",
        b"a\r\nError: forged\x0b\x0c\n",
        b"\xc4\x1b[31m", // half a character does not hide an escape
        b"C1: \x81\x30\x81\x35 bidi: \x81\x36\xa5\x32", // in gb18030
    ];
    let utf_8 = ["\u{9b}2J\u{85}next", "\u{202e}gnp.exe\u{2066}", "line\u{2028}separator\u{2029}"];
    let printed = printed_for("gbk", &gbk) + &printed_for("utf-8", &utf_8.map(str::as_bytes));
    support::check_safe(&printed, gbk.len() + utf_8.len());
    for harmless in ["]0;title", "[2J", "Error: forged", "[31m", "next", "gnp.exe", "separator"] {
        assert!(printed.contains(harmless), "{harmless}: {printed}");
    }
}

/// Set no timeout for `recvfrom` (`settimeout(None)` is the default): to wait is what a receiver is
/// for.
#[test]
fn waits_in_silence_for_as_long_as_it_takes() {
    let (mut receiver, address) = receiver(&[]);
    std::thread::sleep(std::time::Duration::from_millis(500)); // the silence
    assert!(receiver.runs());
    send(&address, &[HELLO]);
    assert_eq!(receiver.finish().success(), "你好\n");
}

/// The system keeps what comes meanwhile in the socket's buffer. If `recvfrom` fails with EINTR
/// after SIGCONT, call it again; Python does so by itself (PEP 475).
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (receiver, address) = receiver(&["--count", "2"]);
    receiver.stop();
    send(&address, &[b"one"]); // the system keeps it
    receiver.signal("-CONT");
    assert_eq!(receiver.stdout.line(), "one");
    send(&address, &[b"two"]);
    assert_eq!(receiver.finish().success(), "two\n");
}

/// Set no SO_REUSEADDR here: with UDP it lets two programs share the port. Catch the failure of
/// `bind` and of the name: `Error: cannot listen on ADDRESS: …; choose another port`.
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_receiver, address) = receiver(&[]);
    rules::says_why_it_cannot_listen(|address| command(&[address]), &address);
    let error = start(&["no-such-host.invalid:7788"]).finish().error();
    assert!(error.starts_with("Error: cannot listen on no-such-host.invalid:7788: "), "{error}");
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    rules::has_safe_errors(|address| command(&[address]));
}

/// UDP has no TIME-WAIT: the port is free when the program has ended, if no thread or child of it
/// keeps the socket.
#[test]
fn receives_on_the_same_port_again_at_once() {
    let (first, address) = receiver(&[]);
    send(&address, &[b"first"]);
    assert_eq!(first.finish().success(), "first\n");
    let again = start(&[&address]);
    assert_eq!(again.address(), address);
    send(&address, &[b"again"]);
    assert_eq!(again.finish().success(), "again\n");
}

/// Bind to port 0, then ask the socket which port it got (`getsockname`, `local_addr`) and print
/// that one after `Listening on `.
#[test]
fn port_0_is_any_free_one() {
    let (first, address) = receiver(&[]);
    let (second, another) = receiver(&[]);
    assert_ne!(address, another);
    send(&address, &[b"first"]);
    send(&another, &[b"second"]);
    assert_eq!(first.finish().success() + &second.finish().success(), "first\nsecond\n");
}

/// Bind to 0.0.0.0 as it is given (INADDR_ANY), and not to 127.0.0.1 or the host name's address;
/// print it so after `Listening on `.
#[test]
fn receives_on_every_address_of_this_machine() {
    let receiver = start(&["0.0.0.0:0"]);
    let line = receiver.stderr.line();
    let port = line.strip_prefix("Listening on 0.0.0.0:").unwrap_or_else(|| panic!("{line}"));
    send(&format!("127.0.0.1:{port}"), &[HELLO]);
    assert_eq!(receiver.finish().success(), "你好\n");
}

/// Take the brackets off `[::1]`, and make the socket of the family that `getaddrinfo` gives:
/// AF_INET6 here. `Listening on ` shows the brackets again.
#[test]
fn receives_over_ipv6() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let receiver = start(&["[::1]:0"]);
    let address = receiver.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    send(&address, &[HELLO]);
    assert_eq!(receiver.finish().success(), "你好\n");
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
    let receiver = start(&["localhost:0"]);
    send(&receiver.address(), &[HELLO]);
    assert_eq!(receiver.finish().success(), "你好\n");
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = receiver(&["--count", "0"]);
        send(&address, &[b"a"]);
        assert_eq!(server.stdout.line(), "a");
        server.check_ends_by(signal);
    }
}

/// The system drops what its buffer (SO_RCVBUF) has no room for, and tells no one (RFC 768): print
/// what is left, each datagram whole, and the next one after it.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_loses_datagrams_and_not_the_receiver() {
    let (receiver, address) = receiver(&["--count", "0"]);
    receiver.stop(); // so that nothing is taken out of the buffer
    let text = "x".repeat(1000);
    send(&address, &vec![text.as_bytes(); 5000]);
    receiver.signal("-CONT");
    assert_eq!(receiver.stdout.line(), text);
    // What is left is a few hundred of them; after that there is room for this one.
    let mut left = 1;
    loop {
        send(&address, &[b"end"]);
        match receiver.stdout.line() {
            line if line == "end" => break,
            line => assert_eq!(line, text),
        }
        left += 1;
    }
    assert!(left < 5000, "nothing was lost");
}

/// Check HOST:PORT (0 to 65535), `--count` (a whole number, 0 or more) and the encoding (`gbk` or
/// `utf-8`) before you bind: `error: ` on stderr, status 2.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["--count", "-1"],
        &["--count=-1"],
        &["--count", "1.5"],
        &["--count", "all"],
        &["--encoding", "big5"],
        &["--encoding"],
        &["--port", "7788"],
        &["127.0.0.1:0", "more"],
    ];
    rules::refuses(command, wrong);
    rules::refuses_wrong_addresses(|address| command(&[address]));
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(
        env!("CARGO_BIN_EXE_udp-bound-receiver"),
        &[b"127.0.0.1\xff:0"],
    );
}

/// `--help` needs 24 lines of 80 columns at most, with the default address, count and encoding and
/// how to start the sender (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 8", "0.0.0.0:7788", "--count", "gbk", "cargo run -p udp-sender"];
    support::check_help(start(&["--help"]), &parts);
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    let command = command(&["127.0.0.1:0", "--count", "0"]);
    rules::needs_stdout(command, |receiver| send(&receiver.address(), &[HELLO]));
}

/// `Listening on ` may fail as well (ENOSPC): end with status 1. Rust's `eprintln!` would panic, so
/// use `writeln!`; Python tries stderr again at exit (status 120), unless it is None by then.
#[test]
fn ends_with_an_error_when_stderr_is_full() {
    rules::needs_stderr(command(&["127.0.0.1:0"]));
}

/// Try it by hand with udp-sender.py: it sends one datagram in GBK without a newline, so the line's
/// end is yours to print.
#[test]
fn talks_with_the_python_twin_of_its_sender() {
    let (receiver, address) = receiver(&[]);
    let Some(mut sender) = support::python_twin("udp-sender", [&address]) else { return };
    assert_eq!(sender.stdout.until(":"), "请输入要发送的数据:");
    sender.type_in("你好，网络编程\n");
    assert_eq!(sender.finish().success(), "");
    assert_eq!(receiver.finish().success(), "你好，网络编程\n");
}
