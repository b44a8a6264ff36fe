//! A file of Chinese text in GBK, made UTF-8: `netcommon::decode` beside `iconv`.

use std::fs;

use anyhow::Result;
use netcommon::{GBK, encode};

use crate::peers::{Peer, Role, Tools, measure};
use crate::report::{Bench, Text};

/// Prose with names, digits and line ends, as pages have it.
const PROSE: &str = "网络编程就是让两台计算机上的程序互相通信。TCP 连接建立以后，双方都可以发送数据；UDP 则不需要连接。\n端口号是 0 到 65535 之间的整数，例如 9999。";
const PYTHON: &str = "import sys; a, b = sys.argv[1:]; open(b, 'wb').write(open(a, 'rb').read().decode('gbk').encode())";

const TEXTS: [&str; 3] = [
    "decoding",
    "netcommon: a file of 64 MiB decoded from GBK",
    "looking up each character in a table. The tool's own peer only copies the file.",
];
const SPEED: Text = ["MiB/s of GBK", "每秒 GBK 数据量（MiB）"];
const CPU: Text = ["CPU seconds", "CPU 秒数"];
const PEAK: Text = ["most MiB resident", "常驻内存峰值（MiB）"];

pub(crate) fn bench(tools: &Tools) -> Result<Bench<'_>> {
    let mib = if tools.quick { 1 } else { 64 };
    let (from, to) = (tools.folder.path().join("gbk.txt"), tools.folder.path().join("utf-8.txt"));
    let prose = encode(PROSE, GBK)?;
    fs::write(&from, prose.repeat((mib << 20) / prose.len()))?;
    let (from, to) = (&*from.to_string_lossy(), &*to.to_string_lossy());
    let ours = Peer { name: "Rust", role: Role::Ours, ..tools.own(&["decode", from, to]) };
    let peers = [
        Some(ours),
        tools.installed("iconv", &["-f", "GBK", "-t", "UTF-8", "-o", to, from]),
        tools.python(&["-c", PYTHON, from, to]),
        Some(tools.own(&["copy", from, to])),
    ];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| {
        let used = measure(&mut peer.command())?;
        numbers.more(SPEED, &"", mib as f64 / used.seconds);
        numbers.less(CPU, &"", used.cpu_seconds);
        numbers.less(PEAK, &"", used.peak_mib);
        Ok(())
    }))
}
