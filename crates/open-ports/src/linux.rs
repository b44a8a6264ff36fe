//! Linux's own tables: which sockets there are (`/proc/net`, proc_pid_net(5)), and which processes
//! have them open (`/proc/PID/fd`, proc_pid_fd(5)).
//!
//! The tables show all sockets of this network namespace to everyone. A process's descriptors are
//! for its own user and root.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use crate::{Found, Socket};

/// The numbers and names of the processes that have a socket open, by the socket's number.
type Owners = BTreeMap<u64, Vec<(u32, String)>>;

/// What waits for peers, and each process that has it open.
pub fn find() -> Result<Found> {
    let before = sockets()?;
    let (owners, refused) = owners()?;
    // Looked up before and after: a socket that has just come or gone is not an unseen one.
    let after = sockets()?;
    let mut rows = BTreeSet::new();
    for (socket, number) in before {
        if let Some(processes) = owners.get(&number) {
            rows.extend(
                processes.iter().map(|(pid, name)| (socket, pid.to_string(), name.clone())),
            );
        } else if after.contains(&(socket, number)) {
            rows.insert((socket, "-".to_owned(), "-".to_owned()));
        }
    }
    let remark = if refused {
        "not all is seen: only root (sudo) sees other users' programs; \
         the kernel's sockets have none"
    } else {
        "a dash: the kernel's own socket, or a program outside this container"
    };
    Ok(Found { rows, remark })
}

/// All sockets that wait for peers, each with its number (inode).
fn sockets() -> Result<BTreeSet<(Socket, u64)>> {
    let mut sockets = BTreeSet::new();
    for (protocol, file) in [("TCP", "tcp"), ("TCP", "tcp6"), ("UDP", "udp"), ("UDP", "udp6")] {
        let path = format!("/proc/net/{file}");
        let table = match fs::read_to_string(&path) {
            // A kernel without IPv6 has no such table.
            Err(error) if error.kind() == ErrorKind::NotFound && file.ends_with('6') => continue,
            table => table.map_err(|error| {
                anyhow!("cannot list sockets: {path}: {error}; is /proc mounted?")
            })?,
        };
        ensure!(!table.is_empty(), "cannot list sockets: {path} is empty; is /proc mounted?");
        sockets.extend(table.lines().filter_map(|line| parse(protocol, line)));
    }
    Ok(sockets)
}

/// A line such as `0: 0100007F:270F 00000000:0000 0A …`: 127.0.0.1:9999 is in state 0A, LISTEN.
/// For UDP, 07 means that the socket is not connected, and 01 that it is.
pub fn parse(protocol: &'static str, line: &str) -> Option<(Socket, u64)> {
    let mut words = line.split_whitespace().skip(1);
    let (local, _remote, state) = (words.next()?, words.next()?, words.next()?);
    let number = words.nth(5)?.parse().ok()?;
    let (ip, port) = local.split_once(':')?;
    // Words of 32 bits, each a number in this machine's own order of bytes.
    let word = |at| Some(u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = (0..ip.len()).step_by(8).map(word).collect::<Option<Vec<_>>>()?.concat();
    let ip = match <[u8; 4]>::try_from(ip.as_slice()) {
        Ok(ip) => IpAddr::from(ip),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
    };
    let port = u16::from_str_radix(port, 16).ok()?;
    let waits = state == if protocol == "TCP" { "0A" } else { "07" };
    waits.then_some(((protocol, port, ip), number))
}

/// Looks into every process; and says whether one did not let it look.
fn owners() -> Result<(Owners, bool)> {
    let mut owners = Owners::new();
    let mut refused = false;
    for entry in fs::read_dir("/proc").context("cannot list processes: /proc")?.flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let (Some(pid), process) = (pid, entry.path()) else { continue };
        let descriptors = fs::read_dir(process.join("fd"));
        refused |=
            descriptors.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        // A descriptor of a socket is a link to `socket:[NUMBER]`.
        let open = descriptors.into_iter().flatten().flatten().filter_map(|descriptor| {
            let target = fs::read_link(descriptor.path()).ok()?;
            target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        });
        let open: BTreeSet<u64> = open.collect(); // one process can have a socket twice (dup)
        if !open.is_empty() {
            let name = name(&process);
            for number in open {
                owners.entry(number).or_default().push((pid, name.clone()));
            }
        }
    }
    Ok((owners, refused))
}

/// A program's name. The kernel keeps 15 bytes of it, which may end inside a character. Its file or
/// its command line has the whole.
fn name(process: &Path) -> String {
    let line = fs::read(process.join("comm")).unwrap_or_default();
    let kept = line.strip_suffix(b"\n").unwrap_or(&line);
    if kept.len() >= 15 {
        let words = fs::read(process.join("cmdline")).unwrap_or_default();
        let words =
            words.split(|byte| *byte == 0).map(|word| PathBuf::from(OsStr::from_bytes(word)));
        let file = file(process).into_iter().chain(words).find_map(|path| {
            let name = path.file_name()?;
            name.as_bytes().starts_with(kept).then(|| name.to_string_lossy().into_owned())
        });
        if let Some(name) = file {
            return name;
        }
    }
    // `error_len` is None where the text ends inside a character.
    let whole = match str::from_utf8(kept) {
        Err(error) if error.error_len().is_none() => &kept[..error.valid_up_to()],
        _ => kept,
    };
    String::from_utf8_lossy(whole).into_owned()
}

/// The file that a process runs. To the name of one that is gone, such as a program that was built
/// anew, Linux adds ` (deleted)`. A file that is there can really be called so.
fn file(process: &Path) -> Option<PathBuf> {
    let path = fs::read_link(process.join("exe")).ok()?;
    let Some(before) = path.as_os_str().as_bytes().strip_suffix(b" (deleted)") else {
        return Some(path);
    };
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    let there = process.join("root").join(path.strip_prefix("/").ok()?);
    let is_there = identity(there) == identity(process.join("exe"));
    Some(if is_there { path } else { PathBuf::from(OsStr::from_bytes(before)) })
}
