//! Lesson 6, `gethostname-demo`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::{Ending, Program, accept, connect, expect, expect_end, reset, rules};

const GREETING: &str = "网络编程测试。\r\n";

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_gethostname-demo"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A server on a free port of 127.0.0.1, ready for clients; and its address.
fn server() -> (Program, String) {
    let server = start(&["server", "127.0.0.1:0"]);
    let address = server.address();
    (server, address)
}

/// Is a client at `address`, up to the server's close; gives the client's own address.
#[track_caller]
fn be_greeted(address: &str) -> String {
    let mut client = connect(address);
    expect(&mut client, GREETING.as_bytes());
    expect_end(&mut client);
    client.local_addr().unwrap().to_string()
}

/// Runs the client against a server that says `message` and closes.
fn ending_with(message: &[u8]) -> Ending {
    let (listener, address) = support::listener();
    let client = start(&["client", &address]);
    accept(&listener).write_all(message).unwrap();
    client.finish()
}

/// In a loop: `accept`, print and flush `连接地址: HOST:PORT` of the peer, `sendall` the greeting
/// in UTF-8 with CR LF, close; read nothing.
#[test]
fn greets_one_client_after_the_other_and_prints_their_addresses() {
    let (server, address) = server();
    for _ in 0..3 {
        let peer = be_greeted(&address);
        assert_eq!(server.stdout.line(), format!("连接地址: {peer}"));
    }
}

/// Bind to port 0, then ask the socket which port it got (`getsockname`, `local_addr`) and print
/// that one after `Listening on `.
#[test]
fn port_0_is_any_free_one() {
    let (_first, address) = server();
    let (_second, another) = server();
    assert_ne!(address, another);
    be_greeted(&address);
    be_greeted(&another);
}

/// Do not wait for a client: the greeting fits into the socket's buffer, so `sendall` and close
/// return at once, and a client may read it later.
#[test]
fn a_client_that_does_not_read_holds_up_no_one() {
    let (_server, address) = server();
    let idle: Vec<_> = (0..10).map(|_| connect(&address)).collect();
    be_greeted(&address);
    for mut client in idle {
        expect(&mut client, GREETING.as_bytes());
        expect_end(&mut client);
    }
}

/// Print the client's address after `accept`, then catch the error of `sendall` (ECONNRESET,
/// EPIPE): one line `lost PEER: ` on stderr, and go on with the next `accept`.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_resets_costs_one_line_at_most() {
    let (server, address) = server();
    // While it is stopped, clients come and go.
    server.stop();
    let gone = [(); 3].map(|()| {
        let client = connect(&address);
        let peer = client.local_addr().unwrap();
        reset(client);
        peer
    });
    server.signal("-CONT");
    for peer in gone {
        assert_eq!(server.stdout.line(), format!("连接地址: {peer}"));
        let line = server.stderr.line();
        assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
    }
    be_greeted(&address);
    server.signal("-KILL");
    assert_eq!(server.finish().stderr, "");
}

/// `accept` (ECONNABORTED) and `sendall` (ECONNRESET, EPIPE) may fail for a client that is gone:
/// catch that inside the loop, and in C ignore SIGPIPE.
#[test]
fn goes_on_after_clients_that_reset() {
    let (mut server, address) = server();
    for _ in 0..20 {
        reset(connect(&address));
    }
    be_greeted(&address);
    assert!(server.runs());
}

/// `accept` fails with EMFILE when no descriptor is free: say `cannot serve a client: ` and the
/// reason on stderr, sleep 0.1 s or more, and call it again.
#[cfg(target_os = "linux")]
#[test]
fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
    let (mut server, address) = server();
    // The three standard streams and the listener are four: none is left for a client, but for the
    // one that an `accept` that waits already may have set aside.
    if !server.allow_descriptors(4) {
        return;
    }
    let mut client = connect(&address);
    rules::pauses_while_it_cannot_serve(&mut server);
    assert!(server.allow_descriptors(64));
    expect(&mut client, GREETING.as_bytes());
    expect_end(&mut client);
    be_greeted(&address);
    assert!(server.runs());
}

