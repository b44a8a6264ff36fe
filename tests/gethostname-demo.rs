//! Lesson 6, `gethostname-demo`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::rules::{self, WRONG_ADDRESS};
use support::{Ending, Meeting, Peer, Program};
use support::{accept, connect, expect, expect_end, listener, reset, rule};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_gethostname-demo");

const GREETING: &str = "网络编程测试。\r\n";

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

fn server_at(address: &str) -> Command {
    command(&["server", address])
}

fn client_at(address: &str) -> Command {
    command(&["client", address])
}

/// A server on a free port of 127.0.0.1, ready for clients; and its address.
#[track_caller]
fn server() -> (Program, String) {
    let server = Program::start(&mut server_at("127.0.0.1:0"));
    let address = server.address();
    (server, address)
}

/// Gets the server's greeting and its close.
#[track_caller]
fn hear(client: &mut Peer) {
    expect(client, GREETING.as_bytes());
    expect_end(client);
}

/// Is a client at `address`, up to the server's close; gives the client's own address.
#[track_caller]
fn be_greeted(address: &str) -> String {
    let mut client = connect(address);
    hear(&mut client);
    client.local_addr().unwrap().to_string()
}

/// The server's part with a client, and what that prints.
#[track_caller]
fn greet(client: Program, mut stream: Peer) {
    stream.write_all(GREETING.as_bytes()).unwrap();
    drop(stream);
    assert_eq!(client.finish().success(), "网络编程测试。\n");
}

/// A client, and its connection to the test.
#[track_caller]
fn client() -> (Program, Peer) {
    let (listener, address) = listener();
    let client = Program::start(&mut client_at(&address));
    (client, accept(&listener))
}

/// Runs the client against a server that says `message` and closes.
#[track_caller]
fn ending_with(message: &[u8]) -> Ending {
    let (client, mut stream) = client();
    stream.write_all(message).unwrap();
    drop(stream);
    client.finish()
}

mod dialogue {
    use super::*;

    #[track_caller]
    fn meet_server() -> Meeting {
        Meeting::server(|address| command(&[&["server"], address].concat()))
    }

    /// The client's meeting, up to the server's close.
    #[track_caller]
    fn meet_client() -> (Meeting, Peer) {
        let mut meeting = Meeting::client(|address| command(&[&["client"], address].concat()));
        let mut stream = meeting.accept();
        stream.write_all(GREETING.as_bytes()).unwrap();
        meeting.close(&stream);
        (meeting, stream)
    }

    #[test]
    fn a_server_greets_one_client_after_the_other_and_closes() {
        if !support::judges("server") {
            return;
        }
        let mut meeting = meet_server();
        for _ in 0..3 {
            hear(&mut meeting.connect());
        }
    }

    #[test]
    fn a_server_prints_the_port_of_each_client() {
        if !support::judges("server") {
            return;
        }
        let mut meeting = meet_server();
        for _ in 0..2 {
            let mut client = meeting.connect();
            hear(&mut client);
            let port = client.local_addr().unwrap().port().to_string();
            meeting.program.stdout.line_with(&port);
        }
    }

    #[test]
    fn a_client_prints_what_the_server_says() {
        if !support::judges("client") {
            return;
        }
        let (meeting, _stream) = meet_client();
        meeting.program.stdout.line_with("网络编程测试。");
    }

