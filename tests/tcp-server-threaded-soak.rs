//! Lesson 4, `tcp-server-threaded`, after a long day: nothing is left over.
//!
//! Only in release builds, where it takes seconds: `cargo test --release`.
#![cfg(all(target_os = "linux", not(debug_assertions)))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use support::wait_for_resources;
use support::{Program, connect, expect, expect_end, patience, reset, resources};

/// One client of five kinds: those who talk, hang up, reset, send what is no text, say nothing.
fn visit(address: &str, kind: usize) {
    let mut stream = connect(address);
    match kind % 5 {
        0 => {
            expect(&mut stream, b"Welcome!");
            stream.write_all(b"Tracy").unwrap();
            expect(&mut stream, b"Hello, Tracy!");
            stream.write_all(b"exit").unwrap();
            expect_end(&mut stream);
        }
        1 => expect(&mut stream, b"Welcome!"),
        2 => reset(stream),
        3 => stream.write_all(b"\xff\x00\x1b[2J\r\n").unwrap(),
        _ => {}
    }
}

fn server() -> (Program, String) {
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "2000"];
    let server = support::start(env!("CARGO_BIN_EXE_tcp-server-threaded"), arguments);
    let address = server.address();
    for kind in 0..50 {
        visit(&address, kind); // what is set up once is set up now
    }
    (server, address)
}

/// Close each connection's socket and end its thread, however its client goes: by `exit`, a close, a
/// reset or rubbish. Keep nothing of it.
#[test]
fn nothing_is_left_of_10_000_connections_in_sequence() {
    let (server, address) = server();
    let before = wait_for_resources(server.id(), |now| now.threads == 1);
    for kind in 0..10_000 {
        visit(&address, kind);
    }
    let after = wait_for_resources(server.id(), |now| now.threads == 1);
    assert_eq!(after.descriptors, before.descriptors);
    assert!(after.resident < before.resident + 4 * 1024 * 1024, "{before:?} {after:?}");
}

/// The same for 2,000 connections at once.
#[test]
fn nothing_is_left_of_2_000_connections_at_once() {
    let (server, address) = server();
    let before = wait_for_resources(server.id(), |now| now.threads == 1);
    for _ in 0..2 {
        let mut clients: Vec<_> = (0..2000).map(|_| connect(&address)).collect();
        for client in &mut clients {
            let mut welcome = [0; 8];
            client.read_exact(&mut welcome).unwrap();
            assert_eq!(&welcome, b"Welcome!");
        }
        assert_eq!(resources(server.id()).threads, 2001);
        for (number, client) in clients.into_iter().enumerate() {
            if number % 2 == 0 { reset(client) } else { drop(client) }
        }
        wait_for_resources(server.id(), |now| now.threads == 1);
    }
    let after = resources(server.id());
    assert_eq!(after.descriptors, before.descriptors);
    // The C library keeps some stacks and arenas for the next threads; those do not add up.
    assert!(after.resident < before.resident + 32 * 1024 * 1024, "{before:?} {after:?}");
}

/// A client that asks and asks and reads no answer is given up when nothing could be sent for 30
/// seconds (an answer of which a part was sent has 30 more), and its place is another's.
#[test]
fn a_client_that_reads_nothing_is_given_up() {
    let arguments = ["127.0.0.1:0", "--delay", "0", "--max-connections", "1"];
    let server = support::start(env!("CARGO_BIN_EXE_tcp-server-threaded"), arguments);
    let address = server.address();
    let mut silent = connect(&address);
    silent.set_write_timeout(None).unwrap();
    let asking = std::thread::spawn(move || while silent.write_all(&[b'x'; 1024]).is_ok() {});
    let deadline = Instant::now() + 3 * patience();
    while !server.stderr.has_line() {
        assert!(Instant::now() < deadline, "it is not given up");
        std::thread::sleep(Duration::from_millis(100));
    }
    let line = server.stderr.line();
    assert!(line.starts_with("lost 127.0.0.1:") && line.ends_with(": timed out"), "{line}");
    visit(&address, 0);
    asking.join().unwrap();
}
