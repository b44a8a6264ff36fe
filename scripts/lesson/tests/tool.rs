//! `cargo lesson` on a copy of the course, in a folder with a blank and Chinese characters and without
//! Git: start, next, list, diff, and what all commands share.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use console::measure_text_width;
use course::Course;

/// A copy of the course, without the tool: where cargo is to run that, it says `the tool` and its
/// arguments.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name} 课程"));
        let _ = fs::remove_dir_all(&root);
        let course = Course::read().unwrap();
        for place in ["crates", "docs", "scripts", "tests", ".cargo", "Cargo.toml", "Cargo.lock"] {
            copy(&course.root.join(place), &root.join(place));
        }
        let tool = root.join("scripts/lesson");
        let manifest = "[package]\nname = \"lesson\"\nedition = \"2024\"\n";
        fs::write(tool.join("Cargo.toml"), manifest).unwrap();
        let main = "fn main() { println!(\"the tool {:?}\", std::env::args().nth(1)) }\n";
        fs::write(tool.join("src/main.rs"), main).unwrap();
        Self { root }
    }

    /// The real tool, for this copy, in its top folder.
    fn lesson(&self, arguments: &str) -> Command {
        let mut lesson = lesson(arguments);
        lesson.current_dir(&self.root).env("CARGO_MANIFEST_DIR", self.root.join("scripts/lesson"));
        lesson
    }

    fn file(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// What `cargo` prints in a folder of this copy, without a network.
    fn cargo(&self, folder: &str, arguments: &str) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments.split(' ')).current_dir(self.root.join(folder));
        cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", self.root.join("target"));
        good(&mut cargo)
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        if name != "target" {
            copy(&from.join(&name), &to.join(&name));
        }
    }
}

/// The tool, for the course that it was built in, as on a machine that says nothing of itself.
fn lesson(arguments: &str) -> Command {
    let mut lesson = Command::new(env!("CARGO_BIN_EXE_lesson"));
    lesson.args(arguments.split(' '));
    for name in ["COLUMNS", "LC_ALL", "LC_MESSAGES", "LANG", "PAGER", "LESS", "NO_COLOR"] {
        lesson.env_remove(name);
    }
    lesson
}

fn output(command: &mut Command) -> (Output, String) {
    let output = command.output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output, said)
}

/// What a command prints that ends well.
fn good(command: &mut Command) -> String {
    let (output, said) = output(command);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command says that ends with an error.
fn error(command: &mut Command, status: i32) -> String {
    let (output, said) = output(command);
    assert_eq!(output.status.code(), Some(status), "{command:?}: {said}");
    said
}

#[track_caller]
fn has(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "{piece:?} is not in {text}");
    }
}

#[track_caller]
fn fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(measure_text_width(line) <= width, "{line:?} has more than {width} columns");
    }
}

#[test]
fn start_writes_a_program_that_runs_at_once() {
    let copy = Copy::new("start");
    let said = good(&mut copy.lesson("start tcp-client"));
    has(&said, &["mine/tcp-client/src/main.rs", "cargo lesson grade tcp-client --watch"]);
    has(
        &copy.file("mine/tcp-client/src/main.rs"),
        &["cargo run --example tcp-server-threaded", "// 4. Send \"exit\"", "TcpStream::connect"],
    );
    good(&mut copy.lesson("start 6 --half client"));
    good(&mut copy.lesson("start tcp-server-gbk --lang zh"));
    has(&copy.file("mine/tcp-server-gbk/src/main.rs"), &["第 11 课", "netcommon::decode"]);
    good(copy.lesson("start 7 --python").env("LANG", "zh_CN.UTF-8"));
    has(&copy.file("mine/udp-sender/udp-sender.py"), &["第 7 课", "sendto"]);

    for (folder, said) in [
        ("tcp-client", "tcp-client is not written yet"),
        ("gethostname-demo/client", "gethostname-client is not written yet"),
        ("tcp-server-gbk", "tcp-server-gbk 还没有写"),
    ] {
        let folder = format!("mine/{folder}");
        assert_eq!(copy.cargo(&folder, "run --quiet").trim(), said);
    }
    let mut python = Command::new("python3");
    let said = good(python.arg("udp-sender.py").current_dir(copy.root.join("mine/udp-sender")));
    assert_eq!(said.trim(), "udp-sender 还没有写");
}

