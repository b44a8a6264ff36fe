//! The requirements of the Welcome!/Hello dialogue. More servers than one hold it, and each names
//! those that it meets: `rule!(welcome::welcomes_a_client, command)`. Hints: `[shared.NAME]`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Meeting, Peer, Program, connect, expect, expect_end, patience, reset, rules};

/// What makes the server's command line: the lesson's own `command`.
pub type Make = fn(&[&str]) -> Command;

/// A server without a pause, on a free port of 127.0.0.1, ready for clients; and its address.
#[track_caller]
pub fn server(command: Make) -> (Program, String) {
    let server = Program::start(&mut command(&["127.0.0.1:0", "--delay", "0"]));
    let address = server.address();
    assert_eq!(server.stdout.line(), "Waiting for connection...");
    (server, address)
}

/// Sends `name` as the client `stream`, and gets the answer to it.
#[track_caller]
fn greet(stream: &mut Peer, name: &str) {
    stream.write_all(name.as_bytes()).unwrap();
    expect(stream, format!("Hello, {name}!").as_bytes());
}

/// Holds the tutorial's dialogue as the client `stream`.
#[track_caller]
fn talk(stream: &mut Peer) {
    expect(stream, b"Welcome!");
    for name in ["Michael", "Tracy", "Sarah"] {
        greet(stream, name);
    }
    stream.write_all(b"exit").unwrap();
    expect_end(stream);
}

/// Holds the tutorial's dialogue with the server at `address`.
#[track_caller]
pub fn dialogue(address: &str) {
    talk(&mut connect(address));
}

/// A client of the server at `address` that was welcomed.
#[track_caller]
pub fn welcomed(address: &str) -> Peer {
    let mut client = connect(address);
    expect(&mut client, b"Welcome!");
    client
}

// `dialogue`: what the tutorial's version does, too.

#[track_caller]
pub fn welcomes_a_client(command: Make) {
    expect(&mut Meeting::server(command).connect(), b"Welcome!");
}

#[track_caller]
pub fn greets_each_name_and_closes_at_exit(command: Make) {
    talk(&mut Meeting::server(command).connect());
}

#[track_caller]
pub fn closes_when_the_client_has_closed_its_side(command: Make) {
    let mut meeting = Meeting::server(command);
    let mut client = meeting.connect();
    expect(&mut client, b"Welcome!");
    client.shutdown(Shutdown::Write).unwrap();
    expect_end(&mut client);
}

#[track_caller]
pub fn serves_clients_side_by_side(command: Make) {
    let mut meeting = Meeting::server(command);
    let mut first = meeting.connect();
    expect(&mut first, b"Welcome!");
    let mut second = meeting.connect();
    expect(&mut second, b"Welcome!");
    greet(&mut second, "Tracy");
    greet(&mut first, "Michael");
}

#[track_caller]
pub fn prints_the_port_of_each_client_when_it_comes_and_when_it_goes(command: Make) {
    let mut meeting = Meeting::server(command);
    let mut client = meeting.connect();
    let port = client.local_addr().unwrap().port().to_string();
    expect(&mut client, b"Welcome!");
    meeting.program.stdout.line_with(&port);
    client.write_all(b"exit").unwrap();
    expect_end(&mut client);
    meeting.program.stdout.line_with(&port);
}

// `sturdy`

#[track_caller]
pub fn pauses_before_each_answer(command: Make) {
    let server = Program::start(&mut command(&["127.0.0.1:0", "--delay", "0.3"]));
    let mut client = welcomed(&server.address());
    let start = Instant::now();
    greet(&mut client, "Tracy");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

#[track_caller]
pub fn answers_any_bytes_with_the_same_bytes(command: Make) {
    let (_server, address) = server(command);
    let mut client = welcomed(&address);
    for message in
        [b"\xff\x00\x1b[2J\r\n".as_slice(), "张三".as_bytes(), b"exit\n", b" exit", &[b'x'; 1024]]
    {
        client.write_all(message).unwrap();
        expect(&mut client, &[b"Hello, ", message, b"!"].concat());
    }
}

#[track_caller]
pub fn takes_what_arrives_together_as_one_message(command: Make) {
    let (_server, address) = server(command);
    let mut client = welcomed(&address);
    greet(&mut client, "Sarahexit");
    client.write_all(b"exit").unwrap();
    expect_end(&mut client);
}

#[cfg(target_os = "linux")]
#[track_caller]
pub fn asks_whether_a_silent_client_is_still_there(command: Make) {
    let (_server, address) = server(command);
    let client = welcomed(&address);
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

#[track_caller]
pub fn serves_one_more_beside_a_thousand_idle_connections(command: Make) {
    // By default macOS gives a process 256 descriptors, for all the tests that run side by side.
    let many = if cfg!(target_os = "linux") { 900 } else { 64 };
    let (_server, address) = server(command);
    let mut idle: Vec<_> = (0..many).map(|_| connect(&address)).collect();
    for stream in &mut idle {
        expect(stream, b"Welcome!");
    }
    dialogue(&address);
}

#[track_caller]
pub fn lets_a_client_wait_while_all_places_are_taken(command: Make) {
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "2"];
    let server = Program::start(&mut command(&arguments));
    let address = server.address();
    let first = welcomed(&address);
    let second = welcomed(&address);
    let mut third = connect(&address);
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    third.read(&mut [0]).expect_err("a third client is served, with two places");
    third.set_read_timeout(Some(patience())).unwrap();
    drop(first);
    talk(&mut third);
    drop(second);
    // Each place came back: many more than two clients are served one after the other.
    for _ in 0..20 {
        dialogue(&address);
    }
}

#[track_caller]
pub fn reports_a_reset_in_one_line_and_goes_on(command: Make) {
    let (server, address) = server(command);
    let client = welcomed(&address);
    let peer = client.local_addr().unwrap();
    rules::says_whom_it_lost(&server, client);
    assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
    assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
    dialogue(&address);
}

#[track_caller]
pub fn welcomes_a_burst_of_clients(command: Make) {
    // Far more than std's own backlog of 128: all are connected before one place comes free.
    // macOS has room for 128 in the queue, Windows for about 200, and macOS few descriptors.
    let many = if cfg!(target_os = "linux") { 600 } else { 64 };
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "1"];
    let server = Program::start(&mut command(&arguments));
    let address = server.address().parse().unwrap();
    let clients: Vec<_> = (0..many)
        .map(|n| {
            TcpStream::connect_timeout(&address, patience() / 3)
                .unwrap_or_else(|error| panic!("client {n} of {many}: {error}"))
        })
        .collect();
    for client in clients {
        talk(&mut client.into());
    }
}

