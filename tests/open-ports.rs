//! Lesson 15, `open-ports`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use support::{Program, rules};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_open-ports");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// Lets the tests run one after the other: a process that another test is starting has, for a
/// moment, all of this process's sockets too.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What it prints; on stderr it may say that it does not see everything.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let ending = start(arguments).finish();
    assert!(ending.status.success(), "{ending:#?}");
    ending.stdout
}

/// The rows: protocol, address, process number, program.
#[track_caller]
fn rows(arguments: &[&str]) -> Vec<[String; 4]> {
    let words = printed(arguments);
    let mut lines = words.lines().map(|line| {
        let mut cells = line.split_whitespace();
        let mut cell = || cells.next().unwrap_or_default().to_owned();
        [cell(), cell(), cell(), cells.collect::<Vec<_>>().join(" ")]
    });
    assert_eq!(lines.next().unwrap(), ["Proto", "Local", "address", "PID Program"], "{words}");
    lines.collect()
}

/// The row that a socket of this test has.
fn own_row(protocol: &str, address: SocketAddr) -> [String; 4] {
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap().to_owned();
    [protocol.to_owned(), address.to_string(), std::process::id().to_string(), program]
}

/// The rows of this address, if asked for its port. Another program may have that port at another
/// address.
#[track_caller]
fn rows_of(address: SocketAddr, option: &[&str]) -> Vec<[String; 4]> {
    let port = address.port().to_string();
    let mut rows = rows(&[&["--port", &port], option].concat());
    assert!(rows.iter().all(|row| row[1].ends_with(&format!(":{port}"))), "{rows:?}");
    rows.retain(|row| row[1] == address.to_string());
    rows
}

/// A TCP and a UDP socket on the same port of this address; nothing if the system has no such
/// address.
fn pair(ip: &str) -> Option<(TcpListener, UdpSocket, SocketAddr)> {
    for _ in 0..1000 {
        let listener = TcpListener::bind(format!("{ip}:0")).ok()?;
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address) {
            return Some((listener, socket, address));
        }
    }
    panic!("no port of {ip} is free for both TCP and UDP");
}

mod dialogue {
    use super::*;

    #[test]
    fn finds_this_tests_own_sockets_with_its_number_and_its_whole_name() {
        let _turn = turn();
        for ip in ["127.0.0.1", "[::1]", "0.0.0.0", "[::]"] {
            let Some((_listener, _socket, address)) = pair(ip) else {
                support::left_out("there is no IPv6 here");
                continue;
            };
            let all = rows(&[]);
            for protocol in ["TCP", "UDP"] {
                let own = own_row(protocol, address);
                assert_eq!(all.iter().filter(|row| **row == own).count(), 1, "{own:?}: {all:?}");
            }
        }
    }

    #[test]
    fn a_connection_is_not_a_listener() {
        let _turn = turn();
        let (listener, _) = support::listener();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (_stream, _) = listener.accept().unwrap();
        let mut all = rows(&[]);
        all.retain(|row| row[0] == "TCP");
        // The accepted stream has the listener's address: still one row.
        assert_eq!(all.iter().filter(|row| row[1] == address.to_string()).count(), 1, "{all:?}");
        let own = client.local_addr().unwrap().to_string();
        assert!(all.iter().all(|row| row[1] != own), "{own}: {all:?}");
    }

    #[test]
    fn tells_who_has_a_port() {
        let _turn = turn();
        let (_listener, _socket, address) = pair("127.0.0.1").unwrap();
        assert_eq!(rows_of(address, &[]), [own_row("TCP", address), own_row("UDP", address)]);
    }
}

mod sturdy {
    use super::*;

