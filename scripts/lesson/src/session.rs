//! Programs that are run in groups of their own, so that all that they start ends with them: at the
//! end, at a limit of time, and at Ctrl-C.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use process_wrap::std::{ChildWrapper, CommandWrap};

/// How much of a program's output is read. Then it has to wait, as in front of a full pipe.
const MOST: u64 = 8 << 20;

/// All groups that run, by the number of their first process.
static GROUPS: Mutex<BTreeMap<u32, Box<dyn ChildWrapper>>> = Mutex::new(BTreeMap::new());

fn groups() -> MutexGuard<'static, BTreeMap<u32, Box<dyn ChildWrapper>>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on, Ctrl-C ends all groups, and then this program.
pub(crate) fn end_all_at_ctrl_c() -> Result<()> {
    let end = || {
        let mut groups = groups(); // and no other is started
        for child in groups.values_mut() {
            let _ = child.start_kill();
        }
        std::process::exit(130);
    };
    ctrlc::set_handler(end).context("cannot listen for Ctrl-C")
}

/// A program and all that it has started; killed when it is dropped.
pub(crate) struct Group {
    id: u32,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

impl Group {
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
        let mut groups = groups();
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout().take(), child.stderr().take());
        let id = child.id();
        groups.insert(id, child);
        Ok(Self { id, stdout: Output::of(stdout), stderr: Output::of(stderr) })
    }

    /// How its first process ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        groups().get_mut(&self.id)?.try_wait().ok()?
    }

    /// Waits for its first process, but no longer than that.
    pub(crate) fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            let ended = self.ended();
            if ended.is_some() || Instant::now() > deadline {
                return ended;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types at its standard input, if that is a pipe.
    pub(crate) fn type_in(&self, text: &str) {
        let mut groups = groups();
        let stdin = groups.get_mut(&self.id).and_then(|child| child.stdin().as_mut());
        // A program that does not read is judged by what it does then.
        let _ = stdin.map(|stdin| stdin.write_all(text.as_bytes()));
    }

    /// Whether that process is one of the group. Where the system knows no groups, any may be.
    pub(crate) fn has(&self, process: u32) -> bool {
        #[cfg(unix)]
        {
            use nix::unistd::{Pid, getpgid};
            let group = getpgid(Some(Pid::from_raw(process.cast_signed())));
            group.is_ok_and(|group| group == Pid::from_raw(self.id.cast_signed()))
        }
        #[cfg(not(unix))]
        {
            let _ = process;
            true
        }
    }

    /// Ends it, and gives what it has said.
    pub(crate) fn end(self) -> (String, String) {
        let outputs = (self.stdout.clone(), self.stderr.clone());
        drop(self);
        (outputs.0.whole(), outputs.1.whole())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(mut child) = groups().remove(&self.id) {
            let _ = child.start_kill(); // there may be no one left
            let _ = child.wait();
        }
        // What its first process had started ends a moment later, and has its ports until then.
        #[cfg(unix)]
        {
            use nix::{sys::signal::killpg, unistd::Pid};
            let deadline = Instant::now() + Duration::from_secs(2);
            let group = Pid::from_raw(self.id.cast_signed());
            while killpg(group, None).is_ok() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// What comes out of a pipe, gathered in the background.
#[derive(Clone)]
pub(crate) struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    end: Arc<Mutex<Receiver<()>>>,
}

impl Output {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::default();
        let gathered: Arc<Mutex<Vec<u8>>> = Arc::clone(&bytes);
        let (open, end) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            let Some(pipe) = pipe else { return };
            let mut pipe = pipe.take(MOST);
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.extend_from_slice(&buffer[..length]);
            }
            drop(open);
            if pipe.limit() == 0 {
                thread::park(); // with the pipe open: to close it would be an error for the program
            }
        });
        Self { bytes, end: Arc::new(Mutex::new(end)) }
    }

    /// What has come by now.
    pub(crate) fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// All of it. Nothing more is waited for if a process that has left the group keeps the pipe.
    fn whole(&self) -> String {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = end.recv_timeout(Duration::from_secs(1));
        drop(end);
        self.text()
    }
}