/// Set SO_REUSEADDR before `bind`; else the port stays taken while the old connection is in
/// TIME-WAIT (RFC 9293 §3.3.2). On Windows leave it unset.
#[cfg(unix)]
#[test]
fn listens_on_the_same_port_again_at_once() {
    let at = |address: &str| command(&["server", address]);
    // The server closes the connection first: its port is in TIME_WAIT.
    rules::listens_again_at_once(at, |address| drop(be_greeted(address)));
}

/// Take the brackets off `[::1]` and make the socket of the family that `getaddrinfo` gives, in
/// both halves; `连接地址: ` and `Listening on ` show the brackets again.
#[test]
fn greets_over_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let server = start(&["server", "[::1]:0"]);
    let address = server.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    let peer = be_greeted(&address);
    assert!(peer.starts_with("[::1]:"), "{peer}");
    assert_eq!(server.stdout.line(), format!("连接地址: {peer}"));
    assert_eq!(start(&["client", &address]).finish().success(), "网络编程测试。\n");
}

/// Give the host to `getaddrinfo` in both halves: bind to the first address that works, connect to
/// each in turn. `localhost` may be 127.0.0.1, ::1 or both.
#[test]
fn takes_a_name_for_an_address() {
    let server = start(&["server", "localhost:0"]);
    let address = server.address();
    be_greeted(&address);
    let (_, port) = address.rsplit_once(':').unwrap();
    let client = start(&["client", &format!("localhost:{port}")]);
    assert_eq!(client.finish().success(), "网络编程测试。\n");
}

