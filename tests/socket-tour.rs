//! Lesson 13, `socket-tour`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::OnceLock;

use support::{Program, rule, rules};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_socket-tour");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// The stops: first what makes a socket, then the tutorial's table, then what it lacks.
const NAMES: &str = "socket bind listen accept connect connect_ex recv send sendall recvfrom \
    sendto close getpeername getsockname setsockopt getsockopt settimeout gettimeout fileno \
    setblocking makefile dup shutdown";

/// What one stop saw.
struct Seen(Vec<String>);

/// Makes the stop `name` alone, which must print its heading and then what it saw.
#[track_caller]
fn stop(name: &str) -> Seen {
    let printed = start(&[name]).finish().success();
    support::check_safe(&printed, printed.lines().count());
    assert_eq!(names(&printed), name);
    Seen::of(&printed, name)
}

impl Seen {
    /// What follows the heading of the stop `name`: a name in Python, and one in Rust.
    #[track_caller]
    fn of(printed: &str, name: &str) -> Self {
        let start = format!("{name}()  ·  ");
        let mut lines = printed.lines().skip_while(|line| !line.starts_with(&start));
        let heading = lines.next().unwrap_or_else(|| panic!("no {name}(): {printed}"));
        assert!(heading.len() > start.len(), "{heading}");
        let seen = lines.map_while(|line| line.strip_prefix("    "));
        let seen: Vec<_> = seen.map(|line| line.trim_start().to_owned()).collect();
        assert!(!seen.is_empty(), "{printed}");
        Self(seen)
    }

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
        address(self.after(start))
    }
}

/// The address that `text` is: HOST:PORT, or Python's pair of both.
#[track_caller]
fn address(text: &str) -> SocketAddr {
    let plain = text.trim_matches(['(', ')']).replace("', ", ":").replace('\'', "");
    plain.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Checks that `answer` is an error, on Linux the one of that number, in Rust's or Python's words.
#[track_caller]
fn check_error(answer: &str, number: i32) {
    let numbered = answer.contains(&format!("(os error {number})"))
        || answer.contains(&format!("[Errno {number}]"));
    assert!(numbered || !cfg!(target_os = "linux"), "{answer}");
    assert!(answer.contains(": "), "{answer}"); // its kind, and its words
}

/// The names that head the stops of a tour.
fn names(tour: &str) -> String {
    let headings = tour.lines().filter(|line| !line.starts_with(' '));
    let name = |heading: &'_ str| heading.split_once("()  ·  ").expect("a heading").0.to_owned();
    headings.map(name).collect::<Vec<_>>().join(" ")
}

mod dialogue {
    use super::*;

    /// The whole tour, made once for all tests.
    fn tour() -> &'static str {
        static TOUR: OnceLock<String> = OnceLock::new();
        TOUR.get_or_init(|| start(&[]).finish().success())
    }

    /// What a stop of the whole tour saw.
    #[track_caller]
    fn stop(name: &str) -> Seen {
        Seen::of(tour(), name)
    }

    #[test]
    fn makes_all_stops_in_the_order_of_the_table() {
        let tour = tour();
        assert_eq!(names(tour), NAMES);
        support::check_safe(tour, tour.lines().count());
        assert!(!tour.contains("cannot show"), "{tour}");
    }

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

    #[test]
    fn connect_succeeds_or_fails() {
        let seen = stop("connect");
        let (to, from) =
            seen.0[0].strip_prefix("to ").unwrap().split_once(": connected, from ").unwrap();
        let ends = [to, from].map(address);
        assert_ne!(ends[0], ends[1]);
        let (to, answer) = seen.0[1].split_once(", where no one listens: ").unwrap();
        assert_ne!(address(to.strip_prefix("to ").unwrap()), ends[0]);
        check_error(answer, 111);
    }

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
}

mod sturdy {
    use super::*;

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

    #[test]
    fn sendall_hands_over_everything() {
        let seen = stop("sendall");
        assert_eq!(seen.after("sendall of 1048576 bytes"), "all handed over");
        assert_eq!(seen.after("the peer, in a thread, read"), "1048576 bytes");
    }

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

    #[test]
    fn gettimeout_is_none_or_what_was_set() {
        let seen = stop("gettimeout");
        assert_eq!(seen.after("at first"), "None");
        let set = seen.after("after settimeout(0.201)");
        let seconds: f64 = set.trim_start_matches("Some(").trim_end_matches(')').parse().unwrap();
        assert!((0.201..0.25).contains(&seconds), "{set}"); // rounded up, if at all
        assert_eq!(seen.after("after settimeout(None)"), "None");
    }

