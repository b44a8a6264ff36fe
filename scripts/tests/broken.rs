//! `cargo lesson grade`, judged itself: a program that breaks one requirement gets that one cross.
//!
//! `tests/broken/LESSON.json` says how to break the lesson's Python twin: for each requirement,
//! what to find in its text (once) and what to put there. Where the requirements of two tests
//! cannot be told apart, `also` names the other and `why` tells the reason; `left_out` has the
//! requirements that no variant breaks, each with the reason. This takes minutes, Linux, root and
//! Python 3, and so runs only where the variable `BROKEN_VARIANTS` is set.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::Deserialize;
use serde_json::Value;

/// Held by the lesson whose variants run: two of them at a time, since tests wait for a clock.
static TURN: Mutex<()> = Mutex::new(());

/// A file of variants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variants {
    left_out: BTreeMap<String, String>,
    variants: Vec<Variant>,
}

/// One way to break a twin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    requirement: String,
    find: Text,
    replace: Text,
    #[serde(default)]
    also: Vec<String>,
    why: Option<String>,
}

/// A text, or its lines.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Lines(Vec<String>),
}

impl Text {
    fn whole(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Lines(lines) => lines.join("\n"),
        }
    }
}

/// What the tool said of a program.
struct Grade {
    ticks: BTreeSet<String>,
    crosses: BTreeSet<String>,
    output: String,
}

/// A folder of its own, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("broken-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Runs `cargo lesson grade lesson -- command`, with a variable set.
fn grade(lesson: &str, command: &[&str], (variable, value): (&str, &OsStr)) -> Grade {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_lesson"));
    tool.args(["grade", lesson, "--"]).args(command).current_dir(root());
    tool.env_remove("CLICOLOR_FORCE").env_remove("LESSON_COMMAND");
    // With it, what Python does not flush is not missed.
    tool.env_remove("PYTHONUNBUFFERED");
    tool.env(variable, value);
    let Output { status, stdout, stderr } = tool.stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    let output = format!("{stdout}{}", String::from_utf8_lossy(&stderr));
    let marked = |mark| {
        let lines = stdout.lines().filter_map(|line| line.strip_prefix(mark));
        lines.map(|sentence| sentence.replace(' ', "_")).collect::<BTreeSet<_>>()
    };
    let (ticks, crosses) = (marked("✓ "), marked("✗ "));
    // A grade says at its end what it counted, and with its status whether that is all.
    let sum = format!("{} of {} requirements", ticks.len(), ticks.len() + crosses.len());
    assert!(output.contains(&sum), "{lesson}: {output}");
    assert_eq!(status.code(), Some(i32::from(!crosses.is_empty())), "{lesson}: {output}");
    Grade { ticks, crosses, output }
}

/// Runs every variant of `lesson`, and compares its crosses with those that it must get.
fn check(lesson: &str) {
    if std::env::var_os("BROKEN_VARIANTS").is_none() {
        let why = "broken variants take minutes; set BROKEN_VARIANTS to run them";
        let _ = writeln!(std::io::stderr(), "LEFT OUT: {lesson}: {why}");
        return;
    }
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let file = root().join(format!("tests/broken/{lesson}.json"));
    let Variants { left_out, variants } =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let twin = fs::read_to_string(root().join(format!("crates/{lesson}/{lesson}.py"))).unwrap();
    // A shim in its place (pyenv) would be slow, here and for the other half's twin.
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(python.expect("there is Python 3").stdout).unwrap();
    let python = python.trim();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = Path::new(python).parent().map(Path::to_owned).into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).unwrap();
    // -S: whatever is installed here, a twin is the same, and starts fast.
    let run =
        |program: &Path| grade(lesson, &[python, "-S", program.to_str().unwrap()], ("PATH", &path));

    let whole = run(&root().join(format!("crates/{lesson}/{lesson}.py")));
    assert!(whole.crosses.is_empty(), "{lesson}, unbroken: {}", whole.output);
    let known = variants.iter().map(|variant| &variant.requirement).chain(left_out.keys());
    assert_eq!(
        known.cloned().collect::<BTreeSet<_>>(),
        whole.ticks,
        "{lesson}: each requirement has a variant, or the reason why it has none"
    );

    let judge = |variant: &Variant| -> Result<(), String> {
        let name = format!("{lesson}, {}", variant.requirement);
        let find = variant.find.whole();
        if twin.matches(&find).count() != 1 {
            return Err(format!("{name}: not once in the twin: {find:?}"));
        }
        if variant.also.is_empty() != variant.why.is_none() {
            return Err(format!("{name}: `also` needs `why`"));
        }
        let folder = Folder::new(&format!("{lesson}-{}", variant.requirement));
        let program = folder.0.join(format!("{lesson}.py"));
        fs::write(&program, twin.replace(&find, &variant.replace.whole())).unwrap();
        let expected = variant.also.iter().chain([&variant.requirement]).cloned().collect();
        // A machine that is busy with something else can add a cross, but not the same thrice.
        let mut wrong = String::new();
        for _ in 0..3 {
            let grade = run(&program);
            if grade.crosses == expected {
                return Ok(());
            }
            let instead = grade.crosses;
            wrong = format!("{name}: expected {expected:?}, came {instead:?}\n{}", grade.output);
            let _ = writeln!(std::io::stderr(), "AGAIN: {name}: came {instead:?}");
        }
        Err(wrong)
    };
    let queue = Mutex::new(variants.iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work =
        || std::iter::from_fn(next).filter_map(|variant| judge(variant).err()).collect::<Vec<_>>();
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut wrong = work();
        wrong.extend(other.join().unwrap());
        wrong
    });
    drop(turn);
    assert!(
        wrong.is_empty(),
        "{} of {} variants:\n{}",
        wrong.len(),
        variants.len(),
        wrong.join("\n")
    );
}

#[test]
fn tcp_client() {
    check("tcp-client");
}

#[test]
fn tcp_server_threaded() {
    check("tcp-server-threaded");
}

#[test]
fn tcp_echo_client() {
    check("tcp-echo-client");
}

#[test]
fn tcp_echo_server() {
    check("tcp-echo-server");
}

#[test]
fn udp_client() {
    check("udp-client");
}

#[test]
fn udp_server() {
    check("udp-server");
}

#[test]
fn udp_bound_receiver() {
    check("udp-bound-receiver");
}

#[test]
fn udp_sender() {
    check("udp-sender");
}

#[test]
fn our_own_program_gets_every_tick() {
    let build = Command::new("cargo")
        .args(["build", "--quiet", "--message-format", "json", "--package", "tcp-client"])
        .current_dir(root())
        .output()
        .unwrap();
    let messages = String::from_utf8(build.stdout).unwrap();
    let mut messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ours = messages.find_map(|message| Some(message["executable"].as_str()?.to_owned()));
    let grade =
        grade("tcp-client", &[&ours.expect("it compiles")], ("LESSON_PATIENCE", "5".as_ref()));
    assert!(grade.crosses.is_empty() && !grade.ticks.is_empty(), "{}", grade.output);
}

#[cfg(unix)]
#[test]
fn a_program_that_does_something_else_gets_no_tick_and_does_not_hang() {
    // A requirement that is left out here would be met by any program.
    let grade = grade("tcp-client", &["/bin/cat"], ("LEAVE_NOTHING_OUT", "1".as_ref()));
    assert!(grade.ticks.is_empty() && !grade.crosses.is_empty(), "{}", grade.output);
}