/// Let `bind` fail if the port is taken: no SO_REUSEPORT, and on Windows no SO_REUSEADDR. Then name
/// address and reason on stderr, end with `; choose another port`, status 1.
#[test]
fn says_where_why_and_what_to_do_when_it_cannot_listen() {
    let (_server, address) = server();
    rules::says_why_it_cannot_listen(|address| command(&["server", address]), &address);
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn a_server_ends_with_an_error_when_stdout_is_closed_or_full() {
    rules::needs_stdout(command(&["server", "127.0.0.1:0"]), |server| connect(&server.address()));
}

/// One `recv` may give a single byte: collect what comes until it gives nothing, and decode the
/// whole only then.
#[test]
fn reads_up_to_the_close_although_the_text_comes_byte_by_byte() {
    let (listener, address) = support::listener();
    let client = start(&["client", &address]);
    let mut stream = accept(&listener);
    stream.set_nodelay(true).unwrap();
    for byte in GREETING.as_bytes() {
        // Linux tells when it has read the byte before, and sleeps until there is another.
        if cfg!(target_os = "linux") {
            support::wait_for_state(client.id(), 'S');
        }
        stream.write_all(&[*byte]).unwrap();
    }
    drop(stream);
    assert_eq!(client.finish().success(), "网络编程测试。\n");
}

/// The message ends where the server closes, not at CR LF: wait for the empty `recv`, then print it
/// as one line, with a CR LF amid it as `\r\n`.
#[test]
fn prints_nothing_before_the_close() {
    let (listener, address) = support::listener();
    let mut client = start(&["client", &address]);
    let mut stream = accept(&listener);
    stream.write_all(GREETING.as_bytes()).unwrap();
    be_greeted(&server().1); // meanwhile
    assert!(client.runs());
    stream.write_all("再见".as_bytes()).unwrap();
    drop(stream);
    assert_eq!(client.finish().success(), "网络编程测试。\\r\\n再见\n");
}

/// Take CR LF, as a pair, off the end, and nothing else (`strip()` takes more); then escape what is
/// left of CR and LF, so that one message is one line.
#[test]
fn prints_one_line_without_the_lines_own_end() {
    for (message, printed) in [
        ("hi\r\n", "hi\n"),
        ("hi", "hi\n"),
        ("hi\n", "hi\\n\n"), // only CR LF is the end of a line here
        ("hi\r", "hi\\r\n"),
        ("a\r\nb\r\n", "a\\r\\nb\n"),
    ] {
        assert_eq!(ending_with(message.as_bytes()).success(), printed, "{message:?}");
    }
}

/// Decode with U+FFFD for what is no UTF-8: `decode("utf-8", "replace")` in Python,
/// `String::from_utf8_lossy` in Rust.
#[test]
fn shows_what_is_no_text_as_replacement_characters() {
    assert_eq!(
        ending_with(b"\xff a \xc0\xaf b \xe5\xbc\r\n").success(),
        "\u{fffd} a \u{fffd}\u{fffd} b \u{fffd}\n"
    );
}

/// Before you print the message, escape C0 with CR and LF, DEL, C1, U+2028, U+2029 and the
/// bidirectional marks; only its CR LF at the end is left out.
#[test]
fn shows_what_could_steer_the_terminal_as_escapes() {
    let message = "\u{1b}]0;title\u{7}\u{1b}[2J\r\nError: forged\u{85}\u{9b}\u{202e}gnp.exe\u{2066}\u{2028}\u{7f}\0\r\n";
    let printed = ending_with(message.as_bytes()).success();
    support::check_safe(&printed, 1);
    for harmless in ["]0;title", "[2J", "Error: forged", "gnp.exe"] {
        assert!(printed.contains(harmless), "{printed}");
    }
}

/// Count while you read, stop at 65,537 bytes, and print nothing then: `Error: no message from
/// ADDRESS: `, with `65536 bytes` as the limit, status 1.
#[test]
fn takes_64_kib_and_not_one_byte_more() {
    assert_eq!(ending_with(&b"x".repeat(65_536)).success(), "x".repeat(65_536) + "\n");
    let (listener, address) = support::listener();
    let client = start(&["client", &address]);
    let mut stream = accept(&listener);
    // It need not close: the client ends, and that ends the flood.
    while stream.write_all(&[b'x'; 4096]).is_ok() {}
    let ending = client.finish();
    assert_eq!(ending.stdout, "");
    let error = ending.error();
    assert!(error.starts_with(&format!("Error: no message from {address}: ")), "{error}");
    assert!(error.contains("65536 bytes"), "{error}");
    assert_eq!(ending_with(&b"x".repeat(65_537)).stdout, "");
}

/// Set `--timeout` for each read (`settimeout`, `set_read_timeout`); the error ends with `timed
/// out`, and half a message is not printed. On Unix Rust says `WouldBlock`.
#[test]
fn does_not_wait_for_ever_on_a_silent_server() {
    let (listener, address) = support::listener();
    for said in ["", "half of"] {
        let client = start(&["client", &address, "--timeout", "0.2"]);
        let mut stream = accept(&listener);
        stream.write_all(said.as_bytes()).unwrap();
        let ending = client.finish();
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        assert!(error.contains(&address) && error.ends_with("timed out"), "{error}");
    }
}

/// Catch ECONNREFUSED from `connect` and the failure of the name (`socket.gaierror`): `Error:
/// cannot connect to ADDRESS: `, the reason, `; start the server first`.
#[test]
fn says_where_why_and_what_to_do_when_no_one_listens() {
    let (_socket, address) = support::deserted();
    for address in [&address, "no-such-host.invalid:9999"] {
        let error = start(&["client", address]).finish().error();
        assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
        assert!(error.ends_with("; start the server first"), "{error}");
    }
}

/// ECONNRESET from `recv` is an error, not the end: print nothing of the half message, but `Error:
/// ` with the address on stderr, status 1.
#[test]
fn a_server_that_resets_is_an_error() {
    let (listener, address) = support::listener();
    let client = start(&["client", &address]);
    let mut stream = accept(&listener);
    stream.write_all("网络".as_bytes()).unwrap();
    reset(stream);
    let ending = client.finish();
    assert_eq!(ending.stdout, "");
    let error = ending.error();
    assert!(error.starts_with("Error: ") && error.contains(&address), "{error}");
}

/// A `recv` that waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)):
/// call it again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (listener, address) = support::listener();
    let client = start(&["client", &address]);
    let mut stream = accept(&listener);
    stream.write_all("网络".as_bytes()).unwrap();
    client.stop_and_continue();
    stream.write_all("编程".as_bytes()).unwrap();
    drop(stream);
    assert_eq!(client.finish().success(), "网络编程\n");
}

/// Connect to each address that `getaddrinfo` gives, and give up after the last one. Python's
/// `create_connection` does that; Rust's `connect_timeout` takes only one address.
#[test]
fn tries_each_address_of_a_name() {
    rules::tries_each_address(
        |address| command(&["client", address]),
        |client, listener| {
            accept(&listener).write_all(GREETING.as_bytes()).unwrap();
            assert_eq!(client.finish().success(), "网络编程测试。\n");
        },
    );
}

