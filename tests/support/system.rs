//! What a test asks of the system: limits, networks and host names of a program's own.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::{left_out, patience};

/// Waits until Linux says that the process is in `state` (proc(5): T is stopped, S sleeps).
pub fn wait_for_state(id: u32, state: char) {
    let deadline = Instant::now() + patience();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
        let now = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        if now == Some(state) {
            return;
        }
        assert!(now != Some('Z'), "the program has ended");
        assert!(
            Instant::now() < deadline,
            "the program is in state {now:?}, not {state} (proc(5))"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether this process ignores SIGINT, as then does each program that it starts (Linux, proc(5);
/// elsewhere no one asks).
#[cfg(unix)]
pub fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 0b10 != 0) // SIGINT is 2, and the lowest bit is 1
}

/// What a program holds of the system (Linux, proc(5)).
#[derive(Debug)]
pub struct Resources {
    pub descriptors: usize,
    pub threads: usize,
    /// Resident memory, in bytes.
    pub resident: usize,
}

/// What process `id` holds now.
pub fn resources(id: u32) -> Resources {
    let count =
        |folder| std::fs::read_dir(format!("/proc/{id}/{folder}")).expect("it runs").count();
    let resident = memory(id, "VmRSS:");
    Resources { descriptors: count("fd"), threads: count("task"), resident }
}

/// What proc(5) says about the memory of process `id` in the line `key`, in bytes.
pub fn memory(id: u32, key: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    1024 * kilobytes.expect("proc(5) tells how much memory it has")
}

/// Waits until process `id` holds no more than that.
pub fn wait_for_resources(id: u32, enough: impl Fn(&Resources) -> bool) -> Resources {
    let deadline = Instant::now() + patience();
    loop {
        let now = resources(id);
        if enough(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "it still holds {now:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A pipe that no one reads, as a program's standard output has behind `| head` after a while.
pub fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().expect("there are pipes").1
}

/// A device that is always full, where the system has one (Linux).
pub fn full_device() -> Option<std::fs::File> {
    std::fs::File::options().write(true).open("/dev/full").ok()
}

/// Runs `command` where `/etc/hosts` says `hosts`, in a mount namespace of its own (Linux, root);
/// elsewhere nothing, said aloud.
pub fn with_hosts(command: &Command, hosts: &str) -> Option<Command> {
    let may = Command::new("unshare").args(["--mount", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        left_out("a hosts file of its own needs Linux and root");
        return None;
    }
    let script = "mount -t tmpfs tmpfs /mnt && printf %s \"$0\" >/mnt/hosts && mount --bind /mnt/hosts /etc/hosts && exec \"$@\"";
    let mut outer = Command::new("unshare");
    outer
        .args(["--mount", "sh", "-c", script, hosts])
        .arg(command.get_program())
        .args(command.get_args());
    Some(outer)
}

/// Runs `command` after the shell's `redirections`: `>&-` takes its standard output away.
pub fn with_streams(command: &Command, redirections: &str) -> Command {
    let mut outer = Command::new("sh");
    outer.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]);
    outer.arg(command.get_program()).args(command.get_args());
    outer
}

/// Runs `command` in a network of its own, which `setup` (a line for `sh`) makes what it is: at
/// first it has a loopback that is down (Linux, root). Elsewhere nothing, said aloud.
pub fn with_network(command: &Command, setup: &str) -> Option<Command> {
    let may = Command::new("unshare").args(["--net", "ip", "link"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        left_out("a network of its own needs Linux and root");
        return None;
    }
    let mut outer = Command::new("unshare");
    outer.args(["--net", "sh", "-c", &format!("{setup}\nexec \"$0\" \"$@\"")]);
    outer.arg(command.get_program()).args(command.get_args());
    Some(outer)
}

/// A [`with_network`] that has loopback, but no IPv6, as on a machine where that is switched off.
pub const NO_IPV6: &str =
    "ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || exit 99";

/// Runs `command` under a limit of the shell's `ulimit`: `["-n", "32"]`.
pub fn with_limit(command: &Command, limit: [&str; 2]) -> Command {
    let script = format!("ulimit {} {} && exec \"$0\" \"$@\"", limit[0], limit[1]);
    let mut outer = Command::new("sh");
    outer.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    outer
}
