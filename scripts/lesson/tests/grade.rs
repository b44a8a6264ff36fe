//! `cargo lesson grade`, judged itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use course::{Course, run};
use tempfile::TempDir;

/// A client of lesson 5 and a server of lesson 4, written after their article, that take an address.
const CLIENT: &str = r#"
import socket, sys
host, port = sys.argv[1].split(":")
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect((host, int(port)))
print(s.recv(1024).decode())
for name in ["Michael", "Tracy", "Sarah"]:
    s.sendall(name.encode())
    print(s.recv(1024).decode())
s.sendall(b"exit")
s.close()
"#;
const SERVER: &str = r#"
import socket, sys, threading
def talk(stream, peer):
    print("Accept new connection from", peer)
    stream.sendall(b"Welcome!")
    while True:
        name = stream.recv(1024)
        if not name or name == b"exit":
            break
        stream.sendall(b"Hello, %s!" % name)
    stream.close()
    print("Connection from", peer, "closed.")
host, port = sys.argv[1].split(":")
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.bind((host, int(port)))
s.listen(5)
while True:
    stream, peer = s.accept()
    threading.Thread(target=talk, args=(stream, peer)).start()
"#;

fn lesson(words: &[&str]) -> Command {
    let mut lesson = Command::new(env!("CARGO_BIN_EXE_lesson"));
    lesson.arg("grade").args(words).env("LESSON_FORGETS", "1").env("LANG", "C.UTF-8");
    // A requirement that is left out here would be met by any program.
    lesson.env("LESSON_PATIENCE", "10").env("LEAVE_NOTHING_OUT", "1").env_remove("LC_ALL");
    lesson
}

struct Graded {
    whole: bool,
    ticks: usize,
    crosses: usize,
    said: String,
}

fn graded(lesson: &mut Command) -> Graded {
    let output = lesson.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let count = |mark| said.lines().filter(|line| line.starts_with(mark)).count();
    let (ticks, crosses) = (count("✓ "), count("✗ "));
    let said = said + &String::from_utf8_lossy(&output.stderr);
    for rust in ["assertion", "called `", "Os {", "ExitStatus", "panicked", "tests/"] {
        assert!(!said.contains(rust), "{rust}: {said}");
    }
    Graded { whole: output.status.success(), ticks, crosses, said }
}

/// A program in a folder of its own.
fn program(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("程序 1.py");
    fs::write(&file, text).unwrap();
    (folder, file.to_str().unwrap().to_owned())
}

/// Our own program of lesson 5.
fn ours() -> String {
    let course = Course::read().unwrap();
    let built = run::build(course.cargo().args(["build", "--package", "tcp-client"])).unwrap();
    run::find(&built, "bin", "tcp-client").unwrap().to_str().unwrap().to_owned()
}

#[test]
fn our_own_program_meets_every_requirement() {
    let ours = &ours();
    let Graded { whole, ticks, crosses, said } =
        graded(lesson(&["5", "--", ours]).env("LESSON_PATIENCE", "60"));
    assert!(whole && ticks > 10 && crosses == 0, "{said}");
    assert!(said.contains("3 of 3 in dialogue, "), "{said}");
}

#[cfg(unix)]
#[test]
fn a_shell_in_front_of_the_program_changes_nothing() {
    let script = "\"$0\" \"$@\"; exit $?";
    let mut lesson = lesson(&["5", "--stage", "sturdy", "--", "sh", "-c", script, &ours()]);
    let Graded { whole, ticks, said, .. } = graded(lesson.env("LESSON_PATIENCE", "60"));
    assert!(whole && ticks > 10, "{said}");
}