#[test]
fn start_overwrites_nothing() {
    let copy = Copy::new("again");
    good(&mut copy.lesson("start tcp-client"));
    fs::write(copy.root.join("mine/tcp-client/src/main.rs"), "my own").unwrap();
    for again in ["start tcp-client", "start 5 --python"] {
        has(&error(&mut copy.lesson(again), 1), &["main.rs is there already"]);
    }
    has(&error(&mut copy.lesson("start 5 --lang zh"), 1), &["已存在，不会覆盖"]);
    assert_eq!(copy.file("mine/tcp-client/src/main.rs"), "my own");
    assert!(!copy.root.join("mine/tcp-client/tcp-client.py").exists());
    // Also where only a part of it is there.
    fs::create_dir_all(copy.root.join("mine/udp-sender")).unwrap();
    fs::write(copy.root.join("mine/udp-sender/Cargo.toml"), "my own").unwrap();
    has(&error(&mut copy.lesson("start udp-sender"), 1), &["Cargo.toml is there already"]);
    assert!(!copy.root.join("mine/udp-sender/src").exists());

    has(&error(&mut copy.lesson("start 6"), 1), &["--half server or --half client"]);
    has(&error(&mut copy.lesson("start 5 --half server"), 1), &["no halves"]);
    has(&error(&mut copy.lesson("start socket-tour"), 1), &["cargo run -p socket-tour"]);
}

#[test]
fn the_tool_is_found_from_every_folder() {
    let copy = Copy::new("folders");
    good(&mut copy.lesson("start tcp-client"));
    good(&mut copy.lesson("start 6 --half server"));
    good(&mut copy.lesson("start 7 --python"));
    for folder in [
        ".",
        "docs",
        "crates/tcp-client/src",
        "scripts/book",
        "scripts/book/src",
        "scripts/book/theme",
        "mine",
        "mine/tcp-client",
        "mine/tcp-client/src",
        "mine/gethostname-demo/server",
        "mine/udp-sender",
    ] {
        assert_eq!(copy.cargo(folder, "lesson list"), "the tool Some(\"list\")\n", "{folder}");
        assert_eq!(copy.cargo(folder, "book --open"), "the tool Some(\"book\")\n", "{folder}");
    }
}

