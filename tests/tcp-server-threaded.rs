//! Lesson 4, `tcp-server-threaded`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use support::{Program, connect, expect, expect_end, patience, reset, rules};

fn command(arguments: &[&str]) -> Command {
    support::command(env!("CARGO_BIN_EXE_tcp-server-threaded"), arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// A server without a delay, on a free port of 127.0.0.1, ready for clients; and its address.
fn server() -> (Program, String) {
    let server = start(&["127.0.0.1:0", "--delay", "0"]);
    let address = server.address();
    assert_eq!(server.stdout.line(), "Waiting for connection...");
    (server, address)
}

/// Holds the tutorial's dialogue as the client `stream`.
#[track_caller]
fn dialogue(stream: &mut TcpStream) {
    expect(stream, b"Welcome!");
    for name in ["Michael", "Tracy", "Sarah"] {
        stream.write_all(name.as_bytes()).unwrap();
        expect(stream, format!("Hello, {name}!").as_bytes());
    }
    stream.write_all(b"exit").unwrap();
    expect_end(stream);
}

/// Send `Welcome!`, then `Hello, NAME!` for each `recv`, all without a newline; at `exit` close.
/// Print the two lines of each connection with its address, and flush them.
#[test]
fn holds_the_tutorials_dialogue_and_prints_its_words() {
    let (server, address) = server();
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    dialogue(&mut client);
    assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
    assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
}

/// `--help` needs 24 lines of 80 columns at most, with the default address, both options and how to
/// start the client (argparse: `epilog`; clap: `after_help`).
#[test]
fn help_tells_the_lesson_and_its_other_half_in_one_screen() {
    let parts = ["Lesson 4", "127.0.0.1:9999", "--delay", "1024", "cargo run -p tcp-client"];
    support::check_help(start(&["--help"]), &parts);
}

/// `--delay` takes fractions of a second: sleep so long after each `recv` and before its answer
/// (`time.sleep`, `thread::sleep`), in the connection's own thread.
#[test]
fn pauses_before_each_answer() {
    let server = start(&["127.0.0.1:0", "--delay", "0.3"]);
    let mut client = connect(&server.address());
    expect(&mut client, b"Welcome!");
    let start = Instant::now();
    client.write_all(b"Tracy").unwrap();
    expect(&mut client, b"Hello, Tracy!");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

/// Do not decode or strip: put the bytes between `Hello, ` and `!` and send them in one call. Only
/// exactly `exit` ends it, and `recv` must take 1,024 bytes.
#[test]
fn answers_any_bytes_with_the_same_bytes() {
    let (_server, address) = server();
    let mut client = connect(&address);
    expect(&mut client, b"Welcome!");
    for message in
        [b"\xff\x00\x1b[2J\r\n".as_slice(), "张三".as_bytes(), b"exit\n", b" exit", &[b'x'; 1024]]
    {
        client.write_all(message).unwrap();
        expect(&mut client, &[b"Hello, ", message, b"!"].concat());
    }
}

/// TCP keeps no messages apart (RFC 9293 §2.2): what one `recv` gives is one name here, and so are
/// `Sarah` and `exit` in one piece. Only `exit` alone, in a `recv` of its own, ends it.
#[test]
fn takes_what_arrives_together_as_one_message() {
    let (_server, address) = server();
    let mut client = connect(&address);
    expect(&mut client, b"Welcome!");
    client.write_all(b"Sarahexit").unwrap();
    expect(&mut client, b"Hello, Sarahexit!");
    client.write_all(b"exit").unwrap();
    expect_end(&mut client);
}

/// When the client shuts down its sending half, `recv` gives no bytes (b"", 0) and no error: close
/// then, instead of answering nothing for ever.
#[test]
fn ends_a_conversation_at_the_end_of_the_stream() {
    let (server, address) = server();
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    expect(&mut client, b"Welcome!");
    client.shutdown(Shutdown::Write).unwrap();
    expect_end(&mut client);
    assert_eq!(
        server.stdout.until("closed.\n").lines().last(),
        Some(&*format!("Connection from {peer} closed."))
    );
}

/// Handle each connection in a thread of its own, started right after `accept` (`threading.Thread`,
/// `thread::spawn`), so that the loop can accept the next one.
#[test]
fn serves_clients_side_by_side() {
    let (_server, address) = server();
    let mut first = connect(&address);
    expect(&mut first, b"Welcome!");
    dialogue(&mut connect(&address));
    first.write_all(b"Michael").unwrap();
    expect(&mut first, b"Hello, Michael!");
}

/// Set SO_KEEPALIVE on each connection: a client that vanished without a FIN keeps its place until
/// the system has asked in vain whether it is still there (RFC 1122 §4.2.3.6).
#[cfg(target_os = "linux")]
#[test]
fn asks_whether_a_silent_client_is_still_there() {
    let (_server, address) = server();
    let mut client = connect(&address);
    expect(&mut client, b"Welcome!");
    let port = |address: &str| {
        let (_, port) = address.rsplit_once(':').unwrap();
        format!("0100007F:{:04X}", port.parse::<u16>().unwrap())
    };
    let ends = [port(&address), port(&client.local_addr().unwrap().to_string())];
    let deadline = Instant::now() + patience();
    loop {
        // A timer of kind 02 is that of keepalive (proc(5), and the kernel's proc_net_tcp).
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.find(|row| row[1..3] == ends).expect("the connection is there");
        if row[5].starts_with("02:") {
            return;
        }
        assert!(Instant::now() < deadline, "its timer is {}", row[5]);
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process has 1,024 descriptors by default (`ulimit -n`): one for each connection, so no `dup`
/// or `try_clone`. An idle thread must block in `recv`, and not poll.
#[test]
fn serves_one_more_beside_a_thousand_idle_connections() {
    // By default macOS gives a process 256 descriptors, for all the tests that run side by side.
    let many = if cfg!(target_os = "linux") { 1000 } else { 64 };
    let (_server, address) = server();
    let idle: Vec<_> = (0..many).map(|_| connect(&address)).collect();
    for mut stream in &idle {
        let mut welcome = [0; 8];
        stream.read_exact(&mut welcome).unwrap();
        assert_eq!(&welcome, b"Welcome!");
    }
    dialogue(&mut connect(&address));
}

/// Take a place from a semaphore before you serve a connection, and give it back however that ends
/// (`finally`, `with`, `Drop`): `threading.BoundedSemaphore(N)`.
#[test]
fn lets_a_client_wait_while_all_places_are_taken() {
    let server = start(&["127.0.0.1:0", "--delay", "0", "--max-connections", "2"]);
    let address = server.address();
    let mut first = connect(&address);
    expect(&mut first, b"Welcome!");
    let mut second = connect(&address);
    expect(&mut second, b"Welcome!");
    let mut third = connect(&address);
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    third.read(&mut [0]).expect_err("a third client is served, with two places");
    third.set_read_timeout(Some(patience())).unwrap();
    drop(first);
    dialogue(&mut third);
    drop(second);
    // Each place came back: many more than two clients are served one after the other.
    for _ in 0..20 {
        dialogue(&mut connect(&address));
    }
}

/// In the thread, catch the error of `recv` and `sendall` (ECONNRESET): one line `lost PEER: ` and
/// the reason on stderr, then the closing line; nothing else may end by it.
#[test]
fn reports_a_reset_in_one_line_and_goes_on() {
    let (server, address) = server();
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    expect(&mut client, b"Welcome!");
    reset(client);
    let line = server.stderr.line();
    assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
    assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
    assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
    dialogue(&mut connect(&address));
}

/// Ask for a long queue: `listen(4096)`. The tutorial's 5, or the 128 of Rust's std, lose clients
/// of a burst; Linux allows up to net.core.somaxconn.
#[test]
fn welcomes_a_burst_of_clients() {
    // Far more than std's own backlog of 128: all are connected before one place comes free.
    // macOS has room for 128 in the queue, Windows for about 200, and macOS few descriptors.
    let many = if cfg!(target_os = "linux") { 600 } else { 64 };
    let server = start(&["127.0.0.1:0", "--delay", "0", "--max-connections", "1"]);
    let address = server.address();
    let socket_address = address.parse().unwrap();
    let clients: Vec<_> = (0..many)
        .map(|n| {
            TcpStream::connect_timeout(&socket_address, patience() / 3)
                .unwrap_or_else(|error| panic!("client {n} of {many}: {error}"))
        })
        .collect();
    for mut client in clients {
        client.set_read_timeout(Some(patience())).unwrap();
        dialogue(&mut client);
    }
}

/// `accept` fails with EMFILE when no descriptor is free: say `cannot serve a client: ` and the
/// reason on stderr, sleep 0.1 s or more, and call it again.
#[cfg(unix)]
#[test]
fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
    let limited =
        &mut support::with_limit(&command(&["127.0.0.1:0", "--delay", "0"]), ["-n", "24"]);
    let mut server = Program::start(limited);
    let address = server.address();
    let clients: Vec<_> = (0..40).map(|_| connect(&address)).collect();
    rules::pauses_while_it_cannot_serve(&mut server);
    drop(clients);
    dialogue(&mut connect(&address));
}

/// A thread may fail to start: `Thread.start` raises RuntimeError, `thread::spawn` panics
/// (`thread::Builder` does not). Say `cannot serve a client: `, close it, free its place.
#[cfg(target_os = "linux")]
#[test]
fn loses_one_client_and_not_itself_when_no_thread_can_start() {
    // Room for eight stacks of 1 GiB, and then enough memory for everything but one more.
    let command =
        &support::with_limit(&command(&["127.0.0.1:0", "--delay", "0"]), ["-v", "8912896"]);
    let limited = &mut support::with_limit(command, ["-s", "1048576"]);
    limited.env("RUST_MIN_STACK", (1 << 30).to_string());
    let mut server = Program::start(limited);
    let address = server.address();
    let clients: Vec<_> = (0..100).map(|_| connect(&address)).collect();
    let line = server.stderr.line();
    assert!(line.contains("cannot serve a client: "), "{line}");
    assert!(server.runs());
    drop(clients);
    // Those that no thread was found for were closed at once; the next one is served again.
    let deadline = Instant::now() + patience();
    while Instant::now() < deadline {
        let mut client = connect(&address);
        let mut welcome = [0; 8];
        if client.read_exact(&mut welcome).is_ok() {
            client.write_all(b"exit").unwrap();
            expect_end(&mut client);
            return;
        }
    }
    panic!("no client is served any more: {:?}", server.stderr);
}

/// Both end a program unless it asks otherwise (signal(7)): leave them alone, or end with 128 and
/// the number. Python makes SIGINT a KeyboardInterrupt: catch that around all of `main`.
#[cfg(unix)]
#[test]
fn ctrl_c_and_kill_end_it_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (server, address) = server();
        let mut client = connect(&address);
        expect(&mut client, b"Welcome!"); // and its thread waits for more
        server.check_ends_by(signal);
    }
}

/// What waits with a timeout may fail with EINTR after SIGSTOP and SIGCONT (signal(7)): call it
/// again. Python does so by itself (PEP 475); in Rust it is `ErrorKind::Interrupted`.
#[cfg(target_os = "linux")]
#[test]
fn goes_on_after_it_was_stopped_and_continued() {
    let (server, address) = server();
    let mut client = connect(&address);
    expect(&mut client, b"Welcome!");
    for name in ["Michael", "Tracy"] {
        server.stop_and_continue();
        client.write_all(name.as_bytes()).unwrap();
        expect(&mut client, format!("Hello, {name}!").as_bytes());
    }
    dialogue(&mut connect(&address));
}

/// A line on stderr about one client may fail (EPIPE), as after the end of a terminal: go on
/// without it (`let _ = writeln!(…)`, `contextlib.suppress(OSError)`).
#[cfg(unix)]
#[test]
fn goes_on_when_no_one_reads_its_stderr() {
    let (mut server, address) =
        Program::start_and_close_stderr(command(&["127.0.0.1:0", "--delay", "0"]));
    for _ in 0..3 {
        let mut client = connect(&address);
        expect(&mut client, b"Welcome!");
        reset(client);
        server.stdout.until("closed.\n"); // its thread has come to its end, too
    }
    assert!(server.runs());
    dialogue(&mut connect(&address));
}

/// A program may be started without stdin and stdout (`<&- >&-`): its sockets must not get their
/// numbers, 0 and 1, or its words go to the client. Python's `sys.stdout` is None then.
#[cfg(unix)]
#[test]
fn its_words_go_to_no_client_when_it_has_no_stdout() {
    let command = command(&["127.0.0.1:0", "--delay", "0"]);
    rules::keeps_its_words_from_clients(&command, |address| dialogue(&mut connect(address)));
}

/// Check HOST:PORT (0 to 65535), `--delay` (0 or more, finite, no NaN) and `--max-connections` (1
/// or more) before you listen: `error: ` on stderr, status 2.
#[test]
fn refuses_a_wrong_command_line() {
    let wrong: &[&[&str]] = &[
        &["--delay", "-1"],
        &["--delay=-1"],
        &["--delay", "NaN"],
        &["--delay", "1e400"],
        &["--delay", "one"],
        &["--max-connections", "0"],
        &["--port", "9999"],
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
        env!("CARGO_BIN_EXE_tcp-server-threaded"),
        &[b"127.0.0.1\xff:0"],
    );
}

/// Let `bind` fail if the port is taken: no SO_REUSEPORT, and on Windows no SO_REUSEADDR. Then name
/// address and reason on stderr, end with `; choose another port`, status 1.
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

/// Set SO_REUSEADDR before `bind`; else the port stays taken while the old connection is in
/// TIME-WAIT (RFC 9293 §3.3.2). On Windows leave it unset.
#[cfg(unix)]
#[test]
fn listens_on_the_same_port_again_at_once() {
    let at = |address: &str| command(&[address, "--delay", "0"]);
    // The server closes the connection first: its port is in TIME_WAIT.
    rules::listens_again_at_once(at, |address| dialogue(&mut connect(address)));
}

/// Take the brackets off `[::1]`, and make the socket of the family that `getaddrinfo` gives:
/// AF_INET6 here. `Listening on ` shows the brackets again.
#[test]
fn listens_on_ipv6() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return support::left_out("there is no IPv6 here");
    }
    let server = start(&["[::1]:0", "--delay", "0"]);
    let address = server.address();
    assert!(address.starts_with("[::1]:"), "{address}");
    dialogue(&mut connect(&address));
}

/// `%1` in `[::1%1]` is a zone (RFC 4007 §11), the number of an interface: give it to `getaddrinfo`
/// with the rest (Rust's std takes a number there, and no name).
#[cfg(target_os = "linux")]
#[test]
fn takes_an_ipv6_address_with_a_zone() {
    let command = command(&["[::1%1]:0", "--delay", "0"]);
    rules::takes_a_zone(command, |address| dialogue(&mut connect(address)));
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
    let server = start(&["localhost:0", "--delay", "0"]);
    dialogue(&mut connect(&server.address()));
}

/// Try it by hand with tcp-client.py: each answer must go out in one `sendall`, as this client
/// takes one `recv` for one answer, and without a newline.
#[test]
fn talks_with_the_python_twin_of_its_client() {
    let (_server, address) = server();
    let Some(client) = support::python_twin("tcp-client", [&address]) else { return };
    let words = client.finish().success();
    assert_eq!(words, "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
}