/// Flush each line and check the result: `print` may fail (EPIPE, ENOSPC). Then say `Error: cannot
/// write to standard output: ` and the reason, status 1; in C, ignore SIGPIPE first.
#[test]
fn a_client_ends_with_an_error_when_stdout_is_closed_or_full() {
    let (listener, address) = support::listener();
    rules::needs_stdout(command(&["client", &address]), |_| {
        accept(&listener).write_all(GREETING.as_bytes()).unwrap();
    });
}

/// Escape what an error repeats, such as the host of the command line: control characters (ESC,
/// line ends, C1) and the marks that turn text round (U+202A to 202E, U+2066 to 2069).
#[test]
fn an_error_cannot_steer_the_terminal() {
    for half in ["server", "client"] {
        rules::has_safe_errors(|address| command(&[half, address]));
    }
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = server();
        be_greeted(&address);
        server.check_ends_by(signal);
    }
}

/// A line on stderr about one client may fail (EPIPE), as after the end of a terminal: go on
/// without it (`let _ = writeln!(…)`, `contextlib.suppress(OSError)`).
#[cfg(unix)]
#[test]
fn goes_on_when_no_one_reads_its_stderr() {
    let (mut server, address) =
        Program::start_and_close_stderr(command(&["server", "127.0.0.1:0"]));
    for _ in 0..3 {
        reset(connect(&address)); // which may be lost, and a line about it, too
    }
    assert!(server.runs());
    be_greeted(&address);
}

/// `Listening on ` may fail as well (ENOSPC): end with status 1. Rust's `eprintln!` would panic, so
/// use `writeln!`; Python tries stderr again at exit (status 120), unless it is None by then.
#[test]
fn ends_with_an_error_when_stderr_is_full() {
    rules::needs_stderr(command(&["server", "127.0.0.1:0"]));
}

/// First `server`, `client` or nothing, an address only behind one of them, port 0 to 65535, a
/// timeout over 0 and no NaN: else `error: ` on stderr and status 2, before any socket.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["both"],
        &["127.0.0.1:0"], // an address is one half's
        &["server", "127.0.0.1:0", "more"],
        &["--timeout", "0"],
        &["--timeout", "NaN"],
        &["--timeout=-1"],
        &["--timeout", "1e400"],
        &["client", "127.0.0.1:9999", "--timeout", "soon"],
        &["server", "--port", "9999"],
    ];
    rules::refuses(command, wrong);
    for half in ["server", "client"] {
        rules::refuses_wrong_addresses(|address| command(&[half, address]));
    }
}

/// Arguments can be any bytes. Python makes them surrogates, on which `text.encode()` fails; in
/// Rust, `std::env::args` panics, so use `args_os` or `clap`. End with status 2.
#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf_8() {
    for arguments in [&[b"127.0.0.1\xff:0".as_slice()][..], &[b"server", b"127.0.0.1\xff:0"]] {
        rules::refuses_what_is_not_utf_8(env!("CARGO_BIN_EXE_gethostname-demo"), arguments);
    }
}

/// `--help` needs 24 lines of 80 columns at most, with the port, the timeout and how to start the
/// halves (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_halves_in_one_screen() {
    let parts = ["Lesson 6", "9999", "30", "gethostname-demo server"];
    support::check_help(start(&["--help"]), &parts);
}

/// Try it by hand with gethostname-demo.py client: the greeting is UTF-8 with CR LF, and the server
/// must close, or the client waits for the end.
#[test]
fn a_server_greets_the_python_twin() {
    let (server, address) = server();
    let Some(client) = support::python_twin("gethostname-demo", ["client", &address]) else {
        return;
    };
    assert_eq!(client.finish().success(), "网络编程测试。\n");
    assert!(server.stdout.line().starts_with("连接地址: 127.0.0.1:"));
}

/// Try it by hand against gethostname-demo.py server: read until it closes, and print its text
/// without CR LF.
#[test]
fn a_client_is_greeted_by_the_python_twin() {
    let Some(server) = support::python_twin("gethostname-demo", ["server", "127.0.0.1:0"]) else {
        return;
    };
    let client = start(&["client", &server.address()]);
    assert_eq!(client.finish().success(), "网络编程测试。\n");
    assert!(server.stdout.line().starts_with("连接地址: 127.0.0.1:"));
}

