//! The tutorial's versions of a lesson, in Rust and in Python, judged and brought together.
//!
//! `CARGO_BIN_EXE_…` does not exist for examples, nor for another lesson's program, and `cargo test
//! --test X` does not build them: cargo is asked to, once for each lesson and test program. The
//! program of the lesson itself is there; to build it again could replace it under other tests.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::{Ending, Program, free_address, left_out, patience, unbuffered};

/// A program of the course; lesson 6 has two of them in one package.
pub struct Part {
    lesson: &'static str,
    example: &'static str,
    half: Option<&'static str>,
}

/// The program of a lesson.
pub const fn lesson(lesson: &'static str) -> Part {
    Part { lesson, example: lesson, half: None }
}

/// One half of lesson 6: `half("gethostname-demo", "gethostname-server", "server")`.
pub const fn half(lesson: &'static str, example: &'static str, half: &'static str) -> Part {
    Part { lesson, example, half: Some(half) }
}

impl Part {
    /// The words of the tutorial's versions, Rust and Python; none if the lesson has one version only.
    fn tutorials(&self) -> Vec<Vec<String>> {
        if !Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(self.lesson)
            .join("examples")
            .is_dir()
        {
            return Vec::new();
        }
        let mut versions = vec![vec![built(self.lesson, "example", self.example)]];
        let script = format!(
            "{}/../{}/examples/{}.py",
            env!("CARGO_MANIFEST_DIR"),
            self.lesson,
            self.example
        );
        if let Some(python) = python() {
            versions.push(vec![python.to_owned(), "-u".to_owned(), script]);
        }
        versions
    }

    /// The words of every version.
    fn versions(&self) -> Vec<Vec<String>> {
        let mut trusted = vec![if self.lesson == env!("CARGO_PKG_NAME") {
            let program = format!("{}{}", self.lesson, std::env::consts::EXE_SUFFIX);
            folder(2).join(program).to_str().expect("a path is text").to_owned()
        } else {
            built(self.lesson, "bin", self.lesson)
        }];
        trusted.extend(self.half.map(str::to_owned));
        [vec![trusted], self.tutorials()].concat()
    }
}

/// Runs the requirements of `dialogue` on the tutorial's versions.
#[track_caller]
pub fn hold_the_dialogue(part: &Part) {
    for words in part.tutorials() {
        let mut tests = Command::new(std::env::current_exe().expect("a test is a program"));
        tests.arg("dialogue::").env("LESSON_COMMAND", words.join("\n"));
        if let Some(half) = part.half {
            tests.env("LESSON_HALF", half);
        }
        let output = tests.stdin(Stdio::null()).output().expect("a test can be run again");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{words:?}: {told}");
        let passed = told.split_once("test result: ok. ").and_then(|(_, told)| {
            told.split(' ').next()?.parse::<usize>().ok() // 5 passed; 0 failed; …
        });
        assert!(passed >= Some(3), "{words:?}: {told}");
    }
}

/// Brings every version of a server together with every version of its client, all at once: `talk`
/// gets the server, which was started at a free address of 127.0.0.1, and a way to start the client
/// there. The tutorial's versions do not say when they listen: [`talk_until_well`].
#[track_caller]
pub fn each_pair(
    servers: &Part,
    clients: &Part,
    talk: impl Fn(&mut Program, &dyn Fn() -> Program) + Sync,
) {
    each_pair_at(servers, clients, |_, server, client| talk(server, client));
}

/// The same where `talk` needs the address too, since a client asks for it.
#[track_caller]
pub fn each_pair_at(
    servers: &Part,
    clients: &Part,
    talk: impl Fn(&str, &mut Program, &dyn Fn() -> Program) + Sync,
) {
    let (servers, clients, talk) = (servers.versions(), clients.versions(), &talk);
    let test = thread::current().name().unwrap_or_default().to_owned();
    thread::scope(|scope| {
        for (server, client) in servers.iter().flat_map(|s| clients.iter().map(move |c| (s, c))) {
            let pair = move || {
                let address = free_address();
                let start = |words: &[String]| {
                    let mut command = Command::new(&words[0]);
                    Program::start(unbuffered(command.args(&words[1..]).arg(&address)))
                };
                println!("{server:?} and {client:?}"); // shown if one pair does not talk
                talk(&address, &mut start(server), &|| start(client));
            };
            let pair = thread::Builder::new().name(test.clone()).spawn_scoped(scope, pair);
            pair.expect("a thread can be started");
        }
    });
}

/// Starts the client, again while no one listens yet, until it ends well, and gives what it printed.
#[track_caller]
pub fn talk_until_well(server: &mut Program, client: &dyn Fn() -> Program) -> String {
    let deadline = Instant::now() + patience();
    loop {
        let could = server.runs();
        let Ending { status, stdout, stderr } = client().finish();
        if status.success() {
            return stdout;
        }
        assert!(could && Instant::now() < deadline, "{status}: {stdout}{stderr}; {server:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What Python 3 is called here, or nothing, said aloud, where there is none.
pub fn python() -> Option<&'static str> {
    let python = ["python3", "python"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version
            .is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"Python 3"))
    });
    if python.is_none() {
        left_out("there is no Python 3 here");
    }
    python
}

/// A folder above this test's program: target/debug is 2 up, target is 3 up.
fn folder(up: usize) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    test.ancestors().nth(up).expect("target/debug/deps/TEST").to_owned()
}

/// The version to trust of another lesson.
pub fn program(lesson: &str) -> String {
    built(lesson, "bin", lesson)
}

/// Where cargo put the program `name` of a lesson, a `bin` or an `example`, built with this test's
/// own profile and target folder.
fn built(lesson: &str, kind: &str, name: &str) -> String {
    static BUILT: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let built = built.get_or_insert_default();
    let messages = built.entry(lesson.to_owned()).or_insert_with(|| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--package", lesson]);
        cargo.args(["--examples", "--message-format", "json", "--target-dir"]).arg(folder(3));
        if lesson != env!("CARGO_PKG_NAME") {
            cargo.arg("--bins");
        }
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.output().expect("cargo can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("cargo writes JSON")
    });
    let kind = format!(r#""kind":["{kind}"]"#);
    let path = messages.lines().filter(|line| line.contains(&kind)).find_map(|line| {
        let (_, path) = line.split_once(r#""executable":""#)?;
        let path = path.split_once('"')?.0.replace(r"\\", r"\");
        (Path::new(&path).file_stem()? == name).then_some(path)
    });
    path.unwrap_or_else(|| panic!("{lesson} has no {name}: {messages}"))
}
