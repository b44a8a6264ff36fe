//! Datagrams as fast as they can be sent, and at a steady pace: lesson `udp-bound-receiver`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use course::Lesson;
use course::run::Server;

use crate::peers::{PATIENCE, Peer, Tools};
use crate::report::{Bench, Text};

/// Datagrams in a second at the steady pace, sent in a batch each millisecond. A batch of the
/// larger ones fits into Linux's receive buffer of 208 KiB.
const PACE: usize = 40_000;
const SIZES: [usize; 2] = [64, 1400];
/// When nothing more has been printed for so long, the receiver has caught up.
const QUIET: Duration = Duration::from_millis(100);

const TEXTS: [&str; 3] = [
    "datagrams",
    "udp-bound-receiver: datagrams over loopback, each printed on a line of a file",
    "a call of the kernel for each datagram, and one for each line. Whoever is sent more loses what does not fit into the receive buffer, which is the system's default for all. The tool's own receiver prints nothing while datagrams come.",
];
const LOST_AT_PACE: Text =
    ["bytes: {}; % lost of 40,000/s", "{} 字节：每秒发送 40,000 个时的丢失率（%）"];
const SENT: Text = ["bytes: {}; sent/s at full speed", "{} 字节：全速时每秒发送数"];
const RECEIVED: Text = ["bytes: {}; received/s of these", "{} 字节：其中每秒接收数"];
const LOST: Text = ["bytes: {}; % lost of these", "{} 字节：其丢失率（%）"];

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &Lesson) -> Result<Bench<'a>> {
    let arguments = ["127.0.0.1:0", "--count", "0"];
    let peers = [
        Some(tools.lesson(lesson, &arguments)?),
        tools.c("receiver"),
        tools.script("scripts/bench/peers/udp-bound-receiver.py"),
        Some(tools.own(&["receive"])),
    ];
    let time = Duration::from_millis(if tools.quick { 20 } else { 300 });
    let file = tools.folder.path().join("lines");
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| {
        for size in SIZES {
            let (sent, received) = exchange(peer, size, time, &file, Some(PACE))?;
            numbers.less(LOST_AT_PACE, &size, lost(sent, received));
            let (sent, received) = exchange(peer, size, time, &file, None)?;
            numbers.more(SENT, &size, sent as f64 / time.as_secs_f64());
            numbers.more(RECEIVED, &size, received as f64 / time.as_secs_f64());
            numbers.less(LOST, &size, lost(sent, received));
        }
        Ok(())
    }))
}

fn lost(sent: usize, received: usize) -> f64 {
    100.0 * sent.saturating_sub(received) as f64 / sent as f64
}

/// Sends for some time, and counts what was sent and what was printed.
fn exchange(
    peer: &Peer,
    size: usize,
    time: Duration,
    file: &Path,
    pace: Option<usize>,
) -> Result<(usize, usize)> {
    let server = Server::start(peer.command(), Some(File::create(file)?))?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server.address)?;
    let datagram = vec![b'x'; size];
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < time {
        let batch = pace.unwrap_or(PACE) / 1000;
        for _ in 0..batch {
            socket.send(&datagram).context("the receiver is gone")?;
        }
        sent += batch;
        if let Some(pace) = pace {
            let due = Duration::from_secs_f64(sent as f64 / pace as f64);
            thread::sleep(due.saturating_sub(start.elapsed()));
        }
    }
    let (end, mut length) = (Instant::now(), 0);
    while end.elapsed() < PATIENCE {
        thread::sleep(QUIET);
        let now = fs::metadata(file)?.len();
        if now == std::mem::replace(&mut length, now) {
            break;
        }
    }
    drop(server);
    let lines = BufReader::new(File::open(file)?).split(b'\n').count();
    fs::remove_file(file)?;
    Ok((sent, lines))
}