    #[test]
    fn a_client_sends_nothing_and_ends_well() {
        if !support::judges("client") {
            return;
        }
        let (meeting, mut stream) = meet_client();
        expect_end(&mut stream);
        meeting.program.finish().success();
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn a_client_that_does_not_read_holds_up_no_one() {
        let (_server, address) = server();
        let idle: Vec<_> = (0..10).map(|_| connect(&address)).collect();
        be_greeted(&address);
        for mut client in idle {
            hear(&mut client);
        }
    }

    /// A client that has gone before the server, which is stopped meanwhile, greets it.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn go_before_the_greeting(server: &Program, address: &str) -> String {
        server.stop();
        let client = connect(address);
        let peer = client.local_addr().unwrap().to_string();
        reset(client);
        server.signal("-CONT");
        assert_eq!(server.stdout.line(), format!("连接地址: {peer}"));
        peer
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reports_a_reset_in_one_line_and_goes_on() {
        let (server, address) = server();
        for _ in 0..3 {
            let peer = go_before_the_greeting(&server, &address);
            let line = server.stderr.line();
            assert!(line.starts_with(&format!("lost {peer}: ")), "{line}");
        }
        be_greeted(&address);
        server.signal("-KILL");
        assert_eq!(server.finish().stderr, "");
    }

    #[test]
    fn goes_on_after_clients_that_reset() {
        let (mut server, address) = server();
        for _ in 0..20 {
            reset(connect(&address));
        }
        be_greeted(&address);
        assert!(server.runs());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is() {
        let (mut server, address) = server();
        // The three standard streams and the listener are four: none is left for a client, but for
        // the one that an `accept` that waits already may have set aside.
        if !server.allow_descriptors(4) {
            return;
        }
        let mut client = connect(&address);
        rules::pauses_while_it_cannot_serve(&mut server);
        assert!(server.allow_descriptors(64));
        hear(&mut client);
        be_greeted(&address);
        assert!(server.runs());
    }

    rule!(
        #[cfg(unix)]
        listens_on_the_same_port_again_at_once,
        server_at,
        |address| {
            be_greeted(address);
        } // closed by the server first: its port is in TIME_WAIT
    );
    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, server_at);
    rule!(
        #[cfg(unix)]
        ctrl_c_and_kill_end_it_at_once,
        server_at,
        |_, address| be_greeted(address)
    );

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

    rule!(
        is_reachable_as_127_0_0_1_under_the_name_localhost,
        |address| command(&["server", address]),
        |_server, address| {
            be_greeted(address);
        }
    );

    #[test]
    fn takes_a_name_for_an_address() {
        let server = start(&["server", "localhost:0"]);
        let address = server.address();
        be_greeted(&address);
        let (_, port) = address.rsplit_once(':').unwrap();
        let client = start(&["client", &format!("localhost:{port}")]);
        assert_eq!(client.finish().success(), "网络编程测试。\n");
    }

    #[test]
    fn reads_up_to_the_close_although_the_text_comes_byte_by_byte() {
        let (client, mut stream) = client();
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

    #[test]
    fn prints_nothing_before_the_close() {
        let (mut client, mut stream) = client();
        stream.write_all(GREETING.as_bytes()).unwrap();
        be_greeted(&server().1); // meanwhile
        assert!(client.runs());
        stream.write_all("再见".as_bytes()).unwrap();
        drop(stream);
        assert_eq!(client.finish().success(), "网络编程测试。\\r\\n再见\n");
    }

    #[test]
    fn takes_64_kib_and_not_one_byte_more() {
        assert_eq!(ending_with(&b"x".repeat(65_536)).success(), "x".repeat(65_536) + "\n");
        let (client, mut stream) = client();
        let address = stream.local_addr().unwrap().to_string();
        // It need not close: the client ends, and that ends the flood.
        let sent = stream.write_all(&vec![b'x'; 4 << 20]);
        let ending = client.finish();
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        assert!(error.starts_with(&format!("Error: no message from {address}: ")), "{error}");
        assert!(error.contains("65536 bytes"), "{error}");
        drop(sent);
        assert_eq!(ending_with(&b"x".repeat(65_537)).stdout, "");
    }

    #[test]
    fn shows_what_is_not_text_as_replacement_characters() {
        assert_eq!(
            ending_with(b"\xff a \xc0\xaf b \xe5\xbc\r\n").success(),
            "\u{fffd} a \u{fffd}\u{fffd} b \u{fffd}\n"
        );
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let message = "\u{1b}]0;title\u{7}\u{1b}[2J\r\nError: forged\u{85}\u{9b}\u{202e}gnp.exe\u{2066}\u{2028}\u{7f}\0\r\n";
        let printed = ending_with(message.as_bytes()).success();
        support::check_safe(&printed, 1);
        support::check_keeps(&printed, &["]0;title", "[2J", "Error: forged", "gnp.exe"]);
    }

    #[test]
    fn does_not_wait_forever_on_a_silent_server() {
        let (listener, address) = listener();
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

    rule!(
        #[cfg(target_os = "linux")]
        does_not_wait_forever_on_a_connection,
        |address| command(&["client", address, "--timeout", "0.2"])
    );

    #[test]
    fn says_where_why_and_what_to_do_when_no_one_listens() {
        let (_socket, address) = support::deserted();
        for address in [&address, "no-such-host.invalid:9999"] {
            let error = start(&["client", address]).finish().error();
            assert!(error.starts_with(&format!("Error: cannot connect to {address}: ")), "{error}");
            let refused = !address.starts_with("no-such-host");
            assert_eq!(error.ends_with("; start the server first"), refused, "{error}");
        }
    }

    #[test]
    fn a_server_that_resets_is_an_error() {
        let (client, mut stream) = client();
        let address = stream.local_addr().unwrap().to_string();
        stream.write_all("网络".as_bytes()).unwrap();
        reset(stream);
        let ending = client.finish();
        assert_eq!(ending.stdout, "");
        let error = ending.error();
        assert!(error.starts_with("Error: ") && error.contains(&address), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn goes_on_after_it_was_stopped_and_continued() {
        let (client, mut stream) = client();
        stream.write_all("网络".as_bytes()).unwrap();
        client.stop_and_continue();
        stream.write_all("编程".as_bytes()).unwrap();
        drop(stream);
        assert_eq!(client.finish().success(), "网络编程\n");
    }

    rule!(tries_each_address_of_a_name, client_at, greet);

    // What depends on the machine's name, and on port 9999: each on a machine of its own, as far as
    // Linux can make one, with another name and with nothing but loopback for a network.

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

    /// Checks that `both` halves hold the whole exchange, and gives what they say beside it.
    #[track_caller]
    fn both_meet(mut both: Command) -> String {
        let Ending { status, stdout, stderr } = Program::start(&mut both).finish();
        assert!(status.success(), "{stdout}{stderr}");
        let port = stdout.strip_prefix("连接地址: 127.0.0.1:").unwrap_or_default();
        let (port, rest) = port.split_once('\n').unwrap_or_default();
        assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{stdout}");
        assert_eq!(rest, "网络编程测试。\n");
        stderr
    }

    /// Starts `command` on the machine on which `server` runs.
    fn beside(server: &Program, command: &Command) -> Program {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &server.id().to_string(), "--net", "--uts", "--mount"]);
        Program::start(inside.arg(command.get_program()).args(command.get_args()))
    }

    #[test]
    fn without_arguments_it_shows_the_whole_exchange_at_the_host_name() {
        let hosts = "127.0.0.2 demo.example\n";
        let Some(both) = on_own_machine(&command(&[]), "demo.example", hosts) else { return };
        assert_eq!(both_meet(both).trim_end(), "Listening on 127.0.0.2:9999");
    }

    #[test]
    fn the_halves_meet_at_the_host_name() {
        let hosts = "127.0.0.2 demo.example\n";
        let on_demo = |arguments| on_own_machine(&command(arguments), "demo.example", hosts);
        let Some(mut server) = on_demo(&["server"]) else { return };
        let server = Program::start(&mut server);
        assert_eq!(server.address(), "127.0.0.2:9999");
        let client = beside(&server, &command(&["client"]));
        assert_eq!(client.finish().success(), "网络编程测试。\n");
        // Alone, the client finds no one there.
        let Some(mut client) = on_demo(&["client"]) else { return };
        let error = Program::start(&mut client).finish().error();
        assert!(error.starts_with("Error: cannot connect to demo.example:9999: "), "{error}");
    }

    #[test]
    fn a_host_name_that_does_not_lead_here_is_said_aloud_and_loopback_used() {
        // One that has no address, and one that has another machine's (RFC 5737).
        for hosts in ["127.0.0.1 localhost\n", "192.0.2.1 elsewhere\n"] {
            let Some(both) = on_own_machine(&command(&[]), "elsewhere", hosts) else { return };
            let said = both_meet(both);
            let (trap, listening) = said.trim_end().split_once('\n').expect(&said);
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

    #[test]
    fn an_address_that_is_given_is_not_the_host_names() {
        let given = ["server", "127.0.0.3:0"];
        let Some(mut server) = on_own_machine(&command(&given), "elsewhere", "") else { return };
        let line = Program::start(&mut server).stderr.line();
        assert!(line.starts_with("Listening on 127.0.0.3:"), "{line}");
    }

    #[test]
    fn of_two_addresses_of_the_host_name_it_takes_the_one_that_is_this_machines() {
        if TcpListener::bind("[::1]:0").is_err() {
            return support::left_out("there is no IPv6 here");
        }
        // The first one is tried first: binding it fails, and so does connecting to it.
        let hosts = "2001:db8::2 two.example\n127.0.0.2 two.example\n";
        let both = command(&["--timeout", "5"]);
        let Some(both) = on_own_machine(&both, "two.example", hosts) else { return };
        assert_eq!(both_meet(both).trim_end(), "Listening on 127.0.0.2:9999");
    }

    #[test]
    fn does_without_ipv6_where_it_is_switched_off() {
        let hosts = "::1 demo.example\n127.0.0.2 demo.example\n";
        let both = command(&[]);
        let mut without = Command::new("sh");
        let off = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec \"$0\" \"$@\"";
        without.args(["-c", off]).arg(both.get_program()).args(both.get_args());
        let Some(both) = on_own_machine(&without, "demo.example", hosts) else { return };
        assert_eq!(both_meet(both).trim_end(), "Listening on 127.0.0.2:9999");
    }

    #[test]
    fn a_port_in_use_is_an_error_and_not_another_port() {
        let hosts = "127.0.0.2 demo.example\n";
        let Some(mut server) = on_own_machine(&command(&["server"]), "demo.example", hosts) else {
            return;
        };
        let server = Program::start(&mut server);
        assert_eq!(server.address(), "127.0.0.2:9999");
        let error = beside(&server, &command(&[])).finish().error();
        assert!(error.starts_with("Error: cannot listen on demo.example:9999: "), "{error}");
        assert!(error.ends_with("; choose another port"), "{error}");
    }

    #[test]
    fn the_whole_exchange_ends_when_stdout_is_closed_or_full() {
        let Some(both) = on_own_machine(&command(&[]), "demo", "127.0.0.1 demo\n") else { return };
        rules::ends_when_stdout_is_closed_or_full(both, |_| ());
    }
}

mod polish {
    use super::*;

    #[test]
    fn prints_the_tutorials_words() {
        let (server, address) = server();
        for _ in 0..3 {
            let peer = be_greeted(&address);
            assert_eq!(server.stdout.line(), format!("连接地址: {peer}"));
        }
        let client = Program::start(&mut client_at(&address));
        assert_eq!(client.finish().success(), "网络编程测试。\n");
    }

    #[test]
    fn port_0_is_any_free_one() {
        let (_first, address) = server();
        let (_second, another) = server();
        assert_ne!(address, another);
        be_greeted(&address);
        be_greeted(&another);
    }

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

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 6", "9999", "30", "gethostname-demo server"]
    );

    rule!(
        refuses_a_wrong_command_line,
        command,
        &[
            &["both"],
            &["127.0.0.1:0"], // an address is one half's
            &["server", "127.0.0.1:0", "more"],
            &["--timeout", "0"],
            &["--timeout", "NaN"],
            &["--timeout=-1"],
            &["--timeout", "1e400"],
            &["client", "127.0.0.1:9999", "--timeout", "soon"],
            &["server", "--port", "9999"],
            &["server", WRONG_ADDRESS],
            &["client", WRONG_ADDRESS],
        ]
    );
    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"127.0.0.1\xff:0"], &[b"server", b"127.0.0.1\xff:0"]]
    );

    #[test]
    fn an_error_cannot_steer_the_terminal() {
        rules::an_error_cannot_steer_the_terminal(server_at);
        rules::an_error_cannot_steer_the_terminal(client_at);
    }

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        rules::ends_when_stdout_is_closed_or_full(server_at("127.0.0.1:0"), |server| {
            connect(&server.address())
        });
        let (listener, address) = listener();
        rules::ends_when_stdout_is_closed_or_full(client_at(&address), |_| {
            accept(&listener).write_all(GREETING.as_bytes()).unwrap();
        });
    }

    rule!(ends_with_an_error_when_stderr_is_full, server_at("127.0.0.1:0"));
    rule!(
        #[cfg(target_os = "linux")]
        goes_on_when_no_one_reads_its_stderr,
        server_at("127.0.0.1:0"),
        |server, address| drop(sturdy::go_before_the_greeting(server, address)),
        |address| {
            be_greeted(address);
        }
    );
}

mod versions {
    use crate::support::versions::{Part, each_pair, half, hold_the_dialogue, talk_until_well};

    const SERVER: Part = half("gethostname-demo", "gethostname-server", "server");
    const CLIENT: Part = half("gethostname-demo", "gethostname-client", "client");

    #[test]
    fn the_tutorials_versions_hold_the_dialogue() {
        hold_the_dialogue(&SERVER);
        hold_the_dialogue(&CLIENT);
    }

    #[test]
    fn every_version_talks_with_every_version_of_its_client() {
        each_pair(&SERVER, &CLIENT, |server, client| {
            let words = talk_until_well(server, client);
            assert!(words.contains("网络编程测试。"), "{words}");
            server.stdout.line_with("连接地址");
        });
    }
}