/// What depends on the machine's name, and on port 9999: each on a machine of its own, as far as
/// Linux can make one, with another name and with nothing but loopback for a network.
mod own_machine {
    use super::*;

    /// Runs `command` on a machine that is called `name` and knows `hosts` (Linux, root);
    /// elsewhere nothing, said aloud.
    fn on_own_machine(command: &Command, name: &str, hosts: &str) -> Option<Command> {
        let inner = support::with_hosts(command, hosts)?;
        // If there is IPv6, 2001:db8::2 has a route, but it is not here, and no TCP leads to it.
        let setup = "ip link set lo up && hostname \"$0\" || exit
            { ip addr add 2001:db8::1/64 dev lo
              ip -6 rule add to 2001:db8::2 ipproto tcp prohibit; } 2>/dev/null
            exec \"$@\"";
        let mut outer = Command::new("unshare");
        outer.args(["--net", "--uts", "sh", "-c", setup, name]);
        outer.arg(inner.get_program()).args(inner.get_args());
        Some(outer)
    }

    /// Checks that `stdout` is the whole exchange.
    #[track_caller]
    fn check_exchange(stdout: &str) {
        let port = stdout.strip_prefix("连接地址: 127.0.0.1:").unwrap_or_default();
        let (port, rest) = port.split_once('\n').unwrap_or_default();
        assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{stdout}");
        assert_eq!(rest, "网络编程测试。\n");
    }

    /// Listen at `socket.gethostname()`, port 9999, before the client connects, run the server in a
    /// thread that does not keep the program alive (`daemon=True`), and end when the client has.
    #[test]
    fn without_arguments_it_shows_the_whole_exchange_at_the_host_name() {
        let hosts = "127.0.0.2 demo.example\n";
        let Some(mut command) = on_own_machine(&command(&[]), "demo.example", hosts) else {
            return;
        };
        let ending = Program::start(&mut command).finish();
        assert!(ending.status.success(), "{ending:?}");
        assert_eq!(ending.stderr.trim_end(), "Listening on 127.0.0.2:9999");
        check_exchange(&ending.stdout);
    }

