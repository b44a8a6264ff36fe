//! Lesson 9, `udp-server`, after a long day: nothing is left over.
//!
//! Only in release builds, where it takes seconds: `cargo test --release`.
#![cfg(all(target_os = "linux", not(debug_assertions)))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::UdpSocket;

use support::{datagrams, resources};

/// Keep nothing of a datagram, and no client's address: one buffer serves them all.
#[test]
fn nothing_is_left_of_100_000_datagrams() {
    let server = support::start(env!("CARGO_BIN_EXE_udp-server"), ["127.0.0.1:0"]);
    let address = server.address();
    let ask = |socket: &UdpSocket, message: &[u8]| {
        socket.send(message).unwrap();
        let mut buffer = [0; 2048];
        let length = socket.recv(&mut buffer).expect("the server answers");
        assert_eq!(&buffer[..length], [b"Hello, ", message, b"!"].concat());
    };
    let rubbish = [0xff; 1400];
    let first = datagrams(&address);
    ask(&first, b"Michael");
    let before = resources(server.id());
    for number in 0..1000 {
        let socket = datagrams(&address); // gone when its last answer is on its way
        for _ in 0..98 {
            ask(&socket, &rubbish[..number]);
        }
        socket.send(b"Tracy").unwrap();
        ask(&first, b"Sarah");
    }
    let after = resources(server.id());
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads));
    assert!(after.resident < before.resident + 1024 * 1024, "{before:?} {after:?}");
}