    /// A process of some name that has a listening socket, and nothing else to do.
    #[cfg(target_os = "linux")]
    fn process_with_a_listener(name: &std::ffi::OsStr) -> (Holder, tempfile::TempDir, SocketAddr) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        // The kernel names a process after the file that was started, also if that is a link.
        std::os::unix::fs::symlink("/bin/sleep", &file).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listener = std::os::fd::OwnedFd::from(listener);
        let child = Command::new(file).arg("600").stdin(listener).spawn().unwrap();
        (Holder(child), folder, address)
    }

    /// A child process; killed when it is dropped.
    #[cfg(target_os = "linux")]
    struct Holder(std::process::Child);

    #[cfg(target_os = "linux")]
    impl Drop for Holder {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_programs_name_cannot_steer_the_terminal_or_forge_a_row() {
        use std::os::unix::ffi::OsStrExt;
        let _turn = turn();
        for (name, harmless) in [
            ("\u{1b}[2J\nTCP 0:1".as_bytes(), "[2J"),
            ("a\u{202e}b\u{9b}c".as_bytes(), "a"),
            (b"(x) S 1 (\r", "(x) S 1 ("),
            (b"\xff\xfe name", " name"),
        ] {
            let (holder, _folder, address) =
                process_with_a_listener(std::ffi::OsStr::from_bytes(name));
            let words = printed(&["--tcp", "--port", &address.port().to_string()]);
            support::check_safe(&words, 2);
            let row = words.lines().nth(1).unwrap();
            assert!(row.contains(&format!(" {}  ", holder.0.id())), "{words}");
            assert!(row.contains(harmless), "{words}");
        }
    }

    /// The name that is shown for a process with a listening socket.
    #[cfg(target_os = "linux")]
    fn shown_name(address: SocketAddr) -> String {
        rows(&["--port", &address.port().to_string(), "--tcp"])[0][3].clone()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn shows_a_long_name_whole_also_where_it_is_cut_inside_a_character() {
        let _turn = turn();
        for name in ["a-name-of-more-than-15-bytes", "abcdefghijklmn张三", "网络编程服务器"]
        {
            let (_holder, _folder, address) = process_with_a_listener(name.as_ref());
            assert_eq!(shown_name(address), name);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn shows_no_part_of_a_character_where_nothing_has_the_whole_name() {
        let _turn = turn();
        let name = "abcdefghijklmn张三";
        let (listener, address) = support::listener();
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/bin/sleep", folder.path().join(name)).unwrap();
        let mut sleep = Command::new(folder.path().join(name));
        // A command line that says something else.
        std::os::unix::process::CommandExt::arg0(&mut sleep, "sleep");
        let child = sleep.arg("600").stdin(std::os::fd::OwnedFd::from(listener)).spawn().unwrap();
        drop(sleep); // with its copy of the listener
        let _holder = Holder(child);
        assert_eq!(shown_name(address.parse().unwrap()), "abcdefghijklmn");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_was_built_anew_keeps_its_name() {
        let _turn = turn();
        // A file that really has such a name keeps it, too.
        for (name, gone, shown) in [
            ("a-name-of-more-than-15-bytes", true, "a-name-of-more-than-15-bytes"),
            ("fifteen-letters (deleted)", false, "fifteen-letters (deleted)"),
            ("fifteen-letters (deleted)", true, "fifteen-letters (deleted)"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(name);
            std::fs::copy("/bin/sleep", &file).unwrap();
            let (listener, address) = support::listener();
            let mut sleep = Command::new(&file);
            std::os::unix::process::CommandExt::arg0(&mut sleep, "sleep");
            let listener = std::os::fd::OwnedFd::from(listener);
            let child = sleep.arg("600").stdin(listener).spawn().unwrap();
            let _holder = Holder(child);
            drop(sleep);
            if gone {
                std::fs::remove_file(&file).unwrap();
            }
            assert_eq!(shown_name(address.parse().unwrap()), shown);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn shows_each_process_that_shares_a_socket() {
        let _turn = turn();
        let (listener, address) = support::listener();
        let shared = std::os::fd::OwnedFd::from(listener.try_clone().unwrap());
        let child = Command::new("sleep").arg("600").stdin(shared).spawn().unwrap();
        let holder = Holder(child);
        let own = own_row("TCP", address.parse().unwrap());
        let mut other = own.clone();
        other[2] = holder.0.id().to_string();
        other[3] = "sleep".to_owned();
        let rows = rows_of(address.parse().unwrap(), &[]);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows.contains(&own) && rows.contains(&other), "{rows:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connected_udp_socket_waits_for_no_peers() {
        let _turn = turn();
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = support::datagrams(&server.local_addr().unwrap().to_string());
        assert_eq!(rows_of(server.local_addr().unwrap(), &["--udp"]).len(), 1);
        let words = printed(&["--udp", "--port", &client.local_addr().unwrap().port().to_string()]);
        assert!(words.starts_with("Nothing listens on port "), "{words}");
    }

    /// The program after a line for `sh`, in a mount namespace of its own; nothing without root.
    #[cfg(target_os = "linux")]
    fn after(options: &[&str], setup: &str, arguments: &[&str]) -> Option<Command> {
        let may = Command::new("unshare").args(options).arg("true").output();
        if !may.is_ok_and(|output| output.status.success()) {
            support::left_out("a /proc of its own needs root");
            return None;
        }
        let program = command(arguments);
        let mut outer = Command::new("unshare");
        outer.args(options).args(["sh", "-c", &format!("{setup} && exec \"$0\" \"$@\"")]);
        outer.arg(program.get_program()).args(program.get_args());
        Some(outer)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_proc_that_tells_nothing_is_an_error() {
        let _turn = turn();
        for setup in [
            "mount -t tmpfs tmpfs /proc",
            "mount -t tmpfs tmpfs /proc && mkdir /proc/net && : >/proc/net/tcp",
            "mount -t tmpfs tmpfs /proc && mkdir /proc/net && echo sl >/proc/net/tcp",
        ] {
            let command = after(&["--mount"], setup, &["--port", "4"]);
            let Some(mut command) = command else { return };
            let ending = Program::start(&mut command).finish();
            assert_eq!(ending.stdout, "", "{setup}");
            let error = ending.error();
            assert!(error.starts_with("Error: cannot list sockets: /proc/net/"), "{error}");
            assert!(error.ends_with("is /proc mounted?"), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn does_without_the_tables_of_ipv6() {
        let _turn = turn();
        let tables = "mkdir /proc/net && echo sl >/proc/net/tcp && echo sl >/proc/net/udp";
        let setup = format!("mount -t tmpfs tmpfs /proc && {tables}");
        let command = after(&["--mount"], &setup, &["--port", "4"]);
        let Some(mut command) = command else { return };
        let words = Program::start(&mut command).finish().success();
        assert!(words.starts_with("Nothing listens on port 4"), "{words}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn does_not_send_root_to_root() {
        let _turn = turn();
        let (listener, address) = support::listener();
        let port = listener.local_addr().unwrap().port().to_string();
        // A /proc that has the sockets of this network and not this process.
        let options = ["--mount", "--pid", "--fork"];
        let command = after(&options, "mount -t proc proc /proc", &["--port", &port]);
        let Some(mut command) = command else { return };
        let ending = Program::start(&mut command).finish();
        assert!(ending.status.success(), "{ending:#?}");
        let row = ["TCP", &address, "-", "-"];
        let shown = ending.stdout.lines().nth(1).unwrap_or_default();
        assert!(shown.split_whitespace().eq(row), "{ending:#?}");
        assert!(ending.stderr.contains("container"), "{ending:#?}");
        assert!(!ending.stderr.contains("root"), "{ending:#?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_chinese_name_stays_readable() {
        let _turn = turn();
        let (_holder, _folder, address) = process_with_a_listener("网络编程".as_ref());
        let rows = rows(&["--port", &address.port().to_string(), "--tcp"]);
        assert_eq!(rows[0][3], "网络编程");
    }

    #[cfg(unix)]
    #[test]
    fn shows_a_dash_and_says_why_where_it_may_not_look() {
        use std::os::unix::process::CommandExt;
        let _turn = turn();
        let (_listener, _socket, address) = pair("127.0.0.1").unwrap();
        let six = pair("[::1]");
        let mut other_user = command(&[]);
        // The number of `nobody` on most systems; only root may become another user.
        other_user.uid(65534).gid(65534);
        other_user.stdin(std::process::Stdio::null());
        let Ok(output) = other_user.output() else {
            return support::left_out(
                "only root can run it as another user, and only where that user may enter",
            );
        };
        assert!(output.status.success(), "{output:?}");
        let words = String::from_utf8(output.stdout).unwrap();
        let notes = String::from_utf8(output.stderr).unwrap();
        assert_eq!(notes.lines().count(), 1, "{notes}");
        assert!(notes.contains("sudo"), "{notes}");
        if cfg!(target_os = "linux") {
            let addresses = [Some(address), six.map(|six| six.2)];
            for address in addresses.into_iter().flatten() {
                for protocol in ["TCP", "UDP"] {
                    let row = [protocol, &address.to_string(), "-", "-"];
                    let has = |line: &str| line.split_whitespace().eq(row);
                    assert_eq!(
                        words.lines().filter(|line| has(line)).count(),
                        1,
                        "{row:?}: {words}"
                    );
                }
            }
        }
    }
}

mod polish {
    use super::*;

    #[test]
    fn shows_one_protocol_if_asked() {
        let _turn = turn();
        let (_listener, _socket, address) = pair("127.0.0.1").unwrap();
        let (tcp, udp) = (own_row("TCP", address), own_row("UDP", address));
        for (option, own, other) in [("--tcp", &tcp, &udp), ("--udp", &udp, &tcp)] {
            assert_eq!(rows_of(address, &[option]), std::slice::from_ref(own));
            let rows = rows(&[option]);
            assert!(rows.contains(own) && !rows.contains(other), "{option}: {rows:?}");
            assert!(rows.iter().all(|row| row[0] == own[0]), "{option}: {rows:?}");
        }
    }

    #[test]
    fn rows_are_in_order_and_in_columns() {
        let _turn = turn();
        let sockets: Vec<_> = (0..3)
            .flat_map(|_| {
                ["127.0.0.1", "[::1]", "0.0.0.0", "127.100.100.100"].into_iter().filter_map(pair)
            })
            .collect();
        let words = printed(&[]);
        let mut lines = words.lines();
        let header = lines.next().unwrap();
        let [address_at, program_at] =
            ["Local address", "Program"].map(|title| header.find(title).unwrap());
        let pid_end = header.find("PID").unwrap() + 3;
        let mut order = Vec::new();
        for line in lines {
            // Up to the program's name, all is ASCII.
            let (fixed, program) = line.split_at(program_at);
            assert!(fixed.is_ascii() && !program.starts_with(' '), "{words}");
            assert!(fixed.ends_with("  ") && !fixed[..pid_end].ends_with(' '), "{words}");
            let address = fixed[address_at..].split(' ').next().unwrap();
            let address: SocketAddr = address.parse().expect(address);
            order.push((fixed[..address_at].trim_end(), address.port(), address.ip()));
        }
        assert!(order.is_sorted(), "{words}");
        for (_, _, address) in sockets {
            assert!(order.contains(&("TCP", address.port(), address.ip())), "{words}");
            assert!(order.contains(&("UDP", address.port(), address.ip())), "{words}");
        }
    }

    #[test]
    fn says_that_no_one_is_there_and_what_to_do() {
        let _turn = turn();
        // Port 4 is assigned to nothing, and no system gives it out by itself.
        for (arguments, protocols) in [
            (&["--port", "4"] as &[_], "(TCP or UDP)"),
            (&["--port", "4", "--tcp"], "(TCP)"),
            (&["--port", "4", "--udp"], "(UDP)"),
        ] {
            let words = printed(arguments);
            let first = words.lines().next().unwrap();
            assert_eq!(first, format!("Nothing listens on port 4 here {protocols}."));
            if cfg!(windows) {
                assert!(words.contains("netsh"), "{words}");
            } else {
                assert!(words.contains("TIME-WAIT") && words.contains("SO_REUSEADDR"), "{words}");
            }
        }
    }

    #[test]
    fn help_tells_the_lesson_and_what_to_do_in_one_screen() {
        let _turn = turn();
        let parts = ["Lesson 15", "--port", "--tcp", "--udp", "kill PID", "taskkill"];
        rules::help_tells_the_lesson_and_its_other_half_in_one_screen(command, &parts);
    }

    #[test]
    fn refuses_a_wrong_command_line() {
        let _turn = turn();
        let wrong: &[&[&str]] = &[
            &["--tcp", "--udp"],
            &["--udp", "--tcp", "--port", "80"],
            &["--port"],
            &["--port", "0"],
            &["--port", "65536"],
            &["--port=-1"],
            &["--port", "http"],
            &["9999"],
            &["--listening"],
        ];
        rules::refuses_a_wrong_command_line(command, wrong);
    }

    #[cfg(unix)]
    #[test]
    fn refuses_arguments_that_are_not_utf_8() {
        let _turn = turn();
        rules::refuses_arguments_that_are_not_utf_8(EXECUTABLE, &[&[b"--port=\xff"]]);
    }

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        let _turn = turn();
        for arguments in [[].as_slice(), &["--port", "4"]] {
            rules::ends_when_stdout_is_closed_or_full(command(arguments), |_| ());
        }
    }
}
