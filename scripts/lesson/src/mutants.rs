//! `cargo lesson guards --check`: each guard is taken out, and its requirements must fail.
//!
//! This happens in a copy of the tree with a target folder of its own: the reader's files and
//! programs stay as they are. A file is written anew each time, so that it is newer than what was
//! built from the one before, and cargo sees that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use console::Style;
use course::guards::{Change, Guards};
use course::parts::Recorded;
use course::requirements::Requirement;
use course::{Course, Lesson, requirements, run};

use crate::guards::accounted;
use crate::judge::{self, Outcome};
use crate::terminal;

/// How long a requirement waits, in seconds, unless `LESSON_PATIENCE` says; five times as long if
/// that is too short for it on this machine.
const PATIENCE: u64 = 2;
/// No lesson's tests take longer, whatever they judge.
const LONGEST: Duration = Duration::from_secs(300);

/// The copy, and where it is built.
struct Copy {
    course: Course,
    target: PathBuf,
}

/// Checks the lessons, `jobs` of them side by side. What the requirements of each said without its
/// guards goes to `keep`.
pub(crate) fn check(
    course: &Course,
    lessons: &[&Lesson],
    jobs: usize,
    keep: impl Fn(&Lesson, &[Recorded]) -> Result<()> + Sync,
) -> Result<()> {
    let folder = course.target()?.join("guards");
    let copy =
        Copy { course: copy_tree(course, &folder.join("tree"))?, target: folder.join("target") };
    let queue = Mutex::new(lessons.iter());
    let problems = AtomicUsize::new(0);
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(lesson) = next else { return };
            let (start, mut recorded) = (Instant::now(), Vec::new());
            let found = judge_all(&copy, &lesson.name, &mut recorded);
            let mut found = found.unwrap_or_else(|error| vec![format!("{error:#}")]);
            found.extend(keep(lesson, &recorded).err().map(|error| format!("{error:#}")));
            problems.fetch_add(found.len(), Ordering::Relaxed);
            let green = Style::new().green().apply_to("✓");
            let red = Style::new().red().apply_to("✗");
            let mark = if found.is_empty() { green } else { red };
            let title = format!("{mark} {:20} {} s", lesson.name, start.elapsed().as_secs());
            found.insert(0, title);
            let _ = terminal::print(&found.join("\n    "));
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    let problems = problems.into_inner();
    ensure!(problems == 0, "{problems} problems");
    Ok(())
}

/// Makes `to` a copy of the files that Git knows or does not ignore. A file that is there already
/// stays as it is, so that cargo need not build all of it again.
fn copy_tree(course: &Course, to: &Path) -> Result<Course> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.current_dir(&course.root).output().context("cannot run git")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let names = String::from_utf8(output.stdout)?;
    let mut wanted = BTreeSet::new();
    for name in names.split_terminator('\0') {
        let (from, place) = (course.root.join(name), to.join(name));
        let Ok(content) = fs::read(&from) else { continue }; // it was deleted
        if fs::read(&place).ok().as_ref() != Some(&content) {
            fs::create_dir_all(place.parent().context("a file has a folder")?)?;
            fs::write(&place, content)
                .with_context(|| format!("cannot write {}", place.display()))?;
        }
        wanted.insert(place);
    }
    let mut folders = vec![to.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if !wanted.contains(&entry.path()) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Course::read_at(to)
}

impl Copy {
    fn cargo(&self, words: &[&str]) -> Command {
        let mut cargo = self.course.cargo();
        cargo.args(words).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// A lesson's tests, and the program that they judge.
struct Judge<'a> {
    folder: &'a Path,
    tests: PathBuf,
    program: PathBuf,
    patience: u64,
    requirements: Vec<Requirement>,
    /// The requirements that need more patience here.
    slow: BTreeSet<String>,
}

impl Judge<'_> {
    /// How these requirements end, by their bare names.
    fn judge(&self, names: &[String], patience: u64) -> Result<Vec<(String, Outcome)>> {
        let chosen = self.requirements.iter().filter(|other| names.contains(&other.name));
        let tests: Vec<_> = chosen.map(Requirement::test).collect();
        if tests.is_empty() {
            return Ok(Vec::new()); // without a name, it would run all
        }
        let program = self.program.display().to_string();
        let mut run = judge::tests(&self.tests, self.folder, &program, patience);
        run.args(["--test-threads", "4", "--exact"]).args(&tests);
        let bare = |test: &str| test.rsplit("::").next().unwrap_or(test).to_owned();
        let outcomes = judge::run(run, LONGEST)?;
        let outcomes = outcomes.with_context(|| format!("a test did not end in {LONGEST:?}"))?;
        Ok(outcomes.into_iter().map(|outcome| (bare(&outcome.test), outcome)).collect())
    }
}

