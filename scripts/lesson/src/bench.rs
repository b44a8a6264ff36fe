//! `cargo lesson bench`: how fast the lessons are.

use anyhow::{Context, Result};

use course::Course;

/// Measures the lessons beside programs in C and Python; `bench --help` says more
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Bench {
    /// The lessons, and options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

impl Bench {
    /// Hands over to the package `bench`: built for release, since a slow load generator would be
    /// all that it measures, and apart, so that the other commands need not wait for it.
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let mut command = course.cargo();
        command.args(["run", "--quiet", "--release", "--package", "bench", "--"]);
        for word in &self.words {
            // A lesson's number becomes its name.
            command.arg(course.find(word).map_or(word, |lesson| &lesson.name));
        }
        let status = command.status().context("cannot run cargo")?;
        std::process::exit(status.code().unwrap_or(1));
    }
}