#[test]
fn list_and_next_know_what_was_done() {
    let copy = Copy::new("progress");
    let (next, next_zh) = ("next", "next --lang zh");
    let list = good(&mut copy.lesson("list"));
    has(&list, &["\n   1  http-fetch ", "\n  15  open-ports "]);
    has(
        &good(&mut copy.lesson(next)),
        &["Lesson 1, http-fetch", "cargo lesson start http-fetch\n"],
    );
    has(&good(&mut copy.lesson(next_zh)), &["第 1 课 http-fetch", "先读文章"]);

    good(&mut copy.lesson("start tcp-client --python"));
    let go_on = ["mine/tcp-client/tcp-client.py", "cargo lesson grade tcp-client --watch"];
    has(&good(&mut copy.lesson(next)), &go_on);
    has(&good(&mut copy.lesson(next_zh)), &go_on);

    let progress = copy.root.join("mine/progress.toml");
    let one = "tcp-client = [\"dialogue\"]\nhttp-fetch = [\"dialogue\", \"polish\", \"sturdy\"]\n\
               gethostname-server = [\"dialogue\"]\n";
    fs::write(&progress, one).unwrap();
    let list = good(&mut copy.lesson("list"));
    has(&list, &["\n★  1  http-fetch ", "\n✓  5  tcp-client ", "\n   6  gethostname-demo "]);
    let client = ["cargo lesson start gethostname-demo --half client\n"];
    has(&good(&mut copy.lesson(next)), &client);
    // What was passed over comes when nothing is left behind the last one.
    fs::write(&progress, "tcp-client-gbk = [\"dialogue\"]\n").unwrap();
    fs::remove_dir_all(copy.root.join("mine/tcp-client")).unwrap();
    has(&good(&mut copy.lesson(next)), &["cargo lesson start http-fetch\n"]);

    let course = Course::read().unwrap();
    let programs = course.lessons.iter().flat_map(course::Lesson::tutorial);
    let names: Vec<_> = programs.map(course::File::stem).collect();
    let all = |stages: &str| names.join(&format!(" = {stages}\n")) + " = " + stages;
    fs::write(&progress, all("[\"dialogue\"]")).unwrap();
    has(&good(&mut copy.lesson(next)), &["cargo lesson diff http-fetch --guards", "socket-tour"]);
    fs::write(&progress, all("[\"dialogue\", \"sturdy\", \"polish\"]")).unwrap();
    has(&good(&mut copy.lesson(next)), &["meet every requirement", "cargo run -p open-ports"]);
    has(&good(&mut copy.lesson(next_zh)), &["全部要求", "cargo run -p open-ports"]);

    fs::write(&progress, "tcp-client = 1").unwrap();
    has(&error(&mut copy.lesson(next), 1), &["progress.toml; delete it to start anew"]);
}

#[test]
fn what_is_shown_fits_the_terminal() {
    for width in [100, 80, 40] {
        for arguments in ["list", "list --lang zh", "tour tcp-client", "diff 4 --side-by-side"] {
            let said = good(lesson(arguments).env("COLUMNS", width.to_string()));
            // One column has no bar, and is not cut: the terminal does that.
            if !arguments.starts_with("diff") || said.contains(" │ ") {
                fits(&said, width);
            } else {
                assert!(width < 50, "{said}");
            }
            if arguments.starts_with("list") {
                for found in &Course::read().unwrap().lessons {
                    has(&said, &[&format!(" {}", found.name)]);
                }
            }
        }
    }
    fits(&good(lesson("tour tcp-client").env("COLUMNS", "13")), 13);
}

#[test]
fn tabs_do_not_shift_the_columns() {
    let copy = Copy::new("tabs");
    let mine = copy.root.join("mine.py");
    fs::write(&mine, "if True:\n\tprint(1)\n").unwrap();
    let mut diff = copy.lesson("diff tcp-client --side-by-side --mine mine.py");
    let said = good(diff.env("COLUMNS", "80"));
    assert!(!said.contains('\t'), "{said}");
    fits(&said, 80);
}

#[test]
fn diff_says_what_cannot_be_seen() {
    let copy = Copy::new("diff");
    let ours = copy.file("crates/tcp-client/examples/tcp-client.py");
    let cases = [
        (ours.clone(), "no difference"),
        (ours.replace('\n', "\r\n"), "line ends differ: CR LF in yours"),
        (ours.replacen('\n', "\r\n", 2), " line ends are CR LF, not LF"),
        (ours.trim_end().to_owned(), "no newline at the end"),
        (ours.replace("    ", "\t"), " lines have tabs, where ours have blanks"),
        (format!("\u{feff}{ours}"), "byte order mark"),
    ];
    for (text, says) in cases {
        fs::write(copy.root.join("mine.py"), text).unwrap();
        let said = good(&mut copy.lesson("diff tcp-client --mine mine.py"));
        has(&said, &[says]);
        // Nothing else differs.
        assert!(!said.lines().any(|line| line.starts_with(['+', '-'])), "{said}");
    }
    fs::write(copy.root.join("mine.py"), b"print('\xc4\xe3')\n").unwrap();
    has(&good(&mut copy.lesson("diff 5 --mine mine.py")), &["not in UTF-8", "+print"]);
    fs::write(copy.root.join("mine.go"), "package main\n").unwrap();
    let said = good(&mut copy.lesson("diff 5 --mine mine.go"));
    has(&said, &["compared with Rust", "-use std::net::TcpStream;", "+package main"]);
}

