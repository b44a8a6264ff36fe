//! How long a program takes to start and to end: its `--help`.

use anyhow::Result;

use crate::peers::{Tools, run};
use crate::report::Bench;

/// How often each program is started for one number.
const STARTS: u32 = 3;

const TEXTS: [&str; 5] = [
    "startup",
    "From start to end: milliseconds for --help",
    "从启动到结束：--help 的毫秒数",
    "the kernel, which loads the program. The tool's own program does nothing.",
    "内核装载程序的时间。本工具自带的程序什么也不做。",
];

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &'a str) -> Bench<'a> {
    let ours = Some(tools.lesson(lesson, &["--help"]));
    let peers = [ours, tools.twin(lesson, &["--help"]), Some(tools.own(&["nothing"]))];
    Bench::new(TEXTS, peers, move |peer, numbers| {
        let times = (0..STARTS).map(|_| Ok(run(&mut peer.command())?.seconds));
        let seconds: f64 = times.sum::<Result<_>>()?;
        numbers.less(["{}; ms", "{}：毫秒"], &lesson, seconds * 1e3 / f64::from(STARTS));
        Ok(())
    })
}
