//! `cargo lesson grade`, judged itself.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Command;

use course::{Course, run};

/// How many ticks and crosses this program gets as lesson 5, and all that was said.
fn grade(program: &str, patience: &str) -> (usize, usize, String) {
    let mut lesson = Command::new(env!("CARGO_BIN_EXE_lesson"));
    lesson.args(["grade", "tcp-client", "--", program]);
    // A requirement that is left out here would be met by any program.
    lesson.env("LESSON_PATIENCE", patience).env("LEAVE_NOTHING_OUT", "1");
    let output = lesson.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = |mark| said.lines().filter(|line| line.starts_with(mark)).count();
    let said = said.clone() + &String::from_utf8_lossy(&output.stderr);
    (count("✓ "), count("✗ "), said)
}

#[test]
fn our_own_program_gets_every_tick() {
    let course = Course::read().unwrap();
    let built = run::build(course.cargo().args(["build", "--package", "tcp-client"])).unwrap();
    let ours = run::find(&built, "bin", "tcp-client").unwrap();
    let (ticks, crosses, said) = grade(ours.to_str().unwrap(), "60");
    assert!(ticks > 10 && crosses == 0, "{said}");
}

#[cfg(unix)]
#[test]
fn a_program_that_does_something_else_gets_no_tick_and_does_not_hang() {
    let (ticks, crosses, said) = grade("/bin/cat", "1");
    assert!(ticks == 0 && crosses > 10, "{said}");
}