/// What the screen must say of a program with a typical mistake.
#[test]
fn a_mistake_is_named_in_words_that_help() {
    let client = |from: &str, to: &str| ("5", CLIENT.replacen(from, to, 1));
    let server = |from: &str, to: &str| ("4", SERVER.replacen(from, to, 1));
    let mistakes = [
        (client("name.encode()", "name"), "A socket sends bytes, not text: encode it first"),
        (client("name.encode()", "name.encode() + b'\\n'"), "came:     \\nTrac\n              ^\n"),
        (
            client("print(s.recv(1024).decode())\nfor", "for"),
            "Print the welcome and each answer on a line of its own",
        ),
        (client("s.connect", "while True: pass\ns.connect"), "It did not connect to 127.0.0.1:"),
        (client("s.connect", "while True: print('waiting')\ns.connect"), "waiting\n    …\n"),
        (
            client("int(port)", "int(port) + 1"),
            "No one listens at the address that it connected to",
        ),
        (client("s.connect((host, int(port)))", "sys.exit()"), "say which: --at HOST:PORT"),
        (client("for name", "names = [][1]\nfor name"), "IndexError: list index out of range"),
        (client("for name in", "for name of"), "SyntaxError"),
        (client("s.close()", "s.recv(1)"), "close the connection, without waiting for an answer"),
        (client("s.sendall(b\"exit\")\n", ""), "expected: exit\n"),
        (
            server("b\"Welcome!\"", "\"Welcome!\""),
            "A socket sends bytes, not text: encode it first",
        ),
        (
            server("b\"Hello, %s!\" % name", "(\"Hello, %s!\" % name).encode()"),
            "came:     Hello, b\\'Michae\n                     ^\n    expected: Hello, Michael!\n",
        ),
        (server("s.listen(5)", "while True: pass"), "It does not listen anywhere after "),
        (server("s.listen(5)", "1 / 0"), "ZeroDivisionError: division by zero"),
        (server("    while True:\n", "    for _ in [1]:\n"), "expected: Hello, Tracy!\n"),
        (
            server(
                "threading.Thread(target=talk, args=(stream, peer)).start()",
                "talk(stream, peer)",
            ),
            "Talk with each client in a thread of its own",
        ),
        (("7", "import sys\nsys.stdin.readline()".to_owned()), "Did you flush what you printed?"),
        (server("name == b\"exit\"", "name == \"exit\""), "came:     Hello, exit!\n"),
    ];
    for ((number, text), sentence) in mistakes {
        assert!(![CLIENT, SERVER].contains(&&*text), "nothing was changed for {sentence:?}");
        let (_folder, file) = program(&text);
        let mut lesson = lesson(&[number, "--stage", "dialogue", "--", "python3", &file]);
        let Graded { whole, said, .. } = graded(lesson.env("LESSON_PATIENCE", "6"));
        assert!(!whole && said.contains(sentence), "{sentence:?} is missing:\n{said}\n{text}");
        assert!(said.len() < 4_000, "{said}");
    }
}

#[test]
fn a_line_that_is_not_flushed_is_named_where_it_is_asked_for() {
    let (_folder, file) = program(CLIENT);
    let mut lesson = lesson(&["5", "--stage", "polish", "--", "python3", &file]);
    let Graded { whole, said, .. } = graded(lesson.env("LESSON_PATIENCE", "2"));
    assert!(!whole && said.contains("flush"), "{said}");
}

#[test]
fn only_one_thing_is_said_of_a_program_that_does_not_start() {
    let programs: [(&[&str], &str); 4] = [
        (&["pyhton3", "client.py"], "There is no program pyhton3."),
        (&["python3", "no-such-file.py"], "There is no such file"),
        (&["/dev/null"], "cannot be run as a program"),
        (&["true"], "It ended at once (status 0)"),
    ];
    for (words, sentence) in programs {
        let Graded { whole, ticks, crosses, said } =
            graded(lesson(&["tcp-client", "--"]).args(words));
        assert!(!whole && ticks == 0 && crosses == 1 && said.contains(sentence), "{said}");
        let mut chinese = lesson(&["tcp-client", "--lang", "zh", "--"]);
        let chinese = graded(chinese.args(words)).said;
        assert!(!chinese.contains(sentence) && chinese.contains('。'), "{chinese}");
    }
}

/// What ran as its child would go on for ever.
#[test]
fn nothing_is_left_running_even_behind_a_shell() {
    let (_folder, file) = program(&SERVER.replace("sys.argv[1]", "\"127.0.0.1:18717\""));
    let script = format!("python3 '{file}'; true");
    let mut lesson = lesson(&["4", "--stage", "dialogue", "--", "sh", "-c", &script]);
    let Graded { whole, ticks, said, .. } = graded(&mut lesson);
    assert!(whole && ticks == 5, "{said}");
    TcpListener::bind("127.0.0.1:18717").expect("the server has ended");
}

#[test]
fn a_stranger_at_the_articles_address_is_not_the_program() {
    let (_folder, file) = program(CLIENT);
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    thread::spawn(move || {
        while !seen.load(Ordering::Relaxed) {
            let _stream = TcpStream::connect("127.0.0.1:9999");
            thread::sleep(Duration::from_millis(5));
        }
    });
    let lesson = &mut lesson(&["5", "--stage", "dialogue", "--", "python3", &file]);
    let Graded { whole, said, .. } = graded(lesson.env("LESSON_PATIENCE", "60"));
    over.store(true, Ordering::Relaxed);
    assert!(whole, "{said}");
}

