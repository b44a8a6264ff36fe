//! Lesson 13, `socket-tour`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;

use support::{Program, rules};

/// The stops: first what makes a socket, then the tutorial's table, then what it lacks.
const NAMES: [&str; 23] = [
    "socket",
    "bind",
    "listen",
    "accept",
    "connect",
    "connect_ex",
    "recv",
    "send",
    "sendall",
    "recvfrom",
    "sendto",
    "close",
    "getpeername",
    "getsockname",
    "setsockopt",
    "getsockopt",
    "settimeout",
    "gettimeout",
    "fileno",
    "setblocking",
    "makefile",
    "dup",
    "shutdown",
];

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_socket-tour"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// What one stop saw.
struct Seen(Vec<String>);

/// Makes the stop `name`, which must print its heading and then what it saw.
#[track_caller]
fn stop(name: &str) -> Seen {
    let printed = start(&[name]).finish().success();
    support::check_safe(&printed, printed.lines().count());
    let mut lines = printed.lines();
    let heading = lines.next().expect("a heading");
    let rust = heading.strip_prefix(&format!("{name}()  ·  "));
    assert!(rust.is_some_and(|rust| !rust.is_empty()), "{printed}");
    let seen = lines.map(|line| line.strip_prefix("    ").map(|line| line.trim_start().to_owned()));
    let seen: Option<Vec<_>> = seen.collect();
    Seen(seen.filter(|lines| !lines.is_empty()).unwrap_or_else(|| panic!("{printed}")))
}

impl Seen {
    /// What follows `start: ` in the one line that begins so.
    #[track_caller]
    fn after(&self, start: &str) -> &str {
        let rests = self.0.iter().filter_map(|line| line.strip_prefix(&format!("{start}: ")));
        let rests: Vec<_> = rests.collect();
        assert_eq!(rests.len(), 1, "{start}: {:#?}", self.0);
        rests[0]
    }

    /// The address that follows `start: `.
    #[track_caller]
    fn address(&self, start: &str) -> SocketAddr {
        let text = self.after(start);
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }
}

/// Checks that `answer` is an error, on Linux the one of that number, in Rust's or Python's words.
#[track_caller]
fn check_error(answer: &str, number: i32) {
    let numbered = answer.contains(&format!("(os error {number})"))
        || answer.contains(&format!("[Errno {number}]"));
    assert!(numbered || !cfg!(target_os = "linux"), "{answer}");
    assert!(answer.contains(": "), "{answer}"); // its kind, and its words
}

/// The names that head the stops in a whole tour.
fn headings(tour: &str) -> Vec<&str> {
    tour.lines().filter(|line| !line.starts_with(' ')).collect()
}

/// The names in `headings`.
fn names<'a>(headings: &[&'a str]) -> Vec<&'a str> {
    headings.iter().map(|heading| heading.split_once("()  ·  ").expect("a heading").0).collect()
}

/// Without an argument make the 23 stops in the order that `--help` lists, each headed by a line
/// `NAME()  ·  …`, and what it saw below, indented by 4 blanks. Errors on purpose are shown.
#[test]
fn makes_all_stops_in_the_order_of_the_table() {
    let tour = start(&[]).finish().success();
    assert_eq!(names(&headings(&tour)), NAMES);
    assert!(!tour.contains("on to the next"), "{tour}");
}

/// Compare the lines that are not indented with those of socket-tour.py: the Python name with `()`,
/// two blanks, a middle dot (U+00B7), two blanks, the Rust name.
#[test]
fn has_the_headings_of_its_python_twin() {
    let Some(twin) = support::python_twin::<&str>("socket-tour", []) else { return };
    let (tour, twin) = (start(&[]).finish().success(), twin.finish().success());
    assert_eq!(headings(&tour), headings(&twin));
}

