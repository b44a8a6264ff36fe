//! Lesson 20, `tcp-server-tokio`, with 10,000 clients.
//!
//! Only in release builds, where it takes seconds: `cargo test --release`.
#![cfg(all(target_os = "linux", not(debug_assertions)))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

#[test]
fn holds_10_000_idle_clients_and_serves_one_more() {
    support::welcome::holds_10_000_idle_clients(|arguments| {
        support::command(env!("CARGO_BIN_EXE_tcp-server-tokio"), arguments)
    });
}