#[cfg(unix)]
#[track_caller]
pub fn waits_when_no_descriptor_is_free_and_goes_on_when_one_is(command: Make) {
    let limited = &mut super::with_limit(&command(&["127.0.0.1:0", "--delay", "0"]), ["-n", "24"]);
    let mut server = Program::start(limited);
    let address = server.address();
    let clients: Vec<_> = (0..40).map(|_| connect(&address)).collect();
    rules::pauses_while_it_cannot_serve(&mut server);
    drop(clients);
    dialogue(&address);
}

#[cfg(target_os = "linux")]
#[track_caller]
pub fn goes_on_after_it_was_stopped_and_continued(command: Make) {
    let (server, address) = server(command);
    let mut client = welcomed(&address);
    for name in ["Michael", "Tracy"] {
        server.stop_and_continue();
        greet(&mut client, name);
    }
    dialogue(&address);
}

/// For the soak of lessons 19 and 20: their clients cost a few KiB each, and no thread. Nothing is left
/// of them.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn holds_10_000_idle_clients(command: Make) {
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "20000"];
    let server = Program::start(&mut command(&arguments));
    let address = server.address();
    dialogue(&address); // what is set up once is set up now
    let before = super::resources(server.id());
    let mut clients: Vec<_> = (0..10_000).map(|_| connect(&address)).collect();
    for client in &mut clients {
        expect(client, b"Welcome!");
    }
    let held = super::resources(server.id());
    assert_eq!(held.threads, before.threads);
    assert!(held.resident < before.resident + 10_000 * 8 * 1024, "{before:?} {held:?}");
    dialogue(&address);
    drop(clients);
    let after = super::wait_for_resources(server.id(), |now| now.descriptors == before.descriptors);
    assert!(after.resident < before.resident + 64 * 1024 * 1024, "{before:?} {after:?}");
    dialogue(&address);
}

/// A server that was asked to stop (SIGINT), while a client talks; the client, and its address.
#[cfg(unix)]
#[track_caller]
fn stopping(command: Make) -> (Program, Peer, String) {
    let (server, address) = server(command);
    let client = welcomed(&address);
    server.signal("-INT");
    server.stderr.line_with("No new clients");
    (server, client, address)
}

#[cfg(unix)]
#[track_caller]
pub fn lets_clients_finish_at_ctrl_c(command: Make) {
    let (server, mut client, _) = stopping(command);
    greet(&mut client, "Tracy");
    client.write_all(b"exit").unwrap();
    expect_end(&mut client);
    server.finish().success();
}

#[cfg(unix)]
#[track_caller]
pub fn takes_no_new_client_after_ctrl_c(command: Make) {
    let (_server, mut client, address) = stopping(command);
    let deadline = Instant::now() + patience();
    loop {
        let mut answer = [0; 8];
        // Refused, or reset before a word was said.
        let refused = match TcpStream::connect(&address) {
            Ok(mut late) => !matches!(late.read(&mut answer), Ok(1..)),
            Err(_) => true,
        };
        if refused {
            break;
        }
        assert!(Instant::now() < deadline, "it still welcomes clients");
    }
    greet(&mut client, "Tracy");
}

#[cfg(unix)]
#[track_caller]
pub fn waits_a_few_seconds_for_a_silent_client_after_ctrl_c(command: Make) {
    let (server, _client, _) = stopping(command);
    let start = Instant::now();
    server.finish().success();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[cfg(unix)]
#[track_caller]
pub fn ends_at_once_at_the_second_ctrl_c(command: Make) {
    let (server, _client, _) = stopping(command);
    let start = Instant::now();
    server.signal("-INT");
    let ending = server.finish();
    assert_eq!(ending.status.code(), Some(130), "{ending:?}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// Costs the server one line, and waits until its conversation has ended.
#[track_caller]
pub fn offend(server: &Program, address: &str) {
    reset(welcomed(address));
    server.stdout.until("closed.\n");
}

// `polish`

#[track_caller]
pub fn prints_the_tutorials_words(command: Make) {
    let (server, address) = server(command);
    let mut client = connect(&address);
    let peer = client.local_addr().unwrap();
    talk(&mut client);
    assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
    assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
    // Also of a client that closes its side without a word.
    let mut client = welcomed(&address);
    let peer = client.local_addr().unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    expect_end(&mut client);
    assert_eq!(server.stdout.line(), format!("Accept new connection from {peer}..."));
    assert_eq!(server.stdout.line(), format!("Connection from {peer} closed."));
}
