//! The programs that are measured: which there are, how they are started, and what they used.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use course::run::{self, Built};
use course::{Course, Lesson};
use tempfile::TempDir;
use wait4::Wait4;

/// No server takes longer to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// No program takes longer for its task.
const LONGEST: Duration = Duration::from_secs(30);
/// What is fetched, in bytes: a multiple of 64 KiB.
const BODY: u64 = 1 << 30;
const QUICK_BODY: u64 = 1 << 22;
/// How often the memory of a running program is looked at.
const TICK: Duration = Duration::from_millis(5);

/// A program to measure.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Ours,
    Other,
    /// The cheapest program that could take the place of the others: the limit of this tool.
    Limit,
}

impl Peer {
    fn new(name: &'static str, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { name, role: Role::Other, program: program.into(), arguments }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        command
    }
}

/// What is at hand: the lessons' programs, the other languages, a folder for what is made.
pub(crate) struct Tools {
    pub(crate) quick: bool,
    /// Of the body to fetch, in bytes.
    pub(crate) size: u64,
    /// In memory where there is room, so that no disk is measured. Deleted at the end.
    pub(crate) folder: TempDir,
    /// What the reader should know of this run.
    pub(crate) notes: RefCell<Vec<String>>,
    root: PathBuf,
    built: Vec<Built>,
    executable: PathBuf,
    python: Option<PathBuf>,
}

impl Tools {
    /// Builds the versions to trust of `lessons` the way that this program was built.
    pub(crate) fn new(course: &Course, lessons: &[&Lesson], quick: bool) -> Result<Self> {
        let mut cargo = course.cargo();
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        cargo.args(["build", "--bins", "--profile", profile]);
        cargo.args(lessons.iter().flat_map(|lesson| ["--package", &lesson.name]));
        let built = run::build(&mut cargo)?;
        // By way of a wrapper, such as pyenv's, it would take another 50 ms to start.
        let mut python = Command::new("python3");
        let found = python.args(["-c", "import sys; print(sys.executable)"]).output().ok();
        let found = found.filter(|output| output.status.success());
        let python = found.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
        let size = if quick { QUICK_BODY } else { BODY };
        let tools = Self {
            quick,
            size,
            folder: folder(size)?,
            notes: RefCell::default(),
            root: course.root.clone(),
            built,
            executable: std::env::current_exe()?,
            python,
        };
        if cfg!(debug_assertions) {
            tools.note("a debug build: these numbers mean nothing".into());
        }
        if tools.python.is_none() {
            tools.note("there is no python3 here: its programs are left out".into());
        }
        tools.note(format!("files are in {}", tools.folder.path().display()));
        Ok(tools)
    }

    pub(crate) fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }

    /// The lesson's version to trust.
    pub(crate) fn lesson(&self, lesson: &Lesson, arguments: &[&str]) -> Result<Peer> {
        let program = run::find(&self.built, "bin", &lesson.name)?;
        Ok(Peer { role: Role::Ours, ..Peer::new("Rust", program, arguments) })
    }

    /// Python, if it is installed.
    pub(crate) fn python(&self, arguments: &[&str]) -> Option<Peer> {
        self.python.as_ref().map(|python| Peer::new("Python", python, arguments))
    }

    /// A program in Python, by its path from the root.
    pub(crate) fn script(&self, path: &str) -> Option<Peer> {
        self.python(&[&*self.root.join(path).to_string_lossy()])
    }

    /// This program in the part of a peer, of `limits.rs`.
    pub(crate) fn own(&self, arguments: &[&str]) -> Peer {
        let arguments = [&["--peer"], arguments].concat();
        Peer { role: Role::Limit, ..Peer::new("limit of this tool", &self.executable, &arguments) }
    }

    /// A program of peers/*.c, if there is a compiler.
    pub(crate) fn c(&self, name: &str) -> Option<Peer> {
        let program = self.folder.path().join(name);
        let source = self.root.join(format!("scripts/bench/peers/{name}.c"));
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-pthread", "-o"]).arg(&program).arg(source).stdin(Stdio::null());
        match measure(&mut compiler) {
            Ok(_) => Some(Peer::new("C", program, &[])),
            Err(error) => {
                self.note(format!("{name}.c is left out: cc: {error:#}"));
                None
            }
        }
    }

    /// Another program, if it is installed; `arguments` are for the measuring.
    pub(crate) fn installed(&self, program: &'static str, arguments: &[&str]) -> Option<Peer> {
        let version = Command::new(program).arg("--version").output();
        if version.is_ok() {
            return Some(Peer::new(program, program, arguments));
        }
        self.note(format!("there is no {program} here: it is left out"));
        None
    }
}

