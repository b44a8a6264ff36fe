//! How long a program takes to start and to end: its `--help`.

use anyhow::Result;
use course::Lesson;

use crate::peers::{Tools, measure};
use crate::report::Bench;

/// How often each program is started for one number.
const STARTS: u32 = 3;

const TEXTS: [&str; 3] = [
    "startup",
    "From start to end: milliseconds for --help, and for Python's import of socket",
    "the kernel, which loads the program. The tool's own program does nothing.",
];

pub(crate) fn bench<'a>(tools: &'a Tools, lesson: &'a Lesson) -> Result<Bench<'a>> {
    let ours = tools.lesson(lesson, &["--help"])?;
    let peers = [Some(ours), tools.python(&["-c", "import socket"]), Some(tools.own(&["nothing"]))];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| {
        let times = (0..STARTS).map(|_| Ok(measure(&mut peer.command())?.seconds));
        let seconds: f64 = times.sum::<Result<_>>()?;
        numbers.less(["{}; ms", "{}：毫秒"], &lesson.name, seconds * 1e3 / f64::from(STARTS));
        Ok(())
    }))
}
