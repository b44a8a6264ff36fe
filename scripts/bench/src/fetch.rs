//! A large page over loopback, in each of HTTP's three framings: lesson `http-fetch`.

use std::fs;

use anyhow::{Context, Result, ensure};
use course::Lesson;
use course::run::Server;

use crate::peers::{Peer, Role, Tools, measure};
use crate::report::{Bench, Numbers, Text};

/// The paths at the server, and how their pages end.
const FRAMINGS: [(&str, &str); 3] =
    [("/length", "Content-Length"), ("/chunked", "chunked"), ("/close", "close")];

const TEXTS: [&str; 3] = [
    "fetch",
    "http-fetch: a page of 1 GiB over loopback, saved in a file",
    "copying in the kernel, out of the socket and into the file, and the server, which has a core to itself. The tool's own client reads and saves nothing.",
];
const SPEED: Text = ["{}; MiB/s", "{}：MiB/s"];
const CPU: Text = ["{}; CPU seconds", "{}：CPU 秒数"];
const PEAK: Text = ["{}; most MiB resident", "{}：常驻内存峰值（MiB）"];

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &Lesson) -> Result<Bench<'a>> {
    let body = tools.folder.path().join("body");
    let server = Server::start(tools.own(&["serve", &body.to_string_lossy()]).command(), None)?;
    let peers = [
        Some(tools.lesson(lesson, &[])?),
        tools.installed("curl", &["--silent", "--show-error", "--fail"]),
        tools.script("scripts/bench/peers/http-fetch.py"),
        Some(tools.own(&["drain"])),
    ];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| fetch(peer, &server, tools, numbers)))
}

fn fetch(peer: &Peer, server: &Server, tools: &Tools, numbers: &mut Numbers<'_>) -> Result<()> {
    let page = tools.folder.path().join("page");
    for (path, framing) in FRAMINGS {
        let mut command = peer.command();
        if peer.role == Role::Limit {
            command.arg(server.address.to_string()).arg(path);
        } else {
            command.arg(format!("http://{}{path}", server.address)).arg("-o").arg(&page);
        }
        let used = measure(&mut command)?;
        if peer.role != Role::Limit {
            let saved = fs::metadata(&page).context("it saved nothing")?.len();
            fs::remove_file(&page)?;
            ensure!(saved == tools.size, "it saved {saved} bytes of {}", tools.size);
        }
        numbers.more(SPEED, &framing, (tools.size >> 20) as f64 / used.seconds);
        numbers.less(CPU, &framing, used.cpu_seconds);
        numbers.less(PEAK, &framing, used.peak_mib);
    }
    Ok(())
}