    /// Both halves take the same default: `gethostname()` and port 9999. Print the address that it
    /// leads to after `Listening on ` (`getsockname`), the name itself in an error.
    #[test]
    fn the_halves_meet_at_the_host_name() {
        let hosts = "127.0.0.2 demo.example\n";
        let on_demo = |arguments| on_own_machine(&command(arguments), "demo.example", hosts);
        let Some(mut server) = on_demo(&["server"]) else { return };
        let server = Program::start(&mut server);
        assert_eq!(server.address(), "127.0.0.2:9999");
        let client = command(&["client"]);
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &server.id().to_string(), "--net", "--uts", "--mount"]);
        inside.arg(client.get_program()).args(client.get_args());
        assert_eq!(Program::start(&mut inside).finish().success(), "网络编程测试。\n");
        // Alone, the client finds no one there.
        let Some(mut client) = on_demo(&["client"]) else { return };
        let error = Program::start(&mut client).finish().error();
        assert!(error.starts_with("Error: cannot connect to demo.example:9999: "), "{error}");
    }

    /// Try to bind port 0 at each address of `gethostname()`: EADDRNOTAVAIL means another
    /// machine's. If none works, say so in a line ending `using 127.0.0.1`, and use that.
    #[test]
    fn a_host_name_that_does_not_lead_here_is_said_aloud_and_loopback_used() {
        // One that has no address, and one that has another machine's (RFC 5737).
        for hosts in ["127.0.0.1 localhost\n", "192.0.2.1 elsewhere\n"] {
            let Some(mut both) = on_own_machine(&command(&[]), "elsewhere", hosts) else { return };
            let ending = Program::start(&mut both).finish();
            assert!(ending.status.success(), "{ending:?}");
            check_exchange(&ending.stdout);
            let lines: Vec<_> = ending.stderr.lines().collect();
            let [trap, listening] = lines[..] else { panic!("{ending:?}") };
            assert!(trap.contains("\"elsewhere\" does not lead here ("), "{trap}");
            assert!(trap.ends_with("using 127.0.0.1"), "{trap}");
            assert_eq!(listening, "Listening on 127.0.0.1:9999");
            // Each half says so too.
            let client = on_own_machine(&command(&["client"]), "elsewhere", hosts);
            let ending = Program::start(&mut client.unwrap()).finish();
            assert!(ending.stderr.contains("\"elsewhere\" does not lead here ("), "{ending:?}");
            let error = ending.error();
            assert!(error.starts_with("Error: cannot connect to 127.0.0.1:9999: "), "{error}");
        }
    }

    /// Look at the host name only if no address is given: else there is nothing to warn of, and the
    /// first line is `Listening on `.
    #[test]
    fn an_address_that_is_given_is_not_the_host_names() {
        let given = ["server", "127.0.0.3:0"];
        let Some(mut server) = on_own_machine(&command(&given), "elsewhere", "") else { return };
        let line = Program::start(&mut server).stderr.line();
        assert!(line.starts_with("Listening on 127.0.0.3:"), "{line}");
    }

    /// `getaddrinfo` may give another machine's address first: when `bind` or `connect` fails at
    /// one, try the next; in Rust, std's `bind` and `connect` do that with a name.
    #[test]
    fn of_two_addresses_of_the_host_name_it_takes_the_one_that_is_this_machines() {
        if TcpListener::bind("[::1]:0").is_err() {
            return support::left_out("there is no IPv6 here");
        }
        // The first one is tried first: binding it fails, and so does connecting to it.
        let hosts = "2001:db8::2 two.example\n127.0.0.2 two.example\n";
        let both = command(&["--timeout", "5"]);
        let Some(mut both) = on_own_machine(&both, "two.example", hosts) else { return };
        let ending = Program::start(&mut both).finish();
        assert!(ending.status.success(), "{ending:?}");
        assert_eq!(ending.stderr.trim_end(), "Listening on 127.0.0.2:9999");
        check_exchange(&ending.stdout);
    }

    /// Where IPv6 is switched off, the name may still lead to ::1 first: when `bind` or `connect`
    /// fails there (EADDRNOTAVAIL), try the next address.
    #[test]
    fn does_without_ipv6_where_it_is_switched_off() {
        let hosts = "::1 demo.example\n127.0.0.2 demo.example\n";
        let both = command(&[]);
        let mut without = Command::new("sh");
        let off = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec \"$0\" \"$@\"";
        without.args(["-c", off]).arg(both.get_program()).args(both.get_args());
        let Some(mut both) = on_own_machine(&without, "demo.example", hosts) else { return };
        let ending = Program::start(&mut both).finish();
        assert!(ending.status.success(), "{ending:?}");
        assert_eq!(ending.stderr.trim_end(), "Listening on 127.0.0.2:9999");
        check_exchange(&ending.stdout);
    }

    /// EADDRINUSE is no reason for the fallback to 127.0.0.1: try the host name with port 0, and
    /// let `bind` to 9999 fail: `Error: cannot listen on NAME:9999: …; choose another port`.
    #[test]
    fn a_port_in_use_is_an_error_and_not_another_port() {
        let hosts = "127.0.0.2 demo.example\n";
        let Some(mut server) = on_own_machine(&command(&["server"]), "demo.example", hosts) else {
            return;
        };
        let server = Program::start(&mut server);
        assert_eq!(server.address(), "127.0.0.2:9999");
        let second = command(&[]);
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &server.id().to_string(), "--net", "--uts", "--mount"]);
        inside.arg(second.get_program()).args(second.get_args());
        let error = Program::start(&mut inside).finish().error();
        assert!(error.starts_with("Error: cannot listen on demo.example:9999: "), "{error}");
        assert!(error.ends_with("; choose another port"), "{error}");
    }

    /// Server thread and client print: whichever fails first (EPIPE, ENOSPC), one line `Error:
    /// cannot write to standard output: ` and status 1, with no traceback of the thread.
    #[test]
    fn the_whole_exchange_ends_with_an_error_when_stdout_is_closed_or_full() {
        let Some(both) = on_own_machine(&command(&[]), "demo", "127.0.0.1 demo\n") else { return };
        rules::needs_stdout(both, |_| ());
    }
}