/// A folder with the body to fetch, and room for a copy: in memory, or an ordinary temporary one.
fn folder(size: u64) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("cargo-lesson-bench-");
    let in_memory = builder.tempdir_in("/dev/shm").ok();
    if let Some(folder) = in_memory.filter(|folder| fill(folder.path(), size).is_ok()) {
        return Ok(folder);
    }
    let folder = builder.tempdir().context("cannot make a temporary folder")?;
    fill(folder.path(), size).with_context(|| {
        format!("no room for 2 × {size} bytes in {}; set TMPDIR", folder.path().display())
    })?;
    Ok(folder)
}

/// Writes the body, first with twice its size.
fn fill(folder: &Path, size: u64) -> io::Result<()> {
    let block: Vec<u8> = (0..1 << 16).map(|number: u32| number.to_le_bytes()[0]).collect();
    let mut body = File::create(folder.join("body"))?;
    for _ in 0..(2 * size) >> 16 {
        body.write_all(&block)?;
    }
    body.set_len(size)
}

/// What a program took for its task.
pub(crate) struct Used {
    pub(crate) seconds: f64,
    /// Of the processor, in user and in kernel mode.
    pub(crate) cpu_seconds: f64,
    /// The most memory that was resident at any time, in MiB.
    pub(crate) peak_mib: f64,
}

/// Runs a program to its end.
pub(crate) fn measure(command: &mut Command) -> Result<Used> {
    let start = Instant::now();
    // One pipe for all that it says.
    let (mut output, end) = io::pipe()?;
    let child = command.stdout(end.try_clone()?).stderr(end).spawn();
    command.stdout(Stdio::null()).stderr(Stdio::null()); // which closes our copies of its end
    let name = || format!("cannot run {}", command.get_program().to_string_lossy());
    let mut child = child.with_context(name)?;
    let (ended, end) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = output.read_to_end(&mut text);
        ended.send(String::from_utf8_lossy(&text).into_owned())
    });
    let mut peak = 0;
    let said = loop {
        match end.recv_timeout(TICK) {
            Ok(said) => break said,
            Err(RecvTimeoutError::Timeout) if start.elapsed() < LONGEST => {
                peak = peak.max(memory(&child, "VmHWM").unwrap_or(0));
            }
            Err(_) => {
                child.kill()?;
                child.wait()?;
                bail!("it took longer than {LONGEST:?}");
            }
        }
    };
    let used = child.wait4()?;
    let last_line = said.trim_end().lines().last().unwrap_or("it said nothing");
    ensure!(used.status.success(), "{}: {last_line}", used.status);
    // Linux's own maximum counts what this program had when it started that one (getrusage(2)).
    let peak = if peak == 0 { used.rusage.maxrss } else { peak * 1024 };
    Ok(Used {
        seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_mib: peak as f64 / f64::from(1 << 20),
    })
}

/// The memory of a program in KiB, by the name of a line in /proc/PID/status (proc(5)).
pub(crate) fn memory(child: &Child, line: &str) -> Result<u64> {
    let number = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let line = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    number().with_context(|| format!("no {line}: only Linux tells it"))
}