    #[test]
    fn fileno_is_a_number_that_comes_back() {
        let seen = stop("fileno");
        let (first, second) = seen.after("two sockets").split_once(" and ").unwrap();
        assert_ne!(first.parse::<u64>().unwrap(), second.parse().unwrap());
        let third = seen.after("the first closed, and a third made");
        assert!(third.parse::<u64>().is_ok(), "{third}");
        assert!(third == first || !cfg!(unix), "{first} {third}");
    }

    #[test]
    fn setblocking_makes_a_wait_an_error() {
        let seen = stop("setblocking");
        check_error(seen.after("setblocking(False), recv"), 11);
        assert!(seen.after("setblocking(True), recv").contains("Hello"));
    }

    #[test]
    fn makefile_reads_lines_wherever_the_sends_ended() {
        let seen = stop("makefile");
        let lines = seen.0.iter().filter_map(|line| line.strip_prefix("line "));
        let lines: Vec<_> =
            lines.map(|line| line.trim_matches(['"', '\'']).replace("\\n", "")).collect();
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn dup_is_one_stream_with_two_handles() {
        let seen = stop("dup");
        assert!(
            seen.0[0].starts_with("one reads b") && seen.0[0].contains("Hello"),
            "{:#?}",
            seen.0
        );
        assert!(seen.0[1].contains("its copy goes on with") && seen.0[1].contains(", world"));
        check_error(seen.after("one does not block, nor does its copy"), 11);
        assert!(seen.0[3].contains("one is closed") && seen.0[3].contains("still here"));
    }

    #[test]
    fn shutdown_ends_one_half_of_the_connection() {
        let seen = stop("shutdown");
        assert!(seen.after("the peer reads up to the end").contains("question"));
        assert!(seen.after("and its answer still comes").contains("answer"));
        check_error(seen.after("send after the shutdown"), 32);
    }

    #[test]
    fn makes_the_whole_tour_where_ipv6_is_switched_off() {
        let Some(mut command) = support::with_network(&command(&[]), support::NO_IPV6) else {
            return;
        };
        let tour = Program::start(&mut command).finish().success();
        assert_eq!(names(&tour), NAMES);
        assert!(!tour.contains("cannot show"), "{tour}");
    }

    #[test]
    fn goes_on_where_a_stop_fails_and_says_so() {
        let without_network = |arguments| {
            let mut command = support::with_network(&command(arguments), "true")?;
            Some(Program::start(&mut command).finish())
        };
        let Some(tour) = without_network(&[]) else { return };
        let tour = tour.success();
        assert_eq!(names(&tour), NAMES);
        assert!(tour.contains("    cannot show accept(): "), "{tour}");
        let Some(ending) = without_network(&["accept"]) else { return };
        assert!(ending.stdout.starts_with("accept()  ·  "), "{ending:?}");
        let error = ending.error();
        assert!(error.starts_with("Error: cannot show accept(): "), "{error}");
    }
}

mod polish {
    use super::*;

    #[test]
    fn makes_each_stop_alone_by_its_name() {
        for name in NAMES.split(' ') {
            stop(name);
        }
    }

    #[test]
    fn help_tells_the_lesson_and_its_stops_in_one_screen() {
        let parts = ["Lesson 13", "both sides"];
        rules::help_tells_the_lesson_and_its_other_half_in_one_screen(command, &parts);
        let help = start(&["--help"]).finish().success();
        let listed = help.split_once("Stops:").unwrap().1;
        let listed = listed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(listed.starts_with(NAMES), "{listed}");
    }

    #[test]
    fn refuses_a_wrong_command_line() {
        let wrong: [&[&str]; 5] =
            [&["recvform"], &[""], &["Bind"], &["bind", "listen"], &["--all"]];
        rules::refuses_a_wrong_command_line(command, &wrong);
        let message = start(&["recvform"]).finish().refused();
        assert!(NAMES.split(' ').all(|name| message.contains(name)), "{message}");
    }

    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"bind\xff"]]
    );

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        for arguments in [[].as_slice(), &["bind"]] {
            rules::ends_when_stdout_is_closed_or_full(command(arguments), |_| ());
        }
    }

    #[test]
    fn prints_utf_8_whatever_the_terminal_has() {
        let program = Program::start(command(&["fileno"]).env("PYTHONIOENCODING", "ascii"));
        let stop = program.finish().success();
        assert!(stop.starts_with("fileno()  \u{b7}  "), "{stop}");
    }
}
