//! `cargo lesson guards`: what makes a program one to trust, and what happens without it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use console::Style;
use course::guards::Guards;
use course::parts;
use course::{Course, Lesson, requirements};

use crate::judge::Failure;
use crate::words::Language;
use crate::{mutants, terminal};

/// Lists the guards of a lesson: their lines, and what goes wrong without them
#[derive(clap::Args)]
pub(crate) struct List {
    /// The lessons; all of them by default
    lessons: Vec<String>,
    /// Take each guard out, and fail if the requirements that it is there for still hold
    #[arg(long, help_heading = terminal::MAINTAIN)]
    check: bool,
    /// Only whether all lines and requirements are accounted for; runs no program
    #[arg(long, requires = "check", help_heading = terminal::MAINTAIN)]
    quick: bool,
    /// Check, and write down what the requirements said
    #[arg(long, conflicts_with = "quick", help_heading = terminal::MAINTAIN)]
    record: bool,
    /// How many lessons are checked side by side
    #[arg(long, value_name = "N", default_value = "2", help_heading = terminal::MAINTAIN)]
    jobs: usize,
}

fn recorded_file(lesson: &Lesson) -> PathBuf {
    lesson.folder.join("guards-recorded.json")
}

impl List {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lessons = course.choose(&self.lessons)?;
        let mut with_guards = Vec::new();
        for lesson in lessons {
            if Guards::read(course, lesson)?.is_some() {
                with_guards.push(lesson);
            }
        }
        let lessons = with_guards;
        ensure!(!lessons.is_empty(), "it has no guards.toml");
        if self.quick {
            return quick(course, &lessons);
        }
        if self.check || self.record {
            return mutants::check(course, &lessons, self.jobs, |lesson, recorded| {
                if !self.record {
                    return Ok(());
                }
                let json = serde_json::to_string_pretty(recorded)? + "\n";
                fs::write(recorded_file(lesson), json).context("cannot write what was recorded")
            });
        }
        for lesson in lessons {
            list(course, lesson)?;
        }
        Ok(())
    }
}

fn list(course: &Course, lesson: &Lesson) -> Result<()> {
    let Some(guards) = Guards::read(course, lesson)? else { return Ok(()) };
    let mut recorded = parts::recorded(lesson)?;
    terminal::print(&Style::new().bold().apply_to(&lesson.name).to_string())?;
    for (number, guard) in (1..).zip(&guards.guards) {
        terminal::print(&format!("{number:3}. {}", terminal::words(&guard.name)))?;
        // Neighbours together: 41–43.
        let lines = guard.lines(lesson)?;
        let runs = lines.chunk_by(|one, next| one + 1 == *next).map(|run| match run {
            [first, .., last] => format!("{first}–{last}"),
            _ => run[0].to_string(),
        });
        let place = format!("{}:{}", guard.file, runs.collect::<Vec<_>>().join(", "));
        terminal::print(&format!("     {}", Style::new().dim().apply_to(place)))?;
        let Some(without) = recorded.iter().position(|it| it.guard == guard.name.en) else {
            terminal::print(&format!("     without it fails: {}", guard.fails.join(", ")))?;
            continue;
        };
        let without = recorded.swap_remove(without);
        terminal::print(&format!("     without it fails: {}", without.requirement))?;
        Failure::from(without).print(7, Language::of_locale())?;
    }
    Ok(())
}

fn quick(course: &Course, lessons: &[&Lesson]) -> Result<()> {
    let mut problems = Vec::new();
    for lesson in lessons {
        let found = accounted(course, lesson);
        let found = found.unwrap_or_else(|error| vec![format!("{error:#}")]);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", lesson.name)));
    }
    terminal::none(&problems)?;
    terminal::print(&format!(
        "{} lessons: every line and requirement is accounted for",
        lessons.len()
    ))
}

/// What is not accounted for.
pub(crate) fn accounted(course: &Course, lesson: &Lesson) -> Result<Vec<String>> {
    let requirements = requirements::of(course, lesson)?;
    let guards = Guards::read(course, lesson)?;
    Ok(guards.map_or(Vec::new(), |guards| guards.problems(lesson, &requirements)))
}
