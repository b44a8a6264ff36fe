//! `cargo lesson bench`: how fast the lessons are.

use anyhow::{Context, Result};

use course::Course;

use crate::terminal;

/// Measures the lessons beside programs in C and Python, by turns in one run
///
/// Numbers depend on the machine, and on what else it does: close other programs. All peers that
/// are here take part (a C compiler, Python 3, curl, iconv); a missing one is named.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Names or numbers of lessons; all that are measured by default
    lessons: Vec<String>,
    /// All numbers as JSON, for programs
    #[arg(long)]
    json: bool,
    /// One short round: shows that all of it works, and measures nothing
    #[arg(long)]
    quick: bool,
    /// Writes the tables into docs/benchmark.md and docs/benchmark.zh-CN.md too
    #[arg(long, conflicts_with_all = ["quick", "lessons"], help_heading = terminal::MAINTAIN)]
    pages: bool,
}

impl Bench {
    /// Hands over to the package `bench`: built for release, since a slow load generator would be
    /// all that it measures, and apart, so that the other commands need not wait for it. Help and a
    /// wrong word are answered here, before it is compiled.
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lessons = self.lessons.iter().map(|lesson| Ok(&course.find(lesson)?.name));
        let lessons = lessons.collect::<Result<Vec<_>>>()?;
        let package = ["--release", "--package", "bench"];
        terminal::build(course.cargo().arg("build").args(package))?;
        let mut command = course.cargo();
        command.args(["run", "--quiet"]).args(package).arg("--").args(lessons);
        for (said, option) in
            [(self.json, "--json"), (self.quick, "--quick"), (self.pages, "--pages")]
        {
            command.args(said.then_some(option));
        }
        let status = command.status().context("cannot run cargo")?;
        std::process::exit(status.code().unwrap_or(1));
    }
}