#[test]
fn diff_finds_what_was_started() {
    let copy = Copy::new("started");
    has(&error(&mut copy.lesson("diff 5 --mine"), 1), &["cargo lesson start tcp-client"]);
    good(&mut copy.lesson("start 5"));
    let both = ["mine/tcp-client/src/main.rs", "crates/tcp-client/examples/tcp-client.rs"];
    has(&good(&mut copy.lesson("diff 5 --mine")), &both);
    good(&mut copy.lesson("start 6 --half server --python"));
    has(&error(&mut copy.lesson("diff 6 --mine"), 1), &["--half server or --half client"]);
    let both = ["server/gethostname-server.py", "examples/gethostname-server.py"];
    has(&good(&mut copy.lesson("diff 6 --mine --half server")), &both);
}

#[test]
fn a_closed_pipe_ends_it_in_silence() {
    for arguments in ["list", "next", "diff tcp-client", "guards tcp-client"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = lesson(arguments).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(1), ""), "{arguments}");
    }
}

#[test]
fn help_and_a_wrong_word_are_answered_without_cargo() {
    for (arguments, says) in [
        ("bench --help", "Names or numbers of lessons"),
        ("book --help", "Usage: cargo book [--open | --serve [PORT]]"),
        ("--help", "For those who maintain the project:\n  sync "),
        ("guards --help", "For those who maintain the project:\n      --check"),
    ] {
        has(&good(lesson(arguments).env("CARGO", "/nowhere/cargo")), &[says]);
    }
    for arguments in ["bench --quik", "book --serve x", "book --open --serve", "lst"] {
        error(lesson(arguments).env("CARGO", "/nowhere/cargo"), 2);
    }
    let said = error(lesson("bench no-lesson").env("CARGO", "/nowhere/cargo"), 1);
    has(&said, &["there is no lesson \"no-lesson\""]);
}

/// What the tool shows on a terminal of that width.
#[cfg(target_os = "linux")]
fn on_a_terminal(width: usize, arguments: &str, environment: &[(&str, &str)]) -> String {
    let tool = env!("CARGO_BIN_EXE_lesson");
    let shell = format!("stty cols {width} rows 24; exec '{tool}' {arguments}");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &shell, "/dev/null"]);
    for name in ["COLUMNS", "PAGER", "LESS", "NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG"] {
        script.env_remove(name);
    }
    script.env("TERM", "xterm-256color").envs(environment.iter().copied());
    good(&mut script).replace("\r\n", "\n")
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_colours_and_the_pager_that_git_would_take() {
    let diff = "diff tcp-client";
    for width in [80, 40] {
        fits(&on_a_terminal(width, "list", &[]), width);
    }
    // `env` shows what a pager is given, in place of the text.
    let env = on_a_terminal(80, diff, &[("PAGER", "env")]);
    has(&env, &["LESS=FRX\n", "LV=-c\n"]);
    has(&on_a_terminal(80, diff, &[("PAGER", "env"), ("LESS", "S")]), &["LESS=S\n"]);
    let coloured = on_a_terminal(80, diff, &[("PAGER", "")]);
    has(&coloured, &["examples/tcp-client.rs", "\u{1b}["]);
    let plain = on_a_terminal(80, diff, &[("PAGER", ""), ("NO_COLOR", "1")]);
    assert!(plain.contains("examples/tcp-client.rs") && !plain.contains('\u{1b}'), "{plain:?}");
    // A pager that is not there.
    has(&on_a_terminal(80, diff, &[("PAGER", "no-such-pager")]), &["examples/tcp-client.rs"]);
}