/// A running grader and its lines.
fn running(lesson: &mut Command) -> (Child, Receiver<String>) {
    let lesson = lesson.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = lesson.spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (send, lines) = channel();
    thread::spawn(move || {
        stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    (child, lines)
}

fn wait_for(lines: &Receiver<String>, part: &str) {
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.contains(part)) {
        let line = lines.recv_timeout(Duration::from_secs(120));
        said.push(line.unwrap_or_else(|_| panic!("{part:?} does not come: {said:#?}")));
    }
}

#[cfg(unix)]
fn interrupt(mut child: Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_program_too() {
    let fixed = SERVER.replace("sys.argv[1]", "\"127.0.0.1:18718\"");
    // The second requirement never ends.
    let (_folder, file) = program(&fixed.replace("stream.sendall(b\"Hello", "input(b\"Hello"));
    let mut lesson = lesson(&["4", "--stage", "dialogue", "--", "python3", &file]);
    let (child, lines) = running(lesson.env("LESSON_PATIENCE", "100"));
    wait_for(&lines, "✓ welcomes a client");
    interrupt(child);
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = TcpListener::bind("127.0.0.1:18718") {
        assert!(Instant::now() < deadline, "the server goes on: {error}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[test]
fn a_save_is_judged_again() {
    let (_folder, file) = program(&CLIENT.replace("name.encode()", "name"));
    let (child, lines) =
        running(&mut lesson(&["5", "--watch", "--stage", "dialogue", "--", "python3", &file]));
    wait_for(&lines, "0 of 3 in dialogue");
    wait_for(&lines, "Ctrl-C");
    fs::write(&file, CLIENT).unwrap();
    wait_for(&lines, "3 of 3 in dialogue");
    wait_for(&lines, "Ctrl-C");
    interrupt(child);
}

#[test]
fn words_come_to_the_program_as_they_were_typed() {
    // An empty word, one with lines, and a module of the reader's folder.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my_client.py"), CLIENT.replace("sys.argv[1]", "sys.argv[2]"))
        .unwrap();
    let script = "import sys\nassert sys.argv[1] == ''\nimport my_client";
    let mut lesson = lesson(&["5", "--stage", "dialogue", "--", "python3", "-c", script, ""]);
    let Graded { whole, said, .. } = graded(lesson.current_dir(folder.path()));
    assert!(whole, "{said}");
}

#[test]
fn a_program_that_saves_files_is_found_and_leaves_none_with_the_reader() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/fetch.py");
    let text = fs::read_to_string(script).unwrap();
    let text = text.replace("('www.sina.com.cn', 80)", "(host, int(port))");
    let text = format!("import sys\nhost, port = sys.argv[1].split(':')\n{text}");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my_fetch.py"), text).unwrap();
    for words in [["python3", "my_fetch.py"].as_slice(), &["python3", "-B", "-m", "my_fetch"]] {
        let mut lesson = lesson(&["1", "--stage", "dialogue", "--"]);
        let Graded { whole, said, .. } = graded(lesson.args(words).current_dir(folder.path()));
        assert!(whole, "{said}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

/// Runs `command` on a machine of its own, where the hosts of the articles are loopback (Linux,
/// root); elsewhere nothing.
fn on_own_machine(command: &Command) -> Option<Command> {
    let setup = "ip link set lo up && ip addr add 192.168.1.104/32 dev lo &&
        mount -t tmpfs tmpfs /mnt && echo \"127.0.0.1 localhost $(hostname) www.sina.com.cn\" >/mnt/hosts &&
        mount --bind /mnt/hosts /etc/hosts || exit 99
        exec \"$@\"";
    let mut own = Command::new("unshare");
    own.args(["--net", "--mount", "sh", "-c", setup, "sh"]);
    let may = own.arg("true").output();
    may.is_ok_and(|output| output.status.success()).then(|| {
        let mut own = Command::new("unshare");
        own.args(["--net", "--mount", "sh", "-c", setup, "sh"]);
        own.arg(command.get_program()).args(command.get_args());
        own.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        own
    })
}

/// A fixed address, a pause of a second, no flush, no SO_REUSEADDR: the scripts of the articles get
/// every tick of `dialogue` as they are.
#[test]
fn scripts_like_the_articles_hold_the_dialogue() {
    let scripts: [(&str, &str, &[&str]); 13] = [
        ("1", "fetch.py", &["--at", "www.sina.com.cn:80"]),
        ("2", "echo-server.py", &[]),
        ("3", "echo-client.py", &[]),
        ("4", "thread-server.py", &[]),
        ("5", "client.py", &["--at", "127.0.0.1:9999"]),
        ("6", "gethostname-server.py", &["--half", "server"]),
        ("6", "gethostname-client.py", &["--half", "client"]),
        ("7", "udp-sender.py", &["--at", "192.168.1.104:8234"]),
        ("8", "udp-receiver.py", &[]),
        ("9", "udp-server.py", &[]),
        ("10", "udp-client.py", &[]),
        ("11", "gbk-server.py", &[]),
        ("12", "gbk-client.py", &[]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    for (number, script, options) in scripts {
        let mut lesson = lesson(&[number, "--stage", "dialogue"]);
        lesson.args(options).args(["--", "python3", script]);
        let own = on_own_machine(&lesson);
        if own.is_none() && ["1", "7"].contains(&number) {
            let why = "a script that goes to a fixed host needs Linux and root";
            assert!(std::env::var_os("LEAVE_NOTHING_OUT").is_none(), "left out: {why}");
            eprintln!("LEFT OUT: {script}: {why}");
            continue;
        }
        let Graded { whole, ticks, crosses, said } =
            graded(own.unwrap_or(lesson).current_dir(&folder).env("LESSON_PATIENCE", "60"));
        assert!(whole && ticks >= 2 && crosses == 0, "{script}: {said}");
    }
}
