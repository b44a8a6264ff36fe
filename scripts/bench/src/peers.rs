//! The programs that are measured: which there are, how they are started, and what they used.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use wait4::Wait4;

use crate::report::Text;

/// No program takes longer to start, or a server to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// No program takes longer for its task.
const LONGEST: Duration = Duration::from_secs(30);
/// What is fetched, in bytes: a multiple of 64 KiB.
const BODY: u64 = 1 << 30;
const QUICK_BODY: u64 = 1 << 22;
/// How often the memory of a running program is looked at.
const TICK: Duration = Duration::from_millis(5);

/// A program to measure.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) name: Text,
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
    pub(crate) fn new(name: &'static str, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { name: [name, name], role: Role::Other, program: program.into(), arguments }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// What is at hand: the workspace, the other languages, a folder for what is made.
pub(crate) struct Tools {
    pub(crate) quick: bool,
    /// Of the body to fetch, in bytes.
    pub(crate) size: u64,
    pub(crate) root: PathBuf,
    /// In memory where there is room, so that no disk is measured. Deleted at the end.
    pub(crate) folder: TempDir,
    /// What the reader should know of this run.
    pub(crate) notes: RefCell<Vec<String>>,
    executable: PathBuf,
    python: Option<PathBuf>,
}

impl Tools {
    pub(crate) fn new(quick: bool) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        // By way of a wrapper, such as pyenv's, it would take another 50 ms to start.
        let mut python = Command::new("python3");
        let found = python.args(["-c", "import sys; print(sys.executable)"]).output().ok();
        let found = found.filter(|output| output.status.success());
        let python = found.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
        let notes = RefCell::default();
        let size = if quick { QUICK_BODY } else { BODY };
        let executable = std::env::current_exe()?;
        let tools = Self { quick, size, root, folder: folder(size)?, notes, executable, python };
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

    /// Checks the names of lessons, and builds these programs the way that this one was built.
    pub(crate) fn choose(&self, names: &[String]) -> Result<Vec<String>> {
        let mut known = vec!["netcommon".to_owned()];
        for entry in fs::read_dir(self.root.join("crates"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if self.twin_path(&name).exists() {
                known.push(name);
            }
        }
        known.sort();
        for name in names {
            ensure!(
                known.contains(name),
                "there is no lesson {name:?}; there are {}",
                known.join(", ")
            );
        }
        let chosen = if names.is_empty() { known } else { names.to_vec() };
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(["build", "--quiet"]).current_dir(&self.root);
        command.args(["--profile", if cfg!(debug_assertions) { "dev" } else { "release" }]);
        command.args(chosen.iter().flat_map(|name| ["--package", name]));
        let status = command.status().context("cannot run cargo")?;
        ensure!(status.success(), "the lessons do not compile");
        Ok(chosen)
    }

    fn twin_path(&self, lesson: &str) -> PathBuf {
        self.root.join(format!("crates/{lesson}/{lesson}.py"))
    }

    /// The lesson itself, in Rust; cargo put it beside this program.
    pub(crate) fn lesson(&self, lesson: &str, arguments: &[&str]) -> Peer {
        let program = format!("{lesson}{}", std::env::consts::EXE_SUFFIX);
        let peer = Peer::new("Rust", self.executable.with_file_name(program), arguments);
        Peer { role: Role::Ours, ..peer }
    }

    /// The lesson in Python.
    pub(crate) fn twin(&self, lesson: &str, arguments: &[&str]) -> Option<Peer> {
        let path = self.twin_path(lesson);
        self.python(&[&[&*path.to_string_lossy()], arguments].concat())
    }

    pub(crate) fn python(&self, arguments: &[&str]) -> Option<Peer> {
        self.python.as_ref().map(|python| Peer::new("Python", python, arguments))
    }

    /// This program in the part of a peer, of `limits.rs`.
    pub(crate) fn own(&self, arguments: &[&str]) -> Peer {
        let peer = Peer::new("", &self.executable, &[&["--peer"], arguments].concat());
        Peer { name: ["limit of this tool", "本工具的上限"], role: Role::Limit, ..peer }
    }

    /// A program of peers/*.c, if there is a compiler.
    pub(crate) fn c(&self, name: &str) -> Option<Peer> {
        let program = self.folder.path().join(name);
        let source = self.root.join(format!("scripts/bench/peers/{name}.c"));
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-pthread", "-o"]).arg(&program).arg(source);
        match run(&mut compiler) {
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

/// Writes the body, after another file of its size.
fn fill(folder: &Path, size: u64) -> io::Result<()> {
    let block: Vec<u8> = (0..1 << 16).map(|number: u32| number.to_le_bytes()[0]).collect();
    for name in ["room", "body"] {
        let mut file = File::create(folder.join(name))?;
        for _ in 0..size >> 16 {
            file.write_all(&block)?;
        }
    }
    fs::remove_file(folder.join("room"))
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
pub(crate) fn run(command: &mut Command) -> Result<Used> {
    let start = Instant::now();
    let (mut child, output) = spawn(command)?;
    let (ended, end) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = { output }.read_to_end(&mut text);
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
    ensure!(used.status.success(), "{}: {}", used.status, last_line(&said));
    // Linux's own maximum counts what this program had when it started that one (getrusage(2)).
    let peak = if peak == 0 { used.rusage.maxrss } else { peak * 1024 };
    Ok(Used {
        seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_mib: peak as f64 / f64::from(1 << 20),
    })
}

/// Starts a program with one pipe for all that it says.
fn spawn(command: &mut Command) -> Result<(Child, io::PipeReader)> {
    let (output, end) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(end.try_clone()?).stderr(end);
    let child = command.spawn();
    command.stdout(Stdio::null()).stderr(Stdio::null()); // which closes our copies of its end
    let name = || format!("cannot run {}", command.get_program().to_string_lossy());
    Ok((child.with_context(name)?, output))
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("it said nothing")
}

/// A server; killed when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Server {
    /// Starts a program, and waits until it says `Listening on`. What it prints after that goes
    /// to `output`, or nowhere.
    pub(crate) fn start(mut command: Command, output: Option<File>) -> Result<Self> {
        let (said, end) = io::pipe()?;
        let output = output.map_or_else(Stdio::null, Stdio::from);
        let mut child = command.stdin(Stdio::null()).stdout(output).stderr(end).spawn()?;
        drop(command); // and with it our copy of the pipe's end
        let (heard, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let _ = heard.send(line); // read to the end, so that the server can go on
            }
        });
        let mut last = String::from("it said nothing");
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if let Some(address) = line.strip_prefix("Listening on ") {
                return Ok(Self { address: address.parse()?, child });
            }
            last = line;
        }
        child.kill()?;
        child.wait()?;
        bail!("it does not listen: {last}");
    }

    /// Its memory in KiB, by the name of a line in /proc/PID/status.
    pub(crate) fn memory(&self, line: &str) -> Result<u64> {
        memory(&self.child, line).with_context(|| format!("no {line}: only Linux tells it"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number from /proc/PID/status (proc(5)).
fn memory(child: &Child, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