/// `--help` needs 24 lines of 80 columns at most; put the stops' names behind `Stops:`, divided by
/// blanks or line ends (argparse: RawDescriptionHelpFormatter and `epilog`).
#[test]
fn help_tells_the_lesson_and_its_stops_in_one_screen() {
    support::check_help(start(&["--help"]), &["Lesson 13", "no other half"]);
    let help = start(&["--help"]).finish().success();
    let listed = help.split_once("Stops:").unwrap().1;
    let listed: Vec<_> = listed.split_whitespace().take(NAMES.len()).collect();
    assert_eq!(listed, NAMES);
}

/// Take one name at most, in small letters; for any other word name all stops on stderr behind
/// `error: `, status 2: `choices` in argparse, a ValueEnum in clap.
#[test]
fn refuses_a_wrong_command_line() {
    rules::refuses(command, &[&["recvform"], &[""], &["Bind"], &["bind", "listen"], &["--all"]]);
    let message = start(&["recvform"]).finish().refused();
    assert!(NAMES.iter().all(|name| message.contains(name)), "{message}");
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_socket-tour"), &[b"bind\xff"]);
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn ends_with_an_error_when_stdout_is_closed_or_full() {
    for arguments in [[].as_slice(), &["bind"]] {
        rules::needs_stdout(command(arguments), |_| ());
    }
}

/// Take 127.0.0.1 for each stop, and not `localhost`: that may lead to ::1, which no one has where
/// IPv6 is switched off.
#[test]
fn makes_the_whole_tour_where_ipv6_is_switched_off() {
    let Some(mut command) = support::with_network(&command(&[]), support::NO_IPV6) else { return };
    let tour = Program::start(&mut command).finish().success();
    assert!(!tour.contains("cannot show"), "{tour}");
}

/// Python's stdout has the terminal's encoding (on Windows often GBK), and `print` raises an error
/// for what that lacks: `sys.stdout.reconfigure(encoding="utf-8")`.
#[test]
fn prints_utf_8_whatever_the_terminal_has() {
    let program = Program::start(command(&["fileno"]).env("PYTHONIOENCODING", "ascii"));
    let stop = program.finish().success();
    assert!(stop.starts_with("fileno()  \u{b7}  "), "{stop}");
}

/// Catch the errors of a stop (OSError): on the whole tour print `    cannot show NAME(): ` with
/// the reason and go on; a stop that was asked for alone ends with `Error: ` and status 1.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_where_a_stop_fails_and_says_so() {
    let may = Command::new("unshare").args(["--net", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return support::left_out("a network of its own needs root");
    }
    // A new network has a loopback that is switched off.
    let without_network = |arguments| {
        let inner = command(arguments);
        let mut outer = Command::new("unshare");
        outer.arg("--net").arg(inner.get_program()).args(inner.get_args());
        Program::start(&mut outer).finish()
    };
    let tour = without_network(&[]).success();
    assert_eq!(names(&headings(&tour)), NAMES);
    assert!(tour.contains("    cannot show accept(): "), "{tour}");
    let ending = without_network(&["accept"]);
    assert!(ending.stdout.starts_with("accept()  ·  "), "{ending:?}");
    let error = ending.error();
    assert!(error.starts_with("Error: cannot show accept(): "), "{error}");
}

/// Call `socket(family, type, proto)` (Rust: `socket2::Socket::new`) with the numbers shown:
/// protocol 17 is UDP, which SOCK_STREAM does not go with: EPROTONOSUPPORT.
#[test]
fn socket_has_a_family_a_type_and_a_protocol() {
    let seen = stop("socket");
    let stream = "family AF_INET = 2, type SOCK_STREAM = 1, proto";
    assert_eq!(seen.after(&format!("{stream} 0")), "a socket");
    assert_eq!(seen.after(&format!("{stream} 6")), "a socket");
    assert_eq!(seen.after("family AF_INET = 2, type SOCK_DGRAM = 2, proto 0"), "a socket");
    assert!(seen.0.iter().any(|line| line.starts_with("family AF_INET6 = ")));
    check_error(seen.after(&format!("{stream} 17")), 93); // a stream over UDP
}

/// Bind to 127.0.0.1:0 and read the port with `getsockname`. The same once more without
/// SO_REUSEADDR is EADDRINUSE, for UDP it is free, and a foreign address is EADDRNOTAVAIL.
#[test]
fn bind_finds_a_free_port_and_gives_it_to_no_other() {
    let seen = stop("bind");
    let address = seen.after("asked for 127.0.0.1:0").strip_prefix("bound to ").unwrap();
    let parsed: SocketAddr = address.parse().unwrap();
    assert!(parsed.ip().is_loopback() && parsed.port() != 0, "{address}");
    check_error(seen.after(&format!("{address} once more")), 98);
    assert!(!seen.after(&format!("{address} for UDP")).is_empty());
    check_error(seen.after("203.0.113.1:0, not ours"), 99);
}

/// Connect clients without an `accept` until one times out, and keep them open: on Linux
/// `listen(n)` has room for n + 1, and each `accept` makes room for one more.
#[test]
fn listen_lets_some_clients_wait_and_no_more() {
    let seen = stop("listen");
    check_error(seen.after("connect before listen"), 111);
    let mut counts = Vec::new();
    for backlog in [0, 1, 5] {
        let answer = seen.after(&format!("listen({backlog})"));
        let (count, rest) = answer.split_once(" connected without an accept; next: ").unwrap();
        counts.push(count.parse::<usize>().unwrap());
        assert!(!rest.is_empty(), "{answer}");
        assert!(!cfg!(target_os = "linux") || rest.ends_with("timed out"), "{answer}");
    }
    let after = seen.0.iter().filter(|line| line.starts_with("after one accept: "));
    let connected = after.clone().filter(|line| line.ends_with(": connected"));
    assert_eq!(after.count(), 3);
    if cfg!(target_os = "linux") {
        assert_eq!(counts, [1, 2, 6]); // one more than was asked for
        assert_eq!(connected.count(), 3);
    }
}

/// `accept` gives a new socket and the peer's address. Its own address is the listener's, while the
/// peer's is the client's `getsockname`; without blocking and without a client, it is EAGAIN.
#[test]
fn accept_gives_a_new_socket_and_its_peer() {
    let seen = stop("accept");
    let peer = seen.address("a new socket, and its peer");
    assert_eq!(seen.address("the client's own address"), peer);
    let own = seen.address("the new socket's address");
    assert_eq!(seen.address("the listener's address"), own);
    assert_ne!(own, peer);
    check_error(seen.after("accept with no client"), 11);
}

/// Connect to one port that listens and to one that is only bound: ECONNREFUSED. Show the client's
/// own end with `getsockname` (`local_addr`).
#[test]
fn connect_succeeds_or_fails() {
    let seen = stop("connect");
    let (to, from) =
        seen.0[0].strip_prefix("to ").unwrap().split_once(": connected, from ").unwrap();
    let ends: [SocketAddr; 2] = [to, from].map(|text| text.parse().unwrap());
    assert_ne!(ends[0], ends[1]);
    let (to, answer) = seen.0[1].split_once(", where no one listens: ").unwrap();
    assert_ne!(to, format!("to {}", ends[0]));
    check_error(answer, 111);
}

/// Show 0, ECONNREFUSED, then EINPROGRESS for a socket that does not block (Rust: `raw_os_error`).
/// Read SO_ERROR with `getsockopt` only when the connection is there.
#[test]
fn connect_ex_gives_the_number_of_an_error() {
    let seen = stop("connect_ex");
    assert_eq!(seen.after("to a listener"), "0");
    let number = |start| seen.after(start).split(' ').next().unwrap().parse::<i32>().unwrap();
    let numbers = (number("to no listener"), number("without blocking"));
    assert!(numbers.0 > 0, "{numbers:?}");
    assert!(!cfg!(target_os = "linux") || numbers == (111, 115), "{numbers:?}");
    assert_eq!(seen.after("SO_ERROR after that"), "0");
}

/// Call `recv(8)` until it gives no bytes: the 7 and 6 bytes of two sends come in other pieces, as
/// TCP keeps no boundaries (RFC 9293 §2.2), and 0 bytes are the end.
#[test]
fn recv_gives_bytes_of_a_stream_and_an_end() {
    let seen = stop("recv");
    let reads = seen.0.iter().filter_map(|line| line.strip_prefix("recv(8): "));
    let lengths: Vec<usize> =
        reads.map(|read| read.split_once(" bytes b").unwrap().0.parse().unwrap()).collect();
    let (last, before) = lengths.split_last().unwrap();
    assert_eq!((*last, before.iter().sum()), (0, 7 + 6), "{lengths:?}");
    assert!(before.iter().all(|length| (1..=8).contains(length)), "{lengths:?}");
}

/// Do not block, and let the peer not read: `send` of 1 MiB says how many bytes it took. Send the
/// rest until there is no more room: EAGAIN.
#[test]
fn send_takes_a_part_and_then_would_block() {
    let seen = stop("send");
    let mut rest = 1_048_576;
    for (index, line) in seen.0.iter().enumerate() {
        let answer = line.strip_prefix(&format!("send of {rest} bytes: ")).unwrap();
        if let Some(taken) = answer.strip_prefix("took ") {
            let taken: usize = taken.parse().unwrap();
            // Windows may take it all at once.
            assert!((1..rest).contains(&taken) || cfg!(windows), "{line}");
            rest -= taken;
        } else {
            assert!(index > 0 && index == seen.0.len() - 1, "{:#?}", seen.0);
            check_error(answer, 11);
        }
    }
    assert!(rest > 0 || cfg!(windows), "{:#?}", seen.0);
}

/// The peer must read in a thread meanwhile, until the end: else `sendall` (`write_all`) of 1 MiB
/// waits for ever. Close your end, then join the thread.
#[test]
fn sendall_hands_over_everything() {
    let seen = stop("sendall");
    assert_eq!(seen.after("sendall of 1048576 bytes"), "all handed over");
    assert_eq!(seen.after("the peer, in a thread, read"), "1048576 bytes");
}

/// One `recvfrom(8)` is one datagram with its sender's address, and what is longer than 8 bytes is
/// cut off (Windows: an error); the fourth is empty, and is shown too.
#[test]
fn recvfrom_gives_one_datagram_and_its_sender() {
    let seen = stop("recvfrom");
    let sender = seen.address("the sender's own address");
    let datagrams = seen.0[1..].iter().map(|line| line.strip_prefix("recvfrom(8): ").unwrap());
    let cut = if cfg!(windows) { None } else { Some("the seco") };
    for (datagram, expected) in datagrams.zip([Some("first"), cut, Some("third"), Some("")]) {
        let Some(expected) = expected else {
            check_error(datagram, 0); // 10040, WSAEMSGSIZE
            continue;
        };
        let (data, from) = datagram.split_once(" from ").unwrap();
        assert_eq!(data.strip_prefix('b').unwrap().trim_matches(['"', '\'']), expected);
        assert_eq!(from.parse::<SocketAddr>().unwrap(), sender);
    }
    assert_eq!(seen.0.len(), 5);
}

/// 0 bytes and 65,507 bytes arrive, so receive with room for 65,536; 65,508 are EMSGSIZE. To a
/// closed port `sendto` succeeds: UDP does not tell (RFC 768).
#[test]
fn sendto_sends_all_of_a_datagram_or_nothing() {
    let seen = stop("sendto");
    assert_eq!(seen.after("sendto of 5 bytes"), "5 arrived");
    assert_eq!(seen.after("sendto of 0 bytes"), "0 arrived");
    let largest = seen.after("sendto of 65507 bytes");
    assert!(largest == "65507 arrived" || cfg!(target_os = "macos"), "{largest}");
    check_error(seen.after("sendto of 65508 bytes"), 90);
    assert_eq!(seen.after("sendto where no one receives"), "5 sent");
}

/// A close ends the peer's stream: its `recv` gives 0 bytes. With bytes unread it is a reset
/// (ECONNRESET): wait until they are there (MSG_PEEK) before you close.
#[test]
fn close_ends_the_peers_stream_or_resets_it() {
    let seen = stop("close");
    let end = seen.after("after the close, the peer's recv");
    assert!(end.starts_with("0 bytes b"), "{end}");
    let unread = seen.after("after a close with 5 bytes unread");
    if cfg!(target_os = "macos") {
        // As in all stacks that come from BSD (RFC 2525 §2.17).
        return support::left_out("macOS closes in order also with bytes unread");
    }
    check_error(unread, 104);
}

/// Show both ends with `getsockname` and `getpeername` (`local_addr`, `peer_addr`): each one's peer
/// is the other's own. Unconnected it is ENOTCONN; `connect` gives a UDP socket a peer.
#[test]
fn getpeername_is_the_other_ends_own_address() {
    let seen = stop("getpeername");
    let ends = |start| {
        let (own, peer) = seen.after(start).split_once(", peer ").unwrap();
        (own.strip_prefix("own ").unwrap(), peer)
    };
    let (client, server) = (ends("client"), ends("server"));
    assert_eq!((client.0, client.1), (server.1, server.0));
    assert_ne!(client.0, client.1);
    check_error(seen.after("not connected"), 107);
    assert_eq!(seen.after("UDP, after connect()"), server.0);
}

/// Before `bind` a socket has 0.0.0.0:0; its first `sendto` gives it a port, `connect` an address
/// as well, and the port stays: use one socket for all three.
#[test]
fn getsockname_shows_what_the_system_filled_in() {
    let seen = stop("getsockname");
    let new = seen.after("a new socket");
    assert!(new == "0.0.0.0:0" || cfg!(windows), "{new}");
    let bound = seen.address("after its first sendto");
    assert!(bound.ip().is_unspecified() && bound.port() != 0, "{bound}");
    let connected = seen.address("after connect");
    assert!(connected.ip().is_loopback(), "{connected}");
    assert_eq!(connected.port(), bound.port());
    if UdpSocket::bind("[::1]:0").is_err() {
        assert!(seen.after("bound with IPv6").parse::<SocketAddr>().is_err());
        return support::left_out("there is no IPv6 here");
    }
    let six = seen.address("bound with IPv6");
    assert!(six.is_ipv6() && six.ip().is_loopback() && six.port() != 0, "{six}");
}

/// Read with `getsockopt` before and after you set (SOL_SOCKET and IPPROTO_TCP are the levels).
/// Without SO_BROADCAST a `sendto` to 127.255.255.255 is EACCES.
#[test]
fn setsockopt_changes_what_a_socket_may() {
    let seen = stop("setsockopt");
    assert_eq!(seen.after("SO_REUSEADDR"), "0 -> 1");
    assert_eq!(seen.after("TCP_NODELAY"), "0 -> 1");
    let answer = |value| {
        let start = format!("SO_BROADCAST {value}: sendto 127.255.255.255:");
        let rest = seen.0.iter().find_map(|line| line.strip_prefix(&start)).unwrap();
        rest.split_once(": ").unwrap().1
    };
    if cfg!(target_os = "macos") {
        return support::left_out("the loopback of macOS has no broadcast address");
    }
    check_error(answer(0), 13);
    assert!(answer(1) == "5 sent" || !cfg!(target_os = "linux"), "{}", answer(1));
}

/// Linux doubles SO_RCVBUF for its own needs (socket(7)): show what `getsockopt` reads, not what
/// you set. SO_LINGER is a struct of two ints: on or off, and seconds.
#[test]
fn getsockopt_tells_what_the_system_made_of_a_value() {
    let seen = stop("getsockopt");
    assert!(seen.after("SO_RCVBUF").parse::<usize>().unwrap() > 0);
    let size: usize = seen.after("SO_RCVBUF, asked for 10000").parse().unwrap();
    assert!(if cfg!(target_os = "linux") { size == 20_000 } else { size > 0 }, "{size}");
    assert_eq!(seen.after("SO_LINGER"), "(0, 0)");
    assert_eq!(seen.after("SO_LINGER, asked for 5 seconds"), "(1, 5)");
    assert!(seen.0[0].starts_with("SO_REUSEADDR of a "), "{}", seen.0[0]);
}

/// Set 0.2 s, measure the wait of `recv` with a monotonic clock, and show that the same connection
/// still receives. A timeout of 0 means not to block (Rust refuses it).
#[test]
fn settimeout_ends_a_wait_and_not_the_connection() {
    let seen = stop("settimeout");
    let answer = seen.after("recv from a silent peer");
    let time = answer.strip_prefix("timed out after ").and_then(|rest| rest.split_once(" s: "));
    let time: f64 = time.unwrap_or_else(|| panic!("{answer}")).0.parse().unwrap();
    assert!(time >= 0.2, "{answer}");
    assert!(seen.after("the connection lives").contains("Hello"));
    assert!(!seen.after("a timeout of 0").is_empty());
}

/// Show None, then 0.201 after you set it, then None again: Rust reads the timeout back from the
/// socket with `read_timeout`.
#[test]
fn gettimeout_is_none_or_what_was_set() {
    let seen = stop("gettimeout");
    assert_eq!(seen.after("at first"), "None");
    let set = seen.after("after settimeout(0.201)");
    let seconds: f64 = set.trim_start_matches("Some(").trim_end_matches(')').parse().unwrap();
    assert!((0.201..0.25).contains(&seconds), "{set}"); // rounded up, if at all
    assert_eq!(seen.after("after settimeout(None)"), "None");
}

/// Make two sockets, close the first, and make a third: Unix gives out the lowest free number
/// (`fileno`, `as_raw_fd`), so keep the second open and make no file between.
#[test]
fn fileno_is_a_number_that_comes_back() {
    let seen = stop("fileno");
    let (first, second) = seen.after("two sockets").split_once(" and ").unwrap();
    assert_ne!(first.parse::<u64>().unwrap(), second.parse().unwrap());
    let third = seen.after("the first closed, and a third made");
    assert!(third.parse::<u64>().is_ok(), "{third}");
    assert!(third == first || !cfg!(unix), "{first} {third}");
}

/// After `setblocking(False)` a `recv` without data is EAGAIN at once; after `setblocking(True)` it
/// waits for what the peer sends.
#[test]
fn setblocking_makes_a_wait_an_error() {
    let seen = stop("setblocking");
    check_error(seen.after("setblocking(False), recv"), 11);
    assert!(seen.after("setblocking(True), recv").contains("Hello"));
}

/// Read lines through a buffer (`makefile`, `BufReader::lines`) up to the end of the stream, also
/// the last one, which has no newline; one `recv` is not one line.
#[test]
fn makefile_reads_lines_wherever_the_sends_ended() {
    let seen = stop("makefile");
    let lines = seen.0.iter().filter_map(|line| line.strip_prefix("line "));
    let lines: Vec<_> =
        lines.map(|line| line.trim_matches(['"', '\'']).replace("\\n", "")).collect();
    assert_eq!(lines, ["one", "two", "three"]);
}

/// `dup` (`try_clone`) gives a second handle of the same connection: what one reads is gone for the
/// other, not to block is common to both (EAGAIN), and it lives until the last one is closed.
#[test]
fn dup_is_one_stream_with_two_handles() {
    let seen = stop("dup");
    assert!(seen.0[0].starts_with("one reads b") && seen.0[0].contains("Hello"), "{:#?}", seen.0);
    assert!(seen.0[1].contains("its copy goes on with") && seen.0[1].contains(", world"));
    check_error(seen.after("one does not block, nor does its copy"), 11);
    assert!(seen.0[3].contains("one is closed") && seen.0[3].contains("still here"));
}

/// `shutdown(SHUT_WR)` ends the stream to the peer (which a close of one of two handles does not),
/// while its answer still comes; a `send` after it is EPIPE.
#[test]
fn shutdown_ends_one_half_of_the_connection() {
    let seen = stop("shutdown");
    assert!(seen.after("the peer reads up to the end").contains("question"));
    assert!(seen.after("and its answer still comes").contains("answer"));
    check_error(seen.after("send after the shutdown"), 32);
}
