//! As much as an echo server moves while it prints each piece: lesson `tcp-echo-server`.

use std::hash::{DefaultHasher, Hasher};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use course::{Lesson, run};
use wait4::Wait4;

use crate::peers::{PATIENCE, Peer, Tools};
use crate::report::{Bench, Text};

/// What is sent in one call, in bytes.
const BLOCK: usize = 64 * 1024;
const WORDS: &[u8] = b"This is a test message, and plain text. ";

const TEXTS: [&str; 3] = [
    "bulk",
    "tcp-echo-server: the echo in bulk, each piece of 1,024 bytes printed to the null device",
    "making each byte printable, and two calls of the kernel for each piece. The tool's own server reads 64 KiB at once and prints nothing.",
];
const SPEED: [Text; 2] =
    [["random bytes; MiB/s", "随机字节：MiB/s"], ["plain text; MiB/s", "纯文本：MiB/s"]];
const CPU: [Text; 2] = [
    ["random bytes; CPU seconds", "随机字节：CPU 秒数"],
    ["plain text; CPU seconds", "纯文本：CPU 秒数"],
];

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &Lesson) -> Result<Bench<'a>> {
    let script = lesson.python().first().context("the lesson has no program in Python")?;
    let peers =
        [Some(tools.lesson(lesson, &[])?), tools.script(&script.path), Some(tools.own(&["echo"]))];
    let blocks = if tools.quick { 4 } else { 256 };
    let text: Vec<u8> = WORDS.iter().copied().cycle().take(BLOCK).collect();
    let kinds = [random(), text];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| {
        for (kind, block) in kinds.iter().enumerate() {
            let (seconds, cpu_seconds) = echo(peer, block, blocks)?;
            let mib = (blocks * BLOCK) as f64 / f64::from(1 << 20);
            numbers.more(SPEED[kind], &"", mib / seconds);
            numbers.less(CPU[kind], &"", cpu_seconds);
        }
        Ok(())
    }))
}

/// Random bytes, the same each time.
fn random() -> Vec<u8> {
    let eight = |number| {
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(number);
        hasher.finish().to_le_bytes()
    };
    (0..BLOCK / 8).flat_map(eight).collect()
}

/// Starts a server, sends it `block` so many times, and reads all of it back. Returns how long that
/// took, and the server's CPU seconds. The tutorial's server says no `Listening on`: it is given a
/// port, and asked until it is there.
fn echo(peer: &Peer, block: &[u8], blocks: usize) -> Result<(f64, f64)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, run::free_port()?));
    let mut command = peer.command();
    command.arg(address.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let seconds = connect(address).and_then(|stream| exchange(&stream, block, blocks));
    child.kill()?;
    let used = child.wait4()?.rusage;
    Ok((seconds?, (used.utime + used.stime).as_secs_f64()))
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Ok(stream),
            Err(error) if start.elapsed() > PATIENCE => bail!("it does not listen: {error}"),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn exchange(mut stream: &TcpStream, block: &[u8], blocks: usize) -> Result<f64> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    let received = thread::scope(|scope| -> Result<usize> {
        let sending = scope.spawn(move || {
            (0..blocks).try_for_each(|_| (&*stream).write_all(block))?;
            stream.shutdown(Shutdown::Write)
        });
        let (mut buffer, mut received) = (vec![0; 4 * BLOCK], 0);
        while let length @ 1.. = stream.read(&mut buffer).context("the echo stopped")? {
            received += length;
        }
        sending.join().map_err(|_| anyhow!("a thread panicked"))??;
        Ok(received)
    })?;
    ensure!(received == blocks * BLOCK, "{received} bytes came back");
    Ok(start.elapsed().as_secs_f64())
}