/// What is wrong with the guards of a lesson.
fn judge_all(copy: &Copy, name: &str, recorded: &mut Vec<Recorded>) -> Result<Vec<String>> {
    let lesson = copy.course.find(name)?;
    let mut problems = accounted(&copy.course, lesson)?;
    let Some(guards) = Guards::read(&copy.course, lesson)? else { return Ok(problems) };
    let built = run::build(&mut copy.cargo(&["test", "--no-run", "-p", name, "--test", name]))?;
    let given = std::env::var("LESSON_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    let mut judge = Judge {
        folder: &lesson.folder,
        tests: run::find(&built, "test", name)?.to_owned(),
        program: run::find(&built, "bin", name)?.to_owned(),
        patience: given.unwrap_or(PATIENCE),
        requirements: requirements::of(&copy.course, lesson)?,
        slow: BTreeSet::new(),
    };

    // First the whole program: what fails for it says nothing of a guard.
    let mut failed: Vec<_> = guards.changes().flat_map(|change| change.fails.clone()).collect();
    for patience in [judge.patience, judge.patience * 5] {
        let outcomes = judge.judge(&failed, patience)?;
        failed =
            outcomes.iter().filter(|(_, it)| !it.passed).map(|(name, _)| name.clone()).collect();
        if failed.is_empty() {
            break;
        }
        judge.slow.extend(failed.iter().cloned());
    }
    problems.extend(failed.iter().map(|name| format!("{name} fails for the whole program, too")));

    for change in guards.changes() {
        let result = without(copy, lesson, &judge, change);
        // Written anew, before anything else is built.
        let text = lesson.to_trust().iter().find(|file| file.name == change.file);
        fs::write(lesson.folder.join(&change.file), text.map_or("", |file| &file.text))?;
        match result {
            Ok((held, said)) => {
                let held = held
                    .into_iter()
                    .map(|name| format!("{}: {name} holds without it", change.name.en));
                problems.extend(held);
                if let (true, Some(outcome)) =
                    (guards.guards.iter().any(|guard| std::ptr::eq(guard, change)), said)
                {
                    recorded.push(same_everywhere(change, outcome, &copy.course.root));
                }
            }
            Err(error) => problems.push(format!("{}: {error:#}", change.name.en)),
        }
    }
    Ok(problems)
}

/// Takes a guard out. Gives the requirements that still hold, and the first of the others.
fn without(
    copy: &Copy,
    lesson: &Lesson,
    judge: &Judge<'_>,
    change: &Change,
) -> Result<(Vec<String>, Option<Outcome>)> {
    fs::write(lesson.folder.join(&change.file), change.apply(lesson)?)?;
    run::build(&mut copy.cargo(&["build", "-p", &lesson.name, "--bin", &lesson.name]))?;
    let slow = change.fails.iter().any(|name| judge.slow.contains(name));
    let patience = judge.patience * if slow { 5 } else { 1 };
    let outcomes = judge.judge(&change.fails, patience)?;
    let (held, mut failed): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(_, it)| it.passed);
    for (name, _) in held.iter().filter(|(_, it)| it.left_out.is_some()) {
        terminal::print(&format!("{}: {name} is left out on this machine", lesson.name))?;
    }
    let mut held: Vec<_> =
        held.into_iter().filter(|(_, it)| it.left_out.is_none()).map(|(name, _)| name).collect();
    // What depends on which of two things comes first may hold once by chance, but not three times.
    for _ in 0..2 {
        let (again, other): (Vec<_>, Vec<_>) =
            judge.judge(&held, patience)?.into_iter().partition(|(_, it)| it.passed);
        held = again.into_iter().map(|(name, _)| name).collect();
        failed.extend(other);
    }
    let first =
        failed.into_iter().min_by_key(|(name, _)| change.fails.iter().position(|it| it == name));
    Ok((held, first.map(|(_, outcome)| outcome)))
}

/// What was said, on one line, with the ports and the folders of this time made the same.
fn same_everywhere(change: &Change, outcome: Outcome, root: &Path) -> Recorded {
    let Outcome { test, failure, .. } = outcome;
    let root = format!("{}/", root.display());
    let message = failure.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let same = |text: &str| {
        let text = run::same_ports(text, (0, 0), [&*message].into_iter());
        judge::shortened(&text.replace(&root, ""))
    };
    let [sent, came, expected] =
        [&failure.sent, &failure.came, &failure.expected].map(|text| text.as_deref().map(same));
    let guard = change.name.en.clone();
    Recorded { guard, requirement: test, sent, came, expected, message: same(&message) }
}
