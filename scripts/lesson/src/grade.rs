//! `cargo lesson grade`: the lesson's own tests, run against the reader's program.

use std::path::Path;

use anyhow::{Result, ensure};
use console::Style;
use course::requirements::{self, Hints};
use course::{Course, run};

use crate::judge;
use crate::terminal;

/// How long a requirement waits for what must come, in seconds, unless `LESSON_PATIENCE` says.
const PATIENCE: &str = "10";

/// Runs a lesson's tests against your own program, in any language
#[derive(clap::Args)]
pub(crate) struct Grade {
    /// The lesson: its name or number
    lesson: String,
    /// Your program: `-- python3 my_server.py`; the arguments of a test come behind it
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

impl Grade {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lesson = course.find(&self.lesson)?;
        let requirements = requirements::of(course, lesson)?;
        let hints = Hints::read(course)?;
        let name = &lesson.name;
        let mut cargo = course.cargo();
        let built =
            run::build(cargo.args(["test", "--no-run", "--package", name, "--test", name]))?;
        let tests = run::find(&built, "test", name)?;
        // The tests run elsewhere: a file that is named from here is named from the root.
        let words = self.command.iter().map(|word| match Path::new(word).canonicalize() {
            Ok(path) if path.is_file() => path.display().to_string() + "\n",
            _ => format!("{word}\n"),
        });
        let command: String = words.collect();
        let patience = std::env::var("LESSON_PATIENCE").unwrap_or(PATIENCE.into());
        let judge = || {
            let mut judge = judge::tests(tests, &lesson.folder, &command, &patience);
            judge.args(["--test-threads", "8"]);
            judge
        };
        // A script of the article prints without flushing. In the later stages that is an error.
        let mut outcomes = judge::run(judge().arg("dialogue::").env("PYTHONUNBUFFERED", "1"))?;
        outcomes.extend(judge::run(
            judge().args(["sturdy::", "polish::"]).env_remove("PYTHONUNBUFFERED"),
        )?);
        let (mut ticks, mut all) = (0, 0);
        for requirement in &requirements {
            let test = requirement.test();
            let Some(outcome) = outcomes.iter().find(|outcome| outcome.test == test) else {
                continue; // this system does not have it
            };
            all += 1;
            ticks += usize::from(outcome.passed);
            let sentence = format!("{}: {}", requirement.stage, requirement.sentence());
            if outcome.passed {
                terminal::print(&format!("{} {sentence}", Style::new().green().apply_to("✓")))?;
            } else {
                terminal::print(&format!("{} {sentence}", Style::new().red().apply_to("✗")))?;
                outcome.failure.print(4)?;
                if let Some(hint) = hints.get(name, &requirement.name) {
                    terminal::print(&format!("    hint: {}", terminal::words(hint)))?;
                }
            }
        }
        ensure!(all > 0, "{name} has no tests to run");
        terminal::print(&format!("{ticks} of {all} requirements of {name}"))?;
        ensure!(ticks == all, "{} are not met", all - ticks);
        Ok(())
    }
}
