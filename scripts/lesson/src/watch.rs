//! `cargo lesson grade --watch`: grades again after each save.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result};
use console::Style;
use notify::{RecursiveMode, Watcher};

use crate::terminal;
use crate::words::Language;

/// An editor saves in several steps: they are over when nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Grades now, and again after each save of one of the files, until Ctrl-C.
pub(crate) fn after_each_save(
    files: &[PathBuf],
    language: Language,
    grade: impl Fn() -> Result<()>,
) -> Result<()> {
    let (send, saves) = channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        let _ = send.send(event); // the other end lives as long as this program
    })?;
    // Their folders: many editors write a new file and rename it.
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    for folder in folders {
        let begun = watcher.watch(folder, RecursiveMode::NonRecursive);
        begun.with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    let contents = || -> BTreeMap<_, _> {
        files.iter().map(|file| (file, fs::read(file).unwrap_or_default())).collect()
    };
    loop {
        let before = contents();
        grade()?;
        let waiting = language.pick(
            "Save your program to have it graded again; Ctrl-C ends this.",
            "保存程序后会重新检验；按 Ctrl-C 结束。",
        );
        terminal::print(&Style::new().dim().apply_to(waiting).to_string())?;
        while contents() == before {
            saves.recv()?.context("cannot watch the files")?;
            while saves.recv_timeout(QUIET).is_ok() {}
        }
        terminal::print("")?;
    }
}
